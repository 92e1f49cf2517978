"""A store in a database: what of it is not the same as of a store on files."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import postgres
import pytest
from psycopg import errors

from dossier.errors import ConflictError, DossierError, IntegrityError, UnreachableError, UsageError
from dossier.model import STORE_BOOK, BookName, StoreId
from dossier.storage import postgres_turn
from dossier.storage.base import Store
from dossier.storage.postgres import PostgresStore

STORE, OTHER = StoreId("0123456789abcdef" * 2), StoreId("f" * 32)
HOUSEHOLD = BookName("H-7KQ2M9XD")
SECRET = b"a word that no message may have"


class Gone(BaseException):
    """The program is gone."""


@pytest.fixture
def store(schema: str) -> Iterator[PostgresStore]:
    store = PostgresStore.create(schema, STORE)
    yield store
    store.close()


def append(store: Store, record: bytes) -> None:
    with store.exclusive():
        store.append(0, len(store.page(0)), record)


def backends(store: PostgresStore) -> list[int]:
    """Give the numbers of the server's processes that serve our stores, by schema."""
    name = postgres.schema_of(store.place)
    rows = postgres.ask(
        store.place,
        "SELECT DISTINCT a.pid FROM pg_stat_activity a LEFT JOIN pg_locks l ON l.pid = a.pid "
        "WHERE a.application_name = 'dossier' AND l.relation = to_regclass(%s)",
        f"{name}.frontier",
    )
    return [int(str(pid)) for (pid,) in rows]


def throw_out(*pids: int) -> None:
    """Have the server close connections, all of the program's where none is named."""
    question = (
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'dossier'"
    )
    if pids:
        question += f" AND pid IN ({','.join(map(str, pids))})"
    postgres.admin().execute(question.encode())


# How it comes about, and what is no store.


def test_a_store_is_made_once(schema: str) -> None:
    PostgresStore.create(schema, STORE)
    with pytest.raises(ConflictError, match="store-exists"):
        PostgresStore.create(schema, OTHER)
    assert PostgresStore(schema).store_id == STORE


def test_no_store_is_made_among_what_others_keep(schema: str) -> None:
    postgres.ask(schema, "CREATE TABLE log (mine text)")
    with pytest.raises(UsageError, match="place-taken"):
        PostgresStore.create(schema, STORE)
    assert postgres.ask(schema, "SELECT * FROM log") == []


def test_a_store_has_an_id_that_is_one(schema: str) -> None:
    with pytest.raises(UsageError, match="bad-store-id"):
        PostgresStore.create(schema, StoreId("x"))


def test_an_empty_schema_has_no_store(schema: str) -> None:
    with pytest.raises(UnreachableError, match="no-store"):
        PostgresStore(schema)


def test_a_schema_that_is_not_there_has_no_store() -> None:
    place = postgres.place_of("never_made")
    with pytest.raises(UnreachableError, match="no-store"):
        PostgresStore(place)
    with pytest.raises(UnreachableError, match="no-store"):
        PostgresStore.create(place, STORE)


def test_a_database_that_lets_nobody_in_is_told_without_its_place(schema: str, tmp_path: Path) -> None:
    for place in (
        f"{schema}&dbname=never_made",
        f"{schema}&user=never_made",
        f"postgresql:///x?host={tmp_path}",
        "postgresql://localhost:1/x?sslmode=require",
    ):
        with pytest.raises(UnreachableError, match="unreachable") as caught:
            PostgresStore(place)
        assert caught.value.data == {"why": "connecting"}
        assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    "place",
    [
        "postgresql://anna:geheim@localhost/x",
        "postgresql:///x?password=geheim",
        "postgresql:///x?sslpassword=geheim",
    ],
)
def test_a_password_in_the_place_is_refused_and_not_repeated(place: str) -> None:
    with pytest.raises(UsageError, match="password-in-place") as caught:
        PostgresStore(place)
    assert "geheim" not in repr(caught.value)
    assert "geheim" not in repr(caught.value.data)


@pytest.mark.parametrize("place", ["", "host=localhost", "postgresql://[::1", "postgresql:///x?nonsense=1"])
def test_what_is_no_place_is_refused(place: str) -> None:
    with pytest.raises(UsageError, match="bad-place"):
        PostgresStore(place)


def test_only_the_first_schema_of_the_path_is_looked_in(schema: str) -> None:
    first = postgres.fresh()
    both = postgres.place_of(f"{postgres.schema_of(first)},{postgres.schema_of(schema)}")
    PostgresStore.create(schema, STORE)
    with pytest.raises(UnreachableError, match="no-store"):
        PostgresStore(both)
    PostgresStore.create(both, OTHER)
    assert (PostgresStore(first).store_id, PostgresStore(schema).store_id) == (OTHER, STORE)


