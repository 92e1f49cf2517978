from dossier.errors import ConflictError, LockedError, NotFoundError, RefusedError, UsageError
from dossier.model import Reason
from dossier.refusals import conflict, refused


def test_every_reason_comes_to_an_error_of_its_own_kind() -> None:
    kinds = {reason: type(refused(reason)) for reason in Reason}
    assert set(kinds.values()) == {NotFoundError, LockedError, UsageError, RefusedError}
    assert kinds[Reason.NOT_ACTIVE] is LockedError
    assert kinds[Reason.REASON_UNKNOWN] is UsageError
    assert kinds[Reason.GRANT_ENDED] is RefusedError
    assert kinds[Reason.NO_SUCH_GRANT] is NotFoundError


def test_an_unknown_household_and_a_forbidden_one_are_the_same_error() -> None:
    one, other = refused(Reason.NO_ACCESS), refused(Reason.NO_HOUSEHOLD)
    assert (type(one), one.code, one.data, one.exit_code) == (type(other), other.code, other.data, 5)


def test_what_only_came_too_late_is_a_conflict() -> None:
    error = conflict(Reason.VERSION_WRONG)
    assert isinstance(error, ConflictError)
    assert error.exit_code == 11
    assert conflict(Reason.NO_ACCESS) is None
