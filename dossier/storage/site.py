"""Site: a folder in which a store comes to stand whole, or not at all: made beside it, then moved in."""

import shutil
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from pathlib import Path

from dossier.errors import IntegrityError, UnreachableError, UsageError
from dossier.model import StoreId
from dossier.storage.base import PAGE, Store
from dossier.storage.durable import make_folder, move, read, replace, sync_folder, translated
from dossier.storage.files import FileStore
from dossier.storage.layout import (
    FOLDERS,
    NEW,
    book_path,
    content_path,
    draft_path,
    list_books,
    list_contents,
    page_path,
    sign_path,
)

_LARGEST_NAME = 4096  # bytes
_ASIDE = "aside.json"  # in a draft: under which name the store goes whose place it takes
_FILES = ("store.json", "dossier.json", "draft.json", "restored.json", _ASIDE)
_OWN = {*FOLDERS, "lock", *_FILES, *(name + NEW for name in _FILES)}


class Site:
    """Guards that nothing but a complete store is put there, and that only our own is moved or removed."""

    def __init__(self, folder: Path, suffix: str) -> None:
        """A store for `folder` is made in a folder beside it, with a name that ends in `suffix`."""
        with translated():
            self.folder = folder.resolve()
        self.beside = self.folder.with_name(f"{self.folder.name}.{suffix}")

    @property
    def name(self) -> str:
        """The folder, as people name it."""
        return str(self.folder)

    def standing(self) -> FileStore | None:
        """Open the store that stands there; None when nothing is there, or an empty folder.

        Raises:
            UsageError: "place-taken" when something else stands there.
            UnreachableError: as `FileStore`.
        """
        with translated():
            try:
                empty = not any(self.folder.iterdir())
            except FileNotFoundError:
                return None
            except NotADirectoryError as e:
                raise UsageError("place-taken") from e
            if empty:
                return None
            if not sign_path(self.folder).exists():
                raise UsageError("place-taken")
        try:
            return FileStore(self.folder)
        except IntegrityError as e:
            raise UsageError("place-taken") from e

    # The draft: the store beside it, until it is complete.

    def draft(self, store_id: StoreId) -> FileStore:
        """Open the draft of this store, where one was begun before; else begin one.

        Raises:
            UsageError: "place-taken" when what has that name is not ours.
        """
        with translated():
            there = self.beside.exists()
            if there and sign_path(self.beside).exists():  # it was complete, but never moved in
                self._check_own(self.beside)
                move(sign_path(self.beside), draft_path(self.beside))
                sync_folder(self.beside)
        if there:
            with suppress(IntegrityError, UnreachableError):
                begun = FileStore(self.beside, draft=True)
                if begun.store_id == store_id:
                    with begun.exclusive():
                        begun.sweep(0)  # what is under way here, is so under its lock
                    return begun
            self.discard()
        return FileStore.create(self.beside, store_id, draft=True)

    def discard(self) -> None:
        """Remove the draft. Raises UsageError("place-taken") when what has its name is not ours."""
        self.remove(self.beside)

    def remove(self, folder: Path) -> None:
        """Remove a folder that this program made, when it is there. Raises as `discard`."""
        with translated():
            if folder.exists():
                self._check_own(folder)
                # What makes it a store goes first: half of one is not to be taken for a whole one.
                for path in (sign_path(folder), draft_path(folder)):
                    path.unlink(missing_ok=True)
                shutil.rmtree(folder)

    def _check_own(self, folder: Path) -> None:
        if folder.is_symlink() or not folder.is_dir() or {path.name for path in folder.iterdir()} - _OWN:
            raise UsageError("place-taken")

    def check_own(self) -> None:
        """See that the folder has nothing but a store. Raises as `discard`."""
        with translated():
            self._check_own(self.folder)

    def seed(self, entries: int) -> None:
        """Let the draft share the files of the store that stands there, as far as the file system can.

        Only those that are never written in place: contents, books, and the pages before the last of a log of
        so many entries. What cannot be shared is left out: it will be copied.
        """
        folder = self.folder
        contents = [content_path(folder, digest) for digest in list_contents(folder)]
        books = [book_path(folder, name) for name in list_books(folder)]
        pages = [page_path(folder, number) for number in range(max(0, entries - 1) // PAGE)]
        with suppress(OSError):
            for path in (*contents, *books, *pages):
                names = path.relative_to(self.folder).parts
                shared = make_folder(self.beside, *names[:-1]) / names[-1]
                with suppress(FileExistsError):
                    shared.hardlink_to(path)

    # The move.

    def enter(
        self,
        draft: Store,
        old: Store | None = None,
        aside: Path | None = None,
        agree: Callable[[], None] = lambda: None,
    ) -> None:
        """Put the draft, complete now, in its place; the old store, where there is one, goes to `aside`.

        1. Make every name in the draft durable. 2. Take the locks of both: who waits for one finds another
        store when it comes free. 3. See once more that it may be (`agree`). 4. Note in the draft where the
        old store goes, and give it its sign. 5. Move the old one away. 6. Move the new one in. A crash
        between 5 and 6 leaves the place empty, both beside it; doing it again finishes it.

        Raises:
            UnreachableError: when one of these failed; the old store is back where it was, if that could be.
        """
        with translated():
            for folder in (path for path in self.beside.rglob("*") if path.is_dir()):
                sync_folder(folder)  # names that are shared, or that an earlier try did not get to sync
        with ExitStack() as locks:
            locks.enter_context(draft.exclusive())
            if old is not None:
                locks.enter_context(old.exclusive())
            agree()
            with translated():
                if old is not None and aside is not None:
                    replace(self.beside / _ASIDE, aside.name.encode())
                if draft_path(self.beside).exists():
                    move(draft_path(self.beside), sign_path(self.beside))
                sync_folder(self.beside)
                self._swap(aside if old is not None else None)
        self.settle()

    def _swap(self, aside: Path | None) -> None:
        parent = self.folder.parent
        if aside is not None:
            move(self.folder, aside)
        elif self.folder.exists():
            self.folder.rmdir()
        try:
            move(self.beside, self.folder)
        except OSError:
            if aside is not None:
                move(aside, self.folder)
            raise
        sync_folder(parent)

    def settle(self) -> None:
        """Take away the note of a move that is done."""
        with translated():
            (self.folder / _ASIDE).unlink(missing_ok=True)

    def bring_back(self, aside: Path) -> None:
        """Put back what a move that was cut off half-way had moved away, when nothing took its place."""
        with translated():
            if not self.folder.exists() and aside.exists():
                self._check_own(aside)
                move(aside, self.folder)
                sync_folder(self.folder.parent)

    def set_aside(self) -> Path | None:
        """Give the folder of the store that was moved away, when the move was cut off half-way."""
        with suppress(UnreachableError, UnicodeDecodeError):
            raw = read(self.beside / _ASIDE, _LARGEST_NAME)
            if raw is not None and not self.folder.exists():
                aside = self.folder.with_name(Path(raw.decode()).name)
                return aside if aside.is_dir() else None
        return None

    def kept(self, aside: Path) -> FileStore | None:
        """Open a store that was moved away; None when none is there."""
        return Site(aside, "unfinished").standing()

    def free_name(self, ending: str) -> Path:
        """Give a name beside the folder that nothing has yet."""
        names: Iterable[str] = (f".{number}" for number in range(2, 1000))
        for more in ("", *names):
            path = self.folder.with_name(f"{self.folder.name}.{ending}{more}")
            if not path.exists() and not path.is_symlink():
                return path
        raise UsageError("place-taken")
