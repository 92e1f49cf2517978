"""Every changing command, cut off or told of a fault at each thing that it does to a disk.

The process dies there, in the middle of what it writes; the disk is full from there on; it fails there; the
folder is closed from there on. Afterwards the store opens for someone who was not there, `check --deep` finds
nothing, the log verifies, what was stated is a beginning of what the whole command states (so each statement
is there whole or not at all), and the command can be run again and does the rest. Without --soak a sample is
tried, another one each day.
"""

import errno
import os
import shutil
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from cli_team import CONTENTS, Answer, Team, build
from crashing import CrashError, dying, failing
from faulty import COMMANDS, Command, log

from dossier.actions.check import check
from dossier.cli.backends import open_at

pytestmark = pytest.mark.files_only("faults of the file system")

FAULTS = {"kill": 0, "ENOSPC": errno.ENOSPC, "EIO": errno.EIO, "EACCES": errno.EACCES}
STEP = 29  # one in so many is tried without --soak
TORN = (1, 8)  # what no fault of a disk may come to: a bug, or an alarm about what nobody altered
DONE = {0, 2, 4, 5, 6}  # what may be said to whoever asks again for what is done already


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Team:
    return build(tmp_path_factory.mktemp("faults") / "t")


@pytest.fixture(autouse=True)
def _quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for no disk, and for no other computer: a folder that is closed stays closed."""
    monkeypatch.setattr(os, "fsync", os.fstat)
    monkeypatch.setattr(os, "fdatasync", os.fstat)
    monkeypatch.setattr("dossier.storage.durable._PATIENCE", 0.0)


class Whole(NamedTuple):
    """A command as it goes when nothing goes wrong: what was stated before, and by it, and its calls."""

    before: list[str]
    stated: list[str]
    calls: int


def run(team: Team, command: Command, turn: int = 0) -> Answer:
    words = [word.format(**team.facts, root=team.root, turn=turn) for word in command.words]
    return team.run(command.who, "--json", *words, stdin=b"Nieuw.", shift=command.shift)


def stated(team: Team) -> list[str]:
    """Name the statements in the log, with whose book they are in."""
    asked = [entry["request"] for entry in log(team) if entry["decision"] == "permit"]
    return [request["statement"][0] for request in asked if request.get("statement")]


def whole(prepared: Team, folder: Path, command: Command) -> Whole:
    """Run a command without faults."""
    team, before = prepared.copy(folder), stated(prepared)
    with dying(1 << 30) as calls:
        answer = run(team, command)
    assert answer.code == 0, answer
    found = Whole(before, stated(team)[len(before) :], calls())
    shutil.rmtree(folder)
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_a_fault_leaves_the_old_or_the_new_and_the_command_can_be_run_again(
    template: Team, tmp_path: Path, tried: Counter[str], request: pytest.FixtureRequest, name: str
) -> None:
    """Breaks when `LocalGate.enact` drops before it appends, or `vault.write` puts the content afterwards."""
    command = COMMANDS[name]
    prepared = template.copy(tmp_path / "prepared")
    command.prepare(prepared)
    usual = whole(prepared, tmp_path / "whole", command)
    points = [(fault, after) for after in range(usual.calls) for fault in FAULTS]
    if not request.config.getoption("--soak"):
        today = datetime.now(UTC).toordinal() + list(COMMANDS).index(name) * 7
        points = points[today % STEP :: STEP]
    for fault, after in points:
        team = prepared.copy(tmp_path / "t")
        answer = struck(team, command, fault, after)
        if answer is not MISSED:
            tried[name] += 1
            stands(team, command, usual, answer, f"{name}: {fault} at {after}")
        shutil.rmtree(team.root)


def test_a_token_that_was_cut_off_when_it_was_made_does_not_stand_in_the_way(
    template: Team, tmp_path: Path
) -> None:
    """Breaks when `cli.renewing._next` writes the next token where it is to stand."""
    for after in range(6):
        team, command = template.copy(tmp_path / str(after)), COMMANDS["token-renew"]
        assert struck(team, command, "kill", after) is None
        assert run(team, command).code == 0


MISSED = Answer(-1, b"", b"")


def struck(team: Team, command: Command, fault: str, after: int) -> Answer | None:
    """Run a command with a fault: give its answer, None when it died, MISSED when it met none."""
    try:
        if fault == "kill":
            with dying(after, half=True):
                run(team, command)
            return MISSED
        with failing(after, FAULTS[fault]) as failed:
            answer = run(team, command)
        return answer if failed() else MISSED
    except CrashError:
        return None


def stands(team: Team, command: Command, usual: Whole, answer: Answer | None, where: str) -> None:
    """See that the store is well after a fault, and that the command can be run again."""
    assert answer is None or answer.code not in TORN, (where, answer)
    is_well(team, command, where)
    found = stated(team)
    size = len(found) - len(usual.before)
    assert found == usual.before + usual.stated[:size], (where, found[len(usual.before) :])
    again = run(team, command, turn=1)
    allowed = DONE if size == len(usual.stated) else {0}
    assert again.code in allowed, (where, size, answer, again)
    assert answer is None or answer.code != 0 or size == len(usual.stated), (where, answer)
    is_well(team, command, where)


def is_well(team: Team, command: Command, where: str) -> None:
    """See that the log verifies, that every book, box and content is as it should be, and that it opens."""
    report = check(open_at(str(team.store)), None, deep=True, workers=1)
    assert not report.findings, (where, report.findings)
    if command.reader is not None:
        answer = team.read(command.reader, team.house, "intake", shift=command.shift)
        assert (answer.code, answer.out) == (0, CONTENTS["intake"][0].encode()), (where, answer)
