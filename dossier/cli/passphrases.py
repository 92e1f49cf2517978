"""Passphrases: from a file or descriptor, else asked on the terminal; never from argv or the environment."""

import os
from pathlib import Path

from dossier.cli import terminal
from dossier.cli.setting import Setting
from dossier.errors import UsageError

_LARGEST = 4096  # bytes


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
        data = path.read_bytes()[: _LARGEST + 1]
    except OSError as e:
        raise UsageError("passphrase-file-unreadable") from e
    return _passphrase(data)


def read_passphrase_fd(fd: int) -> str:
    """Read a passphrase from an open file descriptor. Raises UsageError."""
    try:
        with os.fdopen(fd, "rb", closefd=False) as file:
            return _passphrase(file.read(_LARGEST + 1))
    except OSError as e:
        raise UsageError("passphrase-file-unreadable") from e


def _passphrase(data: bytes) -> str:
    try:
        text = data.decode("utf-8").split("\n", 1)[0].rstrip("\r")
    except UnicodeDecodeError as e:
        raise UsageError("passphrase-file-unreadable") from e
    if not text or len(data) > _LARGEST:
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
