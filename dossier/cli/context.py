"""The composition root: options and environment in, a Desk out."""

import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import click

from dossier.cli import terminal
from dossier.cli.backends import gate_of, memory_of, open_at
from dossier.cli.passphrases import passphrase
from dossier.cli.places import is_gate, place_of, state_folder, token_of
from dossier.cli.render import note
from dossier.cli.setting import Setting
from dossier.cli.unlocked import Held, held
from dossier.cli.words import _, say
from dossier.desk import Desk
from dossier.errors import DossierError, IntegrityError, LockedError, UsageError
from dossier.memory import Memory
from dossier.model import StoreId
from dossier.storage.base import Store
from keys.identity import Identity
from keys.token import Unlocked, unlock


def open_store(setting: Setting) -> Store:
    """Open the store; a connection that it holds is closed when the command is done."""
    store = open_at(place_of(setting))
    command, close = click.get_current_context(silent=True), getattr(store, "close", None)
    if command is not None and close is not None:
        command.call_on_close(close)
    return store


def open_storage(setting: Setting) -> Store:
    """Open the store for whoever keeps its storage. Raises UsageError: "place-is-gate" for a gate's place."""
    if is_gate(place_of(setting)):
        raise UsageError("place-is-gate")
    return open_store(setting)


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


def open_keys(setting: Setting, *, again: bool = False) -> Unlocked | Held:
    """Give the identity and contact of the token: of an unlocked session, else with the passphrase.

    `again` asks for the passphrase in an unlocked session too.
    """
    found = None if again else held(setting, lambda: _otherwise(setting))
    return found or open_token(setting)[1]


def open_desk(setting: Setting, *, again: bool = False) -> Desk:
    """Give the member's desk in their store; `again` for a verb that changes rights or keys (`open_keys`).

    Raises:
        LockedError: the token was never joined, or belongs to another store.
        IntegrityError: this client's memory of the store is gone or is not its own.
    """
    store = open_store(setting)
    return desk_with(setting, store, open_keys(setting, again=again))


def open_desk_anew(setting: Setting) -> tuple[Desk, Memory]:
    """Give a desk that knows nothing yet, and what this client remembers: for a store that was put back.

    What the desk comes to know is not kept: the next command takes it in, once two persons agreed.
    """
    store = open_store(setting)
    before = desk_with(setting, store, open_keys(setting, again=True))
    fresh = before.memory.beside()
    fresh.root, fresh.fleeting = before.memory.root, True
    return desk_of(setting, store, before.identity, fresh), before.memory


def _otherwise(setting: Setting) -> Identity:
    """Ask for the passphrase, of which an agent that has gone meanwhile saved the asking."""
    if not setting.asking():
        raise LockedError("session-gone")
    note(setting, _("Your session has ended. To go on, the passphrase is needed."))
    return open_token(setting)[1].identity


def desk_with(setting: Setting, store: Store, unlocked: Unlocked | Held) -> Desk:
    """Give the desk of an unlocked token that has been in contact with this store."""
    contact = unlocked.contact
    if contact is None:
        raise LockedError("not-joined")
    if contact.store != store.store_id:
        raise LockedError("other-store")
    memory = memory_of(store, state_folder(), unlocked.identity, StoreId(contact.store))
    if not memory.load():
        raise IntegrityError("memory-gone")
    if memory.root != contact.root:
        raise IntegrityError("memory-altered")
    return desk_of(setting, store, unlocked.identity, memory)


def desk_of(setting: Setting, store: Store, identity: Identity, memory: Memory) -> Desk:
    """Put a desk together."""
    confirm = _confirm_date if setting.asking() else None
    gate = gate_of(store, identity, memory, setting.clock, confirm)
    desk = Desk(store, gate, identity, memory, setting.clock)
    command = click.get_current_context(silent=True)
    if command is not None:
        command.call_on_close(lambda: _tell(setting, desk))
    return desk


def _tell(setting: Setting, desk: Desk) -> None:
    """Tell, when a command is done, what its member was not told yet; seldom there is anything."""
    if desk.gate.unkept:
        note(setting, _("CARE: it is done, but your memory of it could not be written. Is your disk full?"))
    register = desk.gate.register
    used = register.recovery is not None and register.recovery.used is not None
    if register.restored is None and not used and desk.gate.looked is None:
        return
    from dossier.cli.notices import show  # noqa: PLC0415 (seldom needed)

    with suppress(DossierError):  # then it is told at the next command
        show(setting, desk)


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
