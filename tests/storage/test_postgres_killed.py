"""A database that is killed under load, and started again: what was answered is there, and nothing else."""

import threading
import time
from collections.abc import Iterator

import postgres
import pytest
from spoiling import STORE

from dossier.errors import UnreachableError
from dossier.model import BookName
from dossier.storage.postgres import PostgresStore

HOUSEHOLD = BookName("H-7KQ2M9XD")
ROUNDS, SOAK = 2, 50


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    server = postgres.Server()
    yield server
    server.stop()


class Writer(threading.Thread):
    """Writes an entry and its copy in one block, again and again; notes what was answered, or not."""

    def __init__(self, store: PostgresStore, name: str) -> None:
        super().__init__()
        self._store = store
        self._own = name
        self._count = 0
        self.done = threading.Event()
        self.answered: list[bytes] = []
        self.unknown: list[bytes] = []
        self.codes: set[str] = set()

    def run(self) -> None:
        while not self.done.is_set():
            self._count += 1
            line = f"{self._own} {self._count}\n".encode()
            told = False
            try:
                with self._store.exclusive():
                    self._store.append(0, len(self._store.page(0)), line)
                    self._store.keep(HOUSEHOLD, line, {})
                told = True
            except UnreachableError as e:
                self.codes.add(e.code)
                if e.code == "outcome-unknown":
                    self.unknown.append(line)
                time.sleep(0.01)
            if told:
                self.answered.append(line)


def test_what_was_answered_is_there_after_the_database_was_killed(
    server: postgres.Server, request: pytest.FixtureRequest
) -> None:
    """Breaks when `Turn.end` passes over an error of the commit."""
    place = f"{server.place}&connect_timeout=2"
    shared = PostgresStore.create(place, STORE)
    writers = [Writer(shared, "one"), Writer(shared, "two"), Writer(PostgresStore(place), "three")]
    for writer in writers:
        writer.start()
    rounds = SOAK if request.config.getoption("--soak") else ROUNDS
    try:
        for turn in range(rounds):
            before = sum(len(writer.answered) for writer in writers)
            until = time.monotonic() + 20
            while sum(len(writer.answered) for writer in writers) < before + 20 + turn % 7:
                assert time.monotonic() < until, "nobody recovered"
                time.sleep(0.005)
            server.kill()
            server.start()
    finally:
        for writer in writers:
            writer.done.set()
        for writer in writers:
            writer.join()
    store = PostgresStore(place)
    lines = store.page(0).splitlines(keepends=True)
    assert store.copies(HOUSEHOLD) == lines  # both or neither
    assert len(set(lines)) == len(lines)
    for writer in writers:
        own = [line for line in lines if line.startswith(writer._own.encode())]
        assert set(own) >= set(writer.answered)
        assert set(own) <= {*writer.answered, *writer.unknown}
        assert writer.codes <= {"unreachable", "outcome-unknown"}
    assert {code for writer in writers for code in writer.codes}
