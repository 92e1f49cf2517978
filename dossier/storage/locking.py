"""A store's one lock, freed by the operating system when its holder dies; and the server's clock."""

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dossier.errors import UnreachableError
from dossier.storage.durable import file_time, open_regular, translated, unreachable

_POLL = 0.01  # seconds between two tries
_FAR = 300  # seconds by which the clocks of this computer and of the file server may differ
_NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL)


@contextmanager
def locked(path: Path, patience: float) -> Iterator[None]:
    """Hold the lock file at `path` until the end of the block; wait for it `patience` seconds.

    Raises:
        UnreachableError: "busy" when others hold it all that time, "no-locks" where the file system has none.
    """
    fd = _take(path, patience)
    try:
        yield
    finally:
        with suppress(OSError):  # closing lets go of the lock in any case
            _unlock(fd)
        with suppress(OSError):
            os.close(fd)


def _take(path: Path, patience: float) -> int:
    """Give the descriptor of the lock file that is there, locked."""
    until = time.monotonic() + patience
    while True:
        with translated():
            fd = open_regular(path, os.O_RDWR | os.O_CREAT)
        taken = False
        try:
            taken = _lock(fd) and _is_there(fd, path)
        except OSError as e:
            raise unreachable(e, "no-locks" if e.errno in _NO_LOCKS else None) from e
        finally:
            if not taken:
                os.close(fd)
        if taken:
            return fd
        if time.monotonic() >= until:
            raise UnreachableError("busy", seconds=round(patience))
        time.sleep(_POLL)


def _lock(fd: int) -> bool:
    """Try once. Never the marker file that filelock falls back to elsewhere: that outlives its holder."""
    from filelock import lock_descriptor  # noqa: PLC0415 (its import takes longer than all of this file's work)

    return lock_descriptor(fd, blocking=False)


def _unlock(fd: int) -> None:
    """Let go."""
    from filelock import unlock_descriptor  # noqa: PLC0415 (as above)

    unlock_descriptor(fd)


def _is_there(fd: int, path: Path) -> bool:
    """Tell whether the file locked is still the one that others would lock."""
    try:
        return os.path.samestat(os.fstat(fd), path.lstat())
    except FileNotFoundError:
        return False


def check_clock(root: Path, now: float) -> None:
    """Compare this computer's clock with the one that the file system goes by.

    Raises:
        UnreachableError: "server-clock" when they are more than five minutes apart.
    """
    with translated():
        there = file_time(root)
    if abs(now - there) > _FAR:
        raise UnreachableError("server-clock", seconds=round(now - there))
