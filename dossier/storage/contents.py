"""Sealed contents as files: staged, then named by the digest of their bytes."""

import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from dossier.errors import IntegrityError
from dossier.model import Digest, is_digest
from dossier.storage.durable import (
    create,
    make_folder,
    move,
    open_regular,
    staging_name,
    sync_folder,
    translated,
    unreachable,
    write_all,
)

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_PIECE = 1 << 20  # bytes read at a time
_BUFFER = 1 << 16
_DAY = 86_400  # seconds after which nobody is still writing what was staged
_STAGED_NAME = 32  # characters


class _Sealed(io.FileIO):
    """A content being read, whose failures are ours to name."""

    def readinto(self, buffer: "WriteableBuffer") -> int | None:
        with translated():
            return super().readinto(buffer)

    def readall(self) -> bytes:
        with translated():
            return super().readall()


def put_content(root: Path, sealed: BinaryIO) -> tuple[Digest, int]:
    """Keep sealed bytes durably; give their digest and length. Bytes that are there already are put again."""
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
            folder = make_folder(root, "contents", digest[:2])
            move(staged, folder / digest)
            sync_folder(folder)
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
            if len(path.name) == _STAGED_NAME and path.lstat().st_mtime < until:
                path.unlink()


def get_content(path: Path) -> BinaryIO:
    """Open a content for reading. Raises IntegrityError when it is not there."""
    try:
        fd = open_regular(path)
    except FileNotFoundError as e:
        raise IntegrityError("content-missing", digest=path.name) from e
    except OSError as e:
        raise unreachable(e) from e
    return io.BufferedReader(_Sealed(fd), _BUFFER)


def list_contents(root: Path) -> Iterator[Digest]:
    """Name every content. What has another name or stands in another folder is none."""
    for folder in list_folder(root / "contents"):
        for path in list_folder(folder):
            if is_digest(path.name) and path.name[:2] == folder.name:
                yield Digest(path.name)


def list_folder(folder: Path) -> list[Path]:
    """Name what is in a folder; nothing when it is none."""
    with translated():
        try:
            return sorted(folder.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return []
