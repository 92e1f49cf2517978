"""Entitled: who should be able to open each version by cryptography alone, as PROMISES.md says, in words.

It knows nothing of registers, statements and boxes. Two locks are on a version, and one needs both.

- The gate's: a version is of the epoch in which it was written. An epoch is known to whoever was let in while
  it was in force: those active when it began, and who was admitted, restored or renewed since. Whoever knows
  an epoch knows all before it. While a gate serves the store, an epoch is known to it and to beheerders only.
- The role's: a version hangs on the key that its section had when it was written, and on each key that the
  section had since. A key is known to whoever had a live right when it was made (the regisseur, a grant in
  time; active, in that role), to whoever was given a right or a new card while it was in force, and to
  whoever knows the team's card of that time or a newer one.

From that, for three who try (PROMISES, 2, 4 and 5):
- `now`: whoever has no more than their tokens and the store as it is. They need a place in the epoch in
  force, and the section's key in force; a coordinator, the team's card in force. Boxes to a card that was
  renewed lie there until the next statement about their household.
- `hoarded`: who copied every file while they were a member at work, kept every key, and has the store as it
  is.
- `followed`: who went on copying for ever after. That is a hoarder to whom no wrap was ever closed.
Nobody has anything by being beheerder or toezichthouder; a token that was renewed opens nothing at all.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from dossier.model import Role

SECTIONS = ("voorblad", "plan")
Opened = tuple[int, str, int]  # the number of a household, a section, a version


class Person:
    """Someone who is or was a member."""

    def __init__(self, roles: Iterable[Role]) -> None:
        self.roles = set(roles)
        self.active, self.left = True, False
        self.cards = 1
        self.epoch = 0  # the latest that they were ever let in to
        self.team = 0  # the latest of the team's cards that they ever knew


class Grant:
    """A right by a grant."""

    def __init__(self, house: int, who: str, role: Role, sections: tuple[str, ...], until: datetime) -> None:
        self.house, self.who, self.role, self.sections, self.until = house, who, role, sections, until
        self.ended = False


class Version:
    """A version: its epoch, the keys it hangs on, and on which of them each who copies has it."""

    def __init__(self, epoch: int, key: int) -> None:
        self.epoch = epoch
        self.keys = {key}
        self.copied: dict[str, set[int]] = {}


class Lock:
    """A section: its keys by number, who knows each, and which of the team's cards opens each."""

    def __init__(self) -> None:
        self.key = 0  # the number of the one in force
        self.known: dict[int, set[str]] = {}
        self.team: dict[int, int] = {}
        self.boxed: set[tuple[Role, str]] = set()  # whose box of the key in force counts
        self.stale: set[str] = set()  # whose box of it is to a card that was renewed
        self.versions: list[Version] = []


