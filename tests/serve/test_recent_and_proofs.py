"""What a served gate holds of the log: its proofs are the tree's own, and nothing is entered twice."""

from datetime import timedelta
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from own_client import Asking, OwnClient, b64, code_of
from serving import DirectLine, become_served, new_office
from team import Team
from wording import INTAKE

from dossier.entry import Entry
from dossier.errors import IntegrityError, UsageError
from dossier.gate.recent import Recent
from dossier.log.merkle import Frontier, verify_consistency, verify_inclusion
from dossier.log.proofs import Proofs
from dossier.log.records import Record
from dossier.log.tree import Tree, keep_tiles
from dossier.model import LOOK_BACK, HouseholdId, Role, Seen, StoreId
from dossier.serve.office import Office
from dossier.storage.base import PAGE
from dossier.storage.volatile import VolatileStore
from keys.primitives import sha256

STORE = StoreId("0123456789abcdef" * 2)
SIZES = st.one_of(
    st.integers(1, 40),
    st.sampled_from([255, 256, 257, 511, 512, 513, 1024, 2047, 2049]),
    st.integers(1, 2100),
)


class Log:
    """A log of entries that say nothing, of which only the tree matters."""

    def __init__(self, size: int, *, tiles: bool = True) -> None:
        self.store = VolatileStore(STORE)
        self.leaves: list[bytes] = []
        self.roots = [Frontier().root()]
        self._frontier = Frontier()
        self._tiles = tiles
        for _ in range(size):
            self.append()

    def append(self) -> bytes:
        """Append one entry; give its leaf."""
        number = len(self.leaves)
        line = b'{"#":"entry/1","index":%d}' % number
        page = self.store._pages.get(number // PAGE, b"")
        self.store._pages[number // PAGE] = page + Record(line, b"a\nb\nc\n\nd\n").write()
        self.leaves.append(sha256(b"\x00" + line))
        self._frontier.append(self.leaves[-1])
        self.roots.append(self._frontier.root())
        if self._tiles and len(self.leaves) % PAGE == 0:
            keep_tiles(self.store, len(self.leaves))
        return self.leaves[-1]

    @property
    def size(self) -> int:
        return len(self.leaves)

    @property
    def now(self) -> Seen:
        return Seen(self.size, self.roots[-1])

    def known(self) -> Any:
        """Give what `catch_up` looks at of what is verified."""
        return SimpleNamespace(size=self.size, root=self.roots[-1])

    def proofs(self) -> Proofs:
        """Give what a gate that was started now has."""
        proofs = Proofs(self.store)
        proofs.catch_up(self.known())
        return proofs


def right(log: Log, proofs: Proofs, index: int, before: int) -> None:
    """See that a path, a proof and a root are those of the log's own tree, at the first try, and verify."""
    path = proofs.inclusion(index, log.leaves[index], log.now)
    tree = Tree(log.store, log.size, log.roots[-1])
    assert path == tree.path(index)
    verify_inclusion(index, log.size, log.leaves[index], path, log.roots[-1])
    assert proofs.root_at(before, log.now) == log.roots[before]
    proof = proofs.consistency(Seen(before, log.roots[before]), log.now)
    if before:
        verify_consistency(before, log.size, log.roots[before], log.roots[-1], proof)
    else:
        assert proof == []
    assert proofs._kept  # nothing had to be begun anew


@cache
def log_of_size(size: int) -> Log:
    return Log(size)


@settings(max_examples=60, deadline=None)
@given(size=SIZES, data=st.data())
def test_proofs_are_those_of_the_tree_at_every_size(size: int, data: st.DataObject) -> None:
    """Breaks when `Proofs._sum` takes a leaf from another place of the page in use."""
    log = log_of_size(size)
    proofs = log.proofs()
    for _ in range(8):
        right(log, proofs, data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size)))


