"""A store becomes served, and ceases to be: who is shut out meanwhile, and what follows on each step."""

from io import BytesIO
from pathlib import Path

import pytest
from serving import new_office, remote_desk
from team import Team, usual_purpose
from wording import INTAKE, person

from dossier.actions import boxes, check, contents, dues, gates, members, recovery, renewing, rotation, store
from dossier.desk import Desk
from dossier.entry import Entry
from dossier.errors import (
    ConflictError,
    IntegrityError,
    LockedError,
    RefusedError,
    UnreachableError,
    UsageError,
)
from dossier.gate.local import LocalGate
from dossier.gate.secrets import EpochSecrets
from dossier.model import Handle, HouseholdId, Role
from dossier.serve.office import Office
from keys.encoding import fingerprint

POORT, SECOND = Handle("poort"), Handle("poort-2")


class Served(Team):
    """A team of which each sits at the store, or at a desk of a client of the gate."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._offices: dict[str, Office] = {}
        self._local: dict[str, Desk] = {}

    def through(self, who: str, gate: str = "poort") -> Desk:
        """Seat someone at a client's desk; its gate is the one that serves the store."""
        if isinstance(self[who].gate, LocalGate):
            self._local[who] = self[who]
        if gate not in self._offices:
            self._offices[gate] = new_office(self, self.folder / f"of {gate}", gate)
        self.desks[who] = remote_desk(self, who, self._offices[gate], self.folder / f"through {gate}")
        return self[who]

    def local(self, who: str) -> Desk:
        """Seat someone at the store again."""
        self.desks[who] = self._local.get(who, self[who])
        return self.again(who)


@pytest.fixture
def team(tmp_path: Path) -> Served:
    """Have a coordinator, a regisseur, a beheerder and a toezichthouder, who are beholden to nobody."""
    team = Served(tmp_path)
    for who, role in (("jan", Role.REGISSEUR), ("bob", Role.BEHEERDER), ("tess", Role.TOEZICHTHOUDER)):
        team.admit(who, role)
    team.clock.wait(days=31)
    return team


@pytest.fixture
def home(team: Served) -> HouseholdId:
    """Open a household of jan's, with an intake."""
    home = team.open("jan")
    team.write("jan", home, INTAKE, "voor de poort")
    return home


def admit(team: Served, gate: str = "poort", second: str | None = "bob") -> Entry:
    card = person(gate).card
    stated, _ = gates.admit(team["anna"], card.write(), card.fingerprint)
    return team.settle(stated, second)


def adopt(team: Served, gate: str = "poort", second: str | None = "bob") -> Entry:
    return team.settle(gates.adopt(team["anna"], Handle(gate)), second)


def serve(team: Served) -> None:
    """Have the store served."""
    admit(team)
    adopt(team)
    assert gates.go_on(team["bob"]) == (2, 2)


def leave(team: Served, gate: str = "poort") -> None:
    """Let a gate go, as a coordinator who comes through it."""
    team.through("anna")
    team.settle(gates.leave(team["anna"], Handle(gate), "uit-dienst"), "bob")


def due(team: Served, who: str = "bob") -> list[tuple[str, str, Handle | None]]:
    return [
        (one.what, one.why, one.who) for one in dues.status(team[who]).due if one.what != "split-recovery"
    ]


def reads(team: Served, home: HouseholdId, version: int, who: str = "jan") -> str:
    sink = BytesIO()
    contents.read(team[who], home, INTAKE, usual_purpose(INTAKE), sink, version)
    return sink.getvalue().decode()


# Becoming served.


def test_a_gates_welcome_code_is_that_of_the_entry_that_admitted_it(team: Served, tmp_path: Path) -> None:
    entry = admit(team)
    place = (team.store, person("poort"), tmp_path / "poort", team.clock)
    desk, leaf = store.join(*place, fingerprint(entry.leaf))
    assert (leaf, desk.memory.root) == (entry.leaf, person("anna").card.fingerprint)
    other = team.register().members[Handle("jan")].leaf
    with pytest.raises(IntegrityError, match="welcome-not-here"):
        store.join(*place, fingerprint(other))
    with pytest.raises(LockedError, match="not-admitted"):
        store.join(team.store, person("poort", 2), tmp_path / "2", team.clock, fingerprint(entry.leaf))


