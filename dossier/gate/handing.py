"""What the gate hands out: the lock on a section, and a receipt for one version."""

from dossier.entry import Entry
from dossier.errors import IntegrityError, LockedError
from dossier.gate.base import Situation
from dossier.gate.secrets import EpochSecrets
from dossier.model import STORE_BOOK, Deed, Digest, Handle, Request
from dossier.policy import Permit
from dossier.receipt import Lock, Receipt
from dossier.register.households import Section
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


def receipt(
    store: Store,
    card: Card,
    secrets: EpochSecrets,
    situation: Situation,
    request: Request,
    permit: Permit,
    entry: Entry,
) -> Receipt | None:
    """Give the gate's part of the one version that a permitted entry names; None where it names none."""
    household, name, version = request.household, request.section, request.version
    if household is None or name is None or version is None:
        return None
    register = situation.register
    section = register.households[household].sections[name]
    written = section.versions[version - 1] if request.deed is Deed.READ else None
    leaf = written.leaf if written else entry.leaf
    epoch = written.epoch if written else register.epoch.number
    return Receipt(
        store=store.store_id,
        household=household,
        section=name,
        version=version,
        role=permit.role,
        basis=permit.basis,
        card=card.fingerprint,
        index=entry.index,
        leaf=entry.leaf,
        epoch=epoch,
        gate_part=secrets.gate_part(register, request, epoch, leaf),
        lock=lock(store, Handle(card.handle), situation, section, permit),
        written=written,
        wrap=section.wrap_of(version, situation.objects) if written else None,
    )
