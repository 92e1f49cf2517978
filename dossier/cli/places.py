"""Where things are: the store, the token, this user's defaults and the client's memory."""

import json
import os
from pathlib import Path

from dossier.cli.setting import Setting
from dossier.errors import UnreachableError, UsageError

_LARGEST_CARD = 4096  # bytes


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
        store = str(Path(place).resolve()) if is_folder(place) else place
        chosen = {"store": store, "token": str(token.resolve())}
        replace(folder / "config.json", json.dumps(chosen).encode("utf-8"))


def place_of(setting: Setting) -> str:
    """Give the place of the store. Raises UsageError when none is named."""
    place = setting.store or os.environ.get("DOSSIER_STORE") or defaults().get("store")
    if not place:
        raise UsageError("missing-option", option="--store")
    return place


def is_folder(place: str) -> bool:
    """Tell whether a place is a folder, and not a database or a gate that is spoken to."""
    return "://" not in place and not place.startswith("unix:")


def is_gate(place: str) -> bool:
    """Tell whether a place is that of a served gate."""
    return place.startswith(("https://", "http://", "unix:"))


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


def read_card_file(path: Path) -> bytes:
    """Read a card that someone handed over; what is too long for one is cut, and will be none."""
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST_CARD + 1)
    except OSError as e:
        raise UsageError("file-unreadable") from e
