"""The session of this terminal: its name, where its agent is reached, and whose keys it holds."""

import hashlib
import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from dossier.cli.places import state_folder, token_of
from dossier.cli.setting import Setting
from dossier.errors import UsageError
from keys.errors import TokenError
from keys.identity import Card, Identity
from keys.token import Contact, peek

if TYPE_CHECKING:
    from keys.agent_wire import Leader

_NAME = re.compile(r"[A-Za-z0-9-]{1,64}")


class Held(NamedTuple):
    """What an agent holds: as `Unlocked`, but for the keys themselves."""

    identity: Identity
    contact: Contact | None


def session_name() -> str | None:
    """Give the name in DOSSIER_SESSION, of a session for scripts; None for that of the terminal.

    Raises:
        UsageError: "bad-session" when that is no name.
    """
    name = os.environ.get("DOSSIER_SESSION")
    if not name:
        return None
    if not _NAME.fullmatch(name):
        raise UsageError("bad-session")
    return name


def leader() -> "Leader | None":
    """Give the process that leads this terminal session; None where there is none to be found."""
    from keys.agent_wire import Leader  # noqa: PLC0415 (who never unlocked a session does not wait for it)

    if not hasattr(os, "getsid"):
        return None
    sid = os.getsid(0)
    return Leader.of(sid) if sid > 0 else None


def ending() -> "Leader | None":
    """Give the process with which a session ends; None for one with a name, or where no process tells.

    Raises:
        UsageError: "no-session" when it would end with this command, or has ended.
    """
    if session_name() is not None or not hasattr(os, "getsid") or os.getsid(0) <= 0:
        return None
    found = leader()
    if found is None or found.pid == os.getpid():
        raise UsageError("no-session")
    return found


def place_of_session(card: Card) -> Path:
    """Give the place of the agent that holds this card in this session, if one does."""
    name = session_name()
    whose = leader() if name is None else None
    parts = (card.fingerprint, name or "", "" if whose is None else f"{whose.pid} {whose.about}")
    return _folder() / (hashlib.sha256("\n".join(parts).encode("utf-8")).hexdigest()[:24] + ".agent")


def held(setting: Setting, otherwise: Callable[[], Identity]) -> Held | None:
    """Give what this session's agent holds of the token; None when the passphrase is to be asked.

    It is where a passphrase is given anyhow. `otherwise` is called when the agent goes while it is needed.
    """
    if setting.passphrase_file is not None or setting.passphrase_fd is not None:
        return None
    if not _folder().exists():
        return None
    try:
        card = peek(token_of(setting)).card
    except (OSError, TokenError):
        return None  # whoever opens the token says what is wrong with it
    place = place_of_session(card)
    if not os.path.lexists(place):
        return None
    from keys.agent import AgentGoneError, AgentIdentity  # noqa: PLC0415 (only who has a session needs sockets)

    try:
        identity = AgentIdentity(place, otherwise)
    except AgentGoneError:
        return None
    command = click.get_current_context(silent=True)
    if command is not None:
        command.call_on_close(identity.close)
    return Held(identity, identity.contact) if identity.card == card else None


def _folder() -> Path:
    """Give the folder of this user's agents: in memory where the system has such a place for a user."""
    place = Path(os.environ.get("XDG_RUNTIME_DIR", ""))
    with suppress(OSError):
        if hasattr(os, "geteuid") and place.is_absolute() and place.stat().st_uid == os.geteuid():
            return place / "dossier"
    return state_folder() / "session"
