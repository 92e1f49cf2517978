"""An unlocked identity in a process of its own, behind a local socket: start it, reach it, work with it."""

import os
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from keys.agent_place import NONCE_SIZE, dial, own_folder, peer_uid, proof
from keys.agent_wire import (
    READY,
    AgentGoneError,
    Handover,
    Kind,
    Leader,
    Outcome,
    Request,
    State,
    frame,
    take_frame,
)
from keys.errors import BadEncodingError, DoesNotOpenError, WeakKeyError
from keys.identity import Identity
from keys.primitives import KEY_SIZE, SIGNATURE_SIZE, random_bytes, same
from keys.tokenbytes import Unlocked

__all__ = ["AgentGoneError", "AgentIdentity", "Leader", "State", "lock", "start", "state"]

_CHUNK = 1 << 16
_SIZES = {Kind.UNBOX: KEY_SIZE, Kind.SIGN: SIGNATURE_SIZE, Kind.MAC: 32}
# All that an agent gets of the environment: what Windows needs for a socket, and where Python's parts are.
_NEEDED = ("SYSTEMROOT", "PYTHONHOME", "PYTHONPATH")


class AgentIdentity:
    """An identity that an agent holds; a connection to it that is made anew once where it broke.

    `otherwise` gives the same identity where the agent is gone for good; the command then goes on with that.
    """

    __slots__ = ("_instead", "_line", "_otherwise", "_place", "card", "contact")

    def __init__(self, place: Path, otherwise: Callable[[], Identity] | None = None) -> None:
        """Reach the agent at a place. Raises AgentGoneError."""
        self._place = place
        self._line, found = _reach(place)
        self.card, self.contact = found.card, found.contact
        self._otherwise = otherwise
        self._instead: Identity | None = None

    def __repr__(self) -> str:
        return f"AgentIdentity({self.card.handle})"

    def unbox(self, sealed: bytes, context: bytes) -> bytes:
        """Open a box of a 32-byte secret. Raises DoesNotOpenError, AgentGoneError."""
        return self._do(Kind.UNBOX, sealed, context)

    def sign(self, message: bytes, context: bytes) -> bytes:
        """Sign context ‖ message; 64 bytes. Raises AgentGoneError."""
        return self._do(Kind.SIGN, message, context)

    def mac(self, message: bytes, context: bytes) -> bytes:
        """HMAC-SHA256 over context ‖ message, under a key of this member. Raises AgentGoneError."""
        return self._do(Kind.MAC, message, context)

    def close(self) -> None:
        """Hang up."""
        self._line.close()

    def _do(self, kind: Kind, message: bytes, context: bytes) -> bytes:
        if self._instead is None:
            with suppress(AgentGoneError):
                return self._ask(kind, message, context)
            with suppress(AgentGoneError):
                self._dial_again()
                return self._ask(kind, message, context)
            self._instead = self._other()
        identity = self._instead
        work = {Kind.UNBOX: identity.unbox, Kind.SIGN: identity.sign, Kind.MAC: identity.mac}
        return work[kind](message, context)

    def _ask(self, kind: Kind, message: bytes, context: bytes) -> bytes:
        answer = self._line.ask(Request(kind, message, context))
        if len(answer) != _SIZES[kind]:
            raise AgentGoneError("answer")
        return answer

    def _dial_again(self) -> None:
        self._line.close()
        self._line, found = _reach(self._place)
        if found.card != self.card:
            raise AgentGoneError("card")

    def _other(self) -> Identity:
        self._line.close()
        if self._otherwise is None:
            raise AgentGoneError("agent")
        other = self._otherwise()
        if other.card != self.card:
            raise AgentGoneError("card")
        return other


