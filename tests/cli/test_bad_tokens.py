"""Tokens, passphrases, cards and stores that are not what they should be: each its own clear error."""

import base64
import hashlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from cli_team import PASSPHRASE, Team, found

from keys.encoding import context, fingerprint
from keys.primitives import sha256

READ = ("intake", "--purpose", "intakegesprek")


def canonical(fields: Any) -> bytes:
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def refused(team: Team, who: str = "jan") -> tuple[int, str]:
    """Read with what is there now; nothing may be shown."""
    answer = team.run(who, "--json", "read", team.house, *READ)
    assert answer.out == b""
    return answer.code, answer.reason


NO_TOKENS = {
    "empty": b"",
    "text": b"hello",
    "object": b"{}",
    "null": b"null",
    "nested": b"[" * 5000,
    "large": b"x" * 100_000,
    "binary": bytes(range(256)),
    "blank": b"\n" * 20,
}


@pytest.mark.parametrize("name", NO_TOKENS)
def test_a_file_that_is_no_token_is_said_to_be_none(team: Team, name: str) -> None:
    team.token("jan").write_bytes(NO_TOKENS[name])
    assert refused(team) == (4, "not-a-token")
    assert team.run("jan", "token", "show").code == 4
    assert team.run("jan", "join", "--welcome", team.welcome_jan).code == 4


