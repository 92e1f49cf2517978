"""The agent: it answers for an identity until it is locked, to this user alone, and nobody can stop it."""

import ctypes
import os
import resource
import runpy
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from select import select
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys import agent, agent_process
from keys.agent import AgentIdentity, lock, start, state
from keys.agent_place import Door, own_folder, peer_uid, proof
from keys.agent_service import Agent, Clocks, system_clocks
from keys.agent_wire import (
    LARGEST,
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
from keys.encoding import canonical_json, parse_json
from keys.errors import BadEncodingError, DoesNotOpenError
from keys.identity import LocalIdentity
from keys.locks import box_to
from keys.token import Contact, Unlocked

NOOR = LocalIdentity.new("noor", "Zo\u00eb de Wit", "Wijkteam Oost")
OTHER = LocalIdentity.new("bram", "Bram", "Wijkteam West")
CONTACT = Contact("0123456789abcdef" * 2, NOOR.card.fingerprint, b"l" * 32)
TOKEN = Unlocked(NOOR, CONTACT)
PLACE = b"a place"
SOON = 5.0  # seconds in which something must have happened
HANDOVER = Handover(NOOR.card, CONTACT, "/folder", "name", 600, 3600, None, loopback=False)
BOTH = pytest.mark.parametrize("loopback", [False, True], ids=["socket", "port"])
root_only = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root is another")
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="/proc tells only there")


class Time:
    """Two clocks that a test sets; nothing is waited for."""

    def __init__(self) -> None:
        self.real = self.awake = 1000.0
        self.standing_still = threading.Lock()  # who holds it makes everyone wait who asks for the time

    def clocks(self) -> Clocks:
        """Give them as an agent takes them."""
        return Clocks(self.tell, lambda: self.awake)

    def tell(self) -> float:
        """Tell the time."""
        with self.standing_still:
            return self.real

    def go(self, seconds: float) -> None:
        """Let time pass."""
        self.real += seconds
        self.awake += seconds


class Running:
    """An agent in a thread of this process."""

    def __init__(self, folder: Path, clock: Time | None = None, **changes: Any) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self.place = folder / "noor.agent"
        self.clock = clock or Time()
        told = HANDOVER._replace(folder=str(folder), name=self.place.name, **changes)
        door = Door(folder, told.name, loopback=told.loopback)
        self.thread = threading.Thread(target=Agent(NOOR, told, door, self.clock.clocks()).serve, daemon=True)
        self.thread.start()

    def locked(self) -> bool:
        """Tell whether it has locked: knock, so that it looks at its clocks, and see that it is gone."""
        state(self.place)
        self.thread.join(0.2)
        return not self.thread.is_alive()

    def knock(self) -> socket.socket:
        """Connect, and say nothing yet."""
        knocking = socket.socket(socket.AF_UNIX)
        knocking.settimeout(SOON)
        with own_folder(self.place.parent) as inside:
            knocking.connect(str(inside / self.place.name))
        return knocking


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Give what starts agents in this process, and lock them all at the end."""
    started = []

    def run(clock: Time | None = None, **changes: Any) -> Running:
        started.append(Running(tmp_path / "s", clock, **changes))
        return started[-1]

    yield run
    for one in started:
        one.clock.go(10**9)
        state(one.place)  # so that it looks at its clocks
        one.thread.join(SOON)
        assert not one.thread.is_alive()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """Give a place for a real agent, which is locked at the end."""
    found = tmp_path / "s" / "noor.agent"
    yield found
    lock(found)


def heard(connection: socket.socket) -> bytes | None:
    """Give the next answer; None when the agent has hung up."""
    try:
        length = connection.recv(4, socket.MSG_WAITALL)
        return connection.recv(int.from_bytes(length, "big"), socket.MSG_WAITALL) if length else None
    except ConnectionResetError:
        return None


def pid_of(place: Path) -> int:
    with own_folder(place.parent) as inside, socket.socket(socket.AF_UNIX) as knocking:
        knocking.connect(str(inside / place.name))
        about = knocking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return int(struct.unpack("3i", about)[0])


def gone(pid: int) -> bool:
    """Wait until a process has ended; it is nobody's child here, so that nobody has to reap it."""
    until = time.monotonic() + SOON
    while time.monotonic() < until:
        if Leader.of(pid) is None:
            return True
        time.sleep(0.02)
    return False


# What it does.


