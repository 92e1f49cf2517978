"""Ground: a place where a store comes to stand whole, or not at all; in the place of another, or of none."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from dossier.model import StoreId
from dossier.storage.base import Store

A = TypeVar("A")  # how the place is named to which a store goes aside


def _nothing() -> None:
    """Agree."""


class Ground(Protocol[A]):
    """Everything raises UsageError("place-taken") where something stands that is not this program's."""

    @property
    def name(self) -> str:
        """The place, as people name it."""
        ...

    def standing(self) -> Store | None:
        """Open the store that stands there; None when there is none."""
        ...

    def draft(self, store_id: StoreId) -> Store:
        """Open the draft of this store, where one was begun; else begin one. Nobody takes it for whole."""
        ...

    def discard(self) -> None:
        """Remove the draft."""
        ...

    def set_aside(self) -> A | None:
        """Name the store that was moved away, when the move was cut off half-way."""
        ...

    def kept(self, aside: A) -> Store | None:
        """Open a store that was moved away."""
        ...

    def free_name(self, ending: str) -> A:
        """Name a place for the store that goes, where nothing is yet."""
        ...

    def enter(
        self,
        draft: Store,
        old: Store | None = None,
        aside: A | None = None,
        agree: Callable[[], None] = _nothing,
    ) -> None:
        """Put the draft, complete now, in its place; the old store, where there is one, goes aside.

        With nobody writing to either, `agree` is called first: what it raises leaves all as it was.
        """
        ...

    def remove(self, aside: A) -> None:
        """Remove a store that was moved away."""
        ...
