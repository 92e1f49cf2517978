"""Give a member another card: by the member under the old one, or for a token that was lost."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from dossier import contexts
from dossier.actions.approvals import Stated, state
from dossier.actions.boxes import box_slots, box_slots_of, box_what_is_due, with_gate_box
from dossier.actions.members import read_card
from dossier.actions.store import again
from dossier.book import Book
from dossier.desk import Desk
from dossier.errors import LockedError, UsageError
from dossier.gate.base import Situation
from dossier.model import Digest, Handle, HouseholdId, Reason, Role
from dossier.register.households import Section
from dossier.statements import Statement
from dossier.storage.base import Store
from dossier.team import digest_of, seed_box
from keys.errors import KeysError
from keys.identity import Card, Identity
from keys.locks import open_box

Clock = Callable[[], datetime]
Contact = Callable[[Store, Identity, Path, Clock, str], tuple[Desk, bytes]]  # anew, with the root card known
_Keys = Mapping[tuple[HouseholdId, str, int], bytes]  # of sections, by household, name and generation


class Renewed(NamedTuple):
    """A member at work under another card, and what came with it."""

    desk: Desk
    leaf: bytes  # hash of the entry that made the card active
    boxed: int  # households in which their section keys were boxed to it


def renew_own(desk: Desk, identity: Identity) -> Renewed:
    """Put the same person's next card in force, signed by the one before; box to it what that one opened."""
    keys: dict[tuple[HouseholdId, str, int], bytes] = {}
    desk.gate.survey()  # what was given to the member since their last command counts as well
    for household, situation, _ in desk.gate.survey_each(sorted(desk.memory.mine)):
        keys |= _opened(desk.store, desk.identity, situation, household)
    statement, objects = _renewal(desk, desk.gate.survey(), identity.card)
    entry = desk.gate.enact(statement, objects)
    memory = desk.memory.passed_to(identity)
    memory.save(anew=True)
    gate = desk.gate.under(identity, memory)
    return _box_again(desk._replace(gate=gate, identity=identity, memory=memory), entry.leaf, keys)


def go_on(
    store: Store,
    before: Identity,
    identity: Identity,
    folder: Path,
    clock: Clock,
    root: str,
    contact: Contact = again,
) -> Renewed:
    """Go on where a renewal was broken off after its statement: make contact anew under the next card.

    What the old card opened is boxed anew as far as its boxes are still there; a coordinator boxes the rest.

    Raises:
        LockedError: "not-admitted" when the next card is not in force.
    """
    desk, leaf = contact(store, identity, folder, clock, root)
    keys: dict[tuple[HouseholdId, str, int], bytes] = {}
    for household, situation, _ in desk.gate.survey_each(sorted(desk.memory.mine)):
        keys |= _opened(store, before, situation, household)
    return _box_again(desk, leaf, keys)


def _opened(
    store: Store, identity: Identity, situation: Situation, household: HouseholdId
) -> dict[tuple[HouseholdId, str, int], bytes]:
    """Open what a card opens of a household: every box is tried that was ever given to its handle.

    After the renewal none of them is in force, while they are there still.
    """
    keys: dict[tuple[HouseholdId, str, int], bytes] = {}
    for name, section in situation.register.households[household].sections.items():
        given = _given(situation.opened.book, Handle(identity.card.handle), section)
        boxes = [data for digest in given if (data := situation.objects.get(digest)) is not None]
        key = _try(store, identity, household, section, boxes)
        if key is not None:
            keys[household, str(name), section.generation] = key
    return keys


def _given(book: Book, handle: Handle, section: Section) -> Iterator[Digest]:
    """Name every box of a section's key in force that a book gives to someone."""
    for entry in book.entries:
        statement = entry.signed.statement
        assert statement is not None  # noqa: S101 (entries of a book carry one)
        for keying in statement.keyings():
            if (keying.section, keying.generation) == (section.name, section.generation):
                yield from (slot.box for slot in keying.slots if slot.handle == handle)
        if statement.fields.get("handle") == handle:
            for *_, name, generation, box in statement.fields.get("boxes", ()):
                if (name, generation) == (section.name, section.generation):
                    yield box


def _try(
    store: Store, identity: Identity, household: HouseholdId, section: Section, boxes: list[bytes]
) -> bytes | None:
    place = (store.store_id, household, section.name, section.generation)
    committed = contexts.of("section-key-commitment", *place)
    for role in (Role.REGISSEUR, Role.SPECIALIST):
        own = contexts.slot(*place, role, identity.card.fingerprint)
        for box in boxes:
            try:
                return open_box(identity, box, own, section.keying.commitment, committed)
            except KeysError:
                continue  # another's box, or of another section
    return None


def _box_again(desk: Desk, leaf: bytes, keys: _Keys) -> Renewed:
    _box_epoch_again(desk)
    households = sorted({household for household, _, _ in keys})
    boxed = box_slots(
        desk,
        desk.handle,
        households,
        lambda _, house, section: keys.get((house, section.name, section.generation)),
    )
    return Renewed(desk, leaf, boxed)


def _box_epoch_again(desk: Desk) -> None:
    """Box the epoch's secret to one's own new card, where it is due and the renewal brought no box.

    So it is for a beheerder while the store is served. Without the gate's help they cannot; a colleague can.
    """
    if desk.handle in desk.gate.survey().register.lacking_epoch():
        try:
            box_what_is_due(desk)
        except LockedError as e:
            if e.code != "store-served":
                raise


def renew(desk: Desk, handle: Handle, card_file: bytes, fingerprint: str) -> tuple[Stated | None, Card]:
    """Put a card in the place of one whose token was lost, under the fingerprint given by hand.

    Gives no statement where that card is in force already: then only boxes may be due.

    Raises:
        UsageError: when the card is of another handle, or nobody has that.
        IntegrityError: as `members.read_card`.
    """
    card = read_card(card_file, fingerprint)
    situation = desk.gate.survey()
    if card.handle != handle:
        raise UsageError("card-other-handle", handle=card.handle)
    if handle not in situation.register.members:
        raise UsageError(str(Reason.UNKNOWN_MEMBER), handle=handle)
    if situation.register.members[handle].fingerprint == card.fingerprint:
        return None, card
    statement, objects = _renewal(desk, situation, card)
    return state(desk, situation, statement, objects), card


def box_again(desk: Desk, handle: Handle) -> tuple[bytes, int]:
    """Box to a member's new card, as a coordinator, what they have a right to.

    Gives the leaf hash of the entry that made the card active, and in how many households.
    """
    box_what_is_due(desk)
    boxed = box_slots_of(desk, handle)
    return desk.gate.register.member(handle).leaf, boxed


def _renewal(desk: Desk, situation: Situation, card: Card) -> tuple[Statement, dict[Digest, bytes]]:
    """Word the renewal, with its box of the epoch secret and, for a coordinator, of the team's seed."""
    register = situation.register
    objects: dict[Digest, bytes] = {}
    tag, gate_box = with_gate_box(desk, register, "member.renewed", card, objects)
    fields: dict[str, Any] = {"number": None, "coordination_box": None}
    both = register.member(desk.handle).holds(Role.COORDINATOR)
    if both and Role.COORDINATOR in register.member(card.handle).roles:
        box = seed_box(desk, register, card)
        objects[digest_of(box)] = box
        fields = {"number": register.number, "coordination_box": digest_of(box)}
    return Statement(tag, card=card, **gate_box, **fields), objects
