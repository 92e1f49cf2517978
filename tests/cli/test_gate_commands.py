"""A gate made, admitted, adopted and let go from the command line; and what each member is told meanwhile."""

import errno
import shutil
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from cli_team import DAY, Answer, Team
from crashing import CrashError, dying, failing

from dossier.actions.check import check
from dossier.cli.errors.lookup import words_of
from dossier.storage.files import FileStore

pytestmark = pytest.mark.embedded_only("becoming served begins without one")

MONTH = 30.5 * DAY  # after which bob, whom anna admitted, can be anna's second person
OWN = ("--person", "poort 1", "--org", "Gemeente Voorbeeld")


def make(team: Team, gate: str = "poort") -> str:
    """Make a gate's token and card; give its fingerprint."""
    team.new_home(gate)
    made = team.ask(gate, "gate", "new", "--handle", gate, *OWN, "--card-out", str(team.card(gate)))
    assert made.keys() == {"schema", "token", "card", "card_fingerprint"}
    return str(made["card_fingerprint"])


def propose(team: Team, *command: str) -> int:
    """Have anna propose something about a gate; give its number."""
    return int(team.ask("anna", "gate", *command, code=7, shift=MONTH)["approval"])


def give(team: Team, number: int, **more: Any) -> dict[str, Any]:
    return team.ask("bob", "approval", "give", str(number), shift=MONTH, **more)


def admitted(team: Team, gate: str = "poort") -> str:
    """Have a gate admitted; give its welcome code."""
    told = make(team, gate)
    return str(give(team, propose(team, "admit", str(team.card(gate)), "--fingerprint", told))["welcome"])


def served(team: Team) -> None:
    """Have a gate serve the store."""
    admitted(team)
    assert give(team, propose(team, "adopt", "poort"))["epoch"] == 2


def run(team: Team, who: str, *command: str) -> Answer:
    return team.run(who, *command, shift=MONTH)


def listed(team: Team, who: str = "bob") -> dict[str, Any]:
    return team.ask(who, "gate", "list", shift=MONTH)


def due(team: Team) -> list[tuple[str, str]]:
    return [(row["what"], row["why"]) for row in team.ask("bob", "keys", "status", shift=MONTH)["due"]]


def write(team: Team, code: int = 0) -> dict[str, Any]:
    return team.write("jan", team.house, "intake", "Nog een keer.", code=code, shift=MONTH)


# Made and admitted.


def test_a_gate_is_made_as_a_token_is(team: Team) -> None:
    told = make(team)
    assert team.token("poort").stat().st_mode & 0o777 == 0o600
    shown = team.ask("poort", "token", "show")
    assert (shown["handle"], shown["person"], shown["card_fingerprint"]) == ("poort", "poort 1", told)
    again = team.run("poort", "--json", "gate", "new", "--handle", "p", *OWN, "--card-out", "elsewhere")
    assert (again.code, again.reason) == (2, "token-exists")


def test_an_admitted_gate_joins_with_its_welcome_code(team: Team) -> None:
    told = make(team)
    number = propose(team, "admit", str(team.card("poort")), "--fingerprint", told)
    waiting = team.ask("bob", "approval", "list", shift=MONTH)["approvals"]
    assert [(row["what"], row["about"], row["card_fingerprint"]) for row in waiting] == [
        ("gate.admitted", "poort", told)
    ]
    assert told in run(team, "bob", "approval", "list").out.decode()
    given = give(team, number)
    assert given.keys() == {"schema", "number", "what", "about", "welcome"}
    wrong = team.ask("poort", "join", "--welcome", team.welcome_jan, code=8, shift=MONTH)
    assert wrong["reason"] == "welcome-not-here"
    joined = team.ask("poort", "join", "--welcome", given["welcome"], shift=MONTH)
    assert joined["handle"] == "poort"
    assert joined["root_fingerprint"] == team.ask("anna", "token", "show", shift=MONTH)["root_fingerprint"]
    shown = team.ask("poort", "token", "show", shift=MONTH)
    assert (shown["card_fingerprint"], shown["roles"]) == (told, [])


def test_a_gates_token_opens_nothing_that_a_members_does(team: Team) -> None:
    welcome = admitted(team)
    team.ask("poort", "join", "--welcome", welcome, shift=MONTH)
    for command in (
        ("household", "list"),
        ("read", team.house, "intake", "--purpose", "intakegesprek"),
        ("member", "list"),
        ("gate", "adopt", "poort"),
        ("keys", "rotate"),
        ("log", "show"),
    ):
        assert run(team, "poort", *command).code == 4


def test_a_gate_is_admitted_alone_where_nobody_can_be_the_second_person(team: Team) -> None:
    told = make(team)
    admit = ("gate", "admit", str(team.card("poort")), "--fingerprint")
    wrong = team.ask("anna", *admit, "A" * 25, code=8)
    assert wrong["reason"] == "card-other-fingerprint"
    made = team.ask("anna", *admit, told)
    assert (made["handle"], made["approval"]) == ("poort", None)
    team.ask("poort", "join", "--welcome", made["welcome"])
    adopted = team.ask("anna", "gate", "adopt", "poort")
    assert (adopted["approval"], adopted["due"]) == (None, ["rotate"])
    assert listed(team, "anna")["rotation_awaited"]
    assert write(team, code=6)["reason"] == "rotation-due"
    assert team.ask("bob", "keys", "rotate", shift=MONTH)["gates"] == ["poort"]
    assert listed(team)["gates"][0]["boxed"]