@BOTH
def test_an_agent_does_what_the_identity_in_it_does(place: Path, *, loopback: bool) -> None:
    found = start(TOKEN, place, 600, 3600, None, loopback=loopback)
    assert (found.card, found.contact, found.idle) == (NOOR.card, CONTACT, 600)
    assert (590 <= found.idle_left <= 600, 3590 <= found.left <= 3600) == (True, True)
    assert found.checked == (not loopback)
    identity = AgentIdentity(place)
    assert (identity.card, identity.contact) == (NOOR.card, CONTACT)
    long = os.urandom(1 << 20)
    for message in (b"", b"m", long):
        assert identity.sign(message, PLACE) == NOOR.sign(message, PLACE)
        assert identity.mac(message, PLACE) == NOOR.mac(message, PLACE)
        assert identity.mac(message, b"elsewhere") != NOOR.mac(message, PLACE)
    box = box_to(NOOR.card, b"k" * 32, PLACE)
    assert identity.unbox(box, PLACE) == b"k" * 32
    for bad, where in ((box, b"elsewhere"), (box[:-1], PLACE), (b"", PLACE), (bytes(len(box)), PLACE)):
        with pytest.raises(DoesNotOpenError):
            identity.unbox(bad, where)
    assert identity.unbox(box, PLACE) == b"k" * 32  # after all that
    identity.close()
    assert lock(place)
    assert list(place.parent.iterdir()) == []
    assert not lock(place)


def test_an_agent_and_its_identity_show_no_seed(running: Callable[..., Running]) -> None:
    identity = AgentIdentity(running().place)
    assert repr(identity) == "AgentIdentity(noor)"
    assert not {"seeds", "_box_seed", "_sign_seed"} & {*dir(identity)}
    identity.close()


def test_no_request_gets_a_key(running: Callable[..., Running]) -> None:
    """Every kind there can be, with and without content: only five are understood, and none tells a seed."""
    one = running()
    seeds = [*NOOR.seeds(), *(seed.hex().encode() for seed in NOOR.seeds())]
    with one.knock() as line:
        for kind in range(256):
            if kind == Kind.LOCK:
                continue
            for rest in (frame(b""), frame(b"c") + b"m", b"", b"\0\0\0\7abc"):
                line.sendall(frame(bytes([kind]) + rest))
                answer = heard(line)
                assert answer is not None
                assert not any(seed in answer for seed in seeds)
                if kind not in set(Kind):
                    assert answer == bytes([Outcome.NOT_UNDERSTOOD])


# Who may not come in, and who must not be in the way.

GARBAGE = {
    "nothing": frame(b""),
    "no-context": frame(bytes([Kind.SIGN])),
    "short-context": frame(bytes([Kind.SIGN]) + b"\0\0\0\5abc"),
    "large-context": frame(bytes([Kind.SIGN]) + b"\xff\xff\xff\xff"),
    "state-with-more": frame(bytes([Kind.STATE]) + frame(b"") + b"x"),
    "lock-with-context": frame(bytes([Kind.LOCK]) + frame(b"x")),
    "unknown": frame(b"\x00" + frame(b"")),
    "pickle": frame(b"\x80\x04\x8c\x02os\x8c\x06system\x93."),
    "json": frame(b'{"kind":"sign"}'),
}
TOO_LARGE = {
    "text": b"GET / HTTP/1.1\r\n\r\n",
    "largest": struct.pack(">I", LARGEST) + b"x",
    "4-gigabyte": b"\xff" * 100,
}


@pytest.mark.parametrize("name", GARBAGE)
def test_what_is_no_request_is_refused_and_nobody_is_the_worse(
    running: Callable[..., Running], name: str
) -> None:
    one = running()
    with one.knock() as line:
        line.sendall(GARBAGE[name])
        assert heard(line) == bytes([Outcome.NOT_UNDERSTOOD])
        line.sendall(frame(Request(Kind.SIGN, b"m", PLACE).write()))
        assert heard(line) == bytes([Outcome.DONE]) + NOOR.sign(b"m", PLACE)


@pytest.mark.parametrize("name", TOO_LARGE)
def test_a_frame_that_is_too_large_is_hung_up_on(running: Callable[..., Running], name: str) -> None:
    one = running()
    with one.knock() as line:
        line.sendall(TOO_LARGE[name])
        assert heard(line) is None
    assert state(one.place) is not None


def test_a_request_in_single_bytes_is_put_together(running: Callable[..., Running]) -> None:
    with running().knock() as line:
        for byte in frame(Request(Kind.MAC, b"m", PLACE).write()) + frame(Request(Kind.STATE).write()):
            line.sendall(bytes([byte]))
        assert heard(line) == bytes([Outcome.DONE]) + NOOR.mac(b"m", PLACE)
        answer = heard(line)
        assert answer is not None
        assert State.read(answer[1:]).card == NOOR.card


def test_a_client_that_says_nothing_or_half_of_it_keeps_nobody_waiting(
    running: Callable[..., Running],
) -> None:
    one = running()
    silent, half, polite = one.knock(), one.knock(), AgentIdentity(one.place)
    half.sendall(b"\0\0\1")
    begun = time.monotonic()
    assert polite.sign(b"m", PLACE) == NOOR.sign(b"m", PLACE)
    assert time.monotonic() - begun < SOON
    one.clock.go(11)
    assert state(one.place) is not None
    assert (heard(silent), heard(half)) == (None, None)
    assert polite.sign(b"m", PLACE) == NOOR.sign(b"m", PLACE)  # who has spoken may be silent
    for line in (silent, half, polite):
        line.close()


