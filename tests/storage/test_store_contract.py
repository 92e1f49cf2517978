"""What every store must do, asked of each."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import postgres
import pytest

from dossier.errors import IntegrityError, UnreachableError, UsageError
from dossier.model import STORE_BOOK, BookName, Digest, StoreId
from dossier.storage.base import Store
from dossier.storage.files import FileStore
from dossier.storage.postgres import PostgresStore
from dossier.storage.volatile import VolatileStore

STORE = StoreId("0123456789abcdef" * 2)
HOUSEHOLD = BookName("H-7KQ2M9XD")
OTHER = BookName("H-7KQ2M9XE")
BOX, WRAP = b"box" * 400, b"wrap" * 20
NOT_BOOKS = [
    "",
    "..",
    "H-../../x",
    "h-7kq2m9xd",
    "H-7KQ2M9XI",
    "H-7KQ2M9XDD",
    "store.json",
    "H-7KQ2M9X\u017f",
]
NOT_DIGESTS = ["", "../" * 8, "ab", "A" * 64, "0" * 63, "0" * 65, "\u0660" * 64]


def digest(data: bytes) -> Digest:
    return Digest(hashlib.sha256(data).hexdigest())


def named(*data: bytes) -> dict[Digest, bytes]:
    return {digest(one): one for one in data}


def new_store(kind: str, folder: Path) -> Iterator[Store]:
    match kind:
        case "volatile":
            yield VolatileStore(STORE)
        case "files":
            yield FileStore.create(folder / "store", STORE)
        case "postgres":
            place = postgres.fresh()
            yield PostgresStore.create(place, STORE)
            postgres.drop(place)


@pytest.fixture(params=["volatile", "files", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    yield from new_store(request.param, tmp_path)


@pytest.fixture(params=["volatile", "files"])
def tearing(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Give a store in which a crash can leave half a record."""
    yield from new_store(request.param, tmp_path)


