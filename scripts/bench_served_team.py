"""A team whose store a gate serves, built on files without waiting for the disk, then put in a database."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench_team import ADMIN, COORDINATOR, PASSPHRASE, REGISSEUR, Team, unsynced

from dossier.actions import approvals, copying, gates, members, rotation
from dossier.actions import store as stores
from dossier.gate.scribe import Scribe
from dossier.gate.secrets import EpochSecrets
from dossier.gate.sight import Sight
from dossier.keying import Made
from dossier.memory_gate import GateMemory
from dossier.model import (
    BookName,
    Digest,
    Handle,
    HouseholdId,
    Role,
    SectionName,
    Seen,
    StoreId,
    new_household_id,
)
from dossier.policy import Permit
from dossier.register.register import Register
from dossier.shapes import Keying, Slot
from dossier.statements import Statement
from dossier.storage.base import Store
from dossier.storage.postgres import PostgresStore
from dossier.team import digest_of
from keys.encoding import fingerprint
from keys.identity import LocalIdentity
from keys.primitives import KEY_SIZE, random_bytes
from keys.token import Contact, Unlocked, rewrite, write_new

GATE = "poort"
_SECOND = timedelta(seconds=1)  # between two entries: 100,000 of them are written in little more than a day
_BEFORE = timedelta(days=3)
_BOX = 1168  # bytes of a box
_AT_ONCE = 500  # households filled in with one transaction


class ServedTeam(Team):
    """A team of today with some regisseurs more, built as it is embedded; then a gate serves its store."""

    def __init__(self, folder: Path) -> None:
        """Found the store three days ago."""
        super().__init__(folder, datetime.now(UTC) - _BEFORE)
        self.folder = folder
        self.gate = LocalIdentity.new(GATE, "Poort", "Gemeente")
        self.gate_token, self.token = folder / "gate.token", folder / "token"
        self.passphrase = folder / "passphrase"
        self.passphrase.write_text(PASSPHRASE + "\n", "utf-8")
        self.passphrase.chmod(0o600)
        self.write_token(self.token)

    def wait(self) -> None:
        """Let a second pass."""
        self._now += _SECOND

    def identity(self, name: str) -> LocalIdentity:
        """Give a member's keys."""
        return self._identities[name]

    def lines(self, book: BookName) -> int:
        """Count the entries of a book."""
        return len(self.store.copies(book))

    def hire(self, number: int) -> list[str]:
        """Admit regisseurs, each to be one client of the gate."""
        names = [f"regisseur-{one}" for one in range(number)]
        with unsynced():
            for name in names:
                self._identities[name] = LocalIdentity.new(name, name.title(), "Gemeente")
                card = self._identities[name].card
                stated, _ = members.admit(
                    self.desk(COORDINATOR), card.write(), [Role.REGISSEUR], card.fingerprint
                )
                welcome = fingerprint(stated.entry.leaf)
                stores.join(self.store, self._identities[name], self.state(name), self.clock, welcome)
        return names

    def write_all(self, name: str, households: list[HouseholdId]) -> None:
        """Write a first section of 3 KB in each household of a regisseur."""
        desk = self.desk(name)
        with unsynced():
            for household in households:
                self.wait()
                self.write(desk, household)

    def become_served(self) -> None:
        """Admit and adopt the gate, rotate; and let the gate make its first contact."""
        card = self.gate.card
        with unsynced():
            stated, _ = gates.admit(self.desk(COORDINATOR), card.write(), card.fingerprint)
            self._approve(stated)
            self._approve(gates.adopt(self.desk(COORDINATOR), Handle(GATE)))
            rotation.rotate(self.desk(ADMIN))
            leaf = self.desk(COORDINATOR).gate.survey().register.gates[Handle(GATE)].leaf
            stores.join(self.store, self.gate, self.state(GATE), self.clock, fingerprint(leaf))
        write_new(self.gate_token, self.gate, PASSPHRASE, "cheapest")
        contact = Contact(self.store.store_id, self._root, leaf)
        rewrite(self.gate_token, Unlocked(self.gate, contact), PASSPHRASE)

    def _approve(self, stated: approvals.Stated) -> None:
        if stated.waits:
            approvals.give(self.desk(ADMIN), stated.entry.index)

    def copy_embedded(self, to: Path) -> None:
        """Copy the store, and what the regisseur's client knows of it, as they are now."""
        shutil.copytree(self.folder / "store", to / "store")
        shutil.copytree(self.state(REGISSEUR), to / REGISSEUR / "dossier")

    def move_in(self, place: str, state: Path, households: int) -> Seen:
        """Copy the store into a database, and open more households there that nobody will read.

        `state` is where the memory of the gate goes, which is seen to write them, and knows the log to its
        end then. Gives that end.
        """
        store = PostgresStore.create(f"{place}%20-csynchronous_commit%3Doff", StoreId(self.store.store_id))
        copying.copy(self.store, store, still=True)
        shutil.copytree(self.state(GATE), state)
        memory = GateMemory(state, self.gate, StoreId(store.store_id))
        memory.root = self._root
        sight = Sight(store, self.gate.card, memory, self.clock, None, most_held=1)
        scribe = Scribe(store, self.gate, memory, self.clock, sight, EpochSecrets(store, self.gate))
        with unsynced():
            for left in range(households, -1, -_AT_ONCE):  # with 0 too: then the gate knows the log
                with sight.exclusive():
                    self._open_unread(min(left, _AT_ONCE), store, sight, scribe)
            memory.save()
        store.close()
        return Seen(memory.verified.size, memory.verified.root)

    def _open_unread(self, number: int, store: Store, sight: Sight, scribe: Scribe) -> None:
        """Open households of the regisseur's with statements as they sign them; boxes are random bytes."""
        situation, regisseur, handle = sight.situation(None), self.identity(REGISSEUR), Handle(REGISSEUR)
        register, permit = situation.register, Permit(Role.REGISSEUR, "statement")
        for _ in range(number):
            self.wait()
            household, made = new_household_id(random_bytes(8)), _unread_keys(register, handle)
            fields = {"household": household, "regisseur": handle, "keyings": made.keyings}
            statement = Statement("household.opened/1", **fields)
            entry = scribe.entry_of(situation._replace(at=self.clock()), statement, permit, regisseur)
            store.keep(BookName(household), entry.line, made.objects)
            scribe.append(register, entry)


def _unread_keys(register: Register, regisseur: Handle) -> Made:
    """Make what `keying.first_keys` does for a regisseur, of random bytes: nobody opens it."""
    objects: dict[Digest, bytes] = {}

    def box() -> Digest:
        data = random_bytes(_BOX)
        digest = digest_of(data)
        objects[digest] = data
        return digest

    def keying(section: SectionName) -> Keying:
        slot = Slot(Role.REGISSEUR, regisseur, box())
        return Keying(section, 1, random_bytes(KEY_SIZE), (slot,), register.number, box(), None)

    sections = register.policy.sections if register.policy else ()
    return Made(tuple(keying(section) for section in sections), objects)
