"""HttpLine: calls over HTTPS, or over HTTP or a Unix socket on this computer; one connection, kept open."""

import re
import socket
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any, BinaryIO, Self, cast

from dossier.errors import UnreachableError, UsageError
from dossier.serve.call import HEADER
from dossier.serve.messages import ABOUT, ANSWER, LARGEST_BODY, ROOT
from dossier.serve.wire import Reply

_PATIENCE = 30.0  # seconds for an answer
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_PLACE = re.compile(r"(https?)://(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(?::([0-9]{1,5}))?/?")
_LARGEST_ANSWER = 4 * LARGEST_BODY


class HttpLine:
    """A line to the gate at a place. Implements `wire.Line`."""

    def __init__(self, place: str) -> None:
        """`https://host[:port]`, `http://` for this computer only, or `unix:/path`.

        Raises:
            UsageError: "place-not-served" for any other place.
        """
        self._place = place
        self._connection: HTTPConnection | None = None
        if not place.startswith("unix:/"):
            _parts(place)

    def _connected(self) -> HTTPConnection:
        if self._connection is None:
            self._connection = _connection(self._place)
        return self._connection

    def about(self) -> bytes:
        """Ask which gate this is."""
        response = self._request("GET", ABOUT, b"", {})
        return _read(response)

    def call(self, verb: str, header: str, body: bytes | BinaryIO) -> Reply:
        """Make a call."""
        headers = {HEADER: header, "Content-Type": "application/json"}
        if not isinstance(body, bytes):
            headers["Content-Type"] = "application/octet-stream"
            headers["Content-Length"] = str(_length(body))
        response = self._request("POST", ROOT + verb, body, headers)
        kind = response.headers.get_content_type()
        if kind == "application/octet-stream":
            return Reply("", b"", cast("BinaryIO", _Stream(response)))
        if (
            kind != "application/json"
        ):  # a proxy's word, or the server's own: the gate may be back in a moment
            raise ConnectionError("no-gate")
        return Reply(response.getheader(ANSWER, ""), _read(response))

    def _request(self, method: str, path: str, body: Any, headers: dict[str, str]) -> HTTPResponse:
        """Ask over the connection that is open. Raises OSError when it breaks."""
        connection = self._connected()
        try:
            try:
                connection.request(method, path, body, headers)
            except (BrokenPipeError, ConnectionResetError):
                if isinstance(body, bytes):
                    raise
                # A content that is not taken: why, may stand there already.
            return connection.getresponse()
        except HTTPException as e:
            raise ConnectionError("http") from e
        except OSError as e:
            if type(e).__name__ == "SSLCertVerificationError":  # waiting makes it no better
                raise UnreachableError("gate-certificate") from e
            raise

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class _Stream:
    """Bytes as they come; where they stop coming, the gate is away."""

    def __init__(self, response: HTTPResponse) -> None:
        self._response = response

    def read(self, size: int = -1) -> bytes:
        """Read some. Raises UnreachableError: "gate-away"."""
        try:
            data = self._response.read(None if size < 0 else size)
        except (HTTPException, OSError) as e:
            raise UnreachableError("gate-away") from e
        if size and not data and self._response.length:  # asked for a part, it does not say that it was cut
            raise UnreachableError("gate-away")
        return data

    def close(self) -> None:
        """Read no more."""
        self._response.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _length(body: BinaryIO) -> int:
    body.seek(0, 2)
    length = body.tell()
    body.seek(0)
    return length


def _read(response: HTTPResponse) -> bytes:
    """Read an answer whole. Raises OSError when it is cut short or too long."""
    try:
        data = response.read(_LARGEST_ANSWER + 1)
    except HTTPException as e:
        raise ConnectionError("http") from e
    if len(data) > _LARGEST_ANSWER:
        raise ConnectionError("too-large")
    if response.length:  # asked for a part, it does not say that it was cut
        raise ConnectionError("cut")
    return data


def _parts(place: str) -> tuple[str, str, int | None]:
    found = _PLACE.fullmatch(place)
    if found is None or (found[1] == "http" and found[2] not in _LOOPBACK):
        raise UsageError("place-not-served")
    return found[1], found[2], None if found[3] is None else int(found[3])


def _connection(place: str) -> HTTPConnection:
    if place.startswith("unix:/"):
        return _UnixConnection(place.removeprefix("unix:"))
    scheme, host, port = _parts(place)
    if scheme == "http":
        return HTTPConnection(host.strip("[]"), port or 80, timeout=_PATIENCE)
    import ssl  # noqa: PLC0415 (only where it is used: it takes its time)
    from http.client import HTTPSConnection  # noqa: PLC0415 (there without ssl it is not)

    try:
        trusted = ssl.create_default_context()
        return HTTPSConnection(host.strip("[]"), port or 443, timeout=_PATIENCE, context=trusted)
    except ssl.SSLError as e:
        raise UnreachableError("no-certificates") from e


class _UnixConnection(HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_PATIENCE)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_PATIENCE)
        self.sock.connect(self._path)
