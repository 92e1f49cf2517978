"""The client's memory: what it has verified is kept, only ever raised, and shows a store that went back."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from laying import drop_copies, lay, look, put, records, team, write
from scribe import Scribe
from wording import HOME, INTAKE, OTHER_HOME, person

from dossier import memory as remembering
from dossier import memory_parts
from dossier.errors import ConflictError, IntegrityError
from dossier.log.logbook import Logbook
from dossier.memory import Memory
from dossier.memory_parts import Known, MovedError
from dossier.model import STORE_BOOK, BookName, Handle, Seen, StoreId
from dossier.register.fold import fold
from dossier.storage.volatile import VolatileStore

HOUSEHOLD = BookName(HOME)
SETTINGS = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Client:
    """A member's commands, one after another, with what they remember in between."""

    def __init__(self, folder: Path, s: Scribe, store: VolatileStore, who: str = "jan") -> None:
        self.folder = folder
        self.s = s
        self.store = store
        self.who = who

    def memory(self) -> Memory:
        """Load what is remembered."""
        memory = Memory(self.folder, person(self.who), self.s.store)
        if not memory.load():
            memory.root = self.s.founder.card.fingerprint
        return memory

    def command(self, memory: Memory | None = None, *, household: bool = True) -> Memory:
        """Read on, open the household's book as every read does, and remember."""
        memory = memory or self.memory()
        log = Logbook(self.store, memory.verified, memory, memory.root, memory.must_pass)
        with self.store.exclusive():
            log.catch_up()
            if household:
                opened = log.open_book(HOUSEHOLD)
                log.check_reaches(opened, fold(memory.root, log.store_book.book, opened.book))
        memory.save()
        return memory


@pytest.fixture
def s() -> Scribe:
    """A household with one version."""
    scribe = team()
    write(scribe)
    return scribe


@pytest.fixture
def client(tmp_path: Path, s: Scribe) -> Client:
    """Jan, who has not read yet."""
    return Client(tmp_path, s, lay(s))


def file_of(client: Client) -> Path:
    return client.folder / client.s.store / f"{client.who}.memory"


def parts_of(client: Client) -> list[Path]:
    return sorted(file_of(client).with_suffix(".parts").iterdir())


def go_on(client: Client) -> None:
    """Lay what was written since, with its copies."""
    client.store.__dict__.update(lay(client.s).__dict__)


# What is kept.


def test_nothing_is_remembered_at_first(client: Client) -> None:
    memory = Memory(client.folder, person("jan"), client.s.store)
    assert not memory.load()
    assert (memory.verified.size, memory.head(STORE_BOOK), memory.head(HOUSEHOLD)) == (0, None, None)
    assert list(memory.households()) == []


def test_what_was_verified_is_remembered(client: Client) -> None:
    client.command()
    memory = client.memory()
    known, s = memory.verified, client.s
    assert (known.size, known.root, known.at) == (len(s.log), s._frontier.root(), s.log[-1].at)
    assert known.length == len(client.store._pages[0])
    assert known.seen == {Handle("anna"): 6, Handle("jan"): 8}
    assert memory.root == s.founder.card.fingerprint
    assert memory.must_pass is None
    assert {name: memory.head(name) for name in s.heads} == s.heads
    assert memory.known(HOME) == Known(s.heads[HOUSEHOLD], Handle("jan"), ())
    assert list(memory.households()) == [(HOME, memory.known(HOME))]


def test_ones_own_households_are_remembered(client: Client) -> None:
    s = client.s
    s.give().open(None, OTHER_HOME)
    go_on(client)
    client.command()
    assert client.memory().mine == {HOME}
    sara = Client(client.folder, s, client.store, "sara")
    sara.command()
    assert sara.memory().mine == {HOME}
    known = client.memory().known(OTHER_HOME)
    assert known is not None
    assert known.regisseur is None


def test_a_version_that_nobody_asked_for_is_remembered(client: Client) -> None:
    s = client.s
    statement = s.version_on(s.log[-2])
    statement.fields.update(version=2)
    s.write("jan", statement)
    go_on(client)
    client.command()
    known = client.memory().known(HOME)
    assert known is not None
    assert known.unfounded == (3,)


def test_a_founded_memory_reads_on(client: Client) -> None:
    client.command()
    look(client.s, 3)
    write(client.s, 2)
    go_on(client)
    memory = client.command()
    assert memory.verified.root == client.s._frontier.root()
    assert memory.head(HOUSEHOLD) == client.s.heads[HOUSEHOLD]


