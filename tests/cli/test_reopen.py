"""dossier reopen after a restore, and log correct-clock: two persons, each in a program of their own."""

import re
from pathlib import Path

import pytest
from cli_team import CONTENTS, DAY, Answer, Team
from places import copy_store, log_of, put_back

from dossier.cli.backends import open_at

pytestmark = pytest.mark.embedded_only("a store put back behind a gate is reopened otherwise")

LATER = int(30.5 * DAY)  # when tess, whom anna admitted, can be anna's second person
TALK = ("--purpose", "intakegesprek")


class Restored:
    """A team whose store is put back from a copy; all that is run is run a month after it was built."""

    def __init__(self, team: Team, copy: Path) -> None:
        self.team = team
        self.copy = copy
        team.ask("anna", "household", "show", team.house, shift=LATER)
        copy_store(str(team.store), copy)

    def run(self, who: str, *arguments: str) -> Answer:
        return self.team.run(who, *arguments, shift=LATER)

    def ask(self, who: str, *arguments: str, code: int = 0) -> dict[str, object]:
        return self.team.ask(who, *arguments, code=code, shift=LATER)

    def put_back(self, *, marked: bool = True) -> None:
        """Put the copy back, as `dossier restore` does, or as whoever has the folder can."""
        put_back(str(self.team.store), self.copy)
        if marked:
            store = open_at(str(self.team.store))
            with store.exclusive():
                store.mark_restored(value=True)

    def read(self, who: str, section: str = "intake") -> str:
        """Say what a read comes to: its text, or its reason."""
        purpose = ("--purpose", CONTENTS[section][1])
        answer = self.run(who, "--json", "read", self.team.house, section, *purpose)
        return str(answer.json()["content"]) if answer.code == 0 else answer.reason

    def reopen(self, *options: str) -> str:
        """Have anna reopen it and tess approve; give the number."""
        made = self.ask("anna", "reopen", *(options or ("--all-members",)), code=7)
        self.ask("tess", "approval", "give", str(made["approval"]))
        return str(made["approval"])


@pytest.fixture
def restored(team: Team, tmp_path: Path) -> Restored:
    return Restored(team, tmp_path / "copy")


def test_two_persons_a_rotation_and_a_rekey_open_it_again(restored: Restored) -> None:
    team = restored.team
    team.write("jan", team.house, "intake", "Verloren.", shift=LATER)
    restored.ask("anna", "household", "show", team.house)
    size = restored.ask("tess", "log", "verify")
    restored.put_back()
    assert restored.read("jan") == "log-short"
    made = restored.ask("anna", "reopen", "--all-members", code=7)
    assert made["known"] == size["entries"]
    assert made["lost"] == int(str(made["known"])) - int(str(made["size"]))
    assert made["behind"] == [team.house]
    assert made["confirmed"] == ["anna", "jan", "sara", "bob", "tess"]
    given = restored.ask("tess", "approval", "give", str(made["approval"]))
    assert given == {
        "schema": "dossier/approval-give/1",
        "number": made["approval"],
        "what": "store.restored",
        "about": None,
        "welcome": None,
    }
    assert restored.read("jan") == "store-restored"
    restored.ask("bob", "keys", "rotate")
    assert restored.read("jan") == restored.read("jan", "plan") == "needs-rekey"
    due = restored.ask("anna", "keys", "status")["due"]
    assert isinstance(due, list)
    assert [row["why"] for row in due if row["household"] == team.house and row["what"] == "rekey"] != []
    restored.ask("anna", "keys", "rekey", team.house)
    assert restored.read("jan") == CONTENTS["intake"][0]
    assert restored.ask("tess", "log", "verify")["ok"]
    assert restored.ask("tess", "check", "--deep")["ok"]


def test_a_store_marked_as_put_back_opens_nothing_even_for_who_saw_no_more(restored: Restored) -> None:
    restored.put_back()
    team = restored.team
    for who in ("jan", "sara"):
        assert restored.read(who) == "store-restored"
    for who, command in (
        ("jan", ("household", "list")),
        ("bob", ("keys", "rotate")),
        ("anna", ("keys", "rekey", team.house)),
        ("anna", ("member", "suspend", "sara", "--reason", "verlof")),
    ):
        answer = restored.run(who, "--json", *command)
        assert (answer.code, answer.reason) == (8, "store-restored"), command
    restored.reopen()
    restored.ask("bob", "keys", "rotate")
    assert restored.read("jan") == CONTENTS["intake"][0]


