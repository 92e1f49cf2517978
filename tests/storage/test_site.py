"""A store comes to stand in its place whole, or not at all; nothing that is not ours is touched."""

import errno
import os
from io import BytesIO
from pathlib import Path

import pytest
from crashing import CrashError, dying
from spoiling import BOX, HOUSEHOLD, RECORD, STORE, append, failing, instead, keep

from dossier.errors import RefusedError, UnreachableError, UsageError
from dossier.model import StoreId
from dossier.storage.files import FileStore
from dossier.storage.site import Site

OTHER = StoreId("f" * 32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def site(folder: Path) -> Site:
    return Site(folder, "under-way")


def fill(store: FileStore, line: bytes) -> FileStore:
    keep(store, line, BOX)
    return store


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def said(folder: Path) -> list[bytes]:
    return FileStore(folder).copies(HOUSEHOLD)


@pytest.mark.parametrize("made", [False, True])
def test_a_draft_is_no_store_until_it_is_moved_in(folder: Path, site: Site, made: bool) -> None:  # noqa: FBT001
    if made:
        folder.mkdir()
    assert site.standing() is None
    draft = fill(site.draft(STORE), b"new")
    with pytest.raises(UnreachableError, match="no-store"):
        FileStore(folder.parent / "store.under-way")
    site.enter(draft)
    assert said(folder) == [b"new"]
    assert names(folder.parent) == {"store"}
    standing = site.standing()
    assert standing is not None
    assert standing.store_id == STORE


def test_a_draft_is_gone_on_with(site: Site) -> None:
    fill(site.draft(STORE), b"one")
    assert site.draft(STORE).copies(HOUSEHOLD) == [b"one"]
    assert site.draft(OTHER).copies(HOUSEHOLD) == []  # of another store: begun anew


@pytest.mark.parametrize("name", ["notes.txt", "households.old"])
def test_what_is_not_ours_is_never_removed(tmp_path: Path, site: Site, name: str) -> None:
    fill(site.draft(STORE), b"one")
    strange = tmp_path / "store.under-way" / name
    strange.write_text("mine")
    for verb in (site.discard, lambda: site.draft(OTHER)):
        with pytest.raises(UsageError, match="place-taken"):
            verb()
    assert strange.read_text() == "mine"
    assert site.draft(STORE).copies(HOUSEHOLD) == [b"one"]


def test_a_link_in_the_place_of_a_draft_is_not_followed(tmp_path: Path, site: Site) -> None:
    FileStore.create(tmp_path / "elsewhere", STORE)
    (tmp_path / "store.under-way").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="place-taken"):
        site.discard()
    assert FileStore(tmp_path / "elsewhere").store_id == STORE


@pytest.mark.parametrize("what", ["a file", "other files", "a spoiled sign"])
def test_where_something_else_stands_no_store_comes(folder: Path, site: Site, what: str) -> None:
    if what == "a file":
        folder.write_text("x")
    else:
        folder.mkdir()
        (folder / ("notes" if what == "other files" else "dossier.json")).write_text("x")
    with pytest.raises(UsageError, match="place-taken"):
        site.standing()


def test_the_old_store_goes_aside_whole(folder: Path, site: Site, tmp_path: Path) -> None:
    old = fill(FileStore.create(folder, STORE), b"old")
    site.enter(fill(site.draft(STORE), b"new"), old, tmp_path / "aside")
    assert (said(folder), said(tmp_path / "aside")) == ([b"new"], [b"old"])
    assert names(tmp_path) == {"store", "aside"}
    assert names(folder) == names(tmp_path / "aside")


def test_who_waits_for_the_old_store_writes_in_the_new_one(folder: Path, site: Site, tmp_path: Path) -> None:
    old = fill(FileStore.create(folder, STORE), b"old")
    waiting = FileStore(folder, patience=0)
    draft = site.draft(STORE)
    draft.mark_restored(True)

    def agree() -> None:
        with pytest.raises(UnreachableError, match="busy"):
            append(waiting, 0, RECORD)

    site.enter(draft, old, tmp_path / "aside", agree)
    with waiting.exclusive():
        assert waiting.restored
        waiting.append(0, 0, RECORD)
    assert (FileStore(folder).page(0), FileStore(tmp_path / "aside").page(0)) == (RECORD, b"")


def test_what_may_not_be_after_all_changes_nothing(folder: Path, site: Site, tmp_path: Path) -> None:
    def agree() -> None:
        raise RefusedError

    old = fill(FileStore.create(folder, STORE), b"old")
    with pytest.raises(RefusedError):
        site.enter(fill(site.draft(STORE), b"new"), old, tmp_path / "aside", agree)
    assert said(folder) == [b"old"]
    assert names(tmp_path) == {"store", "store.under-way"}


