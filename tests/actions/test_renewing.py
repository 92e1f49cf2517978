"""Renewals: the same person goes on under other keys, and the old ones open nothing any more."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from team import WRITE, Team
from wording import COVER, INTAKE, PLAN, person

from dossier import contexts
from dossier.actions import approvals, boxes, members, renewing, rotation, store
from dossier.actions.dues import status
from dossier.actions.recovery import split
from dossier.errors import IntegrityError, LockedError, NotFoundError, RefusedError, UsageError
from dossier.gate.local import LocalGate
from dossier.memory import Memory
from dossier.model import STORE_BOOK, BookName, Handle, HouseholdId, Role
from keys.encoding import fingerprint
from keys.errors import KeysError
from keys.identity import LocalIdentity

SARA = Handle("sara")


@pytest.fixture
def team(tmp_path: Path) -> Team:
    team = Team(tmp_path)
    team.admit("jan", Role.REGISSEUR)
    team.admit("sara", Role.SPECIALIST)
    team.admit("bob", Role.BEHEERDER)
    return team


@pytest.fixture
def home(team: Team) -> HouseholdId:
    """Give a household of jan's with an intake, which sara may read and of whose plan she may write."""
    home = team.open("jan")
    team.write("jan", home, INTAKE, "een")
    team.grant("sara", home, INTAKE)
    team.grant("sara", home, PLAN, deeds=WRITE)
    return home


def dues(team: Team, *what: str) -> list[tuple[str, str, str | None]]:
    return [(due.what, due.why, due.who) for due in status(team["anna"]).due if due.what in what]


def opened_by(team: Team, home: HouseholdId, identity: LocalIdentity) -> Iterator[tuple[str, int]]:
    """Try a card on every box that lies in a household's file: name what of it opens."""
    sections = team.register(home).households[home].sections.values()
    for box, section, role in product(team.store.objects(BookName(home)).values(), sections, Role):
        for generation in range(1, section.generation + 1):
            place = (team.store.store_id, home, section.name, generation, role, identity.card.fingerprint)
            try:
                identity.unbox(box, contexts.slot(*place))
            except KeysError:
                continue
            yield str(section.name), generation


# One's own.


def test_everything_goes_on_under_the_next_card(team: Team, home: HouseholdId) -> None:
    old = team.register().member("sara").fingerprint
    team.renew("sara")
    member = team.register().member("sara")
    assert member.fingerprint == person("sara", 2).card.fingerprint != old
    assert team.read("sara", home, INTAKE) == "een"
    team.write("sara", home, PLAN, "van sara")
    assert team.read("jan", home, PLAN) == "van sara"
    assert dues(team, "box-slot", "box-gate", "rekey") == []


def test_what_was_boxed_to_the_old_card_is_boxed_to_the_new_one_and_counted(
    team: Team, home: HouseholdId
) -> None:
    other = team.open("jan")
    team.open("jan")
    team.grant("sara", other, INTAKE)
    done = renewing.renew_own(team["sara"], person("sara", 2))
    assert done.boxed == 2
    assert fingerprint(done.leaf) == fingerprint(team.register().member("sara").leaf)
    assert team.renew("jan").identity.card == person("jan", 2).card
    assert team.read("jan", home, INTAKE) == "een"


def test_the_old_card_is_refused(team: Team, home: HouseholdId) -> None:
    old = team["sara"]
    team.renew("sara")
    team.desks["sara"] = old
    with pytest.raises(LockedError, match="not-admitted"):
        team.read("sara", home, INTAKE)


def test_the_old_card_opens_nothing_of_the_store_as_it_now_is(team: Team, home: HouseholdId) -> None:
    assert {name for name, _ in opened_by(team, home, person("sara"))} == {"intake", "plan"}
    team.renew("sara")
    team.rekey(home)
    assert [*opened_by(team, home, person("sara"))] == []
    assert {name for name, _ in opened_by(team, home, person("sara", 2))} == {"intake", "plan"}
    box = team.store.objects(STORE_BOOK)[team.register().gate_boxes[SARA]]
    own = contexts.of("epoch-box", team.store.store_id, 1, person("sara").card.fingerprint)
    with pytest.raises(KeysError):
        person("sara").unbox(box, own)


def test_what_the_client_saw_is_carried_over(team: Team, home: HouseholdId) -> None:
    """Otherwise a store put back would not be noticed, or one that was not would seem to be."""
    assert team.read("sara", home, INTAKE) == "een"
    saw, mine = team["sara"].memory.verified.size, set(team["sara"].memory.mine)
    assert mine == {home}
    team.renew("sara")
    desk = team.again("sara")
    assert desk.memory.verified.size > saw
    assert desk.memory.mine == mine
    assert team.read("sara", home, INTAKE) == "een"


