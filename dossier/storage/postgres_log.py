"""The pages of the log in a database: what was appended to a page, in the order of where it starts."""

from collections.abc import Callable, Sequence
from typing import Any

from dossier.errors import IntegrityError, UnreachableError

Ask = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]

# From the row on in which `start` falls; of that row, only what comes from there on.
_PAGE = """
    SELECT start, length(record), CASE WHEN start < %s
        THEN substr(record, (%s - start)::int + 1) ELSE record END
    FROM log WHERE page = %s AND start >= coalesce(
        (SELECT max(start) FROM log WHERE page = %s AND start <= %s), 0)
    ORDER BY start
"""


def read_page(ask: Ask, number: int, start: int) -> bytes:
    """Give the bytes of a page from `start` on; none when the page is not there and `start` is 0.

    Raises:
        UnreachableError: "log-gone" when it is not there and should be.
        IntegrityError: "log-short" when it does not reach to `start`, or has a gap.
    """
    rows = ask(_PAGE, [start, start, number, number, start])
    if not rows:
        if start:
            raise UnreachableError("log-gone", page=number)
        return b""
    ends = rows[0][0] if start else 0
    for begins, length, _ in rows:
        if begins != ends:
            raise IntegrityError("log-short", page=number)
        ends += length
    if ends < start:
        raise IntegrityError("log-short", page=number)
    return b"".join(data for _, _, data in rows)
