"""The figures of commands: what each is of, against what it is held, and what it is to reach."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import bench_bare as bare
from bench_ground import CROWD, MEMBERS, MINE, Ground, Place
from bench_rounds import Figure, Timed, timed
from bench_team import INTAKE, INTAKEGESPREK, PASSPHRASE, REGISSEUR, SECTION, Team, unsynced

from dossier.actions import households

IMPORTS = "import click, tinydb, cryptography.hazmat.primitives.hpke"


def process(ground: Ground) -> Iterator[Figure]:
    """`dossier read` as a process. Its clock is this computer's, so its store is of today."""
    folder = ground.folder / "process"
    team = Team(folder, datetime.now(UTC) - timedelta(hours=3))
    household = team.open_households(REGISSEUR, 1)[0]
    team.write_first(household)
    token, passphrase = folder / "token", folder / "passphrase"
    team.write_token(token)
    passphrase.write_text(PASSPHRASE + "\n", "utf-8")
    passphrase.chmod(0o600)
    program = Path(sys.executable).with_name("dossier")
    read = [str(program)] if program.exists() else [sys.executable, "-m", "dossier"]
    read += ["--store", str(folder / "store"), "--token", str(token), "--passphrase-file", str(passphrase)]
    read += ["read", household, INTAKE, "--purpose", INTAKEGESPREK]
    own = {"XDG_STATE_HOME": str(team.state(REGISSEUR).parent)}
    yield Figure("`dossier read`, a process", f'`python -c "{IMPORTS}"`', 2.2, least=False).measured(
        started(read, own), started([sys.executable, "-c", IMPORTS], own), ground.sizes.often
    )


def started(command: list[str], own: dict[str, str]) -> Timed:
    """Time a process, whose modules are compiled the first time, as where a program is installed.

    `own` is what its environment has besides this program's.
    """
    left_out = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONPATH", "COVERAGE_PROCESS_START")
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    environment |= {**own, "DOSSIER_COST": "cheapest"}
    return timed(lambda: subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True))


def log_length(ground: Ground) -> Iterator[Figure]:
    """A read where the log is long, against one where it is short."""
    sizes = ground.sizes
    name = f"read of 3 KB in process, log of {sizes.long_log:,} entries"
    figure = Figure(name, f"of {sizes.short_log:,}", 1.2, least=False)
    yield figure.measured(_reading(ground.long()), _reading(ground.short()), sizes.often)


def number_of_households(ground: Ground) -> Iterator[Figure]:
    """A read where there are many households, against one where there are few."""
    sizes = ground.sizes
    name = f"read of 3 KB in process, {sizes.many_households:,} households"
    figure = Figure(name, f"{sizes.few_households:,}", 1.2, least=False)
    yield figure.measured(_reading(ground.many()), _reading(ground.few()), sizes.often)


def _reading(place: Place) -> Timed:
    """Time a read as a command does it: memory is read, and an entry that came meanwhile is checked."""
    team, household = place
    elsewhere = team.desk_elsewhere()

    def read() -> float:
        with unsynced():
            team.wait()
            team.read(elsewhere, household)
        return timed(lambda: team.read(team.desk(REGISSEUR), household))()

    return read


def bare_work(ground: Ground) -> Iterator[Figure]:
    """A read, against the least that it could be."""
    many, crowd, often = ground.many(), ground.crowd(), ground.sizes.often
    floor = timed(bare.BareRead(ground.folder, many.team.last_line(), SECTION))
    against = "one line appended and synced, and the bare cryptography of a read"
    name = "read of 3 KB, identity unlocked"
    yield Figure(name, against, 8, least=False).measured(_reading_on(many), floor, often)
    name = f"the same, in a team of {CROWD} instead of {MEMBERS}"
    yield Figure(name, against, None, least=False).measured(_reading_on(crowd), floor, often)
    name = "the same, with memory and the store's book read anew"
    anew = timed(lambda: many.team.read(many.team.desk(REGISSEUR), many.household))
    yield Figure(name, against, None, least=False).measured(anew, floor, often)


def _reading_on(place: Place) -> Timed:
    """Time a read by whoever goes on reading, as a session does."""
    team, household = place
    desk = team.desk(REGISSEUR)

    def read() -> float:
        team.wait()
        return timed(lambda: team.read(desk, household))()

    return read


def writing(ground: Ground) -> Iterator[Figure]:
    """A write of a section, against an update of a TinyDB in an encrypted file."""
    team, household = ground.many()
    against = f"{bare.ENCRYPTED_TINYDB}: one update among {bare.RECORDS:,} records of 3 KB"
    figure = Figure("write of 3 KB", against, 20, least=True)
    with unsynced():
        update = bare.encrypted_tinydb(ground.folder, SECTION.decode())
    if update is None:
        yield figure._replace(missing=bare.ENCRYPTED_TINYDB)
        return
    write = timed(lambda: team.write(team.desk(REGISSEUR), household))
    yield figure.measured(write, timed(update), ground.sizes.seldom)


def listing(ground: Ground) -> Iterator[Figure]:
    """`household list` for whoever has a few of many, against whoever has all there are."""
    many = ground.sizes.many_households
    figure = Figure(f"`household list`, {MINE} mine of {many:,}", f"{MINE} of {MINE}", 1.3, least=False)
    yield figure.measured(_listing(ground.many().team), _listing(ground.mine_only().team), ground.sizes.often)


def _listing(team: Team) -> Timed:
    def once() -> None:
        rows = households.mine(team.desk(REGISSEUR))
        if len(rows) != MINE:
            raise RuntimeError(len(rows))

    return timed(once)
