"""What the gate keeps in a book's file with a statement, and what it lets go."""

from collections.abc import Iterator

from dossier.entry import Entry
from dossier.errors import ConflictError, IntegrityError
from dossier.gate.base import Situation
from dossier.model import STORE_BOOK, BookName, Digest, HouseholdId, Reason
from dossier.register.register import Register
from dossier.statements import Statement
from dossier.storage.base import Objects, Store
from keys.primitives import WRAP_SIZE


def keep(store: Store, situation: Situation, entry: Entry, statement: Statement, objects: Objects) -> None:
    """Keep the copy of an entry and the objects that it names; what nothing named before goes.

    Raises:
        IntegrityError: "object-missing" when it names one that is neither given nor there.
    """
    for digest in statement.objects():
        if digest not in objects and digest not in situation.objects:
            raise IntegrityError("object-missing", digest=digest)
    needed = {*_needed(situation.register, statement.book), *objects}
    orphans = [digest for digest in situation.objects if digest not in needed]
    leftovers = situation.opened.leftovers
    store.keep(statement.book, entry.line, objects, leftovers=leftovers, orphans=orphans)


def drop(store: Store, situation: Situation, book: BookName, objects: Objects) -> None:
    """Drop what a statement superseded."""
    needed = set(_needed(situation.register, book))
    orphans = [digest for digest in {**situation.objects, **objects} if digest not in needed]
    if orphans:
        store.drop(book, orphans)


def check_wraps(situation: Situation, statement: Statement, objects: Objects) -> None:
    """See that new keys wrap every version that there is by now: one that came between must not fall out.

    Raises:
        ConflictError: a version was written since the parts were wrapped.
    """
    for keying in statement.keyings():
        if keying.wraps is not None:
            household = situation.register.households[HouseholdId(statement["household"])]
            versions = len(household.sections[keying.section].versions)
            if len(objects.get(keying.wraps, b"")) != versions * WRAP_SIZE:
                raise ConflictError(str(Reason.WRAPS_WRONG))


def _needed(register: Register, book: BookName) -> Iterator[Digest]:
    """Name the objects of a book that are still needed."""
    if book == STORE_BOOK:
        return register.objects()
    household = register.households.get(HouseholdId(book))
    return iter(()) if household is None else household.objects()
