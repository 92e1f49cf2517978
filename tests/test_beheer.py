"""The page for the beheerder does what it says: its commands run as they stand, in their order."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cli_team import CONTENTS, DAY, PASSPHRASE, Team, build

ROOT = Path(__file__).parent.parent
MONTH = int(30.5 * DAY)  # after which nobody is beholden to whoever admitted them
READ = ("read", "{house}", "intake", "--purpose", "intakegesprek")
INTAKE = CONTENTS["intake"][0]
CODE = r"(?:[0-9A-Z]{5}-){4}[0-9A-Z]{5}"
FILLED = {  # each is what was seen last
    "VINGERAFDRUK": CODE,
    "WELKOM": CODE,
    "STAMKAART": CODE,
    "NUMMER": r"(?<=dossier approval give )\d+",
    "REGEL": r"(?<=dossier log correct-clock )\d+",
    "GEZIEN": r"\d+:[A-Za-z0-9+/]{43}=:[-,0-9A-Z]*",
    "HUISHOUDEN": r"H-[0-9A-Z]{8}",
}
SHARES = "--share-file delen/share-1-of-3.txt --share-file delen/share-3-of-3.txt"
LOOKS = [  # the lines that change nothing, in their order, and what is to be seen then
    ("bob$ dossier keys status", "X25519"),
    ("bob$ dossier check --deep", "GOED"),
    ("bob$ dossier keys rotate --plan", "kees"),
    ("anna$ dossier member leave sara --reason uit-dienst --plan", "intakegesprek"),
    ("anna$ dossier keys status", "X25519"),
    ("anna$ dossier keys status", "X25519"),
    (f"anna$ dossier keys recovery verify {SHARES}", ""),
    ("tess$ dossier approval give NUMMER", "--saw"),
    ("anna$ dossier keys status", "H-"),
    ("bob$ dossier check --deep", "GOED"),
    ("bob$ dossier restore kopie", "--confirm"),
    ("tess$ dossier log verify --against momentopname", "GOED"),
    ("bob$ dossier log verify --root STAMKAART", "GOED"),
    ("jan$ dossier keys status", ""),
    ("tess$ dossier log verify", "GOED"),
]


class Line(NamedTuple):
    """A line of the page: who types what, and the exit code that it says."""

    who: str
    typed: str
    code: int


class Block(NamedTuple):
    """Commands that stand together, under a heading."""

    heading: str
    lines: tuple[Line, ...]


def blocks() -> Iterator[Block]:
    """Read the page."""
    text = (ROOT / "docs" / "beheer.md").read_text("utf-8")
    for part in text.split("\n## ")[1:]:
        for found in re.findall(r"^```sh\n(.*?)^```$", part, re.DOTALL | re.MULTILINE):
            yield Block(part.partition("\n")[0], tuple(read(line) for line in found.splitlines()))


def read(line: str) -> Line:
    who, _, typed = line.partition("$ ")
    command, _, remark = typed.partition(" #")
    said = re.match(r" eindcode (\d+)", remark)
    return Line(who, command.strip(), int(said[1]) if said else 0)


class Office:
    """A team at work in one folder, each with a home and an environment of their own that lasts."""

    def __init__(self, folder: Path) -> None:
        self.team = hired(folder)
        self.folder = folder
        self.seen: list[str] = []  # every answer so far
        self.looks = list(LOOKS)  # still to come
        tools = folder / "tools"
        tools.mkdir()
        options = f"--lang nl --no-input --passphrase-file {shlex.quote(str(folder / 'pw'))}"
        program = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m dossier {options} "$@"\n'
        (tools / "dossier").write_text(program, "utf-8")
        (tools / "dossier").chmod(0o700)
        (folder / "pw").write_text(PASSPHRASE + "\n", "utf-8")
        (folder / "pw").chmod(0o600)
        self.kept = {who: self.environment(who) for who in ("anna", "bob", "tess", "jan", "sara", "kees")}

    def environment(self, who: str) -> dict[str, str]:
        """Give what a member's shell begins with."""
        kept = {name: os.environ[name] for name in ("COVERAGE_PROCESS_START",) if name in os.environ}
        path = f"{self.folder / 'tools'}:{os.environ['PATH']}"
        own = {"HOME": str(self.team.home(who)), "PATH": path, "PYTHONPATH": str(ROOT)}
        return {**kept, **own, "DOSSIER_COST": "cheapest", "DOSSIER_CLOCK_SHIFT": str(MONTH)}

    def shell(self, who: str, typed: str, stdin: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        """Run what someone types; what it exports lasts."""
        after = self.folder / "environment"
        done = subprocess.run(
            ["bash", "-c", f"{typed}\ncode=$?; env -0 > {shlex.quote(str(after))}; exit $code"],
            cwd=self.folder,
            env={**self.kept[who], **more},
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            check=False,
            start_new_session=True,  # no terminal: nothing is asked
        )
        rows = (row.partition("=") for row in after.read_text("utf-8").split("\0") if row)
        before = {name: value for name, value in self.kept[who].items() if name in more}
        self.kept[who] = {name: value for name, _, value in rows if name not in more} | before
        return done

    def take(self, line: Line) -> None:
        """Do what a line of the page says, and see that it ends as it says."""
        typed = re.sub(r"\b[A-Z]{5,}\b(?!_)", lambda found: self.fill(found[0]), line.typed)
        done = self.shell(line.who, typed)
        answer = done.stderr + done.stdout
        assert done.returncode == line.code, (line, typed, answer)
        if self.looks and self.looks[0][0] == f"{line.who}$ {line.typed}":
            assert self.looks.pop(0)[1] in answer, (line, answer)
        self.seen.append(answer)

    def fill(self, name: str) -> str:
        """Give what stands for a word in capitals: what was last seen of its kind."""
        if name == "STAMKAART":
            self.seen.append(self.shell("bob", "dossier token show").stdout)
        return str([*re.finditer(FILLED[name], "\n".join(self.seen))][-1][0]) if name in FILLED else name

    def ask(self, who: str, *arguments: str, **more: str) -> dict[str, Any]:
        """Give the answer for programs to a command that goes well."""
        done = self.shell(who, shlex.join(["dossier", "--json", *arguments]), **more)
        assert done.returncode == 0, (arguments, done.stderr)
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def read(self, who: str, **more: str) -> tuple[int, str]:
        """Let someone read the intake."""
        words = [word.format(**self.team.facts) for word in READ]
        done = self.shell(who, shlex.join(["dossier", *words]), **more)
        return done.returncode, done.stdout

    def write(self, text: str, **more: str) -> None:
        """Let jan write the intake."""
        words = [word.format(**self.team.facts) for word in ("write", *READ[1:])]
        done = self.shell("jan", shlex.join(["dossier", *words]), text, **more)
        assert done.returncode == 0, done.stderr

    def status(self, **more: str) -> tuple[int, list[tuple[str, str | None]]]:
        """Give the epoch, and what is due and for whom, as anna is told."""
        found = self.ask("anna", "keys", "status", **more)
        return found["epoch"], [(due["what"], due["handle"]) for due in found["due"]]


def hired(folder: Path) -> Team:
    """Hire the team of the page, a month ago; its members have their things where a user has them."""
    team = build(folder)
    team.hire("kees", "specialist")
    scope = ("--role", "specialist", "--section", "intake", "--purpose", "intakegesprek", "--until", "30d")
    for who in ("sara", "kees"):
        team.ask("anna", "grant", "give", team.house, who, *scope, shift=MONTH)
        assert team.read(who, team.house, "intake", shift=MONTH).code == 0
    for home in (folder / "members").iterdir():
        (home / ".local").mkdir()
        (home / "state").rename(home / ".local" / "state")
        (home / "config").rename(home / ".config")
    return team


# What happens in the world before a block, and how it is after.

SPLIT = ("split-recovery", None)


def lose_token(office: Office) -> None:
    """Jan's computer is gone, with all that was on it; here it is kept, to be tried."""
    office.team.token("jan").rename(office.folder / "stolen.token")
    for name in (".local/state", ".config"):
        shutil.move(office.team.home("jan") / name, office.folder / f"stolen{Path(name).name}")
    assert stolen(office) == 0


def work_on(office: Office) -> None:
    """Jan writes after the backup, and tess's program sees it."""
    office.write("Een nieuw verhaal.\n")
    office.ask("tess", "log", "verify")


def crash(office: Office) -> None:
    """A content that nothing names, as a crash leaves one."""
    folder = office.team.store / "contents" / "00"
    folder.mkdir(exist_ok=True)
    path = folder / ("00" * 32)
    path.write_bytes(b"left by a crash")
    os.utime(path, (1, 1))
    assert len(office.ask("bob", "check")["leftovers"]) == 1


def run_ahead(office: Office) -> None:
    """Jan writes on a computer whose clock is 20 days ahead."""
    office.write("Uit de toekomst.\n", DOSSIER_CLOCK_SHIFT=str(MONTH + 20 * DAY))


def copied(office: Office) -> None:
    there = office.ask("bob", "--store", "kopie", "check", "--deep")
    assert (there["ok"], there["entries"]) == (True, office.ask("tess", "log", "verify")["size"])


def shut_out(office: Office) -> None:
    assert office.status() == (3, [SPLIT])
    assert office.read("kees") == (4, "")
    assert office.read("sara") == (0, INTAKE)


def left(office: Office) -> None:
    assert office.status() == (4, [SPLIT])
    assert office.read("sara") == (4, "")
    (sara,) = [m for m in office.ask("anna", "member", "list")["members"] if m["handle"] == "sara"]
    assert sara["state"] != "active"


def suspended(office: Office) -> None:
    assert office.status() == (5, [SPLIT])
    assert stolen(office) == 4


def stolen(office: Office) -> int:
    """Try the token that was lost, with the memory that its thief has, and the passphrase."""
    memory = {"XDG_STATE_HOME": str(office.folder / "stolenstate"), "DOSSIER_STORE": "store"}
    return office.read("jan", **memory | {"DOSSIER_TOKEN": "stolen.token"})[0]


def renewed(office: Office) -> None:
    assert office.status() == (5, [SPLIT])
    assert office.read("jan") == (0, INTAKE)
    assert stolen(office) == 4


def tried(office: Office) -> None:
    assert not (office.folder / "delen").exists()
    assert office.status() == (5, [])


def reopened(office: Office) -> None:
    """Jan, who saw more than the copy has, works on in it; the intake is as it was at the copy."""
    there = {"XDG_STATE_HOME": str(office.folder / "jan.oefening"), "DOSSIER_STORE": "oefening"}
    shutil.copytree(office.team.home("jan") / ".local" / "state", there["XDG_STATE_HOME"])
    assert office.status() == (6, [])  # anna is in it still
    assert office.read("jan", **there) == (0, INTAKE)


def as_it_was(office: Office) -> None:
    assert not (office.folder / "oefening").exists()
    assert office.status() == (5, [])
    for who in ("anna", "bob", "tess", "jan"):
        assert office.ask(who, "keys", "status")["epoch"] == 5
    assert office.read("jan") == (0, "Een nieuw verhaal.\n")


def repaired(office: Office) -> None:
    assert not (office.team.store / "contents" / "00" / ("00" * 32)).exists()
    assert "dossier/" in (office.folder / "momentopname").read_text("utf-8")


def on_time(office: Office) -> None:
    assert office.read("jan") == (0, "Uit de toekomst.\n")
    assert office.read("jan", DOSSIER_CLOCK_SHIFT=str(MONTH + DAY))[0] == 0


def nothing(_: Office) -> None:
    """Nothing happened."""


Hook = Callable[[Office], None]
AROUND: list[tuple[str, Hook, Hook]] = [
    ("Elke week: nakijken en kopiëren", nothing, copied),
    ("De poortsleutel vernieuwen", nothing, shut_out),
    ("Iemand vertrekt", nothing, left),
    ("Een token is kwijt", lose_token, suspended),
    ("Een token is kwijt", nothing, renewed),
    ("De herstelkaart", nothing, tried),
    ("Oefenen met terugzetten", nothing, copied),
    ("Oefenen met terugzetten", work_on, reopened),
    ("Oefenen met terugzetten", nothing, as_it_was),
    ("Na een storing", crash, repaired),
    ("Een klok liep voor", run_ahead, on_time),
]


def test_every_block_of_the_page_is_tried() -> None:
    page = list(blocks())
    assert [block.heading for block in page] == [heading for heading, _, _ in AROUND]


@pytest.mark.skipif(os.name == "nt", reason="the page is for a shell")
@pytest.mark.files_only("the page names a folder")
def test_the_page_runs_as_it_stands(tmp_path: Path) -> None:
    office = Office(tmp_path / "office")
    for block, (_, before, after) in zip(blocks(), AROUND, strict=True):
        before(office)
        for line in block.lines:
            office.take(line)
        after(office)
    assert office.looks == []
