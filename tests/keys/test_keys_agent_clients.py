"""Clients of the agent: someone else, one with nonsense, one that is silent. Its user is always answered."""

import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from agents import NOOR, PLACE, SOON, TOKEN, Running, heard, root_only

from keys.agent import AgentIdentity, start, state
from keys.agent_place import proof
from keys.agent_wire import (
    LARGEST,
    AgentGoneError,
    Kind,
    Outcome,
    Request,
    State,
    frame,
    take_frame,
)

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
