"""The gate: decide, write it down, and only then hand out a receipt. The only way to write anything."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import NamedTuple, Protocol

from dossier import contexts
from dossier.book import Head, next_place
from dossier.entry import Entry, Ruling, Signed, make_entry
from dossier.errors import ConflictError, IntegrityError, LockedError, NotFoundError, UsageError
from dossier.log.logbook import Logbook, Opened
from dossier.memory import Memory
from dossier.model import (
    STORE_BOOK,
    BookName,
    Deed,
    Digest,
    Handle,
    HouseholdId,
    Place,
    Reason,
    Request,
    Role,
    Seen,
    whole_milliseconds,
)
from dossier.policy import Permit, Refusal, decide
from dossier.receipt import Lock, Receipt
from dossier.refusals import conflict, refused
from dossier.register.fold import apply, check, fold
from dossier.register.households import Section
from dossier.register.register import Act, Fault, Register
from dossier.statements import Statement
from dossier.storage.base import Objects, Store
from dossier.timing import Confirm, entry_time
from keys.identity import Card, Identity
from keys.locks import box_to, gate_part, log_seed, open_box
from keys.primitives import random_bytes


class Situation(NamedTuple):
    """What the gate sees at a moment, verified: the register, and the objects of the book at hand."""

    register: Register
    opened: Opened
    objects: Objects
    at: datetime


class Gate(Protocol):
    """enter for contents, enact for statements; survey to prepare a statement."""

    def survey(self, household: HouseholdId | None = None) -> Situation:
        """Give what a member may know of the store or a household. A refusal is written down, and raised."""
        ...

    def survey_each(
        self, households: Iterable[HouseholdId]
    ) -> Iterator[tuple[HouseholdId, Situation, Permit]]:
        """Give those of these households in which one has a right, each with that right."""
        ...

    def enter(self, request: Request) -> Receipt | None:
        """Decide and write down; give a receipt for contents, None for other deeds. Raises on refusal."""
        ...

    def enact(self, statement: Statement, objects: Objects, role: Role | None = None) -> Entry:
        """Let a statement take effect, or write down its refusal and raise."""
        ...

    def epoch_box(self, card: Card) -> tuple[int, bytes]:
        """Give the number of the epoch in force, and its secret boxed to a card."""
        ...

    def lock_again(self, receipt: Receipt) -> Lock:
        """Give the lock now on a section that was rekeyed after a receipt for writing it was given."""
        ...


# In which role a statement is made, when its maker holds several.
_OFFICES = (Role.COORDINATOR, Role.BEHEERDER, Role.REGISSEUR, Role.TOEZICHTHOUDER, Role.SPECIALIST)


class LocalGate:
    """The gate in the member's own program, over a store that it believes in nothing."""

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
        self._identity = identity
        self._memory = memory
        self._clock = clock
        self._confirm = confirm
        self._handle = Handle(identity.card.handle)
        self._card = identity.card.fingerprint
        self._secrets: dict[int, bytes] = {}  # epoch secrets, by number
        self._log = self._logbook()

    def _logbook(self) -> Logbook:
        memory = self._memory
        return Logbook(self._store, memory.verified, memory, memory.root, memory.must_pass)

    def _forget(self) -> None:
        """Read again from memory what may have been half taken in."""
        self._memory.forget()
        self._log = self._logbook()

    @property
    def logbook(self) -> Logbook:
        """The log as this gate reads it."""
        return self._log

    # What members ask.

    def survey(self, household: HouseholdId | None = None) -> Situation:
        """Give what a member may know of the store or a household. A refusal is written down, and raised."""
        with self._store.exclusive():
            situation = self._situation(household)
            ruling: Permit | Refusal | None = None
            if household is not None:
                request = Request(Deed.LOOK, household)
                ruling = decide(request, self._handle, situation.register, situation.at)
                if isinstance(ruling, Refusal):
                    self._write_down(situation, request, ruling)
        # Without an entry of one's own nothing was synced since, so nothing is remembered either.
        if isinstance(ruling, Refusal):
            self._memory.save()
            raise refused(ruling.reason)
        return situation

    def survey_each(
        self, households: Iterable[HouseholdId]
    ) -> Iterator[tuple[HouseholdId, Situation, Permit]]:
        """Give those of these households in which one has a right, each with that right."""
        for household in households:
            with self._store.exclusive():
                situation = self._situation(household)
            ruling = decide(Request(Deed.LOOK, household), self._handle, situation.register, situation.at)
            if isinstance(ruling, Permit):
                yield household, situation, ruling

    def enter(self, request: Request) -> Receipt | None:
        """Decide, write down, and only then give a receipt (ARCHITECTURE.md, steps 3 to 5)."""
        with self._store.exclusive():
            situation = self._situation(request.household)
            _check_words(request, situation.register)
            ruling = decide(request, self._handle, situation.register, situation.at)
            if isinstance(ruling, Permit):
                request = _with_version(request, situation)
            entry = self._write_down(situation, request, ruling)
            receipt = None
            if isinstance(ruling, Permit) and request.section is not None:
                receipt = self._receipt(situation, request, ruling, entry)
        self._memory.save()
        if isinstance(ruling, Refusal):
            raise refused(ruling.reason)
        return receipt

    def enact(self, statement: Statement, objects: Objects, role: Role | None = None) -> Entry:
        """Let a statement take effect (KEYS.md, "When a statement counts").

        1. Is it right here, now? 2. Sign it at its place. 3. A copy of its entry with its objects, in one
        replace. 4. The entry: from there it counts. 5. Drop what it supersedes.
        """
        with self._store.exclusive():
            founding = statement.kind == "store.founded"
            situation = self._situation(_household_of(statement), founding=founding)
            register = situation.register
            act = self._act(situation, statement)
            try:
                check(register, act)
            except Fault as fault:
                self._refuse(situation, statement, fault.reason, role)
            place = next_place(statement.book, self._memory.head(statement.book))
            permit = Permit(role or self._office(register, founding=founding), "statement")
            entry = self._entry(situation, _request_of(statement), permit, place, statement)
            self._keep(situation, entry, statement, objects)
            apply(register, act._replace(position=entry.index, leaf=entry.leaf))
            self._append(register, entry)
            self._drop(situation, statement.book, objects)
        self._memory.save()
        return entry

    # What the gate sees.

    def _situation(self, household: HouseholdId | None, *, founding: bool = False) -> Situation:
        """Catch up with the log, load the books, fold them; only an active, admitted member gets further."""
        try:
            self._log.catch_up()
        except BaseException:
            self._forget()
            raise
        register = self._log.register
        opened = self._log.store_book
        if household is not None:
            known = self._memory.known(household)
            opened = self._log.open_book(BookName(household))
            unfounded = () if known is None else known.unfounded
            register = fold(self._memory.root, self._log.store_book.book, opened.book, unfounded)
            self._log.check_reaches(opened, register)
        if not founding:
            self._check_admitted(register)
        at = entry_time(self._log.known.at, whole_milliseconds(self._clock()), register.policy, self._confirm)
        return Situation(register, opened, self._store.objects(opened.book.name), at)

    def _check_admitted(self, register: Register) -> None:
        member = register.members.get(self._handle)
        if member is None or member.fingerprint != self._card:
            raise LockedError("not-admitted")

    def _office(self, register: Register, *, founding: bool = False) -> Role:
        held = {Role.COORDINATOR} if founding else register.members[self._handle].roles
        return next(role for role in _OFFICES if role in held)

    # What the gate writes.

    def _write_down(self, situation: Situation, request: Request, ruling: Permit | Refusal) -> Entry:
        entry = self._entry(situation, request, ruling)
        self._append(situation.register, entry)
        return entry

    def _refuse(
        self, situation: Situation, statement: Statement, reason: Reason, role: Role | None
    ) -> None:
        """Raise what a fault comes to; write it down, unless only the moment was wrong."""
        moment = conflict(reason)
        if moment is None:
            refusal = Refusal(role or self._office(situation.register), reason)
            place = next_place(statement.book, self._memory.head(statement.book))
            entry = self._entry(situation, _request_of(statement), refusal, place, statement)
            self._append(situation.register, entry)
            self._memory.save()
            raise refused(reason)
        raise moment

    def _entry(
        self,
        situation: Situation,
        request: Request,
        ruling: Permit | Refusal,
        place: Place | None = None,
        statement: Statement | None = None,
    ) -> Entry:
        """Sign the request as it now stands, and rule on it."""
        known, register = self._log.known, situation.register
        signed = Signed(
            store=self._store.store_id,
            actor=self._handle,
            card=self._card,
            role=ruling.role,
            org=self._identity.card.org,
            request=request,
            nonce=random_bytes(16),
            at=whole_milliseconds(self._clock()),
            seen=Seen(known.size, known.root),
            place=place,
            statement=statement,
        )
        permitted = isinstance(ruling, Permit)
        return make_entry(
            signed,
            signed.sign(self._identity),
            Ruling(
                position=known.size,
                at=situation.at,
                permitted=permitted,
                reason=None if isinstance(ruling, Permit) else str(ruling.reason),
                basis=ruling.basis if isinstance(ruling, Permit) else None,
                policy=0 if register.policy is None else register.policy.version,
                epoch=register.epoch.number if register.epochs else 1,
                trace=random_bytes(16),
                span=random_bytes(8),
            ),
        )

    def _append(self, register: Register, entry: Entry) -> None:
        """Write an entry under the log key of the epoch in force, and take it in."""
        place = entry.signed.place
        try:
            epoch = register.epoch.number
            seed = log_seed(self._epoch_secret(register), contexts.of("log-key", self._store.store_id, epoch))
            self._log.append(entry, seed)
        except BaseException:
            self._forget()
            raise
        if place is not None and entry.ruling.permitted:
            head = Head(place.number, entry.index, entry.leaf)
            self._memory.move(entry, head, founded=True)
            if place.book == STORE_BOOK:
                self._log.took(entry, self._log.store_book)

    def _act(self, situation: Situation, statement: Statement) -> Act:
        return Act(
            statement=statement,
            signer=self._handle,
            card=self._card,
            at=situation.at,
            position=self._log.known.size,
            leaf=b"",
            store=self._store.store_id,
        )

    def _keep(self, situation: Situation, entry: Entry, statement: Statement, objects: Objects) -> None:
        """Keep the copy and the objects that it names; what nothing named before goes."""
        for digest in statement.objects():
            if digest not in objects and digest not in situation.objects:
                raise IntegrityError("object-missing", digest=digest)
        needed = {*_needed(situation.register, statement.book), *objects}
        orphans = [digest for digest in situation.objects if digest not in needed]
        self._store.keep(
            statement.book, entry.line, objects, leftovers=situation.opened.leftovers, orphans=orphans
        )

    def _drop(self, situation: Situation, book: BookName, objects: Objects) -> None:
        """Drop what the statement superseded."""
        needed = set(_needed(situation.register, book))
        orphans = [digest for digest in {**situation.objects, **objects} if digest not in needed]
        if orphans:
            self._store.drop(book, orphans)

    # What the gate hands out.

    def _epoch_secret(self, register: Register) -> bytes:
        """Open this member's box of the epoch secret in force, and compare it with its commitment."""
        epoch = register.epoch
        if epoch.number not in self._secrets:
            digest = register.gate_boxes.get(self._handle)
            box = self._store.objects(STORE_BOOK).get(digest) if digest else None
            if box is None:
                raise LockedError("no-gate-box")
            store = self._store.store_id
            self._secrets[epoch.number] = open_box(
                self._identity,
                box,
                contexts.of("epoch-box", store, epoch.number, self._card),
                epoch.commitment,
                contexts.of("epoch-commitment", store, epoch.number),
            )
        return self._secrets[epoch.number]

    def epoch_box(self, card: Card) -> tuple[int, bytes]:
        """Box the epoch secret in force to a card: the only way in which it leaves the gate."""
        with self._store.exclusive():
            register = self._situation(None).register
        number = register.epoch.number
        context = contexts.of("epoch-box", self._store.store_id, number, card.fingerprint)
        return number, box_to(card, self._epoch_secret(register), context)

    def _receipt(self, situation: Situation, request: Request, permit: Permit, entry: Entry) -> Receipt:
        """Derive the gate's part of the one version that the entry names."""
        register = situation.register
        assert request.household and request.section and request.version  # noqa: S101, PT018 (`_with_version`)
        section = register.households[request.household].sections[request.section]
        reading = request.deed is Deed.READ
        written = section.versions[request.version - 1] if reading else None
        leaf = written.leaf if written else entry.leaf
        epoch = written.epoch if written else register.epoch.number
        place = (self._store.store_id, request.household, request.section, request.version)
        return Receipt(
            store=self._store.store_id,
            household=request.household,
            section=request.section,
            version=request.version,
            role=permit.role,
            basis=permit.basis,
            card=self._card,
            index=entry.index,
            leaf=entry.leaf,
            epoch=epoch,
            gate_part=gate_part(self._epoch_secret(register), contexts.gate_part(*place, epoch, leaf)),
            lock=self._lock(situation, section, permit),
            written=written,
            wrap=section.wrap_of(request.version, situation.objects) if reading else None,
        )

    def lock_again(self, receipt: Receipt) -> Lock:
        """Give the lock now on a section that was rekeyed after a receipt for writing it was given."""
        with self._store.exclusive():
            situation = self._situation(receipt.household)
        section = situation.register.households[receipt.household].sections[receipt.section]
        return self._lock(situation, section, Permit(receipt.role, receipt.basis))

    def _lock(self, situation: Situation, section: Section, permit: Permit) -> Lock:
        """Find the box by which a right opens a section's key. Raises LockedError when there is none."""
        keying, objects = section.keying, situation.objects
        if permit.basis != "team":
            digest = section.boxes.get((permit.role, self._handle))
            if digest is None or digest not in objects:
                raise LockedError("no-box")
            return Lock(keying, objects[digest])
        seed = situation.register.coordination_boxes.get(self._handle)
        store_objects = self._store.objects(STORE_BOOK)
        if seed is None or seed not in store_objects or keying.coordination not in objects:
            raise LockedError("no-box")
        public = situation.register.coordination
        return Lock(keying, objects[keying.coordination], store_objects[seed], public)


