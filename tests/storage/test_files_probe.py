"""What a folder's file system can do is tried before a store is made there."""

import errno
import os
from pathlib import Path

import filelock
import pytest
from spoiling import failing

from dossier.errors import UnreachableError
from dossier.storage.probe import probe


def test_a_good_folder_passes_and_stays_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("x")
    assert probe(tmp_path) is None
    assert [path.name for path in tmp_path.iterdir()] == ["notes"]


@pytest.mark.parametrize(
    ("module", "call", "code"),
    [
        (filelock, "lock_descriptor", "no-locks"),
        (os, "replace", "no-replace"),
        (os, "fsync", "no-sync"),
    ],
)
def test_what_does_not_work_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: object, call: str, code: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(module, call, failing(errno.EOPNOTSUPP if call != "fsync" else errno.EIO))
        assert probe(tmp_path) == code
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_two_get_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filelock, "lock_descriptor", lambda *_, **__: True)
    assert probe(tmp_path) == "no-locks"


def test_a_replace_that_does_nothing_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "replace", lambda *_: None)
    assert probe(tmp_path) == "no-replace"


def test_a_full_disk_is_not_taken_for_a_bad_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "write", failing(errno.ENOSPC))
    with pytest.raises(UnreachableError, match="disk-full"):
        probe(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_cannot_be_tried(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match="unreachable"):
        probe(tmp_path / "gone")
