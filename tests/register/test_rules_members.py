"""The rules about who is who, and what a statement about a member comes to when it stands."""

from collections.abc import Callable

import pytest
from scribe import Scribe
from wording import HOME, PLAN, but, person

from dossier.model import Handle, Reason, Role
from dossier.statements import Statement

ANNA, BEN, JAN, SARA = Handle("anna"), Handle("ben"), Handle("jan"), Handle("sara")
Word = Callable[[Scribe, str], Statement]
ALONE = (Role.BEHEERDER, Role.TOEZICHTHOUDER)


def team() -> Scribe:
    """A household of jan's, and a grant of sara's."""
    return Scribe().admit("jan", Role.REGISSEUR).admit("sara", Role.SPECIALIST).open().give()


def test_an_admitted_member_is_active_in_their_roles_with_their_gate_box() -> None:
    s = team()
    admission = s.admission("ben", Role.COORDINATOR, Role.REGISSEUR)
    entry = s.say("anna", admission)
    ben = s.register.members[BEN]
    assert ben.active
    assert ben.roles == {Role.COORDINATOR, Role.REGISSEUR}
    assert (ben.admitted_by, ben.admitted_at, ben.leaf) == (ANNA, entry.at, entry.leaf)
    assert s.register.gate_boxes[BEN] == admission["gate_box"]
    assert s.register.coordination_boxes[BEN] == admission["coordination_box"]


def test_a_box_of_what_is_not_in_force_admits_but_opens_nothing() -> None:
    s = Scribe()
    s.say("anna", but(s.admission("ben", Role.COORDINATOR), epoch=2, number=2))
    assert s.register.members[BEN].active
    assert BEN not in s.register.gate_boxes
    assert BEN not in s.register.coordination_boxes


@pytest.mark.parametrize("half", ["sign", "box"])
def test_neither_key_of_a_card_is_one_that_a_member_has(half: str) -> None:
    s = team()
    card = person("vera").card._replace(**{half: getattr(person("sara").card, half)})
    admission = but(s.admission("vera", Role.SPECIALIST), card=card)
    assert s.verdict("anna", admission) is Reason.CARD_TAKEN


@pytest.mark.parametrize("other", [role for role in Role if role not in ALONE])
@pytest.mark.parametrize("alone", ALONE)
def test_beheerder_and_toezichthouder_go_with_no_other_role(alone: Role, other: Role) -> None:
    s = Scribe().admit("vera", alone)
    assert s.verdict("anna", s.admission("ben", alone, other)) is Reason.ROLES_EXCLUSIVE
    assert s.verdict("anna", s.roles("vera", add=[other])) is Reason.ROLES_EXCLUSIVE


@pytest.mark.parametrize("other", [role for role in Role if role is not Role.BEHEERDER])
def test_whoever_was_once_beheerder_is_never_anything_else_nor_the_reverse(other: Role) -> None:
    s = Scribe().admit("bob", Role.BEHEERDER).admit("vera", other)
    swap = s.roles("bob", add=[other], remove=[Role.BEHEERDER])
    assert s.verdict("anna", swap) is Reason.ROLES_EXCLUSIVE
    back = s.roles("vera", add=[Role.BEHEERDER], remove=[other])
    assert s.verdict("anna", back) is Reason.ROLES_EXCLUSIVE


def test_whoever_once_had_content_never_gets_the_keys_of_it_by_a_way_round() -> None:
    s = Scribe().admit("vera", Role.SPECIALIST)
    s.say("anna", s.roles("vera", add=[Role.TOEZICHTHOUDER], remove=[Role.SPECIALIST]))
    way_round = s.roles("vera", add=[Role.BEHEERDER], remove=[Role.TOEZICHTHOUDER])
    assert s.verdict("anna", way_round) is Reason.ROLES_EXCLUSIVE


def test_a_member_keeps_at_least_one_role() -> None:
    s = team()
    assert s.verdict("anna", s.roles("jan", remove=[Role.REGISSEUR])) is Reason.ROLES_EXCLUSIVE


@pytest.mark.parametrize(
    ("add", "remove"),
    [([Role.REGISSEUR], []), ([], [Role.SPECIALIST]), ([], []), ([Role.SPECIALIST], [Role.SPECIALIST])],
)
def test_only_what_changes_something_is_a_change_of_roles(add: list[Role], remove: list[Role]) -> None:
    s = team()
    assert s.verdict("anna", s.roles("jan", add, remove)) is Reason.ROLE_AS_IT_IS


def test_a_role_taken_away_ends_the_grants_given_for_it_for_good() -> None:
    s = team()
    s.say("anna", s.roles("sara", add=[Role.REGISSEUR], remove=[Role.SPECIALIST]))
    grant = next(iter(s.household().grants.values()))
    assert grant.ended == s.at
    s.say("anna", s.roles("sara", add=[Role.SPECIALIST]))
    assert not grant.live(s.at)
    assert (Role.SPECIALIST, SARA) not in set(s.register.rights(s.household(), PLAN, s.at))


def test_a_grant_that_had_ended_keeps_its_end_when_the_role_goes() -> None:
    s = team()
    ended = s.say("anna", s.revocation()).at
    s.say("anna", s.roles("sara", add=[Role.REGISSEUR], remove=[Role.SPECIALIST]))
    assert next(iter(s.household().grants.values())).ended == ended


def test_a_role_taken_away_ends_nothing_that_was_given_for_another_role() -> None:
    s = team()
    s.say("anna", s.roles("sara", add=[Role.REGISSEUR]))
    s.say("anna", s.roles("sara", remove=[Role.REGISSEUR]))
    s.admit("stan", Role.SPECIALIST)
    s.say("anna", s.roles("stan", add=[Role.REGISSEUR], remove=[Role.SPECIALIST]))
    s.say("anna", s.roles("jan", add=[Role.SPECIALIST]))
    s.say("anna", s.roles("jan", remove=[Role.SPECIALIST]))
    assert next(iter(s.household().grants.values())).live(s.at)
    assert s.household().regisseur == JAN


