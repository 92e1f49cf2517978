"""EpochSecrets: the gate's own keys, as this member can open them. They leave the gate only in boxes."""

from dossier import contexts
from dossier.errors import IntegrityError, LockedError
from dossier.model import STORE_BOOK, Digest, Handle, Request
from dossier.register.register import Epoch, Register
from dossier.statements import Statement
from dossier.storage.base import Objects, Store
from keys.errors import KeysError
from keys.identity import Card, Identity
from keys.locks import box_to, gate_part, log_seed, new_key, open_box, open_previous, seal_previous
from keys.primitives import check_commitment, commit, sha256, sign_public


class EpochSecrets:
    """Opens the epoch secret in force once, and derives from it what each entry needs."""

    def __init__(self, store: Store, identity: Identity) -> None:
        self._store = store
        self._identity = identity
        self._opened: dict[int, bytes] = {}

    def __repr__(self) -> str:
        return f"EpochSecrets({sorted(self._opened)})"

    def log_seed(self, register: Register) -> bytes:
        """Derive the seed of the log key of the epoch in force."""
        context = contexts.of("log-key", self._store.store_id, register.epoch.number)
        return log_seed(self._secret(register, register.epoch), context)

    def gate_part(self, register: Register, request: Request, epoch: int, leaf: bytes) -> bytes:
        """Derive the gate's part of the key of the one version that a request names.

        `leaf` is that of the entry that asked to write it, `epoch` the one in force there.
        """
        in_force = next(e for e in register.epochs if e.number == epoch)
        place = (self._store.store_id, request.household, request.section, request.version)
        context = contexts.of("gate-part", *_whole(place), epoch, leaf)
        return gate_part(self._secret(register, in_force), context)

    def box_to(self, register: Register, card: Card) -> bytes:
        """Box the epoch secret in force to a card."""
        number = register.epoch.number
        context = contexts.of("epoch-box", self._store.store_id, number, card.fingerprint)
        return box_to(card, self._secret(register, register.epoch), context)

    def rotation(self, register: Register) -> tuple[Statement, Objects]:
        """Draw the next epoch's secret, and box it to every active member; no box goes to anyone else.

        While the store is served: to every active beheerder and adopted gate instead.
        """
        return self._rotation_with(register, new_key())

    def _rotation_with(self, register: Register, secret: bytes) -> tuple[Statement, Objects]:
        """Take a given secret: for vectors only."""
        store, number = self._store.store_id, register.epoch.number + 1
        objects: dict[Digest, bytes] = {}
        boxes = []
        for handle, card in register.epoch_cards().items():
            box = box_to(card, secret, contexts.of("epoch-box", store, number, card.fingerprint))
            digest = Digest(sha256(box).hex())
            objects[digest] = box
            boxes.append((handle, digest))
        before = self._secret(register, register.epoch)
        statement = Statement(
            "gate.rotated/1",
            epoch=number,
            log_key=sign_public(log_seed(secret, contexts.of("log-key", store, number))),
            commitment=commit(secret, contexts.of("epoch-commitment", store, number)),
            before=seal_previous(secret, before, contexts.of("epoch-before", store, number)),
            gate_boxes=tuple(boxes),
        )
        return statement, objects

    def _secret(self, register: Register, epoch: Epoch) -> bytes:
        """Give an epoch's secret: the one in force from this member's box, an older one through those after.

        Each is compared with its commitment.
        """
        after = None
        for other in reversed(register.epochs[register.epochs.index(epoch) :]):
            if other.number not in self._opened and after is None:
                self._opened[other.number] = self._unbox(register, other)
            elif other.number not in self._opened and after is not None:
                self._opened[other.number] = self._reach_back(other, after, self._opened[after.number])
            after = other
        return self._opened[epoch.number]

    def _unbox(self, register: Register, epoch: Epoch) -> bytes:
        """Open the box of the secret in force to this card: a member's, or the gate's own.

        Raises:
            LockedError: when there is none; "store-served" where a gate has it, and gives no member one.
        """
        handle = Handle(self._identity.card.handle)
        digest = register.gate_boxes.get(handle)
        if digest is None:
            if register.served and handle not in register.gates:
                raise LockedError("store-served")
            raise LockedError("no-gate-box", why="awaited" if register.rotation_awaited else None)
        box = self._store.objects(STORE_BOOK).get(digest)
        if box is None:
            raise IntegrityError("object-missing", digest=digest)
        place = (self._store.store_id, epoch.number)
        own = contexts.of("epoch-box", *place, self._identity.card.fingerprint)
        committed = contexts.of("epoch-commitment", *place)
        try:
            return open_box(self._identity, box, own, epoch.commitment, committed)
        except KeysError as e:
            raise IntegrityError("gate-box-altered", epoch=epoch.number) from e

    def _reach_back(self, epoch: Epoch, after: Epoch, secret: bytes) -> bytes:
        """Open an epoch's secret, as the one after it has it sealed."""
        store = self._store.store_id
        try:
            before = open_previous(secret, after.before, contexts.of("epoch-before", store, after.number))
            check_commitment(before, contexts.of("epoch-commitment", store, epoch.number), epoch.commitment)
        except KeysError as e:
            raise IntegrityError("gate-box-altered", epoch=epoch.number) from e
        return before


def _whole(place: tuple[str | int | None, ...]) -> list[str | int]:
    """Give a place of which no part is missing."""
    return [part for part in place if part is not None]
