"""Desks: a team at work on one household, each command with a clock that goes on, from what is remembered."""

from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

from team import Team
from wording import INTAKE, person

from dossier.desk import Desk
from dossier.model import Deed, GrantId, Request, Role
from dossier.storage.volatile import VolatileStore

MEMBERS = {
    "jan": Role.REGISSEUR,
    "sara": Role.SPECIALIST,
    "bob": Role.BEHEERDER,
    "tess": Role.TOEZICHTHOUDER,
}


class Office:
    """A store, its members, and `home`, a household of jan's with an intake of two versions."""

    def __init__(self, folder: Path) -> None:
        self.team = Team(folder)
        assert isinstance(self.team.store, VolatileStore)
        self.store = self.team.store
        for who, role in MEMBERS.items():
            self.team.admit(who, role)
        self.home = self.team.open("jan")
        self.write("een")
        self.write("twee")

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
                desk.gate.enter(Request(Deed.LOG_SHOW))
        desk.memory.save()