@pytest.mark.parametrize("who", ["jan", "sara", "bob", "tess"])
def test_nobody_but_a_coordinator_admits_or_adopts_a_gate(team: Team, who: str) -> None:
    told = make(team)
    command = ("gate", "admit", str(team.card("poort")), "--fingerprint", told)
    assert team.ask(who, *command, code=6)["reason"] == "not-your-role"
    admitted(team, "poort-2")
    for verb in (("adopt", "poort-2"), ("leave", "poort-2", "--reason", "uit-dienst")):
        assert team.ask(who, "gate", *verb, code=6, shift=MONTH)["reason"] == "not-your-role"


def test_a_gate_that_is_not_there_or_stands_otherwise_is_wrong_use(team: Team) -> None:
    for verb in (("adopt", "poort"), ("leave", "poort", "--reason", "uit-dienst")):
        assert team.ask("anna", "gate", *verb, code=2, shift=MONTH)["reason"] == "unknown-gate"
    admitted(team)
    give(team, propose(team, "leave", "poort", "--reason", "uit-dienst"))
    assert team.ask("anna", "gate", "adopt", "poort", code=2, shift=MONTH)["reason"] == "gate-as-it-is"


# Served.


def test_the_approval_of_an_adoption_rotates_at_once(team: Team) -> None:
    admitted(team)
    number = propose(team, "adopt", "poort")
    answer = run(team, "bob", "--lang", "en", "approval", "give", str(number))
    said = answer.out.decode()
    assert answer.code == 0
    assert "Approved: gate.adopted (poort)." in said
    assert "epoch 2 is in force, with 2 boxes." in said
    assert "gate's address" in said
    found = listed(team)
    assert (found["served"], found["rotation_awaited"]) == (True, False)
    assert [(g["handle"], g["state"], g["boxed"]) for g in found["gates"]] == [("poort", "adopted", True)]
    assert due(team) == [("split-recovery", "none")]


def test_a_served_store_sends_members_to_its_gate_and_writes_nothing_down(team: Team) -> None:
    served(team)
    size = team.ask("bob", "log", "verify", shift=MONTH)["size"]
    for who, command in (
        ("jan", ("read", team.house, "intake", "--purpose", "intakegesprek")),
        ("anna", ("member", "suspend", "sara", "--reason", "verlof")),
        ("anna", ("gate", "leave", "poort", "--reason", "uit-dienst")),
        ("tess", ("log", "show")),
    ):
        assert team.ask(who, *command, code=4, shift=MONTH)["reason"] == "store-served"
    assert write(team, code=4)["reason"] == "store-served"
    assert team.ask("bob", "log", "verify", shift=MONTH)["size"] == size
    assert run(team, "bob", "check", "--deep").code == 0


def test_what_is_told_of_a_served_store(team: Team) -> None:
    served(team)
    status = team.ask("bob", "keys", "status", shift=MONTH)
    assert (status["gates"], status["members_in_epoch"]) == (["poort"], 1)
    plan = team.ask("bob", "keys", "rotate", "--plan", shift=MONTH)
    assert (plan["within"], plan["gates"], plan["without"]) == (["bob"], ["poort"], [])
    assert team.ask("bob", "member", "list", shift=MONTH)["gates"] == ["poort"]
    assert "poort" not in [row["handle"] for row in team.ask("bob", "member", "list", shift=MONTH)["members"]]
    for command, words in (
        (("keys", "status"), "served, by poort"),
        (("keys", "rotate", "--plan"), "poort: a gate"),
        (("keys", "rotate"), "for 2 beheerders and gates"),
        (("member", "list"), "gates: poort"),
        (("gate", "list"), "This store is served"),
    ):
        assert words in run(team, "bob", "--lang", "en", *command).out.decode()


def test_the_suspension_of_a_beheerder_makes_a_rotation_due_and_of_another_does_not(team: Team) -> None:
    served(team)
    suspended = team.ask("bob", "member", "suspend", "sara", "--reason", "verlof", shift=MONTH)
    assert suspended["due"] == ["rekey"]
    lines = run(team, "bob", "--lang", "en", "member", "suspend", "jan", "--reason", "verlof").out.decode()
    assert "keys rotate" not in lines


def test_the_log_shows_what_was_stated_of_a_gate(team: Team) -> None:
    admitted(team)
    propose(team, "adopt", "poort")
    lines = team.run("tess", "log", "show", shift=MONTH).out.decode().splitlines()
    assert any("proposed" in line and "gate.admitted poort" in line for line in lines)
    assert any("proposed" in line and "gate.adopted poort" in line for line in lines)


# Cut off between the approval and the rotation.


