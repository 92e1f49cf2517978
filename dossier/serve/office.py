"""Office: where calls are answered, many in one turn of the gate. Knows nothing of HTTP."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, BinaryIO, NamedTuple

from dossier import contexts
from dossier.errors import DossierError, LockedError, UnreachableError, UsageError
from dossier.gate.served import ServedGate
from dossier.log.records import origin
from dossier.memory_gate import GateMemory
from dossier.model import Digest, Handle, StoreId
from dossier.serve.admission import PER_SECOND, Admission
from dossier.serve.asking import Done, Question
from dossier.serve.call import RUN_SIZE, Called, Counter, read_call
from dossier.serve.messages import PROTOCOL, write_body, write_error
from dossier.serve.telling import Telling
from dossier.serve.verbs import VERBS
from dossier.storage.base import Store
from keys.encoding import to_base64
from keys.identity import Identity
from keys.primitives import random_bytes, sha256


class Asked(NamedTuple):
    """A call as it came in: its verb, its header, and its body or the digest of what is still to come."""

    verb: str
    header: str
    body: bytes = b""
    digest: str | None = None  # of a body that is not held


class Answer(NamedTuple):
    """An answer: its HTTP status, its body, the gate's signature over it; or bytes to be streamed."""

    status: int
    body: bytes
    signature: str = ""
    stream: Callable[[], BinaryIO] | None = None
    put: Digest | None = None  # of the bytes that may be put now
    later: Callable[[], "Answer"] | None = None  # what takes time, and no turn of the gate
    error: DossierError | None = None
    hidden: bool = False  # whether it must not show by its time what was passed over


