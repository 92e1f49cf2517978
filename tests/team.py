"""Team: a whole store in memory, with a desk for everyone and a clock to move; and a way to forge in it.

    team = Team(tmp_path)
    team.admit("jan", Role.REGISSEUR)
    home = team.open("jan")
    team.write("jan", home, INTAKE, "wat er speelt")
    team.grant("sara", home, INTAKE, purpose="intakegesprek")
    assert team.read("sara", home, INTAKE) == "wat er speelt"

Everything here opens: for books of which only the rules matter, and for fixed bytes, see `scribe`.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

from places import new_store
from wording import COVER, DAY, INTAKE, PLAN, START, person

from dossier.actions import (
    approvals,
    boxes,
    contents,
    grants,
    households,
    leaving,
    members,
    renewing,
    rotation,
    store,
)
from dossier.actions.approvals import Stated
from dossier.book import follows
from dossier.data import default_policy_text
from dossier.desk import Desk
from dossier.entry import Entry, make_entry
from dossier.gate.local import LocalGate
from dossier.gate.scribe import household_of
from dossier.memory import Memory
from dossier.model import Deed, Digest, GrantId, Handle, HouseholdId, Place, PurposeId, Role, SectionName
from dossier.policy import Permit
from dossier.register.register import Register
from dossier.statements import Statement
from dossier.storage.base import Store
from keys.encoding import fingerprint
from keys.identity import LocalIdentity

READ, WRITE = (Deed.READ,), (Deed.READ, Deed.WRITE)
_WRITTEN_FOR = {INTAKE: PurposeId("intakegesprek"), PLAN: PurposeId("plan-opstellen")}


def usual_purpose(section: SectionName) -> PurposeId:
    """Give the purpose for which the default policy lets a regisseur write a section."""
    return _WRITTEN_FOR.get(section, PurposeId("aanmelding-beoordelen"))


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def wait(self, days: int = 0, minutes: int = 0) -> None:
        """Let time pass."""
        self.now += timedelta(days=days, minutes=minutes)


class Team:
    """A store founded by anna under the default policy. `team["jan"]` is jan's desk."""

    def __init__(self, folder: Path, *, files: bool = False, policy: str | None = None) -> None:
        """Members' memory goes into `folder`; with `files`, the store as well."""
        self.folder = folder
        self.clock = Clock()
        self.desks: dict[str, Desk] = {}
        store_id, nonce = store.new_store(person("anna").card)
        self.store: Store = new_store(folder / "store", store_id, files=files)
        memory = Memory(folder / "anna", person("anna"), store_id)
        memory.root = person("anna").card.fingerprint
        self.desks["anna"] = self._desk(person("anna"), memory)
        store.found(self["anna"], "Team Noord", nonce, policy or default_policy_text())

    def __getitem__(self, handle: str) -> Desk:
        return self.desks[handle]

    def _desk(self, identity: LocalIdentity, memory: Memory) -> Desk:
        gate = LocalGate(self.store, identity, memory, self.clock)
        return Desk(self.store, gate, identity, memory, self.clock)

    def again(self, handle: str) -> Desk:
        """Sit down anew, as the next command does: from what this member's client remembers."""
        known = self.desks.get(handle)
        if known is None:
            memory = Memory(self.folder / handle, person(handle), self.store.store_id)
        else:
            memory = known.memory.beside()
        memory.load()
        self.desks[handle] = self._desk(self.identity(handle), memory)
        return self.desks[handle]

    def identity(self, handle: str) -> LocalIdentity:
        """Give the keys with which someone works now."""
        found = self[handle].identity if handle in self.desks else person(handle)
        assert isinstance(found, LocalIdentity)
        return found

    def register(self, household: HouseholdId | None = None, who: str = "anna") -> Register:
        """Give the register as someone sees it now."""
        return self[who].gate.survey(household).register

    # Members.

    def admit(self, handle: str, *roles: Role, by: str = "anna", second: str | None = None) -> Desk:
        """Admit someone, approved by a second person where one is named, and let them join."""
        card = person(handle).card
        stated, _ = members.admit(self[by], card.write(), list(roles), card.fingerprint)
        entry = self.settle(stated, second)
        self.desks[handle], _ = store.join(
            self.store, person(handle), self.folder / handle, self.clock, fingerprint(entry.leaf)
        )
        return self.desks[handle]

    def settle(self, stated: Stated, second: str | None = None) -> Entry:
        """Have what waits approved; give the entry with which it took effect."""
        assert stated.waits == (second is not None)
        if second is None:
            return stated.entry
        entry, _ = approvals.give(self[second], stated.entry.index)
        return entry

    def suspend(self, handle: str, by: str = "anna", second: str | None = None) -> Entry:
        """Suspend someone."""
        return self.settle(members.suspend(self[by], Handle(handle), "verlof"), second)

    def restore(self, handle: str, by: str = "anna", second: str | None = None) -> Entry:
        """Restore someone."""
        return self.settle(members.restore(self[by], Handle(handle), "terug"), second)

    def change_roles(
        self,
        handle: str,
        add: Iterable[Role] = (),
        remove: Iterable[Role] = (),
        by: str = "anna",
        second: str | None = None,
    ) -> Entry:
        """Give and take roles."""
        return self.settle(members.change_roles(self[by], Handle(handle), [*add], [*remove]), second)

    def leave(self, handle: str, by: str = "anna", second: str | None = None) -> leaving.Left:
        """Let someone go for good, and close what they could open."""
        report = leaving.report(self[by], Handle(handle))
        stated = leaving.let_go(self[by], Handle(handle), "uit-dienst")
        assert stated is not None
        self.settle(stated, second)
        done = leaving.close(self[by], report)
        assert not done.left
        return done

    def renew(self, handle: str, number: int = 2, by: str | None = None, second: str | None = None) -> Desk:
        """Give someone their card of this number: by themselves, or by a coordinator for a lost token."""
        identity = person(handle, number)
        if by is None:
            self.desks[handle] = renewing.renew_own(self[handle], identity).desk
            return self.desks[handle]
        stated, _ = renewing.renew(self[by], Handle(handle), identity.card.write(), identity.card.fingerprint)
        assert stated is not None
        welcome = fingerprint(self.settle(stated, second).leaf)
        self.box(by)
        renewing.box_again(self[by], Handle(handle))
        folder = self.folder / f"{handle} {number}"  # another computer: the lost token's was lost with it
        self.desks[handle], _ = store.join(self.store, identity, folder, self.clock, welcome)
        return self.desks[handle]

    # Keys.

    def box(self, by: str = "anna") -> None:
        """Give the boxes of the store's own keys that are due."""
        boxes.box_what_is_due(self[by])

    def rotate(self, *without: str, by: str = "bob", reason: str | None = "verlof") -> rotation.Rotated:
        """Put the next epoch in force, without some."""
        return rotation.rotate(self[by], [Handle(handle) for handle in without], reason)

    def rekey(self, household: HouseholdId, *sections: SectionName, by: str = "anna") -> None:
        """Give sections new keys, all where none is named."""
        rotation.rekey(self[by], household, sections)

    # Households.

    def open(self, regisseur: str | None = "jan", by: str | None = None) -> HouseholdId:
        """Open a household by its regisseur, or by someone else."""
        named = None if regisseur is None else Handle(regisseur)
        household, _ = households.open_household(self[by or regisseur or "anna"], named)
        return household

    def assign(self, household: HouseholdId, handle: str, by: str = "anna") -> None:
        """Give a household another regisseur."""
        households.assign(self[by], household, Handle(handle))

    def write(
        self,
        who: str,
        household: HouseholdId,
        section: SectionName = COVER,
        text: str = "tekst",
        purpose: str | None = None,
    ) -> Entry:
        """Write the next version of a section; give the entry that states it."""
        named = usual_purpose(section) if purpose is None else PurposeId(purpose)
        source = BytesIO(text.encode())
        return contents.write(self[who], household, section, named, source, "text/plain").entry

    def read(
        self,
        who: str,
        household: HouseholdId,
        section: SectionName = COVER,
        purpose: str | None = None,
        version: int | None = None,
    ) -> str:
        """Read a version of a section, the last where none is named."""
        named = usual_purpose(section) if purpose is None else PurposeId(purpose)
        sink = BytesIO()
        contents.read(self[who], household, section, named, sink, version)
        return sink.getvalue().decode()

    def grant(
        self,
        handle: str,
        household: HouseholdId,
        *sections: SectionName,
        deeds: tuple[Deed, ...] = READ,
        purpose: str | None = None,
        days: int = 30,
        role: Role = Role.SPECIALIST,
        by: str = "anna",
    ) -> GrantId:
        """Give a grant: to read, for the usual purpose of the first section, where nothing else is said."""
        named = usual_purpose(sections[0]) if purpose is None else PurposeId(purpose)
        until = self.clock() + days * DAY
        wish = grants.Wish(Handle(handle), role, sections, deeds, (named,), until)
        return grants.give(self[by], household, wish)

    def revoke(self, household: HouseholdId, grant: GrantId, by: str = "anna") -> None:
        """Revoke a grant."""
        grants.revoke(self[by], household, grant, "doel-bereikt")


