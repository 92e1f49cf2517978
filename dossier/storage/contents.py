"""Sealed contents as files: staged, then named by the digest of their bytes."""

import hashlib
import io
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from dossier.model import Digest
from dossier.storage.durable import (
    create,
    file_time,
    make_folder,
    move,
    open_regular,
    staging_name,
    sync_folder,
    translated,
    unreachable,
    write_all,
)
from dossier.storage.layout import content_path, is_staged, list_leftovers

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_PIECE = 1 << 20  # bytes read at a time
_BUFFER = 1 << 16
_DAY = 86_400  # seconds after which nobody is still writing what was staged


class _Sealed(io.FileIO):
    """A content being read, whose failures are ours to name."""

    def readinto(self, buffer: "WriteableBuffer") -> int | None:
        with translated():
            return super().readinto(buffer)

    def readall(self) -> bytes:
        with translated():
            return super().readall()


def put_content(root: Path, sealed: BinaryIO) -> tuple[Digest, int]:
    """Keep sealed bytes durably; give their digest and length. What was there is mended by it."""
    with translated():
        staged = staging_name(root)
        fd = create(staged)
    try:
        try:
            digest, size = _copy(sealed, fd)
            with translated():
                os.fsync(fd)
                moment = os.fstat(fd).st_mtime
        finally:
            os.close(fd)
        with translated():
            path = content_path(root, digest)
            make_folder(root, "contents", path.parent.name)
            move(staged, path)
            sync_folder(path.parent)
    except BaseException:
        with suppress(OSError):
            staged.unlink()
        raise
    _drop_leftovers(staged.parent, moment - _DAY)
    return digest, size


def _copy(sealed: BinaryIO, fd: int) -> tuple[Digest, int]:
    """Write a stream in pieces, and give the digest and number of its bytes. Its own errors stay its own."""
    seen, size = hashlib.sha256(), 0
    while piece := sealed.read(_PIECE):
        with translated():
            write_all(fd, piece)
        seen.update(piece)
        size += len(piece)
    return Digest(seen.hexdigest()), size


def _drop_leftovers(folder: Path, until: float) -> None:
    """Remove what crashes left in the staging folder before `until` by the file system's own clock."""
    with suppress(OSError):  # another computer may be at it
        for path in folder.iterdir():
            if is_staged(path.name) and path.lstat().st_mtime < until:
                path.unlink()


def get_content(path: Path) -> BinaryIO | None:
    """Open a content for reading; None when it is not there."""
    try:
        fd = open_regular(path)
    except FileNotFoundError:
        return None
    except OSError as e:
        raise unreachable(e) from e
    return io.BufferedReader(_Sealed(fd), _BUFFER)


def remove_content(root: Path, digest: Digest, older_than: float) -> bool:
    """Remove a content, durably; tell whether it was there and old enough."""
    path = content_path(root, digest)
    with translated():
        return _remove(path, file_time(root) - older_than if older_than else None)


def sweep(root: Path, older_than: float) -> list[str]:
    """Remove what was not finished and is older than so many seconds; name what went."""
    with translated():
        until = file_time(root) - older_than
        found = [path for path in list_leftovers(root) if _remove(path, until)]
    return [path.relative_to(root).as_posix() for path in found]


def _remove(path: Path, until: float | None) -> bool:
    """Remove a plain file, durably, unless it was written after a moment; tell whether it went."""
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    if not stat.S_ISREG(found.st_mode) or (until is not None and found.st_mtime > until):
        return False
    path.unlink(missing_ok=True)
    sync_folder(path.parent)
    return True
