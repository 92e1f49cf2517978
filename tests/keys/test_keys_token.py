"""The token file: it opens with its passphrase alone, and says what is wrong with what does not open."""

import json
import os
import stat
import traceback
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys import cost, primitives, private, tokenbytes
from keys.cost import PROFILES, Cost
from keys.encoding import canonical_json, to_base64
from keys.errors import CostRefusedError, NotATokenError, TokenError, TokenExistsError, WrongPassphraseError
from keys.identity import Card, LocalIdentity
from keys.token import Contact, Unlocked, peek, rewrite, unlock, write_new
from keys.tokenbytes import open_token, read_header

NOOR = LocalIdentity.new("noor", "Zo\u00eb de Wit", "Wijkteam Oost")
OTHER = LocalIdentity.new("bram", "Bram", "Wijkteam West")
SECRET, WRONG = "paarse kamelen eten caf\u00e9", "paarse kamelen eten graag"
CONTACT = Contact("0123456789abcdef" * 2, NOOR.card.fingerprint, b"l" * 32)
CHEAP = PROFILES["cheapest"]
GOOD = tokenbytes.write_token(Unlocked(NOOR, CONTACT), SECRET, CHEAP)
FIELDS: dict[str, Any] = json.loads(GOOD)
HARDEST = Cost(1024 * 1024, 20, 16)


def mended(**change: Any) -> bytes:
    """Alter fields, and make the check fit, as an attacker would."""
    fields = FIELDS | change
    fields.pop("check")
    return canonical_json(fields | {"check": tokenbytes._check(fields)})


def holding(inside: Any, card: Card = NOOR.card) -> bytes:
    """Seal something else under the passphrase."""
    fields = FIELDS | {"card": card.texts()}
    key = cost.passphrase_key(SECRET, b"s" * 16, CHEAP)
    fields |= {"salt": to_base64(b"s" * 16), "nonce": to_base64(b"n" * 12)}
    data = inside if isinstance(inside, bytes) else canonical_json(inside)
    wrapped = primitives._wrap_with(key, data, tokenbytes._bound(fields), b"n" * 12)
    del fields["check"]
    fields["body"] = to_base64(wrapped[12:])
    return canonical_json(fields | {"check": tokenbytes._check(fields)})


def body(**change: Any) -> dict[str, Any]:
    box, sign = (to_base64(seed) for seed in NOOR.seeds())
    return {"box": box, "sign": sign, "contact": None} | change


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "noor.token"


@pytest.fixture
def no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any) -> bytes:
        raise AssertionError("work was done")

    monkeypatch.setattr(cost, "argon2id", never)


def test_a_token_opens_with_its_passphrase(path: Path) -> None:
    write_new(path, NOOR, SECRET, "cheapest")
    identity, contact = unlock(path, SECRET)
    assert identity.card == NOOR.card
    assert identity.seeds() == NOOR.seeds()
    assert contact is None


def test_a_token_is_for_its_owner_only(path: Path) -> None:
    write_new(path, NOOR, SECRET, "cheapest")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not peek(path).too_open
    rewrite(path, Unlocked(NOOR, CONTACT), SECRET)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o666])
def test_a_token_that_others_can_reach_says_so(path: Path, mode: int) -> None:
    write_new(path, NOOR, SECRET, "cheapest")
    path.chmod(mode)
    assert peek(path).too_open


@pytest.mark.usefixtures("no_work")
def test_a_token_shows_its_card_and_cost_without_a_passphrase(path: Path) -> None:
    path.write_bytes(GOOD)
    header = peek(path)
    assert header.card == NOOR.card
    assert header.cost == CHEAP


def test_a_token_is_never_written_over(path: Path) -> None:
    path.write_bytes(b"something else")
    with pytest.raises(TokenExistsError):
        write_new(path, NOOR, SECRET, "cheapest")
    assert path.read_bytes() == b"something else"


def test_a_token_is_never_written_through_a_link(path: Path, tmp_path: Path) -> None:
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TokenExistsError):
        write_new(path, NOOR, SECRET, "cheapest")
    assert not (tmp_path / "elsewhere").exists()


