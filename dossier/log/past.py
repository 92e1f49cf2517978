"""What stood before an entry: the roots, the nonces, the entries that ask to write, a time that was wrong."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import datetime

from dossier.book import Head
from dossier.entry import Entry, Signed
from dossier.errors import IntegrityError
from dossier.log.merkle import EMPTY_ROOT, HASH_SIZE
from dossier.log.records import split
from dossier.log.tree import Tree
from dossier.log.verified import Verified
from dossier.model import LOOK_BACK, Deed, Handle, HouseholdId, write_time
from dossier.statements import Statement
from dossier.storage.base import PAGE, Store
from keys.encoding import to_base64

_MOST_ASKED = 512  # entries held here; one that is named later than that is read again


class Roots:
    """The root that the log had at every size: 32 bytes each since the start, from the tree before it."""

    def __init__(self, store: Store, known: Verified) -> None:
        self._start = known.size
        self._since = bytearray(known.root)
        self._before: dict[int, bytes] = {0: EMPTY_ROOT}
        self._tree = Tree(store, known.size, known.root)

    def add(self, root: bytes) -> None:
        """Note the root of one entry more."""
        self._since += root

    def at(self, size: int) -> bytes:
        """Give the root at a size that is verified. Raises IntegrityError as `Tree.root_at`."""
        if size >= self._start:
            place = (size - self._start) * HASH_SIZE
            return bytes(self._since[place : place + HASH_SIZE])
        if size not in self._before:
            self._before[size] = self._tree.root_at(size)
        return self._before[size]


class Nonces:
    """The nonces of each member: all since the start, and those of the 20 minutes before it.

    Further back none can be: times rise, and lie within 10 minutes of their requests'. What stands before the
    page in use is read as it is: whether it was altered is for a full verification to say.
    """

    def __init__(self, store: Store, known: Verified) -> None:
        self._store = store
        self._start = known.size
        self._since: dict[Handle, set[bytes]] = {}
        self._before: bytes | None = None

    def check_new(self, entry: Entry) -> None:
        """Take in an entry's nonce. Raises IntegrityError when its actor used it before."""
        nonce = entry.signed.nonce
        used = self._since.setdefault(entry.signed.actor, set())
        if nonce in used or self._stood_before(entry):
            raise IntegrityError("entry-replayed", index=entry.index)
        used.add(nonce)

    def _stood_before(self, entry: Entry) -> bool:
        if self._start == 0:
            return False
        if self._before is None:
            self._before = b"\n".join(self._pages(write_time(entry.at - LOOK_BACK).encode()))
        nonce = f'"nonce":"{to_base64(entry.signed.nonce)}"'.encode()
        actor = f'"request":{{"actor":"{entry.signed.actor}",'.encode()
        place = self._before.find(nonce)
        while place >= 0:
            if actor in self._before[self._before.rfind(b"\n", 0, place) + 1 : place]:
                return True
            place = self._before.find(nonce, place + 1)
        return False

    def _pages(self, since: bytes) -> Iterator[bytes]:
        """Give the entries up to the start, page by page, back to a page that begins before `since`."""
        marker = b'"at":"'
        for number in range((self._start - 1) // PAGE, -1, -1):
            records, _ = split(self._store.page(number))
            data = b"\n".join(record.line for record in records[: self._start - number * PAGE])
            yield data
            begin = data.find(marker) + len(marker)
            if data[begin : begin + len(since)] < since:
                return


class Asked:
    """The permitted entries that ask to write, until a version names them."""

    def __init__(self, store: Store, known: Verified) -> None:
        self._store = store
        self._known = known
        self._recent: dict[int, Entry] = {}

    def add(self, entry: Entry) -> None:
        """Note an entry, if it asks to write."""
        if entry.signed.request.deed is Deed.WRITE and entry.ruling.permitted:
            self._recent[entry.index] = entry
            if len(self._recent) > _MOST_ASKED:
                del self._recent[next(iter(self._recent))]

    def founds(self, signed: Signed) -> bool:
        """Tell whether the log has the permitted entry that a version names as having asked for it.

        Anything else than a version needs none.
        """
        statement = signed.statement
        if statement is None or statement.kind != "section.written":
            return True
        asked = self._find(statement["index"])
        if asked is None or asked.leaf != statement["leaf"] or not asked.ruling.permitted:
            return False
        r = asked.signed.request
        named = (statement["household"], statement["section"], statement["version"])
        same = (r.household, r.section, r.version) == named and asked.signed.actor == signed.actor
        return same and r.deed is Deed.WRITE

    def _find(self, position: int) -> Entry | None:
        """Give an entry before the one at hand. One already named is read again, so that all judge alike."""
        if position in self._recent:
            return self._recent.pop(position)
        if position >= self._known.size:
            return None
        return Tree(self._store, self._known.size, self._known.root).entry(position)


def was_wrong(store: Store, known: Verified, correction: Statement, at: datetime) -> bool:
    """Tell whether a correction of the clock, made at a moment, names the first entry of a later time.

    That entry is of after this moment, and the one before it is not. A proposal to correct a clock is passed
    over: it is of the right time among wrong ones.
    """
    position = correction["index"]
    if not 0 < position < known.size:
        return False
    tree = Tree(store, known.size, known.root)
    wrong, before = tree.entry(position), tree.entry(position - 1)
    while before.index and _proposes(before):
        before = tree.entry(before.index - 1)
    return wrong.leaf == correction["leaf"] and before.at <= at < wrong.at


def _proposes(entry: Entry) -> bool:
    """Tell whether an entry proposes to correct a clock."""
    statement = entry.signed.statement
    proposed = statement is not None and statement.kind == "proposed"
    return proposed and statement is not None and statement["statement"].kind == "clock.corrected"


def fallen_short(
    store: Store, known: Verified, heads: Iterable[tuple[HouseholdId, Head]]
) -> list[HouseholdId]:
    """Name the households whose last statement, as it was once seen, is not in a log that was put back.

    Up to some place that log is as it was; only where it parts is looked for.
    """
    tree = Tree(store, known.size, known.root)
    rows = sorted(heads, key=lambda row: row[1].position)

    def lost(row: tuple[HouseholdId, Head]) -> bool:
        head = row[1]
        return head.position >= known.size or tree.entry(head.position).leaf != head.leaf

    return [household for household, _ in rows[bisect_left(rows, True, key=lost) :]]
