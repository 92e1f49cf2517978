"""Desks: a team at work on one household, each command with a clock that goes on, from what is remembered."""

import shutil
from copy import copy
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from unittest.mock import patch

from places import copy_of
from team import Clock, Team
from wording import INTAKE, person

from dossier.desk import Desk
from dossier.model import Deed, GrantId, HouseholdId, Request, Role
from dossier.storage.volatile import VolatileStore

MEMBERS = {
    "jan": Role.REGISSEUR,
    "sara": Role.SPECIALIST,
    "bob": Role.BEHEERDER,
    "tess": Role.TOEZICHTHOUDER,
}


class Office:
    """A store, its members, and `home`, a household of jan's with an intake of two versions."""

    def __init__(self, team: Team, home: HouseholdId) -> None:
        self.team = team
        self.store: VolatileStore = team.store  # type: ignore[assignment] # else only on what is `files_only`
        self.home = home

    @property
    def root(self) -> str:
        """The fingerprint of the founder's card."""
        return person("anna").card.fingerprint

    def desk(self, who: str) -> Desk:
        """Begin a new command of a member, a second later."""
        self.team.clock.now += timedelta(seconds=1)
        return self.team.again(who)

    def write(self, text: str, who: str = "jan") -> None:
        """Write the next version of the intake."""
        self.desk(who)
        self.team.write(who, self.home, INTAKE, text)

    def read(self, who: str = "jan") -> str:
        """Read the last version of the intake."""
        self.desk(who)
        return self.team.read(who, self.home, INTAKE)

    def give(self, days: int = 30) -> GrantId:
        """Give sara a grant to read the intake."""
        self.desk("anna")
        return self.team.grant("sara", self.home, INTAKE, days=days)

    def fill(self, count: int) -> None:
        """Have jan look into the log until it has `count` entries; nothing is remembered until the last."""
        desk = self.desk("jan")
        desk.gate.survey()
        with patch.object(desk.memory, "save"):
            while desk.memory.verified.size < count:
                self.team.clock.now += timedelta(seconds=1)
                desk.gate.enter(Request(Deed.LOG_SHOW))
        desk.memory.save()


@cache
def _first() -> tuple[Team, HouseholdId]:
    """Make the team that all others are copied from."""
    team = Team(Path(mkdtemp(prefix="desks-")))
    for who, role in MEMBERS.items():
        team.admit(who, role)
    home = team.open("jan")
    for text in ("een", "twee"):
        team.write("jan", home, INTAKE, text)
    return team, home


def new_office(folder: Path) -> Office:
    """Give a team of one's own."""
    first, home = _first()
    shutil.copytree(first.folder, folder, dirs_exist_ok=True)
    team = copy(first)
    team.folder, team.store, team.desks = folder, copy_of(first.store), {}
    team.clock = Clock(first.clock.now)
    for who in ("anna", *MEMBERS):
        team.again(who)
    return Office(team, home)
