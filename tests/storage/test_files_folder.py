"""The folder of a store: what is where, and whether it is there at all."""

import json
import os
import stat
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from spoiling import BOX, HOUSEHOLD, RECORD, STORE, append, digest, keep

from dossier.errors import ConflictError, UnreachableError, UsageError
from dossier.model import STORE_BOOK, StoreId
from dossier.storage.files import FileStore

pytest_plugins = ["store_on_files"]


def test_a_store_is_opened_again(store: FileStore, folder: Path) -> None:
    keep(store, b"one", BOX)
    again = FileStore(folder)
    assert again.store_id == STORE
    assert again.copies(HOUSEHOLD) == [b"one"]
    assert list(again.books()) == [HOUSEHOLD]


def test_everything_has_its_place(store: FileStore, folder: Path) -> None:
    name, _ = store.put(BytesIO(b"sealed"))
    with store.exclusive():
        store.keep(HOUSEHOLD, b"one", {})
        store.keep(STORE_BOOK, b"one", {})
        store.append(12, 0, RECORD)
    store.keep_tile(0, 3, bytes(8192))
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert files == {
        "dossier.json",
        "lock",
        "store.json",
        "households/7K/H-7KQ2M9XD.json",
        f"contents/{name[:2]}/{name}",
        "log/000012.log",
        "tiles/0/000003",
    }
    sign = {"format": "dossier/store/1", "store": STORE}
    assert json.loads((folder / "dossier.json").read_text()) == sign


def test_nobody_else_on_this_computer_may_look(folder: Path) -> None:
    mask = os.umask(0)
    try:
        store = FileStore.create(folder, STORE)
        store.put(BytesIO(b"sealed"))
        keep(store, b"one", BOX)
        append(store, 0, RECORD)
    finally:
        os.umask(mask)
    for path in [folder, *folder.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_second_store_does_not_replace_the_first(store: FileStore, folder: Path) -> None:
    keep(store, b"one")
    with pytest.raises(ConflictError, match="store-exists"):
        FileStore.create(folder, StoreId("f" * 32))
    assert FileStore(folder).store_id == STORE


def test_a_store_that_was_half_made_can_be_made_again(folder: Path) -> None:
    (folder / "households").mkdir(parents=True)
    (folder / "dossier.json.new").write_bytes(b'{"for')
    assert FileStore.create(folder, STORE).store_id == STORE


def test_what_is_no_store_id_makes_no_store(folder: Path) -> None:
    with pytest.raises(UsageError, match="bad-store-id"):
        FileStore.create(folder, StoreId("../x"))
    assert not folder.exists()


@pytest.mark.parametrize("missing", [".", "dossier.json"])
def test_where_no_store_is_there_is_none(store: FileStore, folder: Path, missing: str) -> None:
    (folder / missing).rename(folder.parent / "elsewhere")
    with pytest.raises(UnreachableError, match="no-store"):
        FileStore(folder)
    verbs: list[Callable[[], object]] = [
        lambda: list(store.books()),
        lambda: list(store.contents()),
        lambda: store.copies(HOUSEHOLD),
        lambda: store.page(0),
        lambda: store.get(digest(b"x")),
    ]
    for verb in verbs:
        with pytest.raises(UnreachableError, match="no-store"):
            verb()


def test_a_share_that_is_gone_is_not_made_again_below_its_name(store: FileStore, folder: Path) -> None:
    folder.rename(folder.parent / "elsewhere")
    with pytest.raises(UnreachableError, match="unreachable"), store.exclusive():
        pass
    with pytest.raises(UnreachableError, match="unreachable"):
        store.put(BytesIO(b"sealed"))
    assert not folder.exists()
    folder.mkdir()  # where it was mounted
    with pytest.raises(UnreachableError, match="no-store"), store.exclusive():
        pass


def test_another_store_in_its_place_is_not_taken_for_it(store: FileStore, folder: Path) -> None:
    folder.rename(folder.parent / "elsewhere")
    FileStore.create(folder, StoreId("f" * 32))
    with pytest.raises(UnreachableError, match="no-store"), store.exclusive():
        pass


def test_strange_files_are_no_books_and_no_contents(store: FileStore, folder: Path, book: Path) -> None:
    (book.parent / "notes.txt").write_text("x")
    (book.parent / "H-8KQ2M9XD.json").write_text("in the wrong folder")
    (folder / "households" / "desktop.ini").write_text("x")
    (folder / "contents" / "desktop.ini").write_text("x")
    (folder / "contents" / "ab").mkdir()
    (folder / "contents" / "ab" / digest(b"elsewhere")).write_text("x")
    (folder / "contents" / "ab" / ("ab" * 31)).write_text("x")
    assert list(store.books()) == [HOUSEHOLD]
    assert list(store.contents()) == []


def test_folders_that_a_backup_left_out_are_made_again(store: FileStore, folder: Path) -> None:
    for name in ("households", "contents", "staging", "tiles"):
        (folder / name).rmdir()
    assert list(store.books()) == []
    keep(store, b"one")
    store.put(BytesIO(b"sealed"))
    store.keep_tile(0, 0, bytes(8192))
    assert store.copies(HOUSEHOLD) == [b"one"]


@pytest.mark.usefixtures("store")
def test_a_tile_that_is_no_tile_is_no_hint(store: FileStore, folder: Path) -> None:
    store.keep_tile(0, 0, bytes(8192))
    path = folder / "tiles" / "0" / "000000"
    for spoiled in (b"", bytes(8191), bytes(8193)):
        path.write_bytes(spoiled)
        assert store.tile(0, 0) is None
    path.unlink()
    path.mkdir()
    assert store.tile(0, 0) is None
