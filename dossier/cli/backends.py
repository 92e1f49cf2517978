"""What kind of store a place has: the only module here that names a backend, each read when needed."""

import sys
from collections.abc import Callable
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dossier.cli.places import is_folder, is_gate
from dossier.desk import Desk
from dossier.errors import UnreachableError, UsageError
from dossier.gate.base import Gate
from dossier.gate.local import LocalGate
from dossier.memory import Memory
from dossier.model import StoreId
from dossier.storage.base import Store
from dossier.storage.ground import Ground
from dossier.timing import Confirm
from keys.identity import Identity

Join = Callable[[Store, Identity, Path, Callable[[], datetime], str], tuple[Desk, bytes]]

_DATABASE = "postgresql://"


def open_at(place: str) -> Store:
    """Open the store at a place. Raises UsageError("place-not-served") for a place of no kind."""
    if is_folder(place):
        from dossier.storage.files import FileStore  # noqa: PLC0415 (a command without a store needs no TinyDB)

        return FileStore(Path(place))
    if is_gate(place):
        from dossier.serve.line import HttpLine  # noqa: PLC0415 (only who has a gate speaks HTTP)
        from dossier.serve.remote_store import RemoteStore  # noqa: PLC0415 (as above)
        from dossier.serve.wire import Wire  # noqa: PLC0415 (as above)

        return RemoteStore(Wire(HttpLine(place)))
    check_database(place)
    from dossier.storage.postgres import PostgresStore  # noqa: PLC0415 (its import takes longer than many a command)

    return PostgresStore(place)


def memory_of(store: Store, folder: Path, identity: Identity, store_id: StoreId) -> Memory:
    """Give what a member's client knows of a store, nothing loaded yet."""
    if _is_remote(store):
        from dossier.serve.remote_memory import RemoteMemory  # noqa: PLC0415 (only who has a gate)

        return RemoteMemory(folder, identity, store_id)
    return Memory(folder, identity, store_id)


def gate_of(
    store: Store,
    identity: Identity,
    memory: Memory,
    clock: Callable[[], datetime],
    confirm: Confirm | None = None,
) -> Gate:
    """Give the gate: in this program, or the client's end of one that is served."""
    if _is_remote(store):
        from dossier.serve.remote_gate import seat  # noqa: PLC0415 (only who has a gate)

        return seat(store, identity, memory, clock)
    return LocalGate(store, identity, memory, clock, confirm)


def first_contact(store: Store) -> Join | None:
    """Give how a store behind a gate is joined; None where its log is read as a whole."""
    if not _is_remote(store):
        return None
    from dossier.serve.contact import join  # noqa: PLC0415 (only who has a gate)

    return join


def contact_again(store: Store) -> Callable[..., tuple[Desk, bytes]]:
    """Give how contact is made anew with a store whose root card is known."""
    if not _is_remote(store):
        from dossier.actions.store import again  # noqa: PLC0415 (seldom needed)

        return again
    from dossier.serve.contact import again as over_there  # noqa: PLC0415 (only who has a gate)

    return over_there


def _is_remote(store: Store) -> bool:
    """Tell whether a store is behind a gate, without loading what speaks to one."""
    module = sys.modules.get("dossier.serve.remote_store")
    return module is not None and isinstance(store, module.RemoteStore)


def check_database(place: str) -> None:
    """See that a place is one in a database, and that this program can speak to one.

    Raises:
        UsageError: "place-is-gate", "place-not-served", "no-psycopg".
    """
    if is_gate(place):
        raise UsageError("place-is-gate")
    if not place.startswith(_DATABASE):
        raise UsageError("place-not-served")
    if find_spec("psycopg") is None:
        raise UsageError("no-psycopg")


def ground_at(place: str, suffix: str) -> Ground[Any]:
    """Give the ground on which a store can be put; what is unfinished has a name that ends in `suffix`."""
    if is_folder(place):
        from dossier.storage.site import Site  # noqa: PLC0415 (as above)

        return Site(Path(place), suffix)
    check_database(place)
    from dossier.storage.postgres_site import PostgresSite  # noqa: PLC0415 (as above)

    return PostgresSite(place, suffix)


def check_free_at(place: str) -> None:
    """See that a store can be made at a place, before anything is.

    Raises:
        UsageError: "store-exists", "place-taken".
        UnreachableError: when no store can be kept there.
    """
    if is_folder(place):
        if (Path(place) / "dossier.json").exists():
            raise UsageError("store-exists")
        if Path(place).exists():
            check_able(place)
    elif ground_at(place, "unfinished").standing() is not None:
        raise UsageError("store-exists")


def check_able(place: str) -> None:
    """See that a folder can do what a store needs; a database can. Raises UnreachableError."""
    if is_folder(place):
        from dossier.storage.probe import probe  # noqa: PLC0415 (only a new store needs it)

        if (flaw := probe(Path(place))) is not None:
            raise UnreachableError(flaw)


def create_at(place: str, store_id: StoreId) -> Store:
    """Make a store at a place. Raises ConflictError("store-exists") when one has come there meanwhile."""
    if is_folder(place):
        from dossier.storage.files import FileStore  # noqa: PLC0415 (as above)

        return FileStore.create(Path(place), store_id)
    check_database(place)
    from dossier.storage.postgres import PostgresStore  # noqa: PLC0415 (as above)

    return PostgresStore.create(place, store_id)
