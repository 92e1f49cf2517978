"""Scribe: books written by hand, as a program of one's own could: good signatures, boxes that hold nothing.

Everything comes from fixed seeds, so that the same words give the same bytes. For tests of the rules;
for a store whose boxes open see `team`.
"""

from datetime import timedelta
from hashlib import sha256
from typing import Any

from wording import AANMELDING, HOME, MINUTE, POLICY, person
from wording_gates import Gates

from dossier.book import Book, Head, follows, next_place
from dossier.entry import Entry, Ruling, Signed, make_entry
from dossier.log.merkle import EMPTY_ROOT, Frontier
from dossier.model import (
    STORE_BOOK,
    BookName,
    Deed,
    Handle,
    HouseholdId,
    Place,
    Reason,
    Request,
    Role,
    SectionName,
    Seen,
)
from dossier.register.fold import check, take
from dossier.register.register import Act, Fault, act_of
from dossier.register.rules_approval import correction_of
from dossier.statements import Statement
from keys.identity import LocalIdentity


class Scribe(Gates):
    """Writes a log and its books, and follows them as a reader does. `at` is the time, moved by `wait`."""

    def __init__(self, policy: str | None = POLICY, *, founded: bool = True) -> None:
        """Found a store by anna, who adopts a policy."""
        super().__init__(person("anna"))
        self.log: list[Entry] = []
        self.heads: dict[BookName, Head] = {}
        self._frontier = Frontier()
        self._roots = [EMPTY_ROOT]
        if founded:
            self.say("anna", self.founding())
        if founded and policy is not None:
            self.say("anna", self.adoption(policy))

    # Writing.

    def wait(self, days: int = 0, minutes: int = 0) -> "Scribe":
        """Let time pass."""
        self.at += timedelta(days=days, minutes=minutes)
        return self

    def write(
        self,
        who: str,
        statement: Statement | None = None,
        *,
        request: Request | None = None,
        place: Place | None = None,
        identity: LocalIdentity | None = None,
        signed: dict[str, Any] | None = None,
        ruling: dict[str, Any] | None = None,
    ) -> Entry:
        """Write an entry, whether it stands or not: all that is not said is as it should be."""
        self.at += MINUTE
        identity = identity or person(who, self.cards_of(who))
        if statement is not None:
            place = place or next_place(statement.book, self.heads.get(statement.book))
            household = None if place.book == STORE_BOOK else HouseholdId(place.book)
            request = Request(Deed.STATE, household)
        assert request is not None
        size = len(self.log)
        asked = Signed(
            store=self.store,
            actor=Handle(who),
            card=identity.card.fingerprint,
            role=Role.COORDINATOR,
            org=identity.card.org,
            request=request,
            nonce=sha256(f"nonce {size}".encode()).digest()[:16],
            at=self.at,
            seen=self.seen,
            place=place,
            statement=statement,
        )._replace(**(signed or {}))
        ruled = Ruling(
            position=size,
            at=asked.at,
            permitted=True,
            reason=None,
            basis="statement" if statement else "regisseur",
            policy=0 if self.register.policy is None else self.register.policy.version,
            epoch=self.epoch,
            trace=bytes(16),
            span=bytes(8),
        )._replace(**(ruling or {}))
        entry = make_entry(asked, asked.sign(identity), ruled)
        self._take(entry)
        return entry

    def _take(self, entry: Entry) -> None:
        """Take an entry in, as whoever reads the log does."""
        place = entry.signed.place
        head = None if place is None else follows(entry, self.heads.get(place.book))
        founded = self.founded(entry)
        self.log.append(entry)
        self._frontier.append(entry.leaf)
        self._roots.append(self._frontier.root())
        self.seen = Seen(len(self.log), self._roots[-1])
        if place is not None and head is not None:
            self.heads[place.book] = head
            take(self.register, place.book, act_of(entry, founded=founded))

    def founded(self, entry: Entry) -> bool:
        """Tell whether the log has what a statement says of it: who asked to write, or a wrong time."""
        s = entry.signed.statement
        if s is not None and (correction := correction_of(self.register, s)) is not None:
            return self._was_wrong(correction)
        if s is None or s.kind != "section.written":
            return True
        asked = self.log[s["index"]] if s["index"] < len(self.log) else None
        if asked is None or asked.leaf != s["leaf"] or not asked.ruling.permitted:
            return False
        request = Request(Deed.WRITE, s["household"], s["section"], s["version"])
        same = asked.signed.request._replace(purpose=None) == request
        return bool(same and asked.signed.actor == entry.signed.actor)

    def _was_wrong(self, correction: Statement) -> bool:
        """Tell whether a correction made now names the first entry of a time that has yet to come."""
        index = correction["index"]
        if not 0 < index < len(self.log):
            return False
        earlier = self.log[:index]
        while len(earlier) > 1 and _proposes(earlier[-1]):
            earlier.pop()
        before, wrong = earlier[-1], self.log[index]
        return bool(wrong.leaf == correction["leaf"] and before.at <= self.at < wrong.at)

    def say(self, who: str, statement: Statement) -> Entry:
        """State what stands."""
        entry = self.write(who, statement)
        assert self.register.faults == []
        return entry

    def agree(self, who: str, statement: Statement, by: str) -> Entry:
        """Propose what needs a second person, and let that one approve it."""
        return self.say(by, self.approval(self.say(who, self.proposal(statement))))

    def ask(
        self, who: str, section: SectionName, version: int, household: HouseholdId = HOME, **more: Any
    ) -> Entry:
        """Ask the gate to write a version."""
        request = Request(Deed.WRITE, household, section, version, AANMELDING)
        return self.write(who, request=request, **more)

    def verdict(self, who: str, statement: Statement, *, card: str | None = None) -> Reason | None:
        """Judge a statement as if it came next; None when it would stand."""
        correction = correction_of(self.register, statement)
        act = Act(
            statement=statement,
            signer=Handle(who),
            card=person(who, self.cards_of(who)).card.fingerprint if card is None else card,
            at=self.at,
            position=len(self.log),
            leaf=bytes(32),
            store=self.store,
            founded=correction is None or self._was_wrong(correction),
            seen=self.seen,
        )
        try:
            check(self.register, act)
        except Fault as fault:
            return fault.reason
        return None

    # Reading.

    def entries(self, name: BookName) -> list[Entry]:
        """Give the entries that name a book, whether they belong to it or not."""
        return [e for e in self.log if e.signed.place is not None and e.signed.place.book == name]

    def book(self, name: BookName) -> Book:
        """Give a book of which every entry belongs."""
        return Book(name, tuple(self.entries(name)))

    # What a team begins with.

    def admit(self, handle: str, *roles: Role, by: str = "anna") -> "Scribe":
        """Admit someone, where nobody need approve it."""
        self.say(by, self.admission(handle, *roles))
        return self

    def open(self, regisseur: str | None = "jan", household: HouseholdId = HOME) -> "Scribe":
        """Open a household by a coordinator."""
        self.say("anna", self.opening(regisseur, household))
        return self

    def give(self, handle: str = "sara", **changes: Any) -> "Scribe":
        """Give a specialist a grant."""
        self.say("anna", self.grant(handle, **changes))
        return self

    def version(self, who: str, name: SectionName, household: HouseholdId = HOME) -> Statement:
        """Ask the gate to write the next version of a section, and word what is to be stated then."""
        section = self.household(household).sections[name]
        asked = self.ask(who, name, len(section.versions) + 1, household)
        return self.version_on(asked, section.generation)

    def serve(self, *gates: str, by: str = "bob") -> "Scribe":
        """Let gates serve the store, approved by a beheerder who is beholden to nobody, who then rotates."""
        for gate in gates or ("poort",):
            self.agree("anna", self.gate_admission(gate), by=by)
            self.agree("anna", self.gate_adoption(gate), by=by)
        self.say(by, self.rotation())
        return self

    def fill(self, who: str, *sections: SectionName) -> "Scribe":
        """Write the next version of sections."""
        for section in sections:
            self.say(who, self.version(who, section))
        return self


def _proposes(entry: Entry) -> bool:
    """Tell whether an entry proposes to correct a clock."""
    s = entry.signed.statement
    return s is not None and s.kind == "proposed" and bool(s["statement"].kind == "clock.corrected")
