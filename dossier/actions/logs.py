"""Show, verify and export the log; looking into it is itself written down."""

from collections.abc import Callable, Iterator
from datetime import datetime

from dossier.desk import Desk
from dossier.entry import Entry
from dossier.errors import IntegrityError
from dossier.log import verify as verifying
from dossier.log.note import Checkpoint, open_checkpoint, vkey
from dossier.log.reading import pages, pages_from
from dossier.log.records import origin, split
from dossier.log.report import Report
from dossier.model import Deed, Handle, HouseholdId, Request, Role
from dossier.storage.base import PAGE, Store


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
    sees = _sight(desk, household)
    found: list[Entry] = []
    for page in pages_from(desk.store, desk.memory.verified, since):
        found += (
            entry
            for entry in reversed(page)
            if sees(entry)
            and (since is None or entry.at >= since)
            and (until is None or entry.at < until)
            and member in (None, entry.signed.actor)
            and household in (None, entry.signed.request.household)
        )
    return found[::-1]


def _sight(desk: Desk, household: HouseholdId | None) -> Callable[[Entry], bool]:
    """Say which entries one may see."""
    roles = desk.gate.survey().register.member(desk.handle).roles
    if Role.TOEZICHTHOUDER in roles:
        return lambda _: True
    own: set[HouseholdId | None] = set()
    if Role.REGISSEUR in roles:
        named = desk.memory.mine if household is None else {household}
        own = set(_as_regisseur(desk, named))
    return lambda entry: entry.signed.actor == desk.handle or entry.signed.request.household in own


def _as_regisseur(desk: Desk, households: set[HouseholdId]) -> Iterator[HouseholdId]:
    """Give those of these households of which one is the regisseur now."""
    for household, situation, _ in desk.gate.survey_each(sorted(households)):
        if situation.register.households[household].regisseur == desk.handle:
            yield household


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
    register, known = desk.gate.survey().register, desk.memory.verified
    records, _ = split(desk.store.page(known.page))
    place = known.size - 1 - known.page * PAGE
    if place >= len(records):
        raise IntegrityError("log-short", index=known.size - 1)
    name, note = origin(desk.store.store_id), records[place].note
    signed = open_checkpoint(note, name, [(name, register.epoch.log_key)])
    if signed != Checkpoint(name, known.size, known.root):
        raise IntegrityError("bad-checkpoint")
    return note


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
