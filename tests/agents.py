"""Agents for tests: in a thread of this process, with clocks that a test sets; and false ones."""

import os
import socket
import struct
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from keys.agent import state
from keys.agent_place import Door, own_folder
from keys.agent_service import Agent, Clocks
from keys.agent_wire import (
    Handover,
    Leader,
    Outcome,
    State,
    frame,
)
from keys.identity import LocalIdentity
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
