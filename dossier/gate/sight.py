"""Sight: what the gate sees, verified from the log up, before it decides anything."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from dossier.book import Book
from dossier.entry import Entry
from dossier.errors import GONE_BACK, ConflictError, IntegrityError, LockedError, UnreachableError
from dossier.gate.base import Situation
from dossier.log.follow import Follower
from dossier.log.logbook import Logbook
from dossier.log.past import fallen_short
from dossier.memory import Memory
from dossier.memory_parts import MovedError
from dossier.model import STORE_BOOK, BookName, Handle, HouseholdId, whole_milliseconds
from dossier.register.fold import fold
from dossier.register.register import Register
from dossier.storage.base import Store
from dossier.timing import Confirm, entry_time
from keys.identity import Card

_PIECE = 1024  # entries taken in before others get their turn
_PIECES = 1 << 20


class Sight:
    """Catches up with the log, loads the books, folds them. Believes the store in nothing."""

    def __init__(
        self,
        store: Store,
        card: Card,
        memory: Memory,
        clock: Callable[[], datetime],
        confirm: Confirm | None,
        *,
        each: Callable[[Entry, Register], None] | None = None,
        most_held: int = 0,
    ) -> None:
        """`each` sees every entry that others appended; `most_held` households are held, in a served gate."""
        self._store = store
        self._handle = Handle(card.handle)
        self._card = card.fingerprint
        self._each = each
        self._most_held = most_held
        self._held: OrderedDict[HouseholdId, Situation] = OrderedDict()
        self._memory = memory
        self._clock = clock
        self._confirm = confirm
        self._folded: OrderedDict[tuple[object, ...], Register] = OrderedDict()
        self.log = self._logbook()

    def _logbook(self) -> Logbook:
        memory = self._memory
        return Logbook(self._store, memory.verified, memory, memory.root, memory.must_pass, each=self._each)

    def forget(self) -> None:
        """Read again from memory what may have been half taken in."""
        self._memory.forget()
        self._folded.clear()
        self._held.clear()
        self.log = self._logbook()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Be the one writer, caught up with the log; a long way to go is gone in pieces, others in between.

        Raises:
            IntegrityError: when log or store's book is altered, or older than last seen.
        """
        for _ in range(_PIECES):
            try:
                with self._store.exclusive():
                    if self._caught_up():
                        yield
                        return
            except UnreachableError:
                self.forget()  # what was taken in as written may not stand
                raise
        raise ConflictError("memory-moved")

    def _caught_up(self) -> bool:
        try:
            done = self.log.catch_up(_PIECE)
        except MovedError:
            self.forget()
            return False
        except (IntegrityError, UnreachableError) as e:
            self.forget()
            if e.code in GONE_BACK and self._restored():
                return False
            raise
        except BaseException:
            self.forget()
            raise
        restored = self.log.register.restored
        if done and restored is not None:
            self._memory.restored = restored.leaf
        return done

    def _restored(self) -> bool:
        """Take a log that went back, when two persons have stated that it was restored; tell whether.

        The whole log is read anew. A restore that this client took in before excuses nothing now, nor does
        one to a place that it had not reached.
        """
        memory = self._memory
        fresh = memory.beside()
        fresh.root = memory.root
        register = Register(memory.root)
        try:
            Follower(self._store, fresh.verified, register, fresh).follow()
        except (IntegrityError, UnreachableError):
            return False  # altered, whatever it was restored to
        restored = register.restored
        if restored is None or restored.leaf == memory.restored or restored.size > memory.verified.size:
            return False
        heads = ((household, known.head) for household, known in memory.households())
        behind = fallen_short(self._store, fresh.verified, heads)
        memory.begin_again(fresh)
        memory.short |= set(behind)
        memory.restored = restored.leaf
        self._store.settle(memory.verified.page)
        memory.save(anew=True)
        self.log = self._logbook()
        return True

    def situation(
        self, household: HouseholdId | None, *, founding: bool = False, late: bool = False
    ) -> Situation:
        """See the store, and a household where one is named. Only under `exclusive`.

        `late` lets this clock be behind the log's: for a correction of that, and to prepare one.

        Raises:
            LockedError: when this card is not admitted here.
            IntegrityError: when the household's book is altered, or older than last seen.
            UnreachableError: when this computer's clock cannot be right.
        """
        try:
            return self._look(household, founding=founding, late=late)
        except MovedError:
            self.forget()
        self.log.catch_up()
        return self._look(household, founding=founding, late=late)

    def anew(self, household: HouseholdId | None) -> None:
        """Read a book anew before it is written: another may have died while it wrote there."""
        if household is None:
            self.log.open_again()
        else:
            self._held.pop(household, None)

    def _look(self, household: HouseholdId | None, *, founding: bool, late: bool) -> Situation:
        """Load the books, and fold them."""
        register, opened = self.log.register, self.log.store_book
        if not founding:
            self._check_admitted(register)
        if household is None:
            objects = self._store.objects(STORE_BOOK)
            return Situation(register, opened, objects, self._time(register, late=late))
        held = self._held.get(household)
        if held is not None and held.opened.book.head == self._memory.head(BookName(household)):
            register = self._fold(household, held.opened.book)
            return held._replace(register=register, at=self._time(register, late=late))
        opened = self.log.open_book(BookName(household))
        register = self._fold(household, opened.book)
        self.log.check_reaches(opened, register)
        objects = self._store.objects(opened.book.name)
        found = Situation(register, opened, objects, self._time(register, late=late))
        self._hold(household, found)
        return found

    def _hold(self, household: HouseholdId, found: Situation) -> None:
        """Hold what was found of a household, in a served gate: of use as long as its head is the same."""
        if self._most_held and not found.opened.leftovers:
            self._held[household] = found
            self._held.move_to_end(household)
            if len(self._held) > self._most_held:
                self._held.popitem(last=False)

    def _time(self, register: Register, *, late: bool) -> datetime:
        """Give the time that an entry would get."""
        now, last = whole_milliseconds(self._clock()), self.log.known.at
        if late and last is not None and now < last:
            return now
        return entry_time(last, now, register.policy, self._confirm, self.log.first_after)

    def _fold(self, household: HouseholdId, book: Book) -> Register:
        """Fold both books; the same heads are the same books, so what was folded last may do."""
        store = self.log.store_book.book
        heads = (household, store.head, book.head)
        folded = self._folded.get(heads)
        if folded is None:
            known = self._memory.known(household)
            lacking = () if known is None else known.unfounded
            folded = self._folded[heads] = fold(self._memory.root, store, book, lacking, self._memory.lacking)
            if len(self._folded) > max(1, self._most_held):
                self._folded.popitem(last=False)
        self._folded.move_to_end(heads)
        return folded

    def unfold(self) -> None:
        """Fold anew next time: what was folded last is about to be changed."""
        if self._folded:
            self._folded.popitem()

    def _check_admitted(self, register: Register) -> None:
        gate = register.gates.get(self._handle)
        known = gate if self._most_held else register.members.get(self._handle)
        if known is None and gate is not None:
            raise LockedError("gate-token")
        if known is None or known.fingerprint != self._card:
            raise LockedError("not-admitted")