def test_a_token_remembers_its_contact_and_keeps_its_cost(path: Path) -> None:
    write_new(path, NOOR, SECRET, "cheapest")
    rewrite(path, Unlocked(NOOR, CONTACT), SECRET)
    assert unlock(path, SECRET).contact == CONTACT
    assert peek(path).cost == CHEAP


def test_a_token_gets_another_passphrase_and_cost(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PROFILES, "dearer", Cost(16, 2, 2))
    write_new(path, NOOR, SECRET, "cheapest")
    rewrite(path, unlock(path, SECRET), WRONG, "dearer")
    assert unlock(path, WRONG).identity.seeds() == NOOR.seeds()
    assert peek(path).cost == Cost(16, 2, 2)
    with pytest.raises(WrongPassphraseError):
        unlock(path, SECRET)


def test_two_tokens_of_one_identity_share_no_salt_nonce_or_body() -> None:
    again = json.loads(tokenbytes.write_token(Unlocked(NOOR, CONTACT), SECRET, CHEAP))
    assert all(again[name] != FIELDS[name] for name in ("salt", "nonce", "body", "check"))


def test_a_passphrase_may_be_typed_composed_or_not() -> None:
    for form in ("NFC", "NFD"):
        typed = unicodedata.normalize("NFC" if form == "NFD" else "NFD", SECRET)
        data = tokenbytes.write_token(Unlocked(NOOR, None), typed, CHEAP)
        assert open_token(data, SECRET).identity.card == NOOR.card


@pytest.mark.parametrize("text", ["", WRONG, SECRET + " ", SECRET.upper(), SECRET[:-1], "\udcff"])
def test_another_passphrase_is_the_wrong_one(text: str) -> None:
    with pytest.raises(WrongPassphraseError):
        open_token(GOOD, text)


def test_no_secret_is_in_what_is_printed() -> None:
    box, sign = NOOR.seeds()
    for shown in (repr(open_token(GOOD, SECRET)), repr(read_header(GOOD))):
        assert all(part not in shown for part in (SECRET, repr(box), repr(sign), to_base64(box), box.hex()))
    for text in (WRONG, WRONG + "\udcff"):
        with pytest.raises(WrongPassphraseError) as caught:
            open_token(GOOD, text)
        said = "".join(traceback.format_exception(caught.value)).splitlines()
        assert not any(WRONG in line for line in said)
        error: BaseException | None = caught.value
        while error is not None:
            assert WRONG not in repr(error.args)
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def test_the_standard_profile_is_the_second_of_rfc_9106() -> None:
    assert PROFILES["standard"] == Cost(memory=64 * 1024, passes=3, lanes=4)
    assert PROFILES["strong"] == Cost(memory=256 * 1024, passes=4, lanes=4)
    assert all(cost.read_cost(cost.write_cost(profile)) == profile for profile in PROFILES.values())
    assert cost.read_cost(cost.write_cost(HARDEST)) == HARDEST


def test_the_key_is_argon2id_of_the_passphrase() -> None:
    key = primitives.argon2id(unicodedata.normalize("NFC", SECRET).encode(), b"s" * 16, 16, 2, 1)
    assert cost.passphrase_key(SECRET, b"s" * 16, Cost(16, 2, 1)) == key


@pytest.mark.usefixtures("no_work")
@pytest.mark.parametrize(
    "asked",
    [
        HARDEST._replace(memory=1024 * 1024 + 1),
        HARDEST._replace(passes=21),
        HARDEST._replace(lanes=17),
        Cost(2**53 - 1, 1, 1),
        Cost(7, 1, 1),
        Cost(31, 1, 4),
        Cost(0, 1, 0),
        Cost(8, 0, 1),
        Cost(8, -1, 1),
        Cost(-8, 1, -1),
    ],
)
def test_a_cost_that_none_of_ours_has_is_refused_before_any_work(path: Path, asked: Cost) -> None:
    path.write_bytes(mended(kdf=cost.write_cost(asked)))
    with pytest.raises(CostRefusedError):
        unlock(path, SECRET)
    with pytest.raises(CostRefusedError):
        peek(path)


