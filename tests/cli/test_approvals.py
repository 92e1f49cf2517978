"""What waits for a second person: exit code 7, then approved, refused, too late, or ended by itself."""

from typing import Any

import pytest
from cli_team import DAY, Team

from dossier.data import default_policy_text

MONTH = 30 * DAY + 60  # after which nobody is beholden to whoever admitted them


@pytest.fixture
def team(template: Team, tmp_path_factory: pytest.TempPathFactory) -> Team:
    """Have a second coordinator: what otto proposes, anna may approve at once."""
    team = template.copy(tmp_path_factory.mktemp("approvals") / "t")
    team.hire("otto", "coordinator")
    return team


def propose(team: Team, who: str, role: str, by: str = "otto", **more: Any) -> int:
    """Have someone's admission proposed; give its number."""
    told = team.new_token(who, **more)
    command = ("member", "admit", str(team.card(who)), "--role", role, "--fingerprint", told)
    made = team.ask(by, *command, code=7, **more)
    assert (made["handle"], made["welcome"]) == (who, None)
    return int(made["approval"])


def handles(team: Team, **more: Any) -> set[str]:
    return {row["handle"] for row in team.ask("tess", "member", "list", **more)["members"]}


@pytest.mark.parametrize("role", ["coordinator", "toezichthouder"])
def test_an_approved_admission_gives_the_welcome_code(team: Team, role: str) -> None:
    number = propose(team, "nina", role)
    assert team.run("nina", "join", "--welcome", team.welcome_jan).code == 4
    assert "nina" not in handles(team)
    waiting = team.ask("anna", "approval", "list")["approvals"]
    assert [(row["number"], row["what"], row["about"], row["by"]) for row in waiting] == [
        (number, "member.admitted", "nina", "otto")
    ]
    given = team.ask("anna", "approval", "give", str(number))
    assert given["about"] == "nina"
    team.ask("nina", "join", "--welcome", str(given["welcome"]))
    assert team.ask("nina", "token", "show")["roles"] == [role]
    assert team.ask("anna", "approval", "list")["approvals"] == []
    assert team.run("anna", "check", "--deep").code == 0
    assert team.ask("anna", "approval", "give", str(number), code=5)["reason"] == "no-such-proposal"


def test_a_new_coordinator_can_do_what_coordinators_do(team: Team) -> None:
    given = team.ask("anna", "approval", "give", str(propose(team, "nina", "coordinator")))
    team.ask("nina", "join", "--welcome", str(given["welcome"]))
    team.ask("nina", "grant", "revoke", team.house, team.grant, "--reason", "doel-bereikt")
    assert team.read("nina", team.loose, "voorblad").code == 0


def test_an_admission_that_needs_nobody_waits_for_nobody(team: Team) -> None:
    assert team.hire("nina", "specialist", by="otto")
    assert "nina" in handles(team)


@pytest.mark.parametrize("who", ["otto", "tess", "jan", "sara", "bob"])
def test_only_one_who_is_eligible_approves(team: Team, who: str) -> None:
    number = propose(team, "nina", "coordinator")
    if who == "tess":  # admitted by anna, so not beholden to otto
        assert team.run("tess", "approval", "give", str(number)).code == 0
        return
    assert team.ask(who, "approval", "give", str(number), code=6)["reason"] == "not-eligible"
    assert "nina" not in handles(team)


@pytest.mark.parametrize("who", ["otto", "anna", "tess"])
def test_a_refusal_ends_it(team: Team, who: str) -> None:
    number = propose(team, "nina", "toezichthouder")
    assert team.ask(who, "approval", "refuse", str(number))["about"] == "nina"
    assert team.ask("anna", "approval", "give", str(number), code=5)["reason"] == "no-such-proposal"
    assert "nina" not in handles(team)
    assert team.run("anna", "check").code == 0


def test_not_everyone_refuses(team: Team) -> None:
    number = propose(team, "nina", "toezichthouder")
    for who in ("jan", "sara", "bob"):
        assert team.run(who, "approval", "refuse", str(number)).code == 6
    assert len(team.ask("anna", "approval", "list")["approvals"]) == 1


