"""PostgresSite: a schema in which a store comes to stand whole, or not at all."""

from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from psycopg.sql import SQL, Identifier

from dossier.errors import IntegrityError, UnreachableError, UsageError
from dossier.model import StoreId
from dossier.storage.base import Store
from dossier.storage.postgres import PostgresStore
from dossier.storage.postgres_link import Connection, Link, in_schema
from dossier.storage.postgres_schema import TABLES, check_own, clear, read_sign, version_of

_LONGEST = 63  # characters of a name that the database tells apart
_THINGS = (*(f"TABLE {table}" for table in TABLES), "SEQUENCE streams", "FUNCTION log_only_grows")


class Aside(NamedTuple):
    """A schema to which a store goes, and how people name its place."""

    schema: str
    place: str

    def __str__(self) -> str:
        """Give the place."""
        return self.place


class PostgresSite:
    """Guards that nothing but a complete store is found there, and that only our own is moved or removed.

    Where nothing stands, the store is made in the schema itself, and is a draft until it is whole. Where a
    store stands, the draft is made in a schema beside it; then the tables of both move, in one transaction.
    """

    def __init__(self, place: str, suffix: str) -> None:
        """A schema beside it has a name that ends in `suffix`. Raises UnreachableError."""
        self._place = place
        self._link = Link(place)
        with self._link.lend() as connection:
            [[here]] = connection.execute("SELECT current_schema()").fetchall()
        if here is None:
            raise UnreachableError("no-store")
        self.name, self._schema = place, str(here)
        self._beside = self._named(suffix)

    def _named(self, ending: str) -> str:
        """Name a schema beside it."""
        plain = ending.lower().replace("-", "_").replace(".", "_")  # so that no path has to quote it
        return f"{self._schema[: _LONGEST - len(plain) - 1]}_{plain}"

    def standing(self) -> PostgresStore | None:
        """Open the store that stands there; None when nothing is there, or a draft."""
        with self._link.lend() as connection:
            check_own(connection)
            if version_of(connection) is None:
                return None
            if not _is_founded(connection) or read_sign(connection).draft:
                return None
        return PostgresStore(self._place)

    def _drafting(self) -> str:
        """Name the schema in which the draft is made."""
        return self._schema if self.standing() is None else self._beside

    def draft(self, store_id: StoreId) -> PostgresStore:
        """Open the draft of this store, where one was begun before; else begin one."""
        schema = self._drafting()
        if schema == self._beside:
            with self._link.lend() as connection:
                connection.execute(SQL("CREATE SCHEMA IF NOT EXISTS {}").format(Identifier(schema)))
        with suppress(IntegrityError, UnreachableError):
            begun = PostgresStore(self._place, schema, draft=True)
            if begun.store_id == store_id:
                with begun.exclusive():
                    begun.sweep(0)  # what is under way here, is so under its lock
                return begun
        self.discard()
        return PostgresStore.create(self._place, store_id, schema, draft=True)

    def discard(self) -> None:
        """Remove the draft. Raises UsageError("place-taken") when what stands there is none."""
        with Link(self._place, self._drafting()).lend() as connection:
            check_own(connection)
            if version_of(connection) is None:
                return
            if _is_founded(connection) and not read_sign(connection).draft:
                raise UsageError("place-taken")
            clear(connection)

    def enter(
        self,
        draft: Store,
        old: Store | None = None,
        aside: Aside | None = None,
        agree: Callable[[], None] = lambda: None,
    ) -> None:
        """Put the draft, complete now, in its place; the old store goes to the schema `aside`.

        All of it is one transaction, in which the frontiers of both are held.

        Raises:
            UnreachableError: when it failed; the old store stands then, unless only the last answer was lost:
                doing it again tells, and harms nothing.
        """
        if not isinstance(draft, PostgresStore):
            raise TypeError(type(draft).__name__)
        if old is None or aside is None:
            with draft.exclusive():
                agree()
                draft.mark_draft(False)
            return
        with self._link.lend() as connection, connection.transaction():
            for schema in (self._schema, self._beside):
                frontier = Identifier(schema, "frontier")
                connection.execute(SQL("SELECT FROM {} FOR UPDATE").format(frontier))
            agree()
            connection.execute(SQL("CREATE SCHEMA {}").format(Identifier(aside.schema)))
            _move(connection, self._schema, aside.schema)
            _move(connection, self._beside, self._schema)
            frontier = Identifier(self._schema, "frontier")
            connection.execute(SQL("UPDATE {} SET draft = false").format(frontier))
            connection.execute(SQL("DROP SCHEMA {}").format(Identifier(self._beside)))

    def set_aside(self) -> Aside | None:
        """Name nothing: no move is cut off half-way."""
        return None

    def kept(self, aside: Aside) -> PostgresStore:
        """Open a store that was moved away."""
        return PostgresStore(self._place, aside.schema)

    def free_name(self, ending: str) -> Aside:
        """Name a schema beside it that is not there yet."""
        taken = "SELECT 1 FROM pg_namespace WHERE nspname = %s"
        with self._link.lend() as connection:
            for more in ("", *(f"_{number}" for number in range(2, 1000))):
                name = self._named(ending + more)
                if connection.execute(taken, [name]).fetchone() is None:
                    return Aside(name, in_schema(self._place, name))
        raise UsageError("place-taken")

    def remove(self, aside: Aside) -> None:
        """Remove a store that was moved away, and its schema, in which nothing else may stand."""
        with Link(self._place, aside.schema).lend() as connection, connection.transaction():
            clear(connection)
            connection.execute(SQL("DROP SCHEMA {}").format(Identifier(aside.schema)))


def _is_founded(connection: Connection) -> bool:
    """Tell whether the tables of a schema have a store in them, whole or not."""
    return connection.execute("SELECT one FROM frontier").fetchone() is not None


def _move(connection: Connection, schema: str, to: str) -> None:
    """Move all that makes a store from one schema to another."""
    for thing in _THINGS:
        kind, name = thing.split()
        moved = SQL("ALTER {} {} SET SCHEMA {}").format(SQL(kind), Identifier(schema, name), Identifier(to))
        connection.execute(moved)
