"""The rules about the keys of the whole team: its coordination card, the recovery card, the gate's epochs."""

from collections.abc import Callable

import pytest
from scribe import Scribe
from wording import DAY, PLAN, but, person

from dossier.model import Handle, Reason, Role, is_digest
from dossier.register.members import LOOK_BACK
from dossier.statements import Statement

ANNA, BEN, BOB, JAN, VERA = (Handle(name) for name in ("anna", "ben", "bob", "jan", "vera"))
Word = Callable[[Scribe, str], Statement]


def team() -> Scribe:
    """Coordinators anna and ben, beholden to nobody any more, beheerder bob, and jan, a regisseur."""
    s = Scribe().admit("ben", Role.COORDINATOR).admit("bob", Role.BEHEERDER)
    return s.admit("jan", Role.REGISSEUR).wait(days=31)


def split(s: Scribe, by: str = "anna", second: str = "ben") -> Scribe:
    """Share a recovery card among custodians."""
    s.agree(by, s.split(), by=second)
    return s


# The coordination card.


def test_a_renewed_coordination_card_is_the_one_to_which_boxes_go_from_there_on() -> None:
    s = team()
    renewal = s.team_renewal()
    s.say("ben", renewal)
    assert (s.register.number, s.register.coordination) == (2, renewal["coordination"])
    assert s.register.coordinations[-1].before == renewal["before"]
    assert s.register.coordination_boxes == dict(renewal["boxes"])
    assert not s.register.coordination_due
    assert s.verdict("anna", but(s.team_box("ben"), number=1)) is Reason.NUMBER_WRONG
    assert s.verdict("anna", s.team_box("ben")) is None


def test_the_boxes_of_a_coordination_card_that_is_superseded_are_needed_no_more() -> None:
    s = team()
    old = set(s.register.coordination_boxes.values())
    s.say("anna", s.team_renewal())
    assert not old & set(s.register.objects())
    assert set(s.register.coordination_boxes.values()) <= set(s.register.objects())


@pytest.mark.parametrize("number", [1, 3])
def test_coordination_cards_are_counted_one_by_one(number: int) -> None:
    s = team()
    assert s.verdict("anna", but(s.team_renewal(), number=number)) is Reason.NUMBER_WRONG


def test_no_coordination_card_is_in_force_a_second_time() -> None:
    s = team()
    first = s.register.coordination
    assert s.verdict("anna", but(s.team_renewal(), coordination=first)) is Reason.CARD_TAKEN
    s.say("anna", s.team_renewal())
    assert s.verdict("anna", but(s.team_renewal(), coordination=first)) is Reason.CARD_TAKEN


def test_a_coordination_card_is_boxed_to_every_active_coordinator_and_to_nobody_else() -> None:
    s = team().admit("carla", Role.SPECIALIST)
    whole = s.team_renewal()
    of = dict(whole["boxes"])
    assert set(of) == {ANNA, BEN}
    missing = but(whole, boxes=tuple(box for box in whole["boxes"] if box[0] != BEN))
    assert s.verdict("anna", missing) is Reason.HOLDER_MISSED
    for stranger in ("bob", "jan", "oscar"):
        more = but(whole, boxes=(*whole["boxes"], (Handle(stranger), s.digest())))
        assert s.verdict("anna", more) is Reason.STRANGER_BOXED
    instead = but(whole, boxes=((ANNA, of[ANNA]), (BOB, of[BEN])))
    assert s.verdict("anna", instead) is Reason.HOLDER_MISSED
    twice = but(whole, boxes=(*whole["boxes"], (BEN, s.digest())))
    assert s.verdict("anna", twice) is Reason.STRANGER_BOXED


@pytest.mark.parametrize("how", ["suspended", "left", "demoted"])
def test_a_coordination_card_is_not_boxed_to_a_coordinator_of_before(how: str) -> None:
    s = team()
    match how:
        case "suspended":
            s.say("anna", s.suspension("ben"))
        case "left":
            s.say("anna", s.leaving("ben"))
        case _:
            s.agree("anna", s.roles("ben", add=[Role.SPECIALIST], remove=[Role.COORDINATOR]), by="ben")
    renewal = s.team_renewal()
    assert s.verdict("anna", renewal) is None
    more = but(renewal, boxes=(*renewal["boxes"], (BEN, s.digest())))
    assert s.verdict("anna", more) is Reason.STRANGER_BOXED


