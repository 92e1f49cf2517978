"""A backup is whole or none; a store is put back whole or not at all; nothing that anyone has is lost."""

import errno
import multiprocessing
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import pytest
from crashing import CrashError, dying
from team import Team
from wording import DAY, INTAKE, START, person

from dossier.actions.backup import UNFINISHED, BackedUp, backup
from dossier.actions.check import check
from dossier.actions.comparing import compare_logs
from dossier.actions.restore import RESTORING, Before, Lost, PutBack, restore
from dossier.actions.store import new_store
from dossier.errors import IntegrityError, RefusedError, UnreachableError, UsageError
from dossier.log.report import Report
from dossier.model import HouseholdId, Role, Seen, StoreId
from dossier.storage.base import Store
from dossier.storage.files import FileStore
from dossier.storage.site import Site

pytestmark = pytest.mark.files_only("a store moved as a folder; of databases, test_moving tells")

NOW = datetime(2026, 11, 23, 18, 30, tzinfo=UTC)
ROOT = person("anna").card.fingerprint


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, HouseholdId]:
    """Make a small store in files, which each test has a copy of."""
    team = Team(tmp_path_factory.mktemp("backup"), files=True)
    for who in ("jan", "piet"):
        team.admit(who, Role.REGISSEUR)
    home = team.open("jan")
    team.write("jan", home, INTAKE, "een")
    return team.folder, home


class Office:
    """A team in a store on files, and the places around it."""

    def __init__(self, folder: Path, home: HouseholdId) -> None:
        self.folder = folder
        self.home = home
        self.place = folder / "store"
        self.dest = folder / "bak"

    def desk(self, who: str, *, days: int = 1) -> Team:
        """Let a member sit down, some days after the store was made."""
        team = Team.__new__(Team)
        team.folder, team.desks, team.store = self.folder, {}, FileStore(self.place)
        team.clock = lambda: START + days * DAY  # type: ignore[assignment]
        team.again(who)
        return team

    def write(self, text: str) -> None:
        self.desk("jan").write("jan", self.home, INTAKE, text)

    def read(self) -> str:
        return self.desk("jan").read("jan", self.home, INTAKE)

    def back_up(self, **more: Seen) -> BackedUp:
        return backup(FileStore(self.place), Site(self.dest, UNFINISHED), ROOT, **more)  # type: ignore[arg-type]

    def put_back(self, confirm: StoreId | None = None) -> PutBack[Path] | Report:
        site = Site(self.place, RESTORING)
        return restore(FileStore(self.dest), site, ROOT, NOW, confirm=confirm)

    def names(self) -> set[str]:
        """Name what stands there, but for the members' memories."""
        return {path.name for path in self.folder.iterdir()} - {"anna", "jan", "piet"}


