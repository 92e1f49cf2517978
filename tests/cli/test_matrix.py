"""Every role, section, deed and purpose of the default policy, tried on the command line.

What is expected comes from the policy's own TOML and from what each member was given: never from `decide`.
"""

import json
import tomllib
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pytest
from cli_team import NOBODY, ROLES, SECTIONS, Team
from places import log_of

from dossier.data import default_policy_text

POLICY = tomllib.loads(default_policy_text())
PURPOSES = tuple(POLICY["purposes"])
DEEDS = ("read", "write")
DONE, NO_RIGHT, REFUSED = 0, 5, 6

Cell = tuple[str, str, str]  # section, deed, purpose
CELLS = tuple(product(SECTIONS, DEEDS, PURPOSES))


def allowed(role: str, section: str, deed: str, purpose: str, *, team: bool = False) -> bool:
    """Read from the policy whether a role may do this for that purpose."""
    return any(
        allow["role"] == role
        and allow.get("team", False) == team
        and section in allow["sections"]
        and deed in allow["deeds"]
        for allow in POLICY["purposes"][purpose]["allows"]
    )


class Given(NamedTuple):
    """What a grant was given for."""

    role: str
    sections: tuple[str, ...]
    deeds: tuple[str, ...]
    purposes: tuple[str, ...]

    def covers(self, section: str, deed: str, purpose: str) -> bool:
        """Tell whether the grant, and the policy for its role, cover this."""
        named = section in self.sections and deed in self.deeds and purpose in self.purposes
        return named and allowed(self.role, section, deed, purpose)


def purposes_of(role: str, deed: str, *sections: str) -> tuple[str, ...]:
    """Name the purposes for which a role may do a deed on any of these sections."""
    return tuple(p for p in PURPOSES if any(allowed(role, section, deed, p) for section in sections))


WIDE = (
    Given("specialist", SECTIONS, ("read",), purposes_of("specialist", "read", *SECTIONS)),
    Given("specialist", ("plan",), ("read", "write"), purposes_of("specialist", "write", "plan")),
)
NARROW = (Given("specialist", ("intake",), ("read",), ("intakegesprek",)),)
TWO_NARROW = (
    Given("specialist", ("intake", "plan"), ("read",), ("crisis",)),
    Given("specialist", ("voorblad",), ("read",), ("nazorg",)),
)
STAND_IN = (
    Given(
        "regisseur",
        SECTIONS,
        DEEDS,
        tuple(p for p in PURPOSES if any(allowed("regisseur", s, d, p) for s, d in product(SECTIONS, DEEDS))),
    ),
)


def by_policy(role: str, *, team: bool = False) -> Callable[[str, str, str], int]:
    """Expect what the policy says of a role."""
    return lambda section, deed, purpose: (
        DONE if allowed(role, section, deed, purpose, team=team) else REFUSED
    )


def by_grants(*grants: Given) -> Callable[[str, str, str], int]:
    """Expect what the grants say."""
    return lambda *cell: DONE if any(grant.covers(*cell) for grant in grants) else REFUSED


def nothing(section: str, deed: str, purpose: str) -> int:  # noqa: ARG001 (whatever it is)
    return NO_RIGHT


class Seat(NamedTuple):
    """A member in front of a household, and what is to come of each cell."""

    who: str
    where: str
    grants: tuple[Given, ...]
    expected: Callable[[str, str, str], int]


SEATS = {
    "regisseur of the household": Seat("jan", "house", (), by_policy("regisseur")),
    "regisseur of another household": Seat("jan", "other", (), nothing),
    "regisseur where there is none yet": Seat("jan", "loose", (), nothing),
    "stand-in": Seat("jan", "other", STAND_IN, by_grants(*STAND_IN)),
    "specialist without a grant": Seat("sara", "other", (), nothing),
    "specialist with all that the policy allows": Seat("sara", "other", WIDE, by_policy("specialist")),
    "specialist with one grant": Seat("sara", "house", NARROW, by_grants(*NARROW)),
    "specialist with two grants": Seat("sara", "other", TWO_NARROW, by_grants(*TWO_NARROW)),
    "coordinator where there is a regisseur": Seat("anna", "house", (), nothing),
    "coordinator where there is none yet": Seat("anna", "loose", (), by_policy("coordinator", team=True)),
    "beheerder": Seat("bob", "house", (), nothing),
    "beheerder where there is no regisseur": Seat("bob", "loose", (), nothing),
    "toezichthouder": Seat("tess", "house", (), nothing),
    "toezichthouder where there is no regisseur": Seat("tess", "loose", (), nothing),
    **{f"{role}, no such household": Seat(who, NOBODY, (), nothing) for who, role in ROLES.items()},
}