@pytest.mark.parametrize("how", ["left", "demoted", "renewed", "recovered"])
def test_another_coordination_card_is_due_when_its_seed_may_be_known_elsewhere(how: str) -> None:
    s = split(team())
    assert not s.register.coordination_due
    match how:
        case "left":
            s.say("anna", s.leaving("ben"))
        case "demoted":
            s.agree("anna", s.roles("ben", add=[Role.SPECIALIST], remove=[Role.COORDINATOR]), by="ben")
        case "renewed":
            s.say("ben", s.renewal("ben"))
        case _:
            s.say("recovery-1", s.recovery())
    assert s.register.coordination_due
    s.say("anna", s.team_renewal())
    assert not s.register.coordination_due


def test_who_never_knew_the_teams_seed_makes_no_other_card_due() -> None:
    s = team()
    s.say("jan", s.renewal("jan"))
    s.say("anna", s.leaving("jan"))
    s.say("anna", s.leaving("bob"))
    assert not s.register.coordination_due


# Whether the recovery card gets the new seed.


def test_a_recovery_card_that_counts_is_boxed_the_new_seed() -> None:
    s = split(team())
    renewal = s.team_renewal()
    assert s.verdict("ben", but(renewal, recovery_box=None)) is Reason.BOX_MISSING
    s.say("ben", renewal)
    assert s.register.recovery is not None
    assert s.register.recovery.box == renewal["recovery_box"]
    assert renewal["recovery_box"] in set(s.register.objects())


@pytest.mark.parametrize("how", ["suspended", "left", "demoted", "renewed", "used", "none"])
def test_no_other_recovery_card_is_boxed_the_new_seed(how: str) -> None:
    s = team() if how == "none" else split(team(), by="ben", second="anna")
    match how:
        case "suspended":
            s.say("anna", s.suspension("ben"))
        case "left":
            s.say("anna", s.leaving("ben"))
        case "demoted":
            s.agree("anna", s.roles("ben", add=[Role.SPECIALIST], remove=[Role.COORDINATOR]), by="ben")
        case "renewed":
            s.say("ben", s.renewal("ben"))
        case "used":
            s.say("recovery-1", s.recovery())
    renewal = s.team_renewal()
    assert s.verdict("anna", but(renewal, recovery_box=s.digest())) is Reason.STRANGER_BOXED
    s.say("anna", renewal)
    assert s.register.recovery is None or s.register.recovery.box is None


def test_a_recovery_card_counts_again_with_its_splitter_but_opens_nothing_until_it_is_boxed() -> None:
    s = split(team(), by="ben", second="anna")
    s.say("anna", s.suspension("ben"))
    s.say("anna", s.team_renewal())
    s.wait(days=31).say("anna", s.restoration("ben"))
    assert s.register.recoverable()
    assert s.verdict("recovery-1", s.recovery()) is Reason.RECOVERY_USED
    s.say("anna", s.team_renewal())
    assert s.verdict("recovery-1", s.recovery()) is None


def test_another_split_takes_the_place_of_a_recovery_card_that_fell_with_its_splitter() -> None:
    s = split(team(), by="ben", second="anna")
    s.say("anna", s.leaving("ben"))
    s.say("anna", s.team_renewal())
    assert not s.register.recoverable()
    s.wait(days=31).say("anna", s.split())
    assert s.register.recoverable()
    assert s.verdict("recovery-1", s.recovery()) is Reason.NO_RECOVERY
    assert s.verdict("recovery-2", s.recovery()) is None


@pytest.mark.parametrize("how", ["suspended", "left", "demoted", "renewed"])
def test_a_recovery_card_falls_with_whoever_made_it(how: str) -> None:
    s = split(team(), by="ben", second="anna")
    assert s.verdict("recovery-1", s.recovery()) is None
    match how:
        case "suspended":
            s.say("anna", s.suspension("ben"))
        case "left":
            s.say("anna", s.leaving("ben"))
        case "demoted":
            s.agree("anna", s.roles("ben", add=[Role.SPECIALIST], remove=[Role.COORDINATOR]), by="ben")
        case _:
            s.say("ben", s.renewal("ben"))
    assert s.verdict("recovery-1", s.recovery()) is Reason.RECOVERY_USED


# Splitting.


