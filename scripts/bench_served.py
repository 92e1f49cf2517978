"""The figures of a served store: its gate under load, a command against it, its size, and its moving."""

import subprocess
import tempfile
from collections.abc import Iterator
from statistics import median

from bench_clients import one_by_one
from bench_figures import started
from bench_gate import Gate, environment, program
from bench_load import Load
from bench_rounds import Figure, Timed, timed
from bench_served_ground import Ground, reader_of
from bench_served_team import ServedTeam
from bench_team import INTAKE, INTAKEGESPREK, REGISSEUR

from dossier.actions import moving
from dossier.cli.backends import ground_at, open_at

RATE = 600  # reads a second, to reach
SLOWEST = 0.05  # seconds that 95 of 100 of them may take
MORE = 0.03  # seconds that a command may take more than where the store is embedded


def _held_against(name: str, limit: float, bound: str, found: float, *, least: bool = False) -> Figure:
    """Hold what was found against a number of seconds; `bound` says what they are."""
    ratio = limit / found if least else found / limit
    return Figure(name, bound, 1, least=least, ours=found, peer=limit, ratio=ratio, rounds=1)


def under_load(ground: Ground) -> Iterator[Figure]:
    """Reads by all clients at once, against as many rows that are only inserted."""
    load, sizes = Load(ground), ground.sizes
    name = f"read of 3 KB at a gate, {sizes.clients} clients, calls signed beforehand, each read committed"
    against = "the same server, where a row as large as the log's record is inserted and committed"
    before = load.processor_times()
    figure = Figure(name, against, 0.5, least=True).measured(load.reading, load.insert, sizes.rounds)
    after = load.processor_times()
    yield figure
    took = figure.ours or 0.0
    ground.say(f"{1 / took:.0f} reads a second")
    each = f"one of {RATE} a second"
    yield _held_against("the same", 1 / RATE, each, took, least=True)._replace(rounds=sizes.rounds)
    name = "answer to one of these reads, 95 of 100"
    yield _held_against(name, SLOWEST, "50 ms", load.slowest())._replace(rounds=sizes.rounds)
    yield _worked(before, after, sizes.clients * sizes.reads * (sizes.rounds + 1))


def _worked(
    before: tuple[float | None, float | None], after: tuple[float | None, float | None], number: int
) -> Figure:
    """Compare what the processes of both servers worked for each call, without the database's."""
    figure = Figure("processor time of the gate's process for a read", "of the other's", None, least=False)
    ours, theirs = ((b or 0.0) - (a or 0.0) for a, b in zip(before, after, strict=True))
    if not ours or not theirs:
        return figure._replace(missing="processor times of processes")
    return figure._replace(ours=ours / number, peer=theirs / number, ratio=ours / theirs, rounds=1)


def command(ground: Ground) -> Iterator[Figure]:
    """`dossier read` as a process with its session unlocked: at a gate, and where the store is a folder."""
    crowd = ground.crowd()
    team, often = crowd.team, ground.sizes.commands
    places = (crowd.gate.address, crowd.embedded / "store")
    homes = (team.state(REGISSEUR).parent, crowd.embedded / REGISSEUR)
    with tempfile.TemporaryDirectory(prefix="run-") as run:  # the name of a socket is short
        own = {"XDG_RUNTIME_DIR": run, "DOSSIER_SESSION": "bench"}
        ours, theirs = (
            (
                [*program(), "--store", str(place), "--token", str(team.token)],
                {**own, "XDG_STATE_HOME": str(home)},
            )
            for place, home in zip(places, homes, strict=True)
        )
        _session(theirs, ["--passphrase-file", str(team.passphrase), "session", "unlock"])
        try:
            read = ["--no-input", "read", crowd.household, INTAKE, "--purpose", INTAKEGESPREK]
            at_gate, embedded = (_Noted(started([*start, *read], env)) for start, env in (ours, theirs))
            name = "`dossier read`, a process, session unlocked, at a gate"
            figure = Figure(name, "the same, the store a folder", None, least=False)
            yield figure.measured(at_gate, embedded, often)
        finally:
            _session(theirs, ["session", "lock"])
    more = median(a - b for a, b in zip(at_gate.took[1:], embedded.took[1:], strict=True))
    yield _held_against("what it takes more at a gate", MORE, "30 ms", more)._replace(rounds=often)


class _Noted:
    """What is timed, with a note of each time."""

    def __init__(self, timed: Timed) -> None:
        self._timed = timed
        self.took: list[float] = []

    def __call__(self) -> float:
        self.took.append(self._timed())
        return self.took[-1]


def _session(start: tuple[list[str], dict[str, str]], words: list[str]) -> None:
    """Unlock or lock the session."""
    words_before, own = start
    subprocess.run([*words_before, *words], env=environment(own), capture_output=True, check=True)


def size(ground: Ground) -> Iterator[Figure]:
    """A read at a gate with many households in its database, against one with few; each once only."""
    few, many = ground.sizes.few, ground.sizes.many
    ground.say(f"Making a served store with {few:,} households, and one with {many:,} ...")
    team = ServedTeam(ground.folder / "size")
    households = team.open_households(REGISSEUR, few)
    team.write_all(REGISSEUR, households)
    team.become_served()
    readings = []
    for number in (many, few):
        gate = Gate.of(team, ground.database, ground.folder / f"gate-{number}", number - few)
        ground.keep(gate)
        calls = [reader_of(team, REGISSEUR, one).calls(gate.counter, gate.now, 1)[0] for one in households]
        readings.append(one_by_one(gate.port, calls))
    large, small = readings
    name = f"read at a gate, {many:,} households, each read for the first time"
    figure = Figure(name, f"{few:,}", 1.2, least=False)
    yield figure.measured(large.__next__, small.__next__, few - 1)


def copying(ground: Ground) -> Iterator[Figure]:
    """`store copy` of a team's store from files into a database and back, for one household."""
    number, rounds = ground.sizes.copied, ground.sizes.copies
    ground.say(f"Making a store with {number:,} households to copy ...")
    team = ServedTeam(ground.folder / "copying")
    team.write_all(REGISSEUR, team.open_households(REGISSEUR, number))
    moves = _Moves(ground, str(team.folder / "store"), number)
    name = f"`store copy` from files to PostgreSQL with its check, one of {number:,} households"
    figure = Figure(name, "the way back", None, least=False).measured(moves.there, moves.back, rounds)
    if figure.ours and figure.peer:
        ground.say(f"{1 / figure.ours:.0f} households a second, and {1 / figure.peer:.0f} back")
    yield figure


class _Moves:
    """Copies there and back, each time to a new place."""

    def __init__(self, ground: Ground, source: str, number: int) -> None:
        self._ground = ground
        self._source = source
        self._number = number
        self._there = ""
        self._backs = 0

    def there(self) -> float:
        """Copy into the database; give the seconds for one household."""
        self._there = self._ground.database.place()
        return self._move(self._source, self._there)

    def back(self) -> float:
        """Copy to files."""
        self._backs += 1
        return self._move(self._there, str(self._ground.folder / f"back-{self._backs}"))

    def _move(self, source: str, target: str) -> float:
        def move() -> None:
            moved = moving.move(open_at(source), ground_at(target, moving.COPYING))
            if moved.damage:
                raise RuntimeError(moved.damage)

        return timed(move)() / self._number