def test_a_move_that_fails_puts_the_old_store_back(folder: Path, site: Site, tmp_path: Path) -> None:
    old = fill(FileStore.create(folder, STORE), b"old")
    draft = fill(site.draft(STORE), b"new")
    replace = os.replace

    def fails_for_the_draft(source: Path, target: Path) -> None:
        if Path(target) == folder and Path(source).name == "store.under-way":
            raise OSError(errno.EIO, "input/output error")
        replace(source, target)

    with instead("replace", fails_for_the_draft), pytest.raises(UnreachableError):
        site.enter(draft, old, tmp_path / "aside")
    assert said(folder) == [b"old"]
    assert names(tmp_path) == {"store", "store.under-way"}
    site.enter(site.draft(STORE), FileStore(folder), tmp_path / "aside")
    assert (said(folder), said(tmp_path / "aside")) == ([b"new"], [b"old"])


def test_a_move_that_is_cut_off_anywhere_leaves_one_or_both_beside(tmp_path: Path) -> None:
    tried, empty = 0, 0
    while True:
        tried += 1
        folder = tmp_path / str(tried) / "store"
        aside = folder.parent / "aside"
        site = Site(folder, "under-way")
        old = fill(FileStore.create(folder, STORE), b"old")
        draft = fill(site.draft(STORE), b"new")
        try:
            with dying(tried):
                site.enter(draft, old, aside)
            break
        except CrashError:
            pass
        if folder.exists():
            assert said(folder) in ([b"old"], [b"new"])
        else:
            empty += 1
            assert (said(folder.parent / "store.under-way"), said(aside)) == ([b"new"], [b"old"])
            assert site.set_aside() == aside
            site.enter(site.draft(STORE))
            assert said(folder) == [b"new"]
            assert names(folder) == {path.name for path in aside.iterdir()}
    assert tried > 10
    assert empty


def test_a_copy_shares_what_is_never_written_in_place(folder: Path, site: Site) -> None:
    old = fill(FileStore.create(folder, STORE), b"old")
    name, _ = old.put(BytesIO(b"sealed"))
    with old.exclusive():
        old.append(0, 0, RECORD)
        old.append(1, 0, RECORD)
    draft = site.draft(STORE)
    site.seed(256 + 1)
    assert draft.copies(HOUSEHOLD) == [b"old"]
    with draft.get(name) as sealed:
        assert sealed.read() == b"sealed"
    assert (draft.page(0), draft.page(1)) == (RECORD, b"")
    keep(draft, b"new")
    draft.put(BytesIO(b"sealed"))
    assert said(folder) == [b"old"]
    site.seed(256 + 1)  # what is there already stays
    assert draft.copies(HOUSEHOLD) == [b"old", b"new"]


def test_every_name_in_a_store_is_durable_before_it_is_moved_in(
    folder: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = fill(FileStore.create(folder, STORE), b"old")
    old.put(BytesIO(b"sealed"))
    draft = site.draft(STORE)
    site.seed(0)
    noted: list[str] = []
    replace = os.replace

    def note_move(source: Path, target: Path) -> None:
        noted.append(f"{Path(source).name} to {Path(target).name}")
        replace(source, target)

    def note_sync(fd: int) -> None:
        noted.append(Path(f"/proc/self/fd/{fd}").readlink().name)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(os, "replace", note_move)
    site.enter(draft, old, folder.with_name("aside"))
    shared = {path.parent.name for path in folder.rglob("*/*/*") if path.is_file()}
    before = noted[: noted.index("draft.json to dossier.json")]
    assert len(shared) == 2
    assert shared <= set(before)
    last = ["draft.json to dossier.json", "store.under-way", "store to aside", "store.under-way to store"]
    assert noted[len(before) :] == [*last, folder.parent.name]


def test_where_files_cannot_be_shared_they_are_left_out(folder: Path, site: Site) -> None:
    old = FileStore.create(folder, STORE)
    old.put(BytesIO(b"sealed"))
    draft = site.draft(STORE)
    with instead("link", failing(errno.EPERM)):
        site.seed(0)
    assert list(draft.contents()) == []


def test_a_name_that_is_taken_is_not_taken_again(tmp_path: Path, site: Site) -> None:
    assert site.free_name("before").name == "store.before"
    (tmp_path / "store.before").mkdir()
    (tmp_path / "store.before.2").symlink_to("nowhere")
    assert site.free_name("before").name == "store.before.3"