@pytest.fixture
def office(first: tuple[Path, HouseholdId], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setattr(os, "fsync", os.fstat)  # what syncing is worth, tests/storage tells
    monkeypatch.setattr(os, "fdatasync", os.fstat)
    shutil.copytree(first[0], tmp_path / "o")
    return Office(tmp_path / "o", first[1])


def entries(store: Store, *, crashed: bool = False) -> int:
    """Check that a store is whole; give the size of its log. After a crash, files may be left in staging."""
    report = check(store, ROOT, deep=True)
    left = [name for name in report.leftovers if not (crashed and name.startswith("file staging/"))]
    assert (report.findings, left) == ((), [])
    return report.entries


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# Backing up.


def test_a_backup_is_the_store_as_it_is(office: Office) -> None:
    made = office.back_up()
    assert files_of(office.dest).keys() - files_of(office.place).keys() == {"restored.json"}
    assert entries(FileStore(office.dest)) == made.report.entries == entries(FileStore(office.place))
    assert (made.place, made.damage) == (office.dest, ())
    assert made.copied.contents == 1
    assert made.copied.size == sum(path.stat().st_size for path in office.place.glob("contents/*/*"))
    assert office.names() == {"store", "bak"}


def test_a_backup_that_is_taken_for_a_store_must_be_reopened(office: Office) -> None:
    office.back_up()
    assert FileStore(office.dest).restored
    assert not FileStore(office.place).restored


def test_an_empty_folder_is_a_place_for_a_backup(office: Office) -> None:
    office.dest.mkdir()
    office.back_up()
    assert entries(FileStore(office.dest))


def test_an_earlier_backup_is_brought_up_to_date(office: Office) -> None:
    before = office.back_up().report.entries
    sealed = next(path for path in office.dest.glob("contents/*/*"))
    same = sealed.stat().st_ino
    office.write("twee")
    made = office.back_up()
    assert made.report.entries == entries(FileStore(office.dest)) == before + 2
    assert made.copied.contents == 2
    assert office.names() == {"store", "bak"}
    assert sealed.stat().st_ino == same  # shared, not copied


def test_nothing_of_an_earlier_backup_is_written_in_place(office: Office) -> None:
    office.back_up()
    other = office.folder / "other"
    shutil.copytree(office.dest, other, copy_function=os.link)
    before = files_of(other)
    office.write("twee")
    office.back_up()
    assert files_of(other) == before


def test_a_backup_of_another_store_is_left_alone(office: Office) -> None:
    office.back_up()
    sign = office.dest / "dossier.json"
    sign.write_bytes(sign.read_bytes().replace(FileStore(office.dest).store_id.encode(), b"f" * 32))
    before = files_of(office.dest)
    with pytest.raises(RefusedError, match="backup-of-other") as caught:
        office.back_up()
    assert caught.value.data == {"store": "f" * 32}
    assert files_of(office.dest) == before


def test_a_backup_that_is_further_than_the_store_is_left_alone(office: Office) -> None:
    shutil.copytree(office.place, office.folder / "yesterday")
    office.write("twee")
    office.back_up()
    before = files_of(office.dest)
    shutil.rmtree(office.place)
    (office.folder / "yesterday").rename(office.place)
    with pytest.raises(RefusedError, match="backup-differs"):
        office.back_up()
    assert files_of(office.dest) == before
    assert office.names() == {"store", "bak"}


def test_a_backup_whose_log_cannot_be_read_is_left_alone(office: Office) -> None:
    office.back_up()
    page = office.dest / "log" / "000000.log"
    page.unlink()
    page.mkdir()
    with pytest.raises(RefusedError, match="backup-differs"):
        office.back_up()


@pytest.mark.parametrize("what", ["other files", "a backup and other files", "a file"])
def test_a_place_that_is_taken_is_left_alone(office: Office, what: str) -> None:
    if what == "a backup and other files":
        office.back_up()
    if what == "a file":
        office.dest.write_text("mine")
    else:
        office.dest.mkdir(exist_ok=True)
        (office.dest / "notes").write_text("mine")
    with pytest.raises(UsageError, match="place-taken"):
        office.back_up()
    assert (office.dest if what == "a file" else office.dest / "notes").read_text() == "mine"


def test_a_store_whose_log_is_altered_does_not_replace_its_backup(office: Office) -> None:
    office.back_up()
    before = files_of(office.dest)
    office.write("twee")
    page = office.place / "log" / "000000.log"
    raw = page.read_bytes()
    at = raw.rindex(b'"nonce":"') + 9
    page.write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
    with pytest.raises(IntegrityError):
        office.back_up()
    assert files_of(office.dest) == before


@pytest.mark.parametrize("what", ["content", "book"])
def test_a_store_that_lost_something_does_not_replace_its_backup(office: Office, what: str) -> None:
    office.back_up()
    before = files_of(office.dest)
    office.write("twee")
    if what == "content":
        newest = max(office.place.glob("contents/*/*"), key=lambda path: path.stat().st_mtime_ns)
        newest.write_bytes(b"garbled")
    else:
        book = next(office.place.glob("households/*/*.json"))
        book.write_bytes(book.read_bytes()[:-1])
    made = office.back_up()
    assert [finding.code.partition(":")[0] for finding in made.damage] == (
        ["content-missing"] if what == "content" else ["book-behind", "object-missing"]
    )
    assert made.place.name == "bak.unfinished"
    assert files_of(office.dest) == before
    with pytest.raises(UnreachableError, match="no-store"):
        FileStore(made.place)


def test_what_the_store_lost_and_its_backup_has_is_kept(office: Office) -> None:
    office.back_up()
    for path in (*office.place.glob("contents/*/*"), *office.place.glob("households/*/*.json")):
        path.write_bytes(b"garbled")
    assert office.back_up().damage == ()
    assert entries(FileStore(office.dest))


def test_what_a_member_stated_wrongly_keeps_nobody_from_a_backup(office: Office) -> None:
    from team import forge  # noqa: PLC0415 (of this test only)
    from wording import Wording  # noqa: PLC0415 (likewise)

    team = office.desk("jan")
    words = Wording(person("anna"))
    words.register = team.register(None, "jan")
    forge(team["jan"], words.suspension("piet"), role=Role.REGISSEUR)
    made = office.back_up()
    assert made.report.findings
    assert made.damage == ()
    assert check(FileStore(office.dest), ROOT).findings == made.report.findings
    assert isinstance(office.put_back(), PutBack)


def test_a_store_behind_what_its_client_saw_is_not_backed_up(office: Office) -> None:
    with pytest.raises(IntegrityError, match="log-short"):
        office.back_up(must_pass=Seen(10_000, bytes(32)))
    assert not office.dest.exists()


def test_a_copy_of_another_state_is_begun_anew(office: Office) -> None:
    shutil.copytree(office.place, office.folder / "yesterday")
    office.write("twee")
    shutil.copytree(office.place, office.folder / "bak.unfinished")
    shutil.rmtree(office.place)
    (office.folder / "yesterday").rename(office.place)
    office.desk("anna").open(None, "anna")
    office.back_up()
    assert compare_logs(FileStore(office.dest), FileStore(office.place)).common == entries(
        FileStore(office.dest)
    )


@contextmanager
def failing(at: int) -> Iterator[list[str]]:
    """Let the n-th call that changes something fail, as disks do; give the name of that call."""
    number = (errno.ENOSPC, errno.EIO, errno.EACCES)[at % 3]
    calls, failed = [0], list[str]()

    def once(name: str, real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: Any, **named: Any) -> object:
            if name != "open" or arguments[1] & os.O_CREAT:
                calls[0] += 1
                if calls[0] == at:
                    failed.append(name)
                    raise OSError(number, os.strerror(number))
            return real(*arguments, **named)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in ("open", "write", "fsync", "fdatasync", "replace", "unlink", "rmdir", "mkdir", "link"):
            patch.setattr(os, name, once(name, getattr(os, name)))
        yield failed


@pytest.mark.parametrize("way", ["backup", "restore"])
def test_a_disk_that_fails_anywhere_costs_nothing_but_another_try(
    office: Office, way: str, capsys: pytest.CaptureFixture[str]
) -> None:
    size = office.back_up().report.entries
    office.write("twee")
    store_id = FileStore(office.place).store_id
    before = office.folder.with_name("before")
    office.folder.rename(before)
    tried, refused = 0, 0
    while True:
        tried += 1
        shutil.rmtree(office.folder, ignore_errors=True)
        shutil.copytree(before, office.folder)
        act = office.back_up if way == "backup" else partial(office.put_back, store_id)
        with failing(tried) as failed:
            try:
                act()
            except UnreachableError as e:
                code = e.code
                refused += 1
            else:
                code = ""
        if not failed:
            break
        assert code in ("", "disk-full", "read-only", "unreachable", "log-unwritable", "log-unreadable")
        for place in (office.dest, office.place):
            assert entries(FileStore(place), crashed=True) in (size, size + 2)
        assert not isinstance(act(), Report)
        done = FileStore(office.dest if way == "backup" else office.place)
        assert entries(done) == (size + 2 if way == "backup" else size)
        assert not [name for name in office.names() if "unfinished" in name or "restoring" in name]
    with capsys.disabled():
        print(f"\n{way}: {tried} points of failure tried, {refused} said so")  # noqa: T201 (asked for)
    assert refused > 50


def crashing(office: Office, act: Callable[[], object], after: Callable[[], None]) -> int:
    """Let an act die at its first call, its second, and so on; each time in the same folder as it was."""
    before, tried = office.folder.with_name("before"), 0
    shutil.copytree(office.folder, before)
    while True:
        tried += 1
        shutil.rmtree(office.folder)
        shutil.copytree(before, office.folder)
        try:
            with dying(tried, half=tried % 2 == 0):
                act()
        except CrashError:
            after()
            continue
        return tried


@pytest.mark.parametrize("anew", [True, False])
def test_a_backup_that_dies_anywhere_is_none_or_the_old_one(
    anew: bool,  # noqa: FBT001
    office: Office,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sizes = set() if anew else {office.back_up().report.entries}
    office.write("twee")
    now = entries(FileStore(office.place))

    def after() -> None:
        if office.dest.exists() and any(office.dest.iterdir()):
            assert entries(FileStore(office.dest), crashed=True) in sizes | {now}
        else:
            assert anew or entries(FileStore(office.folder / "bak.before"), crashed=True) in sizes
        assert office.back_up().report.entries == now
        assert entries(FileStore(office.dest)) == now
        assert office.names() == {"store", "bak"}

    tried = crashing(office, office.back_up, after)
    with capsys.disabled():
        print(f"\nbackup: {tried} points of failure tried")  # noqa: T201 (asked for)
    assert tried > 50


def _work(folder: Path, home: HouseholdId, who: str, ready: Event, stop: Event) -> None:
    """Write and open households until told to stop."""
    office = Office(folder, home)
    ready.set()
    while not stop.is_set():
        if who == "jan":
            office.write("werk")
        else:
            office.desk(who).open(who)


def test_a_backup_made_while_others_write_is_whole(office: Office) -> None:
    spawn = multiprocessing.get_context("spawn")
    stop, ready = spawn.Event(), [spawn.Event(), spawn.Event()]
    workers = [
        spawn.Process(target=_work, args=(office.folder, office.home, who, is_ready, stop))
        for who, is_ready in zip(("jan", "piet"), ready, strict=True)
    ]
    for worker in workers:
        worker.start()
    try:
        assert all(is_ready.wait(30) for is_ready in ready)
        sizes = []
        for _ in range(5):
            time.sleep(0.1)
            sizes.append(office.back_up().report.entries)
            copied = FileStore(office.dest)
            assert entries(copied) == sizes[-1]
            assert compare_logs(copied, FileStore(office.place)).common == sizes[-1]
    finally:
        stop.set()
        for worker in workers:
            worker.join(30)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert len(set(sizes)) == 5


# Putting back.


def test_a_store_is_put_back_where_nothing_stands(office: Office) -> None:
    made = office.back_up()
    shutil.rmtree(office.place)
    done = office.put_back()
    assert isinstance(done, PutBack)
    assert (done.before, done.report.entries) == (None, made.report.entries)
    assert entries(FileStore(office.place)) == made.report.entries
    assert FileStore(office.place).restored
    assert office.names() == {"store", "bak"}


def test_the_store_that_it_is_of_is_kept_beside(office: Office) -> None:
    size = office.back_up().report.entries
    before = files_of(office.place)
    done = office.put_back()
    kept = office.folder / "store.before-2026-11-23T183000Z"
    assert isinstance(done, PutBack)
    assert done.before == Before(size, Lost(0, ()), kept)
    assert files_of(kept) == before
    assert FileStore(office.place).restored


def test_a_store_that_has_gone_further_goes_only_when_its_id_is_named(office: Office) -> None:
    size = office.back_up().report.entries
    office.write("twee")
    before, store_id = files_of(office.place), FileStore(office.place).store_id
    for confirm in (None, StoreId("f" * 32)):
        with pytest.raises(RefusedError, match="restore-over-further") as caught:
            office.put_back(confirm)
        assert caught.value.data == {"store": store_id}
    assert files_of(office.place) == before
    assert office.names() == {"store", "bak"}
    done = office.put_back(store_id)
    assert isinstance(done, PutBack)
    assert done.before is not None
    assert done.before[:2] == (size + 2, Lost(2, (office.home,)))
    assert files_of(done.before.kept) == before
    assert entries(FileStore(office.place)) == size


def test_a_store_that_went_another_way_goes_only_when_its_id_is_named(office: Office) -> None:
    shutil.copytree(office.place, office.folder / "yesterday")
    size = entries(FileStore(office.place))
    office.write("twee")
    office.back_up()
    shutil.rmtree(office.place)
    (office.folder / "yesterday").rename(office.place)
    team = office.desk("anna")
    opened = team.open(None, "anna")
    with pytest.raises(RefusedError, match="restore-over-further"):
        office.put_back()
    done = office.put_back(FileStore(office.place).store_id)
    assert isinstance(done, PutBack)
    assert done.before is not None
    assert done.before[:2] == (size + 1, Lost(1, (opened,)))


def test_another_store_goes_only_when_its_id_is_named(office: Office) -> None:
    office.back_up()
    shutil.rmtree(office.place)
    other, _ = new_store(person("piet").card)
    FileStore.create(office.place, other)
    with pytest.raises(RefusedError, match="restore-over-other"):
        office.put_back(FileStore(office.dest).store_id)
    done = office.put_back(other)
    assert isinstance(done, PutBack)
    assert done.before is not None
    assert done.before[:2] == (0, Lost(0, ()))
    assert FileStore(done.before.kept).store_id == other


def test_a_store_that_cannot_be_read_goes_only_when_its_id_is_named(office: Office) -> None:
    office.back_up()
    page = office.place / "log" / "000000.log"
    page.unlink()
    page.mkdir()
    with pytest.raises(RefusedError, match="restore-over-further"):
        office.put_back()
    done = office.put_back(FileStore(office.place).store_id)
    assert isinstance(done, PutBack)
    assert done.before is not None
    assert done.before[:2] == (None, None)


def test_what_is_no_store_is_left_alone(office: Office) -> None:
    office.back_up()
    (office.place / "dossier.json").unlink()
    before = files_of(office.place)
    with pytest.raises(UsageError, match="place-taken"):
        office.put_back(FileStore(office.dest).store_id)
    assert files_of(office.place) == before


def test_an_altered_backup_is_not_put_back(office: Office) -> None:
    office.back_up()
    office.write("twee")  # so that nothing is put back where it goes unnoticed either
    before, whole = files_of(office.place), files_of(office.dest)
    store_id = FileStore(office.place).store_id
    for name, raw in whole.items():
        if name in ("restored.json", "lock"):
            continue
        for at in range(0, len(raw), max(1, len(raw) // 5)):
            (office.dest / name).write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
            with suppress(IntegrityError):
                done = office.put_back(store_id)
                assert isinstance(done, Report), (name, at)
                assert done.findings
            assert office.names() == {"store", "bak"}
        (office.dest / name).write_bytes(raw)
    assert files_of(office.place) == before


def test_a_backup_cut_short_is_not_put_back(office: Office) -> None:
    office.back_up()
    page = office.dest / "log" / "000000.log"
    page.write_bytes(b"\n".join(page.read_bytes().split(b"\n")[:-13]) + b"\n")
    shutil.rmtree(office.place)
    done = office.put_back()
    assert isinstance(done, Report)
    assert "log-behind-copy" in [finding.code for finding in done.findings]
    assert not office.place.exists()


def test_a_backup_that_cannot_be_written_can_be_put_back(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = office.back_up().report.entries
    shutil.rmtree(office.place)
    opened = os.open

    def read_only(path: Path, flags: int, mode: int = 0o777, **more: int) -> int:
        if flags & (os.O_RDWR | os.O_WRONLY | os.O_CREAT) and office.dest in Path(path).parents:
            raise OSError(30, "read-only file system")
        return opened(path, flags, mode, **more)

    monkeypatch.setattr(os, "open", read_only)
    assert isinstance(office.put_back(), PutBack)
    assert entries(FileStore(office.place)) == size


def test_what_was_written_while_it_was_copied_is_not_lost_either(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.back_up()
    enter = Site.enter

    def late(*arguments: object) -> None:
        office.write("twee")
        enter(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Site, "enter", late)
    with pytest.raises(RefusedError, match="restore-over-further"):
        office.put_back()
    assert office.read() == "twee"
    assert office.names() == {"store", "bak"}


def test_a_restore_that_dies_anywhere_leaves_the_old_store_or_the_new_one(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    size = office.back_up().report.entries
    office.write("twee")
    now, store_id = size + 2, FileStore(office.place).store_id
    seen: dict[str, int] = {}

    def after() -> None:
        state = "empty"
        if office.place.exists():
            state = "new" if FileStore(office.place).restored else "old"
            assert entries(FileStore(office.place), crashed=True) == (size if state == "new" else now)
        seen[state] = seen.get(state, 0) + 1
        done = office.put_back(store_id)
        assert isinstance(done, PutBack)
        assert entries(FileStore(office.place)) == size
        assert FileStore(office.place).restored
        assert done.before is not None
        assert done.before.entries == (size if state == "new" else now)
        assert done.before.lost == (Lost(0, ()) if state == "new" else Lost(2, (office.home,)))
        kept = list(office.folder.glob("store.before-*"))
        assert done.before.kept in kept
        assert now in [entries(FileStore(path), crashed=True) for path in kept]
        assert office.names() == {"store", "bak"} | {path.name for path in kept}
        assert "aside.json" not in files_of(office.place)

    tried = crashing(office, lambda: office.put_back(store_id), after)
    with capsys.disabled():
        print(f"\nrestore: {tried} points of failure tried, {seen}")  # noqa: T201 (asked for)
    assert seen.keys() == {"old", "empty", "new"}
