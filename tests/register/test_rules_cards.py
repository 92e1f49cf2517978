"""The rules about members whose card changes, and about those who leave for good."""

from datetime import timedelta

import pytest
from scribe import Scribe
from wording import GRANT, HOME, INTAKE, OTHER_GRANT, OTHER_HOME, PLAN, but, person

from dossier.model import Handle, Reason, Role, SectionName
from dossier.register.members import LOOK_BACK
from dossier.shapes import Boxed
from dossier.statements import Statement

ANNA, BEN, JAN, SARA, TOM = (Handle(name) for name in ("anna", "ben", "jan", "sara", "tom"))
MILLISECOND = timedelta(milliseconds=1)


def team() -> Scribe:
    """Jan's household with a grant of sara's, coordinators anna and ben, bob and tom; a month ago."""
    s = Scribe().admit("ben", Role.COORDINATOR).admit("jan", Role.REGISSEUR).admit("sara", Role.SPECIALIST)
    s.admit("bob", Role.BEHEERDER).admit("tom", Role.TOEZICHTHOUDER)
    return s.open().fill("jan", PLAN).give().wait(days=31)


def lost(s: Scribe, who: str = "jan") -> Scribe:
    """Let someone take another card themselves."""
    s.say(who, s.renewal(who))
    return s


# Leaving.


def test_whoever_left_is_gone_for_good() -> None:
    s = team()
    s.say("anna", s.leaving("sara"))
    sara = s.register.members[SARA]
    assert (sara.left, sara.active) == (True, False)
    assert s.verdict("anna", s.restoration("sara")) is Reason.MEMBER_LEFT
    assert s.verdict("anna", s.leaving("sara")) is Reason.STATE_AS_IT_IS
    assert s.verdict("anna", s.suspension("sara")) is Reason.STATE_AS_IT_IS
    assert s.verdict("anna", s.renewal("sara")) is Reason.MEMBER_LEFT
    assert s.verdict("anna", s.roles("sara", add=[Role.REGISSEUR])) is Reason.STATE_AS_IT_IS
    assert s.verdict("anna", s.gate_box("sara")) is Reason.STRANGER_BOXED
    assert s.verdict("sara", s.renewal("sara")) is Reason.GONE
    assert s.verdict("sara", s.gate_box("sara")) is Reason.GONE
    assert s.verdict("anna", s.admission("sara", Role.SPECIALIST)) is Reason.HANDLE_TAKEN


def test_whoever_is_suspended_may_still_leave_and_then_not_come_back() -> None:
    s = team()
    since = s.say("bob", s.suspension("sara")).at
    s.say("bob", s.leaving("sara"))
    assert s.register.members[SARA].left
    assert s.register.members[SARA].standings[-1].since == since
    assert s.verdict("anna", s.restoration("sara")) is Reason.MEMBER_LEFT


def test_leaving_ends_grants_and_assignments_and_only_those_of_who_leaves() -> None:
    s = team().admit("stan", Role.SPECIALIST)
    s.give("stan", grant=OTHER_GRANT)
    since = s.say("anna", s.leaving("sara")).at
    assert s.household().grants[GRANT].ended == since
    assert s.household().grants[OTHER_GRANT].live(s.at)
    assert s.household().regisseur == JAN
    s.say("anna", s.leaving("jan"))
    assert s.household().regisseur is None
    assert s.household().regisseur_by == ANNA
    assert set(s.register.rights(s.household(), PLAN, s.at)) == {(Role.SPECIALIST, "stan")}


def test_nobody_says_of_themselves_that_they_left() -> None:
    s = team()
    for who in ("anna", "bob"):
        assert s.verdict(who, s.leaving(who)) is Reason.ABOUT_YOURSELF


def test_leaving_has_a_reason_of_the_policy_and_is_of_who_is_there() -> None:
    s = team()
    assert s.verdict("anna", but(s.leaving("sara"), reason="zomaar")) is Reason.REASON_UNKNOWN
    assert s.verdict("anna", s.leaving("oscar")) is Reason.UNKNOWN_MEMBER


def test_the_last_coordinator_does_not_leave() -> None:
    s = team()
    assert s.verdict("bob", s.leaving("anna")) is None
    s.say("bob", s.leaving("ben"))
    assert s.verdict("bob", s.leaving("anna")) is Reason.LAST_COORDINATOR
    assert s.verdict("bob", s.suspension("anna")) is Reason.LAST_COORDINATOR