def test_a_sign_that_was_altered_is_noticed(store: PostgresStore, schema: str) -> None:
    postgres.ask(schema, "UPDATE frontier SET store = 'x'")
    with pytest.raises(IntegrityError, match="store-format"):
        PostgresStore(schema)
    with pytest.raises(IntegrityError, match="store-format"), store.exclusive():
        pass


# One after the other.


def test_who_waits_for_the_frontier_writes_behind_what_came_meanwhile(store: PostgresStore) -> None:
    def write() -> None:
        own = PostgresStore(store.place)
        for _ in range(20):
            append(own, b"record\n")
        own.close()

    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(write) for _ in range(4)]:
            done.result()
    assert store.page(0) == b"record\n" * 80


def test_nothing_is_seen_before_the_block_ends(store: PostgresStore) -> None:
    other = PostgresStore(store.place)
    with store.exclusive():
        store.append(0, 0, b"record\n")
        store.keep(HOUSEHOLD, b"line", {})
        assert (store.page(0), store.copies(HOUSEHOLD)) == (b"record\n", [b"line"])
        assert (other.page(0), other.copies(HOUSEHOLD)) == (b"", [])
    assert (other.page(0), other.copies(HOUSEHOLD)) == (b"record\n", [b"line"])


def test_a_frontier_that_does_not_come_free_is_busy(store: PostgresStore) -> None:
    other = PostgresStore(store.place, patience=0.1)
    with store.exclusive():
        with pytest.raises(UnreachableError, match="busy") as caught, other.exclusive():
            pass
        assert caught.value.data == {"seconds": 0}
    append(other, b"record\n")


def test_threads_of_one_program_are_as_patient(schema: str) -> None:
    store = PostgresStore.create(schema, STORE)
    hasty = PostgresStore(schema, patience=0.05)
    caught: list[str] = []

    def write() -> None:
        try:
            append(hasty, b"x")
        except UnreachableError as e:
            caught.append(e.code)

    with hasty.exclusive():
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
    assert (caught, store.page(0)) == (["busy"], b"")


def test_another_store_in_the_place_is_not_written(store: PostgresStore, schema: str) -> None:
    postgres.empty(schema)
    with pytest.raises(UnreachableError, match="no-store"), store.exclusive():
        pass
    PostgresStore.create(schema, OTHER)
    with pytest.raises(UnreachableError, match="no-store"), store.exclusive():
        pass


def test_a_clock_far_from_the_servers_is_told(schema: str) -> None:
    store = PostgresStore.create(schema, STORE)
    for ahead in (-400, 400):
        far = PostgresStore(schema, clock=lambda ahead=ahead: time.time() + ahead)  # type: ignore[misc]
        with pytest.raises(UnreachableError, match="server-clock") as caught, far.exclusive():
            pass
        assert abs(caught.value.data["seconds"] - ahead) <= 1
    append(store, b"record\n")


# What goes wrong.


def test_a_connection_that_was_dropped_meanwhile_is_made_anew(store: PostgresStore) -> None:
    append(store, b"one\n")
    throw_out()
    assert store.page(0) == b"one\n"
    throw_out()
    append(store, b"two\n")
    assert store.page(0) == b"one\ntwo\n"


def test_of_a_block_that_loses_its_connection_nothing_stands(store: PostgresStore) -> None:

    def work() -> None:
        with store.exclusive():
            store.append(0, 0, b"record\n")
            store.keep(HOUSEHOLD, b"line", {})
            throw_out(*backends(store))
            store.append(0, 7, b"more\n")

    with pytest.raises(UnreachableError):
        work()
    assert (store.page(0), store.copies(HOUSEHOLD)) == (b"", [])


def test_a_commit_without_an_answer_is_not_told_as_done(store: PostgresStore) -> None:

    def work() -> None:
        with store.exclusive():
            store.append(0, 0, b"record\n")
            store.page(0)  # sent; only whether it is to stand is still to be said
            throw_out(*backends(store))

    with pytest.raises(UnreachableError, match="outcome-unknown"):
        work()
    assert store.page(0) == b""
    append(store, b"record\n")


def test_what_was_done_before_an_error_stands_as_on_files(store: PostgresStore) -> None:

    def work() -> None:
        with store.exclusive():
            store.append(0, 0, b"record\n")
            raise KeyError

    with pytest.raises(KeyError):
        work()
    assert store.page(0) == b"record\n"


