"""Rounds of calls by all clients at once: at a gate, and at a server that only inserts rows."""

from statistics import quantiles

from bench_clients import check_read, run
from bench_gate import inserting
from bench_served_ground import Ground

THREADS = 12  # of the server that only inserts: 1 to 8 of them were slower, 16 no faster
_HUNDREDTHS = 100
_PERCENT = 95


class Load:
    """Guards that every read that is counted stands in the log, and every row in its table."""

    def __init__(self, ground: Ground) -> None:
        """Start the server that only inserts rows as large as a record of a read."""
        crowd, self._database = ground.crowd(), ground.database
        self._gate, self._readers = crowd.gate, crowd.readers
        self._number = ground.sizes.reads
        self._seen = self._gate.now
        self._calls: list[list[bytes]] = []
        self._rows = self._database.place()
        self.rounds: list[list[float]] = []  # what each answer of the gate took, round by round
        self.reading(1)
        size = self._database.record(self._gate.place)
        self._inserting = inserting(self._rows, size, THREADS, ground.folder)
        ground.keep(self._inserting)
        self.rounds.clear()

    def reading(self, number: int = 0) -> float:
        """Let each client read so many times; give the seconds for one read."""
        calls = [r.calls(self._gate.counter, self._seen, number or self._number) for r in self._readers]
        before = self._database.rows(self._gate.place, "log")
        done = run(self._gate.port, calls)
        if self._database.rows(self._gate.place, "log") - before != len(done.seconds):
            raise RuntimeError("what was answered is not what was logged")
        self._seen = max(check_read(answer) for answer in done.last)
        self._calls = calls
        self.rounds.append(done.seconds)
        return done.elapsed / len(done.seconds)

    def insert(self) -> float:
        """Let each client make the same calls where a row is inserted; give the seconds for one."""
        before = self._database.rows(self._rows, "rows")
        done = run(self._inserting.port, self._calls)
        if self._database.rows(self._rows, "rows") - before != len(done.seconds):
            raise RuntimeError("what was answered is not what was inserted")
        return done.elapsed / len(done.seconds)

    def slowest(self) -> float:
        """Give the seconds within which 95 of 100 reads were answered, in all rounds but the first."""
        seconds = [one for took in self.rounds[1:] for one in took]
        return quantiles(seconds, n=_HUNDREDTHS)[_PERCENT - 1]

    def processor_times(self) -> tuple[float | None, float | None]:
        """Give the seconds that processors have worked for the gate, and for what only inserts."""
        return self._gate.processor_time(), self._inserting.processor_time()
