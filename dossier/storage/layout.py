"""Where a store's files are: each path is made here, of checked names only, and each name is read here."""

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from dossier.errors import UsageError
from dossier.model import STORE_BOOK, BookName, Digest, is_digest
from dossier.storage.durable import translated
from dossier.storage.names import check_book, check_digest, check_number

FOLDERS = ("households", "contents", "staging", "log", "tiles")
NEW = ".new"  # what a file is called while it is written beside its place
_STAGED_NAME = re.compile(r"[0-9a-f]{32}")


def sign_path(root: Path) -> Path:
    """Say where it stands that this is a store, and which."""
    return root / "dossier.json"


def draft_path(root: Path) -> Path:
    """Say where the sign is of a store that is still being put together."""
    return root / "draft.json"


def mark_path(root: Path) -> Path:
    """Say where it stands that this store was put back from a backup, and waits to be reopened."""
    return root / "restored.json"


def lock_path(root: Path) -> Path:
    """Say where the lock file is."""
    return root / "lock"


def book_path(root: Path, name: BookName) -> Path:
    """Say where a book's file is."""
    if check_book(name) == STORE_BOOK:
        return root / "store.json"
    return root / "households" / name[2:4] / f"{name}.json"


def content_path(root: Path, digest: Digest) -> Path:
    """Say where a content is."""
    return root / "contents" / check_digest(digest)[:2] / digest


def page_path(root: Path, number: int) -> Path:
    """Say where a page of the log is."""
    return root / "log" / f"{check_number(number):06d}.log"


def tile_path(root: Path, level: int, number: int) -> Path:
    """Say where a tile is."""
    return root / "tiles" / str(check_number(level)) / f"{check_number(number):06d}"


def list_books(root: Path) -> Iterator[BookName]:
    """Name every book. What has another name or stands elsewhere is none."""
    with translated():
        if book_path(root, STORE_BOOK).exists():
            yield STORE_BOOK
    for path in _list_below(root / "households"):
        with suppress(UsageError):
            name = check_book(BookName(path.stem))
            if path == book_path(root, name):
                yield name


def list_contents(root: Path) -> Iterator[Digest]:
    """Name every content. What has another name or stands elsewhere is none."""
    for path in _list_below(root / "contents"):
        if is_digest(path.name) and path == content_path(root, Digest(path.name)):
            yield Digest(path.name)


def list_leftovers(root: Path) -> Iterator[Path]:
    """Name every file that was not finished, or that someone is writing just now."""
    yield from (path for path in _list(root / "staging") if is_staged(path.name))
    own = (sign_path(root), draft_path(root), mark_path(root), book_path(root, STORE_BOOK))
    for path in own:
        with translated():
            beside = path.with_name(path.name + NEW)
            if beside.exists():
                yield beside
    for path in _list_below(root / "households"):
        with suppress(UsageError):
            name = BookName(path.name.removesuffix(".json" + NEW))
            if path == book_path(root, name).with_name(path.name) and path.name.endswith(NEW):
                yield path


def is_staged(name: str) -> bool:
    """Tell whether a file in the staging folder was put there by this program."""
    return bool(_STAGED_NAME.fullmatch(name))


def _list_below(folder: Path) -> Iterator[Path]:
    """Name what is in the folders in a folder."""
    for inner in _list(folder):
        yield from _list(inner)


def _list(folder: Path) -> list[Path]:
    """Name what is in a folder; nothing when it is none."""
    with translated():
        try:
            return sorted(folder.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return []
