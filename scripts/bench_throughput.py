"""The figures of what is done in bulk: sealing, opening, verifying."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import bench_bare as bare
from bench_ground import Ground
from bench_rounds import Figure, Timed, timed
from bench_team import Team

from dossier.log.verify import verify

SIGNATURES = 2  # of an entry: over its request, and over the checkpoint that comes with it


def sealing(ground: Ground) -> Iterator[Figure]:
    """Sealing and opening a large content, against one call of the library."""
    size, rounds = ground.sizes.content, ground.sizes.seldom
    work = bare.Sealing(size)
    against = "AES-256-GCM of the library in one call"
    for name, ours, theirs in (
        ("sealing", work.seal, work.encrypt),
        ("opening", work.open, work.decrypt),
    ):
        figure = Figure(f"{name} {size >> 20} MB", against, 0.4, least=True)
        yield figure.measured(timed(ours), timed(theirs), rounds)


def verifying(ground: Ground) -> Iterator[Figure]:
    """`log verify`, against verifying as many signatures and nothing else."""
    team, _ = ground.few()
    entries = team.entries()
    against = f"{entries * SIGNATURES:,} bare Ed25519 verifications on one core"
    signatures = _on(1, bare.verifications(entries * SIGNATURES, team.last_line()[:600]))
    for cores, bound in ((1, 0.6), (2, 1.0)):
        name = f"`log verify` of {entries:,} entries, cores: {cores}"
        figure = Figure(name, against, bound, least=True)
        if len(_cores()) < cores:
            yield figure._replace(missing=f"{cores} cores")
        else:
            yield figure.measured(_on(cores, lambda: _verify(team)), signatures, ground.sizes.seldom)


def _verify(team: Team) -> None:
    report = verify(team.store, None)
    if report.findings:
        raise RuntimeError(report.findings)


def _cores() -> list[int]:
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def _on(number: int, action: Callable[[], None]) -> Timed:
    """Time something that may use so many processors only."""

    @contextmanager
    def pinned() -> Iterator[None]:
        all_of_them = _cores()
        os.sched_setaffinity(0, all_of_them[:number])
        try:
            yield
        finally:
            os.sched_setaffinity(0, all_of_them)

    def once() -> float:
        with pinned():
            return timed(action)()

    return once
