"""What a served log holds to prove with is bounded, and a page that was cut proves nothing."""

from pathlib import Path

import pytest
from team import Team
from wording import INTAKE

from dossier.errors import IntegrityError
from dossier.log import proofs as module
from dossier.log.proofs import Proofs
from dossier.model import Role, Seen


@pytest.fixture
def team(tmp_path: Path) -> Team:
    team = Team(tmp_path)
    team.admit("jan", Role.REGISSEUR)
    home = team.open("jan")
    for number in range(20):
        team.write("jan", home, INTAKE, f"versie {number}")
    return team


def test_what_is_held_is_bounded_and_proves_on(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_NODES", 4)
    monkeypatch.setattr(module, "_MOST_ROOTS", 4)
    known = team["jan"].memory.verified
    now, found = Seen(known.size, known.root), Proofs(team.store)
    found.catch_up(known)
    roots = {size: found.root_at(size, now) for size in range(1, known.size)}
    for size, root in roots.items():
        assert found.consistency(Seen(size, root), now)
        assert found.root_at(size, now) == root
    assert len(found._roots) <= 4
    assert len(found._nodes) <= 4


def test_a_page_that_was_cut_proves_nothing(team: Team) -> None:
    known = team["jan"].memory.verified
    page = team.store.page(0)
    team.store._pages[0] = page[: len(page) // 2]  # type: ignore[attr-defined]
    with pytest.raises(IntegrityError, match="log-short"):
        Proofs(team.store).catch_up(known)
