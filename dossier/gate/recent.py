"""Recent: what a served gate holds of the last 20 minutes of the log, so that nothing is entered twice."""

from collections import OrderedDict

from dossier.entry import Entry, Signed
from dossier.errors import UsageError
from dossier.log.past import Asked
from dossier.log.reading import pages_from
from dossier.log.tree import Tree
from dossier.log.verified import Verified
from dossier.model import LOOK_BACK
from dossier.register.register import Register
from dossier.storage.base import Store


class Recent:
    """The nonces of the last 20 minutes with the entry of each, and the entries that ask to write.

    Further back no nonce can be: times rise, and lie within 10 minutes of their requests'.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.forget()

    def forget(self) -> None:
        """Hold nothing: of what was half taken in, nothing may stay."""
        self._known: Verified | None = None
        self._asked = Asked(self._store, Verified())
        self._nonces: OrderedDict[bytes, tuple[int, float]] = OrderedDict()  # place and time of its entry

    def catch_up(self, known: Verified) -> None:
        """Read back 20 minutes of the log, the first time."""
        if self._known is known:
            return
        self._known, self._asked = known, Asked(self._store, known)
        self._nonces.clear()
        since = None if known.at is None else known.at - LOOK_BACK
        found = [entry for page in pages_from(self._store, known, since) for entry in reversed(page)]
        for entry in reversed(found):
            self.add(entry)

    def take(self, entry: Entry, register: Register) -> None:  # noqa: ARG002 (of every follower's `each`)
        """Take in an entry that another gate appended."""
        if self._known is not None:
            self.add(entry)

    def add(self, entry: Entry) -> None:
        """Take in an entry, and let go of those of more than 20 minutes before it."""
        at = entry.at.timestamp()
        self._nonces[entry.signed.nonce] = (entry.index, at)
        oldest = at - LOOK_BACK.total_seconds()
        while next(iter(self._nonces.values()))[1] < oldest:
            self._nonces.popitem(last=False)
        self._asked.add(entry)

    def find(self, signed: Signed) -> Entry | None:
        """Give the entry that this very request has already, None when it has none.

        Raises:
            UsageError: "replayed" when another request had its nonce.
        """
        place = self._nonces.get(signed.nonce)
        if place is None or self._known is None:
            return None
        entry = Tree(self._store, self._known.size, self._known.root).entry(place[0])
        if entry.signed != signed:
            raise UsageError("replayed")
        return entry

    def founds(self, signed: Signed) -> bool:
        """Tell whether the log has the entry that a version names as having asked for it (`Asked.founds`)."""
        return self._asked.founds(signed)
