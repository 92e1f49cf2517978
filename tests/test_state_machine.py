"""Over random histories: whoever can open a version by cryptography alone is whoever should be able to.

A history is admissions, households, versions, grants given, revoked and run out, suspensions, restorations,
changes of role, departures, rotations, rekeys (of sections, of a household, of all, of the team's card),
renewals of tokens, one's own or lost, and gates that come to serve the store and leave again. After each step
everything that ever lay in the store is tried with every key that anyone ever could have (`hoard`), and
compared, for everyone, with what PROMISES.md says (`entitled`, which has it in words): with their tokens and
the store as it now is; with all that they copied and opened while they were in, and the store as it now is;
and with copies of every moment, also after they were out. A beheerder, a toezichthouder and a gate open no
version ever, and a token that was renewed opens nothing. While a gate serves the store, no member opens by
themselves what is written then. And `keys status` names each who knows a key in force and should not.

Each of these was tried, and found in a few seconds: a rekey that wraps under the old key, or keeps it; a
rotation that boxes a suspended member too; a revocation that makes no new key; a content key without the
gate's part; superseded boxes and wraps that stay; a grant that outlives its end; a former coordinator's box
of the team's seed that stays; a renewal that leaves the new card without boxes, or hides that a rekey is due;
an admission, renewal, box or rotation that gives the gate's key to a member while the store is served.
"""

import os
import shutil
import tempfile
from collections.abc import Collection, Sequence
from copy import copy
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import places
import pytest
from entitled import SECTIONS, Entitled, Grant, Opened
from hoard import Hoard
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from team import Clock, Team
from wording import DAY, person

from dossier.actions import dues, gates, renewing, rotation
from dossier.gate.local import LocalGate
from dossier.gate.secrets import EpochSecrets
from dossier.log.reading import entries
from dossier.memory import Memory
from dossier.model import Deed, Digest, GrantId, Handle, HouseholdId, Request, Role, SectionName
from dossier.storage.files import FileStore
from keys.identity import Identity, LocalIdentity

T = TypeVar("T")

POLICY = """\
version = 1
decision = 'besluit'
controller = 'college'
[limits]
longest_grant_days = 180
session_idle_minutes = 10
session_hours = 12
epoch_days = 365
generation_days = 730
quiet_days = 31
[reasons]
verlof = { nl = 'Verlof', en = 'Leave' }
terug = { nl = 'Terug', en = 'Back' }
uit-dienst = { nl = 'Uit dienst', en = 'Left' }
doel-bereikt = { nl = 'Doel bereikt', en = 'Purpose achieved' }
[sections]
voorblad.recipients = ['regisseur', 'specialist']
plan.recipients = ['regisseur', 'specialist']
[purposes.hulp]
title = { nl = 'Hulp', en = 'Help' }
description.nl = 'De regisseur en anderen helpen het huishouden met wat er speelt.'
description.en = 'The regisseur and others help the household with what is going on.'
ground = 'd'
needs_consent = false
allows = [
{ role = 'regisseur', sections = ['voorblad', 'plan'], deeds = ['read', 'write'] },
{ role = 'specialist', sections = ['voorblad', 'plan'], deeds = ['read', 'write'] },
{ role = 'coordinator', sections = ['voorblad'], deeds = ['read', 'write'], team = true },
]
"""
CAST = {
    "anna": Role.COORDINATOR,
    "ben": Role.COORDINATOR,
    "tess": Role.TOEZICHTHOUDER,
    "bob": Role.BEHEERDER,
    "jan": Role.REGISSEUR,
    "kim": Role.REGISSEUR,
    "sara": Role.SPECIALIST,
    "tom": Role.SPECIALIST,
}
NEWCOMERS = {"kees": Role.REGISSEUR, "vera": Role.SPECIALIST, "cora": Role.COORDINATOR}
CHANGING = (Role.REGISSEUR, Role.SPECIALIST, Role.COORDINATOR)
STAYING = ("bob", "tess")  # so that there are a beheerder and a second person all along
BOTH = (Deed.READ, Deed.WRITE)

