"""Admission: is a call for this gate, of now, made once, and by a member's card?"""

import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

from dossier.errors import ConflictError, LockedError, UnreachableError, UsageError
from dossier.gate.served import check_time
from dossier.model import FAR_BEHIND
from dossier.register.register import Register
from dossier.serve.call import Call, Called, Counter
from keys.errors import BadSignatureError
from keys.identity import Card

PER_SECOND = 100  # calls of one card, on average
AT_ONCE = 400  # and in a burst


class Admission:
    """Guards that each call is answered for one card, at one gate, in one run of it, once."""

    def __init__(self, counter: Counter, clock: Callable[[], datetime], per_second: int = PER_SECOND) -> None:
        self._counter = counter
        self._clock = clock
        self._nonces: OrderedDict[bytes, datetime] = OrderedDict()
        self._taken: dict[bytes, datetime] = {}  # in the turn that goes on
        self._rate = Rate(per_second)

    def card_of(self, called: Called, register: Register) -> Card:
        """Give the card of whoever calls.

        1. For this store, gate and run. 2. Of now. 3. By a card that is its member's now. 4. Not too often.
        5. Not a second time.

        Raises:
            UsageError: "other-gate", or "replayed".
            ConflictError: "other-run" when the gate was started anew since.
            UnreachableError: "clock-apart", or "too-many".
            LockedError: "not-admitted" when no member has this card, or it did not sign.
        """
        call, now = called.call, self._clock()
        if call.counter._replace(run=self._counter.run) != self._counter:
            raise UsageError("other-gate")
        if call.counter.run != self._counter.run:
            raise ConflictError("other-run")
        check_time(call.at, now)
        card = _member_card(call, register)
        try:
            called.check_signature(card)
        except BadSignatureError as e:
            raise LockedError("not-admitted") from e
        self._rate.check(call.card)
        if call.nonce in self._nonces or call.nonce in self._taken:
            raise UsageError("replayed")
        self._taken[call.nonce] = now
        return card

    def begin(self) -> None:
        """Let go of the nonces of a turn that failed: its calls are taken up once more."""
        self._taken.clear()

    def settle(self) -> None:
        """Keep the nonces of a turn that stands, and let go of those whose calls are too old by now."""
        self._nonces.update(self._taken)
        self._taken.clear()
        oldest = self._clock() - 2 * FAR_BEHIND
        while self._nonces and next(iter(self._nonces.values())) < oldest:
            self._nonces.popitem(last=False)


def _member_card(call: Call, register: Register) -> Card:
    member = register.members.get(call.actor)
    if member is None or member.fingerprint != call.card:
        raise LockedError("not-admitted")
    return member.card


class Rate:
    """How often each card may call: so many a second on average, and so many at once."""

    def __init__(self, per_second: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._per_second = per_second
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def check(self, card: str) -> None:
        """Count a call. Raises UnreachableError: "too-many"."""
        now = self._clock()
        before, left = self._left.pop(card, (now, float(AT_ONCE)))
        left = min(float(AT_ONCE), left + (now - before) * self._per_second) - 1
        self._left[card] = (now, max(left, 0.0))
        if len(self._left) > AT_ONCE * 16:
            self._left.popitem(last=False)
        if left < 0:
            raise UnreachableError("too-many")
