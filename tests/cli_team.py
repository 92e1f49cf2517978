"""A team in a real store on files, driven by the command line: built once a session, copied for each test.

Five members in five roles, each with a token, config and state of their own. `house` is a household of jan
the regisseur, all sections written, with a grant to sara; `loose` is one without a regisseur.
"""

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from places import copy_place, new_place, served

from dossier.cli import context, words
from dossier.cli.app import run
from dossier.cli.setting import Setting
from dossier.desk import Desk

PASSPHRASE = "vijf blauwe stoelen lopen langzaam"  # noqa: S105 (no secret: everyone's here)
NOBODY = "H-AAAAAAAA"  # a household that is not there
DAY = 24 * 60 * 60
ROLES = {
    "anna": "coordinator",
    "jan": "regisseur",
    "sara": "specialist",
    "bob": "beheerder",
    "tess": "toezichthouder",
}
SECTIONS = ("voorblad", "aanmeld", "intake", "plan")

# Each content with the purpose for which its section is written, and a word that stands nowhere else.
COVER = "Gezin Zwaluwenburg-Kanarievogel\nKornoeljestraat 17, Wilgenoord\n"
CONTENTS = {
    "voorblad": (COVER, "aanmelding-beoordelen"),
    "aanmeld": ("Aangemeld door de Pimpelmeesschool.\n", "aanmelding-beoordelen"),
    "intake": ("Er zijn schulden bij de Goudhaantjesbank.\n", "intakegesprek"),
    "plan": ("Doel een: rust bij Boomklevertje, elke week.\n", "plan-opstellen"),
}
LOOSE_COVER = "Familie Ijsvogelstein, Roerdompkade 3\n"


_KEPT = ("PATH", "PYTHONPATH", "COVERAGE_PROCESS_START", "DOSSIER_TEST_ON")


class Answer(NamedTuple):
    """What a command came to."""

    code: int
    out: bytes
    err: bytes

    def json(self) -> dict[str, Any]:
        """Give the one object on stdout."""
        found: dict[str, Any] = json.loads(self.out)
        return found

    def error(self) -> dict[str, Any]:
        """Give the one object on stderr."""
        found: dict[str, Any] = json.loads(self.err)
        return found

    @property
    def reason(self) -> str:
        """The reason code of an error in JSON."""
        return str(self.error()["reason"])


