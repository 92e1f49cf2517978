"""Report: what a verification or a check found, as data."""

from typing import NamedTuple

from dossier.model import BookName


class Finding(NamedTuple):
    """Something that is not as it must be: the entry's index, what it is, and the book that it is in."""

    position: int | None
    code: str
    book: BookName | None


class Due(NamedTuple):
    """Something that is to be done: no failure, and not yet harm."""

    code: str
    book: BookName


class Report(NamedTuple):
    """The log up to a size and root, and what was found. Leftovers of crashes are named, not condemned."""

    size: int
    root: bytes
    root_fingerprint: str  # of the founder's card, as pinned or as the log has it
    households: int
    findings: tuple[Finding, ...]
    leftovers: tuple[str, ...]
    due: tuple[Due, ...] = ()

    @property
    def entries(self) -> int:
        """How many entries were checked."""
        return self.size

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.findings
