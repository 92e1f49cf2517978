"""State something with new keys; made anew when a version was written while they were made."""

from collections.abc import Callable

from dossier.desk import Desk
from dossier.errors import ConflictError
from dossier.statements import Statement
from dossier.storage.base import Objects

_TRIES = 5

Prepared = tuple[Statement, Objects]


def state_with_new_keys(desk: Desk, prepare: Callable[[], Prepared]) -> None:
    """Prepare a statement and make it; prepare it again when something came between.

    Raises:
        ConflictError: when something comes between every time. Nothing was written.
    """
    for last in range(_TRIES):
        statement, objects = prepare()
        try:
            desk.gate.enact(statement, objects)
        except ConflictError:
            if last == _TRIES - 1:
                raise
        else:
            return
