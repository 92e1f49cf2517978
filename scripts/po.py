"""Read and write catalogues: .po files, which people edit, and .mo files, which gettext reads."""

import json
import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

MAGIC = 0x950412DE  # "The Format of GNU MO Files", GNU gettext manual, section 10.3
_LINE = re.compile(r'(msgid|msgid_plural|msgstr|msgstr\[([0-9])\])? ?(".*")')


@dataclass(slots=True)
class Message:
    """A text as it stands in the source, where it stands, and its translation (two where it has a plural)."""

    msgid: str
    plural: str | None = None
    places: list[str] = field(default_factory=list)
    msgstrs: list[str] = field(default_factory=list)

    def sources(self) -> list[str]:
        """Give the texts of the source: one, or singular and plural."""
        return [self.msgid] if self.plural is None else [self.msgid, self.plural]


def read_po(text: str) -> dict[str, Message]:
    """Read a .po file; the header stands under the empty text. Raises ValueError for what is none."""
    messages: dict[str, Message] = {}
    for block in re.split(r"\n\s*\n", text):
        message = _read_block(block)
        if message is None:
            continue
        if message.msgid in messages:
            raise ValueError(f"twice: {message.msgid}")
        messages[message.msgid] = message
    return messages


def _read_block(block: str) -> Message | None:
    """Read one message; None where there are comments only."""
    message, found, kind = Message(""), False, ""
    for line in block.splitlines():
        if line.startswith("#:"):
            message.places += line[2:].split()
        if line.startswith("#") or not line.strip():
            continue
        parts = _LINE.fullmatch(line.strip())
        if parts is None:
            raise ValueError(line)
        kind, text, found = parts[1] or kind, json.loads(parts[3]), True
        if kind == "msgid":
            message.msgid += text
        elif kind == "msgid_plural":
            message.plural = (message.plural or "") + text
        elif parts[1]:
            message.msgstrs.append(text)
        else:
            message.msgstrs[-1] += text
    return message if found else None


def write_po(comment: str, header: str, messages: Iterable[Message]) -> str:
    """Write a .po file: one block a message, each text on one line."""
    lines = [*(f"# {line}" for line in comment.splitlines()), 'msgid ""', 'msgstr ""']
    lines += [_quoted(line + "\n") for line in header.splitlines()]
    for message in messages:
        lines += ["", *(f"#: {place}" for place in message.places), f"msgid {_quoted(message.msgid)}"]
        if message.plural is None:
            lines.append(f"msgstr {_quoted(message.msgstrs[0])}")
            continue
        lines.append(f"msgid_plural {_quoted(message.plural)}")
        lines += [f"msgstr[{number}] {_quoted(text)}" for number, text in enumerate(message.msgstrs)]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def write_mo(messages: Iterable[Message]) -> bytes:
    """Write a .mo file of what is translated: a table of texts, sorted, and one of their translations."""
    pairs = sorted(_pairs(messages))
    begin = 7 * 4
    places, data = [], b""
    for number in (0, 1):
        for pair in pairs:
            places.append((len(pair[number]), begin + 16 * len(pairs) + len(data)))
            data += pair[number] + b"\0"
    header = struct.pack(
        "<7I", MAGIC, 0, len(pairs), begin, begin + 8 * len(pairs), 0, begin + 16 * len(pairs)
    )
    return header + b"".join(struct.pack("<2I", *place) for place in places) + data


def _pairs(messages: Iterable[Message]) -> Iterator[tuple[bytes, bytes]]:
    for message in messages:
        if all(message.msgstrs):
            yield "\0".join(message.sources()).encode("utf-8"), "\0".join(message.msgstrs).encode("utf-8")
