"""Put a store back from a backup; what stands in its place is kept beside."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Generic, NamedTuple

from dossier.actions.backup import BEFORE, can_lock, draft_of
from dossier.actions.check import check, is_damage
from dossier.actions.comparing import Compared, compare_logs, moved_since
from dossier.actions.copying import copy
from dossier.errors import DossierError, RefusedError
from dossier.log.report import Report
from dossier.model import STORE_BOOK, HouseholdId, StoreId
from dossier.storage.base import Store
from dossier.storage.ground import A, Ground

Progress = Callable[[int], None]

RESTORING = "restoring"  # how the name of a copy under way ends


class Lost(NamedTuple):
    """What the store that was replaced had beyond the backup: entries, and the households they are on."""

    entries: int
    households: tuple[HouseholdId, ...]


class Before(NamedTuple, Generic[A]):
    """The store that was replaced: how many entries it had, what is lost, where it is kept."""

    entries: int | None
    lost: Lost | None
    kept: A


class PutBack(NamedTuple, Generic[A]):
    """A store that was put back."""

    report: Report
    before: Before[A] | None


def restore(
    source: Store,
    site: Ground[A],
    root: str,
    now: datetime,
    *,
    confirm: StoreId | None = None,
    progress: Progress | None = None,
) -> PutBack[A] | Report:
    """Put a store back from a backup, in the place of what stands there; that is kept beside.

    1. See that it may be: nothing stands there, or an earlier state of this store, or `confirm` is the id of
    what does. 2. Copy the backup beside it, marked as put back. 3. Check the copy deep; where anything is
    lost or altered in it, that report is given, and all is as it was. 4. Under the lock of the old store, see
    once more that it may be, and let the copy take its place.

    Raises:
        RefusedError: "restore-over-other", "restore-over-further".
        UsageError: "place-taken" when what stands there is no store.
        IntegrityError: when the backup's log does not verify.
    """
    cut_off = site.set_aside()
    old = site.standing()
    if old is not None:
        _check_over(old, source, confirm)
    draft = draft_of(site, source)
    try:
        copy(source, draft, still=not can_lock(source), progress=progress)
        draft.mark_restored(True)
        report = check(draft, root, deep=True, progress=progress)
    except DossierError:
        site.discard()
        raise
    if any(is_damage(finding) for finding in report.findings):
        site.discard()
        return report
    aside = site.free_name(f"{BEFORE}-{now:%Y-%m-%dT%H%M%SZ}")
    found: list[Before[A]] = []

    def agree() -> None:
        if old is not None:
            _check_over(old, source, confirm)
            found.append(_before(old, source, aside))

    try:
        site.enter(draft, old, aside, agree)
    except RefusedError:
        site.discard()
        raise
    if cut_off is not None:
        with suppress(DossierError):
            found.append(_before(site.kept(cut_off), source, cut_off))
    return PutBack(report, found[0] if found else None)


def _check_over(old: Store, source: Store, confirm: StoreId | None) -> None:
    """See that nothing is lost by putting the source in the place of a store, or that it was confirmed."""
    if confirm == old.store_id:
        return
    if old.store_id != source.store_id:
        raise RefusedError("restore-over-other", store=old.store_id)
    logs = _compared(old, source)
    if logs is None or logs.common != logs.size:
        raise RefusedError("restore-over-further", store=old.store_id)


def _compared(old: Store, source: Store) -> Compared | None:
    """Compare two logs; None when one cannot be read."""
    try:
        return compare_logs(old, source)
    except DossierError:
        return None


def _before(old: Store | None, source: Store, kept: A) -> Before[A]:
    """Say what a store had that its backup has not, as far as it can be read."""
    logs = None if old is None else _compared(old, source)
    if old is None or logs is None:
        return Before(None, None, kept)
    with suppress(DossierError):
        books = moved_since(old, logs.common)
        households = sorted(HouseholdId(book) for book in books if book != STORE_BOOK)
        return Before(logs.size, Lost(logs.size - logs.common, tuple(households)), kept)
    return Before(logs.size, None, kept)
