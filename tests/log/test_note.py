import base64
from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dossier.errors import IntegrityError
from dossier.log import note as note_module
from dossier.log.note import (
    Checkpoint,
    checkpoint_text,
    key_id,
    open_checkpoint,
    open_note,
    read_checkpoint_text,
    read_vkey,
    sign_checkpoint,
    sign_note,
    vkey,
)
from keys.primitives import sign, sign_public

SEED = bytes(range(32))
PUBLIC = bytes.fromhex("03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8")
ORIGIN = "dossier/000102030405060708090a0b0c0d0e0f"
ROOT = bytes.fromhex("5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")
CHECKPOINT = Checkpoint(ORIGIN, 8, ROOT)
KEYS = [(ORIGIN, PUBLIC)]

# Made once from the specification's words alone, by other code than this package's.
ROOT_TEXT = "XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg="
SIGNATURE = "hGsctaA46bNjyL6PoeuXSDTOEr0Bl99RFbDYudPbT4B46qWq+sOEcZT7HmxPlNDqpf3aiZ96GB88MdWo37RzfqD1+gA="
TEXT = f"{ORIGIN}\n8\n{ROOT_TEXT}\n".encode()
LINE = f"— {ORIGIN} {SIGNATURE}\n".encode()
NOTE = TEXT + b"\n" + LINE

WITNESS = "witness.example/dpo"
WITNESS_SEED = bytes(32)
WITNESS_PUBLIC = sign_public(WITNESS_SEED)


def signature_line(text: bytes, name: str = WITNESS, seed: bytes = WITNESS_SEED) -> bytes:
    return sign_note(text, name, seed)[len(text) + 1 :]


def unknown_line(name: str = "unknown.example", data: bytes = b"\0" * 68) -> bytes:
    return f"— {name} {base64.b64encode(data).decode()}\n".encode()


# --- the fixed vector


def test_a_checkpoint_is_signed_as_the_specification_says() -> None:
    assert sign_checkpoint(CHECKPOINT, SEED) == NOTE
    assert sign_checkpoint(CHECKPOINT, SEED, PUBLIC) == NOTE


def test_the_fixed_note_opens_to_its_checkpoint() -> None:
    assert open_note(NOTE, KEYS) == TEXT
    assert open_checkpoint(NOTE, ORIGIN, KEYS) == CHECKPOINT


def test_the_fixed_key_has_its_id_and_its_verifier_key() -> None:
    assert key_id(ORIGIN, PUBLIC).hex() == "846b1cb5"
    assert vkey(ORIGIN, PUBLIC) == ORIGIN + "+846b1cb5+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"


def test_signing_with_the_public_key_given_signs_once_and_derives_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    signed = []

    def counted(seed: bytes, message: bytes) -> bytes:
        signed.append(message)
        return sign(seed, message)

    monkeypatch.setattr(note_module, "sign", counted)
    monkeypatch.delattr(note_module, "sign_public")
    assert sign_checkpoint(CHECKPOINT, SEED, PUBLIC) == NOTE
    assert signed == [TEXT]


# --- verifier keys


@pytest.mark.parametrize("name", [ORIGIN, "x", "é.example/ü"])
def test_a_verifier_key_comes_back_as_it_went(name: str) -> None:
    assert read_vkey(vkey(name, PUBLIC)) == (name, PUBLIC)


GOOD_VKEY = vkey("example.org", PUBLIC)
BAD_VKEYS = {
    "empty": "",
    "no-parts": "example.org",
    "two-parts": "example.org+846b1cb5",
    "no-name": GOOD_VKEY.removeprefix("example.org"),
    "other-name": "x" + GOOD_VKEY,
    "space-in-name": "x " + GOOD_VKEY,
    "no-break-space-in-name": "x\u00a0" + GOOD_VKEY,
    "control-in-name": "x\x01" + GOOD_VKEY,
    "surrogate-in-name": "x\ud800" + GOOD_VKEY,
    "plus-in-name": "x+" + GOOD_VKEY,
    "other-id": f"example.org+00000000+{GOOD_VKEY[-44:]}",
    "upper-case-id": GOOD_VKEY[:12] + GOOD_VKEY[12:20].upper() + GOOD_VKEY[20:],
    "short-key": GOOD_VKEY[:-4],
    "no-base64": GOOD_VKEY[:-1] + "!",
    "not-ascii": GOOD_VKEY[:-1] + "é",
    "other-algorithm": GOOD_VKEY[:21] + base64.b64encode(b"\x04" + PUBLIC).decode(),
    "new-line-after": GOOD_VKEY + "\n",
    "space-before": " " + GOOD_VKEY,
}


