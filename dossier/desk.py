"""Desk: all that an action needs, put together in one place (`cli.context`)."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from dossier.gate.base import Gate
from dossier.memory import Memory
from dossier.model import Handle
from dossier.storage.base import Store
from keys.identity import Identity


class Desk(NamedTuple):
    """A member at work in a store."""

    store: Store
    gate: Gate
    identity: Identity
    memory: Memory
    clock: Callable[[], datetime]

    @property
    def handle(self) -> Handle:
        """Who is at work."""
        return Handle(self.identity.card.handle)