@pytest.mark.files_only("the faults are those of a disk")
def test_an_adoption_that_is_cut_off_anywhere_is_the_old_or_the_new_and_goes_on(
    team: Team, tmp_path: Path
) -> None:
    admitted(team)
    number = propose(team, "adopt", "poort")
    with dying(1 << 30) as calls:
        give(team.copy(tmp_path / "whole"), number)
    met: Counter[str] = Counter()
    for after in range(0, calls(), 5):
        copy = team.copy(tmp_path / str(after))
        with suppress(CrashError), dying(after, half=True):
            give(copy, number)
        report = check(FileStore(copy.store), None, deep=True, workers=1)
        assert not report.findings, (after, report.findings)
        found = listed(copy)
        met[state := f"{found['served']} {found['rotation_awaited']}"] += 1
        if state == "False False":
            give(copy, number)
        elif state == "True True":
            assert due(copy)[0] == ("rotate", "served")
            copy.ask("bob", "keys", "rotate", shift=MONTH)
        assert listed(copy)["gates"][0]["boxed"]
        assert write(copy, code=4)["reason"] == "store-served"
        shutil.rmtree(copy.root)
    assert met.keys() == {"False False", "True True", "True False"}


@pytest.mark.files_only("the faults are those of a disk")
def test_a_rotation_that_cannot_be_written_is_told_and_made_by_hand(team: Team, tmp_path: Path) -> None:
    admitted(team)
    number = propose(team, "adopt", "poort")
    with dying(1 << 30) as calls:
        give(team.copy(tmp_path / "whole"), number)
    for after in range(calls(), 0, -2):  # a disk that is full from ever earlier on, until only one stands
        copy = team.copy(tmp_path / str(after))
        with failing(after, errno.ENOSPC):
            answer = run(copy, "bob", "--json", "approval", "give", str(number))
        if listed(copy)["rotation_awaited"]:
            break
        shutil.rmtree(copy.root)
    team = copy
    assert (answer.code, answer.json()["epoch"], answer.reason) == (10, None, "rotation-left")
    assert "nothing can be written" in words_of("rotation-left", 10, {"why": "awaited"})[1]
    found = listed(team)
    assert (found["served"], found["rotation_awaited"]) == (True, True)
    assert "CARE" in run(team, "bob", "--lang", "en", "gate", "list").out.decode()
    assert due(team)[0] == ("rotate", "served")
    checked = team.ask("bob", "check", shift=MONTH)
    assert {"code": "rotation-due", "book": "store"} in checked["due"]
    assert write(team, code=6)["reason"] == "rotation-due"
    assert team.read("jan", team.house, "intake", shift=MONTH).code == 0
    team.ask("bob", "keys", "rotate", shift=MONTH)
    assert listed(team)["rotation_awaited"] is False
    assert write(team, code=4)["reason"] == "store-served"


# Gates that leave.


def test_a_gate_that_never_served_leaves_and_nothing_is_due(team: Team) -> None:
    admitted(team)
    number = propose(team, "leave", "poort", "--reason", "uit-dienst")
    said = run(team, "bob", "--lang", "en", "approval", "give", str(number)).out.decode()
    assert said.splitlines() == ["Approved: gate.left (poort)."]
    assert [(g["handle"], g["state"]) for g in listed(team)["gates"]] == [("poort", "left")]
    assert listed(team)["served"] is False
    write(team)


def test_a_refused_gate_changes_nothing(team: Team) -> None:
    told = make(team)
    number = propose(team, "admit", str(team.card("poort")), "--fingerprint", told)
    assert team.ask("bob", "approval", "refuse", str(number), shift=MONTH)["about"] == "poort"
    assert listed(team)["gates"] == []
    assert run(team, "bob", "--lang", "en", "gate", "list").out.decode().startswith("This store is embedded")


def test_a_gate_that_is_let_go_before_its_rotation_leaves_every_member_as_they_were(team: Team) -> None:
    told = make(team)
    team.ask("anna", "gate", "admit", str(team.card("poort")), "--fingerprint", told)
    team.ask("anna", "gate", "adopt", "poort")
    gone = team.ask("anna", "gate", "leave", "poort", "--reason", "uit-dienst")
    assert (gone["approval"], gone["due"]) == (None, ["rotate"])
    assert due(team)[0] == ("rotate", "embedded")
    assert write(team, code=6)["reason"] == "rotation-due"
    rotated = team.ask("bob", "keys", "rotate", shift=MONTH)
    assert (rotated["gates"], rotated["boxes"]) == ([], 5)
    write(team)


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_every_verb_speaks_both_languages(team: Team, lang: str) -> None:
    told = make(team)
    said = []
    for who, command in (
        ("anna", ("gate", "admit", str(team.card("poort")), "--fingerprint", told)),
        ("anna", ("gate", "adopt", "poort")),
        ("bob", ("gate", "list")),
        ("anna", ("gate", "leave", "poort", "--reason", "uit-dienst")),
    ):
        answer = team.run(who, "--lang", lang, *command)
        assert answer.code == 0
        said.append(answer.out.decode())
    assert {"nl": "Welkomstcode", "en": "Welcome code"}[lang] in said[0]
    assert all("keys rotate" in text for text in said[1:])
