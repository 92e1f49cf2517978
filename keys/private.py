"""Small files for their owner only: created once, replaced whole, read with care. For tokens."""

import os
import stat
from pathlib import Path

_MODE = 0o600
_OTHERS = 0o077  # the mode bits of group and others
_FLAGS = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)  # a pipe must not make us wait


def read(path: Path, limit: int) -> tuple[bytes, bool] | None:
    """Read a plain file of at most `limit` bytes, and tell whether others may read or write it.

    None when it is no plain file, or larger. Raises OSError when there is none, or it cannot be read.
    """
    fd = os.open(path, os.O_RDONLY | _FLAGS)
    try:
        about = os.fstat(fd)
        if not stat.S_ISREG(about.st_mode) or about.st_size > limit:
            return None
        with os.fdopen(fd, "rb", closefd=False) as file:
            return file.read(limit), os.name == "posix" and bool(about.st_mode & _OTHERS)
    finally:
        os.close(fd)


def create(path: Path, data: bytes) -> None:
    """Write a new file, mode 0600, durably; what a failure leaves is removed.

    Raises:
        FileExistsError: when anything has that name, a link included.
        OSError: when it cannot be written.
    """
    _write_new(path, data)
    _sync_folder(path.parent)


def replace(path: Path, data: bytes) -> None:
    """Make a file hold `data`, durably; if that fails or is cut off, it holds what it held.

    Raises:
        OSError: when it cannot be written.
    """
    path = path.resolve()  # of a link, what it points to is replaced
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)  # left by a crash
    _write_new(beside, data)
    try:
        beside.replace(path)
    except BaseException:
        beside.unlink()
        raise
    _sync_folder(path.parent)


def take_place_of(beside: Path, path: Path) -> None:
    """Put a file in the place of another, in one step. Raises OSError."""
    path = path.resolve()
    beside.replace(path)
    _sync_folder(path.parent)


def _write_new(path: Path, data: bytes) -> None:
    """Write a new file and sync it; remove it when that fails."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS, _MODE)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(fd)
    except BaseException:
        path.unlink()
        raise


def _sync_folder(folder: Path) -> None:
    """Make a new name last, where folders can be synced (not on Windows)."""
    if os.name == "posix":
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
