"""A book's file is a TinyDB file, read strictly."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spoiling import BOX, HOUSEHOLD, WRAP, digest, keep
from tinydb import TinyDB

from dossier.errors import IntegrityError, UnreachableError
from dossier.model import STORE_BOOK, BookName
from dossier.storage import tiny
from dossier.storage.files import FileStore
from keys.encoding import to_base64

pytest_plugins = ["store_on_files"]


def test_a_book_is_a_tinydb_file(book: Path) -> None:
    with TinyDB(book, access_mode="r") as db:
        assert [dict(row) for row in db.table("entries")] == [{"line": "one"}]
        assert [row["digest"] for row in db.table("objects")] == [digest(BOX)]


def test_a_book_is_parsed_once_until_it_changes(store: FileStore, folder: Path, book: Path) -> None:
    other = FileStore(folder)
    tiny.parse.cache_clear()
    store.copies(HOUSEHOLD)
    store.objects(HOUSEHOLD)
    assert tiny.parse.cache_info().misses == 1
    keep(other, b"two")
    assert store.copies(HOUSEHOLD) == [b"one", b"two"]
    book.write_bytes(book.read_bytes().replace(b"two", b"ten"))  # same size, same inode
    assert store.copies(HOUSEHOLD) == [b"one", b"ten"]


ALTERED: list[tuple[str, Callable[[str], str]]] = [
    ("empty", lambda _: ""),
    ("cut short", lambda text: text[:-1]),
    ("no json", lambda _: "entries"),
    ("deep", lambda _: "[" * 100_000),
    ("another shape", lambda _: "[]"),
    ("a table too few", lambda _: '{"entries":{}}'),
    ("a table too many", lambda text: text[:-1] + ',"more":{}}'),
    ("tables in another order", lambda _: '{"objects":{},"entries":{}}'),
    ("a table that is none", lambda _: '{"entries":[],"objects":{}}'),
    ("a row that is none", lambda _: '{"entries":{"1":"one"},"objects":{}}'),
    ("a field too many", lambda text: text.replace('{"line":"one"', '{"line":"one","more":"x"')),
    ("a field too few", lambda text: text.replace('"line":"one"', "")),
    ("a field that is no text", lambda text: text.replace('"one"', "1")),
    ("a field that is null", lambda text: text.replace('"one"', "null")),
    ("a row number that is none", lambda text: text.replace('"1":{"line"', '"x":{"line"')),
    ("row number zero", lambda text: text.replace('"1":{"line"', '"0":{"line"')),
    ("a row number with a zero", lambda text: text.replace('"1":{"line"', '"01":{"line"')),
    ("a row number in other digits", lambda text: text.replace('"1":{"line"', '"\u0661":{"line"')),
    ("row numbers that fall", lambda _: '{"entries":{"2":{"line":"a"},"1":{"line":"b"}},"objects":{}}'),
    ("one row twice", lambda _: '{"entries":{"1":{"line":"a"},"1":{"line":"b"}},"objects":{}}'),
    ("white space", lambda text: text.replace('":"', '": "')),
    ("a line at the end", lambda text: text + "\n"),
    ("another way to write a letter", lambda text: text.replace("one", "\\u006fne")),
    ("half a character", lambda text: text.replace("one", "\\ud800")),
    ("a mark at the start", lambda text: "\ufeff" + text),
    ("base64 with a stray character", lambda text: text.replace('"data":"', '"data":"*')),
    ("base64 without padding", lambda text: text.replace("IQ==", "IQ")),
    ("base64 with stray bits", lambda text: text.replace("IQ==", "IR==")),
    ("an object that is another", lambda text: text.replace('"data":"Ym94', '"data":"Yn94')),
    ("a digest that is another", lambda text: text.replace(digest(BOX), digest(WRAP))),
    ("a digest in capitals", lambda text: text.replace(digest(BOX), digest(BOX).upper())),
]


@pytest.mark.parametrize("alter", [alter for _, alter in ALTERED], ids=[name for name, _ in ALTERED])
@pytest.mark.parametrize("name", [HOUSEHOLD, STORE_BOOK])
def test_an_altered_book_is_named(
    store: FileStore, book: Path, folder: Path, alter: Callable[[str], str], name: BookName
) -> None:
    text = book.read_text()
    assert alter(text) != text
    path = book if name == HOUSEHOLD else folder / "store.json"
    path.write_bytes(alter(text).encode())
    verbs: list[Callable[[], object]] = [
        lambda: store.copies(name),
        lambda: store.objects(name),
        lambda: store.keep(name, b"two", {}),
        lambda: store.drop(name, [digest(BOX)]),
    ]
    before = path.read_bytes()
    for verb in verbs:
        with store.exclusive(), pytest.raises(IntegrityError, match="book-altered") as caught:
            verb()
        assert caught.value.data == {"book": name}
    assert path.read_bytes() == before


def test_one_object_twice_is_altered(store: FileStore, book: Path) -> None:
    tables = json.loads(book.read_text())
    tables["objects"]["2"] = tables["objects"]["1"]
    book.write_text(json.dumps(tables, separators=(",", ":")))
    with pytest.raises(IntegrityError, match="book-altered"):
        store.objects(HOUSEHOLD)


def test_bytes_that_are_no_utf8_are_altered(store: FileStore, book: Path) -> None:
    book.write_bytes(book.read_bytes().replace(b"one", b"\xff\xfe\xfd"))
    with pytest.raises(IntegrityError, match="book-altered"):
        store.copies(HOUSEHOLD)


def test_no_byte_of_an_object_changes_unseen(store: FileStore, book: Path) -> None:
    keep(store, b"two", WRAP)
    good = book.read_bytes()
    objects = tiny.parse(HOUSEHOLD, good).objects
    for place in range(len(good)):
        bad = good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :]
        try:
            read = tiny.parse(HOUSEHOLD, bad)
        except IntegrityError:
            continue
        assert dict(read.objects) == dict(objects), place
        # An entry that is another is left to the log; the number of a row, which may skip some, says nothing.
        assert read.entries != (b"one", b"two") or good[place : place + 1].isdigit(), place


@settings(deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))), st.lists(st.binary(), unique=True))
def test_what_reads_is_written_the_same(lines: list[str], objects: list[bytes]) -> None:
    tables: tiny.Tables = {
        "entries": {str(at): {"line": line} for at, line in enumerate(lines, 1)},
        "objects": {
            str(at): {"digest": digest(data), "data": to_base64(data)} for at, data in enumerate(objects, 7)
        },
    }
    raw = tiny._encode(tables)
    book = tiny.parse(HOUSEHOLD, raw)
    assert book.entries == tuple(line.encode() for line in lines)
    assert list(book.objects.values()) == objects
    assert tiny._encode(book.tables) == raw


def test_a_book_that_is_a_folder_is_not_read(store: FileStore, book: Path) -> None:
    book.unlink()
    book.mkdir()
    with pytest.raises(UnreachableError):
        store.copies(HOUSEHOLD)


def test_a_link_in_the_place_of_a_book_is_not_followed(store: FileStore, book: Path) -> None:
    book.rename(book.with_suffix(".moved"))
    book.symlink_to(book.with_suffix(".moved"))
    with pytest.raises(UnreachableError):
        store.copies(HOUSEHOLD)
