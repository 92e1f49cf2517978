"""Where an agent is reached: a file in the user's own folder, and who may come in by it."""

import ctypes
import os
import socket
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from keys import private
from keys.primitives import mac, random_bytes

NONCE_SIZE = PROOF_SIZE = 32
_SECRET_SIZE = 32
_PORT_SIZE = 2
_PATIENCE = 10.0  # seconds for the other side to say something
_WAITING = 64  # clients that knock at once
_OTHERS = 0o077  # the mode bits of group and others


class Door:
    """Where an agent is reached: a Unix socket, or a port of this computer with a secret in a file.

    Either is one file in the user's own folder. It is made under a name of its own and then renamed, so that
    of several agents for one session the last one made stays; the others see it, and lock.
    """

    def __init__(self, folder: Path, name: str, *, loopback: bool) -> None:
        """Open it. Raises OSError."""
        self._path = folder / name
        self.secret = random_bytes(_SECRET_SIZE) if loopback else None
        self.listener = _port() if loopback else socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with own_folder(folder) as inside:
                fresh = inside / f".{random_bytes(8).hex()}"
                self._make(fresh)
                self._mark = _mark(fresh)
                fresh.replace(inside / name)
        except BaseException:
            self.listener.close()
            raise

    def _make(self, path: Path) -> None:
        """Make the file, mode 0600, behind which somebody listens already."""
        if self.secret is None:
            self.listener.bind(str(path))
            path.chmod(0o600)
        else:
            private.create(path, self.listener.getsockname()[1].to_bytes(2, "big") + self.secret)
        self.listener.listen(_WAITING)
        self.listener.setblocking(False)

    def stands(self) -> bool:
        """Tell whether what is found there is still this door."""
        with suppress(OSError):
            return _mark(self._path) == self._mark
        return False

    def close(self) -> None:
        """Take it away, unless another stands there by now."""
        if self.stands():
            self._path.unlink(missing_ok=True)
        self.listener.close()


def _port() -> socket.socket:
    """Listen on a port that only this computer reaches."""
    return socket.create_server(("127.0.0.1", 0))


def _mark(path: Path) -> tuple[int, int]:
    """Tell one file from every other that has its name, before or after."""
    about = path.lstat()
    return about.st_ino, about.st_mtime_ns


def dial(path: Path) -> tuple[socket.socket, bytes]:
    """Connect to what is there, if it is this user's; a port has a secret with it. Raises OSError."""
    about = path.lstat()
    if hasattr(os, "geteuid") and about.st_uid != os.geteuid():
        raise PermissionError("place")
    if not stat.S_ISSOCK(about.st_mode):
        port, secret = _read_port(path)
        return socket.create_connection(("127.0.0.1", port), _PATIENCE), secret
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(_PATIENCE)
        connection.connect(str(path))
    except BaseException:
        connection.close()
        raise
    return connection, b""


def _read_port(path: Path) -> tuple[int, bytes]:
    """Read the file of an agent on a port: its number (2 bytes) and the secret (32). Raises OSError."""
    found = private.read(path, _PORT_SIZE + _SECRET_SIZE)
    if found is None or found[1] or len(found[0]) != _PORT_SIZE + _SECRET_SIZE:
        raise PermissionError("place")
    return int.from_bytes(found[0][:_PORT_SIZE], "big"), found[0][_PORT_SIZE:]


def proof(secret: bytes, side: str, nonce: bytes) -> bytes:
    """Prove without showing it that a side (`client`, `agent`) has the secret of an agent on a port."""
    return mac(secret, f"dossier/agent/1 {side} ".encode("ascii") + nonce)


def peer_uid(connection: socket.socket) -> int | None:
    """Tell whose process is at the other end of a Unix socket; None where the system does not tell."""
    if connection.family != getattr(socket, "AF_UNIX", None):
        return None
    if hasattr(socket, "SO_PEERCRED"):
        about = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return int(struct.unpack("3i", about)[1])
    uid, gid = ctypes.c_uint32(), ctypes.c_uint32()
    tell = getattr(ctypes.CDLL(None), "getpeereid", None)  # of macOS and the BSDs
    if tell is None or tell(connection.fileno(), ctypes.byref(uid), ctypes.byref(gid)):
        return None
    return uid.value


@contextmanager
def own_folder(folder: Path) -> Iterator[Path]:
    """Open a folder that is this user's alone, and no link; give a path into that very folder.

    Raises:
        OSError: when it is not there, or not so.
    """
    if not hasattr(os, "geteuid"):  # on Windows a user's own folders are closed to others
        yield folder
        return
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        about = os.fstat(fd)
        if about.st_uid != os.geteuid() or about.st_mode & _OTHERS:
            raise PermissionError("folder")
        # Through the descriptor nothing is exchanged in between, and no path is too long for a socket.
        inside = Path(f"/proc/self/fd/{fd}")
        yield inside if inside.exists() else folder
    finally:
        os.close(fd)
