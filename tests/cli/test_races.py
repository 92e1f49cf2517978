"""What another does between two steps of a command: nothing of theirs is lost, nor of one's own."""

from collections.abc import Callable
from typing import Any

import pytest
from cli_team import Team

READ = ("--purpose", "intakegesprek")


def in_between(
    monkeypatch: pytest.MonkeyPatch, where: str, act: Callable[[], object], *, before: bool = False
) -> None:
    """Let something happen once, right after (or before) a function of the program has done its work."""
    module, name = where.rsplit(".", 1)
    real = getattr(__import__(module, fromlist=[name]), name)
    done: list[bool] = []

    def call(*arguments: Any, **named: Any) -> Any:
        first = not done
        done.append(True)
        if first and before:
            act()
        made = real(*arguments, **named)
        if first and not before:
            act()
        return made

    monkeypatch.setattr(where, call)


def write(team: Team) -> Callable[[], object]:
    return lambda: team.write("jan", team.house, "intake", "Tussendoor.")


def texts(team: Team) -> list[bytes]:
    """Read every version of the intake."""
    count = len(team.ask("jan", "history", team.house, "intake")["versions"])
    answers = [team.read("jan", team.house, "intake", f"--version={number + 1}") for number in range(count)]
    assert [answer.code for answer in answers] == [0] * count, answers
    return [answer.out for answer in answers]


RENEWALS = {
    "revoke": (
        "dossier.actions.grants.new_keys",
        ("grant", "revoke", "{house}", "{grant}", "--reason", "doel-bereikt"),
    ),
    "assign": ("dossier.actions.households.new_keys", ("household", "assign", "{house}", "piet")),
}


@pytest.mark.parametrize("name", RENEWALS)
def test_a_version_written_while_keys_are_renewed_is_not_lost(
    team: Team, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The new keys wrap the versions that there were; the one that came between must not fall out."""
    team.hire("piet", "regisseur")
    before = texts(team)
    where, form = RENEWALS[name]
    with monkeypatch.context() as patch:
        in_between(patch, where, write(team))
        answer = team.run("anna", *(word.format(**team.facts) for word in form))
    assert answer.code in (0, 11)
    assert team.run("bob", "check", "--deep").code == 0
    reader = "piet" if name == "assign" and answer.code == 0 else "jan"
    rows = team.ask(reader, "history", team.house, "intake")["versions"]
    assert len(rows) == len(before) + 1
    assert team.read(reader, team.house, "intake").out == b"Tussendoor."


@pytest.mark.embedded_only("steps between the gate and the vault of one program")
@pytest.mark.parametrize("name", RENEWALS)
def test_keys_renewed_while_one_writes_cost_no_version(
    team: Team, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A rekey alone: only the role part is wrapped again. Another regisseur: nothing is written."""
    team.hire("piet", "regisseur")
    form = RENEWALS[name][1]
    command = [word.format(**team.facts) for word in form]
    with monkeypatch.context() as patch:
        in_between(patch, "dossier.vault.seal", lambda: team.ask("anna", *command))
        answer = team.run("jan", "--json", "write", team.house, "intake", *READ, stdin=b"Van jan.")
    assert team.run("bob", "check", "--deep").code == 0
    if name == "revoke":
        assert (answer.code, texts(team)[-1]) == (0, b"Van jan.")
    else:
        assert (answer.code, answer.reason) == (5, "no-access")
        assert len(team.ask("piet", "history", team.house, "intake")["versions"]) == 1


def test_a_version_that_came_between_is_told(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    in_between(monkeypatch, "dossier.vault.seal", write(team))
    answer = team.run("jan", "--json", "write", team.house, "intake", *READ, stdin=b"Te laat.")
    assert (answer.code, answer.out, answer.reason) == (11, b"", "version-wrong")
    assert texts(team)[1:] == [b"Tussendoor."]


def test_a_grant_revoked_while_one_writes_writes_nothing(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    scope = ("--section", "plan", "--purpose", "plan-opstellen", "--deed", "read,write", "--until", "14d")
    grant = team.ask("anna", "grant", "give", team.house, "sara", "--role", "specialist", *scope)["grant"]
    revoke = ("grant", "revoke", team.house, str(grant), "--reason", "doel-bereikt")
    in_between(monkeypatch, "dossier.vault.seal", lambda: team.ask("anna", *revoke))
    command = ("write", team.house, "plan", "--purpose", "plan-opstellen")
    answer = team.run("sara", "--json", *command, stdin=b"Net te laat.")
    assert (answer.code, answer.out) in ((5, b""), (6, b""))
    assert len(team.ask("jan", "history", team.house, "plan")["versions"]) == 1


@pytest.mark.parametrize("what", ["suspend", "roles"])
def test_who_is_suspended_or_changed_in_between_gets_no_grant(
    team: Team, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    act = {
        "suspend": ("member", "suspend", "sara", "--reason", "verlof"),
        "roles": ("member", "roles", "sara", "--add", "regisseur", "--remove", "specialist"),
    }[what]
    in_between(
        monkeypatch,
        "dossier.actions.grants.new_grant_id",
        lambda: team.ask("bob" if what == "suspend" else "anna", *act),
    )
    scope = ("--role", "specialist", "--section", "plan", "--purpose", "plan-opstellen", "--until", "14d")
    answer = team.run("anna", "--json", "grant", "give", team.house, "sara", *scope)
    assert (answer.code, answer.out, answer.reason) == (6, b"", "not-for-role")
    assert team.run("bob", "check", "--deep").code in (0, 8)


def test_a_grant_given_while_keys_are_renewed_is_told_or_holds(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    revoke = ("grant", "revoke", team.house, team.grant, "--reason", "doel-bereikt")
    in_between(monkeypatch, "dossier.actions.grants.new_grant_id", lambda: team.ask("anna", *revoke))
    scope = ("--role", "specialist", "--section", "intake", "--purpose", "crisis", "--until", "14d")
    answer = team.run("anna", "--json", "grant", "give", team.house, "sara", *scope)
    assert (answer.code, answer.out, answer.reason) == (11, b"", "generation-wrong")
    assert team.run("bob", "check", "--deep").code == 0
