"""The agent's process: it closes itself to onlookers, takes what it is handed, and answers until locked."""

import ctypes
import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

from keys.agent_place import Door
from keys.agent_service import Agent, system_clocks
from keys.agent_wire import LARGEST, READY, Handover
from keys.errors import BadEncodingError
from keys.identity import LocalIdentity

_ENDINGS = ("SIGTERM", "SIGHUP", "SIGINT")


def harden() -> None:
    """No core dumps, and nobody of this user may look into this process, where the system can."""
    if not hasattr(os, "fork"):  # Windows
        return
    import resource  # noqa: PLC0415 (not on every system)

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _call("prctl", 4, 0, 0, 0, 0)  # PR_SET_DUMPABLE, off


def pin(*secrets: bytes) -> None:
    """Keep off the disk, where the system can: all memory if the limit allows that, else these secrets."""
    if not hasattr(os, "fork"):  # Windows
        return
    import resource  # noqa: PLC0415 (not on every system)

    if resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY:
        _call("mlockall", 3)  # MCL_CURRENT | MCL_FUTURE
    for secret in secrets:
        _call("mlock", ctypes.c_char_p(secret), ctypes.c_size_t(len(secret)))


def _call(name: str, *arguments: object) -> None:
    """Call the C library, where it has that."""
    function = getattr(ctypes.CDLL(None), name, None)
    if function is not None:
        function(*arguments)


def main(given: int = 0, told: int = 1) -> None:
    """Become an agent: read what it is handed from one descriptor, say on the other that it is ready, answer.

    1. Leave whoever started this process, and close it to onlookers.
    2. Read seeds and card; see that they belong together.
    3. Open the door, say so, let go of both descriptors, and answer until locked.
    """
    if hasattr(os, "fork") and os.fork():
        os._exit(0)
    for name in _ENDINGS:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _leave)
    harden()
    with os.fdopen(given, "rb", closefd=False) as file:
        handover, seeds = Handover.read(file.read(LARGEST))
    card = handover.card
    identity = LocalIdentity.new_with(card.handle, card.person, card.org, *seeds)
    if identity.card != card:
        raise BadEncodingError("seeds")
    pin(*seeds)
    door = Door(Path(handover.folder), handover.name, loopback=handover.loopback)
    try:
        os.write(told, READY)
        for fd in (given, told):
            _let_go(fd)
        Agent(identity, handover, door, system_clocks()).serve()
    finally:
        door.close()


def _leave(number: int, _frame: object) -> NoReturn:
    """Lock on a signal; the same once more changes nothing."""
    signal.signal(number, signal.SIG_IGN)
    sys.exit(0)


def _let_go(fd: int) -> None:
    """Close a descriptor, and let nothing else get its number."""
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, fd)
    os.close(nothing)


if __name__ == "__main__":
    main()
