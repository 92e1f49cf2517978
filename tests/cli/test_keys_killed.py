"""Rotation and the rekey of all, killed at random moments and run again, while others read and write."""

import random
import subprocess
import time
from collections import Counter

import pytest
from cli.test_many import FAIR, Crew, entries, notes, stands
from cli_team import Team

SECONDS = 4
RENEWING = {"rotate": ("bob", ("keys", "rotate")), "rekey": ("anna", ("keys", "rekey", "--all"))}


@pytest.fixture
def busy(team: Team) -> Team:
    """Let sara write the plan, and let there be more households."""
    scope = ("--section", "plan", "--purpose", "plan-opstellen", "--deed", "read,write", "--until", "14d")
    team.ask("anna", "grant", "give", team.house, "sara", "--role", "specialist", *scope)
    for _ in range(5):
        team.ask("jan", "household", "open")
    (team.root / "notes").mkdir()
    return team


@pytest.mark.parametrize("name", RENEWING)
def test_new_keys_killed_at_random_and_made_again_lose_nothing(
    busy: Team, request: pytest.FixtureRequest, name: str
) -> None:
    """Breaks when `FileStore.exclusive` takes no lock."""
    who, command = RENEWING[name]
    lasting = 60 if request.config.getoption("--soak") else SECONDS
    crew = Crew(busy, [], time.monotonic() + lasting)
    for member in ("jan", "jan", "sara"):
        crew.start(member)
    ended = again_and_again(busy, crew.until, who, *command)
    crew.finish()
    assert ended["killed"] > 1
    assert set(ended) <= {"killed", 0, 10, 11}
    busy.ask(who, *command)
    nothing_is_lost(busy)


def again_and_again(team: Team, until: float, who: str, *command: str) -> Counter[int | str]:
    """Run a command as a process over and over, and kill it at any moment; count how it ended."""
    chance = random.Random(7)  # noqa: S311 (so that it can be run again)
    ended, usual = Counter[int | str](), 2.0
    while time.monotonic() < until:
        began = time.monotonic()
        process = subprocess.Popen(
            team.command(who, "--json", *command),
            env=team.environment(who),
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            process.communicate(timeout=usual * chance.uniform(0.5, 1.1))
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            ended["killed"] += 1
        else:
            ended[process.returncode] += 1
            usual = time.monotonic() - began
    return ended


def nothing_is_lost(team: Team) -> None:
    """See that all that was answered stands, that every version can be read, and that the store is well."""
    log, taken, read = entries(team), set[int](), 0
    for name, told in notes(team).items():
        for note in told:
            assert note["code"] in FAIR, (name, note)
            if note["code"] == 0 and note["command"][0] in ("read", "write"):
                stands(team, name.partition("-")[2], note, log, taken)
                read += 1
    assert read > 1
    assert team.ask("bob", "check", "--deep")["ok"] is True
    for who in ("jan", "sara", "anna", "tess", "bob"):
        assert team.run(who, "log", "verify").code == 0