def _household_of(statement: Statement) -> HouseholdId | None:
    book = statement.book
    return None if book == STORE_BOOK else HouseholdId(book)


def _request_of(statement: Statement) -> Request:
    """Give the request that carries a statement."""
    return Request(Deed.STATE, _household_of(statement))


def _check_words(request: Request, register: Register) -> None:
    """Let no section or purpose that the policy does not have get as far as the log.

    Raises:
        UsageError: naming the ones that there are; whatever household was named.
    """
    policy = register.policy
    if policy is None:
        raise UsageError("no-policy")
    if request.section is not None and request.section not in policy.sections:
        raise UsageError("unknown-section", section=request.section, sections=", ".join(policy.sections))
    if request.purpose is not None and request.purpose not in policy.purposes:
        raise UsageError("unknown-purpose", purpose=request.purpose, purposes=", ".join(policy.purposes))


def _with_version(request: Request, situation: Situation) -> Request:
    """Say which version is meant: the last when reading, the next when writing.

    Raises:
        NotFoundError: nothing is written there yet, or not that version.
        ConflictError: the next version is not the one that the writer expects.
    """
    if request.section is None or request.household is None:
        return request
    last = len(situation.register.households[request.household].sections[request.section].versions)
    if request.deed is Deed.WRITE:
        if request.version not in (None, last + 1):
            raise ConflictError("changed", last=last)
        return request._replace(version=last + 1)
    if last == 0:
        raise NotFoundError("nothing-written", section=request.section)
    version = last if request.version is None else request.version
    if not 1 <= version <= last:
        raise NotFoundError("no-such-version", last=last)
    return request._replace(version=version)


def _needed(register: Register, book: BookName) -> Iterator[Digest]:
    """Name the objects of a book that are still needed."""
    if book == STORE_BOOK:
        return register.objects()
    household = register.households.get(HouseholdId(book))
    return iter(()) if household is None else household.objects()
