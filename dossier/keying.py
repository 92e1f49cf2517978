"""Make section keys: a key a section, its boxes to whoever has a live right, the role parts wrapped anew.

KEYS.md, "Keys" (Keying).
"""

from typing import NamedTuple

from dossier import contexts
from dossier.desk import Desk
from dossier.errors import IntegrityError
from dossier.gate.base import Situation
from dossier.model import Digest, GrantId, Handle, HouseholdId, Role, SectionName, StoreId
from dossier.register.households import Household, Section
from dossier.shapes import Keying, Slot
from dossier.team import digest_of, section_key
from keys.errors import KeysError, WeakKeyError
from keys.identity import Card
from keys.locks import box_to, box_to_public, check_wrapped, new_key, open_part, wrap_part
from keys.primitives import WRAP_SIZE, commit


class Made(NamedTuple):
    """Keying records, and the objects that they name."""

    keyings: tuple[Keying, ...]
    objects: dict[Digest, bytes]


def first_keys(desk: Desk, situation: Situation, household: Household, sections: list[SectionName]) -> Made:
    """Make the first key of each section."""
    maker = _Maker(desk.store.store_id, situation, household)
    for name in sections:
        maker.key(name, 1, None)
    return maker.made()


def new_keys(
    desk: Desk,
    situation: Situation,
    household: Household,
    sections: list[SectionName],
    *,
    regisseur: Handle | None = None,
    without: GrantId | None = None,
) -> Made:
    """Make the next key of each section, and wrap every version's role part anew under it.

    Each part is compared with its commitment before it is wrapped, and what was made is read back.
    `regisseur` is the one from then on, `without` the grant that ends.
    """
    maker = _Maker(desk.store.store_id, situation, household, regisseur, without)
    if not situation.register.member(desk.handle).holds(Role.COORDINATOR):
        return maker.made()  # none: what they state with it is refused, and written down
    for name in sections:
        section = household.sections.get(name)
        if section is None:
            maker.key(name, 1, None)  # a policy added it since the household was opened
            continue
        old = section_key(desk, situation, household.household, section)
        parts = [
            _open_part(desk.store.store_id, situation, household.household, section, old, number)
            for number in range(1, len(section.versions) + 1)
        ]
        maker.key(name, section.generation + 1, parts)
    return maker.made()


def _open_part(
    store: StoreId, situation: Situation, household: HouseholdId, section: Section, key: bytes, number: int
) -> bytes:
    """Open a version's role part under the section's key in force."""
    place = (store, household, section.name, number)
    try:
        return open_part(
            key,
            section.wrap_of(number, situation.objects),
            contexts.of("role-part", *place, section.generation),
            section.versions[number - 1].commitment,
            contexts.of("role-part-commitment", *place),
        )
    except KeysError as e:
        raise IntegrityError("part-altered", household=household, section=section.name, version=number) from e


class _Maker:
    """Makes the keyings of one statement: a key a section, boxed to whoever has a live right there."""

    def __init__(
        self,
        store: StoreId,
        situation: Situation,
        household: Household,
        regisseur: Handle | None = None,
        without: GrantId | None = None,
    ) -> None:
        self._store = store
        self._situation = situation
        self._household = household
        self._regisseur = regisseur
        self._without = without
        self._keyings: list[Keying] = []
        self._objects: dict[Digest, bytes] = {}

    def made(self) -> Made:
        return Made(tuple(self._keyings), self._objects)

    def _put(self, data: bytes) -> Digest:
        digest = digest_of(data)
        self._objects[digest] = data
        return digest

    def key(self, name: SectionName, generation: int, parts: list[bytes] | None) -> None:
        """Make one section's key, its boxes, and its wraps."""
        register, key = self._situation.register, new_key()
        place = (self._store, self._household.household, name, generation)
        rights = register.rights(self._household, name, self._situation.at, self._regisseur, self._without)
        slots = tuple(self._slot(name, generation, role, handle, key) for role, handle in sorted(set(rights)))
        coordination = box_to_public(
            register.coordination, key, contexts.of("coordination-slot", *place, register.number)
        )
        self._keyings.append(
            Keying(
                section=name,
                generation=generation,
                commitment=commit(key, contexts.of("section-key-commitment", *place)),
                slots=slots,
                number=register.number,
                coordination=self._put(coordination),
                wraps=self._wraps(name, generation, key, parts) if parts else None,
            ),
        )

    def _slot(self, name: SectionName, generation: int, role: Role, handle: Handle, key: bytes) -> Slot:
        card = self._situation.register.member(handle).card
        try:
            box = slot_box(self._store, self._household.household, name, generation, role, card, key)
        except WeakKeyError as e:
            raise IntegrityError("card-no-key", handle=handle) from e
        return Slot(role, handle, self._put(box))

    def _wraps(self, name: SectionName, generation: int, key: bytes, parts: list[bytes]) -> Digest:
        """Wrap every part anew in one object, and read it back before anyone signs for it."""
        places = [
            contexts.of("role-part", self._store, self._household.household, name, number, generation)
            for number in range(1, len(parts) + 1)
        ]
        whole = b"".join(wrap_part(key, part, place) for part, place in zip(parts, places, strict=True))
        for number, (part, place) in enumerate(zip(parts, places, strict=True)):
            piece = whole[number * WRAP_SIZE : (number + 1) * WRAP_SIZE]
            check_wrapped(key, piece, part, place)
        return self._put(whole)


def slot_box(
    store: StoreId,
    household: HouseholdId,
    section: SectionName,
    generation: int,
    role: Role,
    card: Card,
    key: bytes,
) -> bytes:
    """Box a section's key to the holder of a role."""
    context = contexts.slot(store, household, section, generation, role, card.fingerprint)
    return box_to(card, key, context)