def test_a_gate_is_admitted_under_the_fingerprint_that_was_told(team: Served) -> None:
    card = person("poort").card
    with pytest.raises(IntegrityError, match="card-other-fingerprint"):
        gates.admit(team["anna"], card.write(), person("poort-2").card.fingerprint)
    assert gates.gates(team["anna"]).gates == ()


def test_once_served_no_member_opens_anything_past_the_gate(team: Served, home: HouseholdId) -> None:
    serve(team)
    before = team["bob"].memory.verified.size
    for who in ("jan", "anna", "tess"):
        with pytest.raises(LockedError, match="store-served"):
            team[who].gate.epoch_box(person(who).card)
    with pytest.raises(LockedError, match="store-served"):
        team.read("jan", home, INTAKE)
    with pytest.raises(LockedError, match="store-served"):
        team.write("jan", home, INTAKE, "erlangs")
    with pytest.raises(LockedError, match="store-served"):
        team.suspend("jan")
    team.register(who="bob")
    assert team["bob"].memory.verified.size == before  # nor is any of it in the log


def test_the_gate_opens_with_its_own_keys_what_was_written_before_and_after(
    team: Served, home: HouseholdId
) -> None:
    serve(team)
    team.through("jan")
    team.write("jan", home, INTAKE, "door de poort")
    assert [reads(team, home, number) for number in (1, 2)] == ["voor de poort", "door de poort"]
    register = team.register(home, who="jan")
    assert [v.epoch for v in register.households[home].sections[INTAKE].versions] == [1, 2]
    gate, admin = (EpochSecrets(team.store, person(who)) for who in ("poort", "bob"))
    assert gate.log_seed(register) == admin.log_seed(register)


def test_a_gate_without_a_box_yet_is_not_told_to_come_through_itself(team: Served) -> None:
    admit(team)
    adopt(team)
    with pytest.raises(LockedError, match="no-gate-box"):
        EpochSecrets(team.store, person("poort")).log_seed(team.register())


def test_nothing_is_written_between_an_adoption_and_its_rotation(team: Served, home: HouseholdId) -> None:
    admit(team)
    adopt(team)
    assert due(team) == [("rotate", "served", None)]
    assert dues.status(team["bob"]).due[0].overdue
    with pytest.raises(RefusedError, match="rotation-due"):
        team.write("jan", home, INTAKE, "ertussen")
    assert reads(team, home, 1) == "voor de poort"
    rotation.rotate(team["bob"])
    assert due(team) == []
    team.through("jan")
    team.write("jan", home, INTAKE, "erna")
    assert reads(team, home, 2) == "erna"


def test_check_names_the_rotation_that_is_awaited(team: Served) -> None:
    admit(team)
    adopt(team)
    root = person("anna").card.fingerprint
    assert [(one.code, one.book) for one in check.check(team.store, root).due] == [("rotation-due", "store")]
    gates.go_on(team["bob"])
    report = check.check(team.store, root, deep=True)
    assert (report.ok, report.due, report.leftovers) == (True, (), ())


def test_where_nobody_can_be_the_second_person_a_coordinator_adopts_alone_and_a_beheerder_rotates(
    tmp_path: Path,
) -> None:
    team = Served(tmp_path)
    team.admit("bob", Role.BEHEERDER)
    admit(team, second=None)
    adopt(team, second=None)
    assert gates.go_on(team["anna"]) is None
    assert team.register().epoch.number == 1
    assert gates.go_on(team["bob"]) == (2, 2)
    assert gates.go_on(team["bob"]) is None


def test_a_beheerder_who_lacks_the_secret_is_given_it_before_a_gate_is_adopted(tmp_path: Path) -> None:
    team = Served(tmp_path)
    team.admit("bob", Role.BEHEERDER)
    admit(team, second=None)
    team.suspend("bob")
    bea = person("bea").card
    stated, _ = members.admit(team["anna"], bea.write(), [Role.BEHEERDER], bea.fingerprint)
    team.settle(stated)
    del team["anna"].gate.register.gate_boxes[Handle("bea")]  # as if hers were of an epoch before
    adopt(team, second=None)
    assert Handle("bea") in team.register().gate_boxes


def test_a_gate_is_adopted_only_where_someone_could_rotate(tmp_path: Path) -> None:
    team = Served(tmp_path)
    admit(team, second=None)
    with pytest.raises(UsageError, match="no-beheerder"):
        adopt(team, second=None)
    assert not gates.gates(team["anna"]).served