class Office:
    """Guards that nothing is told of a turn of the gate before what it wrote stands."""

    def __init__(
        self,
        store: Store,
        identity: Identity,
        memory: GateMemory,
        clock: Callable[[], datetime],
        per_second: int = PER_SECOND,
        tell: Callable[..., None] = lambda *_, **__: None,
    ) -> None:
        """`identity` and `memory` are the gate's own; a run begins. `tell` is told what nobody foresaw."""
        self._tell = tell
        self.store = store
        self._identity = identity
        self._memory = memory
        self.gate = ServedGate(store, identity, memory, clock)
        run = random_bytes(RUN_SIZE).hex()
        self.counter = Counter(StoreId(store.store_id), identity.card.fingerprint, run)
        self._admission = Admission(self.counter, clock, per_second)
        self._origin = origin(store.store_id)
        self._context = contexts.of("answer", store.store_id, identity.card.fingerprint)
        self._telling = Telling(self.gate, memory, store)

    def about(self) -> dict[str, Any]:
        """Say which gate this is: what every call must name."""
        return {"protocol": PROTOCOL, **self.counter._asdict()}

    def look(self) -> None:
        """See, without a call, that the store is there and as this gate saw it. Raises DossierError."""
        with self.gate.turn():
            pass
        self._reached()

    def check_adopted(self) -> None:
        """See that this gate serves the store, and holds the secret in force.

        Raises:
            LockedError: "gate-not-adopted"; "no-gate-box" where the rotation after that was not made yet.
        """
        self.check_serves()
        self.gate.note()

    def check_serves(self) -> None:
        """See that this gate was adopted and has not left. Raises LockedError: "gate-not-adopted"."""
        gate = self.gate.register.gates.get(Handle(self._identity.card.handle))
        if gate is None or not gate.serves:
            raise LockedError("gate-not-adopted")

    def save(self) -> None:
        """Save the gate's memory. Raises UnreachableError."""
        self._memory.save()

    def answer(self, asked: Sequence[Asked]) -> list[Answer]:
        """Answer calls in the order given, in one turn of the gate.

        When the turn fails nothing of it stands, and each is answered in a turn of its own: then one of them
        does not take the others with it.
        """
        questions = [_question(one) for one in asked]
        try:
            done = self._turn(questions)
        except UnreachableError as e:
            done = [Done(error=e)] * len(asked)  # the store's own: each by itself would wait for it as long
        except Exception as e:  # noqa: BLE001 (whatever it is, it is of one of these calls, and not of the others)
            if len(asked) > 1:
                return [answer for one in asked for answer in self.answer([one])]
            done = [Done(error=e if isinstance(e, DossierError) else self._fault(e))]
        return [self._finish(question, one) for question, one in zip(questions, done, strict=True)]

    def _turn(self, questions: Sequence[Question | DossierError]) -> list[Done]:
        """Do what is asked, under the gate's lock; what was written stands when this returns."""
        done: list[Done] = []
        admitted: list[Question | DossierError] = []
        self._admission.begin()
        with self.gate.turn():
            for question in questions:
                known = self._admitted(question)
                admitted.append(known)
                done.append(self._do(known))
            told = [self._told(known, one) for known, one in zip(admitted, done, strict=True)]
        self._reached()
        self._admission.settle()
        return told

    def _told(self, question: Question | DossierError, done: Done) -> Done:
        """Add the news; a client that says to have seen what was never there gets none."""
        try:
            return self._telling.told(question, done)
        except DossierError as e:
            return Done(error=e)

    def _fault(self, error: Exception) -> UnreachableError:
        """Give the error of what nobody foresaw: of it only its kind is told, to whoever keeps this gate."""
        self._tell("fault", what=type(error).__name__)
        return UnreachableError("gate-fault")

    def _admitted(self, question: Question | DossierError) -> Question | DossierError:
        """See who calls; or give why nobody is let in."""
        if isinstance(question, DossierError):
            return question
        try:
            self.check_serves()
            return question._replace(card=self._admission.card_of(question.called, self.gate.register))
        except DossierError as e:
            return e

    def _reached(self) -> None:
        """Write how far the log came, before anything of it is told."""
        if self.gate.now != self._memory.reached:
            self._memory.reach(self.gate.now)

    def _do(self, question: Question | DossierError) -> Done:
        """Do what is asked. What went wrong half-way is raised: then nothing of this turn may stand."""
        if isinstance(question, DossierError):
            return Done(error=question)
        verb = VERBS.get(question.called.call.verb)
        try:
            if verb is None:
                raise UsageError("bad-call")
            return verb(self._telling, question)
        except DossierError as e:
            if self.gate.writing:
                raise
            return Done(error=e)

    def _finish(self, question: Question | DossierError, done: Done) -> Answer:
        """Write the answer, and sign it over the call."""
        if done.apart and done.later is not None and done.error is None:
            return Answer(200, b"", later=lambda: self._finish(question, done._replace(apart=False)))
        status, fields = 200, dict(done.answer)
        try:
            if done.later is not None:
                fields |= done.later()
        except DossierError as e:
            done = done._replace(error=e)
        if done.error is not None:
            status, fields = write_error(done.error)
        if done.news is not None:
            fields["news"] = done.news
        body = write_body(fields)
        if isinstance(question, DossierError):
            return Answer(status, body, error=done.error)
        signature = self.signature(question.called, body)
        hidden = done.hidden or (done.error is not None and done.error.code == "no-access")
        return Answer(status, body, signature, done.stream, done.put, error=done.error, hidden=hidden)

    def signature(self, called: Called, body: bytes) -> str:
        """Sign an answer: over the digest of its call, and of its body."""
        return to_base64(self._identity.sign(called.digest + sha256(body), self._context))


def _question(asked: Asked) -> Question | DossierError:
    """Read a call; one that is none is an error of its own, and no other call's."""
    try:
        called = read_call(asked.header)
        digest = asked.digest or sha256(asked.body).hex()
        if called.call.verb != asked.verb or called.call.body != digest:
            raise UsageError("bad-call")
        return Question.of(called, asked.body)
    except DossierError as e:
        return e
