"""Service: the gate's process: its sockets, its log, its start and its end."""

import json
import logging
import os
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import uvicorn

from dossier.errors import UnreachableError, UsageError
from dossier.model import write_time
from dossier.serve.app import Door
from dossier.serve.connection import Connection
from dossier.serve.office import Office

LARGEST = 4 << 30  # bytes of one content
_BACKLOG = 512
_AT_ONCE = 512  # connections
_GRACE = 15  # seconds for calls under way when it stops
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Listening(NamedTuple):
    """Where calls come in: a Unix socket, or an address with the files of its certificate."""

    place: str
    certificate: Path | None = None
    key: Path | None = None

    def check(self) -> None:
        """See that this can be, before anything that takes long.

        Raises:
            UsageError: "bad-listen", "listen-needs-certificate", "bad-certificate".
        """
        if not self.place.startswith("unix:/"):
            host, _ = _address(self.place)
            if host not in _LOOPBACK and self.certificate is None:
                raise UsageError("listen-needs-certificate")
        if self.certificate is not None or self.key is not None:
            try:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(self.certificate or "", self.key)
            except (OSError, ValueError) as e:
                raise UsageError("bad-certificate") from e

    def socket(self) -> socket.socket:
        """Open the socket.

        Raises:
            UsageError: as `check`.
            UnreachableError: "cannot-listen".
        """
        self.check()
        try:
            if self.place.startswith("unix:/"):
                return _unix(Path(self.place.removeprefix("unix:")))
            host, port = _address(self.place)
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            opened = socket.socket(family, socket.SOCK_STREAM)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.bind((host, port))
        except OSError as e:
            raise UnreachableError("cannot-listen") from e
        return opened


def _address(place: str) -> tuple[str, int]:
    host, _, port = place.rpartition(":")
    if not host or not port.isdecimal() or int(port) >= 1 << 16:
        raise UsageError("bad-listen")
    return host.strip("[]"), int(port)


def _unix(path: Path) -> socket.socket:
    """Open a socket that this user and group may speak to; one that nobody answers any more is replaced."""
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    if path.is_socket():
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as there:
            try:
                there.connect(str(path))
            except ConnectionRefusedError:
                path.unlink()
    mask = os.umask(0o117)
    try:
        opened.bind(str(path))
    finally:
        os.umask(mask)
    return opened


class Journal:
    """Writes what happens as lines of JSON: what, when, how long, and codes; no name, no id, no content."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def __call__(self, event: str, **fields: Any) -> None:
        """Write a line."""
        shown = {name: value for name, value in fields.items() if value is not None}
        line = json.dumps({"at": write_time(datetime.now(UTC)), "event": event, **shown})
        with self._lock:
            self._stream.write(line + "\n")
            self._stream.flush()


class _ToJournal(logging.Handler):
    """Puts what the HTTP server has to say into the journal: its level and its kind, never its words."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(logging.WARNING)
        self._journal = journal

    def emit(self, record: logging.LogRecord) -> None:
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        self._journal("server", level=record.levelname.lower(), kind=kind)


def serve(office: Office, listening: Listening, ready: Callable[[str], None], largest: int = LARGEST) -> None:
    """Answer calls until this process is told to stop; then what was taken is answered, and memory saved.

    `ready` is called once calls are answered.
    """
    opened = listening.socket()
    journal = Journal(sys.stderr)
    logger = logging.getLogger("uvicorn.error")
    logger.handlers, logger.propagate = [_ToJournal(journal)], False
    door = Door(office, journal, largest)
    config = uvicorn.Config(
        door.app(),
        http=Connection,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        lifespan="on",
        backlog=_BACKLOG,
        limit_concurrency=_AT_ONCE,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=_GRACE,
        server_header=False,
        date_header=False,
        ssl_certfile=None if listening.certificate is None else str(listening.certificate),
        ssl_keyfile=None if listening.key is None else str(listening.key),
    )
    server = _Server(config, lambda: ready(_where(listening.place, opened)))
    try:
        server.run(sockets=[opened])
    finally:
        if listening.place.startswith("unix:/"):
            Path(listening.place.removeprefix("unix:")).unlink(missing_ok=True)


def _where(place: str, opened: socket.socket) -> str:
    """Say where calls come in, with the port that was found free."""
    return place if place.startswith("unix:/") else f"{place.rpartition(':')[0]}:{opened.getsockname()[1]}"


class _Server(uvicorn.Server):
    """Tells when it answers."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGTERM and SIGINT, and end well: having been told to is no failure."""
        before = {number: signal.signal(number, self.handle_exit) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and tell."""
        await super().startup(sockets)
        if self.started:
            self._ready()