def test_a_gate_that_is_not_there_or_already_serves_is_wrong_use(team: Served) -> None:
    with pytest.raises(UsageError, match="unknown-gate"):
        gates.adopt(team["anna"], SECOND)
    with pytest.raises(UsageError, match="unknown-gate"):
        gates.leave(team["anna"], SECOND, "verlof")
    admit(team)
    with pytest.raises(UsageError, match="reason-unknown"):
        gates.leave(team["anna"], POORT, "zomaar")
    adopt(team)
    with pytest.raises(UsageError, match="gate-as-it-is"):
        gates.adopt(team["anna"], POORT)


def test_gates_are_listed_with_how_they_stand(team: Served) -> None:
    assert gates.gates(team["jan"]) == ((), frozenset(), False, False)
    admit(team)
    found = gates.gates(team["jan"])
    assert ([g.card for g in found.gates], found.served) == ([person("poort").card], False)
    adopt(team)
    found = gates.gates(team["jan"])
    assert (found.boxed, found.served, found.rotation_awaited) == (frozenset(), True, True)
    gates.go_on(team["bob"])
    found = gates.gates(team["jan"])
    assert (found.boxed, found.served, found.rotation_awaited) == (frozenset({POORT}), True, False)


def test_the_status_of_the_keys_names_the_gates_and_counts_no_gate_as_a_member(team: Served) -> None:
    serve(team)
    status = dues.status(team["bob"])
    assert (status.epoch, status.within, status.gates) == (2, 1, (POORT,))


def test_a_plan_of_a_rotation_names_beheerders_and_gates_and_shuts_no_other_member_out(team: Served) -> None:
    serve(team)
    plan = rotation.plan(team["bob"])
    assert ([m.handle for m in plan.within], plan.gates) == (["bob"], (POORT,))
    assert (plan.without, plan.to_suspend) == ((), ())
    plan = rotation.plan(team["bob"], [Handle("jan")])
    assert [m.handle for m in plan.without] == [m.handle for m in plan.to_suspend] == ["jan"]
    team.rotate("jan")
    assert set(team.register(who="bob").gate_boxes) == {"bob", "poort"}


# Members who come and go while it is served.


def test_whoever_is_admitted_while_served_comes_without_the_gates_key(
    team: Served, home: HouseholdId
) -> None:
    serve(team)
    team.through("anna")
    entry = team.settle(
        members.admit(
            team["anna"], person("sara").card.write(), [Role.SPECIALIST], person("sara").card.fingerprint
        )[0]
    )
    statement = entry.signed.statement
    assert statement is not None
    assert statement.tag == "member.admitted/2"
    assert list(statement.objects()) == []
    assert Handle("sara") not in team.register().gate_boxes
    place = (team.store, person("sara"), team.folder / "sara", team.clock)
    team.desks["sara"], _ = store.join(*place, fingerprint(entry.leaf))
    team.grant("sara", home, INTAKE, purpose="intakegesprek")
    team.through("sara")
    assert team.read("sara", home, INTAKE) == "voor de poort"


def test_a_coordinator_admitted_while_served_gets_the_teams_key(team: Served, home: HouseholdId) -> None:
    serve(team)
    team.through("anna")
    team.through("tess")
    team.admit("ben", Role.COORDINATOR, second="tess")
    team.through("ben")
    team.rekey(home, INTAKE, by="ben")
    assert Handle("ben") in team.register(who="ben").coordination_boxes


def test_a_beheerder_admitted_while_served_gets_the_gates_key_right_after(team: Served) -> None:
    serve(team)
    team.through("anna")
    team.admit("bea", Role.BEHEERDER)
    assert due(team, "anna") == []
    team.rotate(by="bea")
    assert set(team.register(who="bea").gate_boxes) == {"bob", "bea", "poort"}


def test_a_beheerder_restored_after_a_rotation_gets_the_gates_key_again(team: Served) -> None:
    team.admit("bea", Role.BEHEERDER)
    serve_with_two(team)
    team.through("anna")
    team.suspend("bea")
    team.rotate()
    team.restore("bea")
    boxes.box_what_is_due(team["anna"])
    assert Handle("bea") in team.register().gate_boxes
    team.rotate(by="bea")


