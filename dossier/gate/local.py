"""LocalGate: the gate in the member's own program."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from dossier.entry import Entry
from dossier.errors import DossierError, IntegrityError, UnreachableError
from dossier.gate.asking import check_words, with_version
from dossier.gate.base import Situation
from dossier.gate.handing import Version, lock, receipt
from dossier.gate.keeping import check_wraps, drop, keep
from dossier.gate.scribe import Scribe, household_of
from dossier.gate.secrets import EpochSecrets
from dossier.gate.showing import Opening, Wanted, Whose, openings_of, sees
from dossier.gate.sight import Sight
from dossier.gate.stating import act_here, basis, fault_error, is_late, office_of
from dossier.log.reading import note_of, pages, pages_from
from dossier.memory import Memory
from dossier.model import Deed, Handle, HouseholdId, Reason, Request, Role
from dossier.policy import Permit, Refusal, decide
from dossier.receipt import Lock, Receipt
from dossier.refusals import refused
from dossier.register.fold import apply, check
from dossier.register.register import Act, Fault, Register
from dossier.register.rules_approval import correction_of, reopens
from dossier.statements import Statement
from dossier.storage.base import Objects, Store
from dossier.timing import Confirm
from keys.identity import Card, Identity


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
        self._clock = clock
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
        role = office_of(situation.register, self._handle)
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
        error: DossierError | None = None  # raised when the entry stands: not before
        with self._sight.exclusive():
            self._check_reopened()
            situation = self._sight.situation(request.household)
            check_words(request, situation.register)
            ruling = self._decide(request, situation)
            if isinstance(ruling, Permit):
                request = with_version(request, situation)
            entry = self._scribe.write_down(situation, request, ruling)
            if isinstance(ruling, Permit):
                try:
                    given = self._receipt(situation, request, ruling, entry)
                except DossierError as e:
                    error = e
        self._memory.save()
        if isinstance(ruling, Refusal):
            raise refused(ruling.reason)
        if error is not None:
            raise error
        return given

    def _receipt(
        self, situation: Situation, request: Request, permit: Permit, entry: Entry
    ) -> Receipt | None:
        """Give the receipt of an entry that is on disk."""

        def part(version: Version) -> bytes:
            return self._secrets.gate_part(situation.register, request, version.epoch, version.leaf)

        return receipt(self._store, self._card, situation, request, permit, entry, part)

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
            done = self._enact(statement, objects, role, signer)
        if isinstance(done, DossierError):
            self._memory.save()
            raise done
        self._remember()
        return done

    def _enact(
        self, statement: Statement, objects: Objects, role: Role | None, signer: Identity | None
    ) -> Entry | DossierError:
        """Take the steps of `enact`; give the error of a refusal that was written down."""
        founding = statement.kind == "store.founded"
        if not reopens(self.register, statement):
            self._check_reopened()
        late = correction_of(self._sight.log.register, statement) is not None
        self._sight.anew(household_of(statement))
        situation = self._sight.situation(household_of(statement), founding=founding, late=late)
        register, card = situation.register, self._card if signer is None else signer.card
        by = (Handle(card.handle), card.fingerprint)
        act = act_here(self._store.store_id, self._sight.log, situation, statement, by)
        role = role or (Role.COORDINATOR if founding or signer else office_of(register, self._handle))
        try:
            check(register, act)
        except Fault as fault:
            return self._refuse(situation, act, fault.reason, role, signer)
        check_wraps(situation, statement, objects)
        entry = self._scribe.entry_of(situation, statement, Permit(role, basis(register, act)), signer)
        keep(self._store, situation, entry, statement, objects)
        self._sight.unfold()
        apply(register, act._replace(position=entry.index, leaf=entry.leaf))
        self._scribe.append(register, entry, corrects=late and statement.kind != "proposed")
        drop(self._store, situation, statement.book, objects)
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

    def under(self, identity: Identity, memory: Memory) -> "LocalGate":
        """Give this gate as it is under another card of the same member."""
        return LocalGate(self._store, identity, memory, self._clock)

    def entries(self, wanted: Wanted) -> Iterator[Entry]:
        """Give the entries that this member may see, newest first."""
        seen = sees(self._handle, self._directs(wanted.household))
        for page in pages_from(self._store, self._memory.verified, wanted.since):
            yield from (entry for entry in reversed(page) if seen(entry) and wanted.has(entry))

    def _directs(self, household: HouseholdId | None) -> list[HouseholdId] | None:
        """Name the households that this member directs now; None for the toezichthouder, who sees all."""
        roles = self.survey().register.member(self._handle).roles
        if Role.TOEZICHTHOUDER in roles:
            return None
        named = self._memory.mine if household is None else {household}
        return [
            one
            for one, situation, _ in self.survey_each(sorted(named) if Role.REGISSEUR in roles else ())
            if situation.register.households[one].regisseur == self._handle
        ]

    def openings(self, wanted: Whose) -> Iterator[Opening]:
        """Give what somebody opened, oldest first."""
        for lines in pages(self._store, self._memory.verified, wanted.since):
            yield from openings_of(lines, wanted)

    def note(self) -> bytes:
        """Give the signed checkpoint over the log as it is.

        Raises:
            IntegrityError: when it is not of what this client has verified.
        """
        register, known = self.survey().register, self._memory.verified
        return note_of(self._store, known, register.epoch.log_key)

    def _refuse(
        self, situation: Situation, act: Act, reason: Reason, role: Role, signer: Identity | None
    ) -> DossierError:
        """Give what a fault comes to, and write it down (`fault_error`). Raises it where it is not."""
        error, written = fault_error(reason, stranger=signer is not None)
        if not written or is_late(self._sight.log, situation):
            raise error
        entry = self._scribe.entry_of(situation, act.statement, Refusal(role, reason), signer)
        self._scribe.append(situation.register, entry)
        return error