@pytest.mark.parametrize("text", BAD_VKEYS.values(), ids=BAD_VKEYS)
def test_a_malformed_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(IntegrityError, match="bad-note"):
        read_vkey(text)


@given(st.text() | st.sampled_from(sorted(BAD_VKEYS.values())), st.integers(0, 60), st.integers(0, 60))
def test_a_verifier_key_that_is_read_is_written_the_same(text: str, start: int, length: int) -> None:
    spliced = GOOD_VKEY[:start] + text + GOOD_VKEY[start + length :]
    try:
        name, public = read_vkey(spliced)
    except IntegrityError:
        return
    assert vkey(name, public) == spliced


@pytest.mark.parametrize("public", [b"", PUBLIC[:31], PUBLIC + b"\0"])
def test_a_key_of_another_size_has_no_id(public: bytes) -> None:
    with pytest.raises(IntegrityError, match="bad-note"):
        key_id(ORIGIN, public)


# --- checkpoints


@given(st.integers(0, 2**53 - 1), st.binary(min_size=32, max_size=32), st.sampled_from([ORIGIN, "x", "é/b"]))
def test_a_checkpoint_comes_back_as_it_went(size: int, root: bytes, origin: str) -> None:
    checkpoint = Checkpoint(origin, size, root)
    assert read_checkpoint_text(checkpoint_text(checkpoint)) == checkpoint


def lines(*parts: str) -> bytes:
    return "".join(part + "\n" for part in parts).encode()


BAD_CHECKPOINTS = {
    "two-lines": lines(ORIGIN, "8"),
    "extension-line": lines(ORIGIN, "8", ROOT_TEXT, "more"),
    "empty-line-after": lines(ORIGIN, "8", ROOT_TEXT, ""),
    "line-before": lines("", ORIGIN, "8", ROOT_TEXT),
    "empty-origin": lines("", "8", ROOT_TEXT),
    "space-in-origin": lines("dossier 1", "8", ROOT_TEXT),
    "wide-space-in-origin": lines("dossier\u30001", "8", ROOT_TEXT),
    "plus-in-origin": lines("dossier+1", "8", ROOT_TEXT),
    "empty-size": lines(ORIGIN, "", ROOT_TEXT),
    "leading-zero": lines(ORIGIN, "08", ROOT_TEXT),
    "double-zero": lines(ORIGIN, "00", ROOT_TEXT),
    "plus-size": lines(ORIGIN, "+8", ROOT_TEXT),
    "negative-size": lines(ORIGIN, "-8", ROOT_TEXT),
    "negative-zero": lines(ORIGIN, "-0", ROOT_TEXT),
    "underscored-size": lines(ORIGIN, "1_0", ROOT_TEXT),
    "size-with-space": lines(ORIGIN, "8 ", ROOT_TEXT),
    "hexadecimal-size": lines(ORIGIN, "0x8", ROOT_TEXT),
    "fraction": lines(ORIGIN, "8.0", ROOT_TEXT),
    "arabic-digit": lines(ORIGIN, "\u0668", ROOT_TEXT),
    "size-beyond-2-53": lines(ORIGIN, str(2**53), ROOT_TEXT),
    "endless-size": lines(ORIGIN, "9" * 5000, ROOT_TEXT),
    "empty-root": lines(ORIGIN, "8", ""),
    "short-root": lines(ORIGIN, "8", base64.b64encode(ROOT[:31]).decode()),
    "long-root": lines(ORIGIN, "8", base64.b64encode(ROOT + b"\0").decode()),
    "unpadded-root": lines(ORIGIN, "8", ROOT_TEXT[:-1]),
    "stray-bits-in-root": lines(ORIGIN, "8", ROOT_TEXT[:-2] + "h="),
    "url-safe-root": lines(ORIGIN, "8", ROOT_TEXT.replace("+", "-").replace("/", "_")),
    "space-after-root": lines(ORIGIN, "8", ROOT_TEXT + " "),
    "not-ascii-root": lines(ORIGIN, "8", ROOT_TEXT[:-2] + "é="),
}
UNSIGNABLE_CHECKPOINTS = {
    "empty": b"",
    "no-last-newline": TEXT[:-1],
    "bytes-after": TEXT + b"x",
    "carriage-returns": TEXT.replace(b"\n", b"\r\n"),
    "control-in-origin": lines("dossier/\x01", "8", ROOT_TEXT),
    "not-utf-8": b"\xff" + TEXT,
    "surrogate": b"\xed\xa0\x80" + TEXT,
}