class _Line:
    """A connection to an agent whose folder, file and process are this user's."""

    def __init__(self, place: Path) -> None:
        """Dial. Raises AgentGoneError."""
        self._inbox = bytearray()
        try:
            with own_folder(place.parent) as inside:
                self._socket, secret = dial(inside / place.name)
        except OSError as e:
            raise AgentGoneError("place") from e
        try:
            self._check_peer(secret)
        except BaseException:
            self.close()
            raise

    def state(self) -> State:
        """Ask the agent about itself. Raises AgentGoneError."""
        try:
            return State.read(self.ask(Request(Kind.STATE)))
        except (BadEncodingError, DoesNotOpenError, WeakKeyError) as e:
            raise AgentGoneError("state") from e

    def ask(self, request: Request) -> bytes:
        """Put a request; give what comes of it. Raises DoesNotOpenError, AgentGoneError."""
        return self._exchange(request.write())

    def lock(self) -> None:
        """Lock the agent, unless it is gone already, and wait until it has hung up."""
        with suppress(AgentGoneError, DoesNotOpenError, OSError):
            self.ask(Request(Kind.LOCK))
            self._socket.recv(1)
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _check_peer(self, secret: bytes) -> None:
        """See that it is a process of this user; on a port, that each side has the secret of the file."""
        uid = peer_uid(self._socket)
        if uid is not None and uid != os.geteuid():
            raise AgentGoneError("peer")
        if not secret:
            return
        nonce = random_bytes(NONCE_SIZE)
        theirs = self._exchange(nonce + proof(secret, "client", nonce))
        if not same(theirs, proof(secret, "agent", nonce)):
            raise AgentGoneError("proof")

    def _exchange(self, body: bytes) -> bytes:
        """Send a frame, wait for the one that answers it, and see what came of it."""
        try:
            self._socket.sendall(frame(body))
            while (answer := take_frame(self._inbox)) is None:
                data = self._socket.recv(_CHUNK)
                if not data:
                    raise AgentGoneError("end")
                self._inbox += data
        except (OSError, BadEncodingError) as e:
            raise AgentGoneError("line") from e
        if answer[:1] == bytes([Outcome.DOES_NOT_OPEN]):
            raise DoesNotOpenError("box")
        if answer[:1] != bytes([Outcome.DONE]):
            raise AgentGoneError("answer")
        return answer[1:]


def _reach(place: Path) -> tuple[_Line, State]:
    """Dial, and ask the agent about itself. Raises AgentGoneError."""
    line = _Line(place)
    try:
        return line, line.state()
    except BaseException:
        line.close()
        raise


def state(place: Path) -> State | None:
    """Ask the agent at a place about itself; None when there is none."""
    with suppress(AgentGoneError):
        line, found = _reach(place)
        line.close()
        return found
    return None


def lock(place: Path) -> bool:
    """Lock the agent at a place and wait until it is gone; tell whether there was one."""
    found = False
    with suppress(AgentGoneError):
        _Line(place).lock()
        found = True
    with suppress(OSError), own_folder(place.parent) as inside:
        (inside / place.name).unlink()  # left by one that was killed; one that hangs locks when this is gone
    return found


def start(
    unlocked: Unlocked,
    place: Path,
    idle: int,
    longest: int,
    leader: Leader | None,
    *,
    loopback: bool = not hasattr(socket, "AF_UNIX"),
) -> State:
    """Start an agent that holds an unlocked token, instead of any that is there.

    It locks after `idle` seconds without use, after `longest` seconds, and when `leader` has ended. On a port
    of this computer (`loopback`) where the system has no Unix sockets.

    Raises:
        AgentGoneError: when it could not be started, or its folder is not this user's alone.
        BadEncodingError: when the token has had no contact, or a time is longer than any agent lasts.
    """
    identity, contact = unlocked
    if contact is None:
        raise BadEncodingError("contact")
    told = Handover(identity.card, contact, str(place.parent), place.name, idle, longest, leader, loopback)
    before = found = None
    with suppress(AgentGoneError):
        before = _Line(place)
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _spawn(told.write(identity.seeds())) == READY:
            found = state(place)
    except OSError as e:
        raise AgentGoneError("start") from e
    finally:
        if before is not None:  # it would see by itself, within a moment, that another stands in its place
            (before.close if found is None else before.lock)()
    if found is None:
        raise AgentGoneError("start")
    return found


def _spawn(handed: bytes) -> bytes:
    """Start a fresh process with nothing but what it is handed; give what it says. Raises OSError."""
    import subprocess  # noqa: PLC0415 (only who unlocks starts a program)

    environment = {name: os.environ[name] for name in _NEEDED if name in os.environ}
    ours = str(Path(__file__).resolve().parents[1])
    theirs = filter(os.path.isabs, environment.get("PYTHONPATH", "").split(os.pathsep))
    environment["PYTHONPATH"] = os.pathsep.join((ours, *theirs))
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "keys.agent_process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        cwd=Path(sys.executable).anchor,
        start_new_session=True,
    )
    assert process.stdin is not None  # noqa: S101 (a pipe, as asked)
    assert process.stdout is not None  # noqa: S101 (likewise)
    try:
        with process.stdout, process.stdin:
            process.stdin.write(handed)
            process.stdin.close()
            return process.stdout.read(len(READY))
    finally:
        if hasattr(os, "fork"):  # it has forked, and goes on without the process that we started
            process.wait()
        else:  # it goes on itself, and nobody is to wait for it
            process.returncode = 0