def test_a_suspended_coordinator_is_not_the_last_and_can_leave() -> None:
    s = team()
    s.say("bob", s.suspension("ben"))
    assert s.verdict("bob", s.leaving("anna")) is Reason.LAST_COORDINATOR
    assert s.verdict("bob", s.leaving("ben")) is None


def test_leaving_takes_the_box_of_the_teams_seed_and_ends_what_was_proposed() -> None:
    s = team()
    waits = s.say("ben", s.proposal(s.adoption()))
    s.say("anna", s.leaving("ben"))
    assert BEN not in s.register.coordination_boxes
    assert waits.index not in s.register.proposals
    assert s.verdict("tom", s.approval(waits)) is Reason.NO_SUCH_PROPOSAL


def test_a_toezichthouder_leaves_only_with_a_second_person() -> None:
    s = team()
    assert s.verdict("bob", s.leaving("tom")) is Reason.NOT_YOUR_ROLE
    assert s.verdict("anna", s.leaving("tom")) is Reason.NEEDS_APPROVAL
    s.agree("anna", s.leaving("tom"), by="ben")
    assert s.register.members[TOM].left


# Renewing.


def test_a_renewed_member_is_the_same_under_another_card() -> None:
    s = team()
    before = s.register.members[JAN]
    roles, since, ties = before.roles, before.admitted_at, list(before.ties)
    renewal = s.renewal("jan")
    entry = s.say("jan", renewal)
    jan = s.register.members[JAN]
    assert (jan.card, jan.fingerprint) == (person("jan", 2).card, person("jan", 2).card.fingerprint)
    assert (jan.roles, jan.admitted_at, jan.leaf, jan.ties) == (roles, since, entry.leaf, ties)
    assert s.register.gate_boxes[JAN] == renewal["gate_box"]
    assert s.household().regisseur == JAN
    s.fill("jan", PLAN)
    old = person("jan").card.fingerprint
    assert s.verdict("jan", s.version("jan", PLAN), card=old) is Reason.OTHER_CARD


def test_a_renewal_is_of_the_same_person_in_the_same_organisation() -> None:
    s = team()
    card = person("jan", 2).card
    for other in (card._replace(person="Jan 2"), card._replace(org="Elders")):
        for who in ("jan", "anna"):
            assert s.verdict(who, s.renewal("jan", other)) is Reason.OTHER_PERSON


@pytest.mark.parametrize("half", ["sign", "box"])
def test_no_key_comes_back_on_a_renewed_card(half: str) -> None:
    s = lost(team())
    for of in (person("jan"), person("jan", 2), person("sara")):
        card = person("jan", 3).card._replace(**{half: getattr(of.card, half)})
        assert s.verdict("jan", s.renewal("jan", card)) is Reason.CARD_TAKEN
    assert s.verdict("jan", s.renewal("jan")) is None
    admitted = but(s.admission("vera", Role.SPECIALIST), card=person("jan").card._replace(handle="vera"))
    assert s.verdict("anna", admitted) is Reason.CARD_TAKEN


def test_nobody_renews_who_is_not_there_and_nobody_themselves_while_suspended() -> None:
    s = team()
    stranger = but(s.renewal("sara"), card=person("oscar").card)
    assert s.verdict("anna", stranger) is Reason.UNKNOWN_MEMBER
    assert s.verdict("oscar", stranger) is Reason.UNKNOWN_MEMBER
    s.say("anna", s.suspension("sara"))
    assert s.verdict("sara", s.renewal("sara")) is Reason.NOT_ACTIVE
    assert s.verdict("anna", s.renewal("sara")) is Reason.NEEDS_APPROVAL


def test_whoever_is_suspended_is_renewed_without_a_box_until_they_are_restored() -> None:
    s = team()
    s.say("anna", s.suspension("ben"))
    s.agree("anna", s.renewal("ben"), by="tom")
    ben = s.register.members[BEN]
    assert (ben.card, ben.active) == (person("ben", 2).card, False)
    assert BEN not in s.register.gate_boxes
    assert BEN not in s.register.coordination_boxes
    assert s.verdict("anna", s.gate_box("ben")) is Reason.STRANGER_BOXED
    s.agree("anna", s.restoration("ben"), by="tom")
    s.say("anna", s.gate_box("ben"))
    s.say("anna", s.team_box("ben"))
    assert BEN in s.register.gate_boxes


def test_boxes_to_a_card_of_before_are_in_force_no_more_and_no_others_are_lost() -> None:
    s = team()
    home = s.household()
    old = {box for section in home.sections.values() for (_, who), box in section.boxes.items() if who == JAN}
    epoch_box = s.register.gate_boxes[JAN]
    lost(s)
    needed = set(home.objects()) | set(s.register.objects())
    assert not old & needed
    assert epoch_box not in needed
    assert list(home.sections[PLAN].boxes) == [(Role.SPECIALIST, SARA)]


