"""What is written is given back byte for byte, whatever it is; and policies that say the wrong thing."""

import base64
import random
import re
from pathlib import Path

import pytest
from cli_team import Team
from places import log_of

from dossier.data import default_policy_text

VECTORS = Path(__file__).parents[1] / "vectors" / "policies"
MB = 1 << 20

CONTENTS = {
    "nothing": b"",
    "a line feed": b"\n",
    "carriage returns": b"een\r\ntwee\rdrie",
    "every byte": bytes(range(256)) * 3,
    "zeros": bytes(40_000),
    "utf-16 with a mark": "Zoë".encode("utf-16"),
    "a chunk": b"c" * 16384,
    "a chunk and a byte": b"c" * 16385,
    "no character": b"\xc3",
    "escape codes": b"\x1b[31mrood\x1b]0;titel\x07",
    "emoji, and text turned around": "\U0001f469\u200d\U0001f467 \ufdfd \u202eomgekeerd".encode(),
}


def written(team: Team, data: bytes, *options: str) -> dict[str, object]:
    answer = team.ask(
        "jan", "write", team.house, "intake", *options, "--purpose", "intakegesprek", stdin=data
    )
    return dict(answer)


@pytest.mark.parametrize("name", CONTENTS)
def test_each_content_comes_back_byte_for_byte(team: Team, name: str) -> None:
    data = CONTENTS[name]
    made = written(team, data)
    assert made["version"] == 2
    assert team.read("jan", team.house, "intake").out == data
    assert team.read("sara", team.house, "intake").out == data
    out = team.root / "out"
    assert team.read("jan", team.house, "intake", "--out", str(out)).out == b""
    assert out.read_bytes() == data
    found = team.ask("jan", "read", team.house, "intake", "--purpose", "intakegesprek")
    text = found["content"].encode() if "content" in found else base64.b64decode(found["content_base64"])
    assert text == data
    assert team.ask("jan", "history", team.house, "intake")["versions"][1]["size"] == len(data)


@pytest.mark.parametrize("name", ["every byte", "nothing"])
def test_each_content_comes_back_byte_for_byte_from_a_process(team: Team, name: str) -> None:
    source = team.root / "in.bin"
    source.write_bytes(CONTENTS[name])
    purpose = ("--purpose", "intakegesprek")
    assert team.process("jan", "write", team.house, "intake", str(source), *purpose).code == 0
    assert team.process("jan", "read", team.house, "intake", *purpose).out == CONTENTS[name]


def large(team: Team, size: int) -> None:
    data = random.Random(size).randbytes(size)  # noqa: S311 (no secret)
    source, out = team.root / "large", team.root / "out"
    source.write_bytes(data)
    purpose = ("--purpose", "intakegesprek")
    assert team.process("jan", "write", team.house, "intake", str(source), *purpose).code == 0
    assert team.process("sara", "read", team.house, "intake", *purpose, "--out", str(out)).code == 0
    assert out.read_bytes() == data
    assert team.process("jan", "read", team.house, "intake", *purpose).out == data


def test_twenty_megabytes_come_back_byte_for_byte(team: Team) -> None:
    large(team, 20 * MB)


@pytest.mark.soak
def test_a_hundred_megabytes_come_back_byte_for_byte(team: Team) -> None:
    large(team, 100 * MB)


def test_a_media_type_is_guessed_from_the_content_or_given(team: Team) -> None:
    for name, data, kind in (
        ("a.txt", b"tekst", "text/plain"),
        ("a.md", b"# Kop", "text/markdown"),
        ("a.pdf", b"%PDF-1.7 \xff", "application/pdf"),
        ("a.bin", b"\xff\xfe\x00", "application/octet-stream"),
    ):
        (team.root / name).write_bytes(data)
        written(team, b"", str(team.root / name))
        assert team.ask("jan", "history", team.house, "intake")["versions"][-1]["media_type"] == kind
    written(team, b"<p>", "--media-type", "text/html")
    assert team.ask("jan", "history", team.house, "intake")["versions"][-1]["media_type"] == "text/html"


def test_a_file_is_never_written_over(team: Team) -> None:
    out, beside = team.root / "out", team.root / "out.new"
    beside.write_bytes(b"something of mine")
    out.write_bytes(b"mine too")
    assert team.read("jan", team.house, "intake", "--out", str(out)).code == 2
    out.unlink()
    out.symlink_to(beside)
    assert team.read("jan", team.house, "intake", "--out", str(out)).code == 2
    out.unlink()
    assert team.read("jan", team.house, "intake", "--out", str(out)).code == 0
    assert beside.read_bytes() == b"something of mine"
    for place in ("nowhere/out", "x" * 300, "out/out"):
        before = log_of(str(team.store))
        answer = team.read("jan", team.house, "intake", "--out", str(team.root / place))
        assert (answer.code, answer.out) == (9, b"")
        assert log_of(str(team.store)) == before  # so nothing was opened for it


def test_what_to_write_must_be_there(team: Team) -> None:
    for place in ("nowhere", "", "store", "x" * 300):
        write = ("write", team.house, "intake", str(team.root / place), "--purpose", "intakegesprek")
        assert team.ask("jan", *write, code=2)["reason"] == "file-unreadable"
    for cover in ("nowhere", "store"):
        opening = ("household", "open", "--cover", str(team.root / cover))
        assert team.ask("jan", *opening, code=2)["reason"] == "file-unreadable"


EXPECT = re.compile(r"# expect: (\S+) line (\d+)")


@pytest.mark.parametrize("path", sorted(VECTORS.glob("*.toml")), ids=lambda path: str(path.stem))
def test_a_policy_that_says_the_wrong_thing_is_refused_with_the_line(team: Team, path: Path) -> None:
    first = path.read_bytes().split(b"\n", 1)[0].decode("utf-8", "replace")
    expected = EXPECT.match(first)
    for command in ("check", "adopt"):
        answer = team.run("anna", "--json", "policy", command, str(path))
        if expected is None:
            assert answer.code == (0 if command == "check" else 2), answer  # a good one, of another version
            continue
        assert (answer.code, answer.reason) == (2, expected[1])
        assert re.search(rf"\b{expected[2]}\b", answer.error()["message"]), answer
    assert team.ask("anna", "policy", "show")["version"] == 1


def test_a_policy_is_checked_before_a_store_is_made(team: Team) -> None:
    founding = ("init", "--name", "T", "--founder", "nina", "--person", "N", "--org", "O", "--policy")
    team.new_home("nina")
    place = team.root / "second"
    policy = team.root / "p.toml"
    for text, reason in (
        ("verdwaald = 1\n" + default_policy_text(), "policy-unknown-key"),
        (default_policy_text().replace("version = 1", "version = 2", 1), "policy-version"),
        ("", "policy-missing-key"),
    ):
        policy.write_text(text, "utf-8")
        answer = team.run("nina", "--json", "--store", str(place), *founding, str(policy))
        assert (answer.code, answer.reason) == (2, reason)
        assert not place.exists()
        assert not team.token("nina").exists()
