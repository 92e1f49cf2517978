"""The pages of the log as files: a record is written in one write, synced, and seen to be there."""

import errno
import os
from contextlib import suppress
from pathlib import Path

from dossier.errors import IntegrityError, UnreachableError
from dossier.storage.durable import create, open_regular, read, sync_folder, translated
from dossier.storage.layout import page_path

_LARGEST = 1 << 26  # of a page, in bytes: PAGE records of under 128 KiB each come to half of it


def read_page(root: Path, number: int, start: int) -> bytes | None:
    """Read a page from `start` on; None when it is not there.

    Raises:
        UnreachableError: "log-unreadable"; "log-gone" when it is not there and should be.
        IntegrityError: "log-short" when it does not reach to `start`.
    """
    try:
        data = read(page_path(root, number), _LARGEST, start=start, code="log-unreadable")
    except IntegrityError as e:
        if e.code != "file-short":
            raise
        raise IntegrityError("log-short", page=number) from e
    if data is None and start:
        raise UnreachableError("log-gone", page=number)
    return data


def append_record(root: Path, number: int, offset: int, record: bytes) -> None:
    """Write a record at `offset` of a page, cutting off what stands there.

    1. Open the page, or make it; it must reach to `offset`. 2. Cut it off there. 3. Write the record in one
    write, and sync. 4. See that the file written is the file that is there. What fails at 3 is cut off again.

    Raises:
        IntegrityError: "log-short" when the page does not reach to `offset`.
        UnreachableError: "log-gone" when it is not there and should be; "log-unwritable"; "log-replaced"
            when the record went to a file that others do not see.
    """
    path = page_path(root, number)
    with translated("log-unwritable"):
        fd = _open(root, number, offset)
        try:
            size = os.fstat(fd).st_size
            if size < offset:
                raise IntegrityError("log-short", page=number)
            if size > offset:
                os.ftruncate(fd, offset)
            try:
                _write(fd, offset, record)
                sync_folder(path.parent)  # whoever made the page may have died before this
            except OSError:
                _cut(fd, offset)
                raise
            _check_there(fd, path, offset + len(record))
        finally:
            os.close(fd)


def settle_page(root: Path, number: int) -> None:
    """Sync a page that its last writer may not have synced. Raises UnreachableError when that fails."""
    with translated():
        _sync(page_path(root, number))


def _open(root: Path, number: int, offset: int) -> int:
    """Open a page for writing, or make it when its first record is due."""
    path = page_path(root, number)
    try:
        return open_regular(path, os.O_RDWR)
    except FileNotFoundError as e:
        if offset:
            raise UnreachableError("log-gone", page=number) from e
    if number > 0:
        _sync(page_path(root, number - 1))  # its last writer may have died between write and sync
    return create(path)


def _sync(path: Path) -> None:
    """Sync a page that is there."""
    with suppress(FileNotFoundError):
        fd = open_regular(path, os.O_RDWR)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def _write(fd: int, offset: int, record: bytes) -> None:
    """Write a record in one write, and sync."""
    os.lseek(fd, offset, os.SEEK_SET)
    if os.write(fd, record) != len(record):
        raise OSError(errno.ENOSPC, "short write")  # a full disk or quota takes a part before it refuses
    getattr(os, "fdatasync", os.fsync)(fd)


def _cut(fd: int, offset: int) -> None:
    """Take back what could not be written, as far as that goes: an entry too many opens nothing."""
    with suppress(OSError):
        os.ftruncate(fd, offset)
        os.fsync(fd)


def _check_there(fd: int, path: Path, size: int) -> None:
    """Check that the file written is the file that is there. An unlinked file takes writes without a word."""
    written = os.fstat(fd)
    try:
        there = path.lstat()
    except FileNotFoundError as e:
        raise UnreachableError("log-replaced") from e
    if written.st_nlink == 0 or not os.path.samestat(written, there) or there.st_size != size:
        raise UnreachableError("log-replaced")