def test_memories_are_apart(client: Client) -> None:
    client.command()
    assert not Memory(client.folder, person("sara"), client.s.store).load()
    assert not Memory(client.folder, person("jan"), StoreId("0" * 32)).load()


# What was altered.


@given(st.data())
@SETTINGS
def test_a_memory_altered_in_any_byte_is_refused(client: Client, data: st.DataObject) -> None:
    if not file_of(client).exists():
        client.command()
    good = file_of(client).read_bytes()
    bad = bytearray(good)
    bad[data.draw(st.integers(0, len(bad) - 1))] ^= data.draw(st.integers(1, 255))
    file_of(client).write_bytes(bytes(bad))
    try:
        with pytest.raises(IntegrityError, match="memory-altered"):
            client.memory()
    finally:
        file_of(client).write_bytes(good)


@given(st.data())
@SETTINGS
def test_a_memory_cut_off_anywhere_is_refused(client: Client, data: st.DataObject) -> None:
    if not file_of(client).exists():
        client.command()
    good = file_of(client).read_bytes()
    file_of(client).write_bytes(good[: data.draw(st.integers(0, len(good) - 1))])
    try:
        with pytest.raises(IntegrityError, match="memory-altered"):
            client.memory()
    finally:
        file_of(client).write_bytes(good)


def test_the_memory_of_another_is_refused(client: Client) -> None:
    client.command()
    other = file_of(client).with_name("sara.memory")
    other.write_bytes(file_of(client).read_bytes())
    with pytest.raises(IntegrityError, match="memory-altered"):
        Memory(client.folder, person("sara"), client.s.store).load()


def test_a_memory_of_another_format_is_refused(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembering, "MEMORY_FORMAT", "dossier/memory/0")
    client.command()
    monkeypatch.undo()
    with pytest.raises(IntegrityError, match="memory-altered"):
        client.memory()


def test_a_part_that_was_altered_is_refused(client: Client) -> None:
    client.command()
    (part,) = parts_of(client)
    part.write_bytes(part.read_bytes().replace(b'"jan"', b'"tom"'))
    with pytest.raises(IntegrityError, match="memory-altered"):
        client.memory().head(HOUSEHOLD)


def test_a_part_that_is_gone_is_refused(client: Client) -> None:
    client.command()
    (part,) = parts_of(client)
    part.unlink()
    with pytest.raises(IntegrityError, match="memory-altered"):
        client.memory().head(HOUSEHOLD)


def test_a_household_without_a_head_is_refused() -> None:
    with pytest.raises(IntegrityError, match="memory-altered"):
        memory_parts._checked({HOME: [None, None, []]})


# Several commands at once.


def test_memory_kept_by_another_command_raises_only(client: Client) -> None:
    early = client.memory()
    early.root = client.s.founder.card.fingerprint
    before = lay(client.s, 5)
    log = Logbook(before, early.verified, early, early.root)
    with before.exclusive():
        log.catch_up()
    client.command()
    kept = file_of(client).read_bytes()
    early.save()
    assert file_of(client).read_bytes() == kept
    assert client.memory().verified.size == len(client.s.log)


def test_memory_that_has_seen_more_replaces_what_another_command_kept(client: Client) -> None:
    client.command()
    early = client.memory()
    early.head(HOUSEHOLD)
    write(client.s, 2)
    go_on(client)
    client.command()
    write(client.s, 3)
    go_on(client)
    client.command(early)
    memory = client.memory()
    assert memory.verified.size == len(client.s.log)
    assert memory.head(HOUSEHOLD) == client.s.heads[HOUSEHOLD]
    assert len(parts_of(client)) == 1


def test_only_parts_that_changed_are_written(client: Client) -> None:
    client.s.open("jan", OTHER_HOME)
    go_on(client)
    client.command()
    before = {path.name: path.stat().st_mtime_ns for path in parts_of(client)}
    write(client.s, 2)
    go_on(client)
    client.command()
    after = {path.name: path.stat().st_mtime_ns for path in parts_of(client)}
    assert len(before) == len(after) == 2
    same = [name for name in before if name in after]
    assert len(same) == 1
    assert before[same[0]] == after[same[0]]


def moved_on(client: Client) -> Memory:
    """Give a memory whose part of the household another command has replaced since it was loaded."""
    client.command()
    early = client.memory()
    write(client.s, 2)
    go_on(client)
    client.command()
    return early