def forge(
    desk: Desk,
    statement: Statement,
    objects: Mapping[Digest, bytes] | None = None,
    *,
    place: Place | None = None,
    role: Role = Role.COORDINATOR,
) -> Entry:
    """Append a permitted statement past every rule, as a member can with a program of their own.

    Their signature is right, and so are the chain, the log and the copy in the book's file: every member
    holds the epoch secret. `place` is where it says that it goes, its book's end where none is given; what
    follows nothing there belongs to no book, and leaves no copy.
    """
    gate = desk.gate
    assert isinstance(gate, LocalGate)
    with gate._sight.exclusive():
        situation = gate._sight.situation(household_of(statement))
        entry = gate._scribe.entry_of(situation, statement, Permit(role, "statement"))
        if place is not None:
            signed = entry.signed._replace(place=place)
            entry = make_entry(signed, signed.sign(desk.identity), entry.ruling)
        assert entry.signed.place is not None
        book = entry.signed.place.book
        head = follows(entry, desk.memory.head(book))
        if head is not None:
            desk.store.keep(book, entry.line, dict(objects or {}))
        gate._sight.log.append(entry, gate._secrets.log_seed(situation.register))
        if head is not None:
            desk.memory.move(entry, head, founded=True)
    desk.memory.save()
    gate._sight.forget()
    return entry