@pytest.mark.parametrize(
    "text",
    [*BAD_CHECKPOINTS.values(), *UNSIGNABLE_CHECKPOINTS.values()],
    ids=[*BAD_CHECKPOINTS, *UNSIGNABLE_CHECKPOINTS],
)
def test_a_malformed_checkpoint_is_refused(text: bytes) -> None:
    with pytest.raises(IntegrityError, match="bad-checkpoint"):
        read_checkpoint_text(text)


@pytest.mark.parametrize("text", BAD_CHECKPOINTS.values(), ids=BAD_CHECKPOINTS)
def test_a_malformed_checkpoint_is_refused_even_when_signed(text: bytes) -> None:
    with pytest.raises(IntegrityError, match="bad-checkpoint"):
        open_checkpoint(sign_note(text, ORIGIN, SEED), ORIGIN, KEYS)


@pytest.mark.parametrize("text", UNSIGNABLE_CHECKPOINTS.values(), ids=UNSIGNABLE_CHECKPOINTS)
def test_a_text_that_no_note_can_hold_is_not_signed(text: bytes) -> None:
    with pytest.raises(IntegrityError, match="bad-note"):
        sign_note(text, ORIGIN, SEED)


SIZES = st.sampled_from(["0", "8", "08", "+8", " 8", "1_0", "\u0668", ""]) | st.integers().map(str)
ROOTS = st.sampled_from([ROOT_TEXT, ROOT_TEXT[:-2] + "h=", ROOT_TEXT[:-1], ROOT_TEXT + " "])
ORIGINS = st.sampled_from([ORIGIN, "", "a b", "a+b"]) | st.text(max_size=3)
ENDS = st.sampled_from(["\n", "", "\n\n", "\r\n"])


@given(ORIGINS, SIZES, ROOTS, ENDS)
def test_a_checkpoint_that_is_read_is_written_the_same(origin: str, size: str, root: str, end: str) -> None:
    text = f"{origin}\n{size}\n{root}{end}".encode()
    try:
        checkpoint = read_checkpoint_text(text)
    except IntegrityError:
        return
    assert checkpoint_text(checkpoint) == text


@pytest.mark.parametrize(
    "checkpoint",
    [
        pytest.param(CHECKPOINT._replace(origin=""), id="no origin"),
        pytest.param(CHECKPOINT._replace(origin="a\nb"), id="two lines of origin"),
        pytest.param(CHECKPOINT._replace(origin="\ud800"), id="a surrogate"),
        pytest.param(CHECKPOINT._replace(size=-1), id="below zero"),
        pytest.param(CHECKPOINT._replace(size=2**53), id="beyond 2**53"),
        pytest.param(CHECKPOINT._replace(root=ROOT[:31]), id="a short root"),
    ],
)
def test_a_checkpoint_that_cannot_be_is_not_signed(checkpoint: Checkpoint) -> None:
    with pytest.raises(IntegrityError, match="bad-checkpoint"):
        sign_checkpoint(checkpoint, SEED)


def test_a_checkpoint_of_another_log_is_refused() -> None:
    other = sign_note(TEXT.replace(b"0001", b"ffff"), ORIGIN, SEED)
    with pytest.raises(IntegrityError, match="bad-checkpoint"):
        open_checkpoint(other, ORIGIN, KEYS)


def test_a_checkpoint_that_only_a_witness_signed_is_refused() -> None:
    note = sign_note(TEXT, WITNESS, WITNESS_SEED)
    both = [*KEYS, (WITNESS, WITNESS_PUBLIC)]
    assert open_note(note, both) == TEXT
    with pytest.raises(IntegrityError, match="bad-checkpoint"):
        open_checkpoint(note, ORIGIN, both)
    assert open_checkpoint(NOTE + signature_line(TEXT), ORIGIN, both) == CHECKPOINT


# --- notes


