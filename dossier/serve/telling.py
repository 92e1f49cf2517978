"""Telling: what a client is told of the log and of the books that it may see, with the proofs of it."""

from collections import OrderedDict

from dossier.errors import DossierError, RefusedError
from dossier.gate.base import Situation
from dossier.gate.served import ServedGate
from dossier.memory_gate import GateMemory
from dossier.model import STORE_BOOK, BookName, Digest, Handle, HouseholdId, Reason, Role
from dossier.refusals import refused
from dossier.serve.asking import Done, Question
from dossier.serve.messages import LARGEST_INLINE, BookNews, Have, News
from dossier.storage.base import Store
from keys.encoding import to_base64

_MOST_HELD = 256  # contents of 128 KiB at most each


class Telling:
    """Guards that a household's lines are told only to whoever has some right there, with their proofs."""

    def __init__(self, gate: ServedGate, memory: GateMemory, store: Store) -> None:
        self.gate = gate
        self.memory = memory
        self.store = store
        self._sealed: OrderedDict[Digest, bytes] = OrderedDict()  # short contents that were asked for lately

    def told(self, question: Question | DossierError, done: Done) -> Done:
        """Add to what came of a question the news that its client asked for, and the path of its entry."""
        if isinstance(question, DossierError) or question.card is None:
            return done
        barred = self.gate.register.member(question.handle).barred
        if barred is not None:
            return done if done.error is not None else done._replace(error=refused(barred))
        if question.have is not None:
            news = self._news(question.have, question.handle)
            done = done._replace(news=news.write(), hidden=len(news.books) < len(question.have.books))
        if done.entry is not None:
            path = self.gate.proofs.inclusion(done.entry.index, done.entry.leaf, self.gate.now)
            shown = {"entry": done.entry.line.decode("utf-8"), "path": [to_base64(one) for one in path]}
            done = done._replace(answer={**done.answer, **shown})
        return done

    def _news(self, have: Have, handle: Handle) -> News:
        gate, now = self.gate, self.gate.now
        gate.check_seen(have.seen)
        books = [self._book(name, number, handle) for name, number in have.books.items()]
        return News(
            note=gate.note(),
            frontier=gate.frontier(),
            consistency=gate.proofs.consistency(have.seen, now),
            books=[book for book in books if book is not None],
        )

    def _book(self, name: BookName, number: int, handle: Handle) -> BookNews | None:
        """Tell what was added to a book; None of one that this member has no right in, as of none at all."""
        gate, book = self.gate, self.gate.store_book
        if name != STORE_BOOK:
            situation = self.gate.looks(HouseholdId(name), handle)
            if situation is None:
                return None
            book = situation.opened.book
        added = book.entries[number:]
        paths = [gate.proofs.inclusion(entry.index, entry.leaf, gate.now) for entry in added]
        return BookNews(name, book.head, [entry.line for entry in added], paths, self._unfounded(name))

    def check_active(self, question: Question, *roles: Role) -> None:
        """See that whoever asks is active, and has one of these roles where some are named.

        Raises:
            RefusedError: "not-your-role".
        """
        member = self.gate.register.member(question.handle)
        if member.barred is not None or (roles and not member.roles & set(roles)):
            raise RefusedError(str(Reason.NOT_YOUR_ROLE))

    def short_content(self, digest: Digest) -> bytes:
        """Give a short sealed content. Raises as `Store.get`."""
        sealed = self._sealed.get(digest)
        if sealed is None:
            with self.store.get(digest) as source:
                sealed = self._sealed[digest] = source.read(2 * LARGEST_INLINE)
            if len(self._sealed) > _MOST_HELD:
                self._sealed.popitem(last=False)
        return sealed

    def _unfounded(self, name: BookName) -> list[int]:
        """Give the numbers of a book's statements that say of the log what is not so, as this gate found."""
        if name == STORE_BOOK:
            return sorted(self.memory.lacking)
        known = self.memory.known(HouseholdId(name))
        return [] if known is None else list(known.unfounded)

    def situation(self, name: BookName, handle: Handle) -> Situation | None:
        """See a book for a member; None where there is no right."""
        if name == STORE_BOOK:
            return self.gate.situation(None)
        return self.gate.looks(HouseholdId(name), handle)