def test_of_a_block_in_which_the_database_fails_nothing_stands(store: PostgresStore) -> None:

    def work() -> None:
        with store.exclusive():
            store.append(0, 0, b"record\n")
            store.keep_tile(1 << 80, 0, bytes(8192))

    with pytest.raises(UnreachableError):
        work()
    assert store.page(0) == b""

    def work_on() -> None:
        with store.exclusive():
            store.append(0, 0, b"record\n")
            try:
                store._ask("SELECT 1 / 0", [])
            except UnreachableError:
                store.append(0, 7, b"as if nothing had been\n")

    with pytest.raises(UnreachableError):
        work_on()
    assert store.page(0) == b""


def test_a_failure_that_somebody_swallowed_is_told_at_the_end(store: PostgresStore) -> None:
    def work() -> None:
        with store.exclusive():
            store.append(0, 0, b"record\n")
            store.page(0)  # sent
            with suppress(UnreachableError):
                store._ask("SELECT 1 / 0", [])

    with pytest.raises(UnreachableError):
        work()
    assert store.page(0) == b""


def test_of_a_program_that_dies_nothing_stands(store: PostgresStore) -> None:

    def work() -> None:
        with store.exclusive():
            store.append(0, 0, b"record\n")
            store.page(0)
            raise Gone

    with pytest.raises(Gone):
        work()
    append(store, b"other\n")
    assert store.page(0) == b"other\n"


def test_an_entry_that_is_there_already_is_a_conflict_and_neither_is_lost(store: PostgresStore) -> None:

    def work() -> None:
        with store.exclusive():
            store.append(0, 0, b"record\n")
            postgres.ask(store.place, "INSERT INTO log VALUES (0, 0, 'theirs')")  # past the frontier

    with pytest.raises(ConflictError):
        work()
    assert store.page(0) == b"theirs"


def test_no_failure_repeats_what_was_sent(store: PostgresStore) -> None:
    postgres.ask(store.place, "ALTER TABLE entries ADD CHECK (line <> 'x') ")
    postgres.ask(store.place, "ALTER TABLE entries ADD CHECK (length(line) < 3) ")
    with pytest.raises(UnreachableError) as caught, store.exclusive():
        store.keep(HOUSEHOLD, SECRET, {})
    error: BaseException | None = caught.value
    assert isinstance(error, DossierError)
    assert error.data == {"why": "database", "sqlstate": "23514"}
    assert SECRET.decode() not in repr(error)
    assert error.__cause__ is None
    assert error.__suppress_context__


@pytest.mark.parametrize(
    ("state", "code"),
    [("53100", "disk-full"), ("42501", "read-only"), ("25006", "read-only"), ("40001", "unreachable")],
)
def test_what_the_database_cannot_do_has_a_code_of_its_own(
    store: PostgresStore, state: str, code: str
) -> None:
    postgres.ask(
        store.place,
        f"CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{state}'; END $$;"
        "CREATE TRIGGER fails BEFORE INSERT ON log EXECUTE FUNCTION fails()",
    )
    with pytest.raises(UnreachableError) as caught:
        append(store, b"record\n")
    assert caught.value.code == code
    assert store.page(0) == b""


def test_a_sign_that_is_gone_is_told(store: PostgresStore) -> None:
    postgres.ask(store.place, "DELETE FROM frontier")
    for verb in (
        lambda: store.restored,
        lambda: store.mark_restored(True),
        lambda: PostgresStore(store.place),
    ):
        with pytest.raises(UnreachableError, match="no-store"):
            verb()


def test_a_commit_is_on_disk_whatever_the_database_was_told(schema: str) -> None:
    store = PostgresStore.create(f"{schema}%20-csynchronous_commit%3Doff", STORE)
    assert store._ask("SHOW synchronous_commit", []) == [("on",)]
    level = PostgresStore(f"{schema}%20-csynchronous_commit%3Dremote_apply")
    assert level._ask("SHOW synchronous_commit", []) == [("remote_apply",)]


# The log only grows.

_CHANGES = [
    "UPDATE log SET record = 'x'",
    "DELETE FROM log",
    "TRUNCATE log",
    "SET LOCAL session_replication_role = replica; DELETE FROM log",
]


@pytest.mark.parametrize("change", _CHANGES)
def test_the_log_only_grows_whoever_asks(store: PostgresStore, change: str) -> None:
    """Breaks when 0002_guard.sql leaves out the trigger, or `ENABLE ALWAYS`."""
    append(store, b"record\n")
    with pytest.raises(errors.RestrictViolation):
        postgres.ask(store.place, change)
    assert store.page(0) == b"record\n"


@pytest.mark.parametrize("offset", [-1, 1])
def test_a_page_with_a_gap_or_an_overlap_is_noticed(store: PostgresStore, offset: int) -> None:
    append(store, b"record\n")
    postgres.ask(store.place, "INSERT INTO log VALUES (0, %s, 'more')", 7 + offset)
    with pytest.raises(IntegrityError, match="log-short"):
        store.page(0)


