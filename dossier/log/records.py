"""Records: how an entry and the signed checkpoint over it lie in a page of the log."""

from typing import NamedTuple

from dossier.errors import IntegrityError
from keys.encoding import from_base64, to_base64
from keys.errors import BadEncodingError

_LINES = 6  # the entry; origin, size, root, a blank line, one signature (C2SP signed-note)
_KEY_ID_SIZE, _SIGNATURE_SIZE = 4, 64


class Record(NamedTuple):
    """An entry with the checkpoint of the tree that ends in it."""

    line: bytes  # the entry, without its line feed
    note: bytes  # the signed checkpoint, with all of its line feeds

    def write(self) -> bytes:
        """Give the bytes that are appended in one write."""
        return self.line + b"\n" + self.note


def origin(store: str) -> str:
    """Name a store's log: the origin of its checkpoints, and the name of its keys."""
    return f"dossier/{store}"


def split(data: bytes) -> tuple[list[Record], int]:
    """Split the bytes of a page into whole records, and give the length that they take.

    What comes after the last whole record is a torn append: passed over, and cut off by the next appender.
    """
    lines = data.split(b"\n")
    whole = (len(lines) - 1) // _LINES
    records = []
    length = 0
    for start in range(0, whole * _LINES, _LINES):
        record = Record(lines[start], b"\n".join(lines[start + 1 : start + _LINES]) + b"\n")
        length += len(record.line) + 1 + len(record.note)
        records.append(record)
    return records, length


def text_of(name: str, size: int, root: bytes) -> bytes:
    """Write a checkpoint's text: origin, size and root, a line each (C2SP tlog-checkpoint)."""
    return f"{name}\n{size}\n{to_base64(root)}\n".encode()


def signature_of(note: bytes, text: bytes, name: str, key: bytes) -> bytes:
    """Give the one signature of a checkpoint that must have this text and be by this key (its id).

    Raises:
        IntegrityError: when the note is anything else.
    """
    head = text + f"\n\u2014 {name} ".encode()
    if not note.startswith(head) or not note.endswith(b"\n"):
        raise IntegrityError("bad-checkpoint")
    try:
        raw = from_base64(note[len(head) : -1].decode("ascii"), _KEY_ID_SIZE + _SIGNATURE_SIZE)
    except (BadEncodingError, UnicodeDecodeError) as e:
        raise IntegrityError("bad-checkpoint") from e
    if raw[:_KEY_ID_SIZE] != key:
        raise IntegrityError("bad-checkpoint")
    return raw[_KEY_ID_SIZE:]
