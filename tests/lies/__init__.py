"""Lies: the named bad books. In each, all is as it should be but for the last line."""

from lies import approvals, contents, grants, households, members, order
from lies.corpus import LIES, PASSED_OVER, Lie, write

TOLD = (approvals, contents, grants, households, members, order)  # each adds its lies to the corpus

__all__ = ["LIES", "PASSED_OVER", "TOLD", "Lie", "write"]
