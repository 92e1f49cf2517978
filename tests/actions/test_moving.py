"""A store is moved between a folder and a database, either way: whole, or not found there at all."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import postgres
import pytest
from desks import Office, new_office

from dossier.actions.check import check
from dossier.actions.comparing import compare_logs
from dossier.actions.moving import COPYING, Moved, move
from dossier.actions.restore import RESTORING, PutBack, restore
from dossier.errors import ConflictError, RefusedError, UnreachableError, UsageError
from dossier.model import StoreId
from dossier.storage import postgres_turn
from dossier.storage.base import Store
from dossier.storage.files import FileStore
from dossier.storage.ground import Ground
from dossier.storage.postgres import PostgresStore
from dossier.storage.postgres_site import PostgresSite
from dossier.storage.site import Site

OTHER = StoreId("f" * 32)
KINDS = ("files", "postgres")


class CutOffError(Exception):
    """The copy was broken off."""


class Grounds:
    """Places for stores, a new one each time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        self.places: list[str] = []

    def new(self, kind: str) -> str:
        """Give a place where nothing is yet."""
        self._count += 1
        if kind == "files":
            return str(self._folder / "places" / f"store{self._count}")
        self.places.append(postgres.fresh())
        return self.places[-1]

    def beside(self, place: str) -> list[str]:
        """Name what stands beside a place, or under its name and more."""
        if "://" not in place:
            return [path.name for path in Path(place).parent.iterdir() if path.name != Path(place).name]
        like = postgres.schema_of(place) + r"\_%"
        rows = postgres.ask(place, "SELECT nspname FROM pg_namespace WHERE nspname LIKE %s", like)
        return [str(name) for (name,) in rows]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return new_office(tmp_path)


@pytest.fixture
def grounds(tmp_path: Path) -> Iterator[Grounds]:
    (tmp_path / "places").mkdir()
    found = Grounds(tmp_path)
    yield found
    for place in found.places:
        postgres.drop(place)


def ground(place: str, suffix: str = COPYING) -> Ground[Any]:
    return PostgresSite(place, suffix) if "://" in place else Site(Path(place), suffix)


def opened(place: str) -> Store:
    return PostgresStore(place) if "://" in place else FileStore(Path(place))


def check_same(office: Office, place: str) -> None:
    """See that what stands at a place is healthy, and is the store as it is now."""
    store = opened(place)
    report = check(store, office.root, deep=True)
    assert (report.findings, report.leftovers) == ((), ())
    logs = compare_logs(store, office.store)
    assert logs.common == logs.size == logs.other == report.entries
    for book in office.store.books():
        assert store.copies(book) == office.store.copies(book)
        assert dict(store.objects(book)) == dict(office.store.objects(book))
    assert set(store.contents()) == set(office.store.contents())


@pytest.mark.parametrize("kind", KINDS)
def test_a_moved_store_is_the_store_and_is_counted(office: Office, grounds: Grounds, kind: str) -> None:
    office.fill(300)
    place = grounds.new(kind)
    ticks: list[int] = []
    moved = move(office.store, ground(place), progress=ticks.append)
    check_same(office, place)
    store = opened(place)
    books = list(store.books())
    assert (moved.damage, moved.report.findings) == ((), ())
    assert moved.report.root == check(office.store, office.root).root
    assert moved.report.entries == moved.copied.entries >= 300
    assert moved.books == len(books) == 2
    assert moved.objects == sum(len(store.objects(book)) for book in books)
    assert moved.contents == moved.copied.contents == len(list(office.store.contents())) == 2
    assert store.tile(0, 0) is not None
    assert ticks
    assert grounds.beside(place) == []
    assert not store.restored


