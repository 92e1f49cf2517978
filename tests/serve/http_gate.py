"""A gate in a process of its own, as `dossier serve` starts it, before a team of the command line."""

import atexit
import io
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self
from unittest.mock import patch

import httpx
import serving
import uvicorn
from cli_team import Team, build
from own_client import OwnClient
from team import Team as InProcess
from wording import INTAKE

from dossier.cli import context
from dossier.cli.setting import Setting
from dossier.model import HouseholdId, Role
from dossier.serve.app import Door
from dossier.serve.office import Office
from dossier.serve.service import Journal
from keys.identity import LocalIdentity

GATE = "poort"
MIB = 1 << 20
_OFTEN = 1_000_000  # calls a second: no test waits
_PATIENCE = 20  # seconds for a gate to start, or to end


@cache
def template() -> Team:
    """Build, once, a team whose store is served."""
    folder = Path(tempfile.mkdtemp(prefix="hg-"))  # a short path: that of a socket has 100 characters
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    team = build(folder / "t")
    become_served(team)
    return team


def short_folder() -> Path:
    """Give a folder with a short path, that is removed in the end."""
    folder = Path(tempfile.mkdtemp(prefix="hg-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def become_served(team: Team) -> None:
    """Admit a gate, adopt it, rotate, and let it join."""
    admit(team)
    team.ask("anna", "gate", "adopt", GATE)
    team.ask("bob", "keys", "rotate")
    team.ask(GATE, "join", "--welcome", team.welcome_gate)


def admit(team: Team) -> None:
    """Make a gate's token, and admit its card."""
    team.new_home(GATE)
    own = ("--handle", GATE, "--person", "Poort 1", "--org", "Gemeente")
    made = team.ask(GATE, "gate", "new", *own, "--card-out", str(team.card(GATE)))
    admitted = team.ask(
        "anna", "gate", "admit", str(team.card(GATE)), "--fingerprint", str(made["card_fingerprint"])
    )
    team.note(welcome_gate=str(admitted["welcome"]))


def new_team() -> Team:
    """Give a team of one's own, whose store is served."""
    return template().copy(short_folder() / "t")


def identity_of(team: Team, who: str) -> LocalIdentity:
    """Unlock a member's keys."""
    setting = Setting(
        store=team.store, token=team.token(who), passphrase_file=team.home(who) / "pw", no_input=True
    )
    with patch.dict(os.environ, team.environment(who), clear=True):
        identity = context.open_token(setting)[1].identity
    assert isinstance(identity, LocalIdentity)
    return identity


class HttpGate:
    """A gate that answers until it is told to stop; as a context, until the block ends."""

    def __init__(self, team: Team, listen: str = "", *options: str, **environment: str) -> None:
        """`listen` is a Unix socket of its own where nothing else is said."""
        self.team = team
        self._stderr = team.home(GATE) / "journal"
        where = ("--listen", listen or f"unix:{short_folder()}/s", "--rate", str(_OFTEN), *options)
        with self._stderr.open("w") as stderr:
            self.process = subprocess.Popen(
                team.command(GATE, "--json", "serve", *where),
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=team.environment(GATE, **environment),
                cwd=team.root,
                start_new_session=True,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self.about: dict[str, Any] = json.loads(line) if line else {}
        self.place = str(self.about.get("listen", ""))
        self.sessions: list[httpx.Client] = []

    def __enter__(self) -> Self:
        assert self.about, self.errors()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The address as a URL; that of a socket has any host."""
        return "http://localhost" if self.place.startswith("unix:") else f"http://{self.place}"

    def session(self, **more: Any) -> httpx.Client:
        """Give a client of HTTP, with a connection that stays open."""
        path = self.place.removeprefix("unix:") if self.place.startswith("unix:") else None
        client = httpx.Client(
            base_url=self.url, transport=httpx.HTTPTransport(uds=path), trust_env=False, timeout=30, **more
        )
        self.sessions.append(client)
        return client

    def client(self, who: str) -> OwnClient:
        """Give a member's own program at this gate."""
        about, speak = over_http(self.session())
        return OwnClient(identity_of(self.team, who), about, speak)

    def errors(self) -> str:
        """Give what it wrote on stderr."""
        return self._stderr.read_text("utf-8")

    def journal(self) -> list[dict[str, Any]]:
        """Give its journal: the lines on stderr that are JSON, which all are once it answers."""
        return [json.loads(line) for line in self.errors().splitlines() if line.startswith("{")]

    def memory(self) -> int:
        """Give how much memory it has, in bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text("ascii")
        return 1024 * int(status.partition("VmRSS:")[2].split()[0])

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Tell it to stop, and give its exit code."""
        for session in self.sessions:
            session.close()
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(_PATIENCE)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code


def over_http(session: httpx.Client) -> tuple[Callable[[], bytes], Callable[[str, str, bytes], bytes]]:
    """Give the two ways to speak to a gate."""
    return (
        lambda: session.get("/v1/gate").content,
        lambda verb, header, body: post(session, verb, header, body).content,
    )


def post(session: httpx.Client, verb: str, header: str | None, body: bytes = b"{}") -> httpx.Response:
    """Make a call with a header as it is given, or without one."""
    headers: Mapping[str, str] = {} if header is None else {"Dossier-Call": header}
    kind = "application/octet-stream" if verb == "put" else "application/json"
    return session.post(f"/v1/{verb}", content=body, headers={"Content-Type": kind, **headers})


def code_in(response: httpx.Response) -> str | None:
    """Give the code of the error in an answer, None where it has none."""
    if response.headers.get("content-type") != "application/json":
        return None
    fields: dict[str, Any] = response.json()
    return str(fields["error"]["code"]) if "error" in fields else None


class Here:
    """An office behind HTTP in this process, for what a test has to get at."""

    def __init__(self, office: Office, largest: int = MIB) -> None:
        """`largest` is the most bytes of a content."""
        self.path = f"{short_folder()}/s"
        self.journal = io.StringIO()
        door = Door(office, Journal(self.journal), largest)
        self._server = uvicorn.Server(
            uvicorn.Config(door.app(), uds=self.path, log_config=None, access_log=False, lifespan="on")
        )
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def __enter__(self) -> httpx.Client:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)
        transport = httpx.HTTPTransport(uds=self.path)
        self._session = httpx.Client(base_url="http://localhost", transport=transport, timeout=30)
        return self._session

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()
        self._server.should_exit = True
        self._thread.join(_PATIENCE)


class Desk(NamedTuple):
    """A served store in this process, with a household of jan and one of nobody."""

    team: InProcess
    office: Office
    house: HouseholdId
    loose: HouseholdId

    def client(self, session: httpx.Client, who: str) -> OwnClient:
        """Give a member's own program at an office behind HTTP."""
        return OwnClient(self.team.identity(who), *over_http(session), self.team.clock)


def served_here(folder: Path) -> Desk:
    """Build a served store in this process."""
    team = InProcess(folder / "team", files=True)
    team.admit("jan", Role.REGISSEUR)
    team.admit("sara", Role.SPECIALIST)
    team.admit("bob", Role.BEHEERDER)
    house, loose = team.open("jan"), team.open(None, "anna")
    team.write("jan", house, INTAKE, "wat er speelt")
    serving.become_served(team)
    office = serving.new_office(team, folder / "gate")
    office._admission._rate._per_second = _OFTEN
    office.look()
    return Desk(team, office, house, loose)
