"""Side by side: two things timed in turns, round after round, and what their ratio is."""

import time
from collections.abc import Callable
from statistics import median
from typing import Any, NamedTuple

Timed = Callable[[], float]  # does something once; gives the seconds that count


class Figure(NamedTuple):
    """A figure, against what it is held, and what it is to reach. Times are seconds, medians."""

    name: str
    against: str
    bound: float | None  # None: shown beside another, with nothing to reach
    least: bool  # whether the ratio is how much faster and at least the bound, else slower and at most
    ours: float | None = None
    peer: float | None = None
    ratio: float | None = None  # the median of the ratios of the rounds
    rounds: int = 0
    missing: str | None = None  # what is not here to be measured against

    @property
    def reached(self) -> bool | None:
        """Tell whether the ratio is what it is to be; None where it was not measured, or need not be."""
        if self.ratio is None or self.bound is None:
            return None
        return self.ratio >= self.bound if self.least else self.ratio <= self.bound

    def measured(self, ours: Timed, peer: Timed, rounds: int) -> "Figure":
        """Measure both in turns, after one turn each that does not count; who goes first changes too."""
        ours(), peer()
        pairs = []
        for turn in range(rounds):
            if turn % 2:
                theirs, own = peer(), ours()
            else:
                own, theirs = ours(), peer()
            pairs.append((own, theirs))
        ratios = [theirs / own if self.least else own / theirs for own, theirs in pairs]
        return self._replace(
            ours=median(own for own, _ in pairs),
            peer=median(theirs for _, theirs in pairs),
            ratio=median(ratios),
            rounds=rounds,
        )


def timed(action: Callable[[], Any]) -> Timed:
    """Make something be timed as a whole."""

    def once() -> float:
        start = time.perf_counter()
        action()
        return time.perf_counter() - start

    return once
