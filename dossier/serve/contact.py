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
    assert isinstance(store, RemoteStore)  # noqa: S101 (whoever calls this knows)
    memory = RemoteMemory(folder, identity, store.store_id)
    memory.fleeting = True  # until the code is seen to fit
    gate = RemoteGate(store, identity, memory, clock)
    gate.survey()
    member = gate.register.members.get(Handle(identity.card.handle))
    if member is None or member.fingerprint != identity.card.fingerprint:
        raise LockedError("not-admitted")
    if fingerprint(member.leaf) != welcome:
        raise IntegrityError("welcome-not-here")
    memory.fleeting = False
    memory.save(anew=True)
    return Desk(store, gate, identity, memory, clock), member.leaf
