"""A turn at the frontier: the one transaction in which a store in a database is written."""

from collections.abc import Callable, Sequence
from threading import get_ident
from typing import Any

import psycopg
from psycopg import errors
from psycopg.pq import TransactionStatus

from dossier.errors import IntegrityError, UnreachableError
from dossier.model import StoreId
from dossier.storage.postgres_link import Connection, translated
from dossier.storage.postgres_schema import SIGN, sign_of

_FAR = 300  # seconds by which the clocks of this computer and of the database may differ
_ENOUGH = 1 << 24  # bytes after which a draft is kept on the way
_BEGIN = f"""
    BEGIN;
    SET LOCAL lock_timeout = '%dms';
    {SIGN} FOR UPDATE;
    SELECT page, start + length(record) FROM log ORDER BY page DESC, start DESC LIMIT 1;
    SELECT extract(epoch FROM clock_timestamp())
"""  # noqa: S608 (fixed text)
_APPEND = "INSERT INTO log SELECT * FROM unnest(%b::bigint[], %b::bigint[], %b::bytea[])"


class Turn:
    """Guards that what is appended follows on the log's end, and that nothing counts before it is committed.

    Each question of `_BEGIN` sees what was committed before it: so the end is seen under the lock.
    """

    def __init__(
        self,
        connection: Connection,
        store_id: StoreId,
        clock: Callable[[], float],
        patience: float,
        *,
        draft: bool,
    ) -> None:
        """`connection` is this turn's alone until it has ended; `patience` is in seconds."""
        self._patience = patience
        self.thread = get_ident()
        self._connection = connection
        self._store_id = store_id
        self._clock = clock
        self._draft = draft
        self._end = (0, 0)  # the page in which the log ends, and its length
        self._waiting: list[tuple[int, int, bytes]] = []  # what is appended and was not sent yet
        self._changed = False
        self._volume = 0  # bytes sent since the beginning

    def begin(self) -> None:
        """Lock the frontier.

        Raises:
            UnreachableError: "busy"; "no-store" when another store stands there by now; "server-clock".
        """
        found = []
        try:
            answers = self._connection.execute(_BEGIN % round(self._patience * 1000))
            while answers.nextset():
                if answers.description:
                    found.append(answers.fetchone())
        except errors.LockNotAvailable:
            raise UnreachableError("busy", seconds=round(self._patience)) from None  # as `translated`
        first, end, now = found
        sign = sign_of(first)
        if sign.store_id != self._store_id or sign.draft != self._draft:
            raise UnreachableError("no-store")
        self._end = (0, 0) if end is None else (end[0], end[1])
        assert now is not None  # noqa: S101 (it is asked of no table)
        apart = self._clock() - float(now[0])
        if abs(apart) > _FAR:
            raise UnreachableError("server-clock", seconds=round(apart))

    def append(self, page: int, offset: int, record: bytes) -> None:
        """Put a record behind the log's end.

        Raises:
            UnreachableError: "log-gone" when the page is not there and should be.
            IntegrityError: "log-short", "log-longer" when the log does not end at `offset`.
        """
        last, length = self._end
        if page > last:
            if offset or page != last + 1:
                raise UnreachableError("log-gone", page=page)
        elif page < last or offset < length:
            raise IntegrityError("log-longer", page=page)
        elif offset > length:
            code = IntegrityError("log-short", page=page)
            raise code if length else UnreachableError("log-gone", page=page)
        if record:
            self._waiting.append((page, offset, record))
            self._end = (page, offset + len(record))
            self._volume += len(record)
            self._changed = True

    def ask(self, question: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Ask within the transaction."""
        self._send()
        return self._connection.execute(question, values, binary=True).fetchall()

    def change(self, question: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Ask for a change within the transaction; the question gives rows back."""
        self._changed = True
        self._volume += sum(len(data) for value in values if isinstance(value, list) for data in value)
        with translated():
            return self.ask(question, values)

    def _send(self) -> None:
        """Send what was appended, all of it in one question."""
        if self._waiting:
            columns = [list(column) for column in zip(*self._waiting, strict=True)]
            self._waiting.clear()
            with translated():
                self._connection.execute(_APPEND, columns)

    def rest(self) -> None:
        """Keep what was done of a draft, when that is much, and go on."""
        if self._draft and self._volume >= _ENOUGH:
            self.end()
            self.begin()

    def end(self) -> None:
        """Let all that was done stand.

        Raises:
            UnreachableError: "outcome-unknown" when the answer to that did not come; else nothing stands.
        """
        self._volume = 0
        if not self._changed:
            with translated():
                self._connection.execute("ROLLBACK")  # a commit would wait for the disk, for nothing
            return
        self._send()
        self._changed = False
        try:
            answer = self._connection.execute("COMMIT")
        except psycopg.Error:
            raise UnreachableError("outcome-unknown") from None  # its text can have what was sent
        if answer.statusmessage != "COMMIT":
            raise UnreachableError("unreachable", why="database")

    def end_after_error(self) -> None:
        """Let what was done before an error stand, unless it was the database's own: then nothing can."""
        if self._connection.info.transaction_status == TransactionStatus.INTRANS:
            self.end()
