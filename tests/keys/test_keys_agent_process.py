"""The agent as a process: what it is handed, what it leaves behind, and that nothing clings to it."""

import ctypes
import os
import resource
import runpy
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from select import select
from types import SimpleNamespace
from typing import Any

import pytest
from agents import (
    HANDOVER,
    NOOR,
    OTHER,
    PLACE,
    SOON,
    STATE,
    TOKEN,
    Running,
    gone,
    linux_only,
    pid_of,
)
from hypothesis import given
from hypothesis import strategies as st

from keys import agent, agent_process
from keys.agent import AgentIdentity, lock, start, state
from keys.agent_place import Door, own_folder, peer_uid
from keys.agent_service import Clocks, system_clocks
from keys.agent_wire import (
    READY,
    AgentGoneError,
    Handover,
    Kind,
    Leader,
    Request,
    State,
)
from keys.encoding import canonical_json, parse_json
from keys.errors import BadEncodingError
from keys.token import Unlocked

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
