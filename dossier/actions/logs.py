"""Show, verify and export the log; looking into it is itself written down."""

from collections.abc import Callable, Iterator
from datetime import datetime

from dossier.desk import Desk
from dossier.entry import Entry
from dossier.gate.showing import Wanted
from dossier.log import verify as verifying
from dossier.log.note import vkey
from dossier.log.reading import pages
from dossier.log.records import origin
from dossier.log.report import Report
from dossier.model import Deed, Handle, HouseholdId, Request
from dossier.storage.base import Store


def show(
    desk: Desk,
    household: HouseholdId | None = None,
    member: Handle | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Entry]:
    """Show entries, oldest first: `since` is a moment from which on, `until` one before which.

    A toezichthouder sees all; others their own deeds, and a regisseur those on their households as well. The
    look is written down before anything is read; every entry is proven to be in the verified log.

    Raises:
        IntegrityError: when an entry that would have to be read is altered, or the book of a household from
            which it must be seen whether one is its regisseur.
    """
    desk.gate.enter(Request(Deed.LOG_SHOW, household))
    return list(desk.gate.entries(Wanted(household, member, since, until)))[::-1]


def verify(
    store: Store,
    root: str | None,
    *,
    against: bytes | None = None,
    progress: Callable[[int], None] | None = None,
) -> Report:
    """Verify the whole log. Needs no token (`log.verify.verify`)."""
    return verifying.verify(store, root, against=against, progress=progress)


def checkpoint(desk: Desk) -> bytes:
    """Give the signed note over the log as it is, seen to be of what this client has verified.

    Raises:
        IntegrityError: when it is not.
    """
    return desk.gate.note()


def vkeys(desk: Desk) -> list[str]:
    """Give the verifier key of the log in each epoch, the newest last (C2SP signed-note)."""
    name = origin(desk.store.store_id)
    return [vkey(name, epoch.log_key) for epoch in desk.gate.survey().register.epochs]


def export(desk: Desk) -> Iterator[bytes]:
    """Give every entry, exactly the bytes that the tree hashes. For the toezichthouder; written down first.

    Raises:
        IntegrityError: at the first page that is not as verified; nothing of it is given.
    """
    desk.gate.enter(Request(Deed.EXPORT))
    found = pages(desk.store, desk.memory.verified)
    return (line for page in found for line in page)
