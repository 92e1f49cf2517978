"""The health of a whole store: what is missing, altered, too many, or due."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from desks import Office, new_office

from dossier.actions import logs, policies
from dossier.actions.check import check
from dossier.data import default_policy_text
from dossier.errors import IntegrityError, UnreachableError
from dossier.log.report import Due, Finding
from dossier.model import STORE_BOOK, BookName, Digest
from dossier.policydoc import parse
from dossier.storage.files import FileStore
from dossier.storage.volatile import VolatileStore


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return new_office(tmp_path)


def found(office: Office, **more: Any) -> list[str]:
    report = check(office.store, office.root, **more)
    assert report.ok is (not report.findings)
    return [finding.code.partition(":")[0] for finding in report.findings]


def change_objects(
    office: Office, book: BookName, change: Callable[[dict[Digest, bytes]], object]
) -> dict[Digest, bytes]:
    """Change the objects in a book's file; give those that there were."""
    copies, before = office.store._books[book]
    after = dict(before)
    change(after)
    office.store._books[book] = (copies, MappingProxyType(after))
    return dict(before)


@pytest.mark.parametrize("deep", [True, False])
def test_a_good_store_is_healthy(office: Office, deep: bool) -> None:  # noqa: FBT001
    office.give()
    office.write("drie")
    told: list[int] = []
    report = check(office.store, office.root, deep=deep, progress=told.append)
    assert report.ok
    assert (report.findings, report.leftovers, report.due, report.households) == ((), (), (), 1)
    assert told == [report.entries]


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_a_store_in_files_is_healthy(office: Office, tmp_path: Path) -> None:
    files = FileStore.create(tmp_path / "files", office.store.store_id)
    with files.exclusive():
        for number, page in office.store._pages.items():
            files.append(number, 0, page)
        for book, (copies, objects) in office.store._books.items():
            for line in copies:
                files.keep(book, line, objects)
        for content in office.store._contents.values():
            files.put(BytesIO(content))
    assert check(files, office.root, deep=True)[4:] == ((), (), ())


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_a_log_that_does_not_verify_is_refused(office: Office) -> None:
    office.store._pages[0] = office.store._pages[0].replace(b'"index":3', b'"index":4', 1)
    with pytest.raises(IntegrityError, match="entry-out-of-place"):
        check(office.store, office.root)


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_what_verifying_finds_is_found(office: Office) -> None:
    book = BookName(office.home)
    copies, objects = office.store._books[book]
    office.store._books[book] = (copies[:-1], objects)
    assert found(office) == ["book-behind"]


# Objects.


@pytest.mark.files_only("reads or alters what a store in memory keeps")
@pytest.mark.parametrize("book", ["store", "household"])
def test_an_object_that_is_missing_is_found(office: Office, book: str) -> None:
    name = STORE_BOOK if book == "store" else BookName(office.home)
    for digest in office.store.objects(name):
        before = change_objects(office, name, lambda objects, digest=digest: objects.pop(digest))  # type: ignore[misc]
        report = check(office.store, office.root)
        assert report.findings == (Finding(None, f"object-missing:{digest}", name),)
        change_objects(office, name, lambda objects, before=before: objects.update(before))  # type: ignore[misc]


@pytest.mark.files_only("reads or alters what a store in memory keeps")
@pytest.mark.parametrize("data", [b"", b"x" * 60, b"x" * 1168])
def test_an_object_that_is_altered_is_found(office: Office, data: bytes) -> None:
    book = BookName(office.home)
    digest = next(iter(office.store.objects(book)))
    change_objects(office, book, lambda objects: objects.update({digest: data}))
    assert found(office) == ["object-altered"]


def test_a_rekey_leaves_what_is_needed_and_no_more(office: Office) -> None:
    office.team.revoke(office.home, office.give())
    report = check(office.store, office.root, deep=True)
    assert (report.findings, report.leftovers, report.due) == ((), (), ())


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_an_object_that_nothing_names_is_a_leftover(office: Office) -> None:
    digest = Digest("0" * 64)
    change_objects(office, BookName(office.home), lambda objects: objects.update({digest: b"x"}))
    report = check(office.store, office.root)
    assert report.ok
    assert report.leftovers == (f"{office.home}: object {digest}",)


