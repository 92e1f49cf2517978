"""Lies: the named bad books. In each, all is as it should be but for the last line."""

from lies import approvals, cards, contents, custody, gates, grants, households, members, order, restores
from lies.corpus import LIES, PASSED_OVER, Lie, write

# Each adds its lies to the corpus.
TOLD = (approvals, cards, contents, custody, gates, grants, households, members, order, restores)

__all__ = ["LIES", "PASSED_OVER", "TOLD", "Lie", "write"]
