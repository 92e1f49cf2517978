"""The team's card: what a coordinator opens and makes, and what stops them."""

from pathlib import Path

import pytest
from team import Team
from wording import INTAKE

from dossier.errors import IntegrityError, LockedError
from dossier.keying import new_keys
from dossier.model import STORE_BOOK, BookName, Digest, Handle, Role
from dossier.register.members import Member
from dossier.storage.base import Objects
from dossier.storage.volatile import VolatileStore
from dossier.team import seed


@pytest.fixture
def team(tmp_path: Path) -> Team:
    team = Team(tmp_path)
    team.admit("jan", Role.REGISSEUR)
    team.admit("sara", Role.SPECIALIST)
    return team


def spoil(monkeypatch: pytest.MonkeyPatch, book: BookName, digest: Digest, data: bytes | None) -> None:
    """Let a file hold other bytes under a digest, or none."""
    whole = VolatileStore.objects

    def objects(store: VolatileStore, name: BookName) -> Objects:
        kept = dict(whole(store, name))
        if name == book and kept.pop(digest, b"") and data is not None:
            kept[digest] = data
        return kept

    monkeypatch.setattr(VolatileStore, "objects", objects)


def test_whoever_has_no_box_of_the_seed_is_told_so(team: Team) -> None:
    register = team.register()
    with pytest.raises(LockedError, match="no-coordination-box"):
        seed(team["jan"], register)


def test_a_box_of_the_seed_that_is_gone_is_an_altered_store(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    register = team.register()
    spoil(monkeypatch, STORE_BOOK, register.coordination_boxes[Handle("anna")], None)
    with pytest.raises(IntegrityError, match="object-missing"):
        seed(team["anna"], register)


def test_a_box_of_another_seed_is_an_altered_store(team: Team) -> None:
    register = team.register()
    register.coordinations[-1] = register.coordinations[-1]._replace(public=bytes(1216))
    with pytest.raises(IntegrityError, match="coordination-box-altered"):
        seed(team["anna"], register)


def test_a_second_coordinator_gets_the_seed_and_uses_it(team: Team) -> None:
    team.admit("carla", Role.COORDINATOR)
    home = team.open("jan")
    team.write("jan", home, INTAKE)
    team.grant("sara", home, INTAKE, by="carla")
    assert team.read("sara", home, INTAKE) == "tekst"


def test_a_garbled_team_box_is_found_by_who_would_pass_the_key_on(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = team.open("jan")
    team.write("jan", home, INTAKE)
    box = team.register(home).households[home].sections[INTAKE].keying.coordination
    spoil(monkeypatch, BookName(home), box, bytes(1168))
    with pytest.raises(IntegrityError, match="section-box-altered"):
        team.grant("sara", home, INTAKE)


def test_a_garbled_role_part_is_found_before_it_is_wrapped_anew(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = team.open("jan")
    team.write("jan", home, INTAKE)
    grant = team.grant("sara", home, INTAKE)
    wrap = team.register(home).households[home].sections[INTAKE].versions[0].wrap
    spoil(monkeypatch, BookName(home), wrap, bytes(60))
    before = team["anna"].memory.verified.size
    with pytest.raises(IntegrityError, match="part-altered"):
        team.revoke(home, grant)
    assert team["anna"].memory.verified.size == before


def test_a_member_whose_card_holds_no_key_is_named(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    home = team.open("jan")
    grant = team.grant("sara", home, INTAKE)
    whole = team["anna"].gate.survey
    broken = b"\xff" * 1184

    def survey(household: object = None) -> object:
        situation = whole(household)  # type: ignore[arg-type]
        member: Member = situation.register.members[Handle("jan")]
        member.card = member.card._replace(box=broken + member.card.box[1184:])
        return situation

    monkeypatch.setattr(team["anna"].gate, "survey", survey)
    with pytest.raises(IntegrityError, match="card-no-key") as caught:
        team.revoke(home, grant)
    assert caught.value.data == {"handle": "jan"}


def test_whoever_is_no_coordinator_makes_no_keys(team: Team) -> None:
    home = team.open("jan")
    situation = team["jan"].gate.survey(home)
    made = new_keys(team["jan"], situation, situation.register.households[home], [INTAKE])
    assert made == ((), {})
