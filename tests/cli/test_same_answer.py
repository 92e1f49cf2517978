"""A household that is not there and one that you may not see: the same answer, byte for byte."""

import json
from itertools import product
from pathlib import Path

import pytest
from cli_team import NOBODY, Answer, Team
from places import log_of

CONTENT: dict[str, tuple[str, ...]] = {
    "read": ("read", "H", "intake", "--purpose", "intakegesprek"),
    "read a version": ("read", "H", "intake", "--purpose", "intakegesprek", "--version", "1"),
    "read a version that is not there": (
        "read",
        "H",
        "intake",
        "--purpose",
        "intakegesprek",
        "--version",
        "9",
    ),
    "read what nobody wrote": ("read", "H", "plan", "--purpose", "toezicht"),
    "read the voorblad": ("read", "H", "voorblad", "--purpose", "aanmelding-beoordelen"),
    "read an unknown section": ("read", "H", "kelder", "--purpose", "intakegesprek"),
    "read for an unknown purpose": ("read", "H", "intake", "--purpose", "goudzoeken"),
    "read to a file": ("read", "H", "intake", "--purpose", "intakegesprek", "--out", "OUT"),
    "write": ("write", "H", "intake", "--purpose", "intakegesprek"),
    "write after": ("write", "H", "intake", "--purpose", "intakegesprek", "--after", "1"),
    "write after another": ("write", "H", "plan", "--purpose", "plan-opstellen", "--after", "7"),
    "edit": ("edit", "H", "intake", "--purpose", "intakegesprek"),
}
SCOPE = ("--role", "specialist", "--section", "intake", "--purpose", "intakegesprek", "--until", "14d")
LOOK: dict[str, tuple[str, ...]] = {
    "history": ("history", "H", "intake"),
    "history of what is not there": ("history", "H", "kelder"),
    "show": ("household", "show", "H"),
    "assign": ("household", "assign", "H", "jan"),
    "assign nobody": ("household", "assign", "H", "nobody"),
    "assign a stand-in": ("household", "assign", "H", "jan", "--until", "14d"),
    "who": ("who", "H"),
    "who of a section": ("who", "H", "intake"),
    "who of what is not there": ("who", "H", "kelder"),
    "grant list": ("grant", "list", "H"),
    "grant list of a member": ("grant", "list", "H", "--member", "sara"),
    "grant list expiring": ("grant", "list", "H", "--expiring", "90"),
    "grant give": ("grant", "give", "H", "sara", *SCOPE),
    "grant give to nobody": ("grant", "give", "H", "nobody", *SCOPE),
    "grant give of what is not there": ("grant", "give", "H", "sara", *SCOPE, "--section", "kelder"),
    "grant revoke": ("grant", "revoke", "H", "GRANT", "--reason", "doel-bereikt"),
    "grant revoke of none": ("grant", "revoke", "H", "G-AAAAAAAA", "--reason", "doel-bereikt"),
    "grant revoke for no reason": ("grant", "revoke", "H", "GRANT", "--reason", "zomaar"),
}
# Who has no right where. A coordinator and a toezichthouder may look at any household that is there.
NO_RIGHT = (("piet", "house"), ("sara", "other"), ("bob", "house"), ("piet", "loose"), ("jan", "other"))
ONLY_CONTENT = (("anna", "house"), ("tess", "house"), ("tess", "loose"))


@pytest.fixture(scope="module")
def office(template: Team, tmp_path_factory: pytest.TempPathFactory) -> Team:
    team = template.copy(tmp_path_factory.mktemp("same") / "t")
    team.hire("piet", "regisseur")
    team.hire("paul", "regisseur")
    other = str(team.ask("paul", "household", "open")["household"])
    team.note(other=other)
    return team


def ask(team: Team, who: str, form: tuple[str, ...], household: str, style: tuple[str, ...]) -> Answer:
    meant = {"H": household, "GRANT": team.grant, "OUT": str(team.root / "out")}
    command = [meant.get(word, word) for word in form]
    answer = team.run(who, *style, *command, stdin=b"Nieuw.\n", VISUAL="/bin/true")
    assert answer.code in (2, 5)
    assert not (team.root / "out").exists()
    return answer


def entries(team: Team) -> list[dict[str, object]]:
    return [json.loads(line) for line in log_of(str(team.store)).split(b"\n") if line.startswith(b"{")]


STYLES = [(*json_, "--lang", lang) for json_, lang in product(((), ("--json",)), ("nl", "en"))]


@pytest.mark.parametrize(
    ("who", "where", "name"),
    [
        *((who, where, name) for who, where in NO_RIGHT for name in {**CONTENT, **LOOK}),
        *((who, where, name) for who, where in ONLY_CONTENT for name in CONTENT),
    ],
)
def test_unknown_and_forbidden_are_answered_alike(
    who: str, where: str, name: str, office: Team, tmp_path: Path
) -> None:
    team = office.copy(tmp_path / "t")
    forbidden = getattr(team, where)
    form = {**CONTENT, **LOOK}[name]
    for style in STYLES:
        start = len(entries(team))
        unknown = ask(team, who, form, NOBODY, style)
        middle = len(entries(team))
        assert ask(team, who, form, forbidden, style) == unknown
        made = entries(team)
        assert len(made) - middle == middle - start
        reasons = [[entry["reason"] for entry in part] for part in (made[start:middle], made[middle:])]
        assert reasons[0] == reasons[1]
        assert NOBODY.encode() not in unknown.out + unknown.err


def test_unknown_and_forbidden_are_answered_alike_by_a_process(team: Team) -> None:
    team.hire("piet", "regisseur")
    for style in ((), ("--json",), ("--debug",)):
        for lang in ("nl_NL.UTF-8", "en_GB.UTF-8"):
            answers = {
                team.process("piet", *style, "read", one, "intake", "--purpose", "intakegesprek", LANG=lang)
                for one in (team.house, NOBODY)
            }
            assert len(answers) == 1
            assert answers.pop().code == 5


def test_the_log_shows_only_ones_own_deeds_on_either(office: Team, tmp_path: Path) -> None:
    """Those are the refusals that were just earned, and this look itself."""
    team = office.copy(tmp_path / "t")
    for who, where in NO_RIGHT:
        shown = []
        for one in (NOBODY, getattr(team, where)):
            ask(team, who, CONTENT["read"], one, ())
            found = team.ask(who, "log", "show", "--household", one)["entries"]
            assert {entry["request"]["actor"] for entry in found} == {who}
            shown.append([(entry["request"]["deed"], entry["decision"], entry["reason"]) for entry in found])
        assert shown[0][-2:] == shown[1][-2:]


def test_a_coordinator_sees_which_households_are_there_and_others_do_not(team: Team) -> None:
    """What the answer must not tell others, it does tell those whose office it is."""
    for who in ("anna", "tess"):
        assert team.run(who, "household", "show", team.house).code == 0
        assert team.run(who, "household", "show", NOBODY).code == 5


def test_a_grant_that_was_revoked_leaves_no_trace_in_the_answer(team: Team) -> None:
    team.ask("anna", "grant", "revoke", team.house, team.grant, "--reason", "doel-bereikt")
    for style in STYLES:
        for form in CONTENT.values():
            unknown, forbidden = (ask(team, "sara", form, one, style) for one in (NOBODY, team.house))
            assert unknown == forbidden