KDF = cost.write_cost(CHEAP)
DAMAGED = {
    "nothing": b"",
    "no JSON": b"PK\3\4",
    "a list": b"[]",
    "a number": b"1",
    "cut": GOOD[:-1],
    "longer": GOOD + b"\n",
    "spaced": GOOD.replace(b",", b", "),
    "check that does not fit": canonical_json(FIELDS | {"check": to_base64(bytes(32))}),
    "check that is no text": canonical_json(FIELDS | {"check": 1}),
    "body damaged": canonical_json(FIELDS | {"body": to_base64(bytes(100))}),
    "another format": mended(**{"#": "dossier/token/2"}),
    "no format": canonical_json({name: value for name, value in FIELDS.items() if name != "#"}),
    "one field more": mended(role="beheerder"),
    "salt cut": mended(salt=to_base64(bytes(15))),
    "salt a number": mended(salt=1),
    "nonce longer": mended(nonce=to_base64(bytes(13))),
    "body shorter than its tag": mended(body=to_base64(bytes(15))),
    "body no base64": mended(body="!"),
    "body nothing": mended(body=None),
    "card nothing": mended(card=None),
    "card a text": mended(card="noor!"),
    "card of four": mended(card=FIELDS["card"][:4]),
    "card with a number": mended(card=[1, *FIELDS["card"][1:]]),
    "card with a low-order key": mended(card=[*FIELDS["card"][:4], to_base64(bytes(32))]),
    "kdf a list": mended(kdf=[]),
    "kdf with a field more": mended(kdf=KDF | {"version": 19}),
    "kdf of another name": mended(kdf=KDF | {"name": "argon2i"}),
    "kdf with a truth": mended(kdf=KDF | {"passes": True}),
    "kdf with a text": mended(kdf=KDF | {"passes": "1"}),
    "kdf with nothing": mended(kdf=KDF | {"lanes": None}),
}


@pytest.mark.usefixtures("no_work")
@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_no_wrong_passphrase(path: Path, name: str) -> None:
    path.write_bytes(DAMAGED[name])
    with pytest.raises(NotATokenError):
        unlock(path, SECRET)
    with pytest.raises(NotATokenError):
        peek(path)


@pytest.mark.usefixtures("no_work")
@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_a_byte_altered_by_accident_is_always_damage(at: int, byte: int) -> None:
    data = GOOD[:at] + bytes([byte]) + GOOD[at + 1 :]
    if data != GOOD:
        with pytest.raises(NotATokenError):
            open_token(data, SECRET)


@pytest.mark.parametrize(
    "change",
    [
        {"card": OTHER.card.texts()},
        {"card": [FIELDS["card"][0], "Zoe de Wit", *FIELDS["card"][2:]]},
        {"kdf": cost.write_cost(Cost(16, 1, 1))},
        {"salt": to_base64(bytes(16))},
        {"nonce": to_base64(bytes(12))},
        {"body": to_base64(bytes(16))},
    ],
)
def test_whatever_an_attacker_alters_does_not_open(change: dict[str, Any]) -> None:
    with pytest.raises(WrongPassphraseError):
        open_token(mended(**change), SECRET)


KNOWN = {"store": CONTACT.store, "root": CONTACT.root, "leaf": to_base64(CONTACT.leaf)}
ODD_BODIES = {
    "no JSON": b"seeds",
    "a list": [],
    "a field more": body(more=1),
    "no sign seed": {"box": body()["box"], "contact": None},
    "seed cut": body(box=to_base64(bytes(31))),
    "seed a number": body(sign=1),
    "seeds of another": body(box=to_base64(OTHER.seeds()[0]), sign=to_base64(OTHER.seeds()[1])),
    "box seed of another": body(box=to_base64(OTHER.seeds()[0])),
    "sign seed of another": body(sign=to_base64(OTHER.seeds()[1])),
    "contact a text": body(contact="store"),
    "contact with a field more": body(contact=KNOWN | {"more": 1}),
    "contact without a leaf": body(contact={"store": CONTACT.store, "root": CONTACT.root}),
    "store a number": body(contact=KNOWN | {"store": 1}),
    "store in capitals": body(contact=KNOWN | {"store": "ABCDEF00" * 4}),
    "store cut": body(contact=KNOWN | {"store": CONTACT.store[:-1]}),
    "root a number": body(contact=KNOWN | {"root": 1}),
    "root cut": body(contact=KNOWN | {"root": CONTACT.root[:-1]}),
    "root in small letters": body(contact=KNOWN | {"root": "abcde-" * 4 + "abcde"}),
    "leaf cut": body(contact=KNOWN | {"leaf": to_base64(bytes(31))}),
}


