"""What every gate asks of a statement, whoever signs: the act, its ground, and what a fault comes to."""

from dossier.errors import ConflictError, DossierError, UsageError
from dossier.gate.base import Situation
from dossier.log.logbook import Logbook
from dossier.model import Handle, Reason, Role, Seen, StoreId
from dossier.refusals import conflict, refused
from dossier.register.register import Act, Register
from dossier.register.rules_approval import correction_of
from dossier.register.signers import second_person
from dossier.statements import Statement

_OFFICES = (Role.COORDINATOR, Role.BEHEERDER, Role.REGISSEUR, Role.TOEZICHTHOUDER, Role.SPECIALIST)


def act_here(
    store: StoreId,
    log: Logbook,
    situation: Situation,
    statement: Statement,
    signer: tuple[Handle, str],
    *,
    asked: bool = True,
) -> Act:
    """Say who states what, here and now; `signer` is a handle and the fingerprint of the card that signs.

    `asked` tells whether the log has the entry that a version names as having asked for it.
    """
    correction = correction_of(log.register, statement)
    return Act(
        statement=statement,
        signer=signer[0],
        card=signer[1],
        at=situation.at,
        position=log.known.size,
        leaf=b"",
        store=store,
        founded=asked if correction is None else log.was_wrong(correction, situation.at),
        seen=Seen(log.known.size, log.known.root),
    )


def office_of(register: Register, handle: Handle) -> Role:
    """Say in which role a member states something, who may hold several."""
    held = register.members[handle].roles
    return next(role for role in _OFFICES if role in held)


def basis(register: Register, act: Act) -> str:
    """Say by which right a statement is made; "alone" where a second person would have had to approve."""
    return "statement" if second_person(register, act.statement, act.signer) is None else "alone"


def fault_error(reason: Reason, *, stranger: bool) -> tuple[DossierError, bool]:
    """Give what a fault comes to, and whether it is written down.

    It is not when only the moment was wrong, or the words: words that nobody knows are wrong use, and must
    not get as far as the log. Nor is what a `stranger` signed, under a recovery card that nobody here knows.
    """
    error = conflict(reason) or refused(reason)
    unknown = stranger and reason is Reason.NO_RECOVERY
    return error, not unknown and not isinstance(error, (ConflictError, UsageError))


def is_late(log: Logbook, situation: Situation) -> bool:
    """Tell whether an entry of this moment could not be: it would be earlier than the one before."""
    last = log.known.at
    return last is not None and situation.at < last
