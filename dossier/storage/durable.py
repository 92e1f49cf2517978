"""Files that are there whole or not at all: write beside, sync, replace, sync the folder."""

import errno
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from dossier.errors import IntegrityError, UnreachableError

T = TypeVar("T")

_PATIENCE = 5.0  # seconds in which another computer lets go of a file that it has open (Windows, SMB)
_PAUSE = 0.05
_MODE = 0o600
_FOLDER_MODE = 0o700
# Not every platform has every flag. No link is followed at the last step, and no pipe or device waits for us.
_SAFE = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_CODES = {
    errno.ENOSPC: "disk-full",
    errno.EDQUOT: "disk-full",
    errno.EROFS: "read-only",
    errno.EACCES: "read-only",
    errno.EPERM: "read-only",
}


def unreachable(error: OSError, code: str | None = None) -> UnreachableError:
    """Say what the operating system said: `code` or one that fits, and the name of its errno, but no path."""
    number = error.errno or 0
    return UnreachableError(code or _CODES.get(number, "unreachable"), errno=errno.errorcode.get(number, "?"))


@contextmanager
def translated(code: str | None = None) -> Iterator[None]:
    """Turn every OSError of the block into an UnreachableError."""
    try:
        yield
    except OSError as e:
        raise unreachable(e, code) from e


def create(path: Path) -> int:
    """Open a new file for writing, mode 0600. Raises FileExistsError when anything has that name."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _SAFE, _MODE)


def open_regular(path: Path, flags: int = os.O_RDONLY) -> int:
    """Open what must be a plain file. Raises OSError for a folder, a link, a pipe or a device."""
    fd = os.open(path, flags | _SAFE, _MODE)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "not a plain file")
    return fd


def read(path: Path, limit: int, *, start: int = 0, code: str | None = None) -> bytes | None:
    """Read a plain file from `start` on; None when it is not there.

    Raises:
        UnreachableError: `code`, or one that fits, when it cannot be read.
        IntegrityError: "file-too-large" beyond `limit` bytes, "file-short" when it does not reach to `start`.
    """
    try:
        # Where an open file cannot be replaced, a reader can meet the moment in which one is.
        fd = _patiently(lambda: open_regular(path), _PATIENCE if os.name == "nt" else 0)
        with os.fdopen(fd, "rb", buffering=0) as file:
            size = os.fstat(fd).st_size
            if not start <= size <= limit:
                raise IntegrityError("file-too-large" if size > limit else "file-short", size=size)
            file.seek(start)
            return file.readall()
    except FileNotFoundError:
        return None
    except OSError as e:
        raise unreachable(e, code) from e


def _patiently(act: Callable[[], T], patience: float) -> T:
    """Do something again and again while another computer forbids it."""
    until = time.monotonic() + patience
    while True:
        try:
            return act()
        except PermissionError:
            if time.monotonic() >= until:
                raise
            time.sleep(_PAUSE)


def write_all(fd: int, data: bytes) -> None:
    """Write all of `data` where the file stands."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]


def move(source: Path, target: Path) -> None:
    """Replace `target` by `source` in one step, again and again while another computer has it open."""
    _patiently(lambda: source.replace(target), _PATIENCE)


def replace(path: Path, data: bytes, beside: Path | None = None) -> None:
    """Make a file hold `data`, durably; if that fails or is cut off, it holds what it held.

    Written first to `beside`, on the same file system. Left out, it is the file's own name with .new, for
    files that have one writer at a time; what a crash left there goes.
    """
    beside = beside or path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)
    try:
        fd = create(beside)
        try:
            write_all(fd, data)
            os.fsync(fd)
        finally:
            os.close(fd)
        move(beside, path)
    except OSError:
        with suppress(OSError):
            beside.unlink()
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, where folders can be synced."""
    if os.name == "nt":
        return
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    except OSError as e:
        if e.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems: their server does it
            raise
    finally:
        os.close(fd)


def make_folder(root: Path, *names: str) -> Path:
    """Make folders below `root`, mode 0700, where they are missing; never `root`: its share may be gone."""
    for name in names:
        above, root = root, root / name
        try:
            root.mkdir(_FOLDER_MODE)
        except FileExistsError:
            continue
        sync_folder(above)
    return root


def staging_name(root: Path) -> Path:
    """Give a name that nothing has yet in the store's staging folder."""
    return make_folder(root, "staging") / os.urandom(16).hex()


def file_time(root: Path) -> float:
    """Give the time that the file system goes by.

    A new file is made for it: its time is the server's own, while utime would send this computer's.
    """
    path = staging_name(root)
    fd = create(path)
    try:
        return os.fstat(fd).st_mtime
    finally:
        os.close(fd)
        path.unlink(missing_ok=True)
