"""A repair removes what nothing names, and never anything else."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from types import MappingProxyType

import pytest
from crashing import CrashError, dying
from desks import Office, new_office
from wording import person

from dossier.actions import approvals, members
from dossier.actions.check import check
from dossier.actions.copying import copy
from dossier.actions.repair import HOUR, Repaired, repair
from dossier.errors import IntegrityError
from dossier.model import STORE_BOOK, BookName, Digest, Role, Seen
from dossier.storage.files import FileStore
from dossier.storage.volatile import VolatileStore

NOBODYS = Digest(sha256(b"x").hexdigest())


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return new_office(tmp_path)


def spoil(office: Office, book: BookName) -> None:
    """Put an object that nothing names into a book's file."""
    copies, objects = office.store._books.get(book, ((), MappingProxyType({})))
    office.store._books[book] = (copies, MappingProxyType({**objects, NOBODYS: b"x"}))


def left_by_a_crash(office: Office) -> None:
    """Let jan's next write crash before its statement is in the log: content, object and copy are there."""

    class CrashedError(Exception):
        pass

    append, calls = office.store.append, [0]

    def crash(number: int, offset: int, record: bytes) -> None:
        calls[0] += 1
        if calls[0] == 2:
            raise CrashedError
        append(number, offset, record)

    office.store.append = crash  # type: ignore[method-assign]
    with pytest.raises(CrashedError):
        office.write("drie")
    del office.store.append


def age(office: Office) -> None:
    """Let two hours pass for whoever put a content."""
    office.store._put_at = dict.fromkeys(office.store._put_at, time.monotonic() - 2 * HOUR)


def state(store: VolatileStore) -> tuple[object, ...]:
    """Give all that a store has."""
    books = {book: (copies, dict(objects)) for book, (copies, objects) in store._books.items()}
    return books, dict(store._contents), dict(store._pages), dict(store._tiles)


def kinds(names: tuple[str, ...]) -> list[str]:
    return [name.split()[-2] for name in names]


def mend(office: Office, *, deep: bool = False) -> Repaired:
    return repair(office.store, office.root, deep=deep)


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_what_a_crash_left_goes_and_nothing_else(office: Office) -> None:
    office.team.revoke(office.home, office.give())
    left_by_a_crash(office)
    age(office)
    with office.store.exclusive():
        office.store.append(0, len(office.store.page(0)), b"torn")
    before = check(office.store, office.root).leftovers
    assert sorted(kinds(before)) == ["content", "entry", "object", "torn"]
    healthy = VolatileStore(office.store.store_id)
    copy(office.store, healthy)
    done = mend(office)
    assert sorted(done.repaired) == sorted(before)
    assert done.report.leftovers == ()
    assert done.report.ok
    after = check(office.store, office.root, deep=True)
    assert (after.findings, after.leftovers) == ((), ())
    # What is there now is what a copy of it has, but for the leftovers that the copy took along.
    assert set(office.store.contents()) == set(healthy.contents())
    assert office.store.copies(BookName(office.home)) == healthy.copies(BookName(office.home))[:-1]
    assert office.store.page(0) == healthy.page(0)
    assert office.read() == "twee"


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_a_second_repair_changes_nothing(office: Office) -> None:
    left_by_a_crash(office)
    age(office)
    mend(office)
    before = state(office.store)
    assert mend(office).repaired == ()
    assert state(office.store) == before


@pytest.mark.files_only("reads or alters what a store in memory keeps")
@pytest.mark.parametrize("deep", [True, False])
def test_a_healthy_store_stays_as_it_is(office: Office, deep: bool) -> None:  # noqa: FBT001
    office.give()
    office.fill(300)
    age(office)
    before = state(office.store)
    done = mend(office, deep=deep)
    assert (done.repaired, done.report) == ((), check(office.store, office.root))
    assert state(office.store) == before


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_what_waits_for_approval_keeps_its_objects(office: Office) -> None:
    office.team.clock.wait(days=30, minutes=60)  # from here on tess can be the second person
    desk, card = office.desk("anna"), person("otto").card
    stated, _ = members.admit(desk, card.write(), [Role.COORDINATOR], card.fingerprint)
    assert stated.waits
    spoil(office, STORE_BOOK)
    assert mend(office).repaired == (f"{STORE_BOOK}: object {NOBODYS}",)
    approvals.give(office.desk("tess"), stated.entry.index)
    assert check(office.store, office.root).ok