class Team:
    """A folder with a store and what its members have."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.store: Path = new_place(root)  # or what `--on` makes of it, which only options take
        self.opened: list[Any] = []  # stores of desks
        self.serving: Any = None  # the gate in front of the store, once it is asked for
        facts = root / "facts.json"
        self.facts: dict[str, str] = json.loads(facts.read_text("utf-8")) if facts.exists() else {}

    def __getattr__(self, name: str) -> str:
        """Give a fact: house, loose, grant, and the welcome codes and fingerprints by handle."""
        try:
            return self.facts[name]
        except KeyError as e:
            raise AttributeError(name) from e

    def copy(self, to: Path) -> "Team":
        """Copy everything, so that whatever happens to the copy does not happen here."""
        shutil.copytree(self.root, to)
        copy_place(to)
        return Team(to)

    @property
    def as_copy(self) -> Path:
        """Give this team's store as what `places.put_back` takes."""
        note = self.root / "place"
        return note if note.exists() else self.store

    def home(self, who: str) -> Path:
        """Give the folder of a member's own things."""
        return self.root / "members" / who

    def token(self, who: str) -> Path:
        """Give the place of a member's token."""
        return self.home(who) / f"{who}.token"

    def options(self, who: str, arguments: Sequence[str] = ()) -> list[str]:
        """Give the options that stand before the noun."""
        pw = str(self.home(who) / "pw")
        return ["--store", self.place(arguments), "--token", str(self.token(who)), "--passphrase-file", pw]

    def place(self, arguments: Sequence[str] = ()) -> str:
        """Give the place of the store as a command is given it: of its gate, where it has one."""
        if not served() or "gate" not in self.facts or self.store != self.root / "store":
            return str(self.store)
        import gates  # noqa: PLC0415 (only with `--on served`)

        if gates.of_storage(arguments):
            return str(self.store)
        if self.serving is None:
            self.serving = gates.Serving(str(self.store), self.home(gates.GATE), PASSPHRASE)
        return str(self.serving.place)

    def close(self) -> None:
        """Hang up, and stop the gate."""
        for store in self.opened:
            if hasattr(store, "close"):
                store.close()
        if self.serving is not None:
            self.serving.stop()
            self.serving = None

    def environment(self, who: str, **more: str) -> dict[str, str]:
        """Give a member's environment: nothing of whoever runs the tests."""
        home = str(self.home(who))
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        own = {"XDG_CONFIG_HOME": f"{home}/config", "XDG_STATE_HOME": f"{home}/state", "HOME": home}
        return {**kept, **own, "DOSSIER_COST": "cheapest", "LANG": "en_GB.UTF-8", **more}

    def run(self, who: str, *arguments: str, stdin: bytes = b"", shift: float = 0, **more: Any) -> Answer:
        """Run a command in this process as a member; `shift` moves its clock, in seconds."""
        full = [*self.options(who, arguments), "--no-input", *arguments]
        return self.run_plain(who, full, stdin=stdin, shift=shift, **more)

    def run_plain(
        self, who: str, arguments: Sequence[str], *, stdin: bytes = b"", shift: float = 0, **more: Any
    ) -> Answer:
        """Run a command with these arguments only."""
        if shift:
            more["DOSSIER_CLOCK_SHIFT"] = str(int(shift))
        given, out, err = io.BytesIO(stdin), io.BytesIO(), io.BytesIO()
        streams = [io.TextIOWrapper(stream, "utf-8", write_through=True) for stream in (given, out, err)]
        environment = patch.dict(os.environ, self.environment(who, **more), clear=True)
        with environment, patch.object(sys, "stdin", streams[0]):
            words.bind(words.choose_language(arguments, os.environ))
            with redirect_stdout(streams[1]), redirect_stderr(streams[2]):
                code = run(list(arguments))
        for stream in streams[1:]:
            if not stream.closed:
                stream.flush()
        return Answer(code, out.getvalue(), err.getvalue())

    def ask(self, who: str, *arguments: str, code: int = 0, **more: Any) -> dict[str, Any]:
        """Run a command with --json that must end with this code; give its object."""
        answer = self.run(who, "--json", *arguments, **more)
        assert answer.code == code, (arguments, answer)
        if code in (0, 7, 10):
            return answer.json()
        return answer.error()

    def command(self, who: str, *arguments: str) -> list[str]:
        """Give a command as a process has it."""
        return [sys.executable, "-m", "dossier", *self.options(who, arguments), "--no-input", *arguments]

    def process(self, who: str, *arguments: str, stdin: bytes = b"", **more: Any) -> Answer:
        """Run a command in a process of its own, without a terminal."""
        return self.process_plain(who, self.command(who, *arguments), stdin=stdin, **more)

    def process_plain(self, who: str, command: Sequence[str], *, stdin: bytes = b"", **more: Any) -> Answer:
        """Run any command in a member's environment."""
        done = subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            check=False,
            env=self.environment(who, **more),
            cwd=self.root,
            start_new_session=True,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def desk(self, who: str) -> Desk:
        """Give the desk that a member's commands work at."""
        setting = Setting(
            store=self.place(), token=self.token(who), passphrase_file=self.home(who) / "pw", no_input=True
        )
        with patch.dict(os.environ, self.environment(who), clear=True):
            desk = context.open_desk(setting)
        self.opened.append(desk.store)
        return desk

    def write(self, who: str, household: str, section: str, text: str = "", **more: Any) -> dict[str, Any]:
        """Write a section for its usual purpose: a text, or the usual one."""
        usual, purpose = CONTENTS[section]
        data = (text or usual).encode()
        return self.ask(who, "write", household, section, "--purpose", purpose, stdin=data, **more)

    def read(self, who: str, household: str, section: str, *options: str, **more: Any) -> Answer:
        """Read a section for its usual purpose."""
        return self.run(who, "read", household, section, "--purpose", CONTENTS[section][1], *options, **more)

    # How a team comes about.

    def new_home(self, who: str) -> None:
        """Give a newcomer a folder with a passphrase in a file."""
        home = self.home(who)
        home.mkdir(parents=True)
        (home / "pw").write_text(PASSPHRASE + "\n", "utf-8")
        (home / "pw").chmod(0o600)

    def new_token(self, who: str, **more: Any) -> str:
        """Make a newcomer's token and card; give its fingerprint."""
        self.new_home(who)
        own = ("--handle", who, "--person", f"Mens {who}", "--org", "Stichting")
        made = self.ask(who, "token", "new", *own, "--card-out", str(self.card(who)), **more)
        return str(made["card_fingerprint"])

    def new_gate(self, gate: str) -> str:
        """Make a gate's token and card; give its fingerprint."""
        self.new_home(gate)
        own = ("--handle", gate, "--person", "Poort een", "--org", "Stichting")
        made = self.ask(gate, "gate", "new", *own, "--card-out", str(self.card(gate)))
        return str(made["card_fingerprint"])

    def card(self, who: str) -> Path:
        """Give the place of a newcomer's card."""
        return self.home(who) / "card"

    def hire(self, who: str, role: str, by: str = "anna", **more: Any) -> str:
        """Make a token, admit it, join; give the welcome code."""
        fingerprint = self.new_token(who, **more)
        admit = ("member", "admit", str(self.card(who)), "--role", role, "--fingerprint", fingerprint)
        welcome = str(self.ask(by, *admit, **more)["welcome"])
        self.ask(who, "join", "--welcome", welcome, **more)
        return welcome

    def note(self, **facts: str) -> None:
        """Keep facts for whoever copies this team."""
        self.facts |= facts
        (self.root / "facts.json").write_text(json.dumps(self.facts), "utf-8")