@pytest.mark.parametrize("start", [1, 200, 254, 255, 256, 500, 511])
def test_proofs_go_on_as_the_log_grows(start: int) -> None:
    """Breaks when `Proofs.add` keeps the leaves of the page before, or a node that was not whole."""
    log = Log(start)
    proofs = log.proofs()
    for step in range(90):
        leaf = log.append()
        proofs.add(leaf, log.roots[-1])
        for index in {0, log.size // 2, log.size - 1, max(0, log.size - 2), (step * 7) % log.size}:
            right(log, proofs, index, index)


def test_proofs_take_in_what_another_gate_appended() -> None:
    """Breaks when `Proofs.catch_up` compares nothing but the page."""
    log = Log(250)
    proofs = log.proofs()
    for more in (1, 4, 1, 300, 1):
        for _ in range(more):
            log.append()
        proofs.catch_up(log.known())
        for index in (0, 249, 255, log.size - 1):
            right(log, proofs, min(index, log.size - 1), 200)


def test_what_is_not_so_gets_no_proof_and_what_is_so_does_after_it() -> None:
    """Breaks when `Proofs` gives what does not verify, or cannot begin anew."""
    log = Log(700)
    proofs = log.proofs()
    right(log, proofs, 3, 300)
    for size, root in ((300, bytes(32)), (700, bytes(32)), (701, log.roots[-1]), (10**9, bytes(32))):
        with pytest.raises(IntegrityError):
            proofs.consistency(Seen(size, root), log.now)
    for index, leaf in ((3, bytes(32)), (3, log.leaves[4]), (700, log.leaves[3])):
        with pytest.raises(IntegrityError):
            proofs.inclusion(index, leaf, log.now)
    for index in (0, 3, 511, 512, 699):
        path = proofs.inclusion(index, log.leaves[index], log.now)
        verify_inclusion(index, 700, log.leaves[index], path, log.roots[-1])
        proof = proofs.consistency(Seen(index + 1, log.roots[index + 1]), log.now)
        verify_consistency(index + 1, 700, log.roots[index + 1], log.roots[-1], proof)


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("how", ["altered", "short", "swapped", "gone"])
def test_kept_tiles_that_lie_are_seen_through(level: int, how: str) -> None:
    """Breaks when `Proofs` gives what a tile says without adding it up."""
    size = PAGE * PAGE + 300 if level else 1400
    log = log_of_size(size)
    number = 0 if level else 2
    kept = log.store.tile(level, number)
    assert kept is not None
    lies = {
        "altered": bytes(32) + kept[32:],
        "short": kept[:-32],
        "swapped": kept[32:64] + kept[:32] + kept[64:],
        "gone": b"",
    }
    log.store._tiles[level, number] = lies[how]
    first = number * PAGE ** (level + 1)
    for index in (first, first + 255, log.size - 1)[: 1 if level else 3]:
        proofs = log.proofs()
        path = proofs.inclusion(index, log.leaves[index], log.now)
        verify_inclusion(index, log.size, log.leaves[index], path, log.roots[-1])
        for before in (first + 1, 3 * PAGE + 1, log.size - 1)[: 2 if level else 3]:
            proof = proofs.consistency(Seen(before, log.roots[before]), log.now)
            verify_consistency(before, log.size, log.roots[before], log.roots[-1], proof)
            assert proofs.root_at(before, log.now) == log.roots[before]
    log.store.keep_tile(level, number, kept)


@settings(max_examples=30, deadline=None)
@given(place=st.integers(0, 5 * PAGE * 32 - 1), index=st.integers(0, 1399), before=st.integers(1, 1400))
def test_one_byte_of_a_kept_tile_changes_nothing_that_is_given(place: int, index: int, before: int) -> None:
    log = log_of_size(1400)
    number, offset = divmod(place, PAGE * 32)
    kept = log.store.tile(0, number)
    assert kept is not None
    log.store.keep_tile(0, number, kept[:offset] + bytes([kept[offset] ^ 1]) + kept[offset + 1 :])
    try:
        proofs = log.proofs()
        path = proofs.inclusion(index, log.leaves[index], log.now)
        verify_inclusion(index, log.size, log.leaves[index], path, log.roots[-1])
        proof = proofs.consistency(Seen(before, log.roots[before]), log.now)
        verify_consistency(before, log.size, log.roots[before], log.roots[-1], proof)
    finally:
        log.store.keep_tile(0, number, kept)


def test_a_page_that_lies_gives_no_proof() -> None:
    """Breaks when what a page holds is proven by itself."""
    log, other = Log(300, tiles=False), Log(300, tiles=False)
    page = other.store.page(0)
    log.store._pages[0] = page.replace(b'"index":7}', b'"index":8}', 1)
    assert log.store.page(0) != page
    proofs = log.proofs()
    with pytest.raises(IntegrityError):
        proofs.inclusion(6, log.leaves[6], log.now)


# What was entered in the last 20 minutes.


class Scene:
    """A served team of three, and a client that asks for the same thing twice."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.team = team = Team(folder / "t")
        for who, role in (("jan", Role.REGISSEUR), ("bob", Role.BEHEERDER)):
            team.admit(who, role)
        self.house: HouseholdId = team.open("jan")
        team.write("jan", self.house, INTAKE, "tekst")
        become_served(team)
        self.office = new_office(team, folder / "gate")
        self.client = self.at(self.office)

    def at(self, office: Office) -> OwnClient:
        line = DirectLine(office)
        client = OwnClient(
            self.team.identity("jan"), line.about, lambda *call: line.call(*call).body, self.team.clock
        )
        client.sync(self.house)
        return client

    def asks(self, **more: Any) -> Asking:
        said = {"deed": "read", "household": self.house, "section": INTAKE, "version": 1}
        return self.client.sign(**said, purpose="intakegesprek", role="regisseur", **more)

    def log(self) -> list[Entry]:
        from gate_process import log_of  # noqa: PLC0415 (it needs the command line)

        return log_of(self.team.store)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


AGES = (0, 9, 10, 11, 19, 20, 21)  # minutes


@pytest.mark.parametrize("minutes", AGES)
@pytest.mark.parametrize("started", ["running", "started anew"])
def test_a_request_is_entered_once_however_late_it_comes_again(
    scene: Scene, minutes: int, started: str
) -> None:
    """Breaks when `Recent.add` lets go of what is younger than 20 minutes, or `catch_up` reads less back.

    The request is of 10 minutes ahead of the gate's clock: the longest that it may be of use.
    """
    ahead = scene.team.clock() + timedelta(minutes=10)
    asking = scene.asks(at=ahead.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z")
    first = scene.client.enter(asking)
    assert code_of(first) is None
    client = scene.client
    for _ in range(minutes):
        scene.team.clock.wait(minutes=1)
        client.enter(scene.asks())
        client.sync()
    if started == "started anew":
        client = scene.at(new_office(scene.team, scene.folder / "anew"))
    again = client.enter(asking)
    same = [entry for entry in scene.log() if b64(entry.signed.nonce) == asking.fields["nonce"]]
    assert len(same) == 1
    if minutes <= 20:
        assert again["entry"] == first["entry"]
    else:
        assert code_of(again) in ("clock-apart", "seen-lower")
    assert not {got.leaf for got in client.got} - {entry.leaf for entry in scene.log()}


def test_a_gate_that_starts_reads_back_20_minutes_over_any_number_of_pages(scene: Scene) -> None:
    """Breaks when `Recent.catch_up` reads less far back."""
    asking = scene.asks()
    first = scene.client.enter(asking)
    scene.office._admission._rate._per_second = 10**9
    scene.team.clock.wait(minutes=1)
    for _ in range(PAGE + 9):
        scene.client.enter(scene.asks())
    scene.team.clock.wait(minutes=8)
    scene.client.enter(scene.asks())
    assert len(scene.log()) > PAGE + 9
    client = scene.at(new_office(scene.team, scene.folder / "anew"))
    assert client.enter(asking)["entry"] == first["entry"]
    assert sum(b64(entry.signed.nonce) == asking.fields["nonce"] for entry in scene.log()) == 1


def test_what_is_forgotten_is_read_again(scene: Scene) -> None:
    """Breaks when `Recent.forget` leaves it believing that it has read."""
    asking = scene.asks()
    first = scene.client.enter(asking)
    scene.office.gate._recent.forget()
    scene.office.gate._sight.forget()
    scene.office.gate.proofs.forget()
    assert scene.client.enter(asking)["entry"] == first["entry"]


def test_a_turn_that_failed_leaves_no_nonce_behind(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Breaks when a turn that does not stand leaves its entries in `Recent`."""
    asking = scene.asks()

    class GoneError(Exception):
        pass

    def fail(*_: object) -> None:
        raise GoneError

    with monkeypatch.context() as patch:
        patch.setattr(scene.team.store, "append", fail)
        scene.client.enter(asking)
    assert not [entry for entry in scene.log() if b64(entry.signed.nonce) == asking.fields["nonce"]]
    assert code_of(scene.client.enter(asking)) is None
    assert sum(b64(entry.signed.nonce) == asking.fields["nonce"] for entry in scene.log()) == 1


def test_recent_holds_no_more_than_20_minutes(scene: Scene) -> None:
    """Breaks when `Recent.add` lets nothing go: a gate's memory would grow as long as it runs."""
    recent = scene.office.gate._recent
    for _ in range(50):
        scene.team.clock.wait(minutes=1)
        scene.client.sync()
        scene.client.enter(scene.asks())
    assert len(recent._nonces) <= LOOK_BACK / timedelta(minutes=1) + 1


def test_another_gates_entry_is_held_too_and_another_request_with_its_nonce_is_refused(scene: Scene) -> None:
    """Breaks when `Recent.take` does nothing."""
    second = new_office(scene.team, scene.folder / "second")
    asking = scene.asks()
    there = scene.at(second)
    first = scene.client.enter(asking)
    assert there.enter(asking)["entry"] == first["entry"]
    there.sync()
    scene.client.seen = there.seen
    other = scene.asks(nonce=asking.fields["nonce"])
    other = scene.client.sign(**{**other.fields, "at": "2026-01-05T09:00:01.000Z"})
    assert code_of(there.enter(other)) == "replayed"
    signed = scene.log()[-1].signed
    with pytest.raises(UsageError, match="replayed"):
        second.gate._recent.find(signed._replace(at=signed.at + timedelta(seconds=1)))
    assert isinstance(second.gate._recent, Recent)