def test_a_split_is_noted_with_all_that_it_says_and_by_whom() -> None:
    s = team()
    statement = s.split(3, 5)
    entry = s.agree("ben", statement, by="anna")
    recovery = s.register.recovery
    assert recovery is not None
    assert (recovery.card, recovery.fingerprint) == (statement["card"], statement["card"].fingerprint)
    assert (recovery.by, recovery.by_card) == (BEN, person("ben").card.fingerprint)
    assert (recovery.threshold, recovery.shares, recovery.box) == (3, 5, statement["recovery_box"])
    assert (recovery.used, recovery.position) == (None, entry.index)
    assert statement["recovery_box"] in set(s.register.objects())
    assert Handle("recovery-1") not in s.register.members


@pytest.mark.parametrize(
    ("threshold", "shares", "good"),
    [
        (2, 2, True),
        (2, 16, True),
        (16, 16, True),
        (1, 1, False),
        (1, 5, False),
        (3, 2, False),
        (2, 17, False),
    ],
)
def test_at_least_two_of_at_most_sixteen_custodians_are_needed(
    threshold: int,
    shares: int,
    good: bool,  # noqa: FBT001
) -> None:
    s = Scribe()
    assert s.verdict("anna", s.split(threshold, shares)) is (None if good else Reason.SHARES_WRONG)


@pytest.mark.parametrize("number", [1, 3])
def test_a_recovery_card_gets_the_seed_of_the_newest_coordination_card(number: int) -> None:
    s = Scribe()
    s.say("anna", s.team_renewal())
    assert s.verdict("anna", but(s.split(), number=number)) is Reason.NUMBER_WRONG
    assert s.verdict("anna", s.split()) is None


@pytest.mark.parametrize("half", ["sign", "box"])
def test_a_recovery_card_is_a_new_one_of_nobody(half: str) -> None:
    s = Scribe()
    s.say("anna", s.split())
    again = s.split()
    for of in (person("anna"), person("recovery-1")):
        card = again["card"]._replace(**{half: getattr(of.card, half)})
        assert s.verdict("anna", but(again, card=card)) is Reason.CARD_TAKEN
    for handle in ("anna", "recovery-1"):
        card = again["card"]._replace(handle=handle)
        assert s.verdict("anna", but(again, card=card)) is Reason.HANDLE_TAKEN


def test_nobody_is_admitted_under_the_name_or_a_key_of_a_recovery_card() -> None:
    s = split(team())
    admission = s.admission("stan", Role.SPECIALIST)
    card = admission["card"]
    named = but(admission, card=card._replace(handle="recovery-1"))
    assert s.verdict("anna", named) is Reason.HANDLE_TAKEN
    keyed = but(admission, card=card._replace(sign=person("recovery-1").card.sign))
    assert s.verdict("anna", keyed) is Reason.CARD_TAKEN


# Recovering.


def test_the_recovery_card_admits_one_coordinator_with_every_box() -> None:
    s = split(team())
    statement = s.recovery()
    entry = s.say("recovery-1", statement)
    vera = s.register.members[VERA]
    assert vera.roles == {Role.COORDINATOR}
    assert (vera.active, vera.leaf, vera.recovered_at) == (True, entry.leaf, entry.at)
    assert vera.admitted_by == "recovery-1"
    assert s.register.gate_boxes[VERA] == statement["gate_box"]
    assert s.register.coordination_boxes[VERA] == statement["coordination_box"]
    assert s.register.recovery is not None
    assert (s.register.recovery.used, s.register.recovery.box) == (entry.index, None)
    assert all(is_digest(name) for name in s.register.objects())
    assert not s.register.recoverable()


def test_a_recovery_makes_a_rotation_due() -> None:
    s = split(team())
    since = s.say("recovery-1", s.recovery()).at
    assert s.register.to_rotate_out == {Handle("recovery-1"): since}
    s.say("bob", s.rotation())
    assert s.register.to_rotate_out == {}


def test_the_recovery_card_is_used_once() -> None:
    s = split(team())
    s.say("recovery-1", s.recovery())
    assert s.verdict("recovery-1", s.recovery("wim")) is Reason.RECOVERY_USED


