"""Contact: join a served store: fetch its book with its proofs, and find the entry of one's card."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from dossier.desk import Desk
from dossier.errors import IntegrityError, LockedError
from dossier.model import Handle
from dossier.serve.remote_gate import RemoteGate
from dossier.serve.remote_memory import RemoteMemory
from dossier.serve.remote_store import RemoteStore
from dossier.storage.base import Store
from keys.encoding import fingerprint
from keys.identity import Identity


def join(
    store: Store,
    identity: Identity,
    folder: Path,
    clock: Callable[[], datetime],
    welcome: str,
) -> tuple[Desk, bytes]:
    """Make first contact with a served store: fetch the store's book, and find the entry of one's card.

    That entry names the store and, by what it follows, reaches back to the root card of this book, which is
    pinned by it. Gives the desk, and that entry's leaf hash.

    Raises:
        LockedError: when this card is not admitted here.
        IntegrityError: when what the gate tells does not check out, or another entry made this card active.
    """
    desk, leaf = _contact(store, identity, folder, clock, "")
    if fingerprint(leaf) != welcome:
        raise IntegrityError("welcome-not-here")
    _keep(desk)
    return desk, leaf


def again(
    store: Store, identity: Identity, folder: Path, clock: Callable[[], datetime], root: str
) -> tuple[Desk, bytes]:
    """Make contact under a card of someone who has pinned the root card; otherwise as `join`."""
    desk, leaf = _contact(store, identity, folder, clock, root)
    _keep(desk)
    return desk, leaf


def _keep(desk: Desk) -> None:
    desk.memory.fleeting = False
    desk.memory.save(anew=True)


def _contact(
    store: Store, identity: Identity, folder: Path, clock: Callable[[], datetime], root: str
) -> tuple[Desk, bytes]:
    """Fetch the store's book; give the desk, nothing kept yet, and the entry of one's card."""
    assert isinstance(store, RemoteStore)  # noqa: S101 (whoever calls this knows)
    memory = RemoteMemory(folder, identity, store.store_id)
    memory.root = root
    memory.fleeting = True  # until it is seen to be the right one
    gate = RemoteGate(store, identity, memory, clock)
    gate.survey()
    member = gate.register.members.get(Handle(identity.card.handle))
    if member is None or member.fingerprint != identity.card.fingerprint:
        raise LockedError("not-admitted")
    return Desk(store, gate, identity, memory, clock), member.leaf