def test_a_renewal_with_boxes_of_what_is_not_in_force_renews_but_opens_nothing() -> None:
    s = team()
    s.say("ben", but(s.renewal("ben"), epoch=9, number=9))
    assert s.register.members[BEN].card == person("ben", 2).card
    assert BEN not in s.register.gate_boxes
    assert BEN not in s.register.coordination_boxes


def test_a_renewed_coordinator_is_boxed_the_teams_seed_anew_and_nobody_else_is() -> None:
    s = team()
    renewal = s.renewal("ben")
    assert s.verdict("ben", but(renewal, number=None, coordination_box=None)) is Reason.BOX_MISSING
    assert s.verdict("ben", but(renewal, coordination_box=None)) is Reason.BOX_MISSING
    more = but(s.renewal("jan"), number=1, coordination_box=s.digest())
    assert s.verdict("jan", more) is Reason.STRANGER_BOXED
    s.say("ben", renewal)
    assert s.register.coordination_boxes[BEN] == renewal["coordination_box"]


def test_one_coordinator_alone_puts_no_card_under_anothers_name() -> None:
    s = team()
    assert s.verdict("anna", s.renewal("sara")) is Reason.NEEDS_APPROVAL
    assert s.verdict("bob", s.renewal("sara")) is Reason.NOT_YOUR_ROLE
    s.agree("anna", s.renewal("sara"), by="tom")
    assert s.register.members[SARA].card == person("sara", 2).card


def test_whoever_a_coordinator_renewed_is_beholden_to_them_for_thirty_days() -> None:
    s = team()
    s.agree("anna", s.renewal("ben"), by="tom")
    since = s.at
    assert s.register.members[BEN].ties[-1] == (since, ANNA)
    s.wait(days=28)
    waits = s.say("anna", s.proposal(s.adoption()))
    s.at = since + LOOK_BACK - MILLISECOND
    assert s.verdict("ben", s.approval(waits)) is Reason.NOT_ELIGIBLE
    s.at = since + LOOK_BACK
    assert s.verdict("ben", s.approval(waits)) is None


def test_whoever_renews_themselves_is_beholden_to_nobody() -> None:
    s = lost(team(), "ben")
    waits = s.say("anna", s.proposal(s.adoption()))
    assert s.verdict("ben", s.approval(waits)) is None


def test_a_proposal_under_the_card_of_before_is_over() -> None:
    s = team()
    waits = s.say("ben", s.proposal(s.adoption()))
    lost(s, "ben")
    assert s.verdict("anna", s.approval(waits)) is Reason.OTHER_CARD
    s.say("ben", s.refusal(waits))
    assert s.register.proposals == {}


def test_a_rotation_is_due_when_a_card_was_lost_and_not_when_its_member_still_had_it() -> None:
    s = lost(team())
    assert s.register.to_rotate_out == {}
    s.agree("anna", s.renewal("sara"), by="ben")
    assert s.register.to_rotate_out == {SARA: s.at}
    s.say("bob", s.rotation())
    assert s.register.to_rotate_out == {}
    assert {JAN, SARA} <= set(s.register.gate_boxes)


# Boxing a section key anew.


def test_a_member_gets_the_keys_that_a_right_asks_for_and_that_went_with_the_card_of_before() -> None:
    s = lost(team())
    statement = s.slot_box("jan")
    assert {row.section for row in statement["boxes"]} == set(s.household().sections)
    s.say("jan", statement)
    boxes = {row.section: row.box for row in statement["boxes"]}
    for name, section in s.household().sections.items():
        assert section.boxes[Role.REGISSEUR, JAN] == boxes[name]
    assert set(statement.objects()) <= set(s.household().objects())


def test_some_of_the_keys_may_be_boxed_and_the_rest_later() -> None:
    s = lost(team())
    whole = s.slot_box("jan")["boxes"]
    s.say("jan", but(s.slot_box("jan"), boxes=whole[:1]))
    assert len(s.slot_box("jan")["boxes"]) == len(whole) - 1
    s.say("ben", s.slot_box("jan"))
    assert (Role.REGISSEUR, JAN) in s.household().sections[PLAN].boxes


def test_the_holder_of_a_grant_is_boxed_what_it_covers() -> None:
    s = lost(team(), "sara")
    statement = s.slot_box("sara")
    assert [(row.role, row.section) for row in statement["boxes"]] == [(Role.SPECIALIST, PLAN)]
    s.say("anna", statement)
    assert (Role.SPECIALIST, SARA) in s.household().sections[PLAN].boxes


