"""Move a whole store to another place: copied while others work, read back, and only then found there."""

from collections.abc import Callable
from typing import NamedTuple

from dossier.actions.backup import BEFORE, can_lock, draft_of
from dossier.actions.check import check, is_damage
from dossier.actions.comparing import compare_logs, moved_since
from dossier.actions.copying import Copied, copy
from dossier.errors import ConflictError, DossierError, IntegrityError, RefusedError
from dossier.log.report import Finding, Report
from dossier.model import BookName, Digest
from dossier.storage.base import Store
from dossier.storage.ground import A, Ground

Progress = Callable[[int], None]

COPYING = "copying"  # how the name of a copy under way ends


class Moved(NamedTuple):
    """A store that was copied, as it was read back: the check of it, and how much it holds."""

    report: Report
    copied: Copied
    books: int
    objects: int
    contents: int

    @property
    def damage(self) -> tuple[Finding, ...]:
        """What is lost or altered in it. Where there is anything, it is not found in its place."""
        return tuple(finding for finding in self.report.findings if is_damage(finding))


def move(source: Store, ground: Ground[A], *, progress: Progress | None = None) -> Moved:
    """Copy a store to where none stands yet, or an earlier state of it. Needs no token.

    1. See that what stands there is an earlier state. 2. Copy it to a draft, resumed where one was begun.
    3. Read the draft back: the log with its root, the books, every content. 4. Compare its log and books with
    the source's. 5. Only if nothing is lost or altered in it, let it be found there.

    Raises:
        RefusedError: "copy-over-other", "copy-over-further".
        UsageError: "place-taken" when something else stands there.
        IntegrityError: when the source's log does not verify. What stands there stays as it is.
        ConflictError: "copy-differs" when the source went another way meanwhile.
    """
    cut_off = ground.set_aside()
    old = ground.standing()
    if old is not None:
        _check_earlier(old, source)
    draft = draft_of(ground, source)
    copied = copy(source, draft, still=not can_lock(source), progress=progress)
    report = check(draft, None, deep=True, progress=progress)
    books, objects = _compare(source, draft, copied.entries)
    contents = sum(1 for _ in draft.contents())
    moved = Moved(report, copied, books, objects, contents)
    if not moved.damage:
        aside = ground.free_name(BEFORE)
        # What stands there may be the source itself, under another name: then others may have gone on in it.
        ground.enter(draft, old, aside, lambda: None if old is None else _check_earlier(old, draft))
        for gone in (aside if old is not None else None, cut_off):
            if gone is not None:
                ground.remove(gone)
    return moved


def _check_earlier(old: Store, source: Store) -> None:
    """See that a store is an earlier state of the source: nothing is lost with it. Raises RefusedError."""
    if old.store_id != source.store_id:
        raise RefusedError("copy-over-other", store=old.store_id)
    try:
        logs = compare_logs(old, source)
    except DossierError as e:
        raise RefusedError("copy-over-further", store=old.store_id) from e
    if logs.common != logs.size:
        raise RefusedError("copy-over-further", store=old.store_id)


def _compare(source: Store, draft: Store, entries: int) -> tuple[int, int]:
    """Compare log and books with the source's; give how many books and objects there are.

    A book that the source has moved on with since is passed over: the check saw that it is whole.

    Raises:
        ConflictError: "copy-differs".
    """
    logs = compare_logs(draft, source)
    if not logs.common == logs.size == entries:
        raise ConflictError("copy-differs")
    moved, objects = moved_since(source, entries), 0
    books = sorted(draft.books())
    for book in books:
        kept = dict(draft.objects(book))
        objects += len(kept)
        if book not in moved and not _same(source, draft, book, kept):
            moved = moved_since(source, entries)  # perhaps just now
            if book not in moved:
                raise ConflictError("copy-differs", book=book)
    return len(books), objects


def _same(source: Store, draft: Store, book: BookName, kept: dict[Digest, bytes]) -> bool:
    """Tell whether a book is as the source has it, as far as that can be read."""
    try:
        return draft.copies(book) == source.copies(book) and kept == dict(source.objects(book))
    except IntegrityError:
        return True  # altered at the source since; the copy was checked by itself
