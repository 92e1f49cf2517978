"""RemoteGate: the gate as its members reach it, when it is served. No command knows the difference."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from dossier import contexts
from dossier.book import next_place
from dossier.entry import Entry, Signed
from dossier.errors import ConflictError, DossierError, IntegrityError, LockedError, RefusedError
from dossier.gate.asking import check_words, with_version
from dossier.gate.base import Situation
from dossier.gate.handing import lock, receipt
from dossier.gate.scribe import household_of
from dossier.gate.secrets import EpochSecrets
from dossier.gate.showing import Opening, Wanted, Whose
from dossier.gate.stating import office_of
from dossier.memory import Memory
from dossier.model import (
    STORE_BOOK,
    BookName,
    Deed,
    Handle,
    HouseholdId,
    Reason,
    Request,
    Role,
    whole_milliseconds,
)
from dossier.policy import Permit, decide
from dossier.receipt import Lock, Receipt
from dossier.register.register import Register
from dossier.serve import remote_pages as pages
from dossier.serve.messages import read_objects, write_objects
from dossier.serve.remote_memory import RemoteMemory
from dossier.serve.remote_sight import RemoteSight
from dossier.serve.remote_store import RemoteStore
from dossier.serve.wire import Answered
from dossier.statements import Statement
from dossier.storage.base import Objects, Store
from keys.encoding import canonical_json, from_base64, to_base64
from keys.errors import KeysError
from keys.identity import Card, Identity
from keys.primitives import random_bytes


def seat(store: Store, identity: Identity, memory: Memory, clock: Callable[[], datetime]) -> "RemoteGate":
    """Give a member's end of the gate of a store behind one."""
    assert isinstance(store, RemoteStore)  # noqa: S101 (whoever calls this knows)
    assert isinstance(memory, RemoteMemory)  # noqa: S101 (likewise)
    return RemoteGate(store, identity, memory, clock)


_TRIES = 5  # to sign again when something else came between
_MOST = 64  # households told of in one answer
_AGAIN = frozenset({"other-role", "seen-lower", "book-moved", "look-again"})  # signed of another situation


