"""The tables of a store in a database: how they come about, their version, and who may do what."""

from importlib.resources import files
from typing import Any, NamedTuple

from psycopg import errors
from psycopg.sql import SQL, Identifier

from dossier.errors import ConflictError, IntegrityError, UnreachableError, UsageError
from dossier.model import StoreId, is_store_id
from dossier.storage.base import FORMAT
from dossier.storage.postgres_link import Connection, Link

_MIGRATIONS = ("0001_tables.sql", "0002_guard.sql")  # one for each version, never changed once released
VERSION = len(_MIGRATIONS)
# What a gate does with each table. The log it can add to, and never change: the database holds it to that.
_GATE = {
    "dossier_schema": "SELECT",
    "frontier": "SELECT, UPDATE (restored)",
    "log": "SELECT, INSERT",
    "tiles": "SELECT, INSERT, UPDATE",
    "books": "SELECT, INSERT",
    "entries": "SELECT, INSERT, DELETE",
    "objects": "SELECT, INSERT, DELETE",
    "chunks": "SELECT, INSERT, DELETE",
    "staging": "SELECT, INSERT, DELETE",
    "contents": "SELECT, INSERT, UPDATE, DELETE",
}
TABLES = tuple(_GATE)
SIGN = "SELECT format, store, draft, restored, (SELECT max(version) FROM dossier_schema) FROM frontier"


class Sign(NamedTuple):
    """What a store in a database says it is."""

    store_id: StoreId
    draft: bool
    restored: bool


def version_of(connection: Connection) -> int | None:
    """Give the version of the tables in the schema; None when there are none."""
    if connection.execute("SELECT to_regclass('dossier_schema')").fetchone() == (None,):
        return None
    found = connection.execute("SELECT max(version) FROM dossier_schema").fetchone()
    return 0 if found is None or found[0] is None else int(found[0])


def check_version(version: int | None) -> None:
    """See that this program knows these tables.

    Raises:
        UnreachableError: "no-store" when there are none, "schema-old", "schema-new".
    """
    if version is None:
        raise UnreachableError("no-store")
    if version < VERSION:
        raise UnreachableError("schema-old", version=version, expected=VERSION)
    if version > VERSION:
        raise UnreachableError("schema-new", version=version, expected=VERSION)


def read_sign(connection: Connection) -> Sign:
    """Read which store this is.

    Raises:
        UnreachableError: "no-store", "schema-old", "schema-new".
        IntegrityError: "store-format" for anything that this program would not have written.
    """
    return sign_of(connection.execute(SIGN).fetchone())


def sign_of(found: tuple[Any, ...] | None) -> Sign:
    """Read the answer to `SIGN`. Raises as `read_sign`."""
    if found is None:
        raise UnreachableError("no-store")
    named, store, draft, restored, version = found
    check_version(version or 0)
    if named != FORMAT or not is_store_id(store):
        raise IntegrityError("store-format")
    return Sign(StoreId(store), draft, restored)


def migrate(connection: Connection) -> tuple[int, int]:
    """Bring the tables of the schema up to this program's version, in one transaction; an empty one too.

    Gives the version before and now. Raises UnreachableError("schema-new") when they are newer.
    """
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(current_schema(), 0))")
        before = version_of(connection) or 0
        check_version(max(before, VERSION))
        if before == 0:
            connection.execute("CREATE TABLE IF NOT EXISTS dossier_schema (version bigint PRIMARY KEY)")
        for number in range(before, VERSION):
            text = files("dossier.storage").joinpath("migrations", _MIGRATIONS[number]).read_text("utf-8")
            connection.execute(text.encode())
            connection.execute("INSERT INTO dossier_schema VALUES (%s)", [number + 1])
    return before, VERSION


def migrate_at(place: str, gate_role: str | None = None) -> tuple[int, int]:
    """Migrate the tables at a place, and grant a role what a gate does, where one is named.

    Raises:
        UsageError: "bad-place", "password-in-place", "no-such-role"; "place-taken" when something else
            stands in the schema.
        UnreachableError: "schema-new", and whatever the database does wrong.
    """
    with Link(place).lend() as connection:
        check_own(connection)
        versions = migrate(connection)
        if gate_role is not None:
            grant_gate(connection, gate_role)
    return versions


def make(connection: Connection, store_id: StoreId, *, draft: bool) -> None:
    """Make a store in the schema, with its tables where those are missing.

    Raises:
        UsageError: "bad-store-id"; "place-taken" when something else stands in the schema.
        ConflictError: "store-exists".
    """
    if not is_store_id(store_id):
        raise UsageError("bad-store-id")
    with connection.transaction():
        check_own(connection)
        migrate(connection)
        try:
            connection.execute(
                "INSERT INTO frontier (format, store, draft) VALUES (%s, %s, %s)", [FORMAT, store_id, draft]
            )
        except errors.UniqueViolation:
            raise ConflictError("store-exists") from None  # its text has what was sent


def check_own(connection: Connection) -> None:
    """See that nothing but our tables stands in the schema. Raises UsageError("place-taken")."""
    if version_of(connection) is None and not is_empty(connection):
        raise UsageError("place-taken")


def is_empty(connection: Connection) -> bool:
    """Tell whether nothing stands in the schema."""
    found = connection.execute(
        "SELECT 1 FROM pg_class WHERE relnamespace = current_schema()::regnamespace LIMIT 1"
    ).fetchone()
    return found is None


def clear(connection: Connection) -> None:
    """Remove the tables of a store, with all that is in them. Whoever calls it knows that they may go."""
    tables = SQL(", ").join(Identifier(name) for name in TABLES)
    with connection.transaction():
        connection.execute(SQL("DROP TABLE IF EXISTS {}").format(tables))
        connection.execute("DROP SEQUENCE IF EXISTS streams")
        connection.execute("DROP FUNCTION IF EXISTS log_only_grows")


def grant_gate(connection: Connection, role: str) -> None:
    """Let a role of the database do what a gate does, and no more.

    Raises:
        UsageError: "no-such-role".
    """
    to = Identifier(role)
    [[here]] = connection.execute("SELECT current_schema()").fetchall()
    try:
        with connection.transaction():
            connection.execute(SQL("GRANT USAGE ON SCHEMA {} TO {}").format(Identifier(here), to))
            connection.execute(SQL("GRANT USAGE ON SEQUENCE streams TO {}").format(to))
            for table, rights in _GATE.items():
                connection.execute(SQL("REVOKE ALL ON {} FROM {}").format(Identifier(table), to))
                connection.execute(SQL("GRANT {} ON {} TO {}").format(SQL(rights), Identifier(table), to))
    except errors.UndefinedObject:
        raise UsageError("no-such-role", role=role) from None  # its text has what was sent
