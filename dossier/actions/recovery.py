"""Share the recovery card among custodians, try their shares, and admit a coordinator with them."""

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import NamedTuple

from dossier import contexts
from dossier.actions.approvals import Stated, state
from dossier.actions.boxes import with_gate_box
from dossier.desk import Desk
from dossier.entry import Entry
from dossier.errors import DossierError, IntegrityError, LockedError, UsageError, WaitsError
from dossier.model import STORE_BOOK, Reason, Role
from dossier.refusals import refused
from dossier.register.register import Proposal, Recovery, Register
from dossier.statements import Statement
from dossier.team import digest_of, seed_box
from keys import recovery as keys
from keys.errors import FewSharesError, KeysError, WrongShareError
from keys.identity import Card, LocalIdentity
from keys.locks import box_to, check_seed
from keys.recovery import LEAST, MOST, Share

_PERSON = "Herstelkaart"  # on each recovery card, in place of a person's name

HandOut = Callable[[Sequence[str]], None]


class Split(NamedTuple):
    """What a splitting came to: the shares, which nobody can make again, and the statement of their card."""

    shares: list[str]
    stated: Stated


class Verified(NamedTuple):
    """What became of trying shares: each by itself, and together where there are enough."""

    shares: tuple[Share | WrongShareError, ...]
    together: bool  # whether they were tried together
    trouble: DossierError | KeysError | None  # why they would not restore now


def split(desk: Desk, threshold: int, shares: int, hand_out: HandOut | None = None) -> Split:
    """Make a recovery card and share its secret: any `threshold` of the `shares` can admit a coordinator.

    1. Draw, derive, split, and try every share. 2. Box the team's seed to the card. 3. `hand_out` gives the
    custodians their shares. 4. Only then is the card stated: a splitting that was cut off replaces nothing.

    Raises:
        UsageError: "recovery-numbers" when so many shares cannot be made.
    """
    if not LEAST <= threshold <= shares <= MOST:
        raise UsageError("recovery-numbers", least=LEAST, most=MOST)
    register = desk.gate.survey().register
    secret = keys.new_secret()
    card = keys.identity_of(secret, _free_handle(register), _PERSON, register.name).card
    made, box = keys.split(secret, threshold, shares), b""
    number = register.number  # that of the box: the register goes on when the gate looks again
    if register.member(desk.handle).holds(Role.COORDINATOR):  # of anyone else it is refused, and written down
        box = seed_box(desk, register, card)
        if hand_out is not None:
            hand_out(made)
    statement = Statement(
        "recovery.split/1",
        card=card,
        threshold=threshold,
        shares=shares,
        number=number,
        recovery_box=digest_of(box),
    )
    return Split(made, state(desk, desk.gate.survey(), statement, {digest_of(box): box}))


def _free_handle(register: Register) -> str:
    """Give a recovery card a handle that nobody has or had."""
    taken = {*register.members, *register.gates, *register.retired}
    taken |= {p.statement["card"].handle for p in _waiting(register)}
    names = (f"recovery-{number}" for number in count(1))
    return next(name for name in names if name not in taken)


def _waiting(register: Register) -> Iterator[Proposal]:
    """Give the splittings that wait for a second person."""
    return (p for p in register.proposals.values() if p.statement.kind == "recovery.split")


def in_force(desk: Desk) -> Recovery:
    """Give the recovery card with which a coordinator can be admitted now.

    Raises:
        RefusedError: when there is none, or it was used.
        LockedError: when the team's key was renewed without it.
    """
    return _in_force(desk.gate.survey().register)


def _in_force(register: Register) -> Recovery:
    if register.recovery is None:
        raise refused(Reason.NO_RECOVERY)
    if register.recovery.used is not None:
        raise refused(Reason.RECOVERY_USED)
    if register.recovery.box is None:
        raise LockedError("recovery-outdated")
    return register.recovery


def verify(desk: Desk, shares: Sequence[str]) -> Verified:
    """Try shares: each by itself and, where there are enough, whether they would restore now."""
    checked = tuple(_checked(words) for words in shares)
    register = desk.gate.survey().register
    for share in checked:
        if isinstance(share, WrongShareError):
            return Verified(checked, False, share)
    try:
        _open(desk, register, shares)
    except FewSharesError:
        return Verified(checked, False, _standing(register))
    except (DossierError, KeysError) as e:
        return Verified(checked, True, e)
    return Verified(checked, True, None)


def _standing(register: Register) -> DossierError | None:
    """Say why no shares would restore now, as far as that is known without them."""
    if not any(_waiting(register)):
        try:
            _in_force(register)
        except DossierError as e:
            return e
    return None


def _checked(words: str) -> Share | WrongShareError:
    try:
        return keys.check(words)
    except WrongShareError as e:
        return e


def _open(desk: Desk, register: Register, shares: Sequence[str]) -> tuple[LocalIdentity, bytes]:
    """Join shares into the recovery identity, and open its box of the coordination seed.

    1. The shares make a secret. 2. It is that of the recovery card in force. 3. Its box opens. 4. To the seed
    of the team's card in force.

    Raises:
        ShareError: when they make no secret.
        WaitsError: when their card waits for a second person.
        RefusedError, LockedError: when they are not of a card that is in force here.
        IntegrityError: when the box is not there, or not what it should be.
    """
    secret = keys.join(shares)
    for proposal in _waiting(register):
        if _identity(secret, proposal.statement["card"]).card == proposal.statement["card"]:
            raise WaitsError("recovery-waits", number=proposal.position)
    recovery = _in_force(register)
    identity = _identity(secret, recovery.card)
    if identity.card != recovery.card:
        raise LockedError("recovery-superseded" if identity.card.sign in register.keys else "shares-not-here")
    box = desk.store.objects(STORE_BOOK).get(recovery.box) if recovery.box else None
    if box is None:
        raise IntegrityError("object-missing", digest=recovery.box)
    place = (desk.store.store_id, register.number, recovery.fingerprint)
    try:
        seed = identity.unbox(box, contexts.of("coordination-seed", *place))
        check_seed(seed, register.coordination)
    except KeysError as e:
        raise IntegrityError("recovery-box-altered") from e
    return identity, seed


def _identity(secret: bytes, card: Card) -> LocalIdentity:
    """Derive the identity that a secret would give a card of this name."""
    return keys.identity_of(secret, card.handle, card.person, card.org)


def restore(desk: Desk, card: Card, shares: Sequence[str]) -> Entry:
    """Admit the holder of a card as a new coordinator. The recovery card signs; who is at the desk appends.

    Gives the entry, of which the fingerprint is the new coordinator's welcome code. Afterwards due: a
    rotation, a new team's card, the rekey of every household, and a new splitting.

    Raises as `verify` finds.
    """
    register = desk.gate.survey().register
    identity, seed = _open(desk, register, shares)
    number = register.number  # of this seed: the register goes on when the gate looks again
    place = (desk.store.store_id, number, card.fingerprint)
    team_box = box_to(card, seed, contexts.of("coordination-seed", *place))
    objects = {digest_of(team_box): team_box}
    tag, gate_box = with_gate_box(desk, register, "coordination.recovered", card, objects)
    statement = Statement(tag, card=card, **gate_box, number=number, coordination_box=digest_of(team_box))
    return desk.gate.enact(statement, objects, signer=identity)