def test_a_card_can_be_renewed_again_and_again(team: Team, home: HouseholdId) -> None:
    for number in (2, 3, 4):
        team.renew("sara", number)
        assert team.read("sara", home, INTAKE) == "een"
    with pytest.raises(UsageError, match="card-taken"):
        team.renew("sara", 2)


def test_who_renews_is_the_same_person(team: Team) -> None:
    for other in (
        LocalIdentity.new("sara", "Iemand Anders", "Gemeente Voorbeeld"),
        LocalIdentity.new("sara", "Sara", "Elders"),
    ):
        with pytest.raises(UsageError, match="other-person"):
            renewing.renew_own(team["sara"], other)
    assert team.register().member("sara").fingerprint == person("sara").card.fingerprint


def test_who_is_suspended_renews_nothing(team: Team) -> None:
    team.suspend("sara")
    with pytest.raises(LockedError, match="not-active"):
        team.renew("sara")


# A renewal that was broken off after its statement.


def broken_off(team: Team, who: str = "sara") -> None:
    """State the renewal, and do nothing more."""
    statement, objects = renewing._renewal(team[who], team[who].gate.survey(), person(who, 2).card)
    team[who].gate.enact(statement, objects)


def go_on(team: Team, who: str = "sara") -> renewing.Renewed:
    root = team["anna"].memory.root
    folder = team.folder / who
    done = renewing.go_on(team.store, person(who), person(who, 2), folder, team.clock, root)
    team.desks[who] = done.desk
    return done


def test_a_renewal_that_was_broken_off_goes_on(team: Team, home: HouseholdId) -> None:
    broken_off(team)
    assert dues(team, "box-slot") == [("box-slot", "no-box", "sara")]
    assert go_on(team).boxed == 1
    assert dues(team, "box-slot") == []
    assert team.read("sara", home, INTAKE) == "een"
    assert team.again("sara").memory.root == team["anna"].memory.root


def test_where_the_old_boxes_are_gone_a_coordinator_boxes_again(team: Team, home: HouseholdId) -> None:
    broken_off(team)
    team.write("jan", home, INTAKE, "twee")  # drops what nothing names any more
    assert go_on(team).boxed == 0
    with pytest.raises(LockedError, match="no-box"):
        team.read("sara", home, INTAKE)
    assert boxes.box_slots_of(team["anna"], SARA) == 1
    assert team.read("sara", home, INTAKE) == "twee"


def test_a_renewal_that_was_never_stated_does_not_go_on(team: Team) -> None:
    with pytest.raises(LockedError, match="not-admitted"):
        go_on(team)


# A coordinator's, and a beheerder's.


def test_a_coordinators_renewal_brings_the_teams_key_and_makes_another_card_due(team: Team) -> None:
    home = team.open(None)
    team.write("anna", home, COVER, "wie het zijn")
    split(team["anna"], 2, 3)
    assert dues(team, "renew-coordination", "split-recovery") == []
    team.renew("anna")
    assert team.read("anna", home, COVER) == "wie het zijn"
    assert dues(team, "renew-coordination", "split-recovery") == [
        ("renew-coordination", "left-out", None),
        ("split-recovery", "left-out", None),
    ]
    assert rotation.renew_coordination(team["anna"]) == 2
    assert dues(team, "renew-coordination") == []


def test_a_beheerder_rotates_under_the_next_card(team: Team, home: HouseholdId) -> None:
    team.renew("bob")
    assert team.rotate().epoch == 2
    assert team.read("jan", home, INTAKE) == "een"


# A token that was lost.


def renewed(team: Team, by: str, handle: str = "sara", number: int = 2) -> approvals.Stated:
    card = person(handle, number).card
    stated, _ = renewing.renew(team[by], Handle(handle), card.write(), card.fingerprint)
    assert stated is not None
    return stated


def joined(team: Team, leaf: bytes, handle: str = "sara") -> None:
    """Make first contact with a new card, on a computer that knows nothing."""
    desk, _ = store.join(team.store, person(handle, 2), team.folder / "elders", team.clock, fingerprint(leaf))
    team.desks[handle] = desk


@pytest.fixture
def second(team: Team) -> Team:
    """Give a team with a second coordinator and a toezichthouder, both in office for long."""
    team.admit("otto", Role.COORDINATOR)
    team.admit("tess", Role.TOEZICHTHOUDER)
    team.clock.wait(days=31)
    team["anna"].gate.survey()
    return team


def long_grant(team: Team) -> HouseholdId:
    home = team.open("jan")
    team.write("jan", home, INTAKE, "een")
    team.grant("sara", home, INTAKE)
    return home


def test_a_lost_token_is_renewed_when_a_second_person_approves(second: Team) -> None:
    home = long_grant(second)
    stated = renewed(second, "anna")
    assert stated.waits
    assert second.register().member("sara").fingerprint == person("sara").card.fingerprint
    entry, _ = approvals.give(second["otto"], stated.entry.index)
    joined(second, entry.leaf)
    assert second.read("sara", home, INTAKE) == "een"  # boxed to her by the coordinator who approved
    assert dues(second, "box-slot", "box-gate") == []


