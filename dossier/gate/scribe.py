"""Scribe: writes what was asked and decided as one entry, and appends it."""

from collections.abc import Callable
from datetime import datetime

from dossier.book import Head, next_place
from dossier.entry import Entry, Ruling, Signed, make_entry
from dossier.gate.base import Situation
from dossier.gate.secrets import EpochSecrets
from dossier.gate.sight import Sight
from dossier.memory import Memory
from dossier.model import STORE_BOOK, Deed, Handle, HouseholdId, Request, Seen, whole_milliseconds
from dossier.policy import Permit, Refusal
from dossier.register.register import Register
from dossier.statements import Statement
from dossier.storage.base import Store
from keys.identity import Identity
from keys.primitives import random_bytes


def household_of(statement: Statement) -> HouseholdId | None:
    """Name the household in whose book a statement goes, None for the store's."""
    return None if statement.book == STORE_BOOK else HouseholdId(statement.book)


class Scribe:
    """Signs as the member, rules as the gate, and takes in what it has appended."""

    def __init__(
        self,
        store: Store,
        identity: Identity,
        memory: Memory,
        clock: Callable[[], datetime],
        sight: Sight,
        secrets: EpochSecrets,
    ) -> None:
        self._store = store
        self._identity = identity
        self._memory = memory
        self._clock = clock
        self._sight = sight
        self._secrets = secrets

    def write_down(self, situation: Situation, request: Request, ruling: Permit | Refusal) -> Entry:
        """Write down a request with its ruling; it is on disk when this returns."""
        entry = self._entry(situation, request, ruling, None, self._identity)
        self.append(situation.register, entry)
        return entry

    def entry_of(
        self,
        situation: Situation,
        statement: Statement,
        ruling: Permit | Refusal,
        signer: Identity | None = None,
    ) -> Entry:
        """Make the entry that carries a statement at its place, without appending it yet."""
        request = Request(Deed.STATE, household_of(statement))
        return self._entry(situation, request, ruling, statement, signer or self._identity)

    def _entry(
        self,
        situation: Situation,
        request: Request,
        ruling: Permit | Refusal,
        statement: Statement | None,
        signer: Identity,
    ) -> Entry:
        """Sign the request as it now stands, and rule on it. What could not be read again is not written."""
        known, card = self._sight.log.known, signer.card
        book = None if statement is None else statement.book
        signed = Signed(
            store=self._store.store_id,
            actor=Handle(card.handle),
            card=card.fingerprint,
            role=ruling.role,
            org=card.org,
            request=request,
            nonce=random_bytes(16),
            at=whole_milliseconds(self._clock()),
            seen=Seen(known.size, known.root),
            place=None if book is None else next_place(book, self._memory.head(book)),
            statement=statement,
        )
        return make_entry(signed, signed.sign(signer), self.ruled(situation, ruling))

    def ruled(self, situation: Situation, ruling: Permit | Refusal) -> Ruling:
        """Say what the gate adds to a request here and now."""
        register = situation.register
        return Ruling(
            position=self._sight.log.known.size,
            at=situation.at,
            permitted=isinstance(ruling, Permit),
            reason=None if isinstance(ruling, Permit) else str(ruling.reason),
            basis=ruling.basis if isinstance(ruling, Permit) else None,
            policy=0 if register.policy is None else register.policy.version,
            epoch=register.epoch.number if register.epochs else 1,
            trace=random_bytes(16),
            span=random_bytes(8),
        )

    def append(self, register: Register, entry: Entry, *, corrects: bool = False) -> None:
        """Append an entry under the log key of the epoch in force, and take it in.

        `corrects` tells that its statement corrects the clock.

        Raises:
            UnreachableError: when it could not be written. Then nothing of it counts here either.
        """
        try:
            self._sight.log.append(entry, self._secrets.log_seed(register), corrects=corrects)
        except BaseException:
            self._sight.forget()
            raise
        place = entry.signed.place
        if place is not None and entry.ruling.permitted:
            self._memory.move(entry, Head(place.number, entry.index, entry.leaf), founded=True)
            if place.book == STORE_BOOK:
                self._sight.log.took(entry)