def test_a_hundred_silent_clients_keep_nobody_out(running: Callable[..., Running]) -> None:
    one = running()
    lines = []
    for _ in range(100):
        lines.append(one.knock())
        assert state(one.place) is not None
    for line in lines:
        line.close()
    identity = AgentIdentity(one.place)
    assert identity.sign(b"m", PLACE) == NOOR.sign(b"m", PLACE)
    identity.close()


def test_who_had_to_go_for_another_is_not_heard_any_more(running: Callable[..., Running]) -> None:
    one, lines = running(), []
    for number in range(64):
        lines.append(one.knock())
        if number in (0, 63):  # the first goes first: of those that wait for nothing it came before the last
            lines[number].sendall(frame(Request(Kind.STATE).write()))
            assert heard(lines[number]) is not None
        else:
            lines[number].sendall(b"\0")
            time.sleep(0.001)
    with one.clock.standing_still:  # all of it comes before the agent looks again
        lines[1].sendall(b"\0")
        lines.append(one.knock())
        lines[0].sendall(frame(Request(Kind.LOCK).write()))
    assert heard(lines[0]) is None
    for line in lines:
        line.close()
    assert state(one.place) is not None


def test_a_client_that_reads_no_answers_keeps_nobody_waiting_and_is_hung_up_on(
    running: Callable[..., Running],
) -> None:
    one = running()
    asked = frame(Request(Kind.STATE).write())
    with one.knock() as patient, one.knock() as greedy:
        for line in (patient, greedy):
            line.sendall(asked * 500)
        identity = AgentIdentity(one.place)
        assert identity.sign(b"m", PLACE) == NOOR.sign(b"m", PLACE)
        identity.close()
        answers = bytearray()
        for _ in range(500):
            while (answer := take_frame(answers)) is None:
                answers += patient.recv(1 << 16)
            assert State.read(answer[1:]).card == NOOR.card
        one.clock.go(11)
        assert state(one.place) is not None
        count = 0
        while greedy.recv(1 << 20):
            count += 1
        assert count > 0
    assert not one.locked()


def test_a_client_that_goes_in_the_middle_stops_nobody(running: Callable[..., Running]) -> None:
    one = running()
    with one.knock() as line:
        line.sendall(frame(Request(Kind.STATE).write()) * 300)
    with one.knock() as line:
        line.sendall(b"\0\0")
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert state(one.place) is not None


AS_SOMEONE = """
import os, socket, sys
os.chdir(sys.argv[1])
if sys.argv[3] == "nobody":
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
line = socket.socket(socket.AF_UNIX)
line.settimeout(10)
try:
    line.connect(sys.argv[2])
    line.sendall(bytes.fromhex(sys.argv[4]))
    print("answered" if line.recv(1) else "hung up")
except (BrokenPipeError, ConnectionResetError):
    print("hung up")
except OSError as e:
    print(type(e).__name__)
"""
LISTENING = """
import os, socket, sys
os.chdir(sys.argv[1])
line = socket.socket(socket.AF_UNIX)
line.bind("noor.agent")
os.setuid(65534)
line.listen()  # whose process does this, is what the other side is told
print("there", flush=True)
other, _ = line.accept()
print(len(other.recv(100)), flush=True)
"""


def reached_by(who: str, one: Running) -> str:
    """Ask an agent about itself from a process of someone, which stands in its folder from the start."""
    asked = frame(Request(Kind.STATE).write()).hex()
    command = [sys.executable, "-c", AS_SOMEONE, str(one.place.parent), one.place.name, who, asked]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip()


@root_only
def test_a_process_of_another_user_is_refused_even_where_folder_and_socket_are_open(
    running: Callable[..., Running],
) -> None:
    one = running()
    assert (reached_by("self", one), reached_by("nobody", one)) == ("answered", "PermissionError")
    one.place.parent.chmod(0o777)
    one.place.chmod(0o777)
    assert (reached_by("self", one), reached_by("nobody", one)) == ("answered", "hung up")
    assert state(one.place) is None  # nor does a client go where others may have been
    one.place.parent.chmod(0o700)
    assert state(one.place) is not None