def test_what_is_needed_is_said_in_three_lines(restored: Restored) -> None:
    restored.put_back()
    lines = restored.run("jan", "read", restored.team.house, "intake", *TALK).err.decode().splitlines()
    assert len(lines) == 3
    assert all(word in lines[2] for word in ("dossier reopen", "approval give", "dossier keys rotate"))


def test_the_second_person_who_saw_more_hands_over_one_word(restored: Restored) -> None:
    team = restored.team
    team.write("jan", team.house, "intake", "Verloren.", shift=LATER)
    assert restored.ask("tess", "log", "show")  # she alone sees it
    restored.put_back()
    made = restored.ask("anna", "reopen", "--all-members", code=7)
    assert (made["lost"], made["behind"]) == (0, [])
    answer = restored.run("tess", "approval", "give", str(made["approval"]))
    assert answer.code == 6
    saw = re.search(r"\d+:[A-Za-z0-9+/=]{44}:[-A-Z0-9,]*", answer.err.decode())
    assert saw is not None
    restored.ask("anna", "approval", "refuse", str(made["approval"]))
    made = restored.ask("anna", "reopen", "--all-members", "--saw", saw[0], code=7)
    assert made["behind"] == [team.house]
    restored.ask("tess", "approval", "give", str(made["approval"]))


def test_where_nobody_can_approve_a_coordinator_reopens_alone(team: Team, tmp_path: Path) -> None:
    copy_store(str(team.store), tmp_path / "copy")
    team.write("jan", team.house, "intake", "Verloren.")
    put_back(str(team.store), tmp_path / "copy")
    made = team.ask("anna", "reopen", "--all-members")  # tess was admitted by anna today
    assert (made["approval"], made["behind"]) == (None, [])  # anna saw nothing of what was lost
    team.ask("bob", "keys", "rotate")
    assert team.ask("jan", "read", team.house, "intake", *TALK, code=6)["reason"] == "needs-rekey"
    assert team.read("sara", team.house, "intake").code == 0
    team.ask("anna", "keys", "rekey", team.house)
    assert team.read("jan", team.house, "intake").code == 0
    basis = [row["basis"] for row in team.ask("tess", "log", "show")["entries"]]
    assert basis.count("alone") >= 1


def test_who_is_not_confirmed_is_suspended(restored: Restored) -> None:
    restored.put_back()
    restored.reopen("--member", "jan,bob", "--member", "tess")
    restored.ask("bob", "keys", "rotate")
    members = restored.ask("anna", "member", "list")["members"]
    assert isinstance(members, list)
    assert [row["handle"] for row in members if row["state"] != "active"] == ["sara"]
    assert restored.read("sara") in ("not-active", "no-gate-box")


@pytest.mark.parametrize("options", [(), ("--member", "jan", "--all-members")])
def test_who_is_still_a_member_is_said_in_one_way(restored: Restored, options: tuple[str, ...]) -> None:
    restored.put_back()
    assert restored.ask("anna", "reopen", *options, code=2)["reason"] == "missing-option"


@pytest.mark.parametrize("who", ["jan", "sara", "bob", "tess"])
def test_only_a_coordinator_reopens(restored: Restored, who: str) -> None:
    restored.put_back()
    assert restored.run(who, "reopen", "--all-members").code == 6


def test_the_words_of_another_are_read_strictly(restored: Restored) -> None:
    restored.put_back()
    for text in ("xx", "3:AAAA:", ":::"):
        answer = restored.ask("anna", "reopen", "--all-members", "--saw", text, code=2)
        assert answer["reason"] == "bad-saw"


