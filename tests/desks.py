"""Desks: a team whose members work, with real keys, in a store in memory; the clock is moved by hand."""

import shutil
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import mkdtemp
from threading import Lock

from dossier.actions import contents, grants, households, members, store
from dossier.data import default_policy_text
from dossier.desk import Desk
from dossier.gate.local import LocalGate
from dossier.memory import Memory
from dossier.model import Deed, Handle, HouseholdId, PurposeId, Role, SectionName
from dossier.storage.volatile import VolatileStore
from keys.encoding import fingerprint
from keys.identity import LocalIdentity

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
INTAKE, PLAN = SectionName("intake"), SectionName("plan")
INTAKEGESPREK, PLAN_OPSTELLEN = PurposeId("intakegesprek"), PurposeId("plan-opstellen")
MEMBERS = {
    "jan": Role.REGISSEUR,
    "sara": Role.SPECIALIST,
    "bob": Role.BEHEERDER,
    "tess": Role.TOEZICHTHOUDER,
}


class Office:
    """A store, its members, and what each remembers. anna founded it; `home` is a household of jan's."""

    def __init__(self, folder: Path, kept: VolatileStore, identities: dict[str, LocalIdentity]) -> None:
        self.folder = folder
        self.store = kept
        self.identities = identities
        self.now = START
        self.home = HouseholdId("")

    @property
    def root(self) -> str:
        """The fingerprint of the founder's card."""
        return self.identities["anna"].card.fingerprint

    def clock(self) -> datetime:
        """Tell the time: a second later each time that it is asked."""
        self.now += timedelta(seconds=1)
        return self.now

    def desk(self, who: str) -> Desk:
        """Begin a new command of a member."""
        identity = self.identities[who]
        memory = Memory(self.folder, identity, self.store.store_id)
        if not memory.load():
            memory.root = self.root
        gate = LocalGate(self.store, identity, memory, self.clock)
        return Desk(self.store, gate, identity, memory, self.clock)

    def admit(self, who: str, role: Role) -> None:
        """Admit a member, who makes first contact."""
        identity = self.identities[who] = LocalIdentity.new(who, who.capitalize(), "Gemeente Voorbeeld")
        card = identity.card
        stated, _ = members.admit(self.desk("anna"), card.write(), [role], card.fingerprint)
        welcome = fingerprint(stated.entry.leaf)
        store.join(self.store, identity, self.folder, self.clock, welcome)

    def open(self, who: str = "jan") -> HouseholdId:
        """Have a regisseur open a household."""
        return households.open_household(self.desk(who), Handle(who))[0]

    def write(self, text: bytes = b"wat er speelt", who: str = "jan") -> None:
        """Write the next version of the intake."""
        contents.write(self.desk(who), self.home, INTAKE, INTAKEGESPREK, BytesIO(text), "text/plain")

    def read(self, who: str = "jan") -> bytes:
        """Read the last version of the intake."""
        sink = BytesIO()
        contents.read(self.desk(who), self.home, INTAKE, INTAKEGESPREK, sink)
        return sink.getvalue()

    def give(self, days: int = 30) -> None:
        """Give sara a grant to read the intake."""
        deeds, until = (Deed.READ,), self.now + timedelta(days=days)
        wish = grants.Wish(Handle("sara"), Role.SPECIALIST, (INTAKE,), deeds, (INTAKEGESPREK,), until)
        grants.give(self.desk("anna"), self.home, wish)

    def copy(self, folder: Path) -> "Office":
        """Copy everything, so that whatever happens to the copy does not happen here."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        kept = VolatileStore(self.store.store_id)
        for name, value in self.store.__dict__.items():
            kept.__dict__[name] = value.copy() if isinstance(value, dict) else value
        kept._lock = Lock()
        other = Office(folder, kept, self.identities.copy())
        other.now, other.home = self.now, self.home
        return other


@cache
def _first() -> Office:
    """Make a team with a household whose intake has two versions."""
    founder = LocalIdentity.new("anna", "Anna", "Gemeente Voorbeeld")
    store_id, nonce = store.new_store(founder.card)
    office = Office(Path(mkdtemp(prefix="desks-")), VolatileStore(store_id), {"anna": founder})
    store.found(office.desk("anna"), "Team Noord", nonce, default_policy_text())
    for who, role in MEMBERS.items():
        office.admit(who, role)
    office.home = office.open()
    office.write(b"een")
    office.write(b"twee")
    return office


def new_office(folder: Path) -> Office:
    """Give a team of one's own."""
    return _first().copy(folder)
