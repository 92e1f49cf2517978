"""Register: what the books of a store come to, statement by statement in the order of the log."""

from collections.abc import Iterator
from datetime import datetime
from heapq import merge
from typing import NamedTuple

from dossier.book import Book
from dossier.entry import Entry
from dossier.model import (
    BookName,
    Digest,
    GrantId,
    Handle,
    HouseholdId,
    Reason,
    Role,
    SectionName,
    Seen,
    StoreId,
)
from dossier.policydoc import Policy
from dossier.register.households import Household
from dossier.register.members import GateMember, Member
from dossier.statements import Statement
from keys.identity import Card


class Fault(Exception):  # noqa: N818 (a verdict on a statement, not a failure)
    """A statement does not stand, and why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(str(reason))
        self.reason = reason


class Act(NamedTuple):
    """A statement made by someone at a place: what the rules judge."""

    statement: Statement
    signer: Handle
    card: str  # fingerprint of the card that signed
    at: datetime
    position: int
    leaf: bytes
    store: StoreId
    founded: bool = True  # whether the log has what it says: who asked to write, or a time that is wrong
    approved: bool = False  # by a second person
    seen: Seen | None = None  # the checkpoint that its signer's client had verified


class Epoch(NamedTuple):
    """A gate secret in force from a place in the log on: its public facts."""

    number: int
    start: int  # index of the entry from which it is in force
    since: datetime
    log_key: bytes
    commitment: bytes
    before: bytes = b""  # the secret before it, sealed under this one; none for the first


class Coordination(NamedTuple):
    """A card of the team: what its number is, its public half, and how its seed reaches back."""

    number: int
    public: bytes
    before: bytes  # the seed before it, sealed under this one; none for the first


class Recovery(NamedTuple):
    """The card whose seed custodians share: it can admit one new coordinator, once."""

    card: Card
    fingerprint: str
    by: Handle  # the coordinator who split it, and so knows its seed
    by_card: str  # under which card
    threshold: int
    shares: int
    box: Digest | None  # of the coordination seed in force; None when it was not boxed to this card
    used: int | None  # index of the entry that used it
    position: int


class Restored(NamedTuple):
    """The store was put back from a copy, and reopened by two persons."""

    size: int  # of the log that it was restored to
    position: int
    at: datetime
    leaf: bytes
    rotated: int | None  # index of the rotation that followed


class Proposal(NamedTuple):
    """A statement that waits for a second person."""

    statement: Statement
    signer: Handle
    card: str
    at: datetime
    position: int
    leaf: bytes
    seen: Seen | None = None


class Register:
    """Who is who and who may, at a place in the log. Changed only by statements that stand."""

    def __init__(self, root: str) -> None:
        """`root` is the fingerprint of the founder's card, pinned at first contact."""
        self.root = root
        self.store: StoreId | None = None
        self.name = ""
        self.members: dict[Handle, Member] = {}
        self.gates: dict[Handle, GateMember] = {}
        self.awaited_since: datetime | None = None  # the store is served, or embedded again, and not rotated
        self.keys: set[bytes] = set()  # every public key that ever was on a card here
        self.retired: set[Handle] = set()  # of recovery cards: no member's
        self.epochs: list[Epoch] = []
        self.gate_boxes: dict[Handle, Digest] = {}  # of the epoch in force
        self.coordinations: list[Coordination] = []
        self.coordination_boxes: dict[Handle, Digest] = {}  # of the newest seed
        self.coordination_due = False  # whoever knew its seed should no longer
        self.recovery: Recovery | None = None
        self.to_rotate_out: dict[Handle, datetime] = {}  # who has the secret in force and should not
        self.lost: set[Handle] = set()  # of those: whose lost card has it, whatever becomes of the member
        self.restored: Restored | None = None
        self.behind: dict[HouseholdId, int] = {}  # whose books fell short, and the entry that said so last
        self.latest: datetime | None = None  # the time of the last statement taken
        self.policy: Policy | None = None
        self.proposals: dict[int, Proposal] = {}
        self.households: dict[HouseholdId, Household] = {}
        self.faults: list[tuple[BookName, int, Reason]] = []

    @property
    def epoch(self) -> Epoch:
        """The epoch in force."""
        return self.epochs[-1]

    @property
    def number(self) -> int:
        """The number of the newest coordination card, 0 before there is one."""
        return len(self.coordinations)

    @property
    def coordination(self) -> bytes:
        """The public half of the newest coordination card."""
        return self.coordinations[-1].public

    @property
    def served(self) -> bool:
        """Whether a gate with a card of its own serves the store."""
        return any(gate.serves for gate in self.gates.values())

    def adopted_gates(self) -> list[GateMember]:
        """Give the gates that serve the store."""
        return [gate for gate in self.gates.values() if gate.serves]

    @property
    def rotation_awaited(self) -> bool:
        """Whether the store became served, or embedded again, and was not rotated since: none may write."""
        return self.awaited_since is not None

    def epoch_cards(self) -> dict[Handle, Card]:
        """Give the cards that an epoch's secret is boxed to: of every active member.

        While the store is served: of every active beheerder and adopted gate instead.
        """
        gates, everyone = self.adopted_gates(), self.members.values()
        members = self.holders(Role.BEHEERDER) if gates else [m for m in everyone if m.active]
        cards = {member.handle: member.card for member in members}
        return cards | {Handle(gate.card.handle): gate.card for gate in gates}

    def lacking_epoch(self) -> dict[Handle, Card]:
        """Give those of these cards that have no box; where a rotation is awaited, only who must make it."""
        admins = {member.handle for member in self.holders(Role.BEHEERDER)}
        return {
            handle: card
            for handle, card in self.epoch_cards().items()
            if handle not in self.gate_boxes and (handle in admins or not self.rotation_awaited)
        }

    def enter(self, member: Member) -> None:
        """Note a new member."""
        self.members[member.handle] = member
        self.keys |= {member.card.sign, member.card.box}

    def stop(self, member: Member, at: datetime) -> None:
        """Let a member do nothing more; what they had proposed ends, and a rotation is due."""
        if member.active:
            member.change(at, active=False)
        for position in [p for p, proposal in self.proposals.items() if proposal.signer == member.handle]:
            del self.proposals[position]
        if member.handle in self.gate_boxes:
            self.to_rotate_out.setdefault(member.handle, at)

    def recoverable(self) -> bool:
        """Tell whether the recovery card counts: never used, and its seed known to no former coordinator."""
        if self.recovery is None or self.recovery.used is not None:
            return False
        by = self.members[self.recovery.by]
        return by.holds(Role.COORDINATOR) and by.fingerprint == self.recovery.by_card

    def shut(self, household: Household) -> bool:
        """Tell whether a household stays closed after a restore, until all of its sections have new keys."""
        since = self.behind.get(household.household)
        return since is not None and household.keyed_before(since)

    def keyed_before_restore(self, household: Household) -> bool:
        """Tell whether a household has a section whose key is of before the last restore."""
        return self.restored is not None and household.keyed_before(self.restored.position)

    def member(self, handle: str) -> Member:
        """Give a member. Raises Fault(UNKNOWN_MEMBER)."""
        found = self.members.get(Handle(handle))
        if found is None:
            raise Fault(Reason.UNKNOWN_MEMBER)
        return found

    def card_of(self, handle: Handle, statement: Statement | None) -> tuple[Card, str] | None:
        """Give the card under which someone signs, with its fingerprint; None when nobody does.

        The recovery card signs one statement, `coordination.recovered`, and nothing else.
        """
        member = self.members.get(handle)
        if member is not None:
            return member.card, member.fingerprint
        recovery = self.recovery
        named = recovery is not None and recovery.card.handle == handle
        if recovery is None or not named or statement is None or statement.kind != "coordination.recovered":
            return None
        return recovery.card, recovery.fingerprint

    def holders(self, role: Role) -> list[Member]:
        """Give the active members in a role."""
        return [member for member in self.members.values() if member.holds(role)]

    def recipients(self, section: SectionName) -> tuple[Role, ...]:
        """Give the roles that the policy in force lets a section be boxed to."""
        return () if self.policy is None else self.policy.sections.get(section, ())

    def rights(
        self,
        household: Household,
        section: SectionName,
        at: datetime,
        regisseur: Handle | None = None,
        without: GrantId | None = None,
    ) -> Iterator[tuple[Role, Handle]]:
        """Give each (role, holder) with a live right on a section: those to whom its key is to be boxed.

        `regisseur` stands for the one in force, and `without` leaves a grant out: for what a statement is
        about to change. May give a pair twice.
        """
        recipients = self.recipients(section)
        regisseur = regisseur or household.regisseur
        if regisseur and Role.REGISSEUR in recipients and self.member(regisseur).holds(Role.REGISSEUR):
            yield Role.REGISSEUR, regisseur
        for grant in household.grants.values():
            covers = section in grant.sections and grant.role in recipients and grant.grant != without
            if covers and grant.live(at) and self.member(grant.handle).holds(grant.role):
                yield grant.role, grant.handle

    def objects(self) -> Iterator[Digest]:
        """Name every object of the store's book that is still needed."""
        yield from self.gate_boxes.values()
        yield from self.coordination_boxes.values()
        if self.recovery is not None and self.recovery.box is not None:
            yield self.recovery.box
        for proposal in self.proposals.values():
            yield from proposal.statement.objects()


def act_of(entry: Entry, *, founded: bool = True) -> Act:
    """Take from an entry of a book what the rules judge."""
    signed = entry.signed
    assert signed.statement is not None  # noqa: S101 (entries of a book carry one: `book.follows`)
    return Act(
        statement=signed.statement,
        signer=signed.actor,
        card=signed.card,
        at=entry.at,
        position=entry.index,
        leaf=entry.leaf,
        store=signed.store,
        founded=founded,
        seen=signed.seen,
    )


def in_order(store: Book, household: Book | None) -> Iterator[Entry]:
    """Give the entries of both books in the order of the log."""
    books = [book.entries for book in (store, household) if book is not None]
    return merge(*books, key=lambda entry: entry.index)
