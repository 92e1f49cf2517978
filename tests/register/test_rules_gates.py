"""The rules about gates: a store becomes served and ceases to be, and who has the gate's secret meanwhile."""

import pytest
from scribe import Scribe
from wording import PLAN, but, person

from dossier.model import Handle, Reason, Role
from dossier.statements import Statement

ANNA, BEN, BOB, JAN, STAN, VERA = (Handle(name) for name in ("anna", "ben", "bob", "jan", "stan", "vera"))
POORT, SECOND = Handle("poort"), Handle("poort-2")


def team() -> Scribe:
    """Coordinators anna and ben, beheerder bob, and jan, a regisseur with a household; beholden to nobody."""
    s = Scribe().admit("ben", Role.COORDINATOR).admit("bob", Role.BEHEERDER)
    return s.admit("jan", Role.REGISSEUR).open().wait(days=31)


def admitted(s: Scribe) -> Scribe:
    """Let there be a gate that is not adopted."""
    s.agree("anna", s.gate_admission(), by="bob")
    return s


def adopted(s: Scribe) -> Scribe:
    """Let it be adopted, and nobody have rotated yet."""
    admitted(s).agree("anna", s.gate_adoption(), by="bob")
    return s


# Becoming served.


def test_a_gate_is_known_from_its_admission_on_and_does_nothing_yet() -> None:
    s = team()
    entry = s.agree("anna", s.gate_admission(), by="bob")
    gate = s.register.gates[POORT]
    card = person("poort").card
    assert (gate.card, gate.fingerprint) == (card, card.fingerprint)
    assert (gate.leaf, gate.by, gate.at) == (entry.leaf, ANNA, entry.at)
    assert (gate.adopted, gate.left, gate.serves) == (None, False, False)
    assert not s.register.served
    assert not s.register.rotation_awaited
    assert s.register.adopted_gates() == []
    assert POORT not in s.register.members
    assert POORT not in s.register.epoch_cards()


def test_a_store_is_served_from_the_adoption_of_a_gate_on() -> None:
    s = admitted(team())
    entry = s.agree("anna", s.gate_adoption(), by="bob")
    assert s.register.served
    assert s.register.gates[POORT].adopted == entry.index
    assert s.register.adopted_gates() == [s.register.gates[POORT]]
    assert s.register.rotation_awaited
    assert s.register.awaited_since == entry.at
    assert set(s.register.epoch_cards()) == {BOB, POORT}


def test_between_an_adoption_and_its_rotation_no_version_is_written() -> None:
    s = team()
    s.fill("jan", PLAN)
    adopted(s)
    assert s.verdict("jan", s.version("jan", PLAN)) is Reason.ROTATION_DUE
    s.say("bob", s.rotation())
    assert not s.register.rotation_awaited
    s.fill("jan", PLAN)
    assert [version.epoch for version in s.household().sections[PLAN].versions] == [1, 2]


def test_all_but_writing_goes_on_between_an_adoption_and_its_rotation() -> None:
    s = adopted(team())
    s.say("anna", s.rekey(PLAN))
    s.say("anna", s.suspension("jan"))
    s.say("anna", s.admission("stan", Role.SPECIALIST))


def test_no_gate_and_no_member_have_the_same_handle_or_key() -> None:
    s = admitted(team())
    new = s.admission("stan", Role.SPECIALIST)["card"]
    for card, reason in (
        (new._replace(handle="poort"), Reason.HANDLE_TAKEN),
        (new._replace(sign=person("poort").card.sign), Reason.CARD_TAKEN),
        (new._replace(box=person("poort").card.box), Reason.CARD_TAKEN),
    ):
        assert s.verdict("anna", but(s.admission("stan", Role.SPECIALIST), card=card)) is reason
        assert s.verdict("anna", s.proposal(but(s.split(), card=card))) is reason
    gate = person("poort-2").card
    for card, reason in (
        (gate._replace(handle="jan"), Reason.HANDLE_TAKEN),
        (gate._replace(handle="poort"), Reason.HANDLE_TAKEN),
        (gate._replace(sign=person("jan").card.sign), Reason.CARD_TAKEN),
        (gate._replace(box=person("poort").card.box), Reason.CARD_TAKEN),
    ):
        assert s.verdict("anna", s.proposal(Statement("gate.admitted/1", card=card))) is reason