def test_where_a_toezichthouder_approves_a_coordinator_boxes(second: Team) -> None:
    home = long_grant(second)
    entry, _ = approvals.give(second["tess"], renewed(second, "anna").entry.index)
    joined(second, entry.leaf)
    with pytest.raises(LockedError, match="no-box"):
        second.read("sara", home, INTAKE)
    assert dues(second, "box-slot") == [("box-slot", "no-box", "sara")]
    assert renewing.box_again(second["anna"], SARA)[1] == 1
    assert second.read("sara", home, INTAKE) == "een"


def test_where_nobody_could_approve_a_coordinator_renews_alone(team: Team, home: HouseholdId) -> None:
    stated = renewed(team, "anna")
    assert not stated.waits
    assert stated.entry.ruling.basis == "alone"
    renewing.box_again(team["anna"], SARA)
    joined(team, stated.entry.leaf)
    assert team.read("sara", home, INTAKE) == "een"


def test_who_was_renewed_by_the_proposer_is_not_the_second_person(second: Team) -> None:
    stated = renewed(second, "anna", "otto")
    entry, _ = approvals.give(second["tess"], stated.entry.index)
    joined(second, entry.leaf, "otto")
    waiting = renewed(second, "anna")
    with pytest.raises(RefusedError, match="not-eligible"):
        approvals.give(second["otto"], waiting.entry.index)
    approvals.give(second["tess"], waiting.entry.index)


@pytest.mark.parametrize("who", ["jan", "bob"])
def test_only_a_coordinator_renews_for_another(team: Team, who: str) -> None:
    with pytest.raises(RefusedError, match="not-your-role"):
        renewed(team, who)
    assert team.register().member("sara").fingerprint == person("sara").card.fingerprint


def test_a_card_of_someone_else_renews_nobody(team: Team) -> None:
    card, other = person("sara", 2).card, person("jan", 2).card
    with pytest.raises(UsageError, match="card-other-handle") as caught:
        renewing.renew(team["anna"], SARA, other.write(), other.fingerprint)
    assert caught.value.data == {"handle": "jan"}
    with pytest.raises(IntegrityError, match="card-other-fingerprint"):
        renewing.renew(team["anna"], SARA, card.write(), other.fingerprint)
    with pytest.raises(IntegrityError, match="card-bad-encoding"):
        renewing.renew(team["anna"], SARA, b"geen kaart", card.fingerprint)
    nobody = person("nina").card
    with pytest.raises(UsageError, match="unknown-member"):
        renewing.renew(team["anna"], Handle("nina"), nobody.write(), nobody.fingerprint)
    used = person("jan").card
    same = LocalIdentity.new_with("sara", "Sara", "Gemeente Voorbeeld", *person("jan").seeds()).card
    assert same.sign == used.sign
    with pytest.raises(UsageError, match="card-taken"):
        renewing.renew(team["anna"], SARA, same.write(), same.fingerprint)


def test_who_left_gets_no_other_card(team: Team) -> None:
    team.leave("sara")
    with pytest.raises(UsageError, match=r"member-left|state-as-it-is"):
        renewed(team, "anna")


def test_what_waited_of_the_old_card_ends(second: Team) -> None:
    """A proposal is its proposer's under the card with which it was made."""
    stated, _ = members.admit(
        second["otto"], person("nina").card.write(), [Role.COORDINATOR], person("nina").card.fingerprint
    )
    second.renew("otto")
    with pytest.raises((LockedError, NotFoundError, RefusedError)):
        approvals.give(second["tess"], stated.entry.index)
    assert "nina" not in second.register().members


def test_another_client_with_the_old_card_and_memory_is_told(team: Team, home: HouseholdId) -> None:
    memory = Memory(team.folder / "sara", person("sara"), team.store.store_id)
    assert memory.load()
    team.renew("sara")
    gate = LocalGate(team.store, person("sara"), memory, team.clock)
    with pytest.raises(LockedError, match="not-admitted"):
        gate.survey(home)


def test_a_lost_token_asks_for_a_rotation_and_a_rekey_whatever_becomes_of_its_member(team: Team) -> None:
    """Breaks when `rules_members.restore` takes every rotation back, or `lose_boxes` notes no loss."""
    home = team.open("jan")
    team.grant("sara", home, INTAKE)
    team.suspend("sara")
    renewed(team, "anna")
    team.restore("sara")
    assert dues(team, "rotate", "rekey") == [
        ("rotate", "left-out", "sara"),
        ("rekey", "lost-card", "sara"),
    ]
    team.rotate()
    rotation.rekey(team["anna"], home)
    assert dues(team, "rotate", "rekey") == []
