"""One computer writes at a time. Other computers are other processes here."""

import errno
import multiprocessing
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import filelock
import pytest
from spoiling import HOUSEHOLD, RECORD, STORE, append, failing

from dossier.errors import UnreachableError
from dossier.storage.files import FileStore

pytest_plugins = ["store_on_files"]


def _hold(folder: Path, line: Connection) -> None:
    with FileStore(folder).exclusive():
        line.send("held")
        line.recv()


def _write(folder: Path, times: int) -> None:
    store = FileStore(folder)
    for _ in range(times):
        with store.exclusive():
            store.append(0, len(store.page(0)), RECORD)
            store.keep(HOUSEHOLD, str(len(store.copies(HOUSEHOLD))).encode(), {})


@pytest.fixture
def holder(
    store: FileStore, folder: Path
) -> Iterator[tuple[multiprocessing.process.BaseProcess, Connection]]:
    assert store.store_id == STORE
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_hold, args=(folder, theirs))
    process.start()
    assert ours.recv() == "held"
    yield process, ours
    process.kill()
    process.join()
    process.close()
    ours.close()
    theirs.close()


Holder = tuple[multiprocessing.process.BaseProcess, Connection]


def test_who_does_not_get_the_lock_in_time_writes_nothing(folder: Path, holder: Holder) -> None:
    impatient = FileStore(folder, patience=0)
    with pytest.raises(UnreachableError, match="busy"), impatient.exclusive():
        impatient.append(0, 0, RECORD)
    assert impatient.page(0) == b""
    process, line = holder
    line.send("let go")
    process.join()
    append(impatient, 0, RECORD)


def test_the_lock_of_a_killed_process_is_free(folder: Path, holder: Holder) -> None:
    process, _ = holder
    process.kill()
    process.join()
    append(FileStore(folder, patience=0), 0, RECORD)


def test_processes_write_one_after_the_other(store: FileStore, folder: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=_write, args=(folder, 10)) for _ in range(3)]
    for process in writers:
        process.start()
    for process in writers:
        process.join()
        assert process.exitcode == 0
    assert store.page(0) == RECORD * 30
    assert store.copies(HOUSEHOLD) == [str(number).encode() for number in range(30)]


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_refused(
    store: FileStore, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(filelock, "lock_descriptor", failing(number))
    with pytest.raises(UnreachableError, match="no-locks"), store.exclusive():
        pass


def test_a_lock_file_unlinked_while_it_was_taken_is_taken_again(
    store: FileStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, events = filelock.lock_descriptor, iter([(folder / "lock").unlink])

    def unlinked(fd: int, *, blocking: bool) -> bool:
        for event in events:
            event()
        return lock(fd, blocking=blocking)

    monkeypatch.setattr(filelock, "lock_descriptor", unlinked)
    with store.exclusive():
        impatient = FileStore(folder, patience=0)
        with pytest.raises(UnreachableError, match="busy"), impatient.exclusive():
            pass


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_not_the_servers_writes_nothing(folder: Path, hours: int) -> None:
    FileStore.create(folder, STORE)
    store = FileStore(folder, clock=lambda: time.time() + hours * 3600)
    with pytest.raises(UnreachableError, match="server-clock") as caught, store.exclusive():
        store.append(0, 0, RECORD)
    assert abs(caught.value.data["seconds"] - hours * 3600) < 300
    assert store.page(0) == b""
    assert list((folder / "staging").iterdir()) == []
    append(FileStore(folder, patience=0, clock=lambda: time.time() + 60), 0, RECORD)
