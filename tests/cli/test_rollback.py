"""Yesterday's copy of a file, of the log, of the whole store: noticed, named, and nothing shown."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_team import Answer, Team
from places import book_in, put_back, put_back_log, put_book

pytestmark = pytest.mark.embedded_only("puts files back behind a client that reads them itself")

READ = ("--purpose", "intakegesprek")


def write(team: Team) -> None:
    team.write("jan", team.house, "intake", "Later geschreven.")


def give(team: Team) -> None:
    scope = ("--section", "plan", "--purpose", "plan-opstellen", "--until", "14d")
    team.ask("anna", "grant", "give", team.house, "sara", "--role", "specialist", *scope)


def revoke(team: Team) -> None:
    team.ask("anna", "grant", "revoke", team.house, team.grant, "--reason", "doel-bereikt")


def assign(team: Team) -> None:
    team.hire("piet", "regisseur")
    team.ask("anna", "household", "assign", team.house, "piet")


STATED: tuple[Callable[[Team], None], ...] = (write, give, revoke, assign)


def tries(team: Team, who: str) -> list[Answer]:
    """Run what could show or change something of the household."""
    commands = (
        ("read", team.house, "intake", *READ),
        ("read", team.house, "intake", *READ, "--version", "1"),
        ("write", team.house, "intake", *READ),
        ("history", team.house, "intake"),
        ("household", "show", team.house),
        ("who", team.house),
        ("grant", "list", team.house),
    )
    return [team.run(who, "--json", *command, stdin=b"Nieuw.") for command in commands]


def all_stopped(answers: list[Answer], *reasons: str) -> None:
    for answer in answers:
        assert (answer.code, answer.out) == (8, b""), answer
        assert answer.reason in reasons


@pytest.mark.parametrize("state", STATED)
def test_yesterdays_household_file_is_noticed_by_any_client(
    team: Team, state: Callable[[Team], None]
) -> None:
    """By one who saw it since, by one who did not, and by a newcomer."""
    team.hire("nina", "specialist")  # before, and looks only afterwards
    place = str(team.store)
    yesterday = book_in(place, team.house)
    state(team)
    today = book_in(place, team.house)
    put_book(place, team.house, yesterday)
    team.hire("olga", "coordinator")
    for who in ("jan", "sara", "nina", "tess", "bob", "anna", "olga"):
        all_stopped(tries(team, who), "book-behind")
        assert team.house in team.run(who, "--json", "who", team.house).error()["message"]
    assert team.run("anna", "household", "list", "--unassigned").code == 0
    assert team.read("anna", team.loose, "voorblad").code == 0  # another's broken book stops nobody here
    assert book_in(place, team.house) == yesterday
    put_book(place, team.house, today)
    assert team.run("tess", "household", "show", team.house).code == 0
    assert team.run("anna", "check", "--deep").code == 0


def test_yesterdays_own_file_of_the_store_is_noticed_by_any_client(team: Team) -> None:
    yesterday = book_in(str(team.store), "store")
    team.ask("anna", "member", "suspend", "sara", "--reason", "verlof")
    put_book(str(team.store), "store", yesterday)
    for who in ("jan", "sara", "anna", "tess"):
        all_stopped(tries(team, who), "book-behind")
    assert team.ask("bob", "member", "list", code=8)["reason"] == "book-behind"


def restore_store(team: Team, yesterday: Team) -> None:
    put_back(str(team.store), yesterday.as_copy)


def restore_log(team: Team, yesterday: Team) -> None:
    put_back_log(str(team.store), str(yesterday.store))


@pytest.mark.parametrize("restore", [restore_store, restore_log])
@pytest.mark.parametrize("state", [*STATED, lambda team: team.read("jan", team.house, "plan")])
def test_a_store_or_log_put_back_is_noticed_by_whoever_saw_later(
    team: Team, tmp_path: Path, restore: Callable[[Team, Team], None], state: Callable[[Team], None]
) -> None:
    yesterday = team.copy(tmp_path / "yesterday")
    state(team)
    team.run("jan", "household", "list")
    team.read("sara", team.house, "plan")
    team.read("jan", team.house, "intake")  # whatever comes of it, it has been seen
    restore(team, yesterday)
    for who in ("jan", "sara"):
        all_stopped(tries(team, who), "log-short")
        assert team.ask(who, "household", "list", code=8)["reason"] == "log-short"
        assert team.run(who, "--json", "log", "verify").code == 8


def test_a_store_put_back_and_gone_on_is_noticed_by_whoever_saw_the_other(team: Team, tmp_path: Path) -> None:
    """Two histories: whoever saw the one never takes the other."""
    yesterday = team.copy(tmp_path / "yesterday")
    team.read("jan", team.house, "plan")
    team.read("jan", team.house, "intake")
    restore_store(team, yesterday)
    for _ in range(4):  # by one who saw nothing since, and cannot know
        assert team.read("sara", team.house, "intake").code == 0
    all_stopped(tries(team, "jan"), "log-altered")


def test_a_copied_store_that_others_work_in_is_told_apart_when_one_member_crosses(
    team: Team, tmp_path: Path
) -> None:
    """Two logs shown to two offices show as soon as one member has seen both."""
    second = team.copy(tmp_path / "second")
    team.read("jan", team.house, "plan")
    second.read("sara", second.house, "intake")
    shutil.rmtree(second.home("jan") / "state")
    shutil.copytree(team.home("jan") / "state", second.home("jan") / "state")
    answer = second.run("jan", "--json", "read", second.house, "intake", *READ)
    assert (answer.code, answer.out, answer.reason) == (8, b"", "log-altered")


def test_a_log_cut_behind_statements_is_noticed_by_any_client(team: Team, tmp_path: Path) -> None:
    """Their copies are no longer in it. One statement cut off may be a crash; two never are."""
    yesterday = team.copy(tmp_path / "yesterday")
    write(team)
    write(team)
    restore_log(team, yesterday)
    for who in ("sara", "tess", "bob", "anna"):  # none of whom saw later
        all_stopped(tries(team, who), "log-behind-copy")
        assert team.run(who, "--json", "log", "verify").code == 8


def test_a_memory_that_is_gone_stops_the_token(team: Team) -> None:
    shutil.rmtree(team.home("jan") / "state")
    all_stopped(tries(team, "jan"), "memory-gone")
    assert team.run("jan", "join", "--welcome", team.welcome_jan).code == 0
    assert team.read("jan", team.house, "intake").code == 0


def test_joining_again_does_not_forget_what_was_seen(team: Team, tmp_path: Path) -> None:
    """Or else a store put back would be taken after one command."""
    yesterday = team.copy(tmp_path / "yesterday")
    team.read("jan", team.house, "plan")
    restore_store(team, yesterday)
    team.run("jan", "join", "--welcome", team.welcome_jan)
    all_stopped(tries(team, "jan"), "log-short")


def test_checkpoints_kept_elsewhere_show_it_to_a_newcomer(team: Team, tmp_path: Path) -> None:
    yesterday = team.copy(tmp_path / "yesterday")
    team.read("jan", team.house, "plan")
    note = tmp_path / "note"
    note.write_bytes(team.run("jan", "log", "checkpoint").out)
    assert team.run("sara", "log", "verify", "--against", str(note)).code == 0
    restore_store(team, yesterday)
    team.hire("nina", "specialist")
    assert team.run("nina", "log", "verify").code == 0
    assert team.run("nina", "log", "verify", "--against", str(note)).code == 8