def after_boundary(change: Callable[[bytes], bytes]) -> bytes:
    return TEXT + b"\n" + change(LINE)


BAD_NOTES = {
    "empty": b"",
    "one-newline": b"\n",
    "text-only": TEXT,
    "no-signature": TEXT + b"\n",
    "signature-only": LINE,
    "no-text": b"\n" + LINE,
    "no-blank-line": TEXT + LINE,
    "blank-line-after": NOTE + b"\n",
    "text-after": NOTE + b"x\n",
    "no-last-newline": NOTE[:-1],
    "line-cut-after-a-good-one": NOTE + LINE[:-1],
    "byte-after": NOTE + b"x",
    "carriage-return": NOTE[:-1] + b"\r\n",
    "carriage-returns": NOTE.replace(b"\n", b"\r\n"),
    "tab-in-text": b"\t" + NOTE,
    "nul-in-text": b"\0" + NOTE,
    "escape-in-unknown-line": NOTE + unknown_line("a\x1bb"),
    "not-utf-8-in-text": b"\xff" + NOTE,
    "not-utf-8-in-line": after_boundary(lambda line: line.replace(b"dossier", b"\xff")),
    "byte-order-mark": b"\xef\xbb\xbf" + NOTE,
    "hyphen-for-dash": after_boundary(lambda line: b"-" + line[3:]),
    "en-dash-for-dash": after_boundary(lambda line: "\u2013".encode() + line[3:]),
    "no-dash": after_boundary(lambda line: line[4:]),
    "no-space-after-dash": after_boundary(lambda line: line[:3] + line[4:]),
    "two-spaces": after_boundary(lambda line: line.replace(b" ", b"  ")),
    "space-after-signature": after_boundary(lambda line: line[:-1] + b" \n"),
    "no-name": after_boundary(lambda line: line.replace(ORIGIN.encode(), b"")),
    "no-key-id": f"{TEXT.decode()}\n— {ORIGIN} \n".encode(),
    "unpadded-signature": after_boundary(lambda line: line.replace(b"=", b"")),
    "stray-bits-in-signature": after_boundary(lambda line: line.replace(b"+gA=", b"+gB=")),
    "url-safe-signature": after_boundary(lambda line: line.replace(b"+sOE", b"-sOE")),
    "short-signature": after_boundary(lambda line: line.replace(b"+gA=", b"")),
    "long-signature": after_boundary(lambda line: line.replace(b"+gA=", b"+gAA")),
    "key-id-only": after_boundary(
        lambda _: unknown_line(ORIGIN, key_id(ORIGIN, PUBLIC)),
    ),
    "unknown-line-without-signature": NOTE + unknown_line(data=b"\0" * 4),
    "unknown-line-with-plus-in-name": NOTE + unknown_line("a+b"),
    "unknown-line-with-wide-space-in-name": NOTE + unknown_line("a\u2003b"),
    "unknown-line-with-next-line-in-name": NOTE + unknown_line("a\u0085b"),
    "unknown-line-with-bad-base64": NOTE + "— a AAAAAAAA!\n".encode(),
    "too-many-signatures": NOTE + unknown_line() * 100,
    "too-large": NOTE + unknown_line("x" * (1 << 20)),
    "twice": NOTE + NOTE,
}


@pytest.mark.parametrize("note", BAD_NOTES.values(), ids=BAD_NOTES)
def test_a_malformed_note_is_refused(note: bytes) -> None:
    with pytest.raises(IntegrityError, match="bad-note"):
        open_note(note, KEYS)


@pytest.mark.parametrize("text", [b"\n", b"\n\n\n", b"a\n\nb\n", TEXT, "ünïcode\n".encode(), NOTE])
def test_a_text_with_blank_lines_or_signatures_in_it_comes_back_whole(text: bytes) -> None:
    assert open_note(sign_note(text, ORIGIN, SEED), KEYS) == text


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.just("\n")))
def test_what_is_signed_opens_to_the_same_text(text: str) -> None:
    data = (text + "\n").encode()
    assert open_note(sign_note(data, ORIGIN, SEED), KEYS) == data


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u00a0b", "a\x7f\x1fb", "\udfff"])
def test_a_name_that_no_key_can_have_is_refused(name: str) -> None:
    with pytest.raises(IntegrityError, match="bad-note"):
        sign_note(TEXT, name, SEED)
    with pytest.raises(IntegrityError, match="bad-note"):
        open_note(NOTE, [(name, PUBLIC)])


