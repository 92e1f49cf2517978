"""Back up a store: copy it beside an earlier backup, check the copy, and let it take that place."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from dossier.actions.check import check, is_damage
from dossier.actions.comparing import compare_logs
from dossier.actions.copying import Copied, copy
from dossier.errors import DossierError, RefusedError, UnreachableError
from dossier.log.report import Finding, Report
from dossier.model import Seen
from dossier.storage.base import Store
from dossier.storage.ground import A, Ground
from dossier.storage.site import Site

Progress = Callable[[int], None]

UNFINISHED = "unfinished"  # how the name of a copy under way ends
BEFORE = "before"  # and of what it takes the place of


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
    aside = site.folder.with_name(f"{site.folder.name}.{BEFORE}")
    site.bring_back(aside)
    old = site.standing()
    earlier = 0 if old is None else _earlier(old, source)
    if old is not None:
        site.check_own()
        site.remove(aside)
    draft = draft_of(site, source)
    if old is not None:
        site.seed(earlier)
    copied = copy(source, draft, still=not can_lock(source), progress=progress)
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


def draft_of(site: Ground[A], source: Store) -> Store:
    """Open a draft whose log is a beginning of the source's: one begun before, or a new one."""
    draft = site.draft(source.store_id)
    with suppress(DossierError):
        logs = compare_logs(draft, source)
        if logs.common == logs.size:
            return draft
    site.discard()
    return site.draft(source.store_id)


def can_lock(source: Store) -> bool:
    """Tell whether a store can be locked. What cannot be written is copied as it stands, and then checked."""
    try:
        with source.exclusive():
            return True
    except UnreachableError as e:
        if e.code != "read-only":
            raise
        return False
