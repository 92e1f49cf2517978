"""What the gate hands out: the lock on a section, and a receipt for one version."""

from dossier.entry import Entry
from dossier.errors import LockedError
from dossier.gate.base import Situation
from dossier.gate.secrets import EpochSecrets
from dossier.model import STORE_BOOK, Deed, Handle, Request
from dossier.policy import Permit
from dossier.receipt import Lock, Receipt
from dossier.register.households import Section
from dossier.storage.base import Store
from keys.identity import Card


def lock(store: Store, handle: Handle, situation: Situation, section: Section, permit: Permit) -> Lock:
    """Find the box by which a right opens a section's key: one's own slot, or the team's card.

    Raises:
        LockedError: "no-box" when there is none yet: a coordinator must give the section a new key.
    """
    keying, objects = section.keying, situation.objects
    if permit.basis != "team":
        digest = section.boxes.get((permit.role, handle))
        if digest is None or digest not in objects:
            raise LockedError("no-box")
        return Lock(keying, objects[digest])
    register = situation.register
    seed = register.coordination_boxes.get(handle)
    of_store = store.objects(STORE_BOOK)
    if seed is None or seed not in of_store or keying.coordination not in objects:
        raise LockedError("no-box")
    return Lock(keying, objects[keying.coordination], of_store[seed], register.coordination)


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
