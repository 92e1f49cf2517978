"""Found a store, and make first contact with one."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from dossier import contexts
from dossier.desk import Desk
from dossier.entry import Entry
from dossier.errors import IntegrityError, LockedError
from dossier.gate.local import LocalGate
from dossier.log.follow import Follower
from dossier.memory import Memory
from dossier.model import Handle, Seen, StoreId
from dossier.register.register import Register
from dossier.register.rules_store import store_id
from dossier.statements import Statement
from dossier.storage.base import Store
from dossier.team import digest_of
from keys.encoding import fingerprint
from keys.identity import Card, Identity
from keys.locks import box_to, log_seed, new_key
from keys.primitives import box_public, commit, random_bytes, sign_public

Progress = Callable[[int], None]
_PIECE = 1024  # entries read before others get their turn


def new_store(founder: Card) -> tuple[StoreId, bytes]:
    """Draw a new store's id, with the 32 random bytes that it comes from."""
    nonce = random_bytes(32)
    return store_id(founder.write(), nonce), nonce


def found(desk: Desk, name: str, nonce: bytes, policy: str) -> Entry:
    """Write the first statements: the founder, coordination card 1, epoch 1, and the first policy.

    Gives the founding entry, which makes the founder's card active.
    """
    card, store = desk.identity.card, desk.store.store_id
    team_seed, epoch_secret = new_key(), new_key()
    team_box = box_to(card, team_seed, contexts.of("coordination-seed", store, 1, card.fingerprint))
    gate_box = box_to(card, epoch_secret, contexts.of("epoch-box", store, 1, card.fingerprint))
    log_key = sign_public(log_seed(epoch_secret, contexts.of("log-key", store, 1)))
    founded = Statement(
        "store.founded/1",
        name=name,
        card=card,
        nonce=nonce,
        coordination=box_public(team_seed),
        coordination_box=digest_of(team_box),
        log_key=log_key,
        commitment=commit(epoch_secret, contexts.of("epoch-commitment", store, 1)),
        gate_boxes=((card.handle, digest_of(gate_box)),),
    )
    objects = {digest_of(team_box): team_box, digest_of(gate_box): gate_box}
    entry = desk.gate.enact(founded, objects)
    desk.gate.enact(Statement("policy.adopted/1", version=1, document=policy), {})
    return entry


def join(
    store: Store,
    identity: Identity,
    folder: Path,
    clock: Callable[[], datetime],
    welcome: str,
    progress: Progress | None = None,
) -> tuple[Desk, bytes]:
    """Make first contact: read the whole log, and find the entry that made this card active.

    `welcome` is that entry's fingerprint, handed over by whoever wrote it; it names the store, and by it the
    root card of this log is pinned. `folder` is where the client's memory goes.

    Gives the desk, and that entry's leaf hash.

    Raises:
        LockedError: when this card is not admitted here.
        IntegrityError: when the log does not verify, has gone back behind what this client saw before, or
            another entry made this card active.
    """
    desk, leaf = _contact(store, identity, folder, clock, None, progress)
    if fingerprint(leaf) != welcome:
        raise IntegrityError("welcome-not-here")
    desk.memory.save(anew=True)
    return desk, leaf


def again(
    store: Store, identity: Identity, folder: Path, clock: Callable[[], datetime], root: str
) -> tuple[Desk, bytes]:
    """Read the whole log anew under a card of someone who has pinned the root card; otherwise as `join`."""
    desk, leaf = _contact(store, identity, folder, clock, root, None)
    desk.memory.save(anew=True)
    return desk, leaf


def _contact(
    store: Store,
    identity: Identity,
    folder: Path,
    clock: Callable[[], datetime],
    root: str | None,
    progress: Progress | None,
) -> tuple[Desk, bytes]:
    """Read the whole log; give the desk, nothing saved yet, and the entry that made this card active."""
    memory = Memory(folder, identity, store.store_id)
    seen = _seen_before(memory)
    register = Register(root or "")

    def look(entry: Entry, register: Register) -> None:
        if entry.index == 0 and root is None:
            register.root = entry.signed.card
        if progress is not None:
            progress(entry.index + 1)

    follower = Follower(store, memory.verified, register, memory, each=look, must_pass=seen)
    taken = _PIECE
    while taken == _PIECE:
        with store.exclusive():  # in pieces, so that others get their turn
            taken = follower.follow(_PIECE)
            store.settle(memory.verified.page)
    handle = Handle(identity.card.handle)
    known = register.members.get(handle) or register.gates.get(handle)
    if known is None or known.fingerprint != identity.card.fingerprint:
        raise LockedError("not-admitted")
    memory.root = register.root
    gate = LocalGate(store, identity, memory, clock)
    return Desk(store, gate, identity, memory, clock), known.leaf


def _seen_before(memory: Memory) -> Seen | None:
    """Give what this client saw of the log before, where its memory is still there and its own."""
    kept = memory.beside()
    try:
        known = kept.load()
    except IntegrityError:
        return None  # whoever joins again has said so, and all is read anew
    if not known:
        return None
    return kept.must_pass or Seen(kept.verified.size, kept.verified.root)
