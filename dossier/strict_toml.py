"""Read a TOML document strictly: each value knows its place, so that a refusal can name the line."""

import re
import tomllib
from collections.abc import Mapping
from typing import Any, NamedTuple, NoReturn, TypeVar

from dossier.model import is_word

Path = tuple[str | int, ...]  # keys, and indexes within arrays
T = TypeVar("T")

# A dotted key stands on one line, and tomllib's time grows with the square of its parts.
_LONGEST_LINE = 1000  # in characters
_LONGEST_KEY = 200  # as a refusal names it, in characters
_SYNTAX_LINE = re.compile(r"\(at line (\d+),")
_AT_END = "(at end of document)"


class FlawError(Exception):
    """Something in a document is refused: what, and where."""

    def __init__(self, code: str, path: Path = (), *, line: int = 0, **data: int) -> None:
        """Take a code, the path it is about (or a line, where there is no path yet), and numbers to name."""
        super().__init__(code)
        self.code = code
        self.path = path
        self.line = line
        self.data = data

    @property
    def key(self) -> str:
        """The keys on the path, fit to be shown."""
        names = [name for name in self.path if isinstance(name, str)]
        return ".".join(name if name.isprintable() else ascii(name) for name in names)[:_LONGEST_KEY]


class Spot(NamedTuple):
    """A value in a document, with its path."""

    value: Any
    path: Path = ()

    def refuse(self, code: str, **data: int) -> NoReturn:
        """Refuse this value."""
        raise FlawError(code, self.path, **data)

    def table(self, need: tuple[str, ...], may: tuple[str, ...] = ()) -> dict[str, "Spot"]:
        """Read a table that has each key of `need`, perhaps some of `may`, and no other."""
        here = self._of(dict)
        for key in here:
            if key not in need and key not in may:
                raise FlawError("unknown-key", (*self.path, key))
        for key in need:
            if key not in here:
                raise FlawError("missing-key", (*self.path, key))
        return {key: Spot(value, (*self.path, key)) for key, value in here.items()}

    def entries(self, most: int) -> list[tuple[str, "Spot"]]:
        """Read a table of 1 to `most` things under names of their own, in the document's order."""
        here = self._of(dict)
        for key in here:
            if not is_word(key):
                raise FlawError("bad-name", (*self.path, key))
        self._count(len(here), 1, most)
        return [(key, Spot(value, (*self.path, key))) for key, value in here.items()]

    def items(self, least: int, most: int) -> list["Spot"]:
        """Read an array of `least` to `most` values."""
        here = self._of(list)
        self._count(len(here), least, most)
        return [Spot(value, (*self.path, number)) for number, value in enumerate(here)]

    def text(self, most: int) -> str:
        """Read a text of 1 to `most` printable characters on one line, without blanks at its ends."""
        here: str = self._of(str)
        if not 0 < len(here) <= most or not here.isprintable() or here != here.strip():
            self.refuse("bad-text", most=most)
        return here

    def number(self, low: int, high: int) -> int:
        """Read a whole number from `low` to `high`."""
        here: int = self._of(int)
        if not low <= here <= high:
            self.refuse("out-of-bounds", low=low, high=high)
        return here

    def flag(self) -> bool:
        """Read true or false."""
        here: bool = self._of(bool)
        return here

    def choose(self, choices: Mapping[str, T], code: str) -> T:
        """Read one of these, or refuse with that code."""
        here = self._of(str)
        if here not in choices:
            self.refuse(code)
        return choices[here]

    def several(self, choices: Mapping[str, T], code: str) -> tuple[T, ...]:
        """Read an array of some of these, none twice and at least one."""
        chosen: list[T] = []
        for item in self.items(1, len(choices) + 1):  # one too many gets to "duplicate"
            value = item.choose(choices, code)
            if value in chosen:
                item.refuse("duplicate")
            chosen.append(value)
        return tuple(chosen)

    def _of(self, kind: type) -> Any:
        """Refuse a value of another type; true and false are no numbers here."""
        if type(self.value) is not kind:
            self.refuse("wrong-type")
        return self.value

    def _count(self, number: int, least: int, most: int) -> None:
        """Refuse a table or array with too little or too much in it."""
        if number < least:
            self.refuse("empty")
        if number > most:
            self.refuse("too-many", most=most)


def read(data: str | bytes, most: int) -> tuple[str, Spot]:
    """Parse a document of at most so many bytes: give its text and its root.

    Raises:
        FlawError: with a line, for anything that is not printable UTF-8 and TOML.
    """
    text = _decode(data, most)
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if len(line) > _LONGEST_LINE:
            raise FlawError("line-too-long", line=number, most=_LONGEST_LINE)
        if not line.replace("\t", " ").isprintable():  # what a reader cannot see is not adopted
            raise FlawError("unprintable", line=number)
    try:
        return text, Spot(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as e:
        raise FlawError("syntax", line=_syntax_line(text, str(e))) from e


def _decode(data: str | bytes, most: int) -> str:
    """Decode, strictly and within the limit."""
    if len(data) > most:  # before any work; a text has at least as many bytes as characters
        raise FlawError("too-large", line=1, most=most)
    try:
        raw = data.encode("utf-8") if isinstance(data, str) else data
        text = raw.decode("utf-8")
    except UnicodeEncodeError as e:
        raise FlawError("not-utf8", line=e.object.count("\n", 0, e.start) + 1) from e
    except UnicodeDecodeError as e:
        raise FlawError("not-utf8", line=e.object.count(b"\n", 0, e.start) + 1) from e
    if len(raw) > most:
        raise FlawError("too-large", line=1, most=most)
    return text


def _syntax_line(text: str, message: str) -> int:
    """Take the line from tomllib's message; nesting beyond all reason has none."""
    if _AT_END in message:
        return text.rstrip().count("\n") + 1
    found = _SYNTAX_LINE.search(message)
    return int(found[1]) if found else 1
