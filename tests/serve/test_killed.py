"""A gate, or its database, killed under load: nothing answered is lost, and clients go on by themselves."""

import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import NamedTuple, Self

import pytest
from crashing import CrashError
from database import Database
from gate_process import GateProcess, build_served, log_of
from own_client import code_of
from serving import become_served, new_office, remote_desk
from team import Team as InProcess
from wording import person

from dossier.actions import contents, logs, members
from dossier.cli.backends import open_at
from dossier.desk import Desk
from dossier.entry import Entry
from dossier.errors import ConflictError, UnreachableError
from dossier.model import BookName, Deed, HouseholdId, PurposeId, Role, SectionName
from dossier.storage.base import Store

INTAKE, PURPOSE = SectionName("intake"), PurposeId("intakegesprek")
KILLS, SOAK = 5, 50


class Done(NamedTuple):
    """What a member was answered: the entry, and the version with its text where one was written."""

    who: str
    deed: Deed
    place: int
    leaf: bytes
    version: int
    text: bytes


class Crew:
    """Members who read and write without end, each in a thread, each with a desk of their own."""

    def __init__(self, house: str, seats: list[tuple[str, Desk]], *, patient: bool = False) -> None:
        """`patient` ones try again themselves, when a gate says that its database is away."""
        self.house = HouseholdId(house)
        self.done: list[Done] = []
        self.failed: list[tuple[str, str]] = []
        self._patient = patient
        self._going = True
        self._threads = [
            threading.Thread(target=self._work, args=(who, desk, number))
            for number, (who, desk) in enumerate(seats)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._going = False
        for thread in self._threads:
            thread.join(120)
            assert not thread.is_alive()

    def wait_for(self, more: int) -> None:
        """Wait until so much more was done: then all is well again."""
        enough, until = len(self.done) + more, time.monotonic() + 60
        while len(self.done) < enough and time.monotonic() < until and not self.failed:
            time.sleep(0.01)
        assert not self.failed
        assert len(self.done) >= enough

    def _work(self, who: str, desk: Desk, number: int) -> None:
        chance = random.Random(number)  # noqa: S311 (so that it can be run again)
        turn = 0
        while self._going:
            turn += 1
            text = f"{who} {number} {turn}".encode() * chance.choice([1, 1, 9000])
            writes = who == "jan" and chance.random() < 0.5
            try:
                self._write(who, desk, text) if writes else self._read(who, desk)
            except ConflictError:
                continue  # somebody else was first
            except UnreachableError as e:
                if not self._patient:
                    self.failed.append((who, e.code))
                time.sleep(0.1)
            except BaseException as e:  # noqa: BLE001 (a thread's error is the test's)
                self.failed.append((who, repr(e)))

    def _read(self, who: str, desk: Desk) -> None:
        sink = BytesIO()
        receipt = contents.read(desk, self.house, INTAKE, PURPOSE, sink)
        self.done.append(Done(who, Deed.READ, receipt.index, receipt.leaf, receipt.version, sink.getvalue()))

    def _write(self, who: str, desk: Desk, text: bytes) -> None:
        written = contents.write(desk, self.house, INTAKE, PURPOSE, BytesIO(text), "text/plain")
        self.done.append(
            Done(who, Deed.WRITE, written.entry.index, written.entry.leaf, written.version, text)
        )


def nothing_is_lost(crew: Crew, store: Store, root: str) -> list[Entry]:
    """See that each answer's entry is in the log, each version there once and as read, and the log clean."""
    entries = log_of(store)
    texts: dict[int, bytes] = {}
    assert len({done.leaf for done in crew.done}) == len(crew.done)
    for done in crew.done:
        entry = entries[done.place]
        assert entry.leaf == done.leaf
        assert (entry.signed.actor, entry.ruling.permitted) == (done.who, True)
        if done.deed is Deed.WRITE:
            assert done.version not in texts
            texts[done.version] = done.text
    for done in crew.done:
        assert texts.get(done.version, done.text) == done.text
    nonces = [(entry.signed.actor, entry.signed.nonce) for entry in entries]
    assert len(set(nonces)) == len(nonces)
    assert logs.verify(store, root).findings == ()
    return entries


def seats(gate: GateProcess, folder: Path, *who: str) -> list[tuple[str, Desk]]:
    """Give desks at a gate, each with a memory of its own."""
    found = []
    for number, one in enumerate(who):
        there = folder / f"{gate.folder.name}-{number}-{one}"
        shutil.copytree(gate.team.home(one) / "state", there)
        found.append((one, gate.desk(one, there)))
    return found


def times(request: pytest.FixtureRequest) -> int:
    return SOAK if request.config.getoption("--soak") else KILLS


def root_of(gate: GateProcess) -> str:
    return gate.team.desk("tess").memory.root


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[GateProcess]:
    process = GateProcess(build_served(tmp_path / "t"))
    assert process.start() == 0
    yield process
    process.close()


def test_a_gate_killed_under_load_loses_no_answered_entry(
    gate: GateProcess, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Breaks when an answer leaves before its turn stands, or `Recent` starts empty."""
    chance = random.Random(8)  # noqa: S311 (so that it can be run again)
    store, root = open_at(str(gate.team.store)), root_of(gate)
    with Crew(gate.team.house, seats(gate, tmp_path, "jan", "jan", "sara", "sara")) as crew:
        for _ in range(times(request)):
            crew.wait_for(5)
            time.sleep(chance.random() * 0.05)
            gate.kill()
            assert gate.start() == 0
        crew.wait_for(5)
    assert not crew.failed
    entries = nothing_is_lost(crew, store, root)
    assert {done.who for done in crew.done} == {"jan", "sara"}
    assert any(done.deed is Deed.WRITE for done in crew.done)
    assert len(entries) > len(crew.done)
    gate.stop()
    assert gate.start() == 0


def test_a_gate_told_to_stop_under_load_answers_what_it_took(gate: GateProcess, tmp_path: Path) -> None:
    """Breaks when `Turns.stop` leaves calls unanswered; the clients find the next process by themselves."""
    store, root = open_at(str(gate.team.store)), root_of(gate)
    with Crew(gate.team.house, seats(gate, tmp_path, "jan", "sara", "sara")) as crew:
        for _ in range(3):
            crew.wait_for(5)
            gate.stop()
            assert gate.start() == 0
        crew.wait_for(5)
    assert not crew.failed
    nothing_is_lost(crew, store, root)
    assert "fault" not in gate.journal()


@pytest.mark.parametrize("kept", ["nothing but how far it came", "its memory", "nothing"])
def test_last_nights_store_put_back_while_the_gate_was_down(
    gate: GateProcess, tmp_path: Path, kept: str
) -> None:
    """Breaks when a height is read only beside a memory.

    A gate that has lost all it knew has only what it joined with, which says less; it starts then.
    """
    store = Path(gate.team.store)
    shutil.copytree(store, tmp_path / "last night")
    client = gate.client("sara")
    client.sync()
    said = {"household": gate.team.house, "section": "intake", "version": 1, "purpose": "intakegesprek"}
    assert code_of(client.enter(client.sign(deed="read", role="specialist", **said))) is None
    assert client.got
    if kept == "its memory":
        gate.stop()
    else:
        gate.kill()
    for path in gate.state.rglob("*"):
        if path.is_file() and (kept == "nothing" or (kept != "its memory" and path.suffix != ".height")):
            path.unlink()
    shutil.rmtree(store)
    shutil.copytree(tmp_path / "last night", store)
    assert gate.start() == (0 if kept == "nothing" else 8)
    if kept == "nothing":  # then whoever saw later notices
        client.meet()
        answer = client.enter(client.sign(deed="read", role="specialist", **said))
        assert (code_of(answer), "part" in answer) == ("gate-behind", False)


# Several gates at once.


def second_gate(gate: GateProcess) -> GateProcess:
    """Let a second gate be adopted beside the first."""
    team = gate.team
    fingerprint = team.new_gate("poort2")
    options = ["--store", str(team.store), "--no-input", "--json"]

    def ask(who: str, *arguments: str) -> dict[str, str]:
        own = ["--token", str(team.token(who)), "--passphrase-file", str(team.home(who) / "pw")]
        place = gate.place if who in ("anna", "bob") else str(team.store)
        answer = team.run_plain(who, [*options[:1], place, *options[2:], *own, *arguments])
        assert answer.code == 0, answer
        return answer.json()

    admitted = ask("anna", "gate", "admit", str(team.card("poort2")), "--fingerprint", fingerprint)
    ask("poort2", "join", "--welcome", admitted["welcome"])
    ask("anna", "gate", "adopt", "poort2")
    ask("bob", "keys", "rotate")
    return GateProcess(team, "poort2")


@pytest.mark.parametrize("kind", ["files", "postgres"])
def test_two_gates_on_one_store_make_one_log_and_either_may_be_killed(
    tmp_path: Path, request: pytest.FixtureRequest, kind: str
) -> None:
    """Breaks when `ServedGate.turn` does not catch up, or `exclusive` locks nobody out."""
    first = GateProcess(build_served(tmp_path / "t", kind))
    chance = random.Random(9)  # noqa: S311 (so that it can be run again)
    assert first.start() == 0
    second = second_gate(first)
    store, root = open_at(str(first.team.store)), root_of(first)
    try:
        assert second.start() == 0
        all_seats = [*seats(first, tmp_path, "jan", "sara"), *seats(second, tmp_path, "jan", "sara")]
        with Crew(first.team.house, all_seats, patient=True) as crew:
            for number in range(times(request)):
                crew.wait_for(8)
                time.sleep(chance.random() * 0.05)
                killed = (first, second)[number % 2]
                killed.kill()
                assert killed.start() == 0
            crew.wait_for(8)
        assert not crew.failed
        nothing_is_lost(crew, store, root)
    finally:
        first.close()
        second.close()


def test_the_same_request_at_two_gates_at_once_is_one_entry(tmp_path: Path) -> None:
    """Breaks when a gate holds the nonces of its own calls only."""
    first = GateProcess(build_served(tmp_path / "t"))
    assert first.start() == 0
    second = second_gate(first)
    try:
        assert second.start() == 0
        store = open_at(str(first.team.store))
        clients = [first.client("sara"), second.client("sara")]
        for _ in range(10):
            for client in clients:
                client.sync()
            said = {"household": first.team.house, "section": "intake", "version": 1}
            asking = clients[0].sign(deed="read", role="specialist", purpose="intakegesprek", **said)
            both(lambda number, asking=asking: clients[number].enter(asking))  # type: ignore[misc]
            same = [entry for entry in log_of(store) if entry.signed.nonce == nonce_of(asking.fields)]
            assert len(same) == 1
        leaves = {entry.leaf for entry in log_of(store)}
        assert {got.leaf for client in clients for got in client.got} <= leaves
        assert logs.verify(store, root_of(first)).ok
    finally:
        first.close()
        second.close()


def nonce_of(fields: object) -> bytes:
    from base64 import b64decode  # noqa: PLC0415 (only here)

    return b64decode(fields["nonce"])  # type: ignore[index]


def both(act: Callable[[int], object]) -> None:
    threads = [threading.Thread(target=act, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)


# The database.


def test_a_database_killed_under_load_loses_no_answered_entry(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when an answer leaves before the commit, or a commit is answered before it is on disk."""
    chance = random.Random(10)  # noqa: S311 (so that it can be run again)
    with Database() as database:
        monkeypatch.setenv("DOSSIER_TEST_POSTGRES", database.place)
        gate = GateProcess(database.build(tmp_path / "t"))
        store, root = open_at(str(gate.team.store)), root_of(gate)
        try:
            assert gate.start() == 0
            with Crew(gate.team.house, seats(gate, tmp_path, "jan", "sara"), patient=True) as crew:
                for _ in range(times(request)):
                    crew.wait_for(5)
                    time.sleep(chance.random() * 0.05)
                    database.kill()
                    database.start()
                crew.wait_for(5)
            assert not crew.failed
            nothing_is_lost(crew, store, root)
        finally:
            gate.close()
            store.close()  # type: ignore[attr-defined]


# What is left in a book by a process that was killed.


@pytest.mark.files_only("in a database nothing is left")
@pytest.mark.parametrize("book", ["household", "store"])
def test_what_a_killed_process_left_in_a_book_is_dropped_by_a_gate_that_held_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, book: str
) -> None:
    """Breaks when a gate writes behind what it read of a book before: then that closes for everyone."""
    team = InProcess(tmp_path / "t", files=True)
    for who, role in (("jan", Role.REGISSEUR), ("bob", Role.BEHEERDER), ("piet", Role.SPECIALIST)):
        team.admit(who, role)
    house = team.open("jan")
    team.write("jan", house, INTAKE, "een")
    become_served(team)
    offices = [new_office(team, tmp_path / f"gate {number}") for number in range(2)]
    writers = [remote_desk(team, "jan", office, tmp_path / f"c{n}") for n, office in enumerate(offices)]
    for desk in writers:
        team.desks["jan"] = desk
        team.write("jan", house, INTAKE, "twee")

    def die(*_: object) -> None:
        raise CrashError

    team.desks["jan"] = writers[0]
    half: dict[str, Callable[[], object]] = {
        "household": lambda: team.write("jan", house, INTAKE, "nooit"),
        "store": lambda: team.suspend("piet", by="bob"),
    }
    before = len(team.store.copies(BookName(house if book == "household" else "store")))
    monkeypatch.setattr(team.store, "append", only(team.store, "state", die))
    with pytest.raises(CrashError):
        half[book]()
    monkeypatch.undo()
    assert len(team.store.copies(BookName(house if book == "household" else "store"))) == before + 1
    team.desks["jan"] = writers[1]
    team.desks["anna"] = remote_desk(team, "anna", offices[1], tmp_path / "anna")
    card = person("nieuw").card
    members.admit(team["anna"], card.write(), [Role.SPECIALIST], card.fingerprint)
    team.write("jan", house, INTAKE, "drie")
    assert team.read("jan", house, INTAKE) == "drie"
    fresh = new_office(team, tmp_path / "fresh")
    team.desks["jan"] = remote_desk(team, "jan", fresh, tmp_path / "fresh client")
    assert team.read("jan", house, INTAKE) == "drie"
    assert logs.verify(team.store, team["anna"].memory.root).ok


def only(store: Store, deed: str, act: Callable[..., None]) -> Callable[..., None]:
    """Give an `append` that does something else for entries of one deed."""
    real = store.append

    def append(number: int, offset: int, record: bytes) -> None:
        if f'"deed":"{deed}"'.encode() in record:
            act()
        real(number, offset, record)

    return append
