"""Everything that can go wrong in a store, each kind with its exit code (CLI.md)."""

from typing import Any


class DossierError(Exception):
    """The base of all errors of this package.

    `code` is stable and language-neutral: the words for people are looked up by it. `data` holds ids,
    codes and numbers for those words, never content and never the name of a client.
    """

    code = "dossier"
    exit_code = 1

    def __init__(self, code: str | None = None, **data: Any) -> None:
        """Take a finer code than the class's own, and the data that its words name."""
        super().__init__(code or self.code)
        self.code = code or self.code
        self.data = data


class UsageError(DossierError):
    """Wrong use: an option, id, section, purpose or date that cannot be."""

    code = "usage"
    exit_code = 2


class CancelledError(DossierError):
    """The user said no."""

    code = "cancelled"
    exit_code = 3


class LockedError(DossierError):
    """No token, a card not admitted here, or a member suspended."""

    code = "locked"
    exit_code = 4


class RefusedError(DossierError):
    """A decision went against the request. Its entry is in the log."""

    code = "refused"
    exit_code = 6


class NotFoundError(DossierError):
    """Not found, or no right in that household at all: one error for both."""

    code = "no-access"
    exit_code = 5


class WaitsError(DossierError):
    """Stands as a proposal: someone else must approve."""

    code = "waits"
    exit_code = 7


class IntegrityError(DossierError):
    """Altered, moved, cut short, rolled back or forged."""

    code = "integrity"
    exit_code = 8


class UnreachableError(DossierError):
    """The store or its log cannot be reached or written; nothing was opened."""

    code = "unreachable"
    exit_code = 9


class PartlyDoneError(DossierError):
    """Some of many were done; running again continues."""

    code = "partly"
    exit_code = 10


class ConflictError(DossierError):
    """Changed in the meantime: nothing was written."""

    code = "conflict"
    exit_code = 11


# The codes with which a log shows that it went back behind what a client saw of it.
GONE_BACK = frozenset({"log-short", "log-altered", "log-gone"})