# What can happen; what is named more often happens more often.
STEPS = (
    *("admit", "open", "suspend", "restore", "restore", "change_roles", "change_roles", "leave"),
    *("renew", "lose", "assign", "write", "write", "write", "write", "give", "give", "revoke", "revoke"),
    *("read", "wait", "wait", "rotate", "rotate", "rotate_out", "rekey", "rekey", "rekey_all", "renew_team"),
    *("serve", "serve"),
)
_n = st.integers(0, 23)
PARTS = (SECTIONS, SECTIONS[:1], SECTIONS[1:])


def new_team(folder: Path, *, files: bool) -> Team:
    """Found the team that each history begins with, when nobody is beholden to anybody."""
    team = Team(folder, files=files, policy=POLICY)
    team.admit("ben", Role.COORDINATOR)
    team.admit("tess", Role.TOEZICHTHOUDER, by="ben", second="anna")
    for who in ("bob", "jan", "kim", "sara", "tom"):
        team.admit(who, CAST[who])
    team.clock.wait(days=31)
    return team


def copy_of(first: Team, folder: Path) -> Team:
    """Copy a team in which nobody has renewed a card; what happens to the copy happens to it only."""
    shutil.copytree(first.folder, folder, dirs_exist_ok=True)
    team = copy(first)
    team.folder, team.clock, team.desks = folder, Clock(first.clock.now), {}
    copied = isinstance(first.store, FileStore)  # with the folder
    team.store = FileStore(folder / "store") if copied else places.copy_of(first.store)
    for who in first.desks:
        team.again(who)
    return team


class Passed(LocalGate):
    """What a member has at a gate that serves the store: their own word, and the gate's own keys."""

    def __init__(self, *place: Any, gate: str) -> None:
        super().__init__(*place)
        self._gate = gate
        self._secrets = self._scribe._secrets = EpochSecrets(self._store, person(gate))

    def under(self, identity: Identity, memory: Memory) -> "Passed":
        return Passed(self._store, identity, memory, self._clock, gate=self._gate)