# --- signatures


def test_unknown_signatures_are_ignored_before_and_after() -> None:
    note = TEXT + b"\n" + unknown_line() + LINE + unknown_line("other.example", b"\0" * 3000)
    assert open_note(note, KEYS) == TEXT


def test_a_hundred_signatures_are_accepted() -> None:
    assert open_note(NOTE + unknown_line() * 99, KEYS) == TEXT


def test_a_note_signed_by_no_known_key_is_refused() -> None:
    for keys in ([], [(WITNESS, WITNESS_PUBLIC)]):
        with pytest.raises(IntegrityError, match="bad-note"):
            open_note(NOTE, keys)


@pytest.mark.parametrize("known", [(ORIGIN, WITNESS_PUBLIC), (WITNESS, PUBLIC)], ids=["name", "key"])
def test_a_key_that_shares_only_the_name_or_only_the_key_is_unknown(known: tuple[str, bytes]) -> None:
    with pytest.raises(IntegrityError, match="bad-note"):
        open_note(NOTE, [known])
    assert open_note(NOTE, [known, *KEYS]) == TEXT


def test_a_line_with_a_known_id_under_another_name_is_ignored() -> None:
    assert open_note(NOTE + unknown_line("other.example", key_id(ORIGIN, PUBLIC) + b"\0" * 64), KEYS) == TEXT


def test_one_failing_signature_of_a_known_key_rejects_the_whole_note() -> None:
    failing = unknown_line(WITNESS, key_id(WITNESS, WITNESS_PUBLIC) + b"\0" * 64)
    both = [*KEYS, (WITNESS, WITNESS_PUBLIC)]
    assert open_note(NOTE + failing, KEYS) == TEXT
    for note in (NOTE + failing, TEXT + b"\n" + failing + LINE):
        with pytest.raises(IntegrityError, match="bad-note"):
            open_note(note, both)


def test_a_second_and_failing_signature_of_the_same_key_rejects_the_whole_note() -> None:
    failing = unknown_line(ORIGIN, key_id(ORIGIN, PUBLIC) + b"\0" * 64)
    assert open_note(NOTE + LINE, KEYS) == TEXT
    with pytest.raises(IntegrityError, match="bad-note"):
        open_note(NOTE + failing, KEYS)


def test_a_note_that_two_keys_could_have_signed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(note_module, "key_id", lambda _name, _public: key_id(ORIGIN, PUBLIC))
    assert open_note(NOTE, KEYS) == TEXT
    with pytest.raises(IntegrityError, match="bad-note"):
        open_note(NOTE, [*KEYS, (ORIGIN, WITNESS_PUBLIC)])


def test_a_signature_over_another_text_is_refused() -> None:
    with pytest.raises(IntegrityError, match="bad-note"):
        open_note(TEXT.replace(b"\n8\n", b"\n9\n") + b"\n" + LINE, KEYS)


@pytest.mark.parametrize("place", range(len(NOTE)))
def test_a_note_with_any_byte_altered_is_refused(place: int) -> None:
    for bit in range(8):
        altered = NOTE[:place] + bytes([NOTE[place] ^ 1 << bit]) + NOTE[place + 1 :]
        with pytest.raises(IntegrityError, match="bad-note"):
            open_note(altered, KEYS)


PIECES = st.binary(max_size=8) | st.sampled_from(
    [b"\n", b"\n\n", b" ", b"+", TEXT, LINE, unknown_line(), unknown_line(data=b"\0" * 4)],
)
PLACES = st.integers(0, len(NOTE))


@given(PIECES, PLACES, st.integers(0, 8))
def test_a_note_that_opens_is_the_signed_text_and_signature_lines_to_the_byte(
    piece: bytes,
    place: int,
    length: int,
) -> None:
    spliced = NOTE[:place] + piece + NOTE[place + length :]
    assume(spliced != NOTE)
    try:
        text = open_note(spliced, KEYS)
    except IntegrityError:
        return
    assert text == TEXT
    assert spliced.startswith(TEXT + b"\n")
    assert sorted(spliced[len(TEXT) + 1 :].splitlines(keepends=True)) in (
        sorted([LINE, LINE]),
        sorted([LINE, unknown_line()]),
    )
