"""Gate process: a real `dossier serve`, killed and started as a test likes; and members' desks at it."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

import places
from cli_team import Team, found, furnish, serve
from own_client import OwnClient, over_socket

from dossier.cli import context
from dossier.cli.setting import Setting
from dossier.desk import Desk
from dossier.entry import Entry, read_entry
from dossier.log.records import split
from dossier.storage.base import Store
from keys.identity import LocalIdentity
from keys.token import unlock

PASSPHRASE = "vijf blauwe stoelen lopen langzaam"  # noqa: S105 (no secret: everyone's here)
_START = 30  # seconds for a gate to start


def build_served(root: Path, kind: str = "files") -> Team:
    """Build a team with versions of before its gate; its store stands where `kind` says."""
    before = os.environ.get("DOSSIER_TEST_ON", "files")
    places.choose(kind)
    try:
        team = found(root)
        furnish(team)
        serve(team)
    finally:
        places.choose(before)
    return team


class GateProcess:
    """One gate of a team, in a process of its own."""

    def __init__(self, team: Team, name: str = "poort") -> None:
        self.team = team
        self.name = name
        self.folder = Path(tempfile.mkdtemp(prefix="s-"))  # a short path: that of a socket has 100 characters
        self.socket = str(self.folder / "s")
        self.process: subprocess.Popen[bytes] | None = None
        self.desks: list[Desk] = []

    @property
    def place(self) -> str:
        """What `--store` takes to reach it."""
        return f"unix:{self.socket}"

    @property
    def state(self) -> Path:
        """Where it remembers how far the log came."""
        return self.folder / "state"

    def start(self) -> int:
        """Start it; give 0 when it answers, else the code with which it ended."""
        team, log = self.team, (self.folder / "journal").open("ab")
        options = ["--store", str(team.store), "--token", str(team.token(self.name))]
        options += ["--passphrase-file", str(team.home(self.name) / "pw"), "--no-input"]
        command = [sys.executable, "-m", "dossier", *options, "serve", "--listen", self.place]
        with log:
            self.process = subprocess.Popen(
                [*command, "--state", str(self.state), "--rate", "1000000"],
                env=team.environment(self.name),
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        assert self.process.stdout is not None
        with self.process.stdout as out:
            said = out.readline()
        return 0 if said else self.process.wait(_START)

    def kill(self) -> None:
        """Kill it, whatever it is doing."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(_START)

    def stop(self) -> None:
        """Tell it to stop, and see that it ended well."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            assert self.process.wait(_START) == 0

    def close(self) -> None:
        """Leave nothing."""
        for desk in self.desks:
            desk.store.close()  # type: ignore[attr-defined]
        if self.process is not None and self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def journal(self) -> str:
        """Give what it wrote of itself."""
        return (self.folder / "journal").read_text("utf-8")

    def client(self, who: str) -> OwnClient:
        """Give a member's own program at this gate."""
        return OwnClient(identity_of(self.team, who), *over_socket(self.socket))

    def desk(self, who: str, folder: Path) -> Desk:
        """Give the desk that a member's commands work at, with what their client remembers in a folder."""
        team = self.team
        pw = team.home(who) / "pw"
        setting = Setting(store=self.place, token=team.token(who), passphrase_file=pw, no_input=True)
        own = {**team.environment(who), "XDG_STATE_HOME": str(folder)}
        with patch.dict(os.environ, own, clear=True):
            self.desks.append(context.open_desk(setting))
        return self.desks[-1]


def identity_of(team: Team, who: str) -> LocalIdentity:
    """Give a member's keys."""
    found = unlock(team.token(who), PASSPHRASE).identity
    assert isinstance(found, LocalIdentity)
    return found


def log_of(store: Store) -> list[Entry]:
    """Read the log as it lies there."""
    found: list[Entry] = []
    while records := split(store.page(len(found) // 256))[0][len(found) % 256 :]:
        found += [read_entry(record.line) for record in records]
    return found


def wait_until_gone(path: str) -> None:
    """Wait until nothing answers there."""
    while Path(path).exists():
        time.sleep(0.01)
