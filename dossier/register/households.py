"""Households as their books tell: regisseur, grants, and the keys and versions of each section."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from dossier.errors import IntegrityError
from dossier.model import Deed, Digest, GrantId, Handle, HouseholdId, PurposeId, Role, SectionName
from dossier.shapes import Keying
from keys.primitives import WRAP_SIZE


class Grant:
    """A right given by a coordinator: to whom, in which role, for what, until when."""

    __slots__ = (
        *("at", "by", "deeds", "ended", "grant", "handle", "position", "purposes", "reason", "role"),
        *("sections", "until"),
    )

    def __init__(
        self,
        grant: GrantId,
        handle: Handle,
        role: Role,
        sections: tuple[SectionName, ...],
        deeds: tuple[Deed, ...],
        purposes: tuple[PurposeId, ...],
        until: datetime,
        reason: str | None,
        by: Handle,
        at: datetime,
        position: int,
    ) -> None:
        """`position` is the index of the entry that gave it."""
        self.grant = grant
        self.handle = handle
        self.role = role
        self.sections = sections
        self.deeds = deeds
        self.purposes = purposes
        self.until = until
        self.reason = reason
        self.by = by
        self.at = at
        self.position = position
        self.ended: datetime | None = None  # by revocation, or with the role

    def live(self, at: datetime) -> bool:
        """Tell whether it holds at a moment."""
        return self.ended is None and at < self.until


class Version(NamedTuple):
    """One version of a section's content, as its writer signed it."""

    number: int
    by: Handle
    at: datetime
    position: int  # of the statement's entry
    epoch: int
    asked: int  # index of the entry that asked to write it
    leaf: bytes  # that entry's leaf hash
    commitment: bytes  # to the role part
    wrap: Digest  # of the role part, as written; after a rekey the keying's wraps hold it
    content: Digest
    size: int
    media_type: str


class Section:
    """A section's key in force, who it was boxed to, and its versions."""

    __slots__ = (
        "boxes",
        "exposed",
        "former",
        "keyed_at",
        "keyed_position",
        "keying",
        "name",
        "versions",
        "wrapped",
    )

    def __init__(self, name: SectionName) -> None:
        self.name = name
        self.versions: list[Version] = []

    def key(self, keying: Keying, at: datetime, position: int) -> None:
        """Take a new section key: its boxes are the only ones, and its wraps hold every version so far."""
        self.keying = keying
        self.keyed_at = at
        self.keyed_position = position
        self.boxes: dict[tuple[Role, Handle], Digest] = {(s.role, s.handle): s.box for s in keying.slots}
        self.exposed: set[Handle] = set()  # whose lost card has a box of it
        self.former: set[tuple[Role, Handle]] = set()  # whose box was to a card that they no longer have
        self.wrapped = len(self.versions)

    @property
    def known_to(self) -> set[tuple[Role, Handle]]:
        """Those who have, or had, a box of the key in force."""
        return {*self.boxes, *self.former}

    @property
    def generation(self) -> int:
        """The number of the key in force."""
        return self.keying.generation

    def wrap_of(self, version: int, objects: Mapping[Digest, bytes]) -> bytes:
        """Find the wrap of a version's role part: its own, or its place in what the last rekey wrapped.

        Raises:
            IntegrityError: when it is not there, or what holds it is not as long as it must be.
        """
        wraps = self.keying.wraps
        if version > self.wrapped or wraps is None:
            digest = self.versions[version - 1].wrap
            if digest not in objects:
                raise IntegrityError("object-missing", digest=digest)
            return objects[digest]
        whole = objects.get(wraps, b"")
        if len(whole) != self.wrapped * WRAP_SIZE:
            raise IntegrityError("object-missing", digest=wraps)
        return whole[(version - 1) * WRAP_SIZE : version * WRAP_SIZE]

    def objects(self) -> Iterator[Digest]:
        """Name every object that is still needed to open this section."""
        yield from self.boxes.values()
        yield self.keying.coordination
        if self.keying.wraps is not None:
            yield self.keying.wraps
        yield from (version.wrap for version in self.versions[self.wrapped :])


class Household:
    """A household, from the place where its book has it opened."""

    __slots__ = (
        *("at", "by", "grants", "household", "regisseur", "regisseur_by", "regisseur_since"),
        "sections",
    )

    def __init__(self, household: HouseholdId, by: Handle, at: datetime) -> None:
        self.household = household
        self.by = by
        self.at = at
        self.regisseur: Handle | None = None
        self.regisseur_by = by
        self.regisseur_since = at
        self.grants: dict[GrantId, Grant] = {}
        self.sections: dict[SectionName, Section] = {}

    def assign(self, regisseur: Handle | None, by: Handle, at: datetime) -> None:
        """Note who directs the help to this household from now on, and who says so."""
        self.regisseur = regisseur
        self.regisseur_by = by
        self.regisseur_since = at

    def key(self, keyings: tuple[Keying, ...], at: datetime, position: int) -> None:
        """Take new section keys, from the entry at `position` on."""
        for keying in keyings:
            if keying.section not in self.sections:
                self.sections[keying.section] = Section(keying.section)
            self.sections[keying.section].key(keying, at, position)

    def keyed_before(self, position: int) -> bool:
        """Tell whether a section has a key of before an entry of the log."""
        return any(section.keyed_position < position for section in self.sections.values())

    def lose_boxes(self, handle: Handle, *, lost: bool) -> None:
        """Forget the boxes to a card that its member no longer has; who has a `lost` one may open them."""
        for section in self.sections.values():
            for role, holder in [pair for pair in section.boxes if pair[1] == handle]:
                del section.boxes[role, holder]
                section.former.add((role, holder))
                if lost:
                    section.exposed.add(holder)

    def end_role(self, handle: Handle, role: Role, by: Handle, at: datetime) -> None:
        """End what was given for a role that is taken away."""
        for grant in self.grants.values():
            if grant.handle == handle and grant.role is role and grant.ended is None:
                grant.ended = at
        if role is Role.REGISSEUR and self.regisseur == handle:
            self.assign(None, by, at)

    def objects(self) -> Iterator[Digest]:
        """Name every object that is still needed."""
        for section in self.sections.values():
            yield from section.objects()
