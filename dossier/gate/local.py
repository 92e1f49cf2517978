"""LocalGate: the gate in the member's own program."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from dossier.entry import Entry
from dossier.errors import ConflictError, IntegrityError, UnreachableError, UsageError
from dossier.gate.asking import check_words, with_version
from dossier.gate.base import Situation
from dossier.gate.handing import lock, receipt
from dossier.gate.scribe import Scribe, household_of
from dossier.gate.secrets import EpochSecrets
from dossier.gate.sight import Sight
from dossier.memory import Memory
from dossier.model import STORE_BOOK, BookName, Deed, Digest, Handle, HouseholdId, Reason, Request, Role
from dossier.policy import Permit, Refusal, decide
from dossier.receipt import Lock, Receipt
from dossier.refusals import conflict, refused
from dossier.register.fold import apply, check
from dossier.register.register import Act, Fault, Register
from dossier.register.rules_store import second_person
from dossier.statements import Statement
from dossier.storage.base import Objects, Store
from dossier.timing import Confirm
from keys.identity import Card, Identity
from keys.primitives import WRAP_SIZE

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
        self._handle = Handle(identity.card.handle)
        self._memory = memory
        self._sight = Sight(store, identity.card, memory, clock, confirm)
        self._secrets = EpochSecrets(store, identity)
        self._scribe = Scribe(store, identity, memory, clock, self._sight, self._secrets)

    def survey(self, household: HouseholdId | None = None) -> Situation:
        """Give what a member may know of the store or a household. A refusal is written down, and raised.

        What is permitted leaves no entry here: the statement that it prepares will.
        """
        with self._sight.exclusive():
            situation = self._sight.situation(household)
            ruling = self._look(situation, household)
            if isinstance(ruling, Refusal):
                self._scribe.write_down(situation, Request(Deed.LOOK, household), ruling)
            news = self._memory.has_news and self._settled()
        if news:
            self._memory.save()
        if isinstance(ruling, Refusal):
            raise refused(ruling.reason)
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
        return Permit(role, "member") if member.active else Refusal(role, Reason.NOT_ACTIVE)

    def survey_each(
        self, households: Iterable[HouseholdId]
    ) -> Iterator[tuple[HouseholdId, Situation, Permit]]:
        """Give those of these households in which one has a right, each with that right."""
        for household in households:
            with self._sight.exclusive():
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
            situation = self._sight.situation(request.household)
            check_words(request, situation.register)
            ruling = decide(request, self._handle, situation.register, situation.at)
            if isinstance(ruling, Permit):
                request = with_version(request, situation)
            entry = self._scribe.write_down(situation, request, ruling)
            if isinstance(ruling, Permit):
                given = receipt(self._store, self._card, self._secrets, situation, request, ruling, entry)
        self._memory.save()
        if isinstance(ruling, Refusal):
            raise refused(ruling.reason)
        return given

    def enact(self, statement: Statement, objects: Objects, role: Role | None = None) -> Entry:
        """Let a statement take effect (KEYS.md, "When a statement counts").

        1. Is it right here, now? 2. Sign it at its place. 3. A copy of its entry with its objects, in one
        replace. 4. The entry: from there it counts. 5. Drop what it supersedes.
        """
        with self._sight.exclusive():
            founding = statement.kind == "store.founded"
            situation = self._sight.situation(household_of(statement), founding=founding)
            register = situation.register
            act = self._act(situation, statement)
            role = role or (Role.COORDINATOR if founding else self._office(register))
            try:
                check(register, act)
            except Fault as fault:
                self._refuse(situation, statement, fault.reason, role)
            _check_wraps(situation, statement, objects)
            entry = self._scribe.entry_of(situation, statement, Permit(role, _basis(register, statement)))
            self._keep(situation, entry, statement, objects)
            apply(register, act._replace(position=entry.index, leaf=entry.leaf))
            self._scribe.append(register, entry)
            self._drop(situation, statement.book, objects)
        self._memory.save()
        return entry

    def epoch_box(self, card: Card) -> tuple[int, bytes]:
        """Give the number of the epoch in force, and its secret boxed to a card."""
        with self._sight.exclusive():
            register = self._sight.situation(None).register
        return register.epoch.number, self._secrets.box_to(register, card)

    def lock_again(self, receipt: Receipt) -> Lock:
        """Give the lock now on a section that was rekeyed after a receipt for writing it was given."""
        with self._sight.exclusive():
            situation = self._sight.situation(receipt.household)
        section = situation.register.households[receipt.household].sections[receipt.section]
        return lock(self._store, self._handle, situation, section, Permit(receipt.role, receipt.basis))

    def _office(self, register: Register) -> Role:
        held = register.members[self._handle].roles
        return next(role for role in _OFFICES if role in held)

    def _act(self, situation: Situation, statement: Statement) -> Act:
        return Act(
            statement=statement,
            signer=self._handle,
            card=self._card.fingerprint,
            at=situation.at,
            position=self._sight.log.known.size,
            leaf=b"",
            store=self._store.store_id,
        )

    def _refuse(self, situation: Situation, statement: Statement, reason: Reason, role: Role) -> None:
        """Raise what a fault comes to, and write it down; unless only the moment was wrong, or the words.

        Words that nobody knows are wrong use, and must not get as far as the log.
        """
        error = conflict(reason) or refused(reason)
        if isinstance(error, (ConflictError, UsageError)):
            raise error
        entry = self._scribe.entry_of(situation, statement, Refusal(role, reason))
        self._scribe.append(situation.register, entry)
        self._memory.save()
        raise error

    def _keep(self, situation: Situation, entry: Entry, statement: Statement, objects: Objects) -> None:
        """Keep the copy and the objects that it names; what nothing named before goes."""
        for digest in statement.objects():
            if digest not in objects and digest not in situation.objects:
                raise IntegrityError("object-missing", digest=digest)
        needed = {*_needed(situation.register, statement.book), *objects}
        orphans = [digest for digest in situation.objects if digest not in needed]
        leftovers = situation.opened.leftovers
        self._store.keep(statement.book, entry.line, objects, leftovers=leftovers, orphans=orphans)

    def _drop(self, situation: Situation, book: BookName, objects: Objects) -> None:
        """Drop what the statement superseded."""
        needed = set(_needed(situation.register, book))
        orphans = [digest for digest in {**situation.objects, **objects} if digest not in needed]
        if orphans:
            self._store.drop(book, orphans)


def _basis(register: Register, statement: Statement) -> str:
    """Say by which right a statement is made; "alone" where a second person would have had to approve."""
    return "statement" if second_person(register, statement) is None else "alone"


def _check_wraps(situation: Situation, statement: Statement, objects: Objects) -> None:
    """See that new keys wrap every version that there is by now: one that came between must not fall out.

    Raises:
        ConflictError: a version was written since the parts were wrapped.
    """
    for keying in statement.keyings():
        if keying.wraps is not None:
            household = situation.register.households[HouseholdId(statement["household"])]
            versions = len(household.sections[keying.section].versions)
            if len(objects.get(keying.wraps, b"")) != versions * WRAP_SIZE:
                raise ConflictError(str(Reason.WRAPS_WRONG))


def _needed(register: Register, book: BookName) -> Iterator[Digest]:
    """Name the objects of a book that are still needed."""
    if book == STORE_BOOK:
        return register.objects()
    household = register.households.get(HouseholdId(book))
    return iter(()) if household is None else household.objects()