class RemoteGate:
    """A member's end of a served gate. Implements `gate.base.Gate`."""

    def __init__(
        self, store: RemoteStore, identity: Identity, memory: RemoteMemory, clock: Callable[[], datetime]
    ) -> None:
        store.be(identity, clock)
        memory.listing = self._listing
        self._store = store
        self._identity = identity
        self._memory = memory
        self._clock = clock
        self._handle = Handle(identity.card.handle)
        self._sight = RemoteSight(store, identity.card, memory, clock)
        self._secrets = EpochSecrets(store, identity)
        self.looked: Situation | None = None
        self.unkept = False

    @property
    def register(self) -> Register:
        """The store's register as this client last saw it."""
        return self._sight.register

    def under(self, identity: Identity, memory: Memory) -> "RemoteGate":
        """Give this gate as it is under another card of the same member."""
        assert isinstance(memory, RemoteMemory)  # noqa: S101 (it is one of this member's)
        return RemoteGate(self._store, identity, memory, self._clock)

    # Looking.

    def survey(self, household: HouseholdId | None = None, *, late: bool = False) -> Situation:  # noqa: ARG002
        """Give what a member may know of the store or a household. A refusal is written down, and raised."""
        try:
            told = self._sync(() if household is None else (household,))
        except LockedError:
            if self._sight.knows(None):
                self._enter(Request(Deed.LOOK))  # who is suspended is refused, and that is written down
            raise
        self._sight.check_admitted()
        if BookName(household or STORE_BOOK) not in told:
            self._enter(Request(Deed.LOOK, household))
        situation = self._sight.situation(household)
        if household is not None:
            self.looked = situation
        return situation

    def survey_each(
        self, households: Iterable[HouseholdId]
    ) -> Iterator[tuple[HouseholdId, Situation, Permit]]:
        """Give those of these households in which one has a right, each with that right."""
        named = list(households)
        for start in range(0, len(named), _MOST):
            some = named[start : start + _MOST]
            told = self._sync(some)
            for household in (one for one in some if BookName(one) in told):
                situation = self._sight.situation(household)
                request = Request(Deed.LOOK, household)
                ruling = decide(request, self._handle, situation.register, situation.at)
                if isinstance(ruling, Permit):
                    yield household, situation, ruling

    def _sync(self, households: Iterable[HouseholdId] = ()) -> frozenset[BookName]:
        """Take in what was added to the log, and to the books of these households; name those told of."""
        answered = self._store.ask("sync", {"have": self._sight.have(tuple(households))})
        return self._taken(answered)

    def _taken(self, answered: Answered) -> frozenset[BookName]:
        """Take in an answer's news, then raise its error where it has one."""
        told = self._sight.take(answered)
        if answered.error is not None:
            raise answered.error
        return told

    def _listing(self, every: bool) -> Iterator[tuple[HouseholdId, Handle | None]]:  # noqa: FBT001
        """Name households, with their regisseurs: one's own, or all for those whose office that is."""
        offices = {Role.COORDINATOR, Role.TOEZICHTHOUDER}
        every = every and bool(self.register.member(self._handle).roles & offices)
        yield from pages.listing(self._store, every=every)

    # Requests.

    def enter(self, request: Request) -> Receipt | None:
        """Ask the gate; give its receipt for contents, None for other deeds. Raises on refusal."""
        entry, answered = self._enter(request)
        if request.section is None:
            return None
        return self._receipt(entry, answered.fields)

    def _enter(self, request: Request) -> tuple[Entry, Answered]:
        """Sign a request in the situation as it is known, and have it entered; anew where that changed."""
        fresh = False
        for _ in range(_TRIES):
            if fresh or not self._sight.knows(request.household):
                self._sync(() if request.household is None else (request.household,))
                fresh = True
            try:
                signed = self._signed_request(request)
            except DossierError:
                if fresh:
                    raise
                fresh = True
                continue
            latest = request.version is None and request.section is not None
            answered = self._send("enter", signed, {"latest": latest})
            try:
                self._taken(answered)
            except ConflictError as e:
                if e.code not in _AGAIN and not (e.code == "changed" and latest):
                    raise
                fresh = True
                continue
            return self._entry_of(answered.fields, signed), answered
        raise ConflictError("memory-moved")

    def _signed_request(self, request: Request) -> Signed:
        """Say in which role a request is made, and which version it means."""
        situation = self._sight.situation(request.household)
        register = situation.register
        if request.section is not None:
            check_words(request, register)
        ruling = decide(request, self._handle, register, situation.at)
        if isinstance(ruling, Permit):
            request = with_version(request, situation)
        return self._signed(request, ruling.role)

    def _signed(
        self, request: Request, role: Role, statement: Statement | None = None, card: Card | None = None
    ) -> Signed:
        card = card or self._identity.card
        book = None if statement is None else statement.book
        return Signed(
            store=self._store.store_id,
            actor=Handle(card.handle),
            card=card.fingerprint,
            role=role,
            org=card.org,
            request=request,
            nonce=random_bytes(16),
            at=whole_milliseconds(self._clock()),
            seen=self._sight.seen,
            place=None if book is None else next_place(book, self._memory.head(book)),
            statement=statement,
        )

    def _send(
        self, verb: str, signed: Signed, more: Mapping[str, Any], signer: Identity | None = None
    ) -> Answered:
        """Sign, and have it entered or enacted."""
        raw = canonical_json(signed.fields())
        household = signed.request.household
        fields = {
            "have": self._sight.have(() if household is None else (household,)),
            "request": raw.decode("utf-8"),
            "signature": to_base64(signed.sign(signer or self._identity)),
        }
        return self._store.ask(verb, {**fields, **more})

    def _entry_of(self, fields: Mapping[str, Any], signed: Signed) -> Entry:
        """Give the entry of what was signed, seen to be in the log. Raises IntegrityError."""
        entry = self._sight.check_entry(fields.get("entry"), fields.get("path"))
        if entry.signed != signed or not entry.ruling.permitted:
            raise IntegrityError("answer-forged")
        return entry

    def _receipt(self, entry: Entry, fields: Mapping[str, Any]) -> Receipt | None:
        """Make the receipt of an entry: with the gate's part, boxed to this card alone."""
        request, card = entry.signed.request, self._identity.card
        try:
            box = from_base64(fields["part"])
            carried = {**read_objects(fields["objects"])}
            carried |= read_objects([fields["content"]] if "content" in fields else [])
        except (KeysError, DossierError, KeyError, TypeError) as e:
            raise IntegrityError("answer-forged") from e
        self._store.carry(carried)
        self._store.household = request.household
        place = (self._store.store_id, str(request.household), str(request.section), request.version or 0)
        context = contexts.of("gate-part-box", *place, entry.leaf, card.fingerprint)
        try:
            part = self._identity.unbox(box, context)
        except KeysError as e:
            raise IntegrityError("gate-box-altered", epoch=entry.ruling.epoch) from e
        permit = Permit(entry.signed.role, entry.ruling.basis or "")
        situation = self._sight.situation(request.household)
        return receipt(self._store, card, situation, request, permit, entry, lambda _: part)

    def lock_again(self, receipt: Receipt) -> Lock:
        """Give the lock now on a section that was rekeyed after a receipt for writing it was given."""
        situation = self.survey(receipt.household)
        section = situation.register.households[receipt.household].sections[receipt.section]
        return lock(self._store, self._handle, situation, section, Permit(receipt.role, receipt.basis))

    # Statements.

    def enact(
        self,
        statement: Statement,
        objects: Objects,
        role: Role | None = None,
        signer: Identity | None = None,
    ) -> Entry:
        """Let a statement take effect; signed anew where something else took its place first.

        `signer` is the recovery card's identity, where that signs.
        """
        household = household_of(statement)
        fresh = False
        for _ in range(_TRIES):
            opening = statement.kind == "household.opened"
            if fresh or not self._sight.knows(None if opening else household):
                self._sync(() if household is None else (household,))
            office = role or (Role.COORDINATOR if signer else office_of(self.register, self._handle))
            request = Request(Deed.STATE, household)
            signed = self._signed(request, office, statement, signer.card if signer else None)
            more = {"objects": write_objects(objects)}
            answered = self._send("enact", signed, more, signer)
            try:
                self._taken(answered)
            except ConflictError as e:
                if e.code not in _AGAIN:
                    raise
                fresh = True
                continue
            return self._entry_of(answered.fields, signed)
        raise ConflictError("memory-moved")

    def rotation(self) -> tuple[Statement, Objects]:
        """Prepare the next epoch: only a beheerder has the secret before it.

        Raises:
            RefusedError: "not-your-role" for anyone else.
        """
        register = self.survey().register
        if not register.member(self._handle).holds(Role.BEHEERDER):
            raise RefusedError(str(Reason.NOT_YOUR_ROLE))
        return self._secrets.rotation(register)

    def epoch_box(self, card: Card) -> tuple[int, bytes]:
        """Give the number of the epoch in force, and its secret boxed by the gate: to a beheerder or gate."""
        answer = self._store.answer("epoch-box", {"handle": card.handle})
        try:
            return int(answer["epoch"]), from_base64(answer["box"])
        except (KeysError, KeyError, TypeError, ValueError) as e:
            raise IntegrityError("answer-forged") from e

    # The log.

    def entries(self, wanted: Wanted) -> Iterator[Entry]:
        """Give the entries that this member may see, newest first, each seen to be in the log."""
        yield from pages.entries(self._store, self._sight, wanted)

    def openings(self, wanted: Whose) -> Iterator[Opening]:
        """Give what somebody opened, oldest first, as the gate tells it."""
        yield from pages.openings(self._store, wanted)

    def note(self) -> bytes:
        """Give the signed checkpoint over the log as it is, seen to follow from the one before."""
        self._sync()
        return self._sight.note