def test_a_part_that_another_command_replaced_is_said_to_have_moved(client: Client) -> None:
    with pytest.raises(MovedError):
        moved_on(client).head(HOUSEHOLD)


def test_a_list_of_households_that_another_command_replaced_is_a_conflict(client: Client) -> None:
    with pytest.raises(ConflictError, match="memory-moved"):
        list(moved_on(client).households())


def test_what_was_half_taken_in_is_forgotten(client: Client) -> None:
    memory = client.command()
    write(client.s, 2)
    go_on(client)
    log = Logbook(client.store, memory.verified, memory, memory.root)
    with client.store.exclusive():
        log.catch_up()
    assert memory.head(HOUSEHOLD) == client.s.heads[HOUSEHOLD]
    memory.forget()
    head = memory.head(HOUSEHOLD)
    assert head is not None
    assert head.number == client.s.heads[HOUSEHOLD].number - 1
    assert memory.root == client.s.founder.card.fingerprint


def test_a_first_contact_that_failed_keeps_its_root(client: Client) -> None:
    memory = client.memory()
    memory.forget()
    assert memory.root == client.s.founder.card.fingerprint


# Another verifier.


def test_another_verifier_checks_anew_and_comes_by_what_was_seen(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.command()
    monkeypatch.setattr(remembering, "VERIFIER", remembering.VERIFIER + 1)
    look(client.s)
    go_on(client)
    memory = client.memory()
    seen = Seen(len(client.s.log) - 1, client.s._roots[-2])
    assert (memory.verified.size, memory.must_pass) == (0, seen)
    memory = client.command(memory)
    assert memory.verified.size == len(client.s.log)
    assert client.memory().must_pass is None


@pytest.mark.parametrize(("until", "code"), [(8, "log-short"), (9, "log-altered")])
def test_another_verifier_refuses_another_log(
    client: Client, monkeypatch: pytest.MonkeyPatch, until: int, code: str
) -> None:
    client.command()
    monkeypatch.setattr(remembering, "VERIFIER", remembering.VERIFIER + 1)
    other = team()
    if until == len(client.s.log):
        look(other, 2)
    client.store.__dict__.update(lay(other).__dict__)
    with pytest.raises(IntegrityError, match=code):
        client.command(household=False)


# A store that went back in time.


def test_a_log_that_went_back_is_noticed_by_who_saw_later(client: Client) -> None:
    client.command()
    put(client.store, records(client.store)[:-2])
    with pytest.raises(IntegrityError, match="log-short"):
        client.command()


def test_a_log_that_went_back_and_on_is_noticed_by_who_saw_later(client: Client) -> None:
    client.command()
    other = team()
    look(other, 5)
    put(client.store, records(lay(other)))
    with pytest.raises(IntegrityError, match="log-altered"):
        client.command()


def test_a_household_file_that_went_back_is_noticed_by_who_saw_later(client: Client) -> None:
    client.command()
    drop_copies(client.store, HOUSEHOLD, lambda i: i == 0)
    with pytest.raises(IntegrityError, match="book-behind"):
        client.command()


def test_a_household_file_that_went_back_is_noticed_by_a_newcomer(client: Client) -> None:
    """An ordinary read by who never saw it: the log still names the later statement."""
    drop_copies(client.store, HOUSEHOLD, lambda i: i == 0)
    newcomer = Client(client.folder, client.s, client.store, "sara")
    with pytest.raises(IntegrityError, match="book-behind") as caught:
        newcomer.command()
    assert caught.value.data == {"book": HOUSEHOLD, "index": len(client.s.log) - 1}


def test_a_whole_store_that_went_back_is_noticed_by_who_saw_later(client: Client) -> None:
    older = lay(client.s, 7)
    client.command()
    client.store.__dict__.update(older.__dict__)
    with pytest.raises(IntegrityError, match="log-short"):
        client.command()


def test_a_whole_store_that_went_back_is_not_noticed_by_a_newcomer(client: Client) -> None:
    """What PROMISES.md says it does not promise: hence `log verify --against`."""
    client.store.__dict__.update(lay(client.s, 7).__dict__)
    assert Client(client.folder, client.s, client.store, "sara").command().verified.size == 7


def test_a_copy_dropped_is_noticed_though_the_version_is_old(client: Client) -> None:
    client.s.say("jan", client.s.version("jan", INTAKE))
    go_on(client)
    client.command()
    drop_copies(client.store, HOUSEHOLD, lambda i: i != 1)
    with pytest.raises(IntegrityError, match="book-behind"):
        client.command()