def test_a_gate_states_nothing() -> None:
    s = admitted(team())
    assert s.register.card_of(POORT, s.gate_adoption()) is None
    for statement in (s.gate_adoption(), s.rotation(), s.gate_box("poort")):
        assert s.verdict("poort", statement) is Reason.UNKNOWN_MEMBER


@pytest.mark.parametrize("word", [Scribe.gate_adoption, Scribe.gate_leaving])
def test_a_gate_that_nobody_admitted_neither_serves_nor_leaves(word: object) -> None:
    s = team()
    statement = word(s)  # type: ignore[operator]
    assert s.verdict("anna", s.proposal(statement)) is Reason.UNKNOWN_GATE


# The second person: a beheerder.


def test_a_beheerder_whom_the_coordinator_admitted_just_now_is_no_second_person() -> None:
    s = Scribe().admit("bob", Role.BEHEERDER).wait(days=29)
    assert s.verdict("anna", s.proposal(s.gate_admission())) is Reason.NEEDS_NO_APPROVAL
    assert s.verdict("anna", s.gate_admission()) is None
    s.wait(days=2)
    assert s.verdict("anna", s.gate_admission()) is Reason.NEEDS_APPROVAL


def test_a_beheerder_approves_who_is_beholden_to_another_than_the_proposer() -> None:
    s = team()
    s.say("ben", s.admission("bea", Role.BEHEERDER))
    waits = s.say("anna", s.proposal(s.gate_admission()))
    mine = s.say("ben", s.proposal(s.gate_admission("poort-2")))
    assert s.verdict("bea", s.approval(mine)) is Reason.NOT_ELIGIBLE
    s.say("bea", s.approval(waits))
    assert POORT in s.register.gates


def test_the_beheerder_who_was_there_a_month_ago_is_waited_for() -> None:
    s = team()
    s.say("anna", s.suspension("bob"))
    assert s.verdict("anna", s.gate_admission()) is Reason.NEEDS_APPROVAL
    s.wait(days=31)
    assert s.verdict("anna", s.gate_admission()) is None


@pytest.mark.parametrize("who", ["ben", "jan", "anna"])
def test_nobody_but_a_beheerder_is_the_second_person(who: str) -> None:
    s = team()
    waits = s.say("anna", s.proposal(s.gate_admission()))
    assert s.verdict(who, s.approval(waits)) is Reason.NOT_ELIGIBLE
    assert s.verdict("bob", s.approval(waits)) is None


def test_a_gate_is_admitted_once_of_two_that_wait_under_one_handle() -> None:
    s = team()
    first, second = (s.say(who, s.proposal(s.gate_admission())) for who in ("anna", "ben"))
    s.say("bob", s.approval(first))
    assert s.verdict("bob", s.approval(second)) is Reason.HANDLE_TAKEN


# Who can rotate.


@pytest.mark.parametrize("how", ["none", "suspended", "unboxed"])
def test_no_gate_is_adopted_where_no_beheerder_could_rotate(how: str) -> None:
    s = Scribe()
    if how != "none":
        s.admit("bob", Role.BEHEERDER)
    s.say("anna", s.gate_admission())
    if how == "suspended":
        s.say("anna", s.suspension("bob"))
    if how == "unboxed":
        late = s.admission("bea", Role.BEHEERDER)
        s.say("bob", s.rotation())
        s.say("anna", late)
        s.say("anna", s.suspension("bob"))
    assert s.verdict("anna", s.gate_adoption()) is Reason.NO_BEHEERDER
    if how == "unboxed":
        s.say("anna", s.gate_box("bea"))
        assert s.verdict("anna", s.gate_adoption()) is None


