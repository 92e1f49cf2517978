"""The composition root: options and environment in, a Desk out. The only place that names a backend."""

import json
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from dossier.cli import terminal
from dossier.cli.words import say
from dossier.desk import Desk
from dossier.errors import IntegrityError, LockedError, UnreachableError, UsageError
from dossier.gate.local import LocalGate
from dossier.memory import Memory
from dossier.model import StoreId
from dossier.storage.base import Store
from keys.token import Contact, Unlocked, unlock

_LARGEST_PASSPHRASE = 4096  # bytes


class Setting:
    """The global options, and what the environment says."""

    def __init__(self, **options: object) -> None:
        self.store = _text(options, "store")
        self.token = _text(options, "token")
        self.passphrase_file = _text(options, "passphrase_file")
        self.passphrase_fd: int | None = options.get("passphrase_fd")  # type: ignore[assignment]
        self.json = bool(options.get("json"))
        self.quiet = bool(options.get("quiet"))
        self.debug = bool(options.get("debug"))
        self.no_input = bool(options.get("no_input"))

    def clock(self) -> datetime:
        """Give this computer's time; DOSSIER_CLOCK_SHIFT (seconds) sets it off, for trials and tests."""
        shift = os.environ.get("DOSSIER_CLOCK_SHIFT", "0")
        try:
            return datetime.now(UTC) + timedelta(seconds=int(shift))
        except (ValueError, OverflowError) as e:
            raise UsageError("bad-clock-shift") from e

    def asking(self) -> bool:
        """Tell whether the user may be asked anything."""
        return not self.no_input and terminal.present()

    def need(self, value: object, option: str) -> None:
        """Refuse to go on without an option that cannot be asked for."""
        if value is None:
            raise UsageError("missing-option", option=option)


def _text(options: dict[str, object], name: str) -> str | None:
    """Give an option's text; an empty one, of a variable that was never set, is no wish for the default."""
    value = options.get(name)
    if value == "":
        raise UsageError("missing-option", option="--" + name.replace("_", "-"))
    return None if value is None else str(value)


pass_setting: Callable[..., Callable[..., None]] = click.make_pass_decorator(Setting)


# Where things are.


def config_folder() -> Path:
    """Give the folder of this user's defaults."""
    if os.name == "nt":
        return Path(os.environ.get("APPDATA", "~")).expanduser() / "dossier"
    return Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser() / "dossier"


def state_folder() -> Path:
    """Give the folder of the client's memory."""
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA", "~")).expanduser() / "dossier"
    return Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser() / "dossier"


def defaults() -> dict[str, str]:
    """Give the store and token that `join` or `init` made this user's default."""
    try:
        found = json.loads((config_folder() / "config.json").read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as e:
        raise UsageError("bad-config") from e
    if not isinstance(found, dict):
        raise UsageError("bad-config")
    return {name: str(found[name]) for name in ("store", "token") if name in found}


def make_default(place: str, token: Path) -> None:
    """Make a store and a token this user's default. Raises UnreachableError."""
    from dossier.storage.durable import replace, translated  # noqa: PLC0415 (only first contact writes this)

    folder = config_folder()
    with translated():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        chosen = {"store": str(Path(place).resolve()), "token": str(token.resolve())}
        replace(folder / "config.json", json.dumps(chosen).encode("utf-8"))


def place_of(setting: Setting) -> str:
    """Give the place of the store. Raises UsageError when none is named."""
    place = setting.store or os.environ.get("DOSSIER_STORE") or defaults().get("store")
    if not place:
        raise UsageError("missing-option", option="--store")
    if "://" in place:
        raise UsageError("place-not-served")
    return place


def token_of(setting: Setting) -> Path:
    """Give the path of the token. Raises UsageError when none is named."""
    token = setting.token or os.environ.get("DOSSIER_TOKEN") or defaults().get("token")
    if not token:
        raise UsageError("missing-option", option="--token")
    return Path(token)


def check_free(path: Path) -> None:
    """See that a new file can be made there, before anything is done that it is to hold.

    Raises:
        UsageError: "file-exists" when anything has that name.
        UnreachableError: "file-unwritable" when there is no such folder.
    """
    try:
        taken, folder = path.exists() or path.is_symlink(), path.parent.is_dir()
    except OSError as e:  # a name that is too long, for one
        raise UnreachableError("file-unwritable") from e
    if taken:
        raise UsageError("file-exists")
    if not folder:
        raise UnreachableError("file-unwritable")


# Passphrases.


def given_passphrase(setting: Setting) -> str | None:
    """Give the passphrase of --passphrase-file or --passphrase-fd, None when it must be asked."""
    if setting.passphrase_fd is not None:
        return read_passphrase_fd(setting.passphrase_fd)
    if setting.passphrase_file is not None:
        return read_passphrase_file(Path(setting.passphrase_file))
    return None


def read_passphrase_file(path: Path) -> str:
    """Read a passphrase from a file that nobody else can read. Raises UsageError."""
    try:
        if os.name != "nt" and path.stat().st_mode & 0o077:
            raise UsageError("passphrase-file-open")
        data = path.read_bytes()[: _LARGEST_PASSPHRASE + 1]
    except OSError as e:
        raise UsageError("passphrase-file-unreadable") from e
    return _passphrase(data)


def read_passphrase_fd(fd: int) -> str:
    """Read a passphrase from an open file descriptor. Raises UsageError."""
    try:
        with os.fdopen(fd, "rb", closefd=False) as file:
            return _passphrase(file.read(_LARGEST_PASSPHRASE + 1))
    except OSError as e:
        raise UsageError("passphrase-file-unreadable") from e


def _passphrase(data: bytes) -> str:
    try:
        text = data.decode("utf-8").split("\n", 1)[0].rstrip("\r")
    except UnicodeDecodeError as e:
        raise UsageError("passphrase-file-unreadable") from e
    if not text or len(data) > _LARGEST_PASSPHRASE:
        raise UsageError("passphrase-file-unreadable")
    return text


def passphrase(setting: Setting, question: str) -> str:
    """Give the passphrase, asked on the terminal itself when no file or descriptor was named."""
    given = given_passphrase(setting)
    if given is not None:
        return given
    if setting.no_input:
        raise UsageError("missing-option", option="--passphrase-file")
    return terminal.ask(question, hidden=True)


# What a command works with.


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


__all__ = ["Contact", "UnreachableError"]
