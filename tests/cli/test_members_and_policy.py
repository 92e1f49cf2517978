"""Making and joining a store, members and who approves them, the policy: from the command line."""

from pathlib import Path
from typing import Any

import pytest
from cli_team import NOBODY, PASSPHRASE, ROLES, Team
from places import new_place, state_of

from dossier.data import default_policy_text

FOUND = ("init", "--name", "Team Zuid", "--founder", "nina", "--person", "Nina", "--org", "Org")


def admit(team: Team, by: str, who: str, role: str, **more: Any) -> tuple[int, dict[str, object]]:
    """Have a newcomer admitted; the exit code and the answer."""
    told = team.new_token(who, **more)
    card = str(team.card(who))
    command = ("--json", "member", "admit", card, "--role", role, "--fingerprint", told)
    answer = team.run(by, *command, **more)
    return answer.code, answer.json()


def test_init_makes_a_store_that_its_founder_can_use(team: Team) -> None:
    team.new_home("nina")
    team.store = new_place(team.root / "second")
    made = team.ask("nina", *FOUND)
    assert made.keys() >= {"store", "root_fingerprint", "token", "card_fingerprint", "welcome"}
    shown = team.ask("nina", "token", "show")
    assert (shown["store"], shown["root_fingerprint"]) == (made["store"], made["root_fingerprint"])
    assert (shown["handle"], shown["roles"]) == ("nina", ["coordinator"])
    assert team.token("nina").stat().st_mode & 0o777 == 0o600
    team.ask("nina", "join", "--welcome", str(made["welcome"]))
    assert team.run("nina", "check", "--deep").code == 0


def test_init_writes_over_no_token_and_no_store(team: Team) -> None:
    team.new_home("nina")
    before = state_of(str(team.store))
    assert team.ask("nina", *FOUND, code=2)["reason"] == "store-exists"
    token = team.token("jan").read_bytes()
    elsewhere = ("--store", str(team.root / "second"))
    assert team.run("jan", "--json", *elsewhere, *FOUND).reason == "token-exists"
    assert team.token("jan").read_bytes() == token
    assert not (team.root / "second").exists()
    assert not team.token("nina").exists()
    assert before == state_of(str(team.store))


@pytest.mark.parametrize("text", ["", " ", "x" * 81, "a\nb", "\x1b[31m"])
def test_init_makes_nothing_for_a_name_that_cannot_be(team: Team, text: str) -> None:
    team.new_home("nina")
    team.store = team.root / "second"
    for option in ("--name", "--person", "--org"):
        command = list(FOUND)
        command[command.index(option) + 1] = text
        assert team.run("nina", *command).code == 2
        assert not team.store.exists()
        assert not team.token("nina").exists()


def test_nothing_is_left_where_a_token_cannot_be_written(team: Team) -> None:
    for who in ("nina", "olga"):
        team.new_home(who)
    team.store = team.root / "second"
    away = ("--token", str(team.root / "nowhere" / "t"))
    assert team.run("nina", *away, *FOUND).code == 9
    assert not team.store.exists()
    own = ("--handle", "olga", "--person", "Olga", "--org", "Org", "--card-out")
    assert team.run("olga", *away, "token", "new", *own, str(team.card("olga"))).code == 9
    assert not team.card("olga").exists()
    assert team.run("olga", "token", "new", *own, str(team.root / "nowhere" / "c")).code == 9
    assert not team.token("olga").exists()
    assert team.run("olga", "token", "new", *own, str(team.token("jan"))).code == 2


def test_join_with_a_wrong_welcome_code_keeps_nothing(team: Team) -> None:
    code, made = admit(team, "anna", "nina", "regisseur")
    for wrong in (team.welcome_jan, "A" * 25):
        assert team.ask("nina", "join", "--welcome", wrong, code=8)["reason"] == "welcome-not-here"
        assert team.ask("nina", "household", "list", code=4)["reason"] == "not-joined"
    assert code == 0
    typed = str(made["welcome"]).lower().replace("-", " ").replace("0", "o").replace("1", "l")
    joined = team.ask("nina", "join", "--welcome", typed)
    assert joined["root_fingerprint"] == team.ask("jan", "token", "show")["root_fingerprint"]


def test_the_passphrase_of_a_token_is_changed(team: Team) -> None:
    old, new = team.home("jan") / "pw", team.home("jan") / "new"
    new.write_text("zeven groene lampen branden zacht\n", "utf-8")
    new.chmod(0o600)
    card = team.ask("jan", "token", "show")["card_fingerprint"]
    change = ("token", "passphrase", "--new-passphrase-file")
    assert team.ask("jan", "token", "passphrase", code=2)["reason"] == "missing-option"
    assert team.ask("jan", *change, str(old), code=2)["reason"] == "passphrase-same"
    weak = team.home("jan") / "weak"
    for text in ("kort", "jan jan jan jan jan", "aaaaaaaaaaaaaaaaaa", ""):
        weak.write_text(text + "\n", "utf-8")
        weak.chmod(0o600)
        assert team.run("jan", *change, str(weak)).code == 2
    assert team.read("jan", team.house, "intake").code == 0
    assert team.run("jan", *change, str(new)).code == 0
    assert team.ask("jan", "token", "show", code=4)["reason"] == "wrong-passphrase"
    old.write_bytes(new.read_bytes())
    assert team.ask("jan", "token", "show")["card_fingerprint"] == card
    assert team.read("jan", team.house, "intake").code == 0
    assert team.token("jan").stat().st_mode & 0o777 == 0o600
    assert PASSPHRASE.encode() not in b"".join(
        p.read_bytes() for p in team.home("jan").rglob("*") if p.is_file()
    )


