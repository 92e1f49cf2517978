"""ServedGate: the gate apart from its members. It decides, writes down and hands out what others signed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from dossier import contexts
from dossier.book import Book, next_place
from dossier.entry import Entry, Signed, make_entry
from dossier.errors import (
    ConflictError,
    DossierError,
    IntegrityError,
    LockedError,
    UnreachableError,
    UsageError,
)
from dossier.gate.asking import check_words, with_version
from dossier.gate.base import Situation
from dossier.gate.handing import Version, receipt
from dossier.gate.keeping import check_wraps, drop, keep
from dossier.gate.recent import Recent
from dossier.gate.scribe import Scribe, household_of
from dossier.gate.secrets import EpochSecrets
from dossier.gate.sight import Sight
from dossier.gate.stating import act_here, basis, fault_error, is_late
from dossier.log.note import Checkpoint, sign_checkpoint
from dossier.log.proofs import Proofs
from dossier.log.records import origin
from dossier.memory import Memory
from dossier.model import FAR_BEHIND, Deed, Handle, HouseholdId, Reason, Request, Seen, write_time
from dossier.policy import Permit, Refusal, decide
from dossier.receipt import Receipt
from dossier.refusals import refused
from dossier.register.fold import apply, check
from dossier.register.register import Fault, Register
from dossier.register.rules_approval import correction_of, reopens
from dossier.statements import Statement
from dossier.storage.base import Objects, Store
from keys.errors import BadSignatureError
from keys.identity import Card, Identity, check_signature

_CONTENT = (Deed.READ, Deed.WRITE)
_LOOKS = (Deed.LOOK, Deed.LOG_SHOW, Deed.EXPORT)
_MOST_HELD = 4096  # households, as they were seen last


class Presented(NamedTuple):
    """A request as a member signed it; `latest` asks for the last version, whichever it says that is."""

    signed: Signed
    raw: bytes  # what is under the signature, without its context
    signature: bytes
    latest: bool = False


class Entered(NamedTuple):
    """What became of it: its entry, and what was seen, refused or given."""

    entry: Entry
    situation: Situation | None = None
    error: DossierError | None = None
    receipt: Receipt | None = None


class ServedGate:
    """Guards that nothing leaves it that its log does not have; only under `turn`, from one thread."""

    def __init__(
        self, store: Store, identity: Identity, memory: Memory, clock: Callable[[], datetime]
    ) -> None:
        """`identity` and `memory` are the gate's own."""
        self._store = store
        self._memory = memory
        self._clock = clock
        self._recent = Recent(store)
        self._sight = Sight(
            store,
            identity.card,
            memory,
            clock,
            None,
            each=self._recent.take,
            most_held=_MOST_HELD,
        )
        self._secrets = EpochSecrets(store, identity)
        self._put_back = False  # whether the store was put back and waits to be reopened
        self.writing = False  # whether something of a request was written, and not yet all of it
        self._scribe = Scribe(store, identity, memory, clock, self._sight, self._secrets)
        self._note: tuple[Seen, bytes] | None = None
        self.proofs = Proofs(store)

    @property
    def register(self) -> Register:
        """The store's register as this gate last saw it."""
        return self._sight.log.register

    @property
    def now(self) -> Seen:
        """The size and root of the log as verified."""
        return Seen(self._sight.log.known.size, self._sight.log.known.root)

    def note(self) -> bytes:
        """Sign the checkpoint of the log as verified: the same that stands with its last entry."""
        now, name = self.now, origin(self._store.store_id)
        if self._note is None or self._note[0] != now:
            seed = self._secrets.log_seed(self.register)
            checkpoint = Checkpoint(name, now.size, now.root)
            self._note = (now, sign_checkpoint(checkpoint, seed, self.register.epoch.log_key))
        return self._note[1]

    def frontier(self) -> tuple[bytes, ...]:
        """Give the roots of the perfect subtrees of the log as verified."""
        return self._sight.log.known.frontier.hashes

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Be the one writer, caught up with what other gates wrote. What was done stands when this ends well.

        Raises:
            IntegrityError: when the store is altered, or behind what this gate saw.
            UnreachableError: when it is away, or what was done cannot be made to stand: then none does.
        """
        self.writing = False
        try:
            with self._sight.exclusive():
                known = self._sight.log.known
                self.proofs.catch_up(known)
                self._recent.catch_up(known)
                self._put_back = self._store.restored
                yield
        except BaseException:
            self._sight.forget()
            self.proofs.forget()
            self._recent.forget()
            raise

    def situation(self, household: HouseholdId | None) -> Situation:
        """See the store, or a household as it is now."""
        return self._sight.situation(household)

    @property
    def store_book(self) -> Book:
        """The store's book as it is now."""
        return self._sight.log.store_book.book

    def looks(self, household: HouseholdId, handle: Handle) -> Situation | None:
        """See a household for a member who has some right there; None where it is as if there were none."""
        situation = self._sight.situation(household)
        ruling = decide(Request(Deed.LOOK, household), handle, situation.register, situation.at)
        return situation if isinstance(ruling, Permit) else None

    def epoch_box(self, card: Card) -> tuple[int, bytes]:
        """Give the number of the epoch in force and its secret boxed to a card that is to have it.

        Raises:
            LockedError: "store-served" for any other card: of no member does the gate give a box.
        """
        register = self.register
        if register.epoch_cards().get(Handle(card.handle)) != card:
            raise LockedError("store-served")
        return register.epoch.number, self._secrets.box_to(register, card)

    # A request.

    def enter(self, presented: Presented) -> Entered:
        """Decide on a signed request, and write it down with the decision; then give its receipt.

        1. Was it entered before? Then the same is given again. 2. Is it signed, now, by one who saw this log?
        3. Decide. 4. Permitted or refused, the entry. 5. Only for a permit, the gate's part of the version
        that the entry names.

        Raises:
            ConflictError: when its signer saw another situation: nothing was written.
        """
        signed = presented.signed
        request = signed.request
        _check_shape(signed)
        stood = self._recent.find(signed)
        if stood is not None:
            return self._again(stood)
        self._check_reopened()
        situation = self._sight.situation(request.household)
        self._check(presented, situation)
        check_words(request, situation.register)
        ruling = decide(request, signed.actor, situation.register, situation.at)
        self._check_role(signed, situation.register, ruling)
        if isinstance(ruling, Permit):
            self._check_version(presented, situation)
            if request.deed is Deed.LOOK:
                raise ConflictError("look-again")
        entry = self._write(presented, situation, ruling)
        if isinstance(ruling, Refusal):
            return Entered(entry, situation, refused(ruling.reason))
        return self._given(entry, situation, ruling)

    def _given(self, entry: Entry, situation: Situation, permit: Permit) -> Entered:
        """Give what a permit comes to. Its entry stands, even when something that it needs is not there."""
        try:
            return Entered(entry, situation, None, self._receipt(entry, situation, permit))
        except DossierError as e:
            return Entered(entry, situation, e)

    def _receipt(self, entry: Entry, situation: Situation, permit: Permit) -> Receipt | None:
        request, register = entry.signed.request, situation.register

        def part(version: Version) -> bytes:
            return self._secrets.gate_part(register, request, version.epoch, version.leaf)

        return receipt(self._store, self._card_of(entry.signed), situation, request, permit, entry, part)

    def _again(self, entry: Entry) -> Entered:
        """Give once more what an entry that stands gave: its answer was lost."""
        signed, ruling = entry.signed, entry.ruling
        situation = self._sight.situation(signed.request.household)
        if ruling.reason is not None:
            return Entered(entry, situation, refused(Reason(ruling.reason)))
        if signed.statement is not None:
            return Entered(entry, situation)
        permit = Permit(signed.role, ruling.basis or "")
        return self._given(entry, situation, permit)

    def _check_reopened(self) -> None:
        restored = self.register.restored
        if self._put_back and not (restored is not None and restored.rotated is None):
            raise IntegrityError("store-restored")

    def _card_of(self, signed: Signed) -> Card:
        """Give the card that a request must be signed with: its actor's, or the one that recovers."""
        known = self.register.card_of(signed.actor, signed.statement)
        if known is None or known[1] != signed.card:
            raise LockedError("not-admitted")
        return known[0]

    def _check(self, presented: Presented, situation: Situation) -> None:
        """See that a request is of this store, of now, of one who saw this log, and signed.

        Raises:
            UsageError, LockedError: when it is not for this store, or not by that card.
            ConflictError: "seen-lower" when its signer has shown to know more than it says.
            IntegrityError: "gate-behind" when its signer saw a log that is not this one.
            UnreachableError: when its time is more than 10 minutes from the gate's.
        """
        signed = presented.signed
        card = self._card_of(signed)
        if signed.store != self._store.store_id or signed.org != card.org:
            raise UsageError("bad-call")
        self.check_seen(signed.seen)
        if signed.seen.size < self._sight.log.known.seen.get(signed.actor, 0):
            raise ConflictError("seen-lower")
        check_time(signed.at, situation.at)
        try:
            check_signature(card, presented.signature, presented.raw, contexts.request(signed.store))
        except BadSignatureError as e:
            raise LockedError("bad-signature") from e

    def check_seen(self, seen: Seen) -> None:
        """See that someone saw this log. Raises IntegrityError: "gate-behind"."""
        if seen.size > self.now.size or self.proofs.root_at(seen.size, self.now) != seen.root:
            raise IntegrityError("gate-behind", index=seen.size)

    def _check_role(self, signed: Signed, register: Register, ruling: Permit | Refusal) -> None:
        """See that it is signed in the role that decides it; a refusal, in one that its signer holds.

        Raises:
            ConflictError: "other-role".
        """
        held = register.member(signed.actor).roles
        if signed.role not in (held if isinstance(ruling, Refusal) else {ruling.role}):
            raise ConflictError("other-role")

    def _check_version(self, presented: Presented, situation: Situation) -> None:
        """See that it names the one version that is meant. Raises ConflictError."""
        request = presented.signed.request
        meant = with_version(request, situation)
        if presented.latest:
            meant = with_version(request._replace(version=None), situation)
        if meant != request:
            raise ConflictError("changed", last=meant.version)

    def _write(self, presented: Presented, situation: Situation, ruling: Permit | Refusal) -> Entry:
        entry = make_entry(presented.signed, presented.signature, self._scribe.ruled(situation, ruling))
        self._append(situation.register, entry)
        return entry

    def _append(self, register: Register, entry: Entry, *, corrects: bool = False) -> None:
        self.writing = True
        self._scribe.append(register, entry, corrects=corrects)
        self.proofs.add(entry.leaf, self._sight.log.known.root)
        self._recent.add(entry)
        self.writing = False

    # A statement.

    def enact(self, presented: Presented, objects: Objects) -> Entered:
        """Let a signed statement take effect (KEYS.md, "When a statement counts"), as `LocalGate.enact`.

        Raises:
            ConflictError: when it is not signed at the place that it would have: nothing was written.
        """
        signed, statement = presented.signed, presented.signed.statement
        if statement is None or set(objects) - set(statement.objects()):
            raise UsageError("bad-call")
        stood = self._recent.find(signed)
        if stood is not None:
            return self._again(stood)
        if not reopens(self.register, statement):
            self._check_reopened()
        late = correction_of(self.register, statement) is not None
        self._sight.anew(household_of(statement))
        situation = self._sight.situation(household_of(statement), late=late)
        self._check(presented, situation)
        if not self._may_know(signed, situation):
            refusal = Refusal(signed.role, Reason.NO_ACCESS)
            return Entered(self._write(presented, situation, refusal), None, refused(refusal.reason))
        if signed.place != next_place(statement.book, self._memory.head(statement.book)):
            raise ConflictError("book-moved")
        return self._enact(presented, statement, objects, situation, late=late)

    def _may_know(self, signed: Signed, situation: Situation) -> bool:
        """Tell whether a signer has a right in the household of a statement; who opens one has none yet.

        To anyone else it is as if it were not there: also where the statement's place would tell.
        """
        household, statement = signed.request.household, signed.statement
        if household is None or (statement is not None and statement.kind == "household.opened"):
            return True
        request = Request(Deed.LOOK, household)
        return isinstance(decide(request, signed.actor, situation.register, situation.at), Permit)

    def _enact(
        self,
        presented: Presented,
        statement: Statement,
        objects: Objects,
        situation: Situation,
        *,
        late: bool,
    ) -> Entered:
        signed, register = presented.signed, situation.register
        by = (signed.actor, signed.card)
        asked = self._recent.founds(signed)
        act = act_here(self._store.store_id, self._sight.log, situation, statement, by, asked=asked)
        try:
            check(register, act)
        except Fault as fault:
            stranger = signed.actor not in register.members
            error, written = fault_error(fault.reason, stranger=stranger)
            if not written or is_late(self._sight.log, situation):
                raise error from None
            return Entered(self._write(presented, situation, Refusal(signed.role, fault.reason)), None, error)
        member = register.members.get(signed.actor)
        if member is not None and signed.role not in member.roles:
            raise ConflictError("other-role")
        check_wraps(situation, statement, objects)
        if not set(statement.objects()) <= {*objects, *situation.objects}:
            raise UsageError("bad-call")
        ruling = self._scribe.ruled(situation, Permit(signed.role, basis(register, act)))
        entry = make_entry(signed, presented.signature, ruling)
        self.writing = True
        keep(self._store, situation, entry, statement, objects)
        self._sight.unfold()
        apply(register, act._replace(position=entry.index, leaf=entry.leaf))
        self._append(register, entry, corrects=late and statement.kind != "proposed")
        self.writing = True
        drop(self._store, situation, statement.book, objects)
        self.writing = False
        return Entered(entry, situation)


def _check_shape(signed: Signed) -> None:
    """See that a request is one that is entered: contents by household and section, a look by neither.

    Raises:
        UsageError: "bad-call" for any other, and for a statement, which is enacted.
    """
    request = signed.request
    of_content = (request.section, request.version, request.purpose)
    if request.deed in _CONTENT:
        good = None not in (request.household, request.section, request.purpose)
    else:
        good = request.deed in _LOOKS and of_content == (None, None, None)
    if not good or signed.statement is not None:
        raise UsageError("bad-call")


def check_time(at: datetime, gate: datetime) -> None:
    """See that a request was made within 10 minutes of the time that its entry gets.

    Raises:
        UnreachableError: "clock-apart", with both times.
    """
    if abs(at - gate) > FAR_BEHIND:
        raise UnreachableError("clock-apart", here=write_time(at), gate=write_time(gate))
