"""The sign on a store's folder is read strictly."""

from pathlib import Path

import pytest
from spoiling import STORE

from dossier.errors import IntegrityError, UnreachableError
from dossier.storage.files import FileStore

pytest_plugins = ["store_on_files"]


def test_a_newer_store_is_named_as_newer(store: FileStore, folder: Path) -> None:
    (folder / "dossier.json").write_text('{"format":"dossier/store/12","id":["anything"]}')
    with pytest.raises(UnreachableError, match="newer-store") as caught:
        FileStore(folder)
    assert caught.value.data["version"] == 12
    assert store.store_id == STORE


@pytest.mark.parametrize(
    "sign",
    [
        "",
        "[]",
        "null",
        "not json",
        "[" * 4000,
        '{"format":"dossier/store/1"}',
        '{"store":"' + STORE + '"}',
        '{"format":"dossier/store/1","store":null}',
        '{"format":"dossier/store/1","store":"ABCDEF"}',
        '{"format":"dossier/store/1","store":"' + STORE + '","more":1}',
        '{"format":"dossier/store/1", "store":"' + STORE + '"}',
        '{"format":"dossier/store/1","store":"' + STORE + '"}\n',
        '{"format":"dossier/store/01","store":"' + STORE + '"}',
        '{"format":"dossier/store/0","store":"' + STORE + '"}',
        '{"format":"dossier/store/\u0662","store":"' + STORE + '"}',
        '{"format":"dossier/token/2","store":"' + STORE + '"}',
        '{"format":2,"store":"' + STORE + '"}',
    ],
)
@pytest.mark.usefixtures("store")
def test_what_is_not_our_sign_is_no_store_of_ours(folder: Path, sign: str) -> None:
    (folder / "dossier.json").write_text(sign)
    with pytest.raises(IntegrityError, match="store-format"):
        FileStore(folder)


@pytest.mark.usefixtures("store")
def test_a_sign_of_any_length_is_not_read(folder: Path) -> None:
    (folder / "dossier.json").write_text(" " * 4097)
    with pytest.raises(IntegrityError, match="file-too-large"):
        FileStore(folder)
