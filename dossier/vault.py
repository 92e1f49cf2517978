"""The vault: section keys and contents. Opens only on a Receipt, and only what it names."""

import hashlib
import io
from typing import BinaryIO, NamedTuple

from dossier import contexts
from dossier.desk import Desk
from dossier.entry import Entry
from dossier.errors import ConflictError, IntegrityError
from dossier.model import MEDIA_TYPES, Digest, Reason
from dossier.receipt import Lock, Receipt
from dossier.statements import Statement
from dossier.team import digest_of, reach_back
from keys.errors import KeysError
from keys.locks import (
    content_key,
    new_key,
    open_box,
    open_box_of,
    open_part,
    wrap_part,
)
from keys.primitives import commit
from keys.sealing import open_sealed, seal

_TRIES = 5  # to wrap a part again when a rekey came between


class Written(NamedTuple):
    """What a write came to."""

    version: int
    digest: Digest
    entry: Entry


def section_key(desk: Desk, receipt: Receipt, lock: Lock) -> bytes:
    """Open the section's key, by one's own slot or as the team, and compare it with its commitment."""
    keying = lock.keying
    place = (receipt.store, receipt.household, receipt.section, keying.generation)
    committed = contexts.of("section-key-commitment", *place)
    if lock.seed_box is None or not lock.coordinations:
        own = contexts.slot(*place, receipt.role, receipt.card)
        return open_box(desk.identity, lock.box, own, keying.commitment, committed)
    newest = lock.coordinations[-1].number
    seed = desk.identity.unbox(
        lock.seed_box, contexts.of("coordination-seed", receipt.store, newest, receipt.card)
    )
    seed = reach_back(receipt.store, seed, lock.coordinations)
    team = contexts.of("coordination-slot", *place, keying.number)
    return open_box_of(seed, lock.box, team, keying.commitment, committed)


def read(desk: Desk, receipt: Receipt, sink: BinaryIO) -> None:
    """Open one version into `sink`.

    1. The section key and the role part, each compared with its commitment. 2. Joined with the receipt's
    gate part into the content key. 3. The sealed bytes opened, chunk by chunk, and compared as a whole with
    the digest that the writer signed. What is in `sink` is good only when this returns.

    Raises:
        IntegrityError: when anything on the way is altered, moved or cut.
    """
    written, wrap = receipt.written, receipt.wrap
    if written is None or wrap is None:
        raise IntegrityError("receipt-not-for-reading")
    place = (receipt.store, receipt.household, receipt.section, receipt.version)
    keying = receipt.lock.keying
    try:
        part = open_part(
            section_key(desk, receipt, receipt.lock),
            wrap,
            contexts.of("role-part", *place, keying.generation),
            written.commitment,
            contexts.of("role-part-commitment", *place),
        )
        key = content_key(part, receipt.gate_part, contexts.of("content-key", *place))
        with desk.store.get(written.content) as source:
            hashing = _Hashing(source)
            open_sealed(key, contexts.of("content", *place), hashing, sink)  # type: ignore[arg-type]
    except KeysError as e:
        raise _altered(receipt) from e
    if hashing.digest() != written.content:
        raise _altered(receipt)


def _altered(receipt: Receipt) -> IntegrityError:
    place = {"household": receipt.household, "section": receipt.section, "version": receipt.version}
    return IntegrityError("content-altered", **place)


class _Hashing:
    """A source that is hashed as it is read."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self._hash.update(data)
        return data

    def digest(self) -> Digest:
        return Digest(self._hash.hexdigest())


def write(desk: Desk, receipt: Receipt, source: BinaryIO, media_type: str) -> Written:
    """Seal a content and state that it is the next version.

    1. The content key from a new role part and the receipt's gate part. 2. The content sealed and put: an
    orphan harms nobody. 3. The role part wrapped under the section key in force, and stated. A rekey in
    between costs only the wrap; another version or a rotation ends it.

    Raises:
        ConflictError: another version, or a rotation, came between: nothing was written.
    """
    if media_type not in MEDIA_TYPES or receipt.written is not None:
        raise IntegrityError("receipt-not-for-writing")
    place = (receipt.store, receipt.household, receipt.section, receipt.version)
    part = new_key()
    key = content_key(part, receipt.gate_part, contexts.of("content-key", *place))
    sealed = io.BytesIO()
    size = seal(key, contexts.of("content", *place), source, sealed)
    sealed.seek(0)
    content, _ = desk.store.put(sealed)
    lock = receipt.lock
    for _ in range(_TRIES):
        wrap = _wrap(desk, receipt, lock, part)
        statement = Statement(
            "section.written/1",
            household=receipt.household,
            section=receipt.section,
            version=receipt.version,
            generation=lock.keying.generation,
            epoch=receipt.epoch,
            index=receipt.index,
            leaf=receipt.leaf,
            commitment=commit(part, contexts.of("role-part-commitment", *place)),
            wrap=digest_of(wrap),
            content=content,
            size=size,
            media_type=media_type,
        )
        try:
            entry = desk.gate.enact(statement, {digest_of(wrap): wrap}, receipt.role)
        except ConflictError as e:
            if e.code != Reason.GENERATION_WRONG:
                raise
            lock = desk.gate.lock_again(receipt)
        else:
            return Written(receipt.version, content, entry)
    raise ConflictError(str(Reason.GENERATION_WRONG))


def _wrap(desk: Desk, receipt: Receipt, lock: Lock, part: bytes) -> bytes:
    """Wrap a role part under the section key in force."""
    place = (receipt.store, receipt.household, receipt.section, receipt.version)
    try:
        key = section_key(desk, receipt, lock)
    except KeysError as e:
        raise _altered(receipt) from e
    return wrap_part(key, part, contexts.of("role-part", *place, lock.keying.generation))