@root_only
def test_an_agent_of_another_user_is_not_spoken_to(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    folder.mkdir(mode=0o700)
    command = [sys.executable, "-c", LISTENING, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        with pytest.raises(AgentGoneError):
            AgentIdentity(folder / "noor.agent")
        assert process.stdout.readline() == "0\n"  # not a byte


@root_only
def test_a_socket_of_another_user_is_not_knocked_at(running: Callable[..., Running]) -> None:
    one = running()
    os.chown(one.place, 65534, 65534)
    assert state(one.place) is None
    os.chown(one.place, 0, 0)
    assert state(one.place) is not None


def test_either_side_hangs_up_when_the_system_names_another_user(
    running: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the tests above, for who cannot be another user: here the user is told to be another."""
    one, real, here = running(), os.geteuid(), threading.current_thread()
    monkeypatch.chdir(one.place.parent)
    with monkeypatch.context() as patch, socket.socket(socket.AF_UNIX) as line:
        patch.setattr(os, "geteuid", lambda: real + 1)
        line.settimeout(SOON)
        line.connect(one.place.name)
        assert heard(line) is None
    told: list[int] = []
    monkeypatch.setattr(os, "geteuid", lambda: told.pop(0) if threading.current_thread() is here else real)
    for own in (1, 2):  # the folder is one's own, but not the file; or that too, but not the process
        told += [real] * own + [real + 1]
        assert state(one.place) is None
        assert told == []
    told += [real] * 3
    assert state(one.place) is not None


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="modes are of POSIX")
def test_a_folder_that_is_open_or_a_link_or_none_is_not_trusted(
    running: Callable[..., Running], tmp_path: Path
) -> None:
    one = running()
    (tmp_path / "link").symlink_to(one.place.parent)
    assert state(tmp_path / "link" / one.place.name) is None
    assert state(tmp_path / "nowhere" / one.place.name) is None
    for mode in (0o755, 0o710, 0o702):
        one.place.parent.chmod(mode)
        assert state(one.place) is None
        with pytest.raises(AgentGoneError):
            start(TOKEN, one.place, 600, 3600, None)
    one.place.parent.chmod(0o700)
    assert state(one.place) is not None
    one.place.with_name("file").write_bytes(b"")
    with pytest.raises(AgentGoneError):
        start(TOKEN, one.place.with_name("file") / "noor.agent", 600, 3600, None)
    assert one.place.lstat().st_mode & 0o777 == 0o600


# An agent on a port.


def knocked(one: Running, said: bytes) -> bytes | None:
    port = int.from_bytes(one.place.read_bytes()[:2], "big")
    with socket.create_connection(("127.0.0.1", port), SOON) as line:
        line.sendall(frame(said))
        return heard(line)


def test_on_a_port_nothing_is_answered_before_the_secret_is_proved(running: Callable[..., Running]) -> None:
    one = running(loopback=True)
    secret, nonce = one.place.read_bytes()[2:], b"n" * 32
    right = proof(secret, "client", nonce)
    for wrong in (
        Request(Kind.STATE).write(),
        b"",
        secret,
        nonce + secret,
        nonce + right[:-1],
        nonce + right + b"x",
        nonce + proof(secret, "agent", nonce),
        nonce + proof(b"x" * 32, "client", nonce),
        b"x" * 32 + right,
    ):
        assert knocked(one, wrong) is None
    assert knocked(one, nonce + right) == bytes([Outcome.DONE]) + proof(secret, "agent", nonce)
    assert state(one.place) is not None


def test_who_took_the_port_of_an_agent_gets_no_request_and_no_secret(tmp_path: Path) -> None:
    place = tmp_path / "s" / "noor.agent"
    there: list[bytes] = []
    place.parent.mkdir(mode=0o700)

    def answer() -> None:
        connection, _ = listener.accept()
        with connection:
            there.append(connection.recv(1 << 16))
            connection.sendall(frame(bytes([Outcome.DONE]) + b"p" * 32))
            there.append(connection.recv(1 << 16))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        place.touch(mode=0o600)
        place.write_bytes(listener.getsockname()[1].to_bytes(2, "big") + b"s" * 32)
        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(AgentGoneError):
            AgentIdentity(place)
        thread.join(SOON)
    assert [len(said) for said in there] == [4 + 64, 0]
    assert b"s" * 32 not in there[0]


@pytest.mark.parametrize("data", [b"", b"x" * 33, b"x" * 35, b"\0\0" + b"s" * 32, b"\0\1" + b"s" * 32])
def test_a_file_that_leads_to_no_agent_leads_nowhere(tmp_path: Path, data: bytes) -> None:
    place = tmp_path / "s" / "noor.agent"
    place.parent.mkdir(mode=0o700)
    place.touch(mode=0o600)
    place.write_bytes(data)
    assert state(place) is None


def test_the_file_of_a_port_is_not_believed_when_others_may_have_read_it(
    running: Callable[..., Running],
) -> None:
    one = running(loopback=True)
    one.place.chmod(0o644)
    assert state(one.place) is None
    one.place.chmod(0o600)
    assert state(one.place) is not None


# When it locks.


@BOTH
def test_an_agent_locks_on_request_and_is_gone(running: Callable[..., Running], *, loopback: bool) -> None:
    one = running(loopback=loopback)
    identity = AgentIdentity(one.place)
    assert lock(one.place)
    one.thread.join(SOON)
    assert not one.thread.is_alive()
    assert list(one.place.parent.iterdir()) == []
    with pytest.raises(AgentGoneError):
        identity.sign(b"m", PLACE)
    with pytest.raises(AgentGoneError):
        AgentIdentity(one.place)


def test_what_was_asked_behind_a_lock_is_not_done(running: Callable[..., Running]) -> None:
    with running().knock() as line:
        line.sendall(frame(Request(Kind.LOCK).write()) + frame(Request(Kind.SIGN, b"m", PLACE).write()))
        assert heard(line) == bytes([Outcome.DONE])
        assert heard(line) == bytes([Outcome.NOT_UNDERSTOOD])
        assert heard(line) is None


def test_an_agent_locks_when_it_is_not_used_and_asking_how_it_is_is_no_use(
    running: Callable[..., Running],
) -> None:
    one = running()
    identity = AgentIdentity(one.place)
    for _ in range(3):
        one.clock.go(599)
        assert identity.mac(b"m", PLACE) == NOOR.mac(b"m", PLACE)
    one.clock.go(599)
    found = state(one.place)
    assert found is not None
    assert found.idle_left == 1
    one.clock.go(2)
    with pytest.raises(AgentGoneError):
        identity.mac(b"m", PLACE)
    assert one.locked()
    assert not one.place.exists()


def test_an_agent_locks_when_its_time_is_up_however_much_it_is_used(running: Callable[..., Running]) -> None:
    one = running(longest=1000)
    identity = AgentIdentity(one.place)
    one.clock.go(500)
    assert identity.sign(b"m", PLACE) == NOOR.sign(b"m", PLACE)
    found = state(one.place)
    assert found is not None
    assert (found.idle_left, found.left) == (500, 500)
    one.clock.go(300)
    assert identity.sign(b"m", PLACE) == NOOR.sign(b"m", PLACE)
    one.clock.go(201)
    with pytest.raises(AgentGoneError):
        identity.sign(b"m", PLACE)
    assert one.locked()


def test_an_agent_locks_when_the_computer_has_slept(running: Callable[..., Running]) -> None:
    one = running()
    one.clock.go(20)
    one.clock.real += 50  # not worth a lock
    assert not one.locked()
    one.clock.real += 20
    assert one.locked()


def test_an_agent_locks_without_being_asked_anything(running: Callable[..., Running]) -> None:
    one = running()
    one.clock.go(601)
    one.thread.join(SOON)
    assert not one.thread.is_alive()


@linux_only
def test_an_agent_locks_when_the_leader_of_its_session_is_gone(running: Callable[..., Running]) -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        leader = Leader.of(process.pid)
        assert leader is not None
        one = running(leader=leader)
        one.clock.go(2)
        assert not one.locked()
        process.kill()
        assert gone(process.pid)  # a zombie, until somebody waits for it
        one.clock.go(2)
        assert one.locked()
    assert Leader.of(process.pid) is None


def test_another_process_under_the_number_of_the_leader_does_not_pass_for_it(
    running: Callable[..., Running],
) -> None:
    one = running(leader=Leader(os.getpid(), "0.1"))
    one.clock.go(2)
    assert one.locked()


def test_a_process_lives_of_which_the_system_does_not_tell_more(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: Any) -> str:
        raise FileNotFoundError

    def not_ours(*_: Any) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "read_text", none)
    assert Leader.of(os.getpid()) == Leader(os.getpid(), "")
    monkeypatch.setattr(os, "kill", not_ours)
    assert Leader.of(1) == Leader(1, "")


def test_of_agents_that_start_at_once_one_remains(tmp_path: Path) -> None:
    ready, agents = threading.Barrier(4), []
    place = tmp_path / "s" / "noor.agent"

    def begin() -> None:
        ready.wait()
        agents.append(Running(tmp_path / "s"))

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in agents:
        one.clock.go(2)
    until = time.monotonic() + SOON
    while time.monotonic() < until and sum(one.thread.is_alive() for one in agents) > 1:
        time.sleep(0.02)
    assert [one.thread.is_alive() for one in agents].count(True) == 1
    assert [path.name for path in place.parent.iterdir()] == [place.name]
    assert lock(place)
    for one in agents:
        one.thread.join(SOON)
        assert not one.thread.is_alive()


# As a process.


@linux_only
def test_a_killed_agent_leaves_a_socket_that_is_no_session_and_is_replaced(place: Path) -> None:
    start(TOKEN, place, 600, 3600, None)
    identity, first = AgentIdentity(place), pid_of(place)
    os.kill(first, signal.SIGKILL)
    assert gone(first)
    assert place.is_socket()
    assert state(place) is None
    with pytest.raises(AgentGoneError):
        AgentIdentity(place)
    with pytest.raises(AgentGoneError):
        identity.sign(b"m", PLACE)
    start(TOKEN, place, 600, 3600, None)
    second = pid_of(place)
    assert second != first
    os.kill(second, signal.SIGKILL)
    assert gone(second)
    assert not lock(place)
    assert not place.exists()


@linux_only
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_locks(place: Path, number: signal.Signals) -> None:
    start(TOKEN, place, 600, 3600, None)
    pid = pid_of(place)
    os.kill(pid, number)
    assert gone(pid)
    assert list(place.parent.iterdir()) == []


@linux_only
def test_a_session_unlocked_anew_has_a_new_agent_and_the_old_one_is_gone(place: Path) -> None:
    start(TOKEN, place, 600, 3600, None)
    identity, first = AgentIdentity(place), pid_of(place)
    assert start(TOKEN, place, 300, 3600, None).idle == 300
    assert gone(first)
    assert pid_of(place) != first
    assert identity.sign(b"m", PLACE) == NOOR.sign(b"m", PLACE)  # it has dialled again
    identity.close()


@linux_only
def test_an_agent_hangs_on_to_nothing_of_whoever_started_it(place: Path, tmp_path: Path) -> None:
    """Its working folder, environment, arguments, descriptors and session are its own; it dumps no core."""
    inherited = os.open(tmp_path, os.O_RDONLY)
    os.set_inheritable(inherited, True)
    start(TOKEN, place, 600, 3600, None)
    os.close(inherited)
    about = Path(f"/proc/{pid_of(place)}")
    try:
        environment = (about / "environ").read_bytes().rstrip(b"\0").split(b"\0")
    except PermissionError:
        pytest.skip("nobody but root looks into an agent")
    assert {text.partition(b"=")[0] for text in environment} <= {b"PYTHONHOME", b"PYTHONPATH"}
    assert (about / "cmdline").read_bytes().endswith(b"-P\0-m\0keys.agent_process\0")
    assert (about / "cwd").readlink() == Path("/")
    targets = [str(path.readlink()) for path in (about / "fd").iterdir()]
    assert targets.count("/dev/null") == 3
    assert not any("pipe:" in target or str(tmp_path) in target for target in targets)
    assert os.getsid(int(about.name)) not in (os.getsid(0), int(about.name))
    limits = (about / "limits").read_text("ascii").splitlines()
    core = next(line for line in limits if line.startswith("Max core file size"))
    assert core.split()[4:6] == ["0", "0"]


@pytest.mark.parametrize("why", ["seeds", "garbage", "nothing", "no-folder"])
def test_a_process_that_is_handed_nonsense_ends_and_says_nothing(place: Path, why: str) -> None:
    told = HANDOVER._replace(folder=str(place.parent), name=place.name)
    if why != "no-folder":
        place.parent.mkdir(mode=0o700)
    handed = {
        "seeds": told.write(OTHER.seeds()),
        "garbage": b"\x80\x04" * 100,
        "nothing": b"",
        "no-folder": told.write(NOOR.seeds()),
    }
    assert agent._spawn(handed[why]) == b""
    assert not place.exists()


def test_an_agent_that_cannot_be_started_is_said_to_be_gone_and_the_one_before_stays(
    running: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = running()
    for program in ("/nonexistent/python", "/bin/true"):
        monkeypatch.setattr(sys, "executable", program)
        with pytest.raises(AgentGoneError):
            start(TOKEN, one.place, 600, 3600, None)
    assert state(one.place) is not None


def test_a_token_without_contact_gets_no_agent(place: Path) -> None:
    with pytest.raises(BadEncodingError):
        start(Unlocked(NOOR, None), place, 600, 3600, None)


# An identity whose agent goes, or is none.


def test_where_the_agent_goes_the_work_goes_on_with_what_is_given_instead(
    running: Callable[..., Running],
) -> None:
    asked = []

    def otherwise() -> LocalIdentity:
        asked.append(1)
        return NOOR

    one = running()
    identity = AgentIdentity(one.place, otherwise)
    assert identity.sign(b"m", PLACE) == NOOR.sign(b"m", PLACE)
    assert asked == []
    lock(one.place)
    box = box_to(NOOR.card, b"k" * 32, PLACE)
    assert identity.sign(b"m", PLACE) == NOOR.sign(b"m", PLACE)
    assert identity.unbox(box, PLACE) == b"k" * 32
    assert identity.mac(b"m", PLACE) == NOOR.mac(b"m", PLACE)
    assert asked == [1]
    with pytest.raises(DoesNotOpenError):
        identity.unbox(box, b"elsewhere")


def test_what_is_given_instead_has_the_same_card(running: Callable[..., Running]) -> None:
    one = running()
    identity = AgentIdentity(one.place, lambda: OTHER)
    lock(one.place)
    for _ in range(2):
        with pytest.raises(AgentGoneError):
            identity.sign(b"m", PLACE)


class Impostor:
    """Answers whoever dials with one answer after another, then hangs up."""

    def __init__(self, place: Path, *answers: bytes) -> None:
        place.parent.mkdir(mode=0o700, exist_ok=True)
        self.listener = socket.socket(socket.AF_UNIX)
        with own_folder(place.parent) as inside:
            self.listener.bind(str(inside / place.name))
        self.listener.listen()
        self.answers = answers
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        """Answer until closed."""
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                with connection:
                    for answer in self.answers:
                        connection.recv(1 << 16)
                        connection.sendall(answer)

    def end(self) -> None:
        """Stop."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join(SOON)
        self.listener.close()


STATE = State(NOOR.card, CONTACT, 600, 600, 3600, checked=True)
SAID = frame(bytes([Outcome.DONE]) + STATE.write())


@pytest.mark.parametrize(
    "answer",
    [
        frame(b""),
        frame(bytes([Outcome.DONE])),
        frame(bytes([Outcome.DONE]) + b"short"),
        frame(bytes([Outcome.DONE]) + bytes(65)),
        frame(bytes([Outcome.NOT_UNDERSTOOD])),
        frame(b"\x09" + bytes(64)),
        b"\xff" * 8,
        b"\0\0\0\x41",
    ],
)
def test_an_answer_that_cannot_be_is_no_answer(tmp_path: Path, answer: bytes) -> None:
    impostor = Impostor(tmp_path / "s" / "noor.agent", SAID, answer)
    identity = AgentIdentity(tmp_path / "s" / "noor.agent")
    with pytest.raises(AgentGoneError):
        identity.sign(b"m", PLACE)
    impostor.end()


@pytest.mark.parametrize(
    "said", [frame(bytes([Outcome.DOES_NOT_OPEN])), frame(bytes([Outcome.DONE]) + b"{}")]
)
def test_who_does_not_say_how_it_is_is_no_agent(tmp_path: Path, said: bytes) -> None:
    impostor = Impostor(tmp_path / "s" / "noor.agent", said)
    assert state(tmp_path / "s" / "noor.agent") is None
    impostor.end()


def test_an_agent_that_comes_back_with_another_card_is_not_gone_on_with(
    running: Callable[..., Running],
) -> None:
    one = running()
    identity = AgentIdentity(one.place)
    lock(one.place)
    other = frame(bytes([Outcome.DONE]) + STATE._replace(card=OTHER.card).write())
    impostor = Impostor(one.place, other, frame(bytes([Outcome.DONE]) + bytes(64)))
    with pytest.raises(AgentGoneError):
        identity.sign(b"m", PLACE)
    impostor.end()


# What is said, strictly.


def test_what_an_agent_says_and_is_handed_comes_back() -> None:
    assert State.read(STATE.write()) == STATE
    for leader in (None, Leader(7, ""), Leader(7, "0.5")):
        told = HANDOVER._replace(leader=leader)
        assert Handover.read(told.write(NOOR.seeds())) == (told, NOOR.seeds())


STATE_FIELDS: dict[str, Any] = parse_json(STATE.write())
TOLD_FIELDS: dict[str, Any] = parse_json(HANDOVER.write(NOOR.seeds())[64:])
WRONG: list[dict[str, Any]] = [
    {"#": "dossier/agent/2"},
    {"card": STATE_FIELDS["card"][:4]},
    {"card": [*STATE_FIELDS["card"], ""]},
    {"card": [1, 2, 3, 4, 5]},
    {"card": None},
    {"contact": None},
    {"contact": {}},
    {"contact": {**STATE_FIELDS["contact"], "store": "x"}},
    {"idle": -1},
    {"idle": True},
    {"idle": "600"},
    {"idle": 10**7},
    {"more": 1},
]
LEADERS = (None, [7], ["7", ""], [7, 8], [7, "", ""], [True, ""])


@pytest.mark.parametrize("wrong", [*WRONG, {"checked": 1}, {"left": None}])
def test_a_state_that_is_not_exactly_so_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadEncodingError):
        State.read(canonical_json({**STATE_FIELDS, **wrong}))


@pytest.mark.parametrize(
    "wrong",
    [*WRONG, {"loopback": 0}, {"folder": 1}, {"longest": 2**40}, *({"leader": one} for one in LEADERS)],
)
def test_a_handover_that_is_not_exactly_so_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadEncodingError):
        Handover.read(b"".join(NOOR.seeds()) + canonical_json({**TOLD_FIELDS, **wrong}))


@given(st.binary(max_size=80))
def test_whatever_is_said_is_read_exactly_or_refused(data: bytes) -> None:
    for read in (Request.read, State.read, Handover.read):
        try:
            found = read(data)
        except BadEncodingError:
            continue
        assert isinstance(found, Request)
        assert found.write() == data


@given(st.sampled_from([Kind.UNBOX, Kind.SIGN, Kind.MAC]), st.binary(), st.binary())
def test_every_request_comes_back(kind: Kind, message: bytes, context: bytes) -> None:
    request = Request(kind, message, context)
    assert Request.read(request.write()) == request


# The agent's process, done in this one.


@pytest.fixture
def as_before() -> Iterator[None]:
    """Put back what an agent's process does to itself."""
    endings = (15, 1, 2)  # SIGTERM, SIGHUP, SIGINT: a test takes a name away
    before = {number: signal.getsignal(number) for number in endings}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
    agent_process._call("prctl", 4, 1, 0, 0, 0)
    agent_process._call("munlockall")


@linux_only
@pytest.mark.usefixtures("as_before")
def test_a_process_becomes_an_agent_that_nobody_looks_into(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fork", lambda: 0)
    place.parent.mkdir(mode=0o700)
    given_read, given_write = os.pipe()
    told_read, told_write = os.pipe()
    os.write(given_write, HANDOVER._replace(folder=str(place.parent), name=place.name).write(NOOR.seeds()))
    os.close(given_write)
    seen: list[bytes] = []

    def client() -> None:
        seen.append(os.read(told_read, 100))
        assert select([told_read], [], [], SOON)[0]
        seen.append(os.read(told_read, 100))  # nothing: it has let go
        identity = AgentIdentity(place)
        seen.append(identity.sign(b"m", PLACE))
        identity.close()
        lock(place)

    thread = threading.Thread(target=client, daemon=True)
    thread.start()
    agent_process.main(given_read, told_write)
    thread.join(SOON)
    for fd in (given_read, told_read, told_write):
        os.close(fd)
    assert seen == [READY, b"", NOOR.sign(b"m", PLACE)]
    assert ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) == 0  # PR_GET_DUMPABLE
    assert resource.getrlimit(resource.RLIMIT_CORE)[0] == 0
    with pytest.raises(SystemExit):
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN


@linux_only
@pytest.mark.usefixtures("as_before")
def test_a_process_without_hangups_refuses_seeds_of_another_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fork", lambda: 0)
    monkeypatch.delattr(signal, "SIGHUP")
    read_end, write_end = os.pipe()
    os.write(write_end, HANDOVER.write(OTHER.seeds()))
    os.close(write_end)
    with pytest.raises(BadEncodingError):
        agent_process.main(read_end, write_end)
    os.close(read_end)


def test_a_door_that_cannot_be_made_is_closed_again(tmp_path: Path) -> None:
    (tmp_path / "s" / "taken").mkdir(parents=True)
    (tmp_path / "s").chmod(0o700)
    for loopback in (False, True):
        with pytest.raises(OSError, match="taken"):
            Door(tmp_path / "s", "taken", loopback=loopback)


def test_the_process_that_was_started_leaves_the_agent_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    def leave(code: int) -> None:
        raise SystemExit(code)

    monkeypatch.setattr(os, "fork", lambda: 1)
    monkeypatch.setattr(os, "_exit", leave)
    monkeypatch.delitem(sys.modules, "keys.agent_process")
    with pytest.raises(SystemExit) as caught:
        runpy.run_module("keys.agent_process", run_name="__main__")
    assert caught.value.code == 0


def test_where_the_limit_allows_it_all_memory_stays_off_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []
    limits = [65536, resource.RLIM_INFINITY]
    monkeypatch.setattr(agent_process, "_call", lambda name, *_: called.append(name))
    monkeypatch.setattr(resource, "getrlimit", lambda _: (limits.pop(), 0))
    agent_process.pin(*NOOR.seeds())
    assert called == ["mlockall", "mlock", "mlock"]
    agent_process.pin(*NOOR.seeds())
    assert called[3:] == ["mlock", "mlock"]


def test_a_system_that_lacks_something_goes_without(
    running: Callable[..., Running], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As on Windows, and on systems with other clocks: what cannot be had there is not asked for."""
    agent_process._call("no_such_function_of_any_library")
    monkeypatch.delattr(time, "CLOCK_BOOTTIME", raising=False)
    assert system_clocks() == Clocks(time.time, time.monotonic)
    monkeypatch.delattr(os, "fork")
    agent_process.harden()
    agent_process.pin(*NOOR.seeds())
    assert agent._spawn(b"") == b""
    monkeypatch.delattr(os, "geteuid")
    one = running(loopback=True)
    assert state(one.place) is not None
    with own_folder(tmp_path / "any") as inside:
        assert inside == tmp_path / "any"


@pytest.mark.parametrize("tells", [True, False])
def test_who_is_at_the_other_end_is_asked_of_the_system(
    monkeypatch: pytest.MonkeyPatch, *, tells: bool
) -> None:
    def getpeereid(_fd: int, uid: Any, _gid: Any) -> int:
        uid._obj.value = 4711
        return 0

    one, other = socket.socketpair()
    with one, other:
        if hasattr(socket, "SO_PEERCRED"):
            assert peer_uid(one) == os.geteuid()
        monkeypatch.delattr(socket, "SO_PEERCRED", raising=False)
        library = SimpleNamespace(getpeereid=getpeereid) if tells else SimpleNamespace()
        monkeypatch.setattr(ctypes, "CDLL", lambda _: library)
        assert peer_uid(one) == (4711 if tells else None)
