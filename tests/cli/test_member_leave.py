"""dossier member leave, as a coordinator or a beheerder types it."""

import pytest
from cli_team import DAY, Team
from keyring import Keyring, files_of

from keys.identity import LocalIdentity

LEAVE = ("member", "leave", "sara", "--reason", "uit-dienst")


def identity(team: Team, who: str) -> LocalIdentity:
    found = team.desk(who).identity
    assert isinstance(found, LocalIdentity)
    return found


def test_a_plan_tells_what_they_can_open_and_did_and_changes_nothing(team: Team) -> None:
    assert team.read("sara", team.house, "intake").code == 0
    plan = team.ask("anna", *LEAVE, "--plan")
    opened = plan.pop("opened")
    assert plan == {
        "schema": "dossier/member-leave-plan/1",
        "handle": "sara",
        "roles": ["specialist"],
        "reach": [{"household": team.house, "section": "intake", "versions": 1, "right": team.grant}],
        "directs": [],
        "looked": True,
    }
    assert [row.pop("at")[-1] for row in opened] == ["Z"]
    assert opened == [
        {"household": team.house, "section": "intake", "version": 1, "purpose": "intakegesprek"}
    ]
    assert team.read("sara", team.house, "intake").code == 0


@pytest.mark.embedded_only("a token has the key of an epoch there")
def test_who_left_opens_nothing_with_their_token_and_the_store_as_it_now_is(team: Team) -> None:
    ring = Keyring(identity(team, "sara"))
    assert ring.open(files_of(team)) == {(team.house, "intake", 1)}
    made = team.ask("anna", *LEAVE)
    assert (made["rekeyed"], made["left"], made["coordination"], made["approval"]) == (
        [team.house],
        [],
        None,
        None,
    )
    assert Keyring(identity(team, "sara")).open(files_of(team)) == set()
    assert team.read("sara", team.house, "intake").code == 4
    assert team.read("jan", team.house, "intake").code == 0
    assert [row["what"] for row in team.ask("bob", "keys", "status")["due"]] == ["rotate", "split-recovery"]


@pytest.mark.embedded_only("a token has the key of an epoch there")
def test_it_says_what_cannot_be_undone_and_who_goes_on(team: Team) -> None:
    words = team.run("anna", *LEAVE).out.decode()
    assert "dossier keys rotate" in words
    assert "that cannot be undone" in words


def test_run_again_it_goes_on_and_finds_nothing_more(team: Team) -> None:
    team.ask("anna", *LEAVE)
    again = team.ask("anna", *LEAVE)
    assert (again["reach"], again["rekeyed"], again["left"]) == ([], [], [])


def test_the_households_of_a_regisseur_are_named(team: Team) -> None:
    made = team.ask("anna", "member", "leave", "jan", "--reason", "uit-dienst")
    assert made["directs"] == made["rekeyed"] == [team.house]
    found = team.ask("anna", "household", "list", "--unassigned")["households"]
    assert {row["household"] for row in found} == {team.house, team.loose}


@pytest.mark.embedded_only("a token has the key of an epoch there")
def test_a_coordinator_leaves_with_a_new_card_for_the_team(team: Team) -> None:
    team.hire("otto", "coordinator")
    ring = identity(team, "otto")
    assert len(Keyring(ring).open(files_of(team))) == 5
    made = team.ask("anna", "member", "leave", "otto", "--reason", "andere-functie")
    assert made["coordination"] == 2
    assert {*made["rekeyed"]} == {team.house, team.loose}
    assert Keyring(ring).open(files_of(team)) == set()
    assert team.ask("anna", "check", "--deep")["ok"]


@pytest.mark.embedded_only("a token has the key of an epoch there")
def test_a_beheerder_lets_someone_go_and_a_coordinator_goes_on(team: Team) -> None:
    answer = team.run("bob", *LEAVE)
    assert answer.code == 10
    assert b"which only a coordinator makes" in answer.err
    assert b"dossier member leave sara" in answer.err
    assert team.house.encode() not in answer.out
    assert team.read("sara", team.house, "intake").code == 4
    assert team.ask("anna", *LEAVE)["rekeyed"] == [team.house]


@pytest.mark.parametrize("who", ["jan", "sara", "tess"])
def test_who_can_let_nobody_go_is_told_nothing(team: Team, who: str) -> None:
    for more in ((), ("--plan",)):
        answer = team.run(who, "--json", "member", "leave", "bob", "--reason", "uit-dienst", *more)
        assert (answer.code, answer.out, answer.reason) == (6, b"", "not-your-role")


def test_a_toezichthouder_leaves_when_a_second_person_approves(team: Team) -> None:
    team.hire("otto", "coordinator")
    shift = 30.5 * DAY
    leave = ("member", "leave", "tess", "--reason", "uit-dienst")
    waits = team.ask("anna", *leave, code=7, shift=shift)
    assert waits["approval"] is not None
    team.ask("otto", "approval", "give", str(waits["approval"]), shift=shift)
    made = team.ask("anna", *leave, shift=shift)
    assert (made["rekeyed"], made["approval"]) == ([], None)
