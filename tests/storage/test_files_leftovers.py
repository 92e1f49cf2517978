"""What a crash left half written is named, and goes when nobody can be writing it any more."""

import errno
import os
import time
from io import BytesIO
from pathlib import Path

import pytest
from spoiling import BOX, HOUSEHOLD, failing, instead, keep

from dossier.errors import UnreachableError
from dossier.storage.files import FileStore

HOUR = 3600

pytest_plugins = ["store_on_files"]


def left(path: Path, age: float = 0) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"half")
    os.utime(path, (time.time() - age,) * 2)
    return path.name


@pytest.fixture
def half(folder: Path, store: FileStore) -> list[str]:
    """Leave half of each file that this program writes beside its place; give their names."""
    assert not list(store.leftovers())
    names = [
        "staging/" + "0a" * 16,
        "store.json.new",
        "dossier.json.new",
        "restored.json.new",
        "households/7K/H-7KQ2M9XD.json.new",
    ]
    for name in names:
        left(folder / name, 2 * HOUR)
    return sorted(names)


def test_whatever_was_not_finished_is_named(store: FileStore, half: list[str]) -> None:
    assert sorted(store.leftovers()) == half


def test_what_was_not_finished_goes_when_it_is_old(store: FileStore, folder: Path, half: list[str]) -> None:
    young = left(folder / "staging" / ("1b" * 16), HOUR - 60)
    with store.exclusive():
        assert sorted(store.sweep(HOUR)) == half
        assert store.sweep(HOUR) == []
    assert list(store.leftovers()) == [f"staging/{young}"]


def test_what_is_not_ours_stays(store: FileStore, folder: Path, book: Path) -> None:
    strange = [
        folder / "staging" / "notes",
        folder / "staging" / ("A" * 32),
        folder / "notes.new",
        folder / "households" / "7K" / "notes.json.new",
        folder / "households" / "8K" / "H-7KQ2M9XD.json.new",
        folder / "households" / "7K" / "H-7KQ2M9XD.new",
    ]
    for path in strange:
        left(path, 2 * HOUR)
    (folder / "staging" / ("2c" * 16)).mkdir()
    with store.exclusive():
        assert store.sweep(0) == []
    assert all(path.exists() for path in [*strange, book, folder / "dossier.json", folder / "lock"])


def test_a_leftover_says_nothing_of_the_book_beside_it(store: FileStore, folder: Path, book: Path) -> None:
    left(book.with_name(book.name + ".new"))
    assert list(store.books()) == [HOUSEHOLD]
    assert store.copies(HOUSEHOLD) == [b"one"]
    keep(store, b"two", BOX)
    assert list(store.leftovers()) == []
    assert folder.exists()


def test_a_content_goes_by_its_age_on_the_server(store: FileStore, folder: Path) -> None:
    name, _ = store.put(BytesIO(b"sealed"))
    os.utime(folder / "contents" / name[:2] / name, (time.time() - HOUR - 60,) * 2)
    store.put(BytesIO(b"sealed"))  # someone writes the same once more
    with store.exclusive():
        assert not store.remove(name, older_than=HOUR)
        os.utime(folder / "contents" / name[:2] / name, (time.time() - HOUR - 60,) * 2)
        assert store.remove(name, older_than=HOUR)


def test_what_was_removed_stays_removed(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    name, _ = store.put(BytesIO(b"sealed"))
    synced: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append(str(Path(f"/proc/self/fd/{fd}").readlink())))
    with store.exclusive():
        store.remove(name)
    assert [Path(path).name for path in synced] == [name[:2]]


def test_the_mark_of_a_restored_store_is_seen_by_all(store: FileStore, folder: Path) -> None:
    other = FileStore(folder)
    store.mark_restored(True)
    assert other.restored
    assert (folder / "restored.json").read_bytes() == b'{"format":"dossier/restored/1"}'
    (folder / "restored.json").write_bytes(b"")  # whatever has its name
    assert other.restored
    other.mark_restored(False)
    assert not store.restored


def test_a_mark_that_cannot_be_looked_for_is_not_taken_for_none(store: FileStore, folder: Path) -> None:
    with instead("stat", failing(errno.EIO)), pytest.raises(UnreachableError):
        assert store.restored
    folder.rename(folder.parent / "elsewhere")
    with pytest.raises(UnreachableError, match="no-store"):
        assert store.restored
    with pytest.raises(UnreachableError, match="no-store"):
        store.mark_restored(True)