@pytest.mark.parametrize("who", ["anna", "ben", "bob", "recovery-2"])
def test_nobody_recovers_but_the_recovery_card_itself(who: str) -> None:
    s = split(team())
    assert s.verdict(who, s.recovery()) is Reason.NO_RECOVERY
    assert s.verdict(who, s.recovery(), card=person("recovery-1").card.fingerprint) is Reason.NO_RECOVERY
    other = person("recovery-2").card.fingerprint
    assert s.verdict("recovery-1", s.recovery(), card=other) is Reason.NO_RECOVERY
    assert team().verdict("recovery-1", s.recovery()) is Reason.NO_RECOVERY


def test_whoever_recovers_has_a_new_handle_and_new_keys_and_boxes_of_what_is_in_force() -> None:
    s = split(team())
    statement = s.recovery()
    card = statement["card"]
    anna = but(statement, card=card._replace(handle="anna"))
    assert s.verdict("recovery-1", anna) is Reason.HANDLE_TAKEN
    own = but(statement, card=card._replace(sign=person("recovery-1").card.sign))
    assert s.verdict("recovery-1", own) is Reason.CARD_TAKEN
    assert s.verdict("recovery-1", but(statement, number=2)) is Reason.NUMBER_WRONG
    assert s.verdict("recovery-1", but(statement, epoch=2)) is Reason.EPOCH_WRONG
    assert s.verdict("recovery-1", s.proposal(statement)) is Reason.NEEDS_NO_APPROVAL


def test_the_recovery_card_states_nothing_else() -> None:
    s = split(team())
    for statement in (s.admission("stan", Role.SPECIALIST), s.suspension("jan"), s.team_renewal()):
        assert s.verdict("recovery-1", statement) is Reason.UNKNOWN_MEMBER
        assert s.register.card_of(Handle("recovery-1"), statement) is None
    assert s.register.card_of(Handle("recovery-1"), None) is None
    own = person("recovery-1").card
    assert s.register.card_of(Handle("recovery-1"), s.recovery()) == (own, own.fingerprint)
    assert s.register.card_of(Handle("recovery-2"), s.recovery()) is None


def test_a_recovered_coordinator_approves_nothing_for_thirty_days() -> None:
    s = split(team())
    since = s.say("recovery-1", s.recovery()).at
    s.wait(days=28)
    waits = s.say("anna", s.proposal(s.adoption()))
    s.at = since + LOOK_BACK - DAY
    assert s.verdict("vera", s.approval(waits)) is Reason.NOT_ELIGIBLE
    s.at = since + LOOK_BACK
    assert s.verdict("vera", s.approval(waits)) is None


def test_a_recovered_coordinator_is_no_reason_to_wait_for_a_second_person_in_those_days() -> None:
    s = Scribe()
    s.say("anna", s.split())
    since = s.say("recovery-1", s.recovery()).at
    s.at = since + LOOK_BACK - DAY
    assert s.verdict("anna", s.adoption()) is None
    s.at = since + LOOK_BACK
    assert s.verdict("anna", s.adoption()) is Reason.NEEDS_APPROVAL


def test_what_a_recovered_coordinator_states_needs_the_others_like_anyones() -> None:
    s = split(team())
    s.say("recovery-1", s.recovery())
    assert s.verdict("vera", s.admission("wim", Role.COORDINATOR)) is Reason.NEEDS_APPROVAL
    assert s.verdict("vera", s.admission("stan", Role.SPECIALIST)) is None


# The gate's epochs.


def test_a_rotation_is_in_force_from_its_entry_on_with_its_boxes_only() -> None:
    s = team()
    old = set(s.register.gate_boxes.values())
    rotation = s.rotation()
    entry = s.say("bob", rotation)
    epoch = s.register.epoch
    assert (epoch.number, epoch.start, epoch.since) == (2, entry.index, entry.at)
    assert (epoch.log_key, epoch.commitment) == (rotation["log_key"], rotation["commitment"])
    assert epoch.before == rotation["before"]
    assert [known.number for known in s.register.epochs] == [1, 2]
    assert s.register.gate_boxes == dict(rotation["gate_boxes"])
    assert not old & set(s.register.objects())


@pytest.mark.parametrize("number", [1, 3])
def test_epochs_are_counted_one_by_one(number: int) -> None:
    s = team()
    assert s.verdict("bob", but(s.rotation(), epoch=number)) is Reason.EPOCH_WRONG


