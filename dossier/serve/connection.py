"""Connection: one of the gate's HTTP connections, which nobody holds open with half a request."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_LATEST = 15.0  # seconds from a connection's or a request's beginning to the end of its headers
_LARGEST = 32 << 10  # bytes of headers


class Connection(HttpToolsProtocol):
    """Guards that headers come to an end, soon, and that a body that nobody reads closes the connection."""

    _late: asyncio.TimerHandle | None = None
    _read = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin."""
        super().connection_made(transport)
        self._begin()

    def _begin(self) -> None:
        """Give a request its time."""
        self._read = 0
        self._late = self.loop.call_later(_LATEST, self._abort)

    def _abort(self) -> None:
        self.transport.abort()

    def _done(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def on_message_begin(self) -> None:
        """Begin a request, on a connection that was kept open."""
        super().on_message_begin()
        if self._late is None:
            self._begin()

    def on_headers_complete(self) -> None:
        """End the headers."""
        self._done()
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Take in bytes; too many headers end it."""
        super().data_received(data)
        if self._late is not None:
            self._read += len(data)
            if self._read > _LARGEST:
                self._abort()

    def on_response_complete(self) -> None:
        """Close when it was answered before its body had come."""
        super().on_response_complete()
        cycle: Any = self.cycle
        if cycle is not None and cycle.more_body:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._done()
        super().connection_lost(exc)