def test_there_and_back_again_it_is_the_same(office: Office, grounds: Grounds) -> None:
    office.fill(270)
    roots, source = set(), office.store
    for kind in ("postgres", "files", "postgres", "postgres", "files", "files"):
        place = grounds.new(kind)
        roots.add(move(source, ground(place)).report.root)
        source = opened(place)  # type: ignore[assignment]
        check_same(office, place)
    assert len(roots) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_an_earlier_state_is_brought_up_to_date(office: Office, grounds: Grounds, kind: str) -> None:
    place = grounds.new(kind)
    move(office.store, ground(place))
    office.write("drie")
    office.give()
    office.fill(300)
    move(office.store, ground(place))
    check_same(office, place)
    assert grounds.beside(place) == []
    move(office.store, ground(place))
    check_same(office, place)


@pytest.mark.parametrize("kind", KINDS)
def test_a_store_that_went_further_is_not_lost(office: Office, grounds: Grounds, kind: str) -> None:
    early, late = grounds.new("files"), grounds.new(kind)
    move(office.store, ground(early))
    office.write("drie")
    move(office.store, ground(late))
    with pytest.raises(RefusedError, match="copy-over-further"):
        move(opened(early), ground(late))
    check_same(office, late)
    assert [name for name in grounds.beside(late) if "copying" in name] == []


def test_a_store_that_cannot_be_compared_is_not_lost(office: Office, grounds: Grounds) -> None:
    place = grounds.new("postgres")
    move(office.store, ground(place))
    postgres.ask(place, "INSERT INTO log SELECT page, start + 1000000, 'x' FROM log LIMIT 1")
    with pytest.raises(RefusedError, match="copy-over-further"):
        move(office.store, ground(place))


@pytest.mark.parametrize("kind", KINDS)
def test_another_store_is_not_lost(office: Office, grounds: Grounds, kind: str) -> None:
    place = grounds.new(kind)
    made = PostgresStore.create(place, OTHER) if kind == "postgres" else FileStore.create(Path(place), OTHER)
    with pytest.raises(RefusedError, match="copy-over-other") as caught:
        move(office.store, ground(place))
    assert caught.value.data == {"store": OTHER}
    assert opened(place).store_id == made.store_id


def test_what_others_keep_in_a_schema_is_left_alone(office: Office, grounds: Grounds) -> None:
    place = grounds.new("postgres")
    postgres.ask(place, "CREATE TABLE log (mine text)")
    with pytest.raises(UsageError, match="place-taken"):
        move(office.store, ground(place))
    assert postgres.ask(place, "SELECT count(*) FROM log") == [(0,)]


def test_a_schema_that_is_not_there_is_told() -> None:
    with pytest.raises(UnreachableError, match="no-store"):
        ground(postgres.place_of("never_made"))


def cut_off(monkeypatch: pytest.MonkeyPatch, verb: str, after: int) -> Callable[[], int]:
    """Let a database fail at the n-th time that it is asked something; give how often it was."""
    real, count = getattr(PostgresStore, verb), 0

    def call(self: PostgresStore, *rest: Any, **named: Any) -> Any:
        nonlocal count
        count += 1
        if count > after:
            raise CutOffError
        return real(self, *rest, **named)

    monkeypatch.setattr(PostgresStore, verb, call)
    return lambda: count