def test_a_gate_that_serves_leaves_only_where_a_beheerder_has_the_secret() -> None:
    s = team().serve()
    s.say("anna", s.suspension("bob"))
    s.wait(days=31)
    assert s.verdict("anna", s.gate_leaving()) is Reason.NO_BEHEERDER
    s.say("anna", s.admission("bea", Role.BEHEERDER))
    assert s.verdict("anna", s.gate_leaving()) is Reason.NO_BEHEERDER
    s.say("anna", s.gate_box("bea"))
    assert s.verdict("anna", s.gate_leaving()) is None


# Who gets the epoch's secret.


def test_while_served_a_rotation_boxes_to_every_beheerder_and_gate_and_to_nobody_else() -> None:
    s = team().admit("bea", Role.BEHEERDER).serve("poort", "poort-2")
    whole = s.rotation()
    assert {handle for handle, _ in whole["gate_boxes"]} == {BOB, "bea", POORT, SECOND}
    assert set(s.register.gate_boxes) == {BOB, "bea", POORT, SECOND}
    for missed in (BOB, "bea", POORT, SECOND):
        assert s.verdict("bob", s.rotation(without=[missed])) is Reason.HOLDER_MISSED
    for stranger in (ANNA, JAN, Handle("oscar")):
        more = but(whole, gate_boxes=(*whole["gate_boxes"], (stranger, s.digest())))
        assert s.verdict("bob", more) is Reason.STRANGER_BOXED
    assert s.verdict("bob", whole) is None


def test_a_gate_makes_no_rotation() -> None:
    s = team().serve()
    assert s.verdict("poort", s.rotation()) is Reason.UNKNOWN_MEMBER


def test_while_served_the_secret_is_boxed_to_beheerders_and_gates_only() -> None:
    s = team().admit("bea", Role.BEHEERDER).serve()
    s.agree("anna", s.gate_admission("poort-2"), by="bob")
    for who in ("anna", "bob"):
        assert s.verdict(who, s.gate_box("poort")) is None
        assert s.verdict(who, s.gate_box("bea")) is None
        for stranger in ("anna", "ben", "jan", "poort-2"):
            assert s.verdict(who, s.gate_box(stranger)) is Reason.STRANGER_BOXED
        assert s.verdict(who, s.gate_box("oscar")) is Reason.UNKNOWN_MEMBER
        assert s.verdict(who, but(s.gate_box("poort"), epoch=1)) is Reason.EPOCH_WRONG
    assert s.verdict("bea", s.gate_box("bea")) is None
    assert s.verdict("jan", s.gate_box("jan")) is Reason.STRANGER_BOXED
    assert s.verdict("jan", s.gate_box("poort")) is Reason.NOT_YOUR_ROLE
    s.say("anna", s.suspension("bea"))
    assert s.verdict("anna", s.gate_box("bea")) is Reason.STRANGER_BOXED


def test_embedded_no_gate_is_boxed_the_secret() -> None:
    s = admitted(team())
    assert s.verdict("bob", s.gate_box("poort")) is Reason.STRANGER_BOXED


# Cards that come while served.


@pytest.mark.parametrize("role", list(Role))
def test_whoever_is_admitted_while_served_gets_no_box_of_the_secret(role: Role) -> None:
    s = team().serve()
    statement = s.admission("stan", role)
    assert statement.tag == "member.admitted/2"
    if role in (Role.COORDINATOR, Role.TOEZICHTHOUDER):
        s.agree("anna", statement, by="ben")
    else:
        s.say("anna", statement)
    assert s.register.members[STAN].roles == {role}
    assert STAN not in s.register.gate_boxes
    assert (STAN in s.register.coordination_boxes) == (role is Role.COORDINATOR)
    assert (STAN in s.register.lacking_epoch()) == (role is Role.BEHEERDER)


