"""A gate in front of each store of the command line's tests, as `--on served` asks, in this process."""

import asyncio
import atexit
import os
import shutil
import socket
import tempfile
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvicorn

from dossier.cli.app import _COMMANDS
from dossier.cli.backends import open_at
from dossier.memory_gate import GateMemory
from dossier.serve.app import Door
from dossier.serve.office import Office
from keys.token import unlock

GATE = "poort"
# What is asked of the storage itself, by whoever keeps it, and not of the gate.
_OF_STORAGE = {"check", "backup", "restore", "reopen", "store", "init", "serve"}
_OFTEN = 10**9  # calls a second: no test waits


def of_storage(arguments: Sequence[str]) -> bool:
    """Tell whether a command is one for the storage itself."""
    named = next((one for one in arguments if one in _COMMANDS), "")
    return named in _OF_STORAGE or "--root" in arguments


def clock() -> datetime:
    """Give the time, set off as the command at hand has it."""
    return datetime.now(UTC) + timedelta(seconds=int(os.environ.get("DOSSIER_CLOCK_SHIFT", "0")))


class Serving:
    """A gate that answers on a Unix socket until `stop`."""

    def __init__(self, place: str, home: Path, passphrase: str) -> None:
        """`home` is where the gate's token and memory are."""
        self._folder = Path(tempfile.mkdtemp(prefix="g-"))  # short: a socket's has 100
        atexit.register(shutil.rmtree, self._folder, ignore_errors=True)
        self.place = f"unix:{self._folder}/s"
        unlocked = unlock(home / f"{GATE}.token", passphrase)
        assert unlocked.contact is not None
        store, state = open_at(place), home / "state" / "dossier"
        memory = GateMemory(state, unlocked.identity, unlocked.contact.store)  # type: ignore[arg-type]
        if not memory.load():
            memory.root = unlocked.contact.root
        self.office = Office(store, unlocked.identity, memory, clock, _OFTEN)
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._started.wait(10)

    def _run(self) -> None:
        opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        opened.bind(self.place.removeprefix("unix:"))
        door = Door(self.office, lambda *_, **__: None, 1 << 30)
        config = uvicorn.Config(door.app(), log_config=None, access_log=False, lifespan="on")
        self._server = uvicorn.Server(config)
        asyncio.run(self._serve(opened))

    async def _serve(self, opened: socket.socket) -> None:
        self._server.config.load()
        self._server.lifespan = self._server.config.lifespan_class(self._server.config)
        await self._server.startup(sockets=[opened])
        self._started.set()
        await self._server.main_loop()
        await self._server.shutdown(sockets=[opened])

    def stop(self) -> None:
        """Stop answering."""
        self._server.should_exit = True
        self._thread.join(10)
        shutil.rmtree(self._folder, ignore_errors=True)
