"""The tables: of which version they are, and what a gate's role may do with them."""

import io
from collections.abc import Callable, Iterator

import postgres
import psycopg
import pytest
from psycopg import errors
from spoiling import STORE

from dossier.errors import UnreachableError, UsageError
from dossier.model import STORE_BOOK, BookName
from dossier.storage import postgres_schema
from dossier.storage.postgres import PostgresStore
from dossier.storage.postgres_link import Link
from dossier.storage.postgres_schema import VERSION, migrate_at

HOUSEHOLD = BookName("H-7KQ2M9XD")


@pytest.fixture
def role() -> Iterator[str]:
    name = f"gate_{next(postgres.NAMES)}"
    postgres.admin().execute(f"CREATE ROLE {name} LOGIN".encode())
    yield name
    postgres.admin().execute(f"DROP OWNED BY {name}; DROP ROLE {name}".encode())


@pytest.fixture
def gate(schema: str, role: str) -> Iterator[PostgresStore]:
    """Give a store as a gate has it, connected under its own role."""
    PostgresStore.create(schema, STORE).close()
    migrate_at(schema, role)
    store = PostgresStore(postgres.as_role(schema, role))
    yield store
    store.close()


# Versions.


def test_every_migration_is_there_and_counted(schema: str) -> None:
    assert migrate_at(schema) == (0, VERSION)
    assert migrate_at(schema) == (VERSION, VERSION)
    assert postgres.ask(schema, "SELECT version FROM dossier_schema ORDER BY 1") == [
        (number,) for number in range(1, VERSION + 1)
    ]


def test_older_tables_are_refused_until_they_are_migrated(
    schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(postgres_schema, "VERSION", 1)  # the program as it was
        PostgresStore.create(schema, STORE).close()
    with pytest.raises(UnreachableError, match="schema-old") as caught:
        PostgresStore(schema)
    assert caught.value.data == {"version": 1, "expected": VERSION}
    assert migrate_at(schema) == (1, VERSION)
    assert PostgresStore(schema).store_id == STORE


def test_newer_tables_are_refused(schema: str) -> None:
    store = PostgresStore.create(schema, STORE)
    postgres.ask(schema, "INSERT INTO dossier_schema VALUES (99)")
    ways: list[Callable[[], object]] = [lambda: PostgresStore(schema), lambda: migrate_at(schema)]
    for way in ways:
        with pytest.raises(UnreachableError, match="schema-new") as caught:
            way()
        assert caught.value.data == {"version": 99, "expected": VERSION}
    with pytest.raises(UnreachableError, match="schema-new"), store.exclusive():
        pass


def test_what_others_keep_there_is_not_migrated(schema: str) -> None:
    postgres.ask(schema, "CREATE TABLE mine (one int)")
    with pytest.raises(UsageError, match="place-taken"):
        migrate_at(schema)
    assert postgres.ask(schema, "SELECT to_regclass('log')") == [(None,)]


def test_a_migration_that_fails_leaves_all_as_it_was(schema: str) -> None:
    migrate_at(schema)
    postgres.ask(schema, "DELETE FROM dossier_schema WHERE version > 1")
    with pytest.raises(UnreachableError):
        migrate_at(schema)  # its trigger is there
    assert postgres.ask(schema, "SELECT max(version) FROM dossier_schema") == [(1,)]


# The role of a gate.


def test_a_gate_can_do_all_that_a_store_does(gate: PostgresStore) -> None:
    with gate.exclusive():
        gate.append(0, 0, b"record\n")
        gate.keep(HOUSEHOLD, b"one", {})
        gate.keep(HOUSEHOLD, b"two", {}, leftovers=[b"one"], orphans=[])
        gate.lay(STORE_BOOK, [b"line"], {})
        gate.drop(STORE_BOOK, [])
        gate.settle(0)
    gate.keep_tile(0, 0, bytes(8192))
    gate.keep_tile(0, 0, bytes(8192))
    for size in (10, 3 << 20):
        digest, _ = gate.put(io.BytesIO(bytes(size)))
        assert gate.put(io.BytesIO(bytes(size))) == (digest, size)
        assert len(gate.get(digest).read()) == size
        with gate.exclusive():
            assert gate.remove(digest)
            assert gate.sweep(0) == []
    for value in (True, False):
        gate.mark_restored(value)
        assert gate.restored is value
    assert (gate.page(0), gate.copies(HOUSEHOLD)) == (b"record\n", [b"two"])
    assert sorted(gate.books()) == [HOUSEHOLD, STORE_BOOK]
    assert list(gate.leftovers()) == []


@pytest.mark.parametrize(
    "deed",
    [
        "UPDATE log SET record = 'x'",
        "DELETE FROM log",
        "TRUNCATE log",
        "DROP TABLE log",
        "ALTER TABLE log DISABLE TRIGGER ALL",
        "DROP TRIGGER log_only_grows ON log",
        "UPDATE frontier SET store = 'x'",
        "UPDATE frontier SET draft = true",
        "DELETE FROM frontier",
        "UPDATE entries SET line = 'x'",
        "UPDATE objects SET data = 'x'",
        "UPDATE chunks SET data = 'x'",
        "INSERT INTO dossier_schema VALUES (99)",
        "CREATE TABLE mine (one int)",
        "SET session_replication_role = replica",
    ],
)
def test_a_gate_can_change_nothing_that_was_written(gate: PostgresStore, deed: str) -> None:
    """Breaks when `_GATE` gives the log one right more."""
    with gate.exclusive():
        gate.append(0, 0, b"record\n")
    connection = psycopg.connect(gate.place, autocommit=True)
    with connection, pytest.raises(errors.InsufficientPrivilege):
        connection.execute(deed.encode())
    assert gate.page(0) == b"record\n"


def test_what_a_role_had_too_much_it_has_no_longer(schema: str, role: str) -> None:
    PostgresStore.create(schema, STORE).close()
    postgres.ask(schema, f"GRANT ALL ON log TO {role}")
    migrate_at(schema, role)
    granted = postgres.ask(
        schema,
        "SELECT privilege_type FROM information_schema.role_table_grants "
        "WHERE table_schema = current_schema() AND table_name = 'log' AND grantee = %s ORDER BY 1",
        role,
    )
    assert granted == [("INSERT",), ("SELECT",)]


def test_a_role_that_is_not_there_is_named(schema: str) -> None:
    with pytest.raises(UsageError, match="no-such-role") as caught:
        migrate_at(schema, "nobody; DROP TABLE log")
    assert caught.value.data == {"role": "nobody; DROP TABLE log"}


def test_who_may_only_look_finds_it_closed_for_writing(schema: str, role: str) -> None:
    """So that a copy of it can be made by such a role: `can_lock` tells."""
    PostgresStore.create(schema, STORE).close()
    postgres.ask(
        schema,
        f"GRANT USAGE ON SCHEMA {postgres.schema_of(schema)} TO {role};"
        f"GRANT SELECT ON ALL TABLES IN SCHEMA {postgres.schema_of(schema)} TO {role}",
    )
    looking = PostgresStore(postgres.as_role(schema, role))
    assert looking.page(0) == b""
    with pytest.raises(UnreachableError, match="read-only"), looking.exclusive():
        pass
    looking.close()


def test_the_ways_in_are_lent_to_one_at_a_time(schema: str) -> None:
    link = Link(schema)
    with link.lend() as one, link.lend() as other:
        assert one is not other
    with link.lend() as again:
        assert again in (one, other)
    link.close()