def test_a_beheerder_who_came_while_served_gets_the_secret_in_a_box_of_its_own() -> None:
    s = team().serve().admit("bea", Role.BEHEERDER)
    assert list(s.register.lacking_epoch()) == ["bea"]
    s.say("anna", s.gate_box("bea"))
    assert s.register.lacking_epoch() == {}


@pytest.mark.parametrize("who", ["anna", "bob", "jan"])
def test_whoever_renews_their_card_while_served_gets_no_box_of_the_secret(who: str) -> None:
    s = team().serve()
    statement = s.renewal(who)
    assert statement.tag == "member.renewed/2"
    s.say(who, statement)
    assert s.register.members[Handle(who)].card == statement["card"]
    assert Handle(who) not in s.register.gate_boxes
    assert (Handle(who) in s.register.lacking_epoch()) == (who == "bob")
    assert (Handle(who) in s.register.coordination_boxes) == (who == "anna")


def test_a_lost_token_makes_a_rotation_due_only_where_it_had_the_secret() -> None:
    s = team().serve()
    s.agree("anna", s.renewal("jan"), by="ben")
    assert s.register.to_rotate_out == {}
    since = s.agree("anna", s.renewal("bob"), by="ben").at
    assert s.register.to_rotate_out == {BOB: since}


def test_the_recovery_card_admits_a_coordinator_to_a_served_store() -> None:
    s = team()
    s.agree("anna", s.split(), by="ben")
    s.serve()
    statement = s.recovery()
    assert statement.tag == "coordination.recovered/2"
    assert s.verdict("recovery-1", but(statement, number=2)) is Reason.NUMBER_WRONG
    s.say("recovery-1", statement)
    assert s.register.coordination_boxes[VERA] == statement["coordination_box"]
    assert VERA not in s.register.gate_boxes
    assert list(s.register.to_rotate_out) == ["recovery-1"]


def test_whoever_is_suspended_while_served_makes_a_rotation_due_only_as_a_beheerder() -> None:
    s = team().admit("bea", Role.BEHEERDER).serve()
    s.say("anna", s.suspension("jan"))
    assert s.register.to_rotate_out == {}
    s.say("anna", s.suspension("bea"))
    assert list(s.register.to_rotate_out) == ["bea"]
    s.say("bob", s.rotation())
    s.say("anna", s.restoration("bea"))
    assert list(s.register.lacking_epoch()) == ["bea"]


def test_before_a_rotation_that_is_awaited_only_a_beheerder_who_lacks_the_secret_is_boxed_it() -> None:
    s = team()
    late = [s.admission("bea", Role.BEHEERDER), s.admission("stan", Role.SPECIALIST)]
    s.say("bob", s.rotation())
    for statement in late:
        s.say("anna", statement)
    assert set(s.register.lacking_epoch()) == {"bea", STAN}
    adopted(s)
    assert set(s.register.lacking_epoch()) == {"bea"}
    s.say("anna", s.gate_box("bea"))
    s.say("bob", s.rotation())
    s.agree("anna", s.gate_leaving(), by="bob")
    assert set(s.register.lacking_epoch()) == set()


# A second gate, and gates that leave.


def test_a_second_gate_makes_a_rotation_awaited_as_well() -> None:
    s = team().serve()
    s.agree("anna", s.gate_admission("poort-2"), by="bob")
    assert not s.register.rotation_awaited
    s.agree("anna", s.gate_adoption("poort-2"), by="bob")
    assert s.register.rotation_awaited
    assert [gate.card.handle for gate in s.register.adopted_gates()] == [POORT, SECOND]


def test_a_gate_that_was_never_adopted_leaves_without_a_rotation() -> None:
    s = admitted(team())
    s.say("anna", s.suspension("bob"))
    s.wait(days=31).say("anna", s.gate_leaving())  # nor need anyone be there who could make one
    assert s.register.gates[POORT].left
    assert not s.register.rotation_awaited
    assert POORT not in s.register.to_rotate_out
    assert s.verdict("anna", s.gate_adoption()) is Reason.GATE_AS_IT_IS
    assert s.verdict("anna", s.gate_leaving()) is Reason.GATE_AS_IT_IS