def found(root: Path) -> Team:
    """Found a store and hire a team of five."""
    team = Team(root)
    team.new_home("anna")
    founder = ("--founder", "anna", "--person", "Anna de Vries", "--org", "Gemeente Voorbeeld")
    made = team.ask("anna", "init", "--name", "Team Noord", *founder)
    welcomes = {who: team.hire(who, role) for who, role in ROLES.items() if who != "anna"}
    team.note(welcome_anna=made["welcome"], **{f"welcome_{who}": code for who, code in welcomes.items()})
    return team


def serve(team: Team) -> None:
    """Let a gate be adopted: from here its store is reached through it."""
    fingerprint = team.new_gate("poort")
    admitted = team.ask("anna", "gate", "admit", str(team.card("poort")), "--fingerprint", fingerprint)
    team.ask("poort", "join", "--welcome", admitted["welcome"])
    team.ask("anna", "gate", "adopt", "poort")
    team.ask("bob", "keys", "rotate")
    team.note(gate="poort")


def furnish(team: Team) -> None:
    """Open the households, write them full, and give sara a grant."""
    cover = team.home("jan") / "cover.txt"
    cover.write_text(COVER, "utf-8")
    house = str(team.ask("jan", "household", "open", "--cover", str(cover))["household"])
    cover.unlink()
    for section in SECTIONS[1:]:
        team.write("jan", house, section)
    scope = ("--section", "intake", "--purpose", "intakegesprek", "--until", "14d")
    grant = team.ask("anna", "grant", "give", house, "sara", "--role", "specialist", *scope)["grant"]
    loose = team.ask("anna", "household", "open", "--cover", "-", stdin=LOOSE_COVER.encode())["household"]
    team.note(house=house, grant=grant, loose=loose)


def build(root: Path) -> Team:
    """Build the team that others copy."""
    team = found(root)
    if served():
        serve(team)
    furnish(team)
    return team