def test_a_second_roll_back_to_just_after_the_restore_is_noticed(restored: Restored, tmp_path: Path) -> None:
    team = restored.team
    team.write("jan", team.house, "intake", "Verloren.", shift=LATER)
    restored.put_back()
    restored.reopen()
    copy_store(str(team.store), tmp_path / "after")
    restored.ask("bob", "keys", "rotate")
    restored.ask("anna", "keys", "rekey", team.house)
    team.write("jan", team.house, "intake", "Nieuw.", shift=LATER)
    restored.copy = tmp_path / "after"
    restored.put_back(marked=False)
    for who in ("jan", "anna", "bob"):
        assert restored.ask(who, "household", "list", code=8)["reason"] == "log-short"


# What each member is told, once.


def told(answer: Answer) -> bool:
    return b"this store was restored on" in answer.err


def test_every_member_is_told_of_the_restore_once(restored: Restored) -> None:
    restored.put_back()
    restored.reopen()
    restored.ask("bob", "keys", "rotate")
    for who in ("jan", "sara", "tess", "anna", "bob"):
        assert [told(restored.run(who, "household", "list")) for _ in range(3)] == [True, False, False]


def test_a_program_is_not_told_and_its_user_is_afterwards(restored: Restored) -> None:
    restored.put_back()
    restored.reopen()
    restored.ask("bob", "keys", "rotate")
    assert not told(restored.run("jan", "--json", "household", "list"))
    assert not told(restored.run("jan", "--quiet", "household", "list"))
    assert told(restored.run("jan", "household", "list"))


# A clock that was wrong.


@pytest.fixture
def wrong(team: Team) -> int:
    """Have jan write with a clock 20 days ahead; give the first entry that came of it."""
    assert team.read("jan", team.house, "plan", shift=LATER).code == 0
    first = int(team.ask("tess", "log", "verify", shift=LATER)["entries"])
    team.write("jan", team.house, "intake", "Te vroeg.", shift=LATER + 20 * DAY)
    return first


def test_a_clock_is_put_right_by_two(team: Team, wrong: int) -> None:
    now = LATER + 3600
    assert team.read("jan", team.house, "intake", shift=now).code == 9
    made = team.ask("anna", "log", "correct-clock", str(wrong), code=7, shift=now)
    assert made["entry"] == wrong
    assert team.read("jan", team.house, "intake", shift=now).code == 9  # an ordinary client still waits
    waiting = team.ask("tess", "approval", "list", shift=now)["approvals"]
    assert [(row["number"], row["what"]) for row in waiting] == [(made["approval"], "clock.corrected")]
    team.ask("tess", "approval", "give", str(made["approval"]), shift=now)
    assert team.read("jan", team.house, "intake", shift=now + 60).out == b"Te vroeg."
    assert team.ask("tess", "log", "verify", shift=now)["ok"]
    assert team.ask("tess", "check", "--deep", shift=now)["ok"]


def test_another_entry_than_the_first_wrong_one_is_no_use(team: Team, wrong: int) -> None:
    now = LATER + 3600
    for index, code, reason in (
        (wrong - 1, 2, "time-not-wrong"),
        (wrong + 1, 2, "time-not-wrong"),
        (wrong + 9, 5, "no-such-entry"),
    ):
        answer = team.ask("anna", "log", "correct-clock", str(index), code=code, shift=now)
        assert answer["reason"] == reason


@pytest.mark.parametrize("who", ["jan", "bob", "tess"])
def test_only_a_coordinator_puts_a_clock_right(team: Team, wrong: int, who: str) -> None:
    """What is refused at a moment that the log is past cannot be written into it, and is not."""
    before = log_of(str(team.store))
    answer = team.ask(who, "log", "correct-clock", str(wrong), code=6, shift=LATER + 3600)
    assert answer["reason"] == "not-your-role"
    assert log_of(str(team.store)) == before


def test_where_nobody_can_approve_a_clock_is_put_right_at_once(team: Team) -> None:
    first = int(team.ask("tess", "log", "verify")["entries"])
    team.write("jan", team.house, "intake", "Te vroeg.", shift=20 * DAY)
    made = team.ask("anna", "log", "correct-clock", str(first), shift=3600)
    assert made["approval"] is None
    assert team.read("jan", team.house, "intake", shift=3660).out == b"Te vroeg."
