"""What starts agents for a test, and sees to it that none is left."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from agents import SOON, Running, Time

from keys.agent import lock, state


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Give what starts agents in this process, and lock them all at the end."""
    started = []

    def run(clock: Time | None = None, **changes: Any) -> Running:
        started.append(Running(tmp_path / "s", clock, **changes))
        return started[-1]

    yield run
    for one in started:
        one.clock.go(10**9)
        state(one.place)  # so that it looks at its clocks
        one.thread.join(SOON)
        assert not one.thread.is_alive()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """Give a place for a real agent, which is locked at the end."""
    found = tmp_path / "s" / "noor.agent"
    yield found
    lock(found)
