"""Twenty processes at once, some killed in the middle: nothing answered is lost, nobody is alarmed."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cli_team import CONTENTS, Team
from places import log_of

WORKER = Path(__file__).with_name("many_worker.py")
CREW = ["jan"] * 5 + ["piet"] * 4 + ["sara"] * 4 + ["anna"] * 3 + ["tess"] * 2 + ["bob"] * 2
SECONDS = 10

Note = dict[str, Any]

# What may come of a command among so many: done; refused; partly; something else came first.
FAIR = {0, 5, 6, 11}


class Crew(NamedTuple):
    """Twenty processes, and where each notes what it was answered."""

    team: Team
    running: list[tuple[str, "subprocess.Popen[bytes]"]]
    until: float

    def start(self, who: str) -> None:
        """Start a process of a member."""
        number = len(list((self.team.root / "notes").iterdir()))
        notes = self.team.root / "notes" / f"{number:03d}-{who}"
        notes.touch()
        left = max(0.0, self.until - time.monotonic())
        path = os.pathsep.join([str(WORKER.parents[1]), os.environ.get("PYTHONPATH", "")])
        command = [sys.executable, str(WORKER), str(self.team.root), who, str(notes), str(left), str(number)]
        environment = self.team.environment(who, PYTHONPATH=path)
        process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, start_new_session=True)
        self.running.append((who, process))

    def kill_one(self, chance: random.Random) -> None:
        """Kill one, whatever it is doing, and start another in its place."""
        place = chance.randrange(len(self.running))
        who, process = self.running.pop(place)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        self.start(who)

    def finish(self) -> None:
        """Wait for all of them; none may have fallen over."""
        for _, process in self.running:
            _, said = process.communicate(timeout=180)
            assert (process.returncode, said) == (0, b"")


@pytest.fixture
def crowd(team: Team) -> Team:
    """Have a colleague stand in for jan, and let sara write the plan."""
    team.hire("piet", "regisseur")
    team.ask("anna", "household", "assign", team.house, "piet", "--until", "14d")
    scope = ("--section", "plan", "--purpose", "plan-opstellen", "--deed", "read,write", "--until", "14d")
    team.ask("anna", "grant", "give", team.house, "sara", "--role", "specialist", *scope)
    (team.root / "notes").mkdir()
    return team


def seconds(request: pytest.FixtureRequest) -> float:
    return 60 if request.config.getoption("--soak") else SECONDS


def begin(team: Team, lasting: float) -> Crew:
    crew = Crew(team, [], time.monotonic() + lasting)
    for who in CREW:
        crew.start(who)
    return crew


def notes(team: Team) -> dict[str, list[Note]]:
    """Read what each process was answered; a killed one may not have finished its last line."""
    found = {}
    for path in sorted((team.root / "notes").iterdir()):
        lines = path.read_bytes().split(b"\n")[:-1]
        found[path.name] = [json.loads(line) for line in lines]
    return found


def entries(team: Team) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log_of(str(team.store)).split(b"\n") if line.startswith(b'{"#"')]


def all_is_well(team: Team) -> Counter[int]:
    """See that what was answered stands; give how often each exit code came."""
    log, codes = entries(team), Counter[int]()
    assert [entry["index"] for entry in log] == list(range(len(log)))
    taken: set[int] = set()
    for name, told in notes(team).items():
        who = name.partition("-")[2]
        for note in told:
            codes[note["code"]] += 1
            assert note["code"] in FAIR, (name, note)
            if note["code"] == 0 and note["command"][0] in ("read", "write"):
                stands(team, who, note, log, taken)
    for who in ("jan", "piet", "sara", "anna", "tess", "bob"):
        for command in (("household", "list"), ("log", "verify"), ("member", "list")):
            answer = team.run(who, "--json", *command)
            assert answer.code == 0, (who, answer)
    assert team.ask("bob", "check", "--deep")["ok"] is True
    return codes


def stands(team: Team, who: str, note: Note, log: list[dict[str, Any]], taken: set[int]) -> None:
    """See that a noted entry is in the log, as its own; and that a noted version is there, with its text."""
    said, (deed, household, section, *_) = note["json"], note["command"]
    entry = log[said["entry"]]
    assert said["entry"] not in taken
    taken.add(said["entry"])
    asked = entry["request"]
    assert (asked["actor"], asked["household"], entry["decision"]) == (who, household, "permit")
    if deed == "read":
        assert (asked["deed"], asked["section"], asked["version"]) == ("read", section, said["version"])
        return
    assert asked["statement"][2:4] == [section, said["version"]]
    found = team.run(
        "jan",
        "read",
        household,
        section,
        "--purpose",
        CONTENTS[section][1],
        "--version",
        str(said["version"]),
    )
    assert (found.code, found.out, found.err) == (0, note["text"].encode(), b"")


def test_twenty_processes_at_once_lose_nothing(crowd: Team, request: pytest.FixtureRequest) -> None:
    begin(crowd, seconds(request)).finish()
    codes = all_is_well(crowd)
    assert codes[0] > len(CREW)
    assert {name.partition("-")[2] for name, told in notes(crowd).items() if told} == set(CREW)


def test_processes_killed_at_random_lose_nothing_that_was_answered(
    crowd: Team, request: pytest.FixtureRequest
) -> None:
    crew = begin(crowd, seconds(request))
    chance = random.Random(20)  # noqa: S311 (so that it can be run again)
    time.sleep(1.0)  # until they have begun
    killed = 0
    while time.monotonic() < crew.until - 1:
        crew.kill_one(chance)
        killed += 1
        time.sleep(chance.random() * 0.3)
    crew.finish()
    assert killed > 5
    assert all_is_well(crowd)[0] > len(CREW)


def test_two_members_who_write_at_the_same_moment_both_know_what_came_of_it(crowd: Team) -> None:
    """One gets the version, the other is told that something else came first, or gets the next."""
    write = ("write", crowd.house, "plan", "--purpose", "plan-opstellen")
    for turn in range(3):
        both = [
            subprocess.Popen(
                crowd.command(who, "--json", *write),
                env=crowd.environment(who),
                start_new_session=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            for who in ("jan", "sara")
        ]
        answers = [process.communicate(f"{turn} {n}".encode()) for n, process in enumerate(both)]
        codes = [process.returncode for process in both]
        assert set(codes) <= {0, 11}
        versions = [
            json.loads(out)["version"] for (out, _), code in zip(answers, codes, strict=True) if code == 0
        ]
        assert len(set(versions)) == len(versions) >= 1
