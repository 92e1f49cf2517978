"""Contents in a database: in pieces, staged, then named; and nothing waits for who is slow."""

import io
import tracemalloc
from collections.abc import Iterator

import postgres
import pytest
from spoiling import STORE

from dossier.errors import IntegrityError, UnreachableError
from dossier.storage import postgres_contents
from dossier.storage.postgres import PostgresStore

MIB = 1 << 20
SIZES = [0, 1, (1 << 16) - 1, 1 << 16, MIB - 1, MIB, MIB + 1, 3 * MIB, 3 * MIB + 65537]


class Stream(io.RawIOBase):
    """Bytes that nobody has in memory, given a few at a time."""

    def __init__(self, size: int, piece: int = 100_000) -> None:
        self._left, self._piece = size, piece

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        count = min(len(buffer), self._left, self._piece)
        buffer[:count] = bytes(count)
        self._left -= count
        return count


class Failing(Stream):
    """Bytes of which the end cannot be read."""

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        if self._left < self._piece:
            raise TimeoutError
        return super().readinto(buffer)


@pytest.fixture
def store(schema: str) -> Iterator[PostgresStore]:
    store = PostgresStore.create(schema, STORE)
    yield store
    store.close()


def count(store: PostgresStore, table: str) -> object:
    [[number]] = postgres.ask(store.place, f"SELECT count(*) FROM {table}")  # noqa: S608 (of a test's own)
    return number


@pytest.mark.parametrize("size", SIZES)
def test_every_size_comes_back(store: PostgresStore, size: int) -> None:
    sealed = bytes(range(256)) * (size // 256) + bytes(range(size % 256))
    digest, length = store.put(io.BytesIO(sealed))
    assert length == size
    assert store.get(digest).read() == sealed
    assert list(store.leftovers()) == []


def test_a_stream_that_comes_in_drops_comes_back(store: PostgresStore) -> None:
    digest, size = store.put(Stream(3 * MIB, 1000))  # type: ignore[arg-type]
    assert (size, store.get(digest).read()) == (3 * MIB, bytes(3 * MIB))
    assert postgres.ask(store.place, "SELECT DISTINCT length(data) FROM chunks") == [(1 << 16,)]


def test_memory_stays_the_same_however_large_it_is(store: PostgresStore) -> None:
    """Breaks when `_put_long` gathers what it reads."""
    tracemalloc.start()
    try:
        digest, _ = store.put(Stream(48 * MIB))  # type: ignore[arg-type]
        with store.get(digest) as sealed:
            size = 0
            while piece := sealed.read(100_000):
                size += len(piece)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size == 48 * MIB
    assert peak < 16 * MIB


def test_what_is_read_slowly_keeps_no_transaction_open(store: PostgresStore) -> None:
    digest, _ = store.put(Stream(3 * MIB))  # type: ignore[arg-type]
    with store.get(digest) as sealed:
        sealed.read(1)
        rows = postgres.ask(
            store.place,
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE application_name = 'dossier' AND xact_start IS NOT NULL",
        )
        assert rows == [(0,)]


def test_what_is_put_once_more_under_a_reader_is_read_on(store: PostgresStore) -> None:
    """Breaks when `_Sealed._next` does not ask for the stream again."""
    digest, _ = store.put(Stream(5 * MIB))  # type: ignore[arg-type]
    with store.get(digest) as sealed:
        begun = sealed.read(1)
        assert store.put(Stream(5 * MIB)) == (digest, 5 * MIB)  # type: ignore[arg-type]
        assert begun + sealed.read() == bytes(5 * MIB)
    assert count(store, "chunks") == 80


def test_what_is_removed_under_a_reader_is_missed(store: PostgresStore) -> None:
    digest, _ = store.put(Stream(3 * MIB))  # type: ignore[arg-type]
    with store.get(digest) as sealed:
        sealed.read(1)
        with store.exclusive():
            assert store.remove(digest)
        with pytest.raises(IntegrityError, match="content-missing"):
            sealed.read()
    assert count(store, "chunks") == 0


@pytest.mark.parametrize("size", [10, 3 * MIB])
def test_what_was_damaged_is_mended_by_putting_it_again(store: PostgresStore, size: int) -> None:
    digest, _ = store.put(io.BytesIO(bytes(size)))
    for damage in ("UPDATE chunks SET data = 'x' WHERE number = 0", "DELETE FROM chunks"):
        postgres.ask(store.place, damage)
        assert store.get(digest).read() != bytes(size)
        assert store.put(io.BytesIO(bytes(size))) == (digest, size)
        assert store.get(digest).read() == bytes(size)


def test_a_source_that_fails_leaves_nothing(store: PostgresStore) -> None:
    with pytest.raises(TimeoutError):
        store.put(Failing(3 * MIB))  # type: ignore[arg-type]
    assert (count(store, "chunks"), count(store, "staging"), list(store.contents())) == (0, 0, [])


def test_what_a_crash_left_staged_is_named_and_swept(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_contents, "_UNSTAGE", "SELECT 1 WHERE %s < 0")  # the program is gone by then
    with pytest.raises(TimeoutError):
        store.put(Failing(3 * MIB))  # type: ignore[arg-type]
    assert list(store.leftovers()) == ["staging/1"]
    with store.exclusive():
        assert store.sweep(3600) == []
        assert store.sweep(0) == ["staging/1"]
    assert (count(store, "chunks"), list(store.leftovers())) == (0, [])


def test_what_is_swept_while_it_is_written_is_not_named(store: PostgresStore) -> None:
    class Swept(Stream):
        def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
            if self._left < MIB:
                postgres.ask(store.place, "DELETE FROM staging")
            return super().readinto(buffer)

    with pytest.raises(UnreachableError):
        store.put(Swept(30 * 100_000))  # type: ignore[arg-type]
    assert list(store.contents()) == []


def test_what_is_put_under_the_lock_stands_with_the_rest(store: PostgresStore) -> None:
    other = PostgresStore(store.place)
    with store.exclusive():
        digest, _ = store.put(Stream(3 * MIB))  # type: ignore[arg-type]
        assert store.get(digest).read() == bytes(3 * MIB)
        assert list(other.contents()) == []
        assert store.remove(digest)
        again, _ = store.put(Stream(3 * MIB))  # type: ignore[arg-type]
    assert (again, list(other.contents())) == (digest, [digest])
