"""Corpus: what a lie is, and the file that it is kept in."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from scribe import Scribe

from dossier.model import STORE_BOOK, Reason

PASSED_OVER = "passed-over"  # the line belongs to no book: a matter of order, not of judgement

Tell = Callable[[Scribe], bytes | None]


class Lie(NamedTuple):
    """A bad book: what is wrong with it, the reason or code that must come of it, and how it is written."""

    name: str
    says: str
    expect: str
    founded: bool
    tell: Tell


LIES: dict[str, Lie] = {}


def lie(expect: Reason | str, *, founded: bool = True) -> Callable[[Tell], Tell]:
    """Add a lie to the corpus under its function's name; its sentence says what is wrong.

    The function tells it to a scribe, as the last entry; or gives the last line of the log as bytes.
    """

    def add(tell: Tell) -> Tell:
        says = (tell.__doc__ or "").strip()
        LIES[tell.__name__] = Lie(tell.__name__, says, str(expect), founded, tell)
        return tell

    return add


def write(told: Lie) -> str:
    """Write the file of a lie: the log's lines by what they belong to, each in order; `lie` has the last."""
    scribe = Scribe(founded=told.founded)
    scrawl = told.tell(scribe)
    lines: dict[str, list[str]] = {"store": [], "household": [], "asked": []}
    last = "asked"
    for entry in scribe.log:
        place = entry.signed.place
        last = "asked" if place is None else "store" if place.book == STORE_BOOK else "household"
        lines[last].append(entry.line.decode())
    if scrawl is not None:
        last = "store"
        lines[last].append(scrawl.decode())
    fields: dict[str, Any] = {
        "name": told.name,
        "says": told.says,
        "expect": told.expect,
        "root": scribe.register.root,
        "lie": last,
        **lines,
    }
    return json.dumps(fields, indent=1, ensure_ascii=False) + "\n"