@pytest.fixture(params=["postgres"])
def whole(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Give a store in which a record is there whole or not at all."""
    yield from new_store(request.param, tmp_path)


def keep(store: Store, book: BookName, entry: bytes, *objects: bytes) -> None:
    with store.exclusive():
        store.keep(book, entry, named(*objects))


def test_a_store_has_its_id(store: Store) -> None:
    assert store.store_id == STORE


def test_a_new_store_is_empty(store: Store) -> None:
    assert list(store.books()) == []
    assert list(store.contents()) == []
    assert store.copies(STORE_BOOK) == []
    assert dict(store.objects(HOUSEHOLD)) == {}
    assert store.page(0) == b""
    assert store.tile(0, 0) is None


def test_a_page_is_settled_only_by_who_holds_the_lock(store: Store) -> None:
    with pytest.raises(RuntimeError):
        store.settle(0)
    with store.exclusive():
        store.settle(0)
        store.append(0, 0, b"record")
        store.settle(0)
    assert store.page(0) == b"record"


def test_copies_come_back_in_the_order_kept(store: Store) -> None:
    lines = [f"entry {number}".encode() for number in (3, 1, 2, 10, 9, 11, 0, 4, 5, 6, 7, 8)]
    for line in lines:
        keep(store, HOUSEHOLD, line)
    assert store.copies(HOUSEHOLD) == lines
    assert store.copies(OTHER) == []


@pytest.mark.parametrize(
    "line", ['{"é":"\\"\\\\\u2028"}\n', " ", "", "\x00\x1f\x7f", "\U0001f511", "</script>"]
)
def test_a_copy_comes_back_byte_by_byte(store: Store, line: str) -> None:
    keep(store, HOUSEHOLD, line.encode())
    assert store.copies(HOUSEHOLD) == [line.encode()]


def test_objects_come_with_their_entry(store: Store) -> None:
    keep(store, HOUSEHOLD, b"one", BOX)
    keep(store, HOUSEHOLD, b"two", WRAP, b"")
    assert dict(store.objects(HOUSEHOLD)) == named(BOX, WRAP, b"")
    assert dict(store.objects(OTHER)) == {}


def test_leftovers_and_orphans_go_with_the_next_entry(store: Store) -> None:
    keep(store, HOUSEHOLD, b"one", BOX)
    keep(store, HOUSEHOLD, b"crashed", WRAP)
    with store.exclusive():
        store.keep(HOUSEHOLD, b"two", named(b"new"), leftovers=[b"crashed"], orphans=[digest(WRAP)])
    assert store.copies(HOUSEHOLD) == [b"one", b"two"]
    assert dict(store.objects(HOUSEHOLD)) == named(BOX, b"new")


def test_an_orphan_that_is_given_again_stays(store: Store) -> None:
    keep(store, HOUSEHOLD, b"crashed", BOX)
    with store.exclusive():
        store.keep(HOUSEHOLD, b"crashed", named(BOX), leftovers=[b"crashed"], orphans=[digest(BOX)])
    assert store.copies(HOUSEHOLD) == [b"crashed"]
    assert dict(store.objects(HOUSEHOLD)) == named(BOX)


def test_an_object_kept_twice_is_there_once(store: Store) -> None:
    keep(store, HOUSEHOLD, b"one", BOX, WRAP)
    keep(store, HOUSEHOLD, b"two", BOX)
    assert dict(store.objects(HOUSEHOLD)) == named(BOX, WRAP)


def test_dropping_leaves_the_entries(store: Store) -> None:
    keep(store, HOUSEHOLD, b"one", BOX, WRAP)
    with store.exclusive():
        store.drop(HOUSEHOLD, [digest(BOX), digest(b"never there")])
    assert store.copies(HOUSEHOLD) == [b"one"]
    assert dict(store.objects(HOUSEHOLD)) == named(WRAP)


def test_dropping_from_no_book_makes_none(store: Store) -> None:
    with store.exclusive():
        store.drop(HOUSEHOLD, [digest(BOX)])
    assert list(store.books()) == []


def test_a_book_that_is_laid_takes_the_place_of_all_that_was_there(store: Store) -> None:
    keep(store, HOUSEHOLD, b"one", BOX)
    with store.exclusive():
        store.lay(HOUSEHOLD, [b"two", b"three"], named(WRAP))
        store.lay(OTHER, iter([b"four"]), {})
    assert store.copies(HOUSEHOLD) == [b"two", b"three"]
    assert dict(store.objects(HOUSEHOLD)) == named(WRAP)
    assert (store.copies(OTHER), dict(store.objects(OTHER))) == ([b"four"], {})
    keep(store, HOUSEHOLD, b"five", BOX)
    assert store.copies(HOUSEHOLD) == [b"two", b"three", b"five"]


def test_a_book_that_could_not_be_read_again_is_not_laid(store: Store) -> None:
    keep(store, HOUSEHOLD, b"one", BOX)
    with store.exclusive(), pytest.raises(IntegrityError, match="object-altered"):
        store.lay(HOUSEHOLD, [b"two"], {digest(BOX): WRAP})
    assert store.copies(HOUSEHOLD) == [b"one"]


def test_every_book_is_named_once(store: Store) -> None:
    for book in (HOUSEHOLD, STORE_BOOK, OTHER, HOUSEHOLD):
        keep(store, book, b"line")
    assert sorted(store.books()) == sorted([HOUSEHOLD, STORE_BOOK, OTHER])


def test_what_a_caller_does_with_a_list_changes_no_store(store: Store) -> None:
    keep(store, HOUSEHOLD, b"one")
    before = store.objects(HOUSEHOLD)
    store.copies(HOUSEHOLD).clear()
    keep(store, HOUSEHOLD, b"two", BOX)
    assert store.copies(HOUSEHOLD) == [b"one", b"two"]
    assert dict(before) == {}


def test_an_object_under_another_digest_is_not_kept(store: Store) -> None:
    with store.exclusive(), pytest.raises(IntegrityError, match="object-altered"):
        store.keep(HOUSEHOLD, b"one", {digest(BOX): WRAP})
    assert store.copies(HOUSEHOLD) == []


@pytest.mark.parametrize("name", NOT_BOOKS)
def test_what_names_no_book_is_refused(store: Store, name: str) -> None:
    book = BookName(name)
    verbs: list[Callable[[], object]] = [
        lambda: store.copies(book),
        lambda: store.objects(book),
        lambda: store.keep(book, b"line", {}),
        lambda: store.drop(book, [digest(BOX)]),
        lambda: store.lay(book, [b"line"], {}),
    ]
    for verb in verbs:
        with store.exclusive(), pytest.raises(UsageError, match="bad-household-id"):
            verb()


@pytest.mark.parametrize("name", NOT_DIGESTS)
def test_what_is_no_digest_is_refused(store: Store, name: str) -> None:
    with pytest.raises(UsageError, match="bad-digest"):
        store.get(Digest(name))
    with store.exclusive(), pytest.raises(UsageError, match="bad-digest"):
        store.remove(Digest(name))


def test_an_object_under_what_is_no_digest_is_refused(store: Store) -> None:
    with store.exclusive(), pytest.raises(UsageError, match="bad-digest"):
        store.keep(HOUSEHOLD, b"one", {Digest("../x"): BOX})


@pytest.mark.parametrize("sealed", [b"", b"sealed", b"\x00" * ((1 << 20) + 1)])
def test_sealed_bytes_come_back(store: Store, sealed: bytes) -> None:
    name, size = store.put(BytesIO(sealed))
    assert (name, size) == (digest(sealed), len(sealed))
    with store.get(name) as content:
        assert content.read() == sealed
    assert list(store.contents()) == [name]


def test_sealed_bytes_can_be_read_in_pieces(store: Store) -> None:
    name, _ = store.put(BytesIO(b"0123456789"))
    with store.get(name) as content:
        assert [content.read(4), content.read(4), content.read(4), content.read(4)] == [
            b"0123",
            b"4567",
            b"89",
            b"",
        ]


def test_the_same_bytes_are_one_content(store: Store) -> None:
    assert store.put(BytesIO(b"sealed")) == store.put(BytesIO(b"sealed"))
    store.put(BytesIO(b"other"))
    assert sorted(store.contents()) == sorted([digest(b"sealed"), digest(b"other")])


def test_a_content_that_is_not_there_is_missed(store: Store) -> None:
    with pytest.raises(IntegrityError, match="content-missing") as caught:
        store.get(digest(b"never put"))
    assert caught.value.data["digest"] == digest(b"never put")


def test_a_content_that_is_removed_is_not_there(store: Store) -> None:
    name, _ = store.put(BytesIO(b"sealed"))
    other, _ = store.put(BytesIO(b"other"))
    with store.exclusive():
        assert store.remove(name)
        assert not store.remove(name)
        assert not store.remove(digest(b"never put"))
    assert list(store.contents()) == [other]
    with pytest.raises(IntegrityError, match="content-missing"):
        store.get(name)


def test_a_content_that_was_put_just_now_stays(store: Store) -> None:
    name, _ = store.put(BytesIO(b"sealed"))
    with store.exclusive():
        assert not store.remove(name, older_than=3600)
        assert list(store.contents()) == [name]
        assert store.remove(name, older_than=0)


def test_a_healthy_store_has_no_leftovers(store: Store) -> None:
    store.put(BytesIO(b"sealed"))
    keep(store, HOUSEHOLD, b"one", BOX)
    assert list(store.leftovers()) == []
    with store.exclusive():
        assert store.sweep(0) == []


def test_a_store_is_restored_until_it_is_reopened(store: Store) -> None:
    assert store.restored is False
    for value in (True, True, False, False):
        store.mark_restored(value)
        assert store.restored is value


def test_a_page_grows_record_by_record(store: Store) -> None:
    with store.exclusive():
        store.append(0, 0, b"first\n")
        store.append(0, 6, b"second\n")
        store.append(1, 0, b"third\n")
    assert store.page(0) == b"first\nsecond\n"
    assert store.page(1) == b"third\n"
    assert store.page(2) == b""


@pytest.mark.parametrize("offset", [0, 6])
def test_a_torn_record_is_cut_off_by_the_next(tearing: Store, offset: int) -> None:
    with tearing.exclusive():
        tearing.append(0, 0, b"first\nsecond, torn and lo")
        tearing.append(0, offset, b"new\n")
    assert tearing.page(0) == b"first\nsecond"[:offset] + b"new\n"


def test_a_torn_record_is_cut_off_by_appending_nothing(tearing: Store) -> None:
    with tearing.exclusive():
        tearing.append(0, 0, b"first\nsecond, torn and lo")
        tearing.append(0, 6, b"")
        assert tearing.page(0) == b"first\n"
        tearing.append(0, 0, b"")
    assert tearing.page(0) == b""
    with tearing.exclusive():
        tearing.append(0, 0, b"first\n")
    assert tearing.page(0) == b"first\n"


@pytest.mark.parametrize("offset", [0, 6])
def test_where_nothing_is_torn_nothing_is_cut_off(whole: Store, offset: int) -> None:
    with whole.exclusive():
        whole.append(0, 0, b"first\n")
        whole.append(0, 6, b"second\n")
    with whole.exclusive():
        for record in (b"new\n", b""):
            with pytest.raises(IntegrityError, match="log-longer") as caught:
                whole.append(0, offset, record)
            assert caught.value.data == {"page": 0}
        whole.append(0, 13, b"")
        whole.append(1, 0, b"third\n")
        with pytest.raises(IntegrityError, match="log-longer"):
            whole.append(0, 13, b"fourth\n")
    assert (whole.page(0), whole.page(1)) == (b"first\nsecond\n", b"third\n")


@pytest.mark.parametrize(("start", "rest"), [(0, b"first\n"), (3, b"st\n"), (6, b"")])
def test_a_page_is_read_from_any_place_in_it(store: Store, start: int, rest: bytes) -> None:
    with store.exclusive():
        store.append(0, 0, b"first\n")
    assert store.page(0, start) == rest


def test_a_page_that_is_too_short_is_named(store: Store) -> None:
    with store.exclusive():
        store.append(0, 0, b"first\n")
        with pytest.raises(IntegrityError, match="log-short") as written:
            store.append(0, 7, b"second\n")
    with pytest.raises(IntegrityError, match="log-short") as read:
        store.page(0, 7)
    assert written.value.data == read.value.data == {"page": 0}
    assert store.page(0) == b"first\n"


def test_a_page_that_should_be_there_is_gone(store: Store) -> None:
    with store.exclusive(), pytest.raises(UnreachableError, match="log-gone") as written:
        store.append(1, 7, b"second\n")
    with pytest.raises(UnreachableError, match="log-gone") as read:
        store.page(1, 7)
    assert written.value.data == read.value.data == {"page": 1}
    assert store.page(1) == b""


def test_a_tile_comes_back(store: Store) -> None:
    tile = bytes(range(256)) * 32
    store.keep_tile(1, 7, tile)
    store.keep_tile(1, 7, tile)
    assert store.tile(1, 7) == tile
    assert store.tile(0, 7) is None
    assert store.tile(1, 8) is None


def test_a_tile_that_is_not_full_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="8191"):
        store.keep_tile(0, 0, bytes(8191))


def test_no_page_or_tile_has_a_number_below_zero(store: Store) -> None:
    verbs: list[Callable[[], object]] = [
        lambda: store.page(-1),
        lambda: store.append(-1, 0, b"x"),
        lambda: store.tile(-1, 0),
        lambda: store.keep_tile(0, -1, bytes(8192)),
    ]
    for verb in verbs:
        with store.exclusive(), pytest.raises(ValueError, match="-1"):
            verb()


def test_books_and_log_are_written_only_under_the_lock(store: Store) -> None:
    verbs: list[Callable[[], object]] = [
        lambda: store.keep(HOUSEHOLD, b"line", {}),
        lambda: store.drop(HOUSEHOLD, []),
        lambda: store.lay(HOUSEHOLD, [b"line"], {}),
        lambda: store.remove(digest(b"sealed")),
        lambda: store.sweep(0),
        lambda: store.append(0, 0, b"x"),
    ]
    for verb in verbs:
        with pytest.raises(RuntimeError, match="only under exclusive"):
            verb()


def test_the_lock_of_one_thread_is_not_that_of_another(store: Store) -> None:
    caught: list[RuntimeError] = []

    def write() -> None:
        try:
            store.append(0, 0, b"x")
        except RuntimeError as e:
            caught.append(e)

    with store.exclusive():
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
    assert len(caught) == 1
    assert store.page(0) == b""


def test_exclusive_is_not_re_entrant(store: Store) -> None:
    with store.exclusive(), pytest.raises(RuntimeError, match="not re-entrant"), store.exclusive():
        pass
    with store.exclusive():
        store.append(0, 0, b"x")


def test_an_error_lets_go_of_the_lock(store: Store) -> None:
    with pytest.raises(KeyError), store.exclusive():
        raise KeyError
    with pytest.raises(RuntimeError, match="only under exclusive"):
        store.append(0, 0, b"x")
    with store.exclusive():
        store.append(0, 0, b"x")


def test_threads_write_one_after_the_other(store: Store) -> None:
    def write() -> None:
        for _ in range(10):
            with store.exclusive():
                store.append(0, len(store.page(0)), b"record\n")
                store.keep(HOUSEHOLD, str(len(store.copies(HOUSEHOLD))).encode(), {})

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.page(0) == b"record\n" * 40
    assert store.copies(HOUSEHOLD) == [str(number).encode() for number in range(40)]