@pytest.mark.files_only("reads or alters what a store in memory keeps")
@pytest.mark.parametrize("book", [STORE_BOOK, "home", BookName("H-AAAAAAAA")])
def test_an_object_that_nothing_names_goes(office: Office, book: BookName) -> None:
    name = BookName(office.home) if book == "home" else book
    before = dict(office.store.objects(name))
    spoil(office, name)
    assert mend(office).repaired == (f"{name}: object {NOBODYS}",)
    assert dict(office.store.objects(name)) == before


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_a_content_that_was_put_just_now_stays(office: Office) -> None:
    digest, _ = office.store.put(BytesIO(b"its statement is under way"))
    done = mend(office)
    assert (done.repaired, done.report.leftovers) == ((), (f"content {digest}",))
    age(office)
    assert mend(office).repaired == (f"content {digest}",)


def meanwhile(office: Office, act: Callable[[], object]) -> None:
    """Let something be done between the two looks of a repair."""

    class Slow(VolatileStore):
        def leftovers(self) -> Iterator[str]:
            office.store.__class__ = VolatileStore
            act()
            yield "staging/something"

    office.store.__class__ = Slow


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_a_content_that_was_named_meanwhile_stays(office: Office) -> None:
    store = office.store
    pages, books = dict(store._pages), dict(store._books)
    office.write("drie")
    age(office)
    after = dict(store._pages), dict(store._books)
    store._pages, store._books = pages, books  # the content is there, its statement yet to come

    def state_it() -> None:
        store._pages, store._books = after

    meanwhile(office, state_it)
    assert mend(office).repaired == ()
    assert check(store, office.root, deep=True).ok
    assert office.read() == "drie"


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_what_somebody_left_meanwhile_waits_for_the_next_repair(office: Office) -> None:
    meanwhile(office, lambda: left_by_a_crash(office))
    assert mend(office).repaired == ()
    assert sorted(kinds(mend(office).repaired)) == ["entry", "object"]


def test_what_a_journal_says_was_begun_is_finished_first(office: Office) -> None:
    def finish() -> list[str]:
        office.write("drie")
        return ["finished: one household"]

    done = repair(office.store, office.root, finish=finish)
    assert done.repaired == ("finished: one household",)
    assert done.report == check(office.store, office.root)