class Entitled:
    """Who is who, who may, and who once could."""

    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        self.epoch, self.within = 1, set[str]()  # and who has a place in it
        self.served = False
        self.team, self.seeded = 1, set[str]()  # the number of the team's card, and who has it
        self.due = False  # another card for the team: a coordinator has gone, or has another card
        self.regisseur: list[str | None] = []  # of each household
        self.locks: list[dict[str, Lock]] = []
        self.grants: list[Grant] = []

    # Who is who.

    def admit(self, who: str, *roles: Role) -> None:
        self.people[who] = Person(roles)
        self.let_in(who)
        if Role.COORDINATOR in roles:
            self.seed(who)

    def let_in(self, who: str) -> None:
        if not self.served or Role.BEHEERDER in self.people[who].roles:
            self.within.add(who)
            self.people[who].epoch = self.epoch

    def works(self, who: str) -> bool:
        """Tell whether someone gets on with the program: with a place in the epoch, or through a gate."""
        return who in self.within or (self.served and self.people[who].active)

    def seed(self, who: str) -> None:
        self.seeded.add(who)
        self.people[who].team = self.team

    def holds(self, who: str, role: Role) -> bool:
        return self.people[who].active and role in self.people[who].roles

    def box_due(self) -> None:
        """By a coordinator: a place in the epoch, and the team's card, to whoever should have them."""
        for who, person in self.people.items():
            if person.active:
                self.let_in(who)
            if self.holds(who, Role.COORDINATOR):
                self.seed(who)

    def lose_role(self, who: str, role: Role) -> None:
        self.people[who].roles.discard(role)
        for grant in self.grants:
            grant.ended = grant.ended or (grant.who, grant.role) == (who, role)
        if role is Role.REGISSEUR:
            self.regisseur = [None if one == who else one for one in self.regisseur]
        if role is Role.COORDINATOR:
            self.seeded.discard(who)
            self.due = True

    def leave(self, who: str, at: datetime) -> None:
        """Let someone go for good: where they know a key in force, or the team's card of it, all are new."""
        person = self.people[who]
        for role in tuple(person.roles):
            self.lose_role(who, role)
        person.active, person.left = False, True
        if person.team and self.due:
            self.renew_team()
        for house, locks in enumerate(self.locks):
            knows = any(who in lock.known[lock.key] for lock in locks.values())
            if knows or (person.team and any(lock.team[lock.key] < self.team for lock in locks.values())):
                self.rekey(house, SECTIONS, at)

    def renew(self, who: str) -> None:
        """Give another card: what is boxed to the one before counts no more."""
        self.people[who].cards += 1
        self.let_in(who)
        if Role.COORDINATOR in self.people[who].roles:
            self.seed(who)
            self.due = True
        for lock in (lock for locks in self.locks for lock in locks.values()):
            if any(one == who for _, one in lock.boxed):
                lock.stale.add(who)
            lock.boxed = {pair for pair in lock.boxed if pair[1] != who}

    def box_slots(self, who: str, at: datetime, *, own: bool) -> None:
        """Box to a new card what a right asks for: a coordinator all of it, oneself what one could open."""
        for house, locks in enumerate(self.locks):
            lacking = [
                (lock, pair)
                for name, lock in locks.items()
                for pair in self.rights(house, name, at) - lock.boxed
                if pair[1] == who and (who in lock.stale or not own)
            ]
            for lock, pair in lacking:
                self.give(lock, *pair)
            if lacking:
                self.touch(house)

    # Keys.

    def rotate(self) -> None:
        self.epoch += 1
        self.within.clear()
        for who, person in self.people.items():
            if person.active:
                self.let_in(who)

    def renew_team(self) -> None:
        self.team += 1
        self.due = False
        self.seeded.clear()
        for who in self.people:
            if self.holds(who, Role.COORDINATOR):
                self.seed(who)
        self.box_due()

    def rights(self, house: int, section: str, at: datetime) -> set[tuple[Role, str]]:
        """Name who has a live right on a section, in which role."""
        found = {
            (g.role, g.who)
            for g in self.grants
            if self.live(g, at) and (g.house, section in g.sections) == (house, True)
        }
        regisseur = self.regisseur[house]
        if regisseur is not None and self.holds(regisseur, Role.REGISSEUR):
            found.add((Role.REGISSEUR, regisseur))
        return found

    def writers(self, house: int, section: str, at: datetime) -> set[tuple[Role, str]]:
        """Name who has a live right, and the key for it."""
        return self.rights(house, section, at) & self.locks[house][section].boxed

    def live(self, grant: Grant, at: datetime) -> bool:
        return not grant.ended and at < grant.until and self.holds(grant.who, grant.role)

    def open(self, regisseur: str | None, at: datetime) -> None:
        self.regisseur.append(regisseur)
        self.locks.append({name: Lock() for name in SECTIONS})
        self.rekey(len(self.locks) - 1, SECTIONS, at)

    def rekey(self, house: int, sections: Iterable[str], at: datetime) -> None:
        for name in sections:
            lock = self.locks[house][name]
            lock.key += 1
            lock.boxed, lock.stale = self.rights(house, name, at), set()
            lock.known[lock.key] = {who for _, who in lock.boxed}
            lock.team[lock.key] = self.team
            for version in lock.versions:
                version.keys.add(lock.key)
        self.touch(house)

    def give(self, lock: Lock, role: Role, who: str) -> None:
        lock.boxed.add((role, who))
        lock.known[lock.key].add(who)

    def grant(self, grant: Grant) -> None:
        self.grants.append(grant)
        for name in grant.sections:
            self.give(self.locks[grant.house][name], grant.role, grant.who)
        self.touch(grant.house)

    def write(self, house: int, section: str) -> None:
        lock = self.locks[house][section]
        lock.versions.append(Version(self.epoch, lock.key))
        self.touch(house)

    def touch(self, house: int) -> None:
        """Something was stated about a household: what lay there and counted no more is gone."""
        for lock in self.locks[house].values():
            lock.stale.clear()

    # Who opens what.

    def copy(self) -> None:
        """Let everyone at work copy what is there now."""
        for who, person in self.people.items():
            if person.active:
                for _, lock, version in self.all():
                    version.copied.setdefault(who, set()).add(lock.key)

    def all(self) -> Iterator[tuple[Opened, Lock, Version]]:
        for house, locks in enumerate(self.locks):
            for name, lock in locks.items():
                for number, version in enumerate(lock.versions, 1):
                    yield (house, name, number), lock, version

    def now(self, who: str, *, stale: bool = True) -> set[Opened]:
        """With every token that they ever had; not `stale`, with the newest alone."""
        if who not in self.within:
            return set()
        return {
            opened
            for opened, lock, _ in self.all()
            if who in self.seeded or (stale and who in lock.stale) or any(one == who for _, one in lock.boxed)
        }

    def hoarded(self, who: str) -> set[Opened]:
        return {
            opened
            for opened, lock, version in self.all()
            if self._once(who, lock, version, version.copied.get(who, set()) | {lock.key})
        }

    def followed(self, who: str) -> set[Opened]:
        return {
            opened for opened, lock, version in self.all() if self._once(who, lock, version, version.keys)
        }

    def _once(self, who: str, lock: Lock, version: Version, keys: set[int]) -> bool:
        """Tell whether someone ever was within the version's epoch, and ever knew one of these keys."""
        person = self.people[who]
        knew = any(who in lock.known[key] or person.team >= lock.team[key] for key in keys)
        return person.epoch >= version.epoch and knew