def of(s: Scribe, who: str, role: Role, section: SectionName, generation: int = 1) -> Statement:
    """Box someone one key."""
    boxes = (Boxed(role, section, generation, s.digest()),)
    return Statement("slot.boxed/1", household=HOME, handle=Handle(who), boxes=boxes)


def test_nobody_is_boxed_a_key_that_no_right_asks_for() -> None:
    s = lost(lost(team()), "sara").admit("rita", Role.REGISSEUR)
    for who, role, section in (
        ("rita", Role.REGISSEUR, PLAN),
        ("sara", Role.SPECIALIST, INTAKE),
        ("sara", Role.REGISSEUR, PLAN),
        ("jan", Role.SPECIALIST, PLAN),
        ("anna", Role.COORDINATOR, PLAN),
        ("oscar", Role.REGISSEUR, PLAN),
    ):
        assert s.verdict("ben", of(s, who, role, section)) is Reason.STRANGER_BOXED
    assert s.verdict("ben", of(s, "sara", Role.SPECIALIST, PLAN)) is None


@pytest.mark.parametrize("how", ["ran out", "revoked", "suspended", "assigned"])
def test_a_right_that_is_over_asks_for_no_box(how: str) -> None:
    s = lost(lost(team()), "sara").admit("rita", Role.REGISSEUR)
    who, role = ("jan", Role.REGISSEUR) if how == "assigned" else ("sara", Role.SPECIALIST)
    match how:
        case "ran out":
            s.at = s.household().grants[GRANT].until
        case "revoked":
            s.say("anna", s.revocation())
        case "suspended":
            s.say("anna", s.suspension("sara"))
        case _:
            s.say("anna", s.assignment("rita"))
    generation = s.household().sections[PLAN].generation
    assert s.verdict("anna", of(s, who, role, PLAN, generation)) is Reason.STRANGER_BOXED


def test_a_box_that_is_there_is_not_replaced() -> None:
    s = team()
    assert s.verdict("anna", of(s, "jan", Role.REGISSEUR, PLAN)) is Reason.STRANGER_BOXED
    s = lost(s)
    s.say("jan", of(s, "jan", Role.REGISSEUR, PLAN))
    assert s.verdict("anna", of(s, "jan", Role.REGISSEUR, PLAN)) is Reason.STRANGER_BOXED


def test_nobody_is_boxed_one_key_twice() -> None:
    s = lost(team())
    whole = s.slot_box("jan")
    twice = (*whole["boxes"], whole["boxes"][0]._replace(box=s.digest()))
    assert s.verdict("jan", but(whole, boxes=twice)) is Reason.STRANGER_BOXED


def test_a_key_is_boxed_of_the_generation_in_force_and_of_a_section_that_is_there() -> None:
    s = lost(team())
    assert s.verdict("jan", of(s, "jan", Role.REGISSEUR, PLAN, 2)) is Reason.GENERATION_WRONG
    assert s.verdict("jan", of(s, "jan", Role.REGISSEUR, SectionName("geheim"))) is Reason.SECTIONS_WRONG
    elsewhere = but(of(s, "jan", Role.REGISSEUR, PLAN), household=OTHER_HOME)
    assert s.verdict("jan", elsewhere) is Reason.NO_HOUSEHOLD


def test_one_wrong_box_among_good_ones_is_enough_to_refuse_them_all() -> None:
    s = lost(team())
    whole = s.slot_box("jan")
    more = (*whole["boxes"], Boxed(Role.SPECIALIST, PLAN, 1, s.digest()))
    assert s.verdict("jan", but(whole, boxes=more)) is Reason.STRANGER_BOXED


def test_only_a_coordinator_boxes_a_key_to_someone_else() -> None:
    s = lost(team(), "sara")
    for who in ("jan", "bob", "tom"):
        assert s.verdict(who, s.slot_box("sara")) is Reason.NOT_YOUR_ROLE
    assert s.verdict("sara", s.slot_box("sara")) is None
    old = person("sara").card.fingerprint
    assert s.verdict("sara", s.slot_box("sara"), card=old) is Reason.OTHER_CARD


def test_a_rekey_boxes_the_present_card_by_itself() -> None:
    s = lost(team())
    s.say("anna", s.rekey(PLAN))
    assert (Role.REGISSEUR, JAN) in s.household().sections[PLAN].boxes
    assert PLAN not in {row.section for row in s.slot_box("jan")["boxes"]}
