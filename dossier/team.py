"""The team's card: how coordinators come by every section's key, and make new ones (KEYS.md, "Keys")."""

from collections.abc import Sequence

from dossier import contexts
from dossier.desk import Desk
from dossier.errors import IntegrityError, LockedError
from dossier.gate.base import Situation
from dossier.model import STORE_BOOK, Digest, HouseholdId, Role, StoreId
from dossier.register.households import Section
from dossier.register.register import Coordination, Register
from dossier.statements import Statement
from keys.errors import KeysError
from keys.identity import Card
from keys.locks import (
    box_to,
    check_seed,
    new_key,
    open_box_of,
    open_previous,
    seal_previous,
)
from keys.primitives import box_public, sha256


def digest_of(data: bytes) -> Digest:
    """Name sealed bytes."""
    return Digest(sha256(data).hex())


def reach_back(store: StoreId, seed: bytes, coordinations: Sequence[Coordination]) -> bytes:
    """Go from the newest seed back to the one of the first of these cards; each is seen to be the card's.

    Raises:
        KeysError: when one of them is not.
    """
    check_seed(seed, coordinations[-1].public)
    for card, after in zip(reversed(coordinations[:-1]), reversed(coordinations), strict=False):
        seed = open_previous(seed, after.before, contexts.of("coordination-before", store, after.number))
        check_seed(seed, card.public)
    return seed


def seed(desk: Desk, register: Register, number: int | None = None) -> bytes:
    """Open one's own box of the coordination seed, and see that it is the card's; an older one by number.

    Raises:
        LockedError: "no-coordination-box" when one has none.
        IntegrityError: when what is in it is not the seed.
    """
    digest = register.coordination_boxes.get(desk.handle)
    if digest is None:
        raise LockedError("no-coordination-box")
    box = desk.store.objects(STORE_BOOK).get(digest)
    if box is None:
        raise IntegrityError("object-missing", digest=digest)
    context = contexts.of(
        "coordination-seed", desk.store.store_id, register.number, desk.identity.card.fingerprint
    )
    try:
        opened = desk.identity.unbox(box, context)
        oldest = register.number if number is None else number
        return reach_back(desk.store.store_id, opened, register.coordinations[oldest - 1 :])
    except KeysError as e:
        raise IntegrityError("coordination-box-altered") from e


def seed_box(desk: Desk, register: Register, card: Card) -> bytes:
    """Box the coordination seed to a coordinator's card."""
    context = contexts.of("coordination-seed", desk.store.store_id, register.number, card.fingerprint)
    return box_to(card, seed(desk, register), context)


def next_card(desk: Desk, register: Register) -> tuple[Statement, dict[Digest, bytes]]:
    """Draw the next coordination card, and box its seed to every active coordinator.

    To the recovery card as well, while that counts. The seed before it is sealed under it, so that what is
    boxed to the old card can still be rekeyed.
    """
    store, number, drawn = desk.store.store_id, register.number + 1, new_key()
    objects: dict[Digest, bytes] = {}

    def boxed(card: Card) -> Digest:
        box = box_to(card, drawn, contexts.of("coordination-seed", store, number, card.fingerprint))
        objects[digest_of(box)] = box
        return digest_of(box)

    before = contexts.of("coordination-before", store, number)
    recovery = register.recovery if register.recoverable() else None
    statement = Statement(
        "coordination.renewed/1",
        number=number,
        coordination=box_public(drawn),
        before=seal_previous(drawn, seed(desk, register), before),
        boxes=tuple((m.handle, boxed(m.card)) for m in register.holders(Role.COORDINATOR)),
        recovery_box=None if recovery is None else boxed(recovery.card),
    )
    return statement, objects


def section_key(desk: Desk, situation: Situation, household: HouseholdId, section: Section) -> bytes:
    """Open a section's key as the team. Raises IntegrityError when the box or the key is not right."""
    keying = section.keying
    place = (desk.store.store_id, household, section.name, keying.generation)
    try:
        return open_box_of(
            seed(desk, situation.register, keying.number),
            situation.objects.get(keying.coordination, b""),
            contexts.of("coordination-slot", *place, keying.number),
            keying.commitment,
            contexts.of("section-key-commitment", *place),
        )
    except KeysError as e:
        raise IntegrityError("section-box-altered", household=household, section=section.name) from e