class Custody(RuleBasedStateMachine):
    """A history, and what comes of it."""

    template: ClassVar[Team]

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.team = copy_of(self.template, Path(self.folder.name))
        self.houses: list[HouseholdId] = []
        self.grants: list[GrantId] = []
        self.should = Entitled()
        for who, role in CAST.items():
            self.should.admit(who, role)
        self.hoard = Hoard(self.team.store)
        self.gates: list[str] = []  # of which the last serves the store, while that is served
        self.seen = 0  # entries of the log
        self.ever: set[Digest] = set()
        self.copied: dict[str, set[Digest]] = {}

    def teardown(self) -> None:
        self.folder.cleanup()

    # Who and what can be chosen from.

    def able(self, role: Role, *but: str | None) -> list[str]:
        """Name those who can act in a role: within the epoch and, as a coordinator, with the team's card."""
        able = self.should.seeded if role is Role.COORDINATOR else self.should.people
        return [
            who
            for who in self.should.people
            if who in able and who not in but and self.should.works(who) and self.should.holds(who, role)
        ]

    def someone(self, n: int, *, active: bool = True) -> str | None:
        """Choose someone to whom something happens: two times in three one who can open something."""
        people = [(o, p) for o, p in self.should.people.items() if o not in STAYING and not p.left]
        there = [who for who, p in people if p.active or not active]
        opening = [who for who in there if self.should.now(who)]
        return pick(opening if opening and n % 3 else there, n // 2)

    def by(self, n: int, *but: str) -> str | None:
        return pick(self.able(Role.COORDINATOR, *but), n)

    def second(self, *roles: Role) -> str | None:
        return "tess" if Role.COORDINATOR in roles else None

    @rule(what=st.sampled_from(STEPS), n=_n, m=_n, k=_n)
    def step(self, what: str, n: int, m: int, k: int) -> None:
        """Let something happen, to whom, by whom and how as the numbers have it; if it can."""
        self.n, self.m, self.k = n, m, k
        getattr(self, what)()
        self.seat()

    def seat(self) -> None:
        """Seat everyone at the gate that serves the store, or at the store."""
        for who, desk in self.team.desks.items():
            place = (desk.store, desk.identity, desk.memory, desk.clock)
            if self.should.served and not isinstance(desk.gate, Passed):
                self.team.desks[who] = desk._replace(gate=Passed(*place, gate=self.gates[-1]))
            elif not self.should.served and isinstance(desk.gate, Passed):
                self.team.desks[who] = desk._replace(gate=LocalGate(*place))

    # Members.

    def admit(self) -> None:
        who, by = pick([one for one in NEWCOMERS if one not in self.should.people], self.n), self.by(self.m)
        if who and by:
            self.team.admit(who, NEWCOMERS[who], by=by, second=self.second(NEWCOMERS[who]))
            self.should.admit(who, NEWCOMERS[who])

    def suspend(self) -> None:
        who = self.someone(self.n)
        by = who and pick([*self.able(Role.COORDINATOR, who), "bob"], self.m)
        if who and by and self.able(Role.COORDINATOR, who):
            self.team.suspend(who, by=by)
            self.should.people[who].active = False

    def restore(self) -> None:
        """Bring someone back; where a second person does not box what is due, it waits for a coordinator."""
        who = pick([o for o, p in self.should.people.items() if not (p.active or p.left)], self.n)
        by = who and self.by(self.m, who)
        if not (who and by):
            return
        second = self.second(*self.should.people[who].roles)
        self.team.restore(who, by=by, second=second)
        self.should.people[who].active = True
        if second is None:
            self.team.box(by)
            renewing.box_again(self.team[by], Handle(who))
            self.should.box_due()
            self.should.box_slots(who, self.now, own=False)

    def change_roles(self) -> None:
        who = self.someone(self.n)
        by = who and self.by(self.m, who)
        if not (who and by):
            return
        role, roles = CHANGING[self.k % 3], self.should.people[who].roles
        if role not in roles:
            self.team.change_roles(who, add=[role], by=by, second=self.second(role))
            roles.add(role)
            if role is Role.COORDINATOR:
                self.should.seed(who)
        else:
            instead = [one for one in CHANGING if one not in roles][:1] if len(roles) == 1 else []
            self.team.change_roles(who, add=instead, remove=[role], by=by, second=self.second(role, *instead))
            self.should.lose_role(who, role)
            roles.update(instead)
            if Role.COORDINATOR in instead:
                self.should.seed(who)

    def leave(self) -> None:
        who = self.someone(self.n, active=False)
        by = who and self.by(self.m, who)
        if who and by:
            self.team.leave(who, by=by)
            self.should.leave(who, self.now)

    def renew(self) -> None:
        who = pick([one for one in self.should.people if self.should.works(one)], self.n)
        if who and self.should.people[who].active:
            self.team.renew(who, self.should.people[who].cards + 1)
            self.should.renew(who)
            self.should.box_slots(who, self.now, own=True)

    def lose(self) -> None:
        """Someone lost their token: a coordinator and a second person give them another card."""
        who = self.someone(self.n)
        by = who and self.by(self.m, who)
        if who and by:
            self.team.renew(who, self.should.people[who].cards + 1, by=by, second="tess")
            self.should.renew(who)
            self.should.box_due()
            self.should.box_slots(who, self.now, own=False)

    # Households.

    @initialize(served=st.booleans())
    def begin(self, *, served: bool) -> None:
        for house in range(2):
            self.step("open", house, 0, 0)
            self.step("give", house, house, 2 + house)  # to sara, and to tom
            self.step("write", house, 0, house)
        if served:
            self.look()  # what was there until then is copied
            self.step("serve", 0, 0, 0)

    def open(self) -> None:
        regisseur = pick(self.able(Role.REGISSEUR), self.n)
        by = regisseur or self.by(self.n)
        if by and len(self.houses) < 3:
            self.houses.append(self.team.open(regisseur, by=by))
            self.should.open(regisseur, self.now)

    def assign(self) -> None:
        house, by = self.n % len(self.houses), self.by(self.m)
        able = [w for w in self.should.people if self.should.holds(w, Role.REGISSEUR)]
        who = by and pick([w for w in able if w not in (by, self.should.regisseur[house])], self.k)
        if who and by:
            self.team.assign(self.houses[house], who, by=by)
            self.should.regisseur[house] = who
            self.should.rekey(house, SECTIONS, self.now)

    def write(self) -> None:
        house, section = self.n % len(self.houses), SECTIONS[self.k % 2]
        regisseur = self.should.regisseur[house]
        may = [who for _, who in sorted(self.should.writers(house, section, self.now))]
        if regisseur is None:
            may = self.able(Role.COORDINATOR) if section == "voorblad" else []
        who = pick([one for one in may if self.should.works(one)], self.m)
        if who:
            text = f"{house} {section} {len(self.should.locks[house][section].versions) + 1}"
            self.team.write(who, self.houses[house], SectionName(section), text, "hulp")
            self.should.write(house, section)

    def read(self) -> None:
        """What the program opens for someone is no more and no less than what was written."""
        house, section = self.n % len(self.houses), SECTIONS[self.k % 2]
        may = sorted(self.should.writers(house, section, self.now))
        who = pick([one for _, one in may if self.should.works(one)], self.m)
        count = len(self.should.locks[house][section].versions)
        if who and count:
            number = 1 + self.m % count
            asked = (self.houses[house], SectionName(section), "hulp", number)
            assert self.team.read(who, *asked) == f"{house} {section} {number}"

    def give(self) -> None:
        house, by, sections, days = (
            self.n % len(self.houses),
            self.by(self.m),
            PARTS[self.n % 3],
            (8, 20)[self.m % 2],
        )
        who = by and pick([w for w in self.should.people if w != by and self.may_have(w)], self.k)
        if who and by:
            role = self.may_have(who)[-1]
            named, home = [SectionName(name) for name in sections], self.houses[house]
            given = self.team.grant(
                who, home, *named, deeds=BOTH, purpose="hulp", days=days, role=role, by=by
            )
            self.grants.append(given)
            self.should.grant(Grant(house, who, role, sections, self.now + days * DAY))

    def may_have(self, who: str) -> list[Role]:
        return [role for role in (Role.REGISSEUR, Role.SPECIALIST) if self.should.holds(who, role)]

    def revoke(self) -> None:
        number = pick([i for i, grant in enumerate(self.should.grants) if not grant.ended], self.n)
        by = self.by(self.m)
        if number is not None and by:
            grant = self.should.grants[number]
            self.team.revoke(self.houses[grant.house], self.grants[number], by=by)
            grant.ended = True
            self.should.rekey(grant.house, grant.sections, self.now)

    def wait(self) -> None:
        self.team.clock.wait(days=(3, 12)[self.n % 2])
        self.team["tess"].gate.enter(Request(Deed.LOG_SHOW))  # so that no store is quiet for too long

    # Gates.

    def serve(self) -> None:
        """Have a gate serve the store, or let it go."""
        by = self.by(self.n)
        if by is None:
            return
        if self.should.served:
            stated = gates.leave(self.team[by], Handle(self.gates[-1]), "uit-dienst")
            self.should.served = False
            self.seat()  # bob approves and rotates with the box that he has
        else:
            self.gates.append(f"poort-{len(self.gates) + 1}")
            card = person(self.gates[-1]).card
            self.team.settle(gates.admit(self.team[by], card.write(), card.fingerprint)[0], "bob")
            stated = gates.adopt(self.team[by], Handle(card.handle))
            self.should.served = True
        self.team.settle(stated, "bob")
        assert gates.go_on(self.team["bob"]) is not None
        self.should.rotate()

    # Keys.

    def rotate(self) -> None:
        self.team.rotate()
        self.should.rotate()

    def rotate_out(self) -> None:
        who = self.someone(self.n)
        if who and self.able(Role.COORDINATOR, who):
            self.team.rotate(who)
            self.should.people[who].active = False
            self.should.rotate()

    def rekey(self) -> None:
        house, by, sections = self.n % len(self.houses), self.by(self.m), PARTS[self.k % 3]
        if by:
            self.team.rekey(self.houses[house], *(SectionName(name) for name in sections), by=by)
            self.should.rekey(house, sections, self.now)

    def rekey_all(self) -> None:
        if by := self.by(self.n):
            assert rotation.rekey_all(self.team[by]) == (len(self.houses), ())
            self.should.box_due()
            for house in range(len(self.houses)):
                self.should.rekey(house, SECTIONS, self.now)

    def renew_team(self) -> None:
        if by := self.by(self.n):
            rotation.renew_coordination(self.team[by])
            self.should.renew_team()

    # What must be so.

    @property
    def now(self) -> datetime:
        return self.team.clock.now

    @invariant()
    def whoever_can_open_a_version_should_be_able_to(self) -> None:
        there = self.look()
        versions = {opened for opened, _, _ in self.should.all()}
        assert {self.number(opened) for opened in self.hoard.versions} == versions
        for who, person_ in self.should.people.items():
            cards = cards_of(who, person_.cards)
            copied = self.copied.get(who, set())
            assert self.reach(cards, there) == self.should.now(who), who
            assert self.reach(cards, copied | there) == self.should.hoarded(who), who
            assert self.reach(cards, self.ever) == self.should.followed(who), who
            assert self.reach(cards[-1:], there) == self.should.now(who, stale=False), who
            assert not self.reach(cards[:-1], there), who
            if who in STAYING:
                assert not self.reach(cards, self.ever), who
        assert not self.reach([person(gate) for gate in self.gates], self.ever)
        everyone = [c for who, p in self.should.people.items() for c in cards_of(who, p.cards)]
        assert self.reach(everyone, there) == versions  # nothing is lost

    @invariant()
    def what_is_due_is_told(self) -> None:
        """Who knows a key in force and should not is named by `keys status`, until there is another."""
        by = self.by(0)
        assert by is not None
        found = dues.status(self.team[by]).due
        told = {(due.what, due.why, due.household, due.who) for due in found}
        should = self.should
        for who, person_ in should.people.items():
            if who in should.within and not person_.active:
                assert ("rotate", "left-out", None, who) in told
            if person_.team == should.team and Role.COORDINATOR not in person_.roles:
                assert ("renew-coordination", "left-out", None, None) in told
        for house, locks in enumerate(should.locks):
            home = self.houses[house]
            for name, lock in locks.items():
                rights = {who for _, who in should.rights(house, name, self.now)}
                for who in lock.known[lock.key] - rights:
                    assert ("rekey", "left-out", home, who) in told
                if lock.team[lock.key] < should.team:
                    assert ("rekey", "old-team-card", home, None) in told

    def look(self) -> set[Digest]:
        """Take in what there is now; everyone at work copies it."""
        tess = self.team["tess"]
        tess.gate.survey()
        known = tess.memory.verified
        cards = [card for who, p in self.should.people.items() for card in cards_of(who, p.cards)]
        cards += [person(gate) for gate in self.gates]
        there = self.hoard.look(cards, entries(self.team.store, known, self.seen))
        self.seen = known.size
        self.ever |= there
        self.should.copy()
        for who, p in self.should.people.items():
            if p.active:
                self.copied.setdefault(who, set()).update(there)
        return there

    def reach(self, cards: Sequence[LocalIdentity], files: Collection[Digest]) -> set[Opened]:
        return {self.number(opened) for opened in self.hoard.reach(cards, files)}

    def number(self, opened: tuple[str, str, int]) -> Opened:
        return (self.houses.index(HouseholdId(opened[0])), *opened[1:])


def cards_of(who: str, count: int) -> list[LocalIdentity]:
    return [person(who, number) for number in range(1, count + 1)]


def pick(options: Sequence[T], n: int) -> T | None:
    """Choose, when there is anything to choose from."""
    return options[n % len(options)] if options else None


@pytest.mark.parametrize("files", [False, True], ids=["in memory", "on files"])
def test_who_can_open_a_version_is_who_should_be_able_to(
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    files: bool,  # noqa: FBT001 (as pytest gives it)
) -> None:
    for sync in ("fsync", "fdatasync"):
        monkeypatch.setattr(os, sync, os.fstat)  # no disk is waited for: nothing dies here
    soak = request.config.getoption("--soak")
    Custody.template = new_team(tmp_path / "first", files=files)
    often = 300 if soak else 20
    how = settings(
        max_examples=often // 4 if files else often,
        stateful_step_count=40 if soak else 20,
        deadline=None,
        derandomize=not soak,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Custody, settings=how)
