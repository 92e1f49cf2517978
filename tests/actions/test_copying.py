"""One store is copied into another, as it was at one moment, whatever others do meanwhile."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from desks import Office, new_office

from dossier.actions.check import check
from dossier.actions.comparing import compare_logs, moved_since
from dossier.actions.copying import Copied, copy
from dossier.errors import ConflictError, IntegrityError, UnreachableError
from dossier.model import STORE_BOOK, BookName, Digest
from dossier.storage.base import Objects, Store
from dossier.storage.files import FileStore
from dossier.storage.volatile import VolatileStore

BESIDE_THE_LOCK = ("copies", "objects", "get", "page")  # how a copy reads


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return new_office(tmp_path)


@pytest.fixture
def target(office: Office) -> VolatileStore:
    return VolatileStore(office.store.store_id)


def check_same(office: Office, target: Store) -> None:
    """See that a copy is healthy, and is the store as it is now."""
    report = check(target, office.root, deep=True)
    assert (report.findings, report.leftovers) == ((), ())
    logs = compare_logs(target, office.store)
    assert logs.common == logs.size == logs.other == report.entries
    for book in office.store.books():
        assert target.copies(book) == office.store.copies(book)
        assert dict(target.objects(book)) == dict(office.store.objects(book))
    assert set(target.contents()) == set(office.store.contents())


def forbid(store: VolatileStore, *verbs: str) -> None:
    """Let a store fail when it is asked to do this."""

    def fail(*_: object, **__: object) -> object:
        raise AssertionError(verbs)

    for verb in verbs:
        setattr(store, verb, fail)


def meanwhile(store: VolatileStore, turn: int, act: Callable[[], object]) -> Callable[[], bool]:
    """Let something be done before the n-th look into a store by who does not hold its lock.

    Gives a function that tells whether it came to that.
    """
    turns, done = [turn], [False]

    def before(verb: Callable[..., Any]) -> Callable[..., Any]:
        def look(*arguments: Any) -> Any:
            if store._holder is None and not done[0]:
                turns[0] -= 1
                if not turns[0]:
                    done[0] = True
                    act()
            return verb(*arguments)

        return look

    for name in BESIDE_THE_LOCK:
        setattr(store, name, before(getattr(store, name)))
    return lambda: done[0]


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_a_copy_is_the_store_as_it_is(office: Office, target: VolatileStore) -> None:
    office.team.revoke(office.home, office.give())
    copied = copy(office.store, target)
    check_same(office, target)
    sizes = [len(sealed) for sealed in office.store._contents.values()]
    assert copied == Copied(check(target, office.root).entries, len(sizes), sum(sizes))


def test_a_copy_can_be_kept_in_files_and_comes_back_from_them(
    office: Office, target: VolatileStore, tmp_path: Path
) -> None:
    office.fill(300)
    files = FileStore.create(tmp_path / "files", office.store.store_id)
    copy(office.store, files)
    check_same(office, files)
    assert files.tile(0, 0) == office.store.tile(0, 0)
    copy(files, target, still=True)
    check_same(office, target)


def test_what_is_there_and_right_is_not_copied_again(office: Office, target: VolatileStore) -> None:
    office.fill(600)
    copy(office.store, target)
    forbid(target, "put", "lay", "append", "keep_tile", "remove")
    copy(office.store, target)
    check_same(office, target)


@pytest.mark.parametrize("entries", [0, 256, 300])
def test_a_copy_is_brought_up_to_date(office: Office, target: VolatileStore, entries: int) -> None:
    office.fill(entries)
    copy(office.store, target)
    office.write("drie")
    office.give()
    office.fill(entries + 300)
    copy(office.store, target)
    check_same(office, target)


def test_a_copy_that_was_cut_off_is_gone_on_with(office: Office) -> None:
    class CutOffError(Exception):
        pass

    office.team.revoke(office.home, office.give())
    office.fill(300)
    names = ("put", "lay", "append", "keep_tile")
    for last in range(100):
        target, left = VolatileStore(office.store.store_id), [last]

        def dying(verb: Callable[..., Any], left: list[int] = left) -> Callable[..., Any]:
            def act(*arguments: Any) -> Any:
                left[0] -= 1
                if left[0] < 0:
                    raise CutOffError
                return verb(*arguments)

            return act

        for name in names:
            setattr(target, name, dying(getattr(target, name)))
        try:
            copy(office.store, target)
            break
        except CutOffError:
            for name in names:
                delattr(target, name)
            copy(office.store, target)
            check_same(office, target)
    assert last > 5


def test_the_last_page_of_a_copy_is_on_disk(office: Office) -> None:
    settled: list[int] = []

    class Noting(VolatileStore):
        def settle(self, number: int) -> None:
            settled.append(number)

    for size, page in ((250, 0), (256, 0), (257, 1)):
        office.fill(size)
        copy(office.store, Noting(office.store.store_id))
        assert settled.pop() == page


ACTS: list[Callable[[Office], object]] = [
    lambda office: office.write("drie"),
    lambda office: office.give(),
    lambda office: office.team.revoke(office.home, office.give()),
    lambda office: (office.desk("jan"), office.team.open("jan"))[1],
    lambda office: office.fill(520),
]


@pytest.mark.files_only("reads or alters what a store in memory keeps")
@pytest.mark.parametrize("act", ACTS, ids=["write", "give", "revoke", "open", "fill"])
def test_what_is_done_while_a_store_is_copied_is_in_the_copy_whole(
    tmp_path: Path, act: Callable[[Office], object]
) -> None:
    for turn in range(1, 100):
        office = new_office(tmp_path / str(turn))
        target = VolatileStore(office.store.store_id)
        came = meanwhile(office.store, turn, partial(act, office))
        copy(office.store, target)
        if not came():
            break
        check_same(office, target)
    assert turn > 6


class Halting(VolatileStore):
    """When a copy first reads a page or book, a writer goes on to its n-th step, and waits there for it."""

    def start(self, act: Callable[[], object], step: int, verb: str) -> None:
        self.step, self.verb = step, verb
        self.writer = threading.Thread(target=act)
        self.reached, self.go_on = threading.Event(), threading.Event()

    def copies(self, book: BookName) -> list[bytes]:
        self._halt("copies")
        return super().copies(book)

    def page(self, number: int, start: int = 0) -> bytes:
        self._halt("page")
        return super().page(number, start)

    def _halt(self, verb: str) -> None:
        if self.writer.ident is None and verb == self.verb:
            self.writer.start()
            while self.writer.is_alive() and not self.reached.wait(0.01):
                pass

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        if threading.current_thread() is not self.writer:
            self.go_on.set()  # whoever has the lock lets go of it in the end
        with super().exclusive():
            yield

    def _check_held(self) -> None:
        """Be called at every step of a writer, before it is taken."""
        super()._check_held()
        if threading.current_thread() is self.writer:
            self.step -= 1
            if not self.step:
                self.reached.set()
                assert self.go_on.wait(10)


@pytest.mark.files_only("reads or alters what a store in memory keeps")
@pytest.mark.parametrize("verb", ["page", "copies"])
@pytest.mark.parametrize("act", ACTS[:3], ids=["write", "give", "revoke"])
def test_what_is_read_while_its_writer_is_half_way_is_in_the_copy_whole(
    tmp_path: Path, act: Callable[[Office], object], verb: str
) -> None:
    for step in range(1, 30):
        office = new_office(tmp_path / str(step))
        target, store = VolatileStore(office.store.store_id), office.store
        store.__class__ = Halting
        assert isinstance(store, Halting)
        store.start(partial(act, office), step, verb)
        copy(store, target)
        report = check(target, office.root, deep=True)
        assert (report.findings, report.leftovers) == ((), ())
        store.writer.join()
        copy(store, target)
        check_same(office, target)
        if not store.reached.is_set():
            break
    assert step > 2


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_what_stands_still_is_not_copied_under_the_lock(office: Office) -> None:
    held: list[int | None] = []

    class Noting(VolatileStore):
        def put(self, sealed: BinaryIO) -> tuple[Digest, int]:
            held.append(office.store._holder)
            return super().put(sealed)

        def lay(self, book: BookName, copies: Iterable[bytes], objects: Objects) -> None:
            held.append(office.store._holder)
            super().lay(book, copies, objects)

    copy(office.store, Noting(office.store.store_id))
    assert held == [None] * 4


def test_a_store_that_nobody_writes_to_is_copied_without_its_lock(
    office: Office, target: VolatileStore
) -> None:
    forbid(office.store, "exclusive")
    copy(office.store, target, still=True)
    check_same(office, target)


def test_what_was_restored_is_copied_as_restored(office: Office, target: VolatileStore) -> None:
    for value in (True, False):
        office.store.mark_restored(value)
        copy(office.store, target)
        assert target.restored is value


# What is not as it should be.


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_a_copy_that_went_another_way_is_left_alone(office: Office, target: VolatileStore) -> None:
    copy(office.store, target)
    before = dict(office.store._pages)
    office.write("drie")
    copy(office.store, target)
    copied = dict(target._pages)
    office.store._pages = before  # put back in time, and gone on with
    with pytest.raises(ConflictError, match="copy-differs"):
        copy(office.store, target)
    assert target._pages == copied


def test_a_copy_that_has_a_page_too_many_is_left_alone(office: Office, target: VolatileStore) -> None:
    office.fill(256)
    copy(office.store, target)
    target._pages[1] = target._pages[0].split(b"\n", 6)[6]
    with pytest.raises(ConflictError, match="copy-differs"):
        copy(office.store, target)


def test_what_a_cut_off_append_left_in_a_copy_goes(office: Office, target: VolatileStore) -> None:
    copy(office.store, target)
    target._pages[0] += b"torn"
    copy(office.store, target)
    check_same(office, target)


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_a_page_that_is_not_full_before_the_next_is_refused(office: Office, target: VolatileStore) -> None:
    office.fill(300)
    office.store._pages[0] = office.store._pages[0][:-200]
    with pytest.raises(IntegrityError, match="log-altered"):
        copy(office.store, target)
    office.store._pages[0] += b"x\n" * 600
    with pytest.raises(IntegrityError, match="log-altered"):
        copy(office.store, VolatileStore(office.store.store_id))


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_an_altered_content_is_not_copied(office: Office, target: VolatileStore) -> None:
    first, second = office.store.contents()
    office.store._contents[first] += b"x"
    office.store._contents[second] = office.store._contents[first]
    copied = copy(office.store, target)
    assert list(target.contents()) == []
    assert copied[1:] == (0, 0)


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_contents_in_each_others_place_are_not_copied(office: Office, target: VolatileStore) -> None:
    first, second = office.store.contents()
    found = office.store._contents
    found[first], found[second] = found[second], found[first]
    copy(office.store, target)
    assert {code.partition(":")[0] for _, code, _ in check(target, office.root, deep=True).findings} <= {
        "content-missing"
    }
    assert all(digest in (first, second) for digest in target.contents())


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_what_is_damaged_in_the_store_stays_good_in_its_copy(office: Office, target: VolatileStore) -> None:
    copy(office.store, target)
    good = {book: (target.copies(book), target.objects(book)) for book in target.books()}
    for digest in office.store.contents():
        office.store._contents[digest] = b"garbled"

    def altered(book: BookName) -> list[bytes]:
        raise IntegrityError("book-altered", book=book)

    office.store.copies = altered  # type: ignore[method-assign]
    copied = copy(office.store, target)
    assert copied.contents == 2
    assert check(target, office.root, deep=True).findings == ()
    assert good == {book: (target.copies(book), target.objects(book)) for book in target.books()}


@pytest.mark.parametrize(("verb", "code"), [("get", "content-missing"), ("copies", "book-behind")])
@pytest.mark.parametrize("number", ["EIO", "ESTALE"])
def test_what_a_bad_disk_does_not_give_is_all_that_a_copy_lacks(
    office: Office, target: VolatileStore, number: str, verb: str, code: str
) -> None:
    class Bad(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:  # noqa: ARG002
            raise UnreachableError(errno=number)

    copy(office.store, target)
    office.write("drie")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(office.store, verb, lambda _: Bad().read() if verb == "copies" else Bad())
        if number == "EIO":
            copy(office.store, target)
            assert code in [finding.code for finding in check(target, office.root, deep=True).findings]
        else:  # the place itself is gone
            with pytest.raises(UnreachableError):
                copy(office.store, target)
    copy(office.store, target)
    check_same(office, target)


def test_a_disk_that_fails_under_the_copy_is_not_taken_for_a_bad_source(office: Office) -> None:
    class Bad(VolatileStore):
        def put(self, sealed: BinaryIO) -> tuple[Digest, int]:
            raise UnreachableError(errno="EIO", size=len(sealed.read()))

    with pytest.raises(UnreachableError):
        copy(office.store, Bad(office.store.store_id))


def test_what_is_damaged_in_a_copy_is_mended(office: Office, target: VolatileStore) -> None:
    copy(office.store, target)
    first, _ = target.contents()
    target._contents[first] = b"garbled"
    copies, objects = target._books[STORE_BOOK]
    target._books[STORE_BOOK] = (copies[:-1], objects)
    copy(office.store, target)
    check_same(office, target)


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_contents_that_nothing_names_are_not_copied(office: Office, target: VolatileStore) -> None:
    office.store._contents[Digest("0" * 64)] = b"of a crash"
    copy(office.store, target)
    assert Digest("0" * 64) not in set(target.contents())


# Comparing.


@pytest.mark.files_only("reads or alters what a store in memory keeps")
@pytest.mark.parametrize("more", [0, 3, 256])
def test_two_logs_are_the_same_up_to_where_they_part(
    office: Office, target: VolatileStore, more: int
) -> None:
    office.fill(250)
    copy(office.store, target)
    pages = dict(office.store._pages)
    office.fill(250 + more)
    logs = compare_logs(target, office.store)
    assert logs == (250, 250 + more, 250)
    mine = VolatileStore(office.store.store_id)
    copy(office.store, mine)
    office.store._pages = pages
    assert compare_logs(office.store, mine) == (250, 250 + more, 250)
    assert compare_logs(VolatileStore(office.store.store_id), mine) == (0, 250 + more, 0)


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_logs_that_part_have_only_their_beginning_in_common(office: Office, target: VolatileStore) -> None:
    size = check(office.store, office.root).entries
    copy(office.store, target)
    office.fill(size + 5)
    lines = office.store._pages[0].split(b"\n")
    lines[6 * (size + 1)] = lines[6 * (size + 1)].replace(b'"at"', b'"AT"', 1)
    target._pages[0] = b"\n".join(lines)
    assert compare_logs(target, office.store) == (size + 5, size + 5, size + 1)


def test_the_books_that_moved_since_are_named(office: Office) -> None:
    size = check(office.store, office.root).entries
    assert moved_since(office.store, size) == set()
    office.fill(size + 300)
    assert moved_since(office.store, size) == set()
    office.write("drie")
    assert moved_since(office.store, size) == {BookName(office.home)}
    office.desk("anna")
    office.team.suspend("sara")
    assert moved_since(office.store, size) == {BookName(office.home), STORE_BOOK}
    assert moved_since(office.store, 10_000) == set()
