"""The log as one client reads and writes it: books reach their heads, appends are seen by all."""

from typing import Any

import pytest
from laying import (
    Heads,
    drop_copies,
    lay,
    lay_more,
    look,
    put,
    read,
    records,
    seed_of,
    set_copies,
    team,
    write,
)
from scribe import Scribe
from wording import HOME, PLAN, person

from dossier.errors import IntegrityError, UnreachableError
from dossier.log.logbook import Logbook
from dossier.log.verified import Verified
from dossier.model import STORE_BOOK, BookName, Handle, Role, Seen
from dossier.storage.base import PAGE
from dossier.storage.volatile import VolatileStore

HOUSEHOLD = BookName(HOME)


class Client:
    """A client that catches up with a store, command after command."""

    def __init__(self, s: Scribe, store: VolatileStore | None = None, must_pass: Seen | None = None) -> None:
        self.store = lay(s) if store is None else store
        self.known = Verified()
        self.heads = Heads()
        self._root = s.founder.card.fingerprint
        self._must_pass = must_pass
        self.log = self.command()

    def command(self) -> Logbook:
        """Begin another command, with what is remembered."""
        self.log = Logbook(self.store, self.known, self.heads, self._root, self._must_pass)
        return self.log

    def catch_up(self, limit: int | None = None) -> bool:
        with self.store.exclusive():
            return self.log.catch_up(limit)


def refused(client: Client) -> tuple[str, Any]:
    """Catch up where one may not; give the code and the index."""
    with pytest.raises(IntegrityError) as caught:
        client.catch_up()
    return caught.value.code, caught.value.data.get("index")


def test_the_register_is_that_of_the_stores_book() -> None:
    s = team()
    client = Client(s)
    assert client.catch_up()
    assert list(client.log.register.members) == list(s.register.members)
    assert client.log.known.size == len(s.log)
    assert client.log.store_book.book.head == s.heads[STORE_BOOK]
    assert client.log.store_book.missing == ()


def test_a_later_command_goes_on_from_what_is_known() -> None:
    s = team()
    client = Client(s)
    client.catch_up()
    s.admit("ben", Role.SPECIALIST)
    store = lay(s)
    client.store.__dict__.update(store.__dict__)
    client.command()
    client.catch_up()
    assert Handle("ben") in client.log.register.members
    lay_more(client.store, look(s))
    client.catch_up()
    assert client.log.known.size == len(s.log)


def test_a_long_way_is_gone_in_pieces() -> None:
    s = look(team(), 30)
    client = Client(s)
    last = len(s.log)
    assert not client.catch_up(limit=20)
    assert not client.catch_up(limit=last - 20)
    assert client.catch_up(limit=20)
    assert client.log.known.size == last


def test_in_pieces_too_the_log_comes_by_what_was_seen() -> None:
    s = look(team(), 30)
    client = Client(s, must_pass=Seen(35, bytes(32)))
    assert not client.catch_up(limit=20)
    with pytest.raises(IntegrityError, match="log-altered"):
        client.catch_up(limit=20)
    client = Client(s, must_pass=Seen(len(s.log), s._frontier.root()))
    while not client.catch_up(limit=7):
        pass


def test_a_store_file_that_lacks_what_stands_is_refused() -> None:
    s = team()
    client = Client(s)
    drop_copies(client.store, STORE_BOOK, lambda i: i != 2)
    assert refused(client) == ("book-behind", 2)


def test_a_store_file_that_went_back_is_refused_later_too() -> None:
    s = team()
    client = Client(s)
    client.catch_up()
    drop_copies(client.store, STORE_BOOK, lambda i: i != 2)
    client.command()
    assert refused(client) == ("book-behind", 2)


def test_a_household_file_that_lacks_what_the_log_has_is_filled_from_it_and_refused() -> None:
    s = team()
    write(s)
    client = Client(s)
    drop_copies(client.store, HOUSEHOLD, lambda i: i == 0)
    client.catch_up()
    opened = client.log.open_book(HOUSEHOLD)
    assert [entry.index for entry in opened.missing] == [len(s.log) - 1]
    assert opened.book.head == s.heads[HOUSEHOLD]
    with pytest.raises(IntegrityError, match="book-behind") as caught:
        client.log.check_reaches(opened, client.log.register)
    assert caught.value.data == {"book": HOUSEHOLD, "index": len(s.log) - 1}


