from pathlib import Path

import pytest
from team import Team, forge
from wording import INTAKE

from dossier.errors import ConflictError, IntegrityError, LockedError, UnreachableError
from dossier.gate.local import LocalGate
from dossier.memory_parts import MovedError
from dossier.model import STORE_BOOK, BookName, Deed, Digest, Handle, HouseholdId, Request, Role
from dossier.statements import Statement
from dossier.storage.base import Objects, Store
from dossier.team import digest_of


@pytest.fixture
def team(tmp_path: Path) -> Team:
    team = Team(tmp_path)
    team.admit("jan", Role.REGISSEUR)
    team.admit("sara", Role.SPECIALIST)
    return team


def without(team: Team, monkeypatch: pytest.MonkeyPatch, book: BookName, gone: Digest | None) -> None:
    """Let a file lack an object, all of them where none is named."""
    kind = type(team.store)
    whole = kind.objects

    def objects(store: Store, name: BookName) -> Objects:
        kept = whole(store, name)
        return {d: data for d, data in kept.items() if name != book or gone not in (None, d)}

    monkeypatch.setattr(kind, "objects", objects)


def test_a_slot_that_a_file_lacks_is_an_altered_store(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    home = team.open("jan")
    team.write("jan", home, INTAKE)
    box = team.register(home).households[home].sections[INTAKE].boxes[Role.REGISSEUR, Handle("jan")]
    without(team, monkeypatch, BookName(home), box)
    with pytest.raises(IntegrityError, match="object-missing"):
        team.read("jan", home, INTAKE)


def test_a_gate_box_that_the_file_lacks_is_an_altered_store(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = team.open("jan")
    without(team, monkeypatch, STORE_BOOK, None)
    team.again("jan")
    with pytest.raises(IntegrityError, match="object-missing"):
        team.write("jan", home)


def test_a_gate_box_with_another_secret_is_an_altered_store(team: Team) -> None:
    home = team.open("jan")
    gate = team["anna"].gate
    _, box = gate.epoch_box(team["sara"].identity.card)
    digest = digest_of(box)
    statement = Statement("gate.boxed/1", epoch=1, handle=Handle("jan"), box=digest)
    gate.enact(statement, {digest: box})
    team.again("jan")
    with pytest.raises(IntegrityError, match="gate-box-altered"):
        team.write("jan", home)


def test_whoever_has_no_gate_box_is_told_so(team: Team) -> None:
    home = team.open("jan")
    desk = team.again("jan")
    desk.gate.survey()
    assert isinstance(desk.gate, LocalGate)
    desk.gate._sight.log.register.gate_boxes.pop(Handle("jan"))
    with pytest.raises(LockedError, match="no-gate-box"):
        desk.gate.epoch_box(desk.identity.card)
    assert home


def test_a_right_without_a_slot_says_that_a_key_is_due(team: Team) -> None:
    home = team.open("jan")
    team.write("jan", home, INTAKE)
    keyings = team.register(home).households[home].sections[INTAKE].keying
    forge(team["anna"], Statement("section.keyed/1", household=home, keyings=(keyings,)))
    assert team.register(home).faults  # a keying of a generation that is over changes nothing
    assert team.read("jan", home, INTAKE) == "tekst"


def test_a_memory_that_is_raised_meanwhile_is_loaded_again(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = team.open("jan")
    other = team["jan"]
    late = team.again("jan")
    other.gate.survey()
    team.desks["jan"] = other
    team.write("jan", home, INTAKE)
    team.desks["jan"] = late
    assert team.read("jan", home, INTAKE) == "tekst"
    moved = [True]
    memory = late.memory
    known = memory.known

    def once(household: HouseholdId) -> object:
        if moved.pop() if moved else False:
            raise MovedError
        return known(household)

    monkeypatch.setattr(memory, "known", once)
    assert team.read("jan", home, INTAKE) == "tekst"


def test_a_memory_that_never_rests_is_a_conflict(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = team["jan"].gate
    assert isinstance(gate, LocalGate)

    def moved(_limit: int) -> bool:
        raise MovedError

    monkeypatch.setattr("dossier.gate.sight._PIECES", 3)
    monkeypatch.setattr(gate._sight, "_logbook", lambda: gate._sight.log)
    monkeypatch.setattr(gate._sight.log, "catch_up", moved)
    with pytest.raises(ConflictError, match="memory-moved"):
        gate.survey()


def test_a_long_way_to_catch_up_is_gone_in_pieces(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    home = team.open("jan")
    late = team.again("sara")
    for _ in range(5):
        team.write("jan", home, INTAKE)
    monkeypatch.setattr("dossier.gate.sight._PIECE", 2)
    turns = []
    whole = team.store.exclusive

    def counted() -> object:
        turns.append(1)
        return whole()

    monkeypatch.setattr(team.store, "exclusive", counted)
    late.gate.survey()
    assert len(turns) > 5


def test_what_was_half_taken_in_counts_for_nothing(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    home = team.open("jan")
    late = team.again("sara")
    before = late.memory.verified.size
    with monkeypatch.context() as patched:
        patched.setattr(
            "dossier.log.follow.check_now", lambda *_: (_ for _ in ()).throw(UnreachableError("x"))
        )
        assert isinstance(late.gate, LocalGate)
        patched.setattr(
            late.gate._sight.log, "catch_up", lambda _: (_ for _ in ()).throw(UnreachableError("x"))
        )
        with pytest.raises(UnreachableError):
            late.gate.survey()
    assert late.memory.verified.size == before
    late.gate.survey()
    assert late.memory.verified.size > before
    assert home


def test_a_right_for_which_no_box_was_made_is_told_that_a_key_is_due(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = team.open("jan")
    team.write("jan", home, INTAKE)
    gate = team["jan"].gate
    assert isinstance(gate, LocalGate)
    whole = gate._sight.situation

    def unboxed(household: HouseholdId | None, *, founding: bool = False) -> object:
        situation = whole(household, founding=founding)
        if household is not None:
            situation.register.households[household].sections[INTAKE].boxes.clear()
        return situation

    monkeypatch.setattr(gate._sight, "situation", unboxed)
    with pytest.raises(LockedError, match="no-box"):
        team.read("jan", home, INTAKE)


def test_epoch_secrets_do_not_show_themselves(team: Team) -> None:
    gate = team["anna"].gate
    assert isinstance(gate, LocalGate)
    assert repr(gate._secrets) == "EpochSecrets([1])"


def test_looking_into_the_log_gives_no_receipt(team: Team) -> None:
    assert team["jan"].gate.enter(Request(Deed.LOG_SHOW)) is None


def test_what_could_not_be_settled_is_not_remembered(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    late = team.again("sara")
    home = team.open("jan")

    def fails(_: int) -> None:
        raise UnreachableError("read-only")

    monkeypatch.setattr(team.store, "settle", fails)
    late.gate.survey()
    assert team.again("sara").memory.verified.size < late.memory.verified.size
    monkeypatch.undo()
    late.gate.survey()
    assert team.again("sara").memory.verified.size == late.memory.verified.size
    assert home


def test_an_interrupt_while_catching_up_leaves_nothing_half_taken_in(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when `Sight._caught_up` forgets only after errors of its own."""
    gate, memory = team["jan"].gate, team["jan"].memory
    assert isinstance(gate, LocalGate)
    before = memory.verified.size
    team.open(None, by="anna")
    real = gate._sight.log.catch_up

    def interrupted(limit: int | None = None) -> bool:
        real(limit)
        raise KeyboardInterrupt

    monkeypatch.setattr(gate._sight.log, "catch_up", interrupted)
    with pytest.raises(KeyboardInterrupt):
        gate.survey()
    assert memory.verified.size == before
    gate.survey()
    assert memory.verified.size > before