def test_no_page_is_begun_but_the_next(store: PostgresStore) -> None:
    with store.exclusive(), pytest.raises(UnreachableError, match="log-gone"):
        store.append(2, 0, b"record\n")
    assert store.page(2) == b""


def test_a_page_is_found_by_the_index_however_long_the_log(store: PostgresStore) -> None:
    postgres.ask(
        store.place,
        "INSERT INTO log SELECT n / 256, (n %% 256) * 7, 'record' || chr(10)::bytea "
        "FROM generate_series(0, 99999) AS n WHERE %s",
        True,
    )
    postgres.ask(store.place, "ANALYZE log")
    assert store.page(200, 7 * 255) == b"record\n"
    from dossier.storage.postgres_log import _PAGE  # noqa: PLC0415 (the question itself)

    plan = store._ask(f"EXPLAIN (FORMAT TEXT) {_PAGE}", [1785, 1785, 200, 200, 1785])
    text = "\n".join(str(line) for (line,) in plan)
    assert "log_pkey" in text
    assert "Seq Scan" not in text


# Copies under way.


def test_a_draft_is_found_by_nobody(schema: str) -> None:
    draft = PostgresStore.create(schema, STORE, draft=True)
    with pytest.raises(UnreachableError, match="store-unfinished"):
        PostgresStore(schema)
    draft.mark_draft(False)
    assert PostgresStore(schema).store_id == STORE
    with pytest.raises(UnreachableError, match="no-store"):
        PostgresStore(schema, draft=True)


def test_a_store_that_became_a_draft_is_not_written(store: PostgresStore) -> None:
    other = PostgresStore(store.place)
    other.mark_draft(True)
    with pytest.raises(UnreachableError, match="no-store"), store.exclusive():
        pass


def test_a_draft_is_kept_on_the_way(schema: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Breaks when `Turn.rest` does nothing."""
    monkeypatch.setattr(postgres_turn, "_ENOUGH", 1000)
    draft = PostgresStore.create(schema, STORE, draft=True)

    def work() -> None:
        with draft.exclusive():
            for number in range(3):
                draft.append(number, 0, b"x" * 999)
            raise Gone

    with pytest.raises(Gone):
        work()
    assert [len(draft.page(number)) for number in range(3)] == [999, 999, 0]

    def work_on() -> None:
        with draft.exclusive():
            draft.lay(STORE_BOOK, [b"x" * 1000], {})
            draft.lay(HOUSEHOLD, [b"line"], {})
            raise Gone

    with pytest.raises(Gone):
        work_on()
    assert (draft.copies(STORE_BOOK), draft.copies(HOUSEHOLD)) == ([b"x" * 1000], [])


def test_a_store_that_is_no_draft_is_kept_at_the_end_only(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_turn, "_ENOUGH", 10)

    def work() -> None:
        with store.exclusive():
            store.append(0, 0, b"x" * 999)
            raise Gone

    with pytest.raises(Gone):
        work()
    assert store.page(0) == b""


def test_many_names_are_given_in_pieces(store: PostgresStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dossier.storage.postgres._MANY", 2)
    books = [BookName(f"H-7KQ2M9X{end}") for end in "ABCDE"]
    with store.exclusive():
        for book in books:
            store.keep(book, b"line", {})
    assert list(store.books()) == books


def test_names_that_no_program_of_ours_wrote_are_passed_over(store: PostgresStore) -> None:
    postgres.ask(store.place, "INSERT INTO books VALUES ('../../x')")
    postgres.ask(store.place, "INSERT INTO contents (digest, stream, size) VALUES ('x', 0, 0)")
    assert (list(store.books()), list(store.contents())) == ([], [])


def test_an_object_that_was_altered_is_noticed(store: PostgresStore) -> None:
    postgres.ask(store.place, "INSERT INTO objects VALUES (%s, %s, 'x')", HOUSEHOLD, "0" * 64)
    with pytest.raises(IntegrityError, match="book-altered"):
        store.objects(HOUSEHOLD)


def test_a_tile_that_is_not_full_is_none(store: PostgresStore) -> None:
    postgres.ask(store.place, "INSERT INTO tiles VALUES (0, 0, 'x')")
    assert store.tile(0, 0) is None


def test_nobody_is_connected_when_a_store_is_put_away(schema: str) -> None:
    store = PostgresStore.create(f"{schema}&application_name=counted", STORE)
    counting = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'counted'"
    assert postgres.ask(schema, counting) == [(1,)]
    store.close()
    for _ in range(100):
        if postgres.ask(schema, counting) == [(0,)]:
            break
        time.sleep(0.01)
    assert postgres.ask(schema, counting) == [(0,)]
