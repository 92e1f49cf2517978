"""A team with a real store for the bench, made by the actions themselves without waiting for the disk."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from unittest.mock import patch

from dossier.actions import contents, households, members
from dossier.actions import store as stores
from dossier.data import default_policy_text
from dossier.desk import Desk
from dossier.gate.local import LocalGate
from dossier.gate.scribe import Scribe
from dossier.gate.secrets import EpochSecrets
from dossier.gate.sight import Sight
from dossier.memory import Memory
from dossier.model import Deed, Handle, HouseholdId, PurposeId, Request, Role, SectionName
from dossier.policy import Permit
from dossier.storage.base import PAGE
from dossier.storage.files import FileStore
from keys.encoding import fingerprint
from keys.identity import LocalIdentity
from keys.token import Contact, Unlocked, rewrite, write_new

LONG_AGO = datetime(2026, 1, 5, 8, tzinfo=UTC)
STEP = timedelta(minutes=5)  # between two entries: 100,000 of them are written in a year
INTAKE, INTAKEGESPREK = SectionName("intake"), PurposeId("intakegesprek")
SECTION = b"Wat er besproken is, en wat er is afgesproken. " * 64  # 3 KB
PASSPHRASE = "vijf blauwe stoelen lopen langzaam"  # noqa: S105 (no secret: everyone's here)
COORDINATOR, REGISSEUR, OTHER, ADMIN, THIRD = "anna", "jan", "piet", "bob", "third"
_ROLES = {REGISSEUR: Role.REGISSEUR, OTHER: Role.REGISSEUR, ADMIN: Role.BEHEERDER, THIRD: Role.REGISSEUR}
ELSEWHERE = "jan-elsewhere"  # the regisseur at another computer
_LINES = 6  # of a record


@contextmanager
def unsynced() -> Iterator[None]:
    """Let nothing wait for the disk: for building only, never for measuring."""
    with patch("os.fsync", lambda _: None), patch("os.fdatasync", lambda _: None, create=True):
        yield


class Team:
    """A coordinator, three regisseurs and an admin, each with a memory, and a clock that `wait` moves on."""

    def __init__(self, folder: Path, start: datetime = LONG_AGO) -> None:
        """Found the store in a new folder, and admit the regisseurs."""
        self._folder = folder
        self._now = start
        names = (COORDINATOR, *_ROLES)
        self._identities = {name: LocalIdentity.new(name, name.title(), "Gemeente") for name in names}
        card = self._identities[COORDINATOR].card
        store_id, nonce = stores.new_store(card)
        self._root = card.fingerprint
        with unsynced():
            self.store = FileStore.create(folder / "store", store_id)
            stores.found(self.desk(COORDINATOR), "Team", nonce, default_policy_text())
            self._leaves = {name: self._admit(name) for name in _ROLES}

    def _admit(self, name: str) -> bytes:
        identity = self._identities[name]
        desk, card = self.desk(COORDINATOR), identity.card
        stated, _ = members.admit(desk, card.write(), [_ROLES[name]], card.fingerprint)
        welcome = fingerprint(stated.entry.leaf)
        return stores.join(self.store, identity, self.state(name), self.clock, welcome)[1]

    def admit_more(self, number: int) -> None:
        """Admit members who do nothing."""
        desk = self.desk(COORDINATOR)
        with unsynced():
            for i in range(number):
                card = LocalIdentity.new(f"member-{i}", f"Member {i}", "Gemeente").card
                members.admit(desk, card.write(), [Role.SPECIALIST], card.fingerprint)

    def clock(self) -> datetime:
        """Give the time."""
        return self._now

    def wait(self) -> None:
        """Let five minutes pass."""
        self._now += STEP

    def state(self, name: str) -> Path:
        """Give the folder of a member's memory, as XDG_STATE_HOME of their own would have it."""
        return self._folder / name / "dossier"

    def desk(self, name: str) -> Desk:
        """Give a member's desk, five minutes after the last: memory is read, as each command does."""
        self.wait()
        identity = self._identities[REGISSEUR if name == ELSEWHERE else name]
        memory = Memory(self.state(name), identity, self.store.store_id)
        memory.load()
        memory.root = self._root
        gate = LocalGate(self.store, identity, memory, self.clock)
        return Desk(self.store, gate, identity, memory, self.clock)

    def desk_elsewhere(self) -> Desk:
        """Give the regisseur's desk at another computer, where all that is known here is known too."""
        shutil.copytree(self.state(REGISSEUR), self.state(ELSEWHERE))
        return self.desk(ELSEWHERE)

    def write_token(self, path: Path) -> None:
        """Write the regisseur's token, at the cheapest cost, as it is after their first contact."""
        identity = self._identities[REGISSEUR]
        contact = Contact(self.store.store_id, self._root, self._leaves[REGISSEUR])
        write_new(path, identity, PASSPHRASE, "cheapest")
        rewrite(path, Unlocked(identity, contact), PASSPHRASE)

    # What fills the store.

    def open_households(self, name: str, number: int) -> list[HouseholdId]:
        """Open households of a regisseur's own."""
        desk, opened = self.desk(name), []
        with unsynced():
            with patch.object(desk.memory, "save"):  # once is enough
                for _ in range(number):
                    self.wait()
                    opened.append(households.open_household(desk, Handle(name))[0])
            desk.memory.save()
        return opened

    def fill_log(self, household: HouseholdId, size: int = 0) -> None:
        """Let the regisseur read a household on and on, to `size` entries or more that fill whole pages."""
        desk, identity = self.desk(REGISSEUR), self._identities[REGISSEUR]
        sight = Sight(self.store, identity.card, desk.memory, self.clock, None)
        secrets = EpochSecrets(self.store, identity)
        scribe = Scribe(self.store, identity, desk.memory, self.clock, sight, secrets)
        request = Request(Deed.READ, household, INTAKE, 1, INTAKEGESPREK)
        permit = Permit(Role.REGISSEUR, "regisseur")
        with unsynced():
            with sight.exclusive():
                situation = sight.situation(household)
                while sight.log.known.size < size or sight.log.known.size % PAGE:
                    self.wait()
                    scribe.write_down(situation._replace(at=self.clock()), request, permit)
            desk.memory.save()

    def write_first(self, household: HouseholdId) -> None:
        """Write a household's first section of 3 KB."""
        with unsynced():
            self.write(self.desk(REGISSEUR), household)

    def entries(self) -> int:
        """Count the entries that the regisseur knows of."""
        return self.desk(REGISSEUR).memory.verified.size

    def last_line(self) -> bytes:
        """Give the log's last record: an entry, and the checkpoint with it."""
        pages = sorted((self._folder / "store" / "log").iterdir())
        return b"\n".join(pages[-1].read_bytes().split(b"\n")[-_LINES - 1 :])

    # What is timed.

    def read(self, desk: Desk, household: HouseholdId) -> bytes:
        """Read a section of 3 KB."""
        sink = BytesIO()
        contents.read(desk, household, INTAKE, INTAKEGESPREK, sink)
        return sink.getvalue()

    def write(self, desk: Desk, household: HouseholdId) -> None:
        """Write a section of 3 KB."""
        contents.write(desk, household, INTAKE, INTAKEGESPREK, BytesIO(SECTION), "text/plain")