def test_a_gate_leaves_for_a_reason_that_the_policy_has() -> None:
    s = admitted(team())
    assert s.verdict("anna", s.proposal(but(s.gate_leaving(), reason="zomaar"))) is Reason.REASON_UNKNOWN


def test_one_of_two_gates_leaves_and_the_store_is_served_on() -> None:
    s = team().serve("poort", "poort-2")
    entry = s.agree("anna", s.gate_leaving(), by="bob")
    assert s.register.served
    assert not s.register.rotation_awaited
    assert s.register.to_rotate_out == {POORT: entry.at}
    s.fill("jan", PLAN)
    s.say("bob", s.rotation())
    assert s.register.to_rotate_out == {}
    assert set(s.register.gate_boxes) == {BOB, SECOND}


def test_with_the_last_gate_gone_the_store_is_embedded_again() -> None:
    s = team().serve().admit("stan", Role.SPECIALIST)
    entry = s.agree("anna", s.gate_leaving(), by="bob")
    assert not s.register.served
    assert s.register.awaited_since == entry.at
    assert s.verdict("jan", s.version("jan", PLAN)) is Reason.ROTATION_DUE
    s.say("bob", s.rotation())
    assert set(s.register.gate_boxes) == {ANNA, BEN, BOB, JAN, STAN}
    assert not s.register.rotation_awaited
    s.fill("jan", PLAN)
    assert s.admission("wim", Role.SPECIALIST).tag == "member.admitted/1"
    s.admit("wim", Role.SPECIALIST)


def test_a_gate_that_left_before_its_rotation_has_nothing_to_be_rotated_out_of() -> None:
    s = adopted(team())
    s.agree("anna", s.gate_leaving(), by="bob")
    assert s.register.to_rotate_out == {}
    assert s.register.rotation_awaited
    assert set(s.register.epoch_cards()) == {ANNA, BEN, BOB, JAN}


def test_a_store_is_served_a_second_time_by_another_gate() -> None:
    s = team().serve()
    s.agree("anna", s.gate_leaving(), by="bob")
    s.say("bob", s.rotation())
    s.serve("poort-2")
    assert [gate.card.handle for gate in s.register.adopted_gates()] == [SECOND]


# After a restore.


def test_a_restored_store_that_was_served_still_is() -> None:
    s = team().serve()
    s.agree("anna", s.reopening(), by="ben")
    s.say("bob", s.rotation())
    assert set(s.register.gate_boxes) == {BOB, POORT}


def test_a_beheerder_admitted_to_a_restored_store_that_is_served_gets_the_secret_before_the_rotation() -> (
    None
):
    s = team().serve()
    s.say("anna", s.suspension("bob"))
    s.agree("anna", s.reopening(), by="ben")
    s.say("anna", s.admission("bea", Role.BEHEERDER))
    assert s.verdict("anna", s.gate_box("poort")) is Reason.STORE_RESTORED
    s.say("anna", s.gate_box("bea"))
    s.say("bea", s.rotation())
    assert set(s.register.gate_boxes) == {"bea", POORT}


def test_nobody_is_boxed_the_secret_of_a_restored_store_that_is_embedded_before_its_rotation() -> None:
    s = team()
    s.agree("anna", s.reopening(), by="ben")
    assert s.verdict("anna", s.gate_box("bob")) is Reason.STORE_RESTORED


# The boxes kept.


def test_the_boxes_of_gates_are_among_the_objects_that_are_needed() -> None:
    s = team().serve()
    assert s.register.gate_boxes[POORT] in set(s.register.objects())
    old = s.register.gate_boxes[POORT]
    s.say("bob", s.rotation())
    assert old not in set(s.register.objects())
