"""A content is there whole or not at all."""

import errno
import os
import time
from io import BytesIO
from pathlib import Path

import pytest
from spoiling import digest, failing, instead

from dossier.errors import UnreachableError
from dossier.storage.files import FileStore

DAY = 86_400

pytest_plugins = ["store_on_files"]


@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
def test_a_content_that_cannot_be_kept_leaves_nothing(store: FileStore, folder: Path, call: str) -> None:
    with instead(call, failing(errno.ENOSPC)), pytest.raises(UnreachableError, match="disk-full"):
        store.put(BytesIO(b"sealed"))
    assert list(store.contents()) == []
    assert list((folder / "staging").iterdir()) == []


def test_a_source_that_fails_leaves_nothing_and_keeps_its_own_error(store: FileStore, folder: Path) -> None:
    class Torn(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell():
                raise BrokenPipeError
            return super().read(size)

    with pytest.raises(BrokenPipeError):
        store.put(Torn(b"sealed"))
    assert list(store.contents()) == []
    assert list((folder / "staging").iterdir()) == []


def test_a_garbled_content_is_mended_by_putting_it_again(store: FileStore, folder: Path) -> None:
    name, _ = store.put(BytesIO(b"sealed"))
    (folder / "contents" / name[:2] / name).write_bytes(b"garble")
    store.put(BytesIO(b"sealed"))
    with store.get(name) as content:
        assert content.read() == b"sealed"


def test_what_was_staged_and_left_goes_after_a_day(store: FileStore, folder: Path) -> None:
    old, young, strange = (folder / "staging" / name for name in ("a" * 32, "b" * 32, "notes"))
    for path, age in ((old, DAY + 60), (young, DAY - 60), (strange, 2 * DAY)):
        path.write_bytes(b"left")
        os.utime(path, (time.time() - age,) * 2)
    store.put(BytesIO(b"sealed"))
    assert set((folder / "staging").iterdir()) == {young, strange}


def test_a_content_that_fails_while_it_is_read_is_unreachable(store: FileStore, folder: Path) -> None:
    name, _ = store.put(BytesIO(b"sealed"))
    with store.get(name) as content:
        broken = os.open(folder, os.O_RDONLY)
        os.dup2(broken, content.fileno())
        os.close(broken)
        for size in (1, -1):
            with pytest.raises(UnreachableError, match="unreachable"):
                content.read(size)


def test_a_content_that_is_a_folder_is_unreachable(store: FileStore, folder: Path) -> None:
    name = digest(b"sealed")
    (folder / "contents" / name[:2] / name).mkdir(parents=True)
    with pytest.raises(UnreachableError, match="unreachable"):
        store.get(name)