def serve_with_two(team: Served) -> None:
    """Have the store served, with two beheerders."""
    admit(team)
    adopt(team)
    assert gates.go_on(team["bob"]) == (2, 3)


def test_a_member_renews_their_keys_while_served_and_goes_on(team: Served, home: HouseholdId) -> None:
    serve(team)
    renewed = renewing.renew_own(team.through("jan"), person("jan", 2))
    assert renewed.boxed == 1
    team.desks["jan"] = renewed.desk
    register = team.register(who="jan")
    assert register.members[Handle("jan")].card == person("jan", 2).card
    assert Handle("jan") not in register.gate_boxes
    assert reads(team, home, 1) == "voor de poort"
    team.write("jan", home, INTAKE, "met de nieuwe kaart")


def test_a_beheerder_who_renews_their_keys_through_the_gate_has_its_key_again(team: Served) -> None:
    serve(team)
    renewed = renewing.renew_own(team.through("bob"), person("bob", 2))
    assert EpochSecrets(team.store, person("bob", 2)).log_seed(renewed.desk.gate.survey().register)
    assert due(team, "anna") == []


def test_a_beheerder_who_renews_their_keys_past_the_gate_is_given_its_key_by_a_colleague(
    team: Served,
) -> None:
    serve(team)
    team.renew("bob")
    assert due(team, "anna") == [("box-gate", "no-box", Handle("bob"))]
    with pytest.raises(LockedError, match="store-served"):
        rotation.rotate(team["bob"])
    team.through("anna")
    assert boxes.box_what_is_due(team["anna"]) == 1
    assert due(team, "anna") == []
    team.local("bob")
    assert rotation.rotate(team["bob"]) == (3, 2)


def test_a_beheerder_who_lost_their_token_makes_a_rotation_due_and_is_boxed_the_key(team: Served) -> None:
    serve(team)
    team.through("anna")
    team.through("tess")
    team.renew("bob", by="anna", second="tess")
    assert due(team, "anna") == [("rotate", "left-out", Handle("bob"))]
    assert rotation.rotate(team["bob"]) == (3, 2)


def test_a_coordinator_who_renews_a_beheerders_card_alone_boxes_them_the_gates_key(tmp_path: Path) -> None:
    team = Served(tmp_path)
    team.admit("bob", Role.BEHEERDER)
    admit(team, second=None)
    adopt(team, second=None)
    gates.go_on(team["bob"])
    team.through("anna")
    card = person("bob", 2).card
    stated, _ = renewing.renew(team["anna"], Handle("bob"), card.write(), card.fingerprint)
    assert stated is not None
    assert not stated.waits
    renewing.box_again(team["anna"], Handle("bob"))
    assert Handle("bob") in team.register().gate_boxes


def test_a_member_who_lost_their_token_makes_no_rotation_due(team: Served, home: HouseholdId) -> None:
    serve(team)
    team.through("anna")
    team.through("tess")
    team.renew("jan", by="anna", second="tess")
    assert due(team, "bob") == []
    team.through("jan")
    assert reads(team, home, 1) == "voor de poort"


def test_custodians_admit_a_coordinator_to_a_served_store(team: Served) -> None:
    split = recovery.split(team["anna"], 2, 3)
    team.settle(split.stated, "tess")
    serve(team)
    team.through("bob")
    entry = recovery.restore(team["bob"], person("vera").card, split.shares[:2])
    statement = entry.signed.statement
    assert statement is not None
    assert (statement.tag, len(list(statement.objects()))) == ("coordination.recovered/2", 1)
    assert due(team)[0] == ("rotate", "left-out", "recovery-1")
    place = (team.store, person("vera"), team.folder / "vera", team.clock)
    store.join(*place, fingerprint(entry.leaf))


def test_a_recovery_card_takes_no_handle_of_a_gate(team: Served) -> None:
    admit(team, "recovery-1")
    team.settle(recovery.split(team["anna"], 2, 3).stated, "tess")
    card = team.register().recovery
    assert card is not None
    assert card.card.handle == "recovery-2"


# Gates that leave.