def test_a_file_may_lack_what_does_not_stand() -> None:
    s = team()
    s.write("jan", s.admission("ben", Role.SPECIALIST))
    client = Client(s)
    drop_copies(client.store, STORE_BOOK, lambda i: i != 6)
    client.catch_up()
    assert len(client.log.store_book.missing) == 1


def with_copy(s: Scribe, **more: Any) -> Client:
    """Crash after a copy was kept, before its entry was written."""
    client = Client(s)
    left = s.write("anna", s.rekey(PLAN), **more).line
    set_copies(client.store, HOUSEHOLD, [*client.store.copies(HOUSEHOLD), left])
    client.catch_up()
    return client


def test_the_leftover_of_a_crash_is_passed_over() -> None:
    s = team()
    client = with_copy(s)
    assert client.log.open_book(HOUSEHOLD).leftovers == (s.log[-1].line,)


@pytest.mark.parametrize("seen", [Seen(3, bytes(32)), Seen(99, bytes(32))])
def test_a_copy_that_saw_another_log_is_no_leftover(seen: Seen) -> None:
    """The log was cut and grew again to where the copy's entry stood: its `seen` shows it."""
    s = team()
    client = with_copy(s, signed={"seen": seen})
    with pytest.raises(IntegrityError, match="log-behind-copy") as caught:
        client.log.open_book(HOUSEHOLD)
    assert caught.value.data == {"book": HOUSEHOLD, "index": len(s.log) - 1}


def test_a_copy_above_the_log_is_no_leftover() -> None:
    s = team()
    write(s)
    store = lay(s)
    put(store, records(store)[:-3])
    client = Client(s, store)
    client.catch_up()
    with pytest.raises(IntegrityError, match="log-behind-copy"):
        client.log.open_book(HOUSEHOLD)


# Writing.


def test_what_is_appended_is_read_by_others() -> None:
    s = team()
    client = Client(s)
    client.catch_up()
    with client.store.exclusive():
        client.log.append(look(s).log[-1], seed_of(s.store))
    assert client.log.known.root == s._frontier.root() == read(s, client.store).known.root


def test_a_statement_appended_is_in_the_book_at_hand() -> None:
    s = team()
    client = Client(s)
    client.catch_up()
    entry = s.say("anna", s.admission("ben", Role.SPECIALIST))
    with client.store.exclusive():
        client.store.keep(STORE_BOOK, entry.line, {})
        client.log.append(entry, seed_of(s.store))
    client.heads.move(entry, s.heads[STORE_BOOK], founded=True)
    client.log.took(entry)
    assert client.log.store_book.book.entries[-1] is entry
    assert client.catch_up()


def fill(client: Client, s: Scribe, size: int) -> None:
    """Append up to a size."""
    client.catch_up()
    with client.store.exclusive():
        for entry in look(s, size - len(s.log)).log[client.known.size :]:
            client.log.append(entry, seed_of(s.store))


def test_a_tile_is_kept_when_a_page_is_full() -> None:
    s = team()
    client = Client(s)
    fill(client, s, PAGE - 1)
    assert client.store._tiles == {}
    fill(client, s, PAGE)
    assert client.store._tiles == lay(s)._tiles
    fill(client, s, PAGE + 1)
    assert len(client.store._pages) == 2
    assert read(s, client.store).known.root == s._frontier.root()


def test_a_tile_that_cannot_be_kept_costs_time_only() -> None:
    class Full(VolatileStore):
        def keep_tile(self, level: int, number: int, hashes: bytes) -> None:  # noqa: ARG002
            raise UnreachableError("disk-full")

    s = team()
    store = Full(s.store)
    store.__dict__.update(lay(s).__dict__)
    client = Client(s, store)
    fill(client, s, PAGE + 2)
    assert client.known.root == s._frontier.root()


def test_a_torn_append_is_cut_off_by_the_next() -> None:
    s = team()
    client = Client(s)
    client.store._pages[0] += b'{"torn'
    fill(client, s, 9)
    assert client.store._pages[0] == lay(s)._pages[0]


def test_the_pinned_root_is_the_founders() -> None:
    s = team()
    client = Client(s)
    client.log = Logbook(client.store, client.known, client.heads, person("jan").card.fingerprint)
    assert refused(client) == ("entry-forged", 0)