@pytest.fixture(scope="module")
def office(template: Team, tmp_path_factory: pytest.TempPathFactory) -> Team:
    """Have a second household with another regisseur, all its sections written."""
    team = template.copy(tmp_path_factory.mktemp("matrix") / "t")
    team.hire("piet", "regisseur")
    other = str(team.ask("piet", "household", "open")["household"])
    for section in SECTIONS:
        team.write("piet", other, section)
    team.write("anna", team.loose, "aanmeld")
    team.note(other=other)
    return team


def give(team: Team, household: str, who: str, grant: Given) -> str:
    lists = (("section", grant.sections), ("purpose", grant.purposes), ("deed", grant.deeds))
    scope = [word for name, values in lists for word in (f"--{name}", ",".join(values))]
    made = team.ask("anna", "grant", "give", household, who, "--role", grant.role, *scope, "--until", "1m")
    return str(made["grant"])


def attempt(team: Team, who: str, household: str, cell: Cell) -> tuple[int, int, str | None]:
    """Try a cell: the exit code, how many entries it made, and the decision on the first of them."""
    section, deed, purpose = cell
    before = len(team_log(team))
    answer = team.run(who, deed, household, section, "--purpose", purpose, stdin=b"Nieuw.\n")
    if answer.code:
        assert answer.out == b""
    elif deed == "read":
        assert answer.out != b""
    entries = team_log(team)[before:]
    return answer.code, len(entries), entries[0]["decision"] if entries else None


def team_log(team: Team) -> list[dict[str, str]]:
    """Read the log's entries as they lie there."""
    return [json.loads(line) for line in log_of(str(team.store)).split(b"\n") if line.startswith(b"{")]


@pytest.mark.parametrize("name", SEATS)
def test_each_cell_is_permitted_or_refused_as_the_policy_says(
    name: str, office: Team, tmp_path: Path
) -> None:
    seat = SEATS[name]
    team = office.copy(tmp_path / "t")
    household = getattr(team, seat.where) if seat.where != NOBODY else NOBODY
    if seat.where != "house":
        for grant in seat.grants:
            give(team, household, seat.who, grant)
    wrong = []
    for cell in CELLS:
        code = seat.expected(*cell)
        entries = 2 if code == DONE and cell[1] == "write" else 1
        expected = (code, entries, "refuse" if code else "permit")
        found = attempt(team, seat.who, household, cell)
        if found != expected:
            wrong.append((cell, expected, found))
    assert not wrong


def test_the_matrix_has_cells_of_every_kind() -> None:
    """Were the policy empty, all of the above would be refused and nothing proven."""
    codes = {name: {seat.expected(*cell) for cell in CELLS} for name, seat in SEATS.items()}
    both = {name for name, found in codes.items() if found == {DONE, REFUSED}}
    assert both == {
        "regisseur of the household",
        "stand-in",
        "specialist with all that the policy allows",
        "specialist with one grant",
        "specialist with two grants",
        "coordinator where there is none yet",
    }


@pytest.mark.parametrize("role", [*ROLES.values()])
def test_a_grant_is_given_only_for_what_the_policy_allows(role: str, office: Team, tmp_path: Path) -> None:
    team = office.copy(tmp_path / "t")
    # Nobody grants to themselves: the one who may be given a grant as coordinator is another one.
    who = "otto" if role == "coordinator" else next(who for who, held in ROLES.items() if held == role)
    if who == "otto":
        team.hire("otto", "coordinator")
    wrong = []
    for section, deed, purpose in CELLS:
        scope = ("--section", section, "--deed", deed, "--purpose", purpose, "--until", "14d")
        expected = DONE if allowed(role, section, deed, purpose) else REFUSED
        found = team.run("anna", "grant", "give", team.other, who, "--role", role, *scope).code
        if found != expected:
            wrong.append((section, deed, purpose, expected, found))
    assert not wrong
