"""What of the log is shown to whom: entries as `log show` has them, and what somebody opened."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

from dossier.entry import Entry, read_entry
from dossier.model import Deed, Handle, HouseholdId, PurposeId, SectionName

Sees = Callable[[Entry], bool]


class Wanted(NamedTuple):
    """Which entries are asked for: of a household, of a member, from a moment on, before a moment."""

    household: HouseholdId | None = None
    member: Handle | None = None
    since: datetime | None = None
    until: datetime | None = None

    def has(self, entry: Entry) -> bool:
        """Tell whether an entry is among them."""
        return (
            (self.since is None or entry.at >= self.since)
            and (self.until is None or entry.at < self.until)
            and self.member in (None, entry.signed.actor)
            and self.household in (None, entry.signed.request.household)
        )


class Opening(NamedTuple):
    """A version that someone opened, for which purpose, and when."""

    household: HouseholdId
    section: SectionName
    version: int
    purpose: PurposeId
    at: datetime


class Whose(NamedTuple):
    """Whose openings are asked for: a member's, or of whoever had a right; from an entry of the log on."""

    member: Handle | None = None
    basis: str | None = None
    since: int = 0

    def of(self, entry: Entry) -> Opening | None:
        """Give what an entry opened, when that is asked for."""
        asked, ruling = entry.signed.request, entry.ruling
        theirs = self.member in (None, entry.signed.actor) and self.basis in (None, ruling.basis)
        if not theirs or asked.deed is not Deed.READ or not ruling.permitted:
            return None
        if asked.household is None or asked.section is None or asked.version is None or asked.purpose is None:
            return None
        return Opening(asked.household, asked.section, asked.version, asked.purpose, entry.at)


def sees(handle: Handle, own: Iterable[HouseholdId] | None) -> Sees:
    """Say which entries a member may see: one's own deeds, and all on households that one directs.

    None for `own` stands for all: for the toezichthouder.
    """
    if own is None:
        return lambda _: True
    directed: set[HouseholdId | None] = set(own)
    return lambda entry: entry.signed.actor == handle or entry.signed.request.household in directed


def openings_of(lines: Iterable[bytes], wanted: Whose) -> list[Opening]:
    """Give what some entries of the log opened, of what is asked for."""
    named = (wanted.of(entry) for entry in map(read_entry, lines) if entry.index >= wanted.since)
    return [one for one in named if one is not None]
