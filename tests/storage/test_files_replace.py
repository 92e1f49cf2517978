"""A book that is being written stays whole, whatever comes between."""

import errno
import os
import stat
from io import BytesIO
from pathlib import Path

import pytest
from spoiling import BOX, HOUSEHOLD, WRAP, digest, failing, instead, keep

from dossier.errors import UnreachableError
from dossier.storage import durable
from dossier.storage.files import FileStore

pytest_plugins = ["store_on_files"]


class Crash(BaseException):
    """As if the power went."""


@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
def test_a_crash_before_the_replace_leaves_the_old_book(store: FileStore, book: Path, call: str) -> None:
    def crash(*_: object) -> None:
        raise Crash

    with store.exclusive(), instead(call, crash), pytest.raises(Crash):
        store.keep(HOUSEHOLD, b"two", {digest(WRAP): WRAP})
    assert book.with_name(book.name + ".new").exists()
    assert store.copies(HOUSEHOLD) == [b"one"]
    assert list(store.books()) == [HOUSEHOLD]
    keep(store, b"three", WRAP)
    assert store.copies(HOUSEHOLD) == [b"one", b"three"]
    assert not book.with_name(book.name + ".new").exists()


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "disk-full"),
        (errno.EDQUOT, "disk-full"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "read-only"),
        (errno.EPERM, "read-only"),
        (errno.EIO, "unreachable"),
    ],
)
@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_book_that_cannot_be_written_stays_as_it_was(
    store: FileStore, book: Path, number: int, code: str, call: str
) -> None:
    before = book.read_bytes()
    with store.exclusive(), instead(call, failing(number)), pytest.raises(UnreachableError) as caught:
        store.keep(HOUSEHOLD, b"two", {digest(WRAP): WRAP})
    assert (caught.value.code, caught.value.data) == (code, {"errno": errno.errorcode[number]})
    assert book.read_bytes() == before
    assert [path.name for path in book.parent.iterdir()] == [book.name]
    assert store.copies(HOUSEHOLD) == [b"one"]


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note what is asked of the disk, in order."""
    noted: list[str] = []
    fsync, replace = os.fsync, os.replace

    def note_sync(fd: int) -> None:
        noted.append("sync folder" if stat.S_ISDIR(os.fstat(fd).st_mode) else "sync file")
        fsync(fd)

    def note_replace(source: Path, target: Path) -> None:
        noted.append("replace")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(os, "replace", note_replace)
    return noted


def test_a_book_is_on_disk_before_and_after_it_is_replaced(
    store: FileStore, book: Path, events: list[str]
) -> None:
    keep(store, b"two", WRAP)
    assert events == ["sync file", "replace", "sync folder"]
    assert store.copies(HOUSEHOLD) == [b"one", b"two"]
    assert book.exists()


def test_a_content_is_on_disk_before_and_after_it_is_named(store: FileStore, events: list[str]) -> None:
    store.put(BytesIO(b"sealed"))
    assert events == ["sync file", "sync folder", "replace", "sync folder"]  # with a folder for it
    events.clear()
    store.put(BytesIO(b"sealed"))
    assert events == ["sync file", "replace", "sync folder"]


def test_a_short_write_is_continued_in_a_book(store: FileStore) -> None:
    write = os.write
    with store.exclusive(), instead("write", lambda fd, data: write(fd, bytes(data)[:7])):
        store.keep(HOUSEHOLD, b"one", {digest(BOX): BOX})
    assert store.objects(HOUSEHOLD) == {digest(BOX): BOX}


def test_a_replace_waits_while_another_computer_has_the_file_open(
    store: FileStore, book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, tries = os.replace, iter([True, True, False])

    def busy(source: Path, target: Path) -> None:
        if next(tries):
            raise PermissionError(errno.EACCES, "open elsewhere")
        replace(source, target)

    monkeypatch.setattr(os, "replace", busy)
    monkeypatch.setattr(durable, "_PAUSE", 0)
    keep(store, b"two")
    assert store.copies(HOUSEHOLD) == [b"one", b"two"]
    assert book.exists()


def test_a_replace_does_not_wait_for_ever(
    store: FileStore, book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable, "_PATIENCE", 0)
    monkeypatch.setattr(os, "replace", failing(errno.EACCES))
    with pytest.raises(UnreachableError, match="read-only"):
        keep(store, b"two")
    assert [path.name for path in book.parent.iterdir()] == [book.name]


def test_a_folder_that_cannot_be_synced_leaves_it_to_its_server(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync = os.fsync

    def files_only(fd: int) -> None:
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            raise OSError(errno.EINVAL, "no folders")
        fsync(fd)

    monkeypatch.setattr(os, "fsync", files_only)
    keep(store, b"one")
    assert store.copies(HOUSEHOLD) == [b"one"]