def test_a_crash_before_the_entry_leaves_leftovers(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    class CrashError(Exception):
        pass

    append = office.store.append
    calls = []

    def crash(number: int, offset: int, record: bytes) -> None:
        calls.append(record)
        if len(calls) == 2:  # the entry of the statement, after the one that asked
            raise CrashError
        append(number, offset, record)

    monkeypatch.setattr(office.store, "append", crash)
    with pytest.raises(CrashError):
        office.write("drie")
    monkeypatch.undo()
    report = check(office.store, office.root, deep=True)
    assert report.ok
    assert [left.split()[-2] for left in report.leftovers] == ["entry", "object", "content"]
    assert office.read() == "twee"
    office.write("vier")
    report = check(office.store, office.root, deep=True)
    assert [left.split()[-2] for left in report.leftovers] == ["content"]


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_a_file_that_nothing_stands_in_is_a_leftover(office: Office) -> None:
    office.store._books[BookName("H-AAAAAAAA")] = ((), MappingProxyType({Digest("0" * 64): b"x"}))
    assert check(office.store, office.root).leftovers == ("H-AAAAAAAA: object " + "0" * 64,)


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_a_file_that_cannot_be_read_is_found_once(office: Office) -> None:
    class Altered(VolatileStore):
        def copies(self, book: BookName) -> list[bytes]:
            raise IntegrityError("book-altered", book=book)

        objects = copies  # type: ignore[assignment]

    office.store.__class__ = Altered
    assert found(office) == ["book-altered", "book-altered"]


# What is due.


def test_boxes_of_who_has_no_right_any_more_are_due(office: Office) -> None:
    office.give(days=2)
    assert check(office.store, office.root).due == ()
    office.team.clock.wait(days=3)
    assert check(office.store, office.root).due == ()  # by the log's own time, which has not gone on
    office.read()
    report = check(office.store, office.root)
    assert report.ok
    assert report.due == (Due("rekey-due:intake", BookName(office.home)),)


def test_a_section_that_a_policy_added_is_due(office: Office) -> None:
    text = default_policy_text().replace("version = 1", "version = 2", 1)
    text = text.replace("[sections.plan]", "[sections.nazorg]\nrecipients = ['regisseur']\n\n[sections.plan]")
    policies.adopt(office.desk("anna"), parse(text))
    assert check(office.store, office.root).due == (Due("rekey-due:nazorg", BookName(office.home)),)


# Contents.


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_a_content_that_is_missing_is_found(office: Office) -> None:
    digest, *_ = office.store.contents()
    del office.store._contents[digest]
    (finding,) = check(office.store, office.root).findings
    assert (finding.code, finding.book) == ("content-missing", BookName(office.home))
    entry = logs.show(office.desk("tess"))[finding.position or 0]
    assert entry.signed.statement is not None
    assert entry.signed.statement["content"] == digest


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_a_content_that_is_altered_is_found_when_looked_at_deep(office: Office) -> None:
    digest, *_ = office.store.contents()
    office.store._contents[digest] += b"x"
    assert found(office) == []
    assert found(office, deep=True) == ["content-altered"]


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_a_content_that_goes_while_it_is_looked_for_is_found(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest, *_ = names = list(office.store.contents())
    del office.store._contents[digest]
    monkeypatch.setattr(office.store, "contents", lambda: iter(names))
    assert found(office, deep=True) == ["content-missing"]


@pytest.mark.parametrize(("number", "reported"), [("EIO", True), ("ESTALE", False)])
def test_a_content_on_a_bad_place_of_the_disk_is_found(
    office: Office,
    monkeypatch: pytest.MonkeyPatch,
    number: str,
    reported: bool,  # noqa: FBT001
) -> None:
    class Bad(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:  # noqa: ARG002
            raise UnreachableError(errno=number)

    bad, *_ = office.store.contents()
    get = office.store.get
    monkeypatch.setattr(office.store, "get", lambda digest: Bad() if digest == bad else get(digest))
    assert found(office) == []
    if reported:
        assert found(office, deep=True) == ["content-unreadable"]
    else:
        with pytest.raises(UnreachableError):
            found(office, deep=True)


def test_a_content_that_nothing_names_is_a_leftover(office: Office) -> None:
    digest, _ = office.store.put(BytesIO(b"nothing"))
    report = check(office.store, office.root)
    assert report.ok
    assert report.leftovers == (f"content {digest}",)


# Tiles.


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_a_tile_that_was_altered_is_found(office: Office) -> None:
    office.fill(300)
    assert found(office) == []
    office.store._tiles[0, 0] = bytes(256 * 32)
    assert check(office.store, office.root).findings == (Finding(0, "tile-altered", None),)
    del office.store._tiles[0, 0]
    assert found(office) == []
