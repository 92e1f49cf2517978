"""What the operating system refuses is one of our errors."""

import errno
import os
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from spoiling import BOX, HOUSEHOLD, RECORD, digest, failing, instead, keep

from dossier.errors import DossierError, UnreachableError
from dossier.storage.files import FileStore

pytest_plugins = ["store_on_files"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser writes anywhere")
@pytest.mark.parametrize(("name", "mode"), [("staging", 0o500), ("lock", 0o400)])
def test_what_may_not_be_written_is_named(store: FileStore, folder: Path, name: str, mode: int) -> None:
    (folder / name).chmod(mode)
    try:
        with pytest.raises(UnreachableError, match="read-only"), store.exclusive():
            pass
    finally:
        (folder / name).chmod(0o700)


def test_a_read_only_share_is_named(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = os.open

    def read_only(path: Path, flags: int, mode: int = 0o777) -> int:
        if flags & (os.O_RDWR | os.O_WRONLY | os.O_CREAT):
            raise OSError(errno.EROFS, "read-only file system")
        return opened(path, flags, mode)

    monkeypatch.setattr(os, "open", read_only)
    with pytest.raises(UnreachableError, match="read-only"), store.exclusive():
        pass
    with pytest.raises(UnreachableError, match="read-only"):
        store.put(BytesIO(b"sealed"))
    assert store.copies(HOUSEHOLD) == []


def test_every_failure_is_one_of_ours(store: FileStore) -> None:
    keep(store, b"one", BOX)
    name, _ = store.put(BytesIO(b"sealed"))
    verbs: list[Callable[[], object]] = [
        lambda: list(store.books()),
        lambda: list(store.contents()),
        lambda: store.copies(HOUSEHOLD),
        lambda: store.objects(HOUSEHOLD),
        lambda: store.get(name),
        lambda: store.put(BytesIO(b"other")),
        lambda: store.page(0),
        lambda: store.keep_tile(0, 0, bytes(8192)),
        lambda: store.keep(HOUSEHOLD, b"two", {}),
        lambda: store.drop(HOUSEHOLD, [digest(BOX)]),
        lambda: store.lay(HOUSEHOLD, [b"two"], {}),
        lambda: store.remove(name, older_than=1),
        lambda: store.sweep(0),
        lambda: store.restored,
        lambda: store.mark_restored(True),
        lambda: store.append(0, 0, RECORD),
    ]
    for verb in verbs:
        with store.exclusive(), instead("open", failing(errno.ESTALE)), pytest.raises(DossierError) as caught:
            verb()
        assert caught.value.exit_code == 9