@pytest.mark.parametrize("field", ["log_key", "commitment"])
def test_no_secret_of_an_epoch_is_in_force_a_second_time(field: str) -> None:
    s = team()
    first = s.epoch_keys(1)
    assert s.verdict("bob", but(s.rotation(), **{field: first[field]})) is Reason.KEY_AGAIN
    s.say("bob", s.rotation())
    assert s.verdict("bob", but(s.rotation(), **{field: first[field]})) is Reason.KEY_AGAIN
    assert s.verdict("bob", s.rotation()) is None


def test_a_rotation_misses_no_active_member_and_boxes_nobody_else() -> None:
    s = team()
    whole = s.rotation()
    assert {handle for handle, _ in whole["gate_boxes"]} == {ANNA, BEN, BOB, JAN}
    for handle in (ANNA, BEN, BOB, JAN):
        assert s.verdict("bob", s.rotation(without=[handle])) is Reason.HOLDER_MISSED
    for stranger in ("oscar", "recovery-1"):
        more = but(whole, gate_boxes=(*whole["gate_boxes"], (Handle(stranger), s.digest())))
        assert s.verdict("bob", more) is Reason.STRANGER_BOXED
    twice = but(whole, gate_boxes=(*whole["gate_boxes"], (JAN, s.digest())))
    assert s.verdict("bob", twice) is Reason.STRANGER_BOXED


@pytest.mark.parametrize("word", [Scribe.suspension, Scribe.leaving])
def test_whoever_is_to_be_left_out_is_suspended_or_has_left_first(word: Word) -> None:
    s = team()
    before = s.rotation()
    s.say("anna", word(s, "jan"))
    assert list(s.register.to_rotate_out) == [JAN]
    assert JAN in s.register.gate_boxes
    assert s.verdict("bob", before) is Reason.STRANGER_BOXED
    s.say("bob", s.rotation())
    assert JAN not in s.register.gate_boxes
    assert s.register.to_rotate_out == {}


def test_whoever_is_restored_after_a_rotation_is_boxed_the_epoch_anew() -> None:
    s = team()
    s.say("bob", s.suspension("jan"))
    s.say("bob", s.rotation())
    s.say("anna", s.restoration("jan"))
    assert JAN not in s.register.gate_boxes
    s.say("bob", s.gate_box("jan"))
    assert JAN in s.register.gate_boxes


def test_who_has_no_box_of_the_epoch_in_force_makes_no_rotation_due() -> None:
    s = team()
    s.say("bob", s.suspension("jan"))
    s.say("bob", s.rotation())
    s.say("anna", s.leaving("jan"))
    assert s.register.to_rotate_out == {}


def test_a_rotation_is_due_since_the_first_reason_for_it() -> None:
    s = team()
    since = s.say("anna", s.suspension("jan")).at
    s.wait(days=3).say("anna", s.leaving("jan"))
    assert s.register.to_rotate_out == {JAN: since}
    s.say("bob", s.rotation())
    s.say("anna", s.suspension("ben"))
    s.wait(days=31).say("anna", s.restoration("ben"))
    assert s.register.to_rotate_out == {}


def test_what_comes_with_a_card_is_of_the_epoch_in_force() -> None:
    s = team()
    late = s.admission("stan", Role.SPECIALIST)
    s.say("bob", s.rotation())
    s.say("anna", late)
    assert Handle("stan") not in s.register.gate_boxes
    s.admit("rita", Role.REGISSEUR)
    assert Handle("rita") in s.register.gate_boxes
    assert s.verdict("anna", but(s.gate_box("stan"), epoch=1)) is Reason.EPOCH_WRONG


def test_everyone_boxes_the_epoch_to_their_own_card_but_no_colleague_does() -> None:
    s = team().admit("rita", Role.REGISSEUR)
    assert s.verdict("jan", s.gate_box("jan")) is None
    assert s.verdict("jan", s.gate_box("rita")) is Reason.NOT_YOUR_ROLE
    s.say("anna", s.suspension("jan"))
    assert s.verdict("jan", s.gate_box("jan")) is Reason.NOT_ACTIVE


def test_versions_are_written_under_the_epoch_in_force_and_keep_their_own() -> None:
    s = team().open().fill("jan", PLAN)
    asked = s.version("jan", PLAN)
    s.say("bob", s.rotation())
    assert s.verdict("jan", asked) is Reason.EPOCH_WRONG
    s.fill("jan", PLAN)
    assert [version.epoch for version in s.household().sections[PLAN].versions] == [1, 2]
