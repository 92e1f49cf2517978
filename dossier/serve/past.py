"""The log's past, as a served gate tells it: read when the turn is over, some pages at a time."""

from collections.abc import Mapping
from itertools import islice
from typing import Any

from dossier.entry import Entry
from dossier.errors import UsageError
from dossier.gate.showing import Wanted, Whose, openings_of, sees
from dossier.log.reading import pages_from
from dossier.log.tree import Tree
from dossier.model import (
    STORE_BOOK,
    BookName,
    Handle,
    HouseholdId,
    Role,
    is_grant_id,
    read_time,
    write_time,
)
from dossier.serve.asking import Done, Question
from dossier.serve.messages import household, write_hashes
from dossier.serve.telling import Telling
from dossier.shapes import HANDLE, SIZE
from dossier.storage.base import PAGE
from keys.encoding import to_base64
from keys.errors import KeysError

_MOST_PAGES = 16  # of the log looked through for one answer


def entries(office: Telling, question: Question) -> Done:
    """Give the entries that `log show` shows to whoever asks, newest first, each with its path."""
    wanted, page = _wanted(question.body), _page(question.body)
    own, now = _directs(office, question, wanted), office.gate.now
    seen = sees(question.handle, own)

    def look() -> Mapping[str, Any]:
        found: list[Entry] = []
        number = -1
        pages = pages_from(office.store, now, wanted.since, page)
        for read in islice(pages, _MOST_PAGES):
            found += [entry for entry in reversed(read) if seen(entry) and wanted.has(entry)]
            number = read[0].index // PAGE
        tree = Tree(office.store, now.size, now.root)
        shown = [[one.line.decode("utf-8"), write_hashes(tree.path(one.index))] for one in found]
        done = number <= 0 or next(pages, None) is None
        return {"entries": shown, "next": None if done else number - 1}

    hidden = wanted.household is not None and own == []
    return Done(later=look, apart=True, hidden=hidden)


def _wanted(body: Mapping[str, Any]) -> Wanted:
    try:
        member, since, until = body.get("member"), body.get("since"), body.get("until")
        return Wanted(
            None if body.get("household") is None else household(body["household"]),
            None if member is None else Handle(HANDLE.read(member)),
            None if since is None else read_time(since),
            None if until is None else read_time(until),
        )
    except (KeysError, TypeError, ValueError, OverflowError) as e:
        raise UsageError("bad-call") from e


def _page(body: Mapping[str, Any]) -> int | None:
    try:
        return None if body.get("page") is None else int(SIZE.read(body["page"]))
    except KeysError as e:
        raise UsageError("bad-call") from e


def _directs(office: Telling, question: Question, wanted: Wanted) -> list[HouseholdId] | None:
    """Name the households that whoever asks directs now; None for the toezichthouder, who sees all."""
    office.check_active(question)
    member = office.gate.register.member(question.handle)
    if member.holds(Role.TOEZICHTHOUDER):
        return None
    named = office.memory.named(member.handle) if wanted.household is None else {wanted.household}
    directed = []
    for one in named if member.holds(Role.REGISSEUR) else ():
        situation = office.gate.looks(one, member.handle)
        if situation is not None and situation.register.households[one].regisseur == member.handle:
            directed.append(one)
    return directed


def opened(office: Telling, question: Question) -> Done:
    """Tell a coordinator what a member, or whoever had a grant, opened: versions and moments, no entries."""
    office.check_active(question, Role.COORDINATOR)
    body, now = question.body, office.gate.now
    try:
        basis = body.get("basis")
        if basis is not None and not is_grant_id(basis):
            raise UsageError("bad-call")
        member = None if body.get("member") is None else Handle(HANDLE.read(body["member"]))
        wanted = Whose(member, basis, SIZE.read(body.get("since", 0)))
    except (KeysError, TypeError) as e:
        raise UsageError("bad-call") from e
    first = max(_page(body) or 0, wanted.since // PAGE)

    def look() -> Mapping[str, Any]:
        tree, last = Tree(office.store, now.size, now.root), -(-now.size // PAGE)
        until = min(last, first + _MOST_PAGES)
        found = [one for number in range(first, until) for one in openings_of(tree.page(number), wanted)]
        rows = [[o.household, o.section, o.version, o.purpose, write_time(o.at)] for o in found]
        return {"opened": rows, "next": until if until < last else None}

    return Done(later=look, apart=True)


def page(office: Telling, question: Question) -> Done:
    """Give the bytes of a page of the log: to the toezichthouder, for `log verify`."""
    office.check_active(question, Role.TOEZICHTHOUDER)
    number, start = _page(question.body), question.body.get("start", 0)
    if number is None or not isinstance(start, int) or start < 0:
        raise UsageError("bad-call")
    return Done(apart=True, later=lambda: {"page": to_base64(office.store.page(number, start))})


def copies(office: Telling, question: Question) -> Done:
    """Give a book's copies as they lie there: to the toezichthouder, for `log verify`."""
    office.check_active(question, Role.TOEZICHTHOUDER)
    name = question.body.get("book")
    book = BookName(STORE_BOOK) if name == STORE_BOOK else BookName(household(name))
    return Done(
        apart=True, later=lambda: {"lines": [line.decode("utf-8") for line in office.store.copies(book)]}
    )


def books(office: Telling, question: Question) -> Done:
    """Name every book that has a file: to the toezichthouder, for `log verify`."""
    office.check_active(question, Role.TOEZICHTHOUDER)
    return Done(apart=True, later=lambda: {"books": sorted(office.store.books())})
