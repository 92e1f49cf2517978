"""Grants, stand-ins, who can open what, and households that change hands: from the command line."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cli_team import DAY, NOBODY, SECTIONS, Team

from dossier.model import read_time

READ = ("--purpose", "intakegesprek")


def give(
    team: Team, *households: str, to: str = "sara", section: str = "plan", until: str = "14d", **more: Any
) -> str:
    scope = ("--section", section, "--purpose", "plan-opstellen", "--until", until)
    return str(
        team.ask("anna", "grant", "give", *households, to, "--role", "specialist", *scope, **more)["grant"]
    )


def slots(team: Team) -> dict[str, set[str]]:
    shown = team.ask("anna", "household", "show", team.house)["sections"]
    return {row["section"]: {holder["handle"] for holder in row["recipients"]} for row in shown}


def generations(team: Team) -> dict[str, int]:
    shown = team.ask("anna", "household", "show", team.house)["sections"]
    return {row["section"]: row["generation"] for row in shown}


def test_a_grant_opens_what_it_names_and_nothing_else(team: Team) -> None:
    assert team.read("sara", team.house, "intake").code == 0
    for section, purpose, reason in (
        ("plan", "plan-opstellen", "section-not-covered"),
        ("voorblad", "intakegesprek", "section-not-covered"),
        ("intake", "crisis", "purpose-not-granted"),
    ):
        answer = team.run("sara", "--json", "read", team.house, section, "--purpose", purpose)
        assert (answer.code, answer.out, answer.reason) == (6, b"", reason)
    answer = team.run("sara", "--json", "write", team.house, "intake", *READ, stdin=b"Nieuw.")
    assert (answer.code, answer.reason) == (6, "deed-not-covered")
    assert slots(team) == {**{section: {"jan"} for section in SECTIONS}, "intake": {"jan", "sara"}}


def test_a_grant_ends_with_its_last_day(team: Team) -> None:
    grant = team.ask("jan", "grant", "list", team.house)["grants"][0]
    until = read_time(grant["until"])
    assert timedelta(days=14) <= until - read_time(grant["at"]) <= timedelta(days=15)
    left = (until - datetime.now(UTC)) // timedelta(seconds=1)
    assert team.read("sara", team.house, "intake", shift=left - 60).code == 0
    answer = team.run("sara", "--json", "read", team.house, "intake", *READ, shift=left + 60)
    assert (answer.code, answer.out, answer.reason) == (6, b"", "grant-ended")
    assert team.ask("sara", "household", "list", shift=left + 60)["households"] == []
    states = [
        row["state"] for row in team.ask("anna", "grant", "list", team.house, shift=left + 60)["grants"]
    ]
    assert states == ["ended"]
    readers = team.ask("anna", "who", team.house, "intake", shift=left + 60)["readers"]
    assert {row["handle"]: row["state"] for row in readers if row["handle"] != "anna"} == {
        "jan": "good",
        "sara": "rekey-due",
    }


@pytest.mark.parametrize(
    ("length", "days"), [("1d", {1}), ("14d", {14}), ("3m", {89, 90, 91, 92}), ("180d", {180})]
)
def test_the_answer_says_until_when(team: Team, length: str, days: set[int]) -> None:
    give(team, team.house, until=length)
    grant = next(
        row for row in team.ask("jan", "grant", "list", team.house)["grants"] if row["sections"] == ["plan"]
    )
    zone = ZoneInfo("Europe/Amsterdam")
    given, until = (read_time(grant[name]).astimezone(zone) for name in ("at", "until"))
    assert until.timetz().replace(tzinfo=None) == time()  # up to the end of a day there, whatever the season
    assert (until.date() - given.date()).days - 1 in days


def test_a_grant_lasts_no_longer_than_the_policy_lets_it(team: Team) -> None:
    scope = ("--section", "plan", "--purpose", "plan-opstellen")
    for length in ("182d", "1y", "7m", "9999d"):
        command = ("grant", "give", team.house, "sara", "--role", "specialist", *scope, "--until", length)
        assert team.ask("anna", *command, code=6)["reason"] == "grant-too-long"


def test_nobody_but_a_coordinator_gives_and_nobody_to_themselves(team: Team) -> None:
    scope = ("--section", "plan", "--purpose", "plan-opstellen", "--until", "14d", "--role")
    for who in ("jan", "tess"):
        command = ("grant", "give", team.house, "sara", *scope, "specialist")
        assert team.ask(who, *command, code=6)["reason"] == "not-your-role"
        revoke = ("grant", "revoke", team.house, team.grant, "--reason", "doel-bereikt")
        assert team.ask(who, *revoke, code=6)["reason"] == "not-your-role"
    assert team.ask("sara", "grant", "give", team.house, "jan", *scope, "regisseur", code=6)
    team.ask("anna", "member", "roles", "jan", "--add", "specialist")
    assert (
        team.ask("anna", "grant", "give", team.house, "anna", *scope, "specialist", code=6)["reason"]
        == "about-yourself"
    )
    for who, role in (("bob", "beheerder"), ("tess", "toezichthouder"), ("bob", "specialist")):
        assert team.run("anna", "grant", "give", team.house, who, *scope, role).code == 6


def test_revoking_gives_new_keys_and_tells_what_was_opened_before(team: Team) -> None:
    for _ in range(2):
        assert team.read("sara", team.house, "intake").code == 0
    team.read("jan", team.house, "intake")
    team.run("sara", "read", team.house, "plan", "--purpose", "plan-opstellen")
    before = generations(team)
    revoked = team.ask("anna", "grant", "revoke", team.house, team.grant, "--reason", "doel-bereikt")
    assert revoked["rekeyed"] == ["intake"]
    assert [(row["section"], row["version"]) for row in revoked["opened_before"]] == [("intake", 1)] * 2
    assert generations(team) == {**before, "intake": 2}
    assert slots(team)["intake"] == {"jan"}
    assert team.ask("sara", "read", team.house, "intake", *READ, code=5)["reason"] == "no-access"
    assert team.read("jan", team.house, "intake").code == 0
    again = ("grant", "revoke", team.house, team.grant, "--reason", "doel-bereikt")
    assert team.ask("anna", *again, code=5)["reason"] == "no-such-grant"
    assert team.run("anna", "check", "--deep").code == 0


def test_who_tells_every_right_and_from_whom(team: Team) -> None:
    rows = {row["handle"]: row for row in team.ask("tess", "who", team.house, "intake")["readers"]}
    assert rows.keys() == {"jan", "sara", "anna"}
    assert (rows["jan"]["right"], rows["jan"]["until"]) == ("regisseur", None)
    assert (rows["sara"]["right"], rows["sara"]["given_by"]) == (team.grant, "anna")
    assert rows["anna"]["state"] == "team"
    team.ask("anna", "member", "suspend", "sara", "--reason", "verlof")
    rows = {row["handle"]: row for row in team.ask("tess", "who", team.house, "intake")["readers"]}
    assert rows["sara"]["state"] == "rekey-due"


def test_grants_of_several_households_at_once(team: Team) -> None:
    second = str(team.ask("jan", "household", "open")["household"])
    give(team, team.house, second)
    rows = team.ask("anna", "grant", "list", "--member", "sara")["grants"]
    assert {row["household"] for row in rows} == {team.house, second}
    scope = ("--role", "specialist", "--section", "plan", "--purpose", "plan-opstellen", "--until", "14d")
    partly = team.run("anna", "--json", "grant", "give", second, NOBODY, "sara", *scope)
    assert partly.code == 10
    assert partly.json()["left"] == [NOBODY]
    assert len(team.ask("anna", "grant", "list", "--expiring", "20")["grants"]) == 4
    assert team.ask("anna", "grant", "list", "--expiring", "3")["grants"] == []


@pytest.fixture
def caseload(team: Team) -> list[str]:
    """Give jan three households, and hire a colleague who could take them."""
    team.hire("piet", "regisseur")
    return [team.house, *(str(team.ask("jan", "household", "open")["household"]) for _ in range(2))]


def mine(team: Team, who: str, **more: Any) -> set[str]:
    return {row["household"] for row in team.ask(who, "household", "list", **more)["households"]}


def test_households_change_hands_one_many_or_all_at_once(team: Team, caseload: list[str]) -> None:
    assert team.ask("anna", "household", "assign", caseload[0], "piet")["assigned"] == caseload[:1]
    assert team.ask("jan", "read", team.house, "intake", *READ, code=5)["reason"] == "no-access"
    assert team.read("piet", team.house, "intake").code == 0
    assert team.read("sara", team.house, "intake").code == 0  # the grant goes on
    assert slots(team) == {**{section: {"piet"} for section in SECTIONS}, "intake": {"piet", "sara"}}
    assert set(generations(team).values()) == {2}
    assert (mine(team, "jan"), mine(team, "piet")) == (set(caseload[1:]), set(caseload[:1]))
    moved = team.ask("anna", "household", "assign", "--from", "jan", "piet")
    assert sorted(moved["assigned"]) == sorted(caseload[1:])
    assert (mine(team, "jan"), mine(team, "piet")) == (set(), set(caseload))
    assert team.ask("anna", "household", "assign", *caseload, "jan")["assigned"] == caseload
    assert mine(team, "jan") == set(caseload)
    assert team.run("anna", "check", "--deep").code == 0


def test_assigning_many_tells_what_was_left(team: Team, caseload: list[str]) -> None:
    answer = team.run("anna", "--json", "household", "assign", caseload[0], NOBODY, caseload[1], "piet")
    assert answer.code == 10
    assert (answer.json()["assigned"], answer.json()["left"]) == (caseload[:2], [NOBODY])
    for who in ("jan", "piet", "bob"):
        assert team.run(who, "household", "assign", "--from", "piet", who).code in (5, 6)
    assert team.ask("jan", "household", "assign", caseload[2], "piet", code=6)["reason"] == "not-your-role"
    assert team.ask("anna", "household", "assign", caseload[2], "anna", code=6)


def test_a_stand_in_works_until_the_last_day_and_the_regisseur_stays(team: Team, caseload: list[str]) -> None:
    team.ask("anna", "household", "assign", *caseload, "piet", "--until", "7d")
    assert mine(team, "piet") == mine(team, "jan") == set(caseload)
    assert team.read("piet", team.house, "intake").code == 0
    assert team.write("piet", team.house, "plan", "Waargenomen.")["version"] == 2
    assert team.read("jan", team.house, "plan").out == b"Waargenomen."
    assert team.ask("tess", "household", "show", team.house)["regisseur"] == "jan"
    late = 9 * DAY
    answer = team.run("piet", "--json", "read", team.house, "intake", *READ, shift=late)
    assert (answer.code, answer.out, answer.reason) == (6, b"", "grant-ended")
    assert mine(team, "piet", shift=late) == set()
    assert team.read("jan", team.house, "intake", shift=late).code == 0


def test_a_team_right_ends_when_there_is_a_regisseur(team: Team) -> None:
    assert team.read("anna", team.loose, "voorblad").code == 0
    unassigned = team.ask("anna", "household", "list", "--unassigned")["households"]
    assert [row["household"] for row in unassigned] == [team.loose]
    answer = team.run("anna", "--json", "write", team.loose, "intake", *READ, stdin=b"Nieuw.")
    assert (answer.code, answer.reason) == (6, "section-not-covered")
    team.ask("anna", "household", "assign", team.loose, "jan")
    assert (
        team.ask("anna", "read", team.loose, "voorblad", "--purpose", "caseload", code=5)["reason"]
        == "no-access"
    )
    assert team.read("jan", team.loose, "voorblad").code == 0
    assert team.ask("anna", "household", "list", "--unassigned")["households"] == []
