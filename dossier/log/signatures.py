"""Check signatures many at a time, in as many threads as there are processors."""

import os
from typing import NamedTuple

from dossier.log.follow import check_now

_BATCH = 64  # signatures that a thread takes at a time


class _Waiting(NamedTuple):
    """A signature to be checked: the arguments of `check_now`."""

    position: int
    code: str
    public: bytes
    signature: bytes
    message: bytes


def processors() -> int:
    """Count the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Signatures:
    """Holds signatures until they are settled. Implements `log.follow.Check`."""

    def __init__(self, workers: int | None = None) -> None:
        """Use `workers` threads; left out, one for each processor."""
        self._workers = processors() if workers is None else workers
        self._waiting: list[_Waiting] = []

    def __call__(self, position: int, code: str, public: bytes, signature: bytes, message: bytes) -> None:
        """Hold a signature. Positions never fall."""
        self._waiting.append(_Waiting(position, code, public, signature, message))

    def settle(self) -> None:
        """Check all that waits. Nothing is parsed meanwhile: threads that verify would wait for that.

        Raises:
            IntegrityError: for the first in the log that is wrong.
        """
        waiting, self._waiting = self._waiting, []
        batches = [waiting[i : i + _BATCH] for i in range(0, len(waiting), _BATCH)]
        if self._workers == 1 or len(batches) < 2:  # noqa: PLR2004 (one batch is for one thread)
            for batch in batches:
                _check(batch)
            return
        # Imported here: no other command needs threads.
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

        with ThreadPoolExecutor(self._workers) as pool:
            for _ in pool.map(_check, batches):
                pass


def _check(batch: list[_Waiting]) -> None:
    for one in batch:
        check_now(*one)