def test_a_token_says_when_others_can_read_it(team: Team) -> None:
    quiet = team.run("jan", "token", "show")
    team.token("jan").chmod(0o644)
    assert len(team.run("jan", "token", "show").err) > len(quiet.err) == 0


def test_members_are_listed_with_what_they_are(team: Team) -> None:
    rows = {row["handle"]: row for row in team.ask("bob", "member", "list")["members"]}
    assert {handle: row["roles"] for handle, row in rows.items()} == {
        handle: [role] for handle, role in ROLES.items()
    }
    assert {row["admitted_by"] for row in rows.values()} == {"anna"}
    assert rows["jan"]["card_fingerprint"] == team.ask("jan", "token", "show")["card_fingerprint"]
    team.ask("anna", "member", "suspend", "sara", "--reason", "verlof")
    rows = {row["handle"]: row for row in team.ask("bob", "member", "list")["members"]}
    assert {row["state"] for row in rows.values()} == {"active", "suspended"}


def test_a_suspended_member_is_locked_out_at_the_next_command(team: Team) -> None:
    team.ask("bob", "member", "suspend", "jan", "--reason", "misbruik-vermoed")
    for command in (
        ("read", team.house, "intake", "--purpose", "intakegesprek"),
        ("read", NOBODY, "intake", "--purpose", "intakegesprek"),
        ("write", team.house, "intake", "--purpose", "intakegesprek"),
        ("household", "show", team.house),
        ("household", "open"),
    ):
        answer = team.run("jan", "--json", *command, stdin=b"Nieuw.")
        assert (answer.code, answer.out, answer.reason) == (4, b"", "not-active")
    assert team.ask("jan", "member", "restore", "jan", "--reason", "terug", code=4)["reason"] == "not-active"
    team.ask("anna", "member", "restore", "jan", "--reason", "terug")
    assert team.read("jan", team.house, "intake").code == 0


def test_nobody_is_about_themselves_and_the_last_coordinator_stays(team: Team) -> None:
    for command in (("suspend", "anna", "--reason", "verlof"), ("roles", "anna", "--add", "regisseur")):
        assert team.ask("anna", "member", *command, code=6)["reason"] == "about-yourself"
    assert (
        team.ask("bob", "member", "suspend", "anna", "--reason", "verlof", code=6)["reason"]
        == "last-coordinator"
    )
    assert (
        team.ask("bob", "member", "suspend", "tess", "--reason", "verlof", code=6)["reason"]
        == "not-your-role"
    )
    for who in ("jan", "sara", "tess"):
        assert (
            team.ask(who, "member", "suspend", "bob", "--reason", "verlof", code=6)["reason"]
            == "not-your-role"
        )
    for add in ("regisseur", "toezichthouder"):
        assert team.ask("anna", "member", "roles", "bob", "--add", add, code=2)["reason"] == "roles-exclusive"


@pytest.mark.parametrize("who", ["jan", "sara", "bob", "tess"])
def test_only_a_coordinator_admits_and_adopts(team: Team, tmp_path: Path, who: str) -> None:
    told = team.new_token("nina")
    card = ("member", "admit", str(team.card("nina")), "--role", "regisseur", "--fingerprint", told)
    assert team.ask(who, *card, code=6)["reason"] == "not-your-role"
    policy = tmp_path / "policy.toml"
    policy.write_text(default_policy_text().replace("version = 1", "version = 2", 1), "utf-8")
    assert team.ask(who, "policy", "adopt", str(policy), code=6)["reason"] == "not-your-role"
    assert team.ask(who, "approval", "list")["approvals"] == []


def test_the_next_policy_changes_rights_at_once(team: Team, tmp_path: Path) -> None:
    """sara's grant stays; what the policy no longer allows her role, it no longer opens."""
    intake = "{ role = 'specialist', sections = ['voorblad', 'aanmeld', 'intake'], deeds = ['read'] },"
    text = default_policy_text().replace("version = 1", "version = 2", 1)
    assert text.count(intake) == 1
    policy = tmp_path / "policy.toml"
    policy.write_text(text.replace(intake, intake.replace(", 'intake'", "")), "utf-8")
    assert team.ask("anna", "policy", "check", str(policy))["ok"] is True
    assert team.read("sara", team.house, "intake").code == 0
    assert team.ask("anna", "policy", "adopt", str(policy))["version"] == 2
    assert team.ask("sara", "policy", "show")["document"] == policy.read_text("utf-8")
    refused = team.run("sara", "--json", "read", team.house, "intake", "--purpose", "intakegesprek")
    assert (refused.code, refused.out, refused.reason) == (6, b"", "purpose-not-allowed")
    assert team.read("jan", team.house, "intake").code == 0
    assert team.ask("anna", "policy", "adopt", str(policy), code=2)["reason"] == "policy-version"
