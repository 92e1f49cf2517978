"""LocalGate: the gate in the member's own program."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from dossier.entry import Entry
from dossier.errors import ConflictError, IntegrityError, UnreachableError, UsageError
from dossier.gate.asking import check_words, with_version
from dossier.gate.base import Situation
from dossier.gate.handing import lock, receipt
from dossier.gate.keeping import check_wraps, drop, keep
from dossier.gate.scribe import Scribe, household_of
from dossier.gate.secrets import EpochSecrets
from dossier.gate.sight import Sight
from dossier.memory import Memory
from dossier.model import Deed, Handle, HouseholdId, Reason, Request, Role, Seen
from dossier.policy import Permit, Refusal, decide
from dossier.receipt import Lock, Receipt
from dossier.refusals import conflict, refused
from dossier.register.fold import apply, check
from dossier.register.register import Act, Fault, Register
from dossier.register.rules_approval import correction_of, reopens
from dossier.register.signers import second_person
from dossier.statements import Statement
from dossier.storage.base import Objects, Store
from dossier.timing import Confirm
from keys.identity import Card, Identity

# In which role a statement is made, when its maker holds several.
_OFFICES = (Role.COORDINATOR, Role.BEHEERDER, Role.REGISSEUR, Role.TOEZICHTHOUDER, Role.SPECIALIST)


class LocalGate:
    """The gate over a store that it believes in nothing. Implements `gate.base.Gate`."""

    def __init__(
        self,
        store: Store,
        identity: Identity,
        memory: Memory,
        clock: Callable[[], datetime],
        confirm: Confirm | None = None,
    ) -> None:
        """`confirm` asks the user about a date far ahead of the log's."""
        self._store = store
        self._card = identity.card
        self.looked: Situation | None = None
        self.unkept = False
        self._handle = Handle(identity.card.handle)
        self._memory = memory
        self._sight = Sight(store, identity.card, memory, clock, confirm)
        self._secrets = EpochSecrets(store, identity)
        self._scribe = Scribe(store, identity, memory, clock, self._sight, self._secrets)

    @property
    def register(self) -> Register:
        """The store's register as this gate last saw it."""
        return self._sight.log.register

    def survey(self, household: HouseholdId | None = None, *, late: bool = False) -> Situation:
        """Give what a member may know of the store or a household. A refusal is written down, and raised.

        What is permitted leaves no entry here: the statement that it prepares will. `late` lets a clock look
        that is behind the log's: it may be the log's that is to be corrected.
        """
        with self._sight.exclusive():
            if household is not None:
                self._check_reopened()
            situation = self._sight.situation(household, late=late)
            ruling = self._look(situation, household)
            if isinstance(ruling, Refusal):
                self._scribe.write_down(situation, Request(Deed.LOOK, household), ruling)
            news = self._memory.has_news and self._settled()
        if news:
            self._memory.save()
        if isinstance(ruling, Refusal):
            raise refused(ruling.reason)
        if household is not None:
            self.looked = situation
        return situation

    def _settled(self) -> bool:
        """See that what was read of the log is on disk; what is not, is not remembered."""
        try:
            self._store.settle(self._memory.verified.page)
        except UnreachableError:
            return False
        return True

    def _look(self, situation: Situation, household: HouseholdId | None) -> Permit | Refusal:
        """Decide on a look at a household; at the store any active member may look."""
        if household is not None:
            return decide(Request(Deed.LOOK, household), self._handle, situation.register, situation.at)
        member = situation.register.members[self._handle]
        role = self._office(situation.register)
        return Permit(role, "member") if member.barred is None else Refusal(role, member.barred)

    def survey_each(
        self, households: Iterable[HouseholdId]
    ) -> Iterator[tuple[HouseholdId, Situation, Permit]]:
        """Give those of these households in which one has a right, each with that right."""
        for household in households:
            with self._sight.exclusive():
                self._check_reopened()
                situation = self._sight.situation(household)
            ruling = self._look(situation, household)
            if isinstance(ruling, Permit):
                yield household, situation, ruling

    def enter(self, request: Request) -> Receipt | None:
        """Decide, write down, and only then give a receipt (ARCHITECTURE.md, steps 3 to 5).

        1. See: log, books, register. 2. Decide. 3. Permitted or refused, the entry is on disk. 4. Only for
        a permit, derive the gate's part of the one version that the entry names.
        """
        given: Receipt | None = None
        with self._sight.exclusive():
            self._check_reopened()
            situation = self._sight.situation(request.household)
            check_words(request, situation.register)
            ruling = self._decide(request, situation)
            if isinstance(ruling, Permit):
                request = with_version(request, situation)
            entry = self._scribe.write_down(situation, request, ruling)
            if isinstance(ruling, Permit):
                given = receipt(self._store, self._card, self._secrets, situation, request, ruling, entry)
        self._memory.save()
        if isinstance(ruling, Refusal):
            raise refused(ruling.reason)
        return given

    def _check_reopened(self) -> None:
        """Let nothing be done in a store that was put back, before two persons have reopened it.

        Raises:
            IntegrityError: "store-restored".
        """
        restored = self.register.restored
        reopened = restored is not None and restored.rotated is None  # the rules go on from there
        if self._store.restored and not reopened:
            raise IntegrityError("store-restored")

    def _decide(self, request: Request, situation: Situation) -> Permit | Refusal:
        """Decide; a household that a restore left behind what this client saw stays shut until its rekey."""
        ruling = decide(request, self._handle, situation.register, situation.at)
        if isinstance(ruling, Permit) and request.household in self._memory.short:
            if situation.register.keyed_before_restore(situation.register.households[request.household]):
                return Refusal(ruling.role, Reason.NEEDS_REKEY)
            self._memory.short.discard(request.household)
        return ruling

    def enact(
        self,
        statement: Statement,
        objects: Objects,
        role: Role | None = None,
        signer: Identity | None = None,
    ) -> Entry:
        """Let a statement take effect (KEYS.md, "When a statement counts").

        1. Is it right here, now? 2. Sign it at its place. 3. A copy of its entry with its objects, in one
        replace. 4. The entry: from there it counts. 5. Drop what it supersedes.

        `signer` is the recovery card's identity, where that signs; the member only appends.
        """
        with self._sight.exclusive():
            founding = statement.kind == "store.founded"
            if not reopens(self.register, statement):
                self._check_reopened()
            correction = correction_of(self._sight.log.register, statement)
            late = correction is not None
            situation = self._sight.situation(household_of(statement), founding=founding, late=late)
            register = situation.register
            act = self._act(situation, statement, correction, signer)
            role = role or (Role.COORDINATOR if founding or signer else self._office(register))
            try:
                check(register, act)
            except Fault as fault:
                self._refuse(situation, act, fault.reason, role, signer)
            check_wraps(situation, statement, objects)
            entry = self._scribe.entry_of(situation, statement, Permit(role, _basis(register, act)), signer)
            keep(self._store, situation, entry, statement, objects)
            self._sight.unfold()
            apply(register, act._replace(position=entry.index, leaf=entry.leaf))
            self._scribe.append(register, entry, corrects=late and statement.kind != "proposed")
            drop(self._store, situation, statement.book, objects)
        self._remember()
        return entry

    def _remember(self) -> None:
        """Keep what was seen. When that fails the statement stands nevertheless: nobody is told otherwise."""
        try:
            self._memory.save()
        except UnreachableError:
            self.unkept = True

    def epoch_box(self, card: Card) -> tuple[int, bytes]:
        """Give the number of the epoch in force, and its secret boxed to a card."""
        with self._sight.exclusive():
            register = self._sight.situation(None).register
        return register.epoch.number, self._secrets.box_to(register, card)

    def rotation(self) -> tuple[Statement, Objects]:
        """Prepare the next epoch: its statement, and the boxes in which alone its secret leaves the gate."""
        with self._sight.exclusive():
            return self._secrets.rotation(self._sight.situation(None).register)

    def lock_again(self, receipt: Receipt) -> Lock:
        """Give the lock now on a section that was rekeyed after a receipt for writing it was given."""
        with self._sight.exclusive():
            situation = self._sight.situation(receipt.household)
        section = situation.register.households[receipt.household].sections[receipt.section]
        return lock(self._store, self._handle, situation, section, Permit(receipt.role, receipt.basis))

    def _office(self, register: Register) -> Role:
        held = register.members[self._handle].roles
        return next(role for role in _OFFICES if role in held)

    def _act(
        self,
        situation: Situation,
        statement: Statement,
        correction: Statement | None,
        signer: Identity | None,
    ) -> Act:
        card, known = (self._card if signer is None else signer.card), self._sight.log.known
        return Act(
            statement=statement,
            signer=Handle(card.handle),
            card=card.fingerprint,
            at=situation.at,
            position=known.size,
            leaf=b"",
            store=self._store.store_id,
            founded=correction is None or self._sight.log.was_wrong(correction, situation.at),
            seen=Seen(known.size, known.root),
        )

    def _refuse(
        self, situation: Situation, act: Act, reason: Reason, role: Role, signer: Identity | None
    ) -> None:
        """Raise what a fault comes to, and write it down; unless only the moment was wrong, or the words.

        Words that nobody knows are wrong use, and must not get as far as the log.
        """
        error = conflict(reason) or refused(reason)
        unknown = signer is not None and reason is Reason.NO_RECOVERY  # a card that nobody here knows
        if isinstance(error, (ConflictError, UsageError)) or unknown or self._late(situation):
            raise error
        entry = self._scribe.entry_of(situation, act.statement, Refusal(role, reason), signer)
        self._scribe.append(situation.register, entry)
        self._memory.save()
        raise error

    def _late(self, situation: Situation) -> bool:
        """Tell whether an entry of this moment could not be: it would be earlier than the one before."""
        last = self._sight.log.known.at
        return last is not None and situation.at < last


def _basis(register: Register, act: Act) -> str:
    """Say by which right a statement is made; "alone" where a second person would have had to approve."""
    return "statement" if second_person(register, act.statement, act.signer) is None else "alone"
