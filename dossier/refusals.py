"""What a reason comes to: the error that the user meets, with its exit code (CLI.md, "Exit codes")."""

from dossier.errors import ConflictError, DossierError, LockedError, NotFoundError, RefusedError, UsageError
from dossier.model import Reason

# Only the moment was wrong: something else took this place first. Nothing is written down for these.
_CONFLICTS = frozenset(
    {
        *(Reason.VERSION_WRONG, Reason.GENERATION_WRONG, Reason.EPOCH_WRONG, Reason.NUMBER_WRONG),
        *(Reason.HOLDER_MISSED, Reason.STRANGER_BOXED, Reason.SECTIONS_WRONG, Reason.WRAPS_WRONG),
        *(Reason.CHECKPOINT_WRONG, Reason.GRANT_TAKEN, Reason.GATE_BOX_WRONG),
    },
)
# What was asked makes no sense here, whoever asks.
_USAGE = frozenset(
    {
        *(Reason.UNKNOWN_MEMBER, Reason.HANDLE_TAKEN, Reason.CARD_TAKEN, Reason.ROLES_EXCLUSIVE),
        *(Reason.ROLE_AS_IT_IS, Reason.STATE_AS_IT_IS, Reason.REASON_UNKNOWN, Reason.POLICY_INVALID),
        *(Reason.GRANT_IN_PAST, Reason.OTHER_PERSON, Reason.MEMBER_LEFT, Reason.SHARES_WRONG),
        *(Reason.TIME_NOT_WRONG, Reason.NOBODY_ROTATES, Reason.NO_BEHEERDER),
        *(Reason.UNKNOWN_GATE, Reason.GATE_AS_IT_IS),
    },
)
_NOT_FOUND = frozenset({Reason.NO_ACCESS, Reason.NO_HOUSEHOLD})
_NO_SUCH = frozenset({Reason.NO_SUCH_GRANT, Reason.NO_SUCH_PROPOSAL})
_LOCKED = frozenset({Reason.NOT_ACTIVE, Reason.GONE, Reason.OTHER_CARD})


def refused(reason: Reason) -> DossierError:
    """Give the error of a reason. An unknown household and a forbidden one are the same error."""
    if reason in _NOT_FOUND:
        return NotFoundError("no-access")
    if reason in _NO_SUCH:
        return NotFoundError(str(reason))
    if reason in _LOCKED:
        return LockedError(str(reason))
    if reason in _USAGE:
        return UsageError(str(reason))
    return RefusedError(str(reason))


def conflict(reason: Reason) -> ConflictError | None:
    """Give the error of a reason that is only about the moment, None for any other."""
    return ConflictError(str(reason)) if reason in _CONFLICTS else None
