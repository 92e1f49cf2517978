"""The way to a database: connections that are kept for the next one, and what its failures are called."""

import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from selectors import EVENT_READ, DefaultSelector
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow

from dossier.errors import ConflictError, DossierError, UnreachableError, UsageError

SCHEME = "postgresql://"
PATIENCE = 60.0  # seconds to wait for a lock
_SILENCE = 300  # seconds after which the server ends a transaction in which nothing is asked any more
_KEPT = 8  # connections kept open for later use
_SECRETS = ("password", "sslpassword")
# For a computer that went away with a lock: its server notices within a minute. What the place says counts.
_DEFAULTS = {
    "application_name": "dossier",
    "connect_timeout": "10",
    "keepalives_idle": "20",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
# A commit that is answered is on the disk: no setting of the database makes that less, only more.
# The schema of the store is the first of the path, and the only one in which its tables are looked for.
_BEGIN = f"""
    SELECT set_config('search_path', quote_ident(current_schema()), false);
    SET lock_timeout = '{PATIENCE}s';
    SET idle_in_transaction_session_timeout = '{_SILENCE}s';
    SET default_transaction_isolation = 'read committed';
    SET client_min_messages = 'error';
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
"""
Connection = psycopg.Connection[TupleRow]


def unreachable(error: psycopg.Error) -> DossierError:
    """Name a failure of the database. Nothing of its text is taken over: that can have names and values."""
    match error:
        case errors.UniqueViolation():
            return ConflictError("conflict")
        case errors.LockNotAvailable():
            return UnreachableError("busy", seconds=round(PATIENCE))
        case errors.DiskFull():
            return UnreachableError("disk-full")
        case errors.ReadOnlySqlTransaction() | errors.InsufficientPrivilege():
            return UnreachableError("read-only")
        case errors.UndefinedTable() | errors.InvalidSchemaName():
            return UnreachableError("no-store")
    return UnreachableError("unreachable", why="database", sqlstate=error.sqlstate)


@contextmanager
def translated() -> Iterator[None]:
    """Give a failure of the database as ours, and let nothing of its text through."""
    try:
        yield
    except psycopg.Error as e:
        raise unreachable(e) from None  # its text can have what was sent


def read_place(place: str) -> dict[str, Any]:
    """Read what a place says, as libpq does.

    Raises:
        UsageError: "bad-place"; "password-in-place", for whoever lists processes sees it there.
    """
    try:
        said = conninfo_to_dict(place) if place.startswith(SCHEME) else {}
    except psycopg.Error:
        said = {}
    if not said and place != SCHEME:
        raise UsageError("bad-place")
    if any(said.get(name) for name in _SECRETS):
        raise UsageError("password-in-place")
    return said


def in_schema(place: str, schema: str) -> str:
    """Name the place of another schema of the same database."""
    head, _, query = place.partition("?")
    said = dict(parse_qsl(query, keep_blank_values=True))
    said["options"] = f"{said.get('options', '')} -csearch_path={schema}".strip()
    return f"{head}?{urlencode(said, quote_via=quote)}"


class Link:
    """The connections to one place. Any number of threads may lend one at a time."""

    def __init__(self, place: str, schema: str | None = None) -> None:
        """Connect to nothing yet. Another schema than the first can be named. Raises as `read_place`."""
        self._schema = schema
        self._idle: list[Connection] = []
        self._lock = Lock()
        weakref.finalize(
            self, _close, self._idle, os.getpid()
        )  # before what it closes is thrown away by itself
        self._said = make_conninfo("", **{**_DEFAULTS, **read_place(place)})

    @contextmanager
    def lend(self) -> Iterator[Connection]:
        """Lend a connection, outside of any transaction; and take it back.

        Raises:
            UnreachableError: whatever the database does wrong in the block.
        """
        with translated():
            connection = self._take()
            try:
                yield connection
            finally:
                self._give_back(connection)

    def _take(self) -> Connection:
        """Give a connection that is whole: kept ones first, but not one that was dropped meanwhile."""
        while True:
            with self._lock:
                if not self._idle:
                    break
                connection = self._idle.pop()
            if _is_quiet(connection):
                return connection
            connection.close()
        try:
            connection = psycopg.connect(self._said, autocommit=True)
        except psycopg.OperationalError:
            raise UnreachableError("unreachable", why="connecting") from None  # its text has the place
        try:
            connection.execute(_BEGIN)
            if self._schema is not None:
                connection.execute("SELECT set_config('search_path', quote_ident(%s), false)", [self._schema])
        except BaseException:
            connection.close()
            raise
        return connection

    def _give_back(self, connection: Connection) -> None:
        """Keep a connection for the next one; one in the middle of something is closed, which undoes that."""
        with self._lock:
            if _is_at_rest(connection) and len(self._idle) < _KEPT:
                self._idle.append(connection)
                return
        with suppress(psycopg.Error):
            connection.close()

    def close(self) -> None:
        """Close what is kept open and lent to nobody."""
        _close(self._idle, os.getpid())


def _close(connections: list[Connection], made_by: int) -> None:
    """Close connections, and take them from the list; not in a forked process, whose own they are not."""
    while connections and os.getpid() == made_by:
        with suppress(psycopg.Error, IndexError):  # another thread may have taken the last
            connections.pop().close()


def _is_at_rest(connection: Connection) -> bool:
    """Tell whether a connection is open, and in no transaction."""
    return not connection.closed and connection.info.transaction_status == TransactionStatus.IDLE


def _is_quiet(connection: Connection) -> bool:
    """Tell whether nothing has come in since: a server says something only to a guest that it throws out."""
    if connection.closed:
        return False
    with DefaultSelector() as waiting:
        waiting.register(connection.fileno(), EVENT_READ)
        return not waiting.select(0)