def test_one_of_two_gates_leaves_and_is_rotated_out(team: Served, home: HouseholdId) -> None:
    serve(team)
    team.through("anna")
    admit(team, "poort-2")
    adopt(team, "poort-2")
    assert gates.go_on(team["bob"]) == (3, 3)
    leave(team)
    assert due(team) == [("rotate", "left-out", POORT)]
    team.local("anna")
    team.through("jan", "poort-2")
    team.write("jan", home, INTAKE, "door de tweede poort")  # that stops nobody's work
    assert gates.go_on(team["bob"]) == (4, 2)
    with pytest.raises(LockedError, match="no-gate-box"):
        EpochSecrets(team.store, person("poort")).log_seed(team.register(who="bob"))
    team.through("jan", "poort-2")
    assert [reads(team, home, number) for number in (1, 2)] == ["voor de poort", "door de tweede poort"]


def test_a_gate_that_never_served_leaves_without_a_rotation(team: Served) -> None:
    admit(team)
    team.settle(gates.leave(team["anna"], POORT, "uit-dienst"), "bob")
    assert gates.go_on(team["bob"]) is None
    assert due(team) == []


def test_with_the_last_gate_gone_every_member_reads_and_writes_by_themselves(
    team: Served, home: HouseholdId
) -> None:
    serve(team)
    team.through("jan")
    team.write("jan", home, INTAKE, "door de poort")
    leave(team)
    assert due(team) == [("rotate", "left-out", POORT), ("rotate", "embedded", None)]
    team.through("jan")
    with pytest.raises(LockedError, match="gate-not-adopted"):  # the gate that left says so itself
        team.write("jan", home, INTAKE, "ertussen")
    team.local("jan")
    with pytest.raises(LockedError, match="no-gate-box"):
        reads(team, home, 1)
    assert gates.go_on(team["bob"]) == (3, 4)
    team.local("jan")
    team.write("jan", home, INTAKE, "zonder poort")
    said = ["voor de poort", "door de poort", "zonder poort"]
    assert [reads(team, home, number) for number in (1, 2, 3)] == said
    team.local("anna")
    team.admit("sara", Role.SPECIALIST)
    assert Handle("sara") in team.register().gate_boxes


def test_a_gate_is_let_go_by_those_who_come_through_it_and_the_rotation_is_made_at_the_store(
    team: Served, home: HouseholdId
) -> None:
    serve(team)
    for who in ("anna", "bob"):
        team.through(who)
    team.settle(gates.leave(team["anna"], POORT, "uit-dienst"), "bob")
    with pytest.raises(IntegrityError, match="gate-not-adopted"):
        gates.go_on(team["bob"])
    for who in ("jan", "bob"):
        team.local(who)
    assert gates.go_on(team["bob"]) == (3, 4)
    team.write("jan", home, INTAKE, "zonder poort")


def test_a_second_gate_is_adopted_by_those_who_come_through_the_first(team: Served) -> None:
    serve(team)
    for who in ("anna", "bob"):
        team.through(who)
    admit(team, "poort-2")
    adopt(team, "poort-2")
    assert gates.go_on(team["bob"]) == (3, 3)
    assert set(team.register(who="bob").gate_boxes) == {"bob", "poort", "poort-2"}


def test_before_the_rotation_that_ends_it_nobody_is_boxed_the_old_secret(team: Served) -> None:
    serve(team)
    leave(team)
    assert boxes.box_what_is_due(team["bob"]) == 0
    assert set(team.register(who="bob").gate_boxes) == {"bob", "poort"}


def test_an_admission_that_waited_while_the_store_became_served_is_asked_anew(team: Served) -> None:
    card = person("ben").card
    stated, _ = members.admit(team["anna"], card.write(), [Role.COORDINATOR], card.fingerprint)
    serve(team)
    team.through("tess")
    with pytest.raises(ConflictError, match="gate-box-wrong"):
        team.settle(stated, "tess")


def test_a_rotation_that_cannot_be_written_leaves_the_adoption_and_is_made_later(
    team: Served, home: HouseholdId, monkeypatch: pytest.MonkeyPatch
) -> None:
    admit(team)
    adopt(team)

    def full(*_: object, **__: object) -> None:
        raise UnreachableError("file-unwritable")

    with monkeypatch.context() as patch:
        patch.setattr(team.store, "append", full)
        with pytest.raises(UnreachableError):
            gates.go_on(team["bob"])
    assert gates.gates(team.local("bob"))[2:] == (True, True)
    assert gates.go_on(team["bob"]) == (2, 2)
    team.through("jan")
    team.write("jan", home, INTAKE, "erna")
