"""A store on files, as fixtures: its folder, itself, a book with one entry and a page with one record."""

from pathlib import Path

import pytest
from spoiling import BOX, RECORD, STORE, append, keep

from dossier.storage.files import FileStore


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def store(folder: Path) -> FileStore:
    return FileStore.create(folder, STORE)


@pytest.fixture
def book(folder: Path, store: FileStore) -> Path:
    keep(store, b"one", BOX)
    return folder / "households" / "7K" / "H-7KQ2M9XD.json"


@pytest.fixture
def page(folder: Path, store: FileStore) -> Path:
    append(store, 0, RECORD)
    return folder / "log" / "000000.log"
