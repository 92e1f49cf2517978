"""What a folder's file system can do, tried before a store is made there."""

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from dossier.errors import UnreachableError
from dossier.storage.durable import create, move, read, sync_folder, translated, write_all
from dossier.storage.locking import locked


def probe(folder: Path) -> str | None:
    """Try what a store needs of a folder; give the code of the first that does not work, or None.

    Locks that two computers grant at once cannot be seen from one of them.

    Raises:
        UnreachableError: when nothing can be written there at all.
    """
    place = folder / f".trial-{secrets.token_hex(8)}"
    with translated():
        place.mkdir(0o700)
    try:
        return _first_failure(place)
    finally:
        with suppress(OSError):
            for path in place.iterdir():
                path.unlink()
            place.rmdir()


def _first_failure(place: Path) -> str | None:
    """Try one after the other. A full disk says nothing about the file system: that is raised."""
    trials: dict[str, Callable[[Path], bool]] = {
        "no-locks": _locks,
        "no-replace": _replaces,
        "no-sync": _syncs,
    }
    for code, works in trials.items():
        try:
            with translated():
                if not works(place):
                    return code
        except UnreachableError as e:
            if e.code == "disk-full":
                raise
            return code
    return None


def _locks(place: Path) -> bool:
    """Take a lock, fail to take it again, and take it once more when it is free."""
    path = place / "lock"
    with locked(path, 0):
        try:
            with locked(path, 0):
                return False
        except UnreachableError:
            pass
    with locked(path, 0):
        return True


def _replaces(place: Path) -> bool:
    """Put a file in the place of another that holds something else."""
    old, new = place / "old", place / "new"
    for path in (old, new):
        fd = create(path)
        try:
            write_all(fd, path.name.encode())
        finally:
            os.close(fd)
    move(new, old)
    return read(old, len("new")) == b"new" and not new.exists()


def _syncs(place: Path) -> bool:
    """Sync a file and its folder."""
    fd = create(place / "synced")
    try:
        write_all(fd, b"synced")
        os.fsync(fd)
    finally:
        os.close(fd)
    sync_folder(place)
    return True
