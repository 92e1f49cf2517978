"""What the gate hands out: the lock on a section, and a receipt for one version."""

from collections.abc import Callable
from typing import NamedTuple

from dossier.entry import Entry
from dossier.errors import IntegrityError, LockedError
from dossier.gate.base import Situation
from dossier.model import STORE_BOOK, Deed, Digest, Handle, Request
from dossier.policy import Permit
from dossier.receipt import Lock, Receipt
from dossier.register.households import Section
from dossier.register.households import Version as Written
from dossier.storage.base import Objects, Store
from keys.identity import Card


def lock(store: Store, handle: Handle, situation: Situation, section: Section, permit: Permit) -> Lock:
    """Find the box by which a right opens a section's key: one's own slot, or the team's card.

    Raises:
        LockedError: "no-box" when there is none yet: a coordinator must give the section a new key.
        IntegrityError: "object-missing" when a statement names one, and its file lacks it.
    """
    keying, register = section.keying, situation.register
    if permit.basis != "team":
        return Lock(keying, _named(section.boxes.get((permit.role, handle)), situation.objects))
    seed = _named(register.coordination_boxes.get(handle), store.objects(STORE_BOOK))
    cards = tuple(register.coordinations[keying.number - 1 :])
    return Lock(keying, _named(keying.coordination, situation.objects), seed, cards)


def _named(digest: Digest | None, objects: Objects) -> bytes:
    """Give the box that a statement names."""
    if digest is None:
        raise LockedError("no-box")
    if digest not in objects:
        raise IntegrityError("object-missing", digest=digest)
    return objects[digest]


class Version(NamedTuple):
    """The version whose key the gate gives its part of; `leaf` is of the entry that asked to write it."""

    written: Written | None
    epoch: int
    leaf: bytes


def version_of(situation: Situation, request: Request, entry: Entry) -> Version | None:
    """Find the one version that a permitted entry names; None where it names none."""
    if request.household is None or request.section is None or request.version is None:
        return None
    register = situation.register
    if request.deed is not Deed.READ:
        return Version(None, register.epoch.number, entry.leaf)
    section = register.households[request.household].sections[request.section]
    written = section.versions[request.version - 1]
    return Version(written, written.epoch, written.leaf)


def receipt(
    store: Store,
    card: Card,
    situation: Situation,
    request: Request,
    permit: Permit,
    entry: Entry,
    part: Callable[[Version], bytes],
) -> Receipt | None:
    """Give the gate's part of the one version that a permitted entry names; None where it names none.

    `part` derives it, or opens it where another gate did.
    """
    household, name, number = request.household, request.section, request.version
    version = version_of(situation, request, entry)
    if version is None or household is None or name is None or number is None:
        return None
    section = situation.register.households[household].sections[name]
    return Receipt(
        store=store.store_id,
        household=household,
        section=name,
        version=number,
        role=permit.role,
        basis=permit.basis,
        card=card.fingerprint,
        index=entry.index,
        leaf=entry.leaf,
        epoch=version.epoch,
        gate_part=part(version),
        lock=lock(store, Handle(card.handle), situation, section, permit),
        written=version.written,
        wrap=section.wrap_of(number, situation.objects) if version.written else None,
    )
