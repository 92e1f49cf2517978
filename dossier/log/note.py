"""Signed notes and the checkpoints in them, as C2SP's signed-note and tlog-checkpoint write them."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from dossier.errors import IntegrityError
from keys.encoding import MAX_SAFE_INTEGER, from_base64, to_base64
from keys.errors import BadEncodingError, BadSignatureError
from keys.primitives import SIGN_PUBLIC_SIZE, sha256, sign, sign_public, verify

_ED25519 = b"\x01"
_DASH = "\u2014"
_KEY_ID_SIZE = 4
_ROOT_SIZE = 32
_LARGEST_NOTE = 1 << 20  # in bytes: room for all the signatures below at 5 kB each
_MOST_SIGNATURES = 100  # the specification asks for 16 at least
# Lone surrogates are named too: UTF-8 has no way to write them.
_KEY_NAME = re.compile(r"[^\s+\x00-\x1f\ud800-\udfff]+")
_CONTROL = re.compile(rb"[\x00-\x09\x0b-\x1f]")


class Checkpoint(NamedTuple):
    """What a log says of itself: its origin (which is also its key's name), size, and root (32 bytes)."""

    origin: str
    size: int
    root: bytes


class _Signature(NamedTuple):
    """One signature line."""

    name: str
    key_id: bytes
    signature: bytes


def key_id(name: str, public: bytes) -> bytes:
    """Give the 4 bytes by which a note names an Ed25519 key (signed-note, "Signatures").

    Raises:
        IntegrityError: when the name or the key cannot be one.
    """
    if not _KEY_NAME.fullmatch(name) or len(public) != SIGN_PUBLIC_SIZE:
        raise IntegrityError("bad-note")
    return sha256(name.encode("utf-8") + b"\n" + _ED25519 + public)[:_KEY_ID_SIZE]


def vkey(name: str, public: bytes) -> str:
    """Write a verifier key: name, key id and public key, with a plus between them."""
    return f"{name}+{key_id(name, public).hex()}+{to_base64(_ED25519 + public)}"


def read_vkey(text: str) -> tuple[str, bytes]:
    """Read what `vkey` writes: the name and the public key (32 bytes).

    Raises:
        IntegrityError: for any other text. Whether the key is of low order is not looked at here.
    """
    try:
        name, _, coded = text.split("+", 2)
        public = from_base64(coded, len(_ED25519) + SIGN_PUBLIC_SIZE)[len(_ED25519) :]
    except (ValueError, BadEncodingError) as e:
        raise IntegrityError("bad-note") from e
    if vkey(name, public) != text:
        raise IntegrityError("bad-note")
    return name, public


def checkpoint_text(checkpoint: Checkpoint) -> bytes:
    """Write a checkpoint as the text of a note (tlog-checkpoint, "Note text").

    Raises:
        IntegrityError: when a part of it cannot be written.
    """
    origin, size, root = checkpoint
    if not _KEY_NAME.fullmatch(origin) or not 0 <= size <= MAX_SAFE_INTEGER or len(root) != _ROOT_SIZE:
        raise IntegrityError("bad-checkpoint")
    return f"{origin}\n{size}\n{to_base64(root)}\n".encode()


def read_checkpoint_text(text: bytes) -> Checkpoint:
    """Read what `checkpoint_text` writes. Extension lines are refused: no one would look at them.

    Raises:
        IntegrityError: for any other text.
    """
    try:
        origin, size, root, end = text.decode("utf-8").split("\n")
        checkpoint = Checkpoint(origin, int(size), from_base64(root, _ROOT_SIZE))
    except (ValueError, BadEncodingError) as e:
        raise IntegrityError("bad-checkpoint") from e
    if end or checkpoint_text(checkpoint) != text:
        raise IntegrityError("bad-checkpoint")
    return checkpoint


def sign_note(text: bytes, name: str, seed: bytes, public: bytes | None = None) -> bytes:
    """Sign a text that ends in a newline. The public key is derived from the seed unless it is given.

    The signature is over the text itself, without a context before it: the specification has none.

    Raises:
        IntegrityError: when the text or the name cannot stand in a note.
    """
    if not _decode(text).endswith("\n"):
        raise IntegrityError("bad-note")
    identifier = key_id(name, sign_public(seed) if public is None else public)
    line = f"\n{_DASH} {name} {to_base64(identifier + sign(seed, text))}\n"
    return text + line.encode("utf-8")


def sign_checkpoint(checkpoint: Checkpoint, seed: bytes, public: bytes | None = None) -> bytes:
    """Write and sign a checkpoint under its origin's name. Nothing here knows what was signed before."""
    return sign_note(checkpoint_text(checkpoint), checkpoint.origin, seed, public)


def open_note(note: bytes, keys: Iterable[tuple[str, bytes]]) -> bytes:
    """Give the text of a note that at least one of these keys (name, public key) signed.

    Raises:
        IntegrityError: when it is malformed, when none of them did, or when a line of theirs does not verify.
    """
    text, _ = _open(note, keys)
    return text


def open_checkpoint(note: bytes, origin: str, keys: Iterable[tuple[str, bytes]]) -> Checkpoint:
    """Give the checkpoint of the log with this origin, signed by a key of that name; others may sign too.

    Raises:
        IntegrityError: `bad-note` as for `open_note`; `bad-checkpoint` when it is no checkpoint of this log.
    """
    text, signers = _open(note, keys)
    checkpoint = read_checkpoint_text(text)
    if checkpoint.origin != origin or origin not in signers:
        raise IntegrityError("bad-checkpoint")
    return checkpoint


def _open(note: bytes, keys: Iterable[tuple[str, bytes]]) -> tuple[bytes, set[str]]:
    """Give the text, and the names of the keys that signed it.

    1. Parse the whole note, unknown signatures too.
    2. Verify each signature whose name and id are those of a known key; one failure rejects the note. Where
       two keys share name and id, it must verify under both, which it cannot: what is ambiguous is rejected.
    3. Require at least one.
    """
    text, signatures = _read(note)
    known = [(name, key_id(name, public), public) for name, public in keys]
    signers = set()
    for line in signatures:
        for name, identifier, public in known:
            if (line.name, line.key_id) == (name, identifier):
                try:
                    verify(public, line.signature, text)
                except BadSignatureError as e:
                    raise IntegrityError("bad-note") from e
                signers.add(name)
    if not signers:
        raise IntegrityError("bad-note")
    return text, signers


def _read(note: bytes) -> tuple[bytes, list[_Signature]]:
    """Part a note at its last blank line, which belongs to neither half."""
    if len(note) > _LARGEST_NOTE:
        raise IntegrityError("bad-note")
    text, blank, signatures = _decode(note).rpartition("\n\n")
    lines = signatures.split("\n")
    if not blank or lines.pop() or len(lines) > _MOST_SIGNATURES:
        raise IntegrityError("bad-note")
    return f"{text}\n".encode(), [_read_signature(line) for line in lines]


def _read_signature(line: str) -> _Signature:
    """Read one signature line: dash, key name, and base64 of key id and signature."""
    try:
        dash, name, coded = line.split(" ")
        data = from_base64(coded)
    except (ValueError, BadEncodingError) as e:
        raise IntegrityError("bad-note") from e
    if dash != _DASH or not _KEY_NAME.fullmatch(name) or len(data) <= _KEY_ID_SIZE:
        raise IntegrityError("bad-note")
    return _Signature(name, data[:_KEY_ID_SIZE], data[_KEY_ID_SIZE:])


def _decode(data: bytes) -> str:
    """Read UTF-8, without control characters other than newline."""
    if _CONTROL.search(data):
        raise IntegrityError("bad-note")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as e:
        raise IntegrityError("bad-note") from e
