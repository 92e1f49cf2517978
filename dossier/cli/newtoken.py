"""Choosing a passphrase for a token: six words offered, or one's own."""

import os
from pathlib import Path

from dossier.cli import passphrases, terminal
from dossier.cli.setting import Setting
from dossier.cli.words import _, language, say
from dossier.errors import CancelledError, UnreachableError, UsageError
from keys.identity import Card, LocalIdentity
from keys.passphrase import check_chosen, offer
from keys.token import PROFILES, Unlocked, rewrite, write_new


def profile() -> str:
    """Give the cost profile for new tokens; DOSSIER_COST names another (`cheapest` is for tests only)."""
    name = os.environ.get("DOSSIER_COST", "standard")
    if name not in PROFILES:
        raise UsageError("bad-cost")
    return name


def write_token(path: Path, identity: LocalIdentity, secret: str) -> None:
    """Write a new token. Raises TokenExistsError, UnreachableError."""
    try:
        write_new(path, identity, secret, profile())
    except OSError as e:
        raise UnreachableError("file-unwritable") from e


def rewrite_token(path: Path, unlocked: Unlocked, secret: str, cost: str | None = None) -> None:
    """Replace a token, which stays as it was where that fails. Raises UnreachableError."""
    try:
        rewrite(path, unlocked, secret, cost)
    except OSError as e:
        raise UnreachableError("file-unwritable") from e


def new_passphrase(setting: Setting, card: Card, file: str | None = None, fd: int | None = None) -> str:
    """Give a passphrase for a new token: from a file or descriptor, else chosen on the terminal."""
    given = _given(setting, file, fd)
    if given is not None:
        check_chosen(given, card.handle, card.person)
        return given
    if setting.no_input:
        raise UsageError("missing-option", option="--passphrase-file")
    offered = offer(language())
    terminal.tell(say("A passphrase of six random words for you: {words}", words=offered))
    terminal.tell(_("Write it down and press Enter to take it; or type one of your own."))
    chosen = terminal.ask(_("Passphrase:"), hidden=True) or offered
    if chosen != offered:
        check_chosen(chosen, card.handle, card.person)
    if terminal.ask(_("Once more, to be sure:"), hidden=True) != chosen:
        raise CancelledError("passphrases-differ")
    return chosen


def _given(setting: Setting, file: str | None, fd: int | None) -> str | None:
    if fd is not None:
        return passphrases.read_passphrase_fd(fd)
    if file is not None:
        return passphrases.read_passphrase_file(Path(file))
    return passphrases.given_passphrase(setting)