# Where something is wrong.


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_what_is_altered_stays_a_finding(office: Office) -> None:
    first, second = office.store.contents()
    office.store._contents[first] = b"garbled"
    spoil(office, STORE_BOOK)
    spoil(office, BookName(office.home))
    before = dict(office.store._contents)
    done = mend(office, deep=True)
    assert [finding.code for finding in done.report.findings] == ["content-altered"]
    assert len(done.repaired) == 2
    assert office.store._contents == before
    assert second in before


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_a_book_with_a_finding_is_left_alone(office: Office) -> None:
    home = BookName(office.home)
    copies, objects = office.store._books[home]
    needed = next(iter(objects))
    kept = {digest: data for digest, data in objects.items() if digest != needed}
    office.store._books[home] = (copies, MappingProxyType({**kept, NOBODYS: b"x"}))
    spoil(office, STORE_BOOK)
    before = office.store._books[home]
    done = mend(office)
    assert done.repaired == (f"{STORE_BOOK}: object {NOBODYS}",)
    assert done.report.leftovers == (f"{home}: object {NOBODYS}",)
    assert [finding.code for finding in done.report.findings] == [f"object-missing:{needed}"]
    assert office.store._books[home] == before


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_a_log_that_has_gone_back_takes_nothing_with_it(office: Office) -> None:
    """Were it not for this, a log put back would make orphans of all that came after it."""
    pages = dict(office.store._pages)
    office.desk("anna")
    office.team.suspend("bob")  # in the store's book, where this one alone looks like what a crash left
    office.write("drie")
    office.write("vier")
    office.team.revoke(office.home, office.give())
    age(office)
    office.store._pages = {number: page + b"torn" for number, page in pages.items()}
    before = state(office.store)
    done = mend(office)
    assert "log-behind-copy" in [finding.code for finding in done.report.findings]
    assert done.repaired == ()
    assert state(office.store) == before


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_while_a_book_cannot_be_read_no_content_goes(office: Office) -> None:
    pages = dict(office.store._pages)
    office.write("drie")
    age(office)
    office.store._pages = pages  # the log has gone back, and the book that could tell is spoiled
    home = BookName(office.home)
    copies, objects = office.store._books[home]
    office.store._books[home] = ((*copies[:-1], b"garbled"), objects)
    spoil(office, STORE_BOOK)
    before = dict(office.store._contents)
    assert mend(office).repaired == (f"{STORE_BOOK}: object {NOBODYS}",)
    assert office.store._contents == before


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_a_log_that_does_not_verify_is_left_alone(office: Office) -> None:
    spoil(office, STORE_BOOK)
    office.store._pages[0] = office.store._pages[0].replace(b'"index":3', b'"index":4', 1)
    before = state(office.store)
    with pytest.raises(IntegrityError):
        mend(office)
    with pytest.raises(IntegrityError):
        repair(office.store, office.root, must_pass=Seen(1000, bytes(32)))
    assert state(office.store) == before


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_a_store_behind_what_a_client_saw_is_left_alone(office: Office) -> None:
    spoil(office, STORE_BOOK)
    before = state(office.store)
    with pytest.raises(IntegrityError, match="log-short"):
        repair(office.store, office.root, must_pass=Seen(1000, bytes(32)))
    assert state(office.store) == before


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_wrong_tiles_are_written_again(office: Office) -> None:
    office.fill(600)
    good = dict(office.store._tiles)
    office.store._tiles = dict.fromkeys(good, bytes(256 * 32))
    done = mend(office)
    assert office.store._tiles == good
    assert done.report.ok
    assert done.repaired == ("tile 0/0 from entry 0", "tile 0/1 from entry 256")


# In files.


def in_files(office: Office, folder: Path) -> FileStore:
    files = FileStore.create(folder, office.store.store_id)
    with files.exclusive():
        for number, page in office.store._pages.items():
            files.append(number, 0, page)
        for book, (copies, objects) in office.store._books.items():
            files.lay(book, copies, objects)
        for sealed in office.store._contents.values():
            files.put(BytesIO(sealed))
    for path in (folder / "contents").glob("*/*"):
        os.utime(path, (time.time() - 2 * HOUR,) * 2)
    return files


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_files_that_were_never_finished_go_when_they_are_old(office: Office, tmp_path: Path) -> None:
    files = in_files(office, tmp_path / "files")
    old, young = (tmp_path / "files" / "staging" / (name * 16) for name in ("0a", "1b"))
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 2 * HOUR,) * 2)
    names = tuple(f"file staging/{path.name}" for path in (old, young))
    assert check(files, office.root).leftovers == names
    done = repair(files, office.root)
    assert (done.repaired, done.report.leftovers) == (names[:1], names[1:])
    assert young.exists()


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_a_repair_that_dies_anywhere_has_done_a_part_of_it(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "fsync", os.fstat)
    monkeypatch.setattr(os, "fdatasync", os.fstat)
    left_by_a_crash(office)
    spoil(office, STORE_BOOK)
    folder, before, tried = tmp_path / "files", tmp_path / "before", 0
    files = in_files(office, folder)
    with (folder / "log" / "000000.log").open("ab") as page:
        page.write(b"torn")
    leftovers = check(files, office.root).leftovers
    assert len(leftovers) > 3
    folder.rename(before)
    while True:
        tried += 1
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(before, folder)
        try:
            with dying(tried):
                repair(FileStore(folder), office.root)
            break
        except CrashError:
            report = check(FileStore(folder), office.root, deep=True)
            assert report.ok
            own = {name for name in report.leftovers if not name.startswith("file ")}
            assert own <= set(leftovers)
            repair(FileStore(folder), office.root)
            after = check(FileStore(folder), office.root).leftovers
            assert [name for name in after if not name.startswith("file ")] == []
    with capsys.disabled():
        print(f"\nrepair: {tried} points of failure tried")  # noqa: T201 (asked for)
    assert tried > 20
