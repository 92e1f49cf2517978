"""The composition root: options and environment in, a Desk out. The only place that names a backend."""

import sys
from datetime import datetime
from pathlib import Path

from dossier.cli import terminal
from dossier.cli.passphrases import passphrase
from dossier.cli.places import place_of, state_folder, token_of
from dossier.cli.setting import Setting
from dossier.cli.words import say
from dossier.desk import Desk
from dossier.errors import IntegrityError, LockedError
from dossier.gate.local import LocalGate
from dossier.memory import Memory
from dossier.model import StoreId
from dossier.storage.base import Store
from keys.token import Unlocked, unlock


def open_store(setting: Setting) -> Store:
    """Open the store."""
    from dossier.storage.files import FileStore  # noqa: PLC0415 (a command without a store needs no TinyDB)

    return FileStore(Path(place_of(setting)))


def open_token(setting: Setting) -> tuple[Path, Unlocked, str]:
    """Unlock the token: its path, what is in it, and the passphrase that opened it."""
    path = token_of(setting)
    try:
        if not path.exists():
            raise LockedError("no-token")
        secret = passphrase(setting, say("Passphrase of {name}:", name=path.name))
        return path, unlock(path, secret), secret
    except OSError as e:
        raise LockedError("no-token") from e


def open_desk(setting: Setting) -> Desk:
    """Give the member's desk in their store.

    Raises:
        LockedError: the token was never joined, or belongs to another store.
        IntegrityError: this client's memory of the store is gone or is not its own.
    """
    store = open_store(setting)
    _, unlocked, _ = open_token(setting)
    return desk_with(setting, store, unlocked)


def desk_with(setting: Setting, store: Store, unlocked: Unlocked) -> Desk:
    """Give the desk of an unlocked token that has been in contact with this store."""
    contact = unlocked.contact
    if contact is None:
        raise LockedError("not-joined")
    if contact.store != store.store_id:
        raise LockedError("other-store")
    memory = Memory(state_folder(), unlocked.identity, StoreId(contact.store))
    if not memory.load():
        raise IntegrityError("memory-gone")
    if memory.root != contact.root:
        raise IntegrityError("memory-altered")
    return desk_of(setting, store, unlocked, memory)


def desk_of(setting: Setting, store: Store, unlocked: Unlocked, memory: Memory) -> Desk:
    """Put a desk together."""
    confirm = _confirm_date if setting.asking() else None
    gate = LocalGate(store, unlocked.identity, memory, setting.clock, confirm)
    return Desk(store, gate, unlocked.identity, memory, setting.clock)


def _confirm_date(last: datetime, now: datetime) -> bool:
    """Ask whether this computer's date is right."""
    text = say(
        "The last entry here is of {last}; this computer says it is {now}. Is that right?",
        last=last.astimezone().strftime("%d-%m-%Y"),
        now=now.astimezone().strftime("%d-%m-%Y"),
    )
    return terminal.confirm(text)


def harden() -> None:
    """No core dumps, and where the system can, no looking into this process's memory."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 (not on every system)

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415 (only where it is used)

        ctypes.CDLL(None, use_errno=True).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE, off