def test_after_seven_days_it_is_too_late(team: Team) -> None:
    number = propose(team, "nina", "coordinator")
    late = 7 * DAY + 60
    assert team.ask("anna", "approval", "list", shift=late)["approvals"] == []
    assert team.run("anna", "--json", "approval", "give", str(number), shift=late).code in (5, 6)
    assert "nina" not in handles(team, shift=late)


def test_just_before_seven_days_are_over_it_is_in_time(team: Team) -> None:
    number = propose(team, "nina", "coordinator")
    assert team.ask("anna", "approval", "give", str(number), shift=7 * DAY - 60)["welcome"]


def test_a_proposers_suspension_ends_what_they_proposed(team: Team) -> None:
    number = propose(team, "nina", "coordinator")
    team.ask("anna", "member", "suspend", "otto", "--reason", "misbruik-vermoed")
    assert team.ask("anna", "approval", "give", str(number), code=5)["reason"] == "no-such-proposal"
    assert "nina" not in handles(team)


def test_roles_and_suspensions_that_need_a_second_person_wait(team: Team) -> None:
    for command in (
        ("roles", "jan", "--add", "coordinator"),
        ("roles", "jan", "--remove", "coordinator"),
        ("suspend", "tess", "--reason", "verlof"),
    ):
        number = team.ask("otto", "member", *command, code=7)["approval"]
        if "--remove" in command:
            assert team.ask("tess", "approval", "refuse", str(number))
        else:
            assert team.ask("anna", "approval", "give", str(number))["about"] == command[1]
    rows = {row["handle"]: row for row in team.ask("anna", "member", "list")["members"]}
    assert rows["jan"]["roles"] == ["coordinator", "regisseur"]
    assert rows["tess"]["state"] == "suspended"
    number = team.ask("otto", "member", "restore", "tess", "--reason", "terug", code=7)["approval"]
    team.ask("anna", "approval", "give", str(number))
    assert team.run("tess", "household", "show", team.house).code == 0


def test_a_policy_waits_for_a_second_coordinator(team: Team) -> None:
    policy = team.root / "policy.toml"
    policy.write_text(default_policy_text().replace("version = 1", "version = 2", 1), "utf-8")
    number = team.ask("otto", "policy", "adopt", str(policy), code=7)["approval"]
    assert team.ask("jan", "policy", "show")["version"] == 1
    assert team.ask("tess", "approval", "give", str(number), code=6)["reason"] == "not-eligible"
    assert team.ask("anna", "approval", "give", str(number))["what"] == "policy.adopted"
    assert team.ask("jan", "policy", "show")["version"] == 2


def test_a_month_after_they_were_admitted_others_count_as_second_persons(team: Team) -> None:
    """Until then anna is on her own; from then on she is not, and otto may approve."""
    policy = team.root / "policy.toml"
    policy.write_text(default_policy_text().replace("version = 1", "version = 2", 1), "utf-8")
    team.read("jan", team.house, "intake", shift=29 * DAY)
    assert team.ask("anna", "policy", "adopt", str(policy), shift=29 * DAY)["version"] == 2
    policy.write_text(default_policy_text().replace("version = 1", "version = 3", 1), "utf-8")
    number = team.ask("anna", "policy", "adopt", str(policy), code=7, shift=MONTH)["approval"]
    assert team.ask("anna", "approval", "give", str(number), code=6, shift=MONTH)["reason"] == "not-eligible"
    assert team.ask("otto", "approval", "give", str(number), shift=MONTH)["what"] == "policy.adopted"


def test_who_was_suspended_within_the_month_still_makes_it_wait(team: Team) -> None:
    """Suspending the other coordinator first does not make one the only one."""
    team.read("jan", team.house, "intake", shift=MONTH)
    team.ask("anna", "member", "suspend", "otto", "--reason", "verlof", shift=MONTH)
    policy = team.root / "policy.toml"
    policy.write_text(default_policy_text().replace("version = 1", "version = 2", 1), "utf-8")
    assert team.ask("anna", "policy", "adopt", str(policy), code=7, shift=MONTH + 120)["approval"]