def test_regisseur_taken_away_ends_the_assignment_and_names_who_did_it() -> None:
    s = team()
    s.say("anna", s.roles("jan", add=[Role.SPECIALIST], remove=[Role.REGISSEUR]))
    home = s.register.households[HOME]
    assert home.regisseur is None
    assert (home.regisseur_by, home.regisseur_since) == (ANNA, s.at)


def test_another_regisseur_keeps_their_household_when_one_loses_the_role() -> None:
    s = team().admit("rita", Role.REGISSEUR)
    s.say("anna", s.roles("rita", add=[Role.SPECIALIST], remove=[Role.REGISSEUR]))
    assert s.household().regisseur == JAN


def test_coordinator_taken_away_takes_the_box_of_the_teams_seed() -> None:
    s = Scribe().admit("ben", Role.COORDINATOR)
    s.say("anna", s.roles("ben", add=[Role.SPECIALIST], remove=[Role.COORDINATOR]))
    assert BEN not in s.register.coordination_boxes
    s.say("anna", s.roles("ben", add=[Role.COORDINATOR]))
    assert BEN in s.register.coordination_boxes


def test_a_new_coordinator_comes_with_a_box_of_the_teams_seed_and_nobody_else_does() -> None:
    s = team()
    becomes, does_not = s.roles("jan", add=[Role.COORDINATOR]), s.roles("jan", add=[Role.SPECIALIST])
    box = {"number": 1, "coordination_box": s.digest()}
    none = {"number": None, "coordination_box": None}
    assert s.verdict("anna", but(becomes, **none)) is Reason.BOX_MISSING
    assert s.verdict("anna", but(becomes, number=None)) is Reason.BOX_MISSING
    assert s.verdict("anna", but(becomes, coordination_box=None)) is Reason.BOX_MISSING
    assert s.verdict("anna", but(does_not, **box)) is Reason.STRANGER_BOXED
    assert s.verdict("anna", but(does_not, number=1)) is Reason.STRANGER_BOXED
    assert s.verdict("anna", s.admission("ben", Role.COORDINATOR)) is None
    assert s.verdict("anna", but(s.admission("ben", Role.COORDINATOR), **none)) is Reason.BOX_MISSING
    assert s.verdict("anna", but(s.admission("ben", Role.SPECIALIST), **box)) is Reason.STRANGER_BOXED


def test_nobody_who_is_suspended_gets_or_loses_a_role() -> None:
    s = team()
    s.say("anna", s.suspension("sara"))
    assert s.verdict("anna", s.roles("sara", add=[Role.REGISSEUR])) is Reason.STATE_AS_IT_IS


@pytest.mark.parametrize("word", [Scribe.suspension, Scribe.restoration, Scribe.roles])
def test_nobody_states_anything_about_themselves(word: Word) -> None:
    s = team()
    statement = word(s, "anna")
    assert s.verdict("anna", statement) is Reason.ABOUT_YOURSELF


@pytest.mark.parametrize("word", [Scribe.suspension, Scribe.restoration, Scribe.roles])
def test_nothing_is_stated_about_who_is_not_there(word: Word) -> None:
    s = team()
    statement = word(s, "oscar")
    assert s.verdict("anna", statement) is Reason.UNKNOWN_MEMBER
    assert s.verdict("anna", s.proposal(statement)) is Reason.UNKNOWN_MEMBER


def test_a_suspended_member_does_nothing_and_restored_is_what_they_were() -> None:
    s = team()
    s.say("anna", s.suspension("sara"))
    sara = s.register.members[SARA]
    assert not sara.active
    assert sara.roles == {Role.SPECIALIST}
    assert not sara.holds(Role.SPECIALIST)
    assert s.verdict("anna", s.suspension("sara")) is Reason.STATE_AS_IT_IS
    s.say("anna", s.restoration("sara"))
    assert sara.holds(Role.SPECIALIST)
    assert sara.ties[-1] == (s.at, ANNA)
    assert s.verdict("anna", s.restoration("sara")) is Reason.STATE_AS_IT_IS


def test_a_suspension_and_its_end_have_a_reason_of_the_policy() -> None:
    s = team()
    assert s.verdict("anna", but(s.suspension("sara"), reason="zomaar")) is Reason.REASON_UNKNOWN
    s.say("anna", s.suspension("sara"))
    assert s.verdict("anna", but(s.restoration("sara"), reason="zomaar")) is Reason.REASON_UNKNOWN
    bare = Scribe(policy=None).admit("sara", Role.SPECIALIST)
    assert bare.verdict("anna", bare.suspension("sara")) is Reason.REASON_UNKNOWN


def test_a_beheerder_never_suspends_the_last_coordinator() -> None:
    s = team().admit("bob", Role.BEHEERDER).admit("ben", Role.COORDINATOR)
    s.say("bob", s.suspension("ben"))
    assert s.verdict("bob", s.suspension("anna")) is Reason.LAST_COORDINATOR


def test_a_suspension_ends_the_proposals_of_that_member_only() -> None:
    s = Scribe().admit("ben", Role.COORDINATOR).admit("tom", Role.TOEZICHTHOUDER).wait(days=31)
    by_ben = s.say("ben", s.proposal(s.adoption()))
    by_anna = s.say("anna", s.proposal(s.adoption()))
    s.admit("bob", Role.BEHEERDER).say("bob", s.suspension("ben"))
    assert set(s.register.proposals) == {by_anna.index}
    assert by_ben.index not in s.register.proposals
