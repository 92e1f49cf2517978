"""Members, and who of them may be the second person of a statement that needs one."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from dossier.model import Handle, Reason, Role
from keys.identity import Card

SECOND_PERSON = frozenset({Role.COORDINATOR, Role.TOEZICHTHOUDER})
LOOK_BACK = timedelta(days=30)  # in which a tie to the proposer bars, and an eligible person counts
LIFETIME = timedelta(days=7)  # of a proposal


class Standing(NamedTuple):
    """What a member was from a moment on."""

    since: datetime
    active: bool
    roles: frozenset[Role]


class Member:
    """A person with a card and roles, and how they came by them."""

    __slots__ = (
        *("admitted_at", "admitted_by", "card", "ever", "fingerprint", "leaf", "left", "recovered_at"),
        *("standings", "ties"),
    )

    def __init__(self, card: Card, roles: Iterable[Role], by: Handle, at: datetime, leaf: bytes) -> None:
        """`leaf` is the hash of the entry that made the card active: its fingerprint is the welcome code."""
        self.card = card
        self.fingerprint = card.fingerprint
        self.admitted_by = by
        self.admitted_at = at
        self.leaf = leaf
        self.standings = [Standing(at, True, frozenset(roles))]
        self.ties = [(at, by)]  # who admitted, renewed, restored or promoted them, and when
        self.ever = set(roles)
        self.left = False  # for good
        self.recovered_at: datetime | None = None  # admitted by the recovery card, not by a member

    @property
    def handle(self) -> Handle:
        """The name by which statements know them."""
        return Handle(self.card.handle)

    @property
    def active(self) -> bool:
        """Whether they may do anything now."""
        return self.standings[-1].active

    @property
    def roles(self) -> frozenset[Role]:
        """The roles that they hold, suspended or not."""
        return self.standings[-1].roles

    @property
    def barred(self) -> Reason | None:
        """Why they may do nothing now; None while they are active."""
        if self.active:
            return None
        return Reason.GONE if self.left else Reason.NOT_ACTIVE

    def holds(self, role: Role) -> bool:
        """Tell whether they are active in this role."""
        return self.active and role in self.roles

    def change(
        self, at: datetime, *, active: bool | None = None, roles: frozenset[Role] | None = None
    ) -> None:
        """Note what they are from now on."""
        active = self.active if active is None else active
        self.standings.append(Standing(at, active, self.roles if roles is None else roles))
        self.ever |= self.roles

    def renew(self, card: Card, leaf: bytes) -> None:
        """Take another card; `leaf` is the hash of the entry that made it active."""
        self.card = card
        self.fingerprint = card.fingerprint
        self.leaf = leaf

    def not_after(self, at: datetime) -> None:
        """Let nothing noted here be of a time that has yet to come: a clock was wrong."""
        self.standings = [s._replace(since=min(s.since, at)) for s in self.standings]
        self.ties = [(min(tie, at), by) for tie, by in self.ties]
        if self.recovered_at is not None:
            self.recovered_at = min(self.recovered_at, at)

    def eligible(self, proposer: Handle, roles: frozenset[Role], at: datetime) -> bool:
        """Tell whether they can approve now for this proposer: another, in such a role, and not beholden."""
        active = self.active and bool(self.roles & roles)
        tied = any(by == proposer and at < tie + LOOK_BACK for tie, by in self.ties)
        return active and self.handle != proposer and not tied and not self._just_recovered(at)

    def was_eligible(self, proposer: Handle, roles: frozenset[Role], start: datetime, end: datetime) -> bool:
        """Tell whether they could at any moment of a window, both ends included, however short it was."""
        if self.handle == proposer:
            return False
        ends = [*(standing.since for standing in self.standings[1:]), end]
        for standing, until in zip(self.standings, ends, strict=True):
            first, last = max(standing.since, start), min(until, end)
            there = first <= last and standing.active and standing.roles & roles
            if there and not all(self._beholden(proposer, at) for at in self._changes(first, last)):
                return True
        return False

    def _beholden(self, proposer: Handle, at: datetime) -> bool:
        """Tell whether the proposer admitted, renewed, restored or promoted them in the 30 days before."""
        tied = any(by == proposer and tie <= at < tie + LOOK_BACK for tie, by in self.ties)
        return tied or self._just_recovered(at)

    def _just_recovered(self, at: datetime) -> bool:
        return self.recovered_at is not None and at < self.recovered_at + LOOK_BACK

    def _changes(self, first: datetime, last: datetime) -> Iterator[datetime]:
        """Give the moments in a window from which on they may no longer be beholden."""
        yield first
        yield from (tie + LOOK_BACK for tie, _ in self.ties if first <= tie + LOOK_BACK <= last)


class GateMember(NamedTuple):
    """A gate with a card of its own. It is no member: it has no role, and states nothing."""

    card: Card
    fingerprint: str
    leaf: bytes  # hash of the entry that admitted it: its fingerprint is the welcome code
    adopted: int | None  # index of the entry from which on it serves the store
    left: bool  # for good
    by: Handle  # who admitted it, and when
    at: datetime

    @property
    def serves(self) -> bool:
        """Whether the store is served by it."""
        return self.adopted is not None and not self.left


def anyone_eligible(
    members: Iterable[Member], proposer: Handle, roles: frozenset[Role], at: datetime
) -> bool:
    """Tell whether anyone was eligible at any moment of the 30 days up to `at`: then approval is needed."""
    return any(member.was_eligible(proposer, roles, at - LOOK_BACK, at) for member in members)


def roles_go_together(roles: Iterable[Role]) -> bool:
    """Tell whether one member may hold these: beheerder and toezichthouder each go alone."""
    held = set(roles)
    alone = held & {Role.BEHEERDER, Role.TOEZICHTHOUDER}
    return bool(held) and (not alone or len(held) == 1)
