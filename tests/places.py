"""Where the stores that tests make stand: as each test says, or all in a database (`--on postgres`)."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dossier.cli.backends import open_at
from dossier.cli.places import is_folder
from dossier.model import StoreId
from dossier.storage.base import Store
from dossier.storage.files import FileStore
from dossier.storage.postgres import PostgresStore
from dossier.storage.postgres_schema import TABLES
from dossier.storage.volatile import VolatileStore

KINDS = ("files", "postgres", "served")  # the last: on files, behind a gate
_ON = "DOSSIER_TEST_ON"  # in the environment, so that a test that starts another suite takes it along


def on_files() -> bool:
    """Tell whether stores stand where each test says."""
    return os.environ.get(_ON, "files") != "postgres"


def served() -> bool:
    """Tell whether the command line's stores are behind a gate."""
    return os.environ.get(_ON, "files") == "served"


def choose(kind: str) -> None:
    """Say where stores stand from here."""
    os.environ[_ON] = kind


def new_store(folder: Path, store_id: StoreId, *, files: bool) -> Store:
    """Make a store: in memory, in a folder with `files`, or in a schema of the database."""
    if not on_files():
        import postgres  # noqa: PLC0415 (where no database is asked for, none is needed)

        return PostgresStore.create(postgres.fresh(), store_id)
    return FileStore.create(folder, store_id) if files else VolatileStore(store_id)


def copy_of(store: Store) -> Any:
    """Give a store of its own with all that is in another, however that is kept."""
    if isinstance(store, PostgresStore):
        import postgres  # noqa: PLC0415 (as above)

        return PostgresStore(postgres.copied(store.place))
    twin = VolatileStore(store.store_id)
    for name, value in vars(store).items():
        if isinstance(value, dict):
            vars(twin)[name] = value.copy()
    return twin


def put_store_back(store: Store, kept: Store) -> None:
    """Put what `copy_of` gave in the place of what is in a store now."""
    if isinstance(store, PostgresStore) and isinstance(kept, PostgresStore):
        import postgres  # noqa: PLC0415 (as above)

        postgres.copied(kept.place, to=store.place)
        return
    vars(store).update({name: value.copy() for name, value in vars(kept).items() if isinstance(value, dict)})


def new_place(root: Path) -> Any:
    """Give the place of a command line's store: a folder in `root`, or a new schema, noted there."""
    if on_files():
        return root / "store"
    import postgres  # noqa: PLC0415 (as above)

    note = root / "place"
    if not note.exists():
        root.mkdir(parents=True, exist_ok=True)
        note.write_text(postgres.fresh(), "utf-8")
    return note.read_text("utf-8")


def copy_place(root: Path) -> None:
    """Give the copy of a folder that has such a note a schema of its own, with what is in the one noted."""
    note = root / "place"
    if note.exists():
        import postgres  # noqa: PLC0415 (as above)

        note.write_text(postgres.copied(note.read_text("utf-8")), "utf-8")


def log_of(place: str) -> bytes:
    """Give the whole log as it lies in a store."""
    store, pages, number = open_at(place), b"", 0
    while page := store.page(number):
        pages, number = pages + page, number + 1
    return pages


def state_of(place: str) -> object:
    """Give all that lies in a store, and when each was written last, to compare it with what it is later."""
    if is_folder(place):
        files = (path for path in Path(place).rglob("*") if path.is_file() and path.name != "lock")
        return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in files}
    import postgres  # noqa: PLC0415 (as above)

    return {
        table: sorted(postgres.ask(place, f"SELECT xmin::text, * FROM {table}"), key=str)  # noqa: S608 (our names)
        for table in TABLES
        if table != "dossier_schema"
    }


def books_of(place: str) -> object:
    """Give all books of a store, as they lie there."""
    store = open_at(place)
    return {book: (store.copies(book), dict(store.objects(book))) for book in store.books()}


def contents_of(place: str) -> object:
    """Give the sealed contents of a store, and when each was written last."""
    state: Any = state_of(place)
    if is_folder(place):
        return {path: kept for path, kept in state.items() if "contents" in path.parts}
    return state["contents"], state["chunks"]


def copy_store(place: str, to: Path) -> None:
    """Copy a store as it lies there, by whoever can read it; `put_back` takes what stands at `to` then."""
    if is_folder(place):
        shutil.copytree(place, to)
        return
    import postgres  # noqa: PLC0415 (as above)

    to.write_text(postgres.copied(place), "utf-8")


def put_back(place: str, copy: Path) -> None:
    """Put such a copy in the place of a store, by whoever can write there."""
    if is_folder(place):
        shutil.rmtree(place)
        shutil.copytree(copy, place)
        return
    import postgres  # noqa: PLC0415 (as above)

    postgres.copied(copy.read_text("utf-8"), to=place)


def spoil_content(place: str, change: Callable[[bytes], bytes]) -> None:
    """Change the bytes of a content as they lie there, of the one with the first name."""
    if is_folder(place):
        path = min(Path(place).glob("contents/*/*"))
        path.write_bytes(change(path.read_bytes()))
        return
    import postgres  # noqa: PLC0415 (as above)

    [(stream, data), *_] = postgres.ask(
        place, "SELECT stream, data FROM contents JOIN chunks USING (stream) ORDER BY digest"
    )
    assert isinstance(data, bytes)
    postgres.ask(place, "UPDATE chunks SET data = %s WHERE stream = %s", change(data), stream)


def take_away(place: str) -> None:
    """Take a store away, with all that stands there."""
    if is_folder(place):
        shutil.rmtree(place)
        return
    import postgres  # noqa: PLC0415 (as above)

    postgres.empty(place)


def put_back_log(place: str, other: str) -> None:
    """Put the log of another store in the place of a store's own, past all that guards it."""
    if is_folder(place):
        shutil.rmtree(Path(place) / "log")
        shutil.copytree(Path(other) / "log", Path(place) / "log")
        return
    import postgres  # noqa: PLC0415 (as above)

    guard, log = "ALTER TABLE log {} TRIGGER log_only_grows", f"{postgres.schema_of(other)}.log"
    steps = (guard.format("DISABLE"), "DELETE FROM log", f"INSERT INTO log SELECT * FROM {log}")  # noqa: S608 (ours)
    postgres.ask(place, ";".join([*steps, guard.format("ENABLE ALWAYS")]))


def book_in(place: str, book: str) -> Any:
    """Give a book as it lies there, for `put_book`."""
    if is_folder(place):
        return _file_of(place, book).read_bytes()
    import postgres  # noqa: PLC0415 (as above)

    return [
        postgres.ask(place, f"SELECT * FROM {table} WHERE book = %s ORDER BY 1, 2", book)  # noqa: S608 (ours)
        for table in ("entries", "objects")
    ]


def put_book(place: str, book: str, kept: Any) -> None:
    """Put a book as it once lay there in the place of what is there now."""
    if is_folder(place):
        _file_of(place, book).write_bytes(kept)
        return
    import postgres  # noqa: PLC0415 (as above)

    for table, rows in zip(("entries", "objects"), kept, strict=True):
        postgres.ask(place, f"DELETE FROM {table} WHERE book = %s", book)  # noqa: S608 (ours)
        for row in rows:
            postgres.ask(place, f"INSERT INTO {table} VALUES (%s, %s, %s)", *row)  # noqa: S608 (ours)


def _file_of(place: str, book: str) -> Path:
    """Say where a book's file is."""
    root = Path(place)
    return root / "store.json" if book == "store" else root / "households" / book[2:4] / f"{book}.json"