def test_a_token_damaged_in_any_byte_is_said_to_be_damaged(team: Team) -> None:
    whole = team.token("jan").read_bytes()
    for place in range(0, len(whole), 41):
        team.token("jan").write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert refused(team) == (4, "token-damaged")
    for length in (40, len(whole) // 2, len(whole) - 1):
        team.token("jan").write_bytes(whole[:length])
        assert refused(team) == (4, "token-damaged")
    team.token("jan").write_bytes(whole)
    assert team.read("jan", team.house, "intake").code == 0


@pytest.mark.parametrize(
    ("kdf", "reason"),
    [
        ({"memory": 1024 * 1024 + 1}, "token-cost"),
        ({"memory": 2**40}, "token-cost"),
        ({"passes": 21}, "token-cost"),
        ({"passes": 0}, "token-cost"),
        ({"lanes": 1000}, "token-cost"),
        ({"memory": 1}, "token-cost"),
        ({"memory": -8}, "token-cost"),
        ({"memory": "8"}, "token-damaged"),
        ({"name": "md5"}, "token-damaged"),
    ],
)
def test_a_token_that_asks_for_absurd_work_gets_none(team: Team, kdf: dict[str, Any], reason: str) -> None:
    fields = json.loads(team.token("jan").read_bytes())
    fields["kdf"] |= kdf
    rest = {name: fields[name] for name in fields if name != "check"}
    team.token("jan").write_bytes(canonical(rest | {"check": sha256_of(rest)}))
    assert refused(team) == (4, reason)


def sha256_of(fields: Any) -> str:
    return base64.b64encode(hashlib.sha256(canonical(fields)).digest()).decode()


def test_a_token_of_someone_else_is_of_no_use_here(team: Team, tmp_path: Path) -> None:
    other = found(tmp_path / "other")
    shutil.copy(other.token("jan"), team.token("jan"))
    assert refused(team) == (4, "other-store")
    assert team.run("jan", "join", "--welcome", team.welcome_jan).code in (2, 4)


def test_a_token_that_was_never_admitted_or_never_joined_opens_nothing(team: Team) -> None:
    fingerprint = team.new_token("nina")
    assert refused(team, "nina") == (4, "not-joined")
    joining = team.run("nina", "--json", "join", "--welcome", team.welcome_jan)
    assert (joining.code, joining.reason) == (4, "not-admitted")
    admit = ("member", "admit", str(team.card("nina")), "--role", "regisseur", "--fingerprint", fingerprint)
    welcome = team.ask("anna", *admit)["welcome"]
    assert refused(team, "nina") == (4, "not-joined")
    assert team.run("nina", "join", "--welcome", welcome).code == 0
    assert refused(team, "nina") == (5, "no-access")


def test_a_token_that_is_not_there_or_no_file(team: Team) -> None:
    token = team.token("jan")
    token.unlink()
    assert refused(team) == (4, "no-token")
    token.mkdir()
    assert refused(team)[0] == 4
    token.rmdir()
    token.symlink_to(token)
    assert refused(team)[0] == 4
    far = ["--store", str(team.store), "--token", "x" * 300, "--no-input", "household", "list"]
    assert team.run_plain("jan", far).code == 4


def test_another_card_under_the_same_handle_is_not_admitted(team: Team) -> None:
    """Whoever makes a token with a colleague's handle has not their card."""
    old = team.token("jan").read_bytes()
    team.token("jan").unlink()
    team.card("jan").unlink()
    own = (
        "--handle",
        "jan",
        "--person",
        "Mens jan",
        "--org",
        "Stichting",
        "--card-out",
        str(team.card("jan")),
    )
    assert team.run("jan", "token", "new", *own).code == 0
    assert refused(team) == (4, "not-joined")
    joining = team.run("jan", "--json", "join", "--welcome", team.welcome_jan)
    assert (joining.code, joining.reason) == (4, "not-admitted")
    assert team.token("jan").read_bytes() != old


@pytest.mark.parametrize(
    ("content", "mode", "expected"),
    [
        (b"iets heel anders dan het was\n", 0o600, (4, "wrong-passphrase")),
        (PASSPHRASE.upper().encode(), 0o600, (4, "wrong-passphrase")),
        (b"", 0o600, (2, "passphrase-file-unreadable")),
        (b"\n", 0o600, (2, "passphrase-file-unreadable")),
        (b"\xff\xfe\n", 0o600, (2, "passphrase-file-unreadable")),
        (b"x" * 5000, 0o600, (2, "passphrase-file-unreadable")),
        (PASSPHRASE.encode(), 0o644, (2, "passphrase-file-open")),
        (PASSPHRASE.encode(), 0o660, (2, "passphrase-file-open")),
    ],
)
def test_a_passphrase_that_does_not_do(
    team: Team, content: bytes, mode: int, expected: tuple[int, str]
) -> None:
    path = team.home("jan") / "pw"
    path.write_bytes(content)
    path.chmod(mode)
    assert refused(team) == expected
    path.unlink()
    assert refused(team) == (2, "passphrase-file-unreadable")


def test_a_passphrase_is_never_asked_without_a_terminal_or_with_no_input(team: Team) -> None:
    place = ["--json", "--store", str(team.store), "--token", str(team.token("jan"))]
    answer = team.run_plain("jan", [*place, "--no-input", "household", "list"])
    assert (answer.code, answer.reason) == (2, "missing-option")
    answer = team.run_plain("jan", [*place, "--passphrase-fd", "9999", "--no-input", "household", "list"])
    assert (answer.code, answer.reason) == (2, "passphrase-file-unreadable")
    command = [sys.executable, "-m", "dossier", *place, "household", "list"]
    done = team.process_plain("jan", command, stdin=PASSPHRASE.encode())
    assert (done.code, done.reason) == (2, "no-terminal")


def cards(team: Team) -> dict[str, bytes]:
    """Give files that are no card, or cards of which a key is weak."""
    team.new_token("nina")
    fields = json.loads(team.card("nina").read_bytes())
    box = bytearray(base64.b64decode(fields["box"]))
    box[-32:] = bytes(32)
    return {
        "card-bad-encoding": b"hello",
        "card-bad-encoding ": canonical(fields) + b"\n",
        "card-bad-encoding  ": canonical({**fields, "more": 1}),
        "card-bad-encoding   ": b"x" * 5000,
        "card-weak-key": canonical({**fields, "sign": base64.b64encode(bytes(32)).decode()}),
        "card-weak-key ": canonical({**fields, "sign": base64.b64encode(b"\1" + bytes(31)).decode()}),
        "card-weak-key  ": canonical({**fields, "box": base64.b64encode(box).decode()}),
    }


def test_a_card_with_a_weak_key_is_refused(team: Team) -> None:
    """Also by a coordinator who was told the fingerprint of that very card."""
    for reason, data in cards(team).items():
        team.card("nina").write_bytes(data)
        told = fingerprint(sha256(context("card") + data))
        admit = ("member", "admit", str(team.card("nina")), "--role", "regisseur", "--fingerprint", told)
        assert team.ask("anna", *admit, code=8)["reason"] == reason.strip()
    handles = [member["handle"] for member in team.ask("anna", "member", "list")["members"]]
    assert handles == ["anna", "jan", "sara", "bob", "tess"]


def test_a_card_under_another_fingerprint_is_refused(team: Team) -> None:
    team.new_token("nina")
    told = json.loads(team.run("jan", "--json", "token", "show").out)["card_fingerprint"]
    admit = ("member", "admit", str(team.card("nina")), "--role", "regisseur", "--fingerprint", told)
    assert team.ask("anna", *admit, code=8)["reason"] == "card-other-fingerprint"


NO_STORES = {
    b"": (8, "store-format"),
    b"{}": (8, "store-format"),
    b"x": (8, "store-format"),
    b'["dossier/store/2"]': (8, "store-format"),
    b'{"format":"other/1"}': (8, "store-format"),
    b'{"format":"dossier/store/1","store":"x"}': (8, "store-format"),
    b'{"format":"dossier/store/2"}': (9, "newer-store"),
    b'{"format":"dossier/store/2","more":[],"store":"x"}': (9, "newer-store"),
}


@pytest.mark.files_only("the sign on a folder")
@pytest.mark.parametrize("sign", NO_STORES)
def test_a_store_of_another_format_says_so(team: Team, sign: bytes) -> None:
    (team.store / "dossier.json").write_bytes(sign)
    assert refused(team) == NO_STORES[sign]
    assert team.run("jan", "check").code == NO_STORES[sign][0]


@pytest.mark.files_only("a folder that is none")
def test_where_there_is_no_store_nothing_is_reached(team: Team) -> None:
    shutil.move(team.store, team.root / "elsewhere")
    assert refused(team) == (9, "no-store")
    team.store.mkdir()
    assert refused(team) == (9, "no-store")
    team.store.rmdir()
    team.store.write_bytes(b"a file")
    assert refused(team) == (9, "no-store")
    assert not any((team.home("jan") / "config").glob("**/*.new"))
    nowhere = {"postgresql://127.0.0.1:1/y": 9, "https://127.0.0.1:1": 9, "x" * 300: 9}
    for place, expected in (nowhere | {"postgresql://a:b@x/y": 2, "ftp://x": 2, "": 2}).items():
        options = ["--store", place, "--token", str(team.token("jan")), "--no-input"]
        pw = ["--passphrase-file", str(team.home("jan") / "pw")]
        assert team.run_plain("jan", [*options, *pw, "household", "list"]).code == expected, place


def test_defaults_that_cannot_be_read_are_wrong_use(team: Team) -> None:
    config = team.home("jan") / "config" / "dossier" / "config.json"
    for damaged in (b"x", b"[", b"\xff", b"7", b"null", b'"store"'):
        config.write_bytes(damaged)
        answer = team.run_plain("jan", ["--json", "--no-input", "household", "list"])
        assert answer.code == 2, (damaged, answer)
