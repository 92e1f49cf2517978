"""EpochSecrets: the gate's own keys, as this member can open them. They leave the gate only in boxes."""

from dossier import contexts
from dossier.errors import IntegrityError, LockedError
from dossier.model import STORE_BOOK, Handle, Request
from dossier.register.register import Epoch, Register
from dossier.storage.base import Store
from keys.errors import KeysError
from keys.identity import Card, Identity
from keys.locks import box_to, gate_part, log_seed, open_box


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

    def _secret(self, register: Register, epoch: Epoch) -> bytes:
        """Open this member's box of an epoch secret, and compare it with its commitment."""
        if epoch.number not in self._opened:
            digest = register.gate_boxes.get(Handle(self._identity.card.handle))
            if digest is None or epoch != register.epoch:
                raise LockedError("no-gate-box")
            box = self._store.objects(STORE_BOOK).get(digest)
            if box is None:
                raise IntegrityError("object-missing", digest=digest)
            place = (self._store.store_id, epoch.number)
            own = contexts.of("epoch-box", *place, self._identity.card.fingerprint)
            committed = contexts.of("epoch-commitment", *place)
            try:
                secret = open_box(self._identity, box, own, epoch.commitment, committed)
            except KeysError as e:
                raise IntegrityError("gate-box-altered", epoch=epoch.number) from e
            self._opened[epoch.number] = secret
        return self._opened[epoch.number]


def _whole(place: tuple[str | int | None, ...]) -> list[str | int]:
    """Give a place of which no part is missing."""
    return [part for part in place if part is not None]