@pytest.mark.parametrize("name", ODD_BODIES)
def test_a_body_that_we_would_not_write_is_refused(name: str) -> None:
    with pytest.raises(NotATokenError):
        open_token(holding(ODD_BODIES[name]), SECRET)


def test_the_bodies_above_are_refused_for_what_is_in_them() -> None:
    assert open_token(holding(body()), SECRET).contact is None
    assert open_token(holding(body(contact=KNOWN)), SECRET).contact == CONTACT


def test_a_file_over_16_kib_is_no_token(path: Path) -> None:
    path.write_bytes(b" " * (16 * 1024 + 1))
    with pytest.raises(NotATokenError):
        peek(path)


def test_a_folder_or_pipe_is_no_token(path: Path, tmp_path: Path) -> None:
    os.mkfifo(path)
    for place in (path, tmp_path):
        with pytest.raises(NotATokenError):
            unlock(place, SECRET)


def test_no_file_is_no_token_error_but_the_systems_own(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        unlock(path, SECRET)
    with pytest.raises(FileNotFoundError):
        rewrite(path, Unlocked(NOOR, None), SECRET)


def test_what_is_replaced_is_what_a_link_points_to(path: Path, tmp_path: Path) -> None:
    write_new(path, NOOR, SECRET, "cheapest")
    link = tmp_path / "link.token"
    link.symlink_to(path)
    rewrite(link, Unlocked(NOOR, CONTACT), SECRET)
    assert link.is_symlink()
    assert unlock(path, SECRET).contact == CONTACT


def test_what_a_crash_left_is_in_nobodys_way(path: Path) -> None:
    write_new(path, NOOR, SECRET, "cheapest")
    beside = path.with_name("noor.token.new")
    beside.write_bytes(b"half a tok")
    rewrite(path, Unlocked(NOOR, CONTACT), SECRET)
    assert unlock(path, SECRET).contact == CONTACT
    assert not beside.exists()


class Failing:
    """A system call that fails."""

    def __init__(self) -> None:
        self.called = False

    def __call__(self, *_: Any, **__: Any) -> Any:
        self.called = True
        raise OSError(28, "no space left")


@pytest.mark.parametrize("place", ["keys.private.os.fsync", "pathlib.Path.replace"])
def test_a_token_that_cannot_be_replaced_stays_as_it_was(
    path: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_new(path, NOOR, SECRET, "cheapest")
    before = path.read_bytes()
    failing = Failing()
    monkeypatch.setattr(place, failing)
    with pytest.raises(OSError, match="no space"):
        rewrite(path, Unlocked(NOOR, CONTACT), SECRET)
    assert failing.called
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_token_that_cannot_be_written_leaves_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keys.private.os.fsync", Failing())
    with pytest.raises(OSError, match="no space"):
        write_new(path, NOOR, SECRET, "cheapest")
    assert list(path.parent.iterdir()) == []


def test_file_and_folder_are_synced(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bool] = []
    real = os.fsync

    def fsync(fd: int) -> None:
        synced.append(stat.S_ISDIR(os.fstat(fd).st_mode))
        real(fd)

    monkeypatch.setattr("keys.private.os.fsync", fsync)
    write_new(path, NOOR, SECRET, "cheapest")
    rewrite(path, Unlocked(NOOR, CONTACT), SECRET)
    assert synced == [False, True, False, True]


def test_without_posix_modes_nothing_is_too_open_and_no_folder_synced(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Elsewhere:
        name = "nt"

        def __getattr__(self, what: str) -> Any:
            return getattr(os, what)

    monkeypatch.setattr(private, "os", Elsewhere())
    write_new(path, NOOR, SECRET, "cheapest")
    path.chmod(0o666)
    assert not peek(path).too_open


def test_every_error_of_a_token_has_a_code_of_its_own() -> None:
    kinds = TokenError.__subclasses__()
    assert len({kind.code for kind in kinds}) == len(kinds)
