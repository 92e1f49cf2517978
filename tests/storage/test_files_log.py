"""A record of the log is on disk, in the file that is there, or not written."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from spoiling import RECORD, Spoil, append, failing, instead

from dossier.errors import IntegrityError, UnreachableError
from dossier.storage.files import FileStore

pytest_plugins = ["store_on_files"]


def test_a_page_that_is_a_folder_is_unreadable(store: FileStore, page: Path) -> None:
    page.unlink()
    page.mkdir()
    with pytest.raises(UnreachableError, match="log-unreadable"):
        store.page(0)
    for offset in (0, len(RECORD)):
        with pytest.raises(UnreachableError, match="log-unwritable"):
            append(store, offset, RECORD)


def test_a_page_that_is_a_pipe_keeps_nobody_waiting(store: FileStore, page: Path) -> None:
    page.unlink()
    os.mkfifo(page)
    with pytest.raises(UnreachableError, match="log-unreadable"):
        store.page(0)
    with pytest.raises(UnreachableError, match="log-unwritable"):
        append(store, 0, RECORD)


def test_a_link_in_the_place_of_a_page_is_not_followed(store: FileStore, page: Path, tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_bytes(b"precious")
    page.unlink()
    page.symlink_to(target)
    with pytest.raises(UnreachableError, match="log-unreadable"):
        store.page(0)
    with pytest.raises(UnreachableError, match="log-unwritable"):
        append(store, 0, RECORD)
    assert target.read_bytes() == b"precious"


def test_a_log_folder_that_is_gone_is_unwritable(store: FileStore, folder: Path) -> None:
    (folder / "log").rmdir()
    with pytest.raises(UnreachableError, match="log-unwritable") as caught:
        append(store, 0, RECORD)
    assert caught.value.data == {"errno": "ENOENT"}


@pytest.mark.parametrize("call", ["write", "fdatasync", "fsync", "ftruncate"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_record_that_cannot_be_written_is_not_there(
    store: FileStore, page: Path, call: str, number: int
) -> None:
    page.write_bytes(RECORD + b"torn")
    with store.exclusive(), instead(call, failing(number)), pytest.raises(UnreachableError) as caught:
        store.append(0, len(RECORD), b"second\n")
    assert caught.value.code == "log-unwritable"
    assert caught.value.data == {"errno": errno.errorcode[number]}
    assert page.read_bytes() == RECORD + (b"torn" if call == "ftruncate" else b"")


def test_a_record_written_in_part_is_cut_off(store: FileStore, page: Path) -> None:
    write = os.write
    part = instead("write", lambda fd, data: write(fd, data[:3]))
    with store.exclusive(), part, pytest.raises(UnreachableError, match="log-unwritable") as caught:
        store.append(0, len(RECORD), b"second\n")
    assert caught.value.data == {"errno": "ENOSPC"}
    assert page.read_bytes() == RECORD


def test_a_page_of_any_length_is_not_read(store: FileStore, page: Path) -> None:
    os.truncate(page, (1 << 26) + 1)
    with pytest.raises(IntegrityError, match="file-too-large"):
        store.page(0)


@pytest.fixture
def between(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Let something happen between the writing of a record and the look that it is there."""

    def arrange(event: Callable[[], object]) -> None:
        sync = os.fdatasync

        def synced(fd: int) -> None:
            sync(fd)
            event()

        monkeypatch.setattr(os, "fdatasync", synced)

    return arrange


def _other_page(page: Path) -> None:
    page.with_name("other").write_bytes(RECORD + RECORD)
    page.with_name("other").rename(page)


def _moved_page(page: Path) -> None:
    page.rename(page.with_name("moved"))
    page.write_bytes(RECORD + RECORD)


def _linked_page(page: Path) -> None:
    page.rename(page.with_name("moved"))
    page.symlink_to(page.with_name("moved"))


@pytest.mark.parametrize("spoil", [Path.unlink, _other_page, _moved_page, _linked_page])
def test_a_page_replaced_under_the_pen_is_noticed(
    store: FileStore, page: Path, between: Callable[[Callable[[], object]], None], spoil: Spoil
) -> None:
    between(lambda: spoil(page))
    with pytest.raises(UnreachableError, match="log-replaced"):
        append(store, len(RECORD), RECORD)


def test_what_another_wrote_behind_it_is_noticed_and_not_cut_off(
    store: FileStore, page: Path, between: Callable[[Callable[[], object]], None]
) -> None:
    def write() -> None:
        with page.open("ab") as file:
            file.write(b"another\n")

    between(write)
    with pytest.raises(UnreachableError, match="log-replaced"):
        append(store, len(RECORD), b"second\n")
    assert page.read_bytes() == RECORD + b"second\nanother\n"


def test_a_new_page_syncs_the_one_before(
    store: FileStore, page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    fsync = os.fsync

    def note(fd: int) -> None:
        synced.append(os.fstat(fd).st_ino)
        fsync(fd)

    monkeypatch.setattr(os, "fsync", note)
    with store.exclusive():
        store.append(1, 0, RECORD)
    assert page.stat().st_ino in synced
    assert page.parent.stat().st_ino in synced
