"""What a client of a served gate is told page by page: households, entries, what was opened."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from dossier.entry import Entry
from dossier.errors import IntegrityError, UsageError
from dossier.gate.showing import Opening, Wanted, Whose
from dossier.model import Handle, HouseholdId, PurposeId, SectionName, read_time, write_time
from dossier.serve.messages import household as read_household
from dossier.serve.remote_sight import RemoteSight
from dossier.serve.remote_store import RemoteStore
from dossier.shapes import HANDLE, NUMBER, SIZE, WORD
from dossier.storage.base import PAGE
from keys.errors import KeysError


@contextmanager
def reading() -> Iterator[None]:
    """Read an answer: what is not as the protocol has it is no answer. Raises IntegrityError."""
    try:
        yield
    except (UsageError, KeysError, KeyError, TypeError, ValueError, AttributeError, OverflowError) as e:
        raise IntegrityError("answer-forged") from e


def listing(store: RemoteStore, *, every: bool) -> Iterator[tuple[HouseholdId, Handle | None]]:
    """Name households, with their regisseurs, in the order of their ids: one's own, or all."""
    after, more = "", True
    while more:
        answer = store.answer("households", {"all": every, "after": after})
        with reading():
            rows = [(read_household(name), _maybe_handle(who)) for name, who in answer["households"]]
            names = [after, *(name for name, _ in rows)]
            more = answer["more"] is True
            if names != sorted(set(names)) or (more and not rows):
                raise ValueError
        yield from rows
        after = names[-1]


def _maybe_handle(value: Any) -> Handle | None:
    return None if value is None else Handle(HANDLE.read(value))


def entries(store: RemoteStore, sight: RemoteSight, wanted: Wanted) -> Iterator[Entry]:
    """Give the entries that a member may see, newest first, each seen to be in the log."""
    asked = {
        "household": wanted.household,
        "member": wanted.member,
        "since": None if wanted.since is None else write_time(wanted.since),
        "until": None if wanted.until is None else write_time(wanted.until),
    }
    page: int | None = None
    going = True
    while going:
        answered = store.ask("entries", {**asked, "page": page, "have": sight.have()})
        sight.take(answered)
        if answered.error is not None:
            raise answered.error
        with reading():
            rows = [(line, path) for line, path in answered.fields["entries"]]
            following = _next(answered.fields)
            if following is not None and page is not None and following >= page:
                raise ValueError
        found = [sight.check_entry(line, path) for line, path in rows]
        yield from (entry for entry in found if wanted.has(entry))
        page, going = following, following is not None


def _next(fields: Mapping[str, Any]) -> int | None:
    return None if fields["next"] is None else int(SIZE.read(fields["next"]))


def openings(store: RemoteStore, wanted: Whose) -> Iterator[Opening]:
    """Give what somebody opened, oldest first, as the gate tells it."""
    page: int | None = wanted.since // PAGE
    while page is not None:
        asked = {"member": wanted.member, "basis": wanted.basis, "since": wanted.since, "page": page}
        answer = store.answer("opened", asked)
        with reading():
            found = [_opening(row) for row in answer["opened"]]
            following = _next(answer)
            if following is not None and following <= page:
                raise ValueError
        yield from found
        page = following


def _opening(row: Any) -> Opening:
    household, section, version, purpose, at = row
    return Opening(
        read_household(household),
        SectionName(WORD.read(section)),
        NUMBER.read(version),
        PurposeId(WORD.read(purpose)),
        read_time(at),
    )
