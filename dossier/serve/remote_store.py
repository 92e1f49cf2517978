"""RemoteStore: a store behind a served gate, as far as a member may see it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from io import BytesIO
from typing import Any, BinaryIO, NoReturn

from dossier.errors import IntegrityError, NotFoundError, UsageError
from dossier.model import BookName, Digest, HouseholdId, StoreId
from dossier.serve.messages import book_name, read_objects
from dossier.serve.wire import Answered, Wire
from dossier.storage.base import Objects
from keys.encoding import from_base64
from keys.errors import BadEncodingError
from keys.identity import Card, Identity
from keys.primitives import sha256

_PIECE = 1 << 20


def _refuse(*_: object, **__: object) -> NoReturn:
    """Refuse what is for whoever keeps the storage, or for the gate."""
    raise UsageError("place-is-gate")


class RemoteStore:
    """Implements `storage.base.Store` as far as a member has use for it; the rest is refused."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._identity: Identity | None = None
        self._carried: dict[Digest, bytes] = {}  # small sealed things that came with an answer
        self.gate: Card | None = None  # by which answers are checked, once it is known
        self.household: HouseholdId | None = None  # whose bytes are asked for: of the receipt at hand

    def ask(self, verb: str, fields: Mapping[str, Any]) -> Answered:
        """Make a call as whoever is at work."""
        return self._wire.ask(self._who(), verb, fields)

    def answer(self, verb: str, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        """Make a call, and give what a gate that is known answered. Raises its error."""
        return self._checked(self.ask(verb, fields)).fields

    def _checked(self, answered: Answered) -> Answered:
        if self.gate is None:
            raise IntegrityError("answer-forged")
        answered.check(self.gate)
        if answered.error is not None:
            raise answered.error
        return answered

    def be(self, identity: Identity, clock: Callable[[], datetime]) -> None:
        """Be at work as this member, by this clock."""
        self._identity = identity
        self._wire.clock = clock

    def close(self) -> None:
        """Hang up."""
        self._wire.close()

    def _who(self) -> Identity:
        if self._identity is None:
            raise UsageError("gate-needs-token")
        return self._identity

    @property
    def gate_fingerprint(self) -> str:
        """The fingerprint of the card of the gate that is called."""
        return self._wire.counter.gate

    @property
    def store_id(self) -> StoreId:
        """The id that the gate says its store has."""
        return self._wire.counter.store

    @property
    def restored(self) -> bool:
        """Whether it was put back: that is the gate's to look after."""
        return False

    def mark_restored(self, value: bool) -> None:  # noqa: FBT001 (the Protocol's)
        """Do nothing: the gate does."""

    def exclusive(self) -> AbstractContextManager[None]:
        """Do nothing: the gate is the one writer."""
        return nullcontext()

    keep = drop = lay = contents = remove = leftovers = sweep = append = _refuse

    def carry(self, objects: Objects) -> None:
        """Hold small sealed things that came with an answer."""
        self._carried.update(objects)

    # Books.

    def books(self) -> Iterator[BookName]:
        """Name every book: for the toezichthouder."""
        try:
            yield from [book_name(name) for name in _texts(self.answer("books", {}), "books")]
        except UsageError as e:
            raise IntegrityError("answer-forged") from e

    def copies(self, book: BookName) -> list[bytes]:
        """Give the copies of a book's entries as they lie there: for the toezichthouder."""
        return [line.encode("utf-8") for line in _texts(self.answer("copies", {"book": book}), "lines")]

    def objects(self, book: BookName) -> Objects:
        """Give the objects of a book, each fetched when it is asked for."""
        return _Fetched(self, book)

    def fetch_objects(self, book: BookName, digests: Iterable[Digest]) -> None:
        """Fetch objects of a book at once, for whoever will ask for each."""
        lacking = [digest for digest in digests if digest not in self._carried]
        if lacking:
            answer = self.answer("objects", {"book": book, "digests": lacking})
            try:
                self.carry(read_objects(answer.get("objects")))
            except UsageError as e:
                raise IntegrityError("answer-forged") from e

    def one_object(self, book: BookName, digest: Digest) -> bytes | None:
        """Give an object, None when it is not there."""
        self.fetch_objects(book, [digest])
        return self._carried.get(digest)

    # Contents.

    def put(self, sealed: BinaryIO) -> tuple[Digest, int]:
        """Put sealed bytes: read once for their digest, and once to be sent."""
        import hashlib  # noqa: PLC0415 (only who writes)

        hashing, size = hashlib.sha256(), 0
        while piece := sealed.read(_PIECE):
            hashing.update(piece)
            size += len(piece)
        digest = Digest(hashing.hexdigest())
        self._checked(self._wire.put(self._who(), sealed, digest))
        return digest, size

    def get(self, digest: Digest) -> BinaryIO:
        """Open sealed bytes for reading: those that came with the receipt, or as they come from the gate."""
        held = self._carried.get(digest)
        if held is not None:
            return BytesIO(held)
        if self.household is None:
            raise IntegrityError("content-missing", digest=digest)
        answered = self.ask("content", {"household": self.household, "digest": digest})
        try:
            answered = self._checked(answered)
        except NotFoundError as e:
            raise IntegrityError("content-missing", digest=digest) from e
        if answered.stream is None:
            raise IntegrityError("content-missing", digest=digest)
        return answered.stream

    # The log.

    def page(self, number: int, start: int = 0) -> bytes:
        """Give the bytes of a page: for the toezichthouder."""
        answer = self.answer("page", {"page": number, "start": start})
        try:
            return from_base64(answer["page"])
        except (BadEncodingError, KeyError, TypeError) as e:
            raise IntegrityError("log-altered", page=number) from e

    def settle(self, number: int) -> None:
        """Do nothing: a gate tells of nothing that does not stand."""

    def tile(self, level: int, number: int) -> bytes | None:  # noqa: ARG002
        """Give none: they are hints."""
        return None

    def keep_tile(self, level: int, number: int, hashes: bytes) -> None:
        """Do nothing: they are hints."""


def _texts(answer: Mapping[str, Any], name: str) -> list[str]:
    """Give the texts of an answer. Raises IntegrityError where there are none."""
    found = answer.get(name)
    if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
        raise IntegrityError("answer-forged")
    return found


class _Fetched(Mapping[Digest, bytes]):
    """The objects of a book, each fetched when it is asked for, and seen to be what it is named by."""

    def __init__(self, store: RemoteStore, book: BookName) -> None:
        self._store = store
        self._book = book

    def __getitem__(self, digest: Digest) -> bytes:
        found = self._store.one_object(self._book, digest)
        if found is None or sha256(found).hex() != digest:
            raise KeyError(digest)
        return found

    def __iter__(self) -> Iterator[Digest]:
        raise UsageError("place-is-gate")

    def __len__(self) -> int:
        raise UsageError("place-is-gate")
