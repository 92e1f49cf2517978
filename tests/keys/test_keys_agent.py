"""The agent: what it does for whoever holds its identity, and when it locks."""

import os
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from agents import (
    BOTH,
    CONTACT,
    NOOR,
    OTHER,
    PLACE,
    SAID,
    SOON,
    STATE,
    TOKEN,
    Impostor,
    Running,
    gone,
    heard,
    linux_only,
)

from keys.agent import AgentIdentity, lock, start, state
from keys.agent_wire import (
    AgentGoneError,
    Kind,
    Leader,
    Outcome,
    Request,
    frame,
)
from keys.errors import DoesNotOpenError
from keys.identity import LocalIdentity
from keys.locks import box_to

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
