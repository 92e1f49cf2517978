"""A team for each test of the command line, copied from one that is built once."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_team import Team, build


@pytest.fixture(autouse=True)
def _quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for no disk in this process: what syncing is worth, tests/storage and the processes here tell."""
    monkeypatch.setattr(os, "fsync", os.fstat)
    monkeypatch.setattr(os, "fdatasync", os.fstat)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """Build the team that others copy."""
    built = build(tmp_path_factory.mktemp("team") / "t")
    yield built
    built.close()


@pytest.fixture
def team(template: Team, tmp_path: Path) -> Iterator[Team]:
    """Give a team to do with as one likes."""
    copy = template.copy(tmp_path / "t")
    yield copy
    copy.close()
