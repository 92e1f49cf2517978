"""Sealed contents as chunks in a database: streamed both ways, and no transaction waits for whoever reads."""

import hashlib
import io
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from dossier.errors import IntegrityError, UnreachableError
from dossier.model import Digest

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_CHUNK = 1 << 16  # bytes in a row
_BATCH = 16  # rows in a question
_PIECE = _CHUNK * _BATCH

Ask = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]

_NAME = """
    ON CONFLICT (digest) DO UPDATE SET former = contents.stream, stream = excluded.stream,
        size = excluded.size, at = clock_timestamp()
    RETURNING former
"""
_PUT_WHOLE = f"""
    WITH mine AS MATERIALIZED (SELECT nextval('streams') AS stream),
    kept AS (
        INSERT INTO chunks
        SELECT stream, n - 1, data FROM mine, unnest(%b::bytea[]) WITH ORDINALITY AS c (data, n)
    )
    INSERT INTO contents (digest, stream, size) SELECT %s, stream, %s FROM mine {_NAME}
"""  # noqa: S608 (fixed text)
_STAGE = "INSERT INTO staging (stream) VALUES (nextval('streams')) RETURNING stream"
_PUT_PIECE = """
    INSERT INTO chunks SELECT stream, %s + n - 1, data
    FROM staging, unnest(%b::bytea[]) WITH ORDINALITY AS c (data, n) WHERE stream = %s RETURNING number
"""
_PUT_NAME = f"""
    WITH mine AS (DELETE FROM staging WHERE stream = %s RETURNING stream)
    INSERT INTO contents (digest, stream, size) SELECT %s, stream, %s FROM mine {_NAME}
"""  # noqa: S608 (fixed text)
_DROP = "DELETE FROM chunks WHERE stream = %s RETURNING number"
_UNSTAGE = """
    WITH gone AS (DELETE FROM staging WHERE stream = %s RETURNING stream)
    DELETE FROM chunks USING gone WHERE chunks.stream = gone.stream RETURNING number
"""
_OPEN = """
    SELECT contents.stream, size, data FROM contents
    LEFT JOIN chunks ON chunks.stream = contents.stream AND number < %s WHERE digest = %s ORDER BY number
"""
_READ = "SELECT data FROM chunks WHERE stream = %s AND number >= %s AND number < %s ORDER BY number"
_WHERE = "SELECT stream FROM contents WHERE digest = %s"


def put_content(ask: Ask, sealed: BinaryIO) -> tuple[Digest, int]:
    """Keep sealed bytes durably; give their digest and length. What was there is mended by it."""
    first = _read_full(sealed)
    if len(first) == _PIECE:
        return _put_long(ask, first, sealed)
    digest = Digest(hashlib.sha256(first).hexdigest())
    _drop_former(ask, ask(_PUT_WHOLE, [_chunks(first), digest, len(first)]))
    return digest, len(first)


def _put_long(ask: Ask, piece: bytes, sealed: BinaryIO) -> tuple[Digest, int]:
    """Stage a stream in pieces, each kept by itself, and then name it."""
    [(stream,)] = ask(_STAGE, [])
    seen, size = hashlib.sha256(), 0
    try:
        while piece:
            _check_staged(ask(_PUT_PIECE, [size // _CHUNK, _chunks(piece), stream]))
            seen.update(piece)
            size += len(piece)
            piece = _read_full(sealed)
        digest = Digest(seen.hexdigest())
        named = ask(_PUT_NAME, [stream, digest, size])
        _check_staged(named)
    except BaseException:
        with suppress(UnreachableError):
            ask(_UNSTAGE, [stream])
        raise
    _drop_former(ask, named)
    return digest, size


def _check_staged(rows: list[tuple[Any, ...]]) -> None:
    """See that a stream was still staged: a repair sweeps what takes too long."""
    if not rows:
        raise UnreachableError("unreachable", why="database")


def _read_full(sealed: BinaryIO) -> bytes:
    """Read a whole piece, less only at the end. The stream's own errors stay its own."""
    pieces, left = [], _PIECE
    while left and (piece := sealed.read(left)):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def _chunks(piece: bytes) -> list[bytes]:
    return [piece[start : start + _CHUNK] for start in range(0, len(piece), _CHUNK)]


def _drop_former(ask: Ask, named: list[tuple[Any, ...]]) -> None:
    """Drop the stream that was named before. In a question of its own, which sees what came meanwhile."""
    if named[0][0] is not None:
        ask(_DROP, [named[0][0]])


def get_content(ask: Ask, digest: Digest) -> BinaryIO:
    """Open a content for reading. Raises IntegrityError("content-missing")."""
    rows = ask(_OPEN, [_BATCH, digest])
    if not rows:
        raise IntegrityError("content-missing", digest=digest)
    stream, size, _ = rows[0]
    first = b"".join(data for _, _, data in rows if data is not None)
    return cast("BinaryIO", io.BufferedReader(_Sealed(ask, digest, stream, size, first), _CHUNK))


class _Sealed(io.RawIOBase):
    """A content being read, a batch of chunks at a time."""

    def __init__(self, ask: Ask, digest: Digest, stream: int, size: int, first: bytes) -> None:
        self._ask = ask
        self._digest = digest
        self._stream = stream
        self._size = size
        self._taken = len(first)
        self._piece = memoryview(first)
        self._number = _BATCH

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        if not self._piece and self._taken < self._size:
            self._piece = memoryview(self._next())
            self._taken += len(self._piece)
        into = memoryview(buffer).cast("B")
        count = min(len(into), len(self._piece))
        into[:count] = self._piece[:count]
        self._piece = self._piece[count:]
        return count

    def _next(self) -> bytes:
        """Fetch the next batch; of the stream that has the name now, where it was put once more meanwhile."""
        for _ in range(2):
            rows = self._ask(_READ, [self._stream, self._number, self._number + _BATCH])
            if rows:
                break
            named = self._ask(_WHERE, [self._digest])
            if not named:
                raise IntegrityError("content-missing", digest=self._digest)
            self._stream = named[0][0]
        self._number += _BATCH
        return b"".join(data for (data,) in rows)
