"""A team for each test of the command line, copied from one that is built once."""

import os
from pathlib import Path

import pytest
from cli_team import Team, build


@pytest.fixture(autouse=True)
def _quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for no disk in this process: what syncing is worth, tests/storage and the processes here tell."""
    monkeypatch.setattr(os, "fsync", os.fstat)
    monkeypatch.setattr(os, "fdatasync", os.fstat)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Team:
    """Build the team that others copy."""
    return build(tmp_path_factory.mktemp("team") / "t")


@pytest.fixture
def team(template: Team, tmp_path: Path) -> Team:
    """Give a team to do with as one likes."""
    return template.copy(tmp_path / "t")
