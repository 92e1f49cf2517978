"""Back up a store, and put a store back from a backup."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from dossier.actions.check import check, is_damage
from dossier.actions.comparing import Compared, compare_logs, moved_since
from dossier.actions.copying import Copied, copy
from dossier.errors import DossierError, RefusedError, UnreachableError
from dossier.log.report import Finding, Report
from dossier.model import STORE_BOOK, HouseholdId, Seen, StoreId
from dossier.storage.base import Store
from dossier.storage.site import Site

Progress = Callable[[int], None]

UNFINISHED, RESTORING = "unfinished", "restoring"  # how the name of a copy under way ends
_BEFORE = "before"


class BackedUp(NamedTuple):
    """A copy that was made: where it is, what the check of it found, and how much it holds."""

    place: Path
    report: Report
    copied: Copied

    @property
    def damage(self) -> tuple[Finding, ...]:
        """What is lost or altered in it. Where there is anything, it did not take its place."""
        return tuple(finding for finding in self.report.findings if is_damage(finding))


def backup(
    source: Store, site: Site, root: str, *, must_pass: Seen | None = None, progress: Progress | None = None
) -> BackedUp:
    """Copy a store to a place where nothing is yet, or an earlier backup of it.

    1. See that what is there is an earlier backup. 2. Copy beside it, sharing what has not changed. 3. Mark
    the copy as put back: whoever takes it for a store, by whatever way, reopens it first. 4. Check the copy
    deep. 5. Only if nothing is lost or altered in it, let it take its place; the earlier one goes.

    `root` is the fingerprint of the founder's card, `must_pass` a size and root that a client remembers.

    Raises:
        RefusedError: "backup-of-other", "backup-differs": what is there is no earlier backup of this store.
        UsageError: "place-taken" when it is no backup at all.
        IntegrityError: when the store's log does not verify. What is there stays as it is.
    """
    aside = site.folder.with_name(f"{site.folder.name}.{_BEFORE}")
    site.bring_back(aside)
    old = site.standing()
    earlier = 0 if old is None else _earlier(old, source)
    if old is not None:
        site.check_own()
        site.remove(aside)
    draft = _draft(site, source)
    if old is not None:
        site.seed(earlier)
    copied = copy(source, draft, still=not _can_lock(source), progress=progress)
    draft.mark_restored(True)
    report = check(draft, root, deep=True, must_pass=must_pass, progress=progress)
    made = BackedUp(site.folder, report, copied)
    if made.damage:
        return made._replace(place=site.beside)
    site.enter(draft, old, aside)
    if old is not None:
        site.remove(aside)
    return made


def _earlier(old: Store, source: Store) -> int:
    """Give the size of the log of what must be an earlier backup. Raises RefusedError."""
    if old.store_id != source.store_id:
        raise RefusedError("backup-of-other", store=old.store_id)
    try:
        logs = compare_logs(old, source)
    except DossierError as e:
        raise RefusedError("backup-differs", store=old.store_id) from e
    if logs.common != logs.size:
        raise RefusedError("backup-differs", store=old.store_id)
    return logs.size


def _draft(site: Site, source: Store) -> Store:
    """Open a draft whose log is a beginning of the source's: one begun before, or a new one."""
    draft = site.draft(source.store_id)
    with suppress(DossierError):
        logs = compare_logs(draft, source)
        if logs.common == logs.size:
            return draft
    site.discard()
    return site.draft(source.store_id)


class Lost(NamedTuple):
    """What the store that was replaced had beyond the backup: entries, and the households they are on."""

    entries: int
    households: tuple[HouseholdId, ...]


class Before(NamedTuple):
    """The store that was replaced: how many entries it had, what is lost, where it is kept."""

    entries: int | None
    lost: Lost | None
    kept: Path


class PutBack(NamedTuple):
    """A store that was put back."""

    report: Report
    before: Before | None


def restore(
    source: Store,
    site: Site,
    root: str,
    now: datetime,
    *,
    confirm: StoreId | None = None,
    progress: Progress | None = None,
) -> PutBack | Report:
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
    draft = _draft(site, source)
    try:
        copy(source, draft, still=not _can_lock(source), progress=progress)
        draft.mark_restored(True)
        report = check(draft, root, deep=True, progress=progress)
    except DossierError:
        site.discard()
        raise
    if any(is_damage(finding) for finding in report.findings):
        site.discard()
        return report
    aside = site.free_name(f"{_BEFORE}-{now:%Y-%m-%dT%H%M%SZ}")
    found: list[Before] = []

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
            found.append(_before(Site(cut_off, RESTORING).standing(), source, cut_off))
    return PutBack(report, found[0] if found else None)


def _can_lock(source: Store) -> bool:
    """Tell whether a store can be locked. What cannot be written is copied as it stands, and then checked."""
    try:
        with source.exclusive():
            return True
    except UnreachableError as e:
        if e.code != "read-only":
            raise
        return False


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


def _before(old: Store | None, source: Store, kept: Path) -> Before:
    """Say what a store had that its backup has not, as far as it can be read."""
    logs = None if old is None else _compared(old, source)
    if old is None or logs is None:
        return Before(None, None, kept)
    with suppress(DossierError):
        books = moved_since(old, logs.common)
        households = sorted(HouseholdId(book) for book in books if book != STORE_BOOK)
        return Before(logs.size, Lost(logs.size - logs.common, tuple(households)), kept)
    return Before(logs.size, None, kept)