@pytest.mark.parametrize("verb", ["append", "put", "lay", "keep_tile", "get", "objects", "mark_draft"])
def test_what_was_broken_off_is_not_found_and_goes_on(
    office: Office, grounds: Grounds, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    if isinstance(office.store, PostgresStore):
        pytest.skip("the source would be cut off as well")
    office.fill(300)
    place = grounds.new("postgres")
    for after in range(2):
        with monkeypatch.context() as patch:
            cut_off(patch, verb, after)
            with pytest.raises(CutOffError):
                move(office.store, ground(place))
        with pytest.raises(UnreachableError, match=r"store-unfinished|no-store"):
            PostgresStore(place)
        if verb in ("keep_tile", "mark_draft"):
            break  # there is one only
    move(office.store, ground(place))
    check_same(office, place)


def test_what_was_copied_is_not_copied_again(
    office: Office, grounds: Grounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when `PostgresSite.draft` begins anew, or `Turn.rest` keeps nothing."""
    monkeypatch.setattr(postgres_turn, "_ENOUGH", 1)
    place = grounds.new("postgres")
    with monkeypatch.context() as patch:
        patch.setattr(PostgresStore, "mark_restored", lambda *_: None)
        cut_off(patch, "mark_draft", 0)
        with pytest.raises(CutOffError):
            move(office.store, ground(place))
    source = grounds.new("files")
    move(office.store, ground(source))
    with monkeypatch.context() as patch:
        counts = [cut_off(patch, verb, 0) for verb in ("append", "put", "lay", "keep_tile")]
        move(opened(source), ground(place))
    assert [count() for count in counts] == [0, 0, 0, 0]
    check_same(office, place)


def test_the_draft_of_another_store_gives_way(office: Office, grounds: Grounds) -> None:
    place = grounds.new("postgres")
    PostgresStore.create(place, OTHER, draft=True)
    move(office.store, ground(place))
    check_same(office, place)


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_store_is_not_found_at_the_new_place(office: Office, grounds: Grounds, kind: str) -> None:
    """Breaks when `moving.move` does not look at the damage."""
    place, source = grounds.new(kind), grounds.new("files")
    move(office.store, ground(source))
    sealed = min(Path(source).glob("contents/*/*"))
    raw = sealed.read_bytes()
    sealed.write_bytes(raw[:-1])
    moved = move(opened(source), ground(place))
    assert [finding.code for finding in moved.damage] == ["content-missing"]
    with pytest.raises(UnreachableError, match=r"store-unfinished|no-store"):
        opened(place)
    sealed.write_bytes(raw)
    assert move(opened(source), ground(place)).damage == ()
    check_same(office, place)


def test_others_go_on_working_meanwhile(office: Office, grounds: Grounds) -> None:
    """The copy is the store at one moment; the next copy has what came since."""
    source = grounds.new("postgres")
    move(office.store, ground(source))
    office.team.store = opened(source)
    office.store = office.team.store  # type: ignore[assignment]
    done, place = threading.Event(), grounds.new("files")
    moved: list[Moved] = []

    def copy() -> None:
        try:
            moved.extend(move(opened(source), ground(place)) for _ in range(3))
        finally:
            done.set()

    thread = threading.Thread(target=copy)
    thread.start()
    written = 0
    while not done.is_set():
        office.write(f"tekst {written}")
        written += 1
    thread.join()
    assert [one.damage for one in moved] == [(), (), ()]
    assert moved[0].report.entries < moved[2].report.entries
    report = check(opened(place), office.root, deep=True)
    assert report.findings == ()
    logs = compare_logs(opened(place), office.store)
    assert logs.common == logs.size
    assert written


def test_a_copy_that_went_another_way_is_noticed(
    office: Office, grounds: Grounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when `moving._compare` compares nothing."""
    place = grounds.new("postgres")

    def altered(draft: Store, *rest: Any, **named: Any) -> Any:
        report = check(draft, *rest, **named)
        postgres.ask(place, "DELETE FROM objects WHERE digest IN (SELECT digest FROM objects LIMIT 1)")
        return report

    monkeypatch.setattr("dossier.actions.moving.check", altered)
    with pytest.raises(ConflictError, match="copy-differs"):
        move(office.store, ground(place))
    with pytest.raises(UnreachableError, match="store-unfinished"):
        PostgresStore(place)


def test_a_store_copied_onto_itself_under_another_name_loses_nothing(
    office: Office, grounds: Grounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when `moving.move` looks at the source once more, and not at the copy of it."""
    place = grounds.new("postgres")
    move(office.store, ground(place))
    same = f"{place}&application_name=other"
    move(opened(place), ground(same))
    check_same(office, place)

    def meanwhile(draft: Store, *rest: Any, **named: Any) -> Any:
        with monkeypatch.context() as patch:
            patch.undo()
            office.team.store = opened(place)
            office.write("drie")
        return check(draft, *rest, **named)

    monkeypatch.setattr("dossier.actions.moving.check", meanwhile)
    with pytest.raises(RefusedError, match="copy-over-further"):
        move(opened(place), ground(same))
    office.store = office.team.store  # type: ignore[assignment]
    check_same(office, place)


# Put back from a backup, into a database.


def put_back(office: Office, source: str, place: str, confirm: StoreId | None = None) -> PutBack[Any]:
    done = restore(
        opened(source), ground(place, RESTORING), office.root, office.team.clock(), confirm=confirm
    )
    assert isinstance(done, PutBack)
    return done


def test_a_backup_is_put_back_where_no_store_is(office: Office, grounds: Grounds) -> None:
    backup, place = grounds.new("files"), grounds.new("postgres")
    move(office.store, ground(backup))
    done = put_back(office, backup, place)
    assert done.before is None
    check_same(office, place)
    assert opened(place).restored


def test_what_stood_there_is_kept_in_a_schema_beside(office: Office, grounds: Grounds) -> None:
    backup, place = grounds.new("files"), grounds.new("postgres")
    move(office.store, ground(backup))
    size = opened(backup)
    office.write("drie")
    move(office.store, ground(place))
    with pytest.raises(RefusedError, match="restore-over-further"):
        put_back(office, backup, place)
    check_same(office, place)
    assert grounds.beside(place) == []
    done = put_back(office, backup, place, office.store.store_id)
    assert done.before is not None
    assert done.before.lost is not None
    assert done.before.lost.households == (office.home,)
    assert opened(place).restored
    assert compare_logs(opened(place), size).common == compare_logs(size, size).size
    kept = str(done.before.kept)
    check_same(office, kept)
    assert grounds.beside(place) == [postgres.schema_of(kept)]


@pytest.mark.parametrize("fails", ["frontier", "log", "streams", "log_only_grows"])
def test_a_move_that_fails_leaves_the_old_store_where_it_was(
    office: Office, grounds: Grounds, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    """Breaks when `PostgresSite.enter` does not do all in one transaction."""
    from dossier.storage import postgres_site  # noqa: PLC0415 (to be altered here)

    backup, place = grounds.new("files"), grounds.new("postgres")
    move(office.store, ground(backup))
    office.write("drie")
    move(office.store, ground(place))
    things = [thing if not thing.endswith(fails) else f"{thing}_gone" for thing in postgres_site._THINGS]
    with monkeypatch.context() as patch:
        patch.setattr(postgres_site, "_THINGS", things)
        with pytest.raises(UnreachableError):
            put_back(office, backup, place, office.store.store_id)
    check_same(office, place)
    put_back(office, backup, place, office.store.store_id)
    assert opened(place).restored


def test_a_store_that_is_whole_is_no_draft_to_be_discarded(office: Office, grounds: Grounds) -> None:
    place = grounds.new("postgres")
    site = PostgresSite(place, COPYING)
    site.draft(office.store.store_id)
    PostgresStore(place, draft=True).mark_draft(False)
    again = PostgresSite(place, COPYING)
    again._drafting = lambda: postgres.schema_of(place)  # type: ignore[method-assign]
    with pytest.raises(UsageError, match="place-taken"):
        again.discard()
    assert PostgresStore(place).store_id == office.store.store_id


def test_a_schema_with_more_than_a_store_is_not_removed(office: Office, grounds: Grounds) -> None:
    place = grounds.new("postgres")
    move(office.store, ground(place))
    office.write("drie")
    site = PostgresSite(place, COPYING)
    aside = site.free_name("before")
    assert aside == site.free_name("before")
    postgres.admin().execute(f"CREATE SCHEMA {aside.schema}".encode())
    again = site.free_name("before")
    assert again.schema == f"{aside.schema}_2"
    postgres.ask(aside.place, "CREATE TABLE mine (one int)")
    with pytest.raises(UnreachableError):
        site.remove(aside)
    assert postgres.ask(aside.place, "SELECT count(*) FROM mine") == [(0,)]
