"""The rules about the store itself: its founding, the boxes of what is in force, and the policy."""

import pytest
from scribe import Scribe
from wording import but, person

from dossier.model import STORE_BOOK, Handle, Reason, Role
from dossier.register.fold import take
from dossier.register.register import act_of

ANNA, BEN, JAN = Handle("anna"), Handle("ben"), Handle("jan")


def team() -> Scribe:
    """Jan, a regisseur, and sara, a specialist."""
    return Scribe().admit("jan", Role.REGISSEUR).admit("sara", Role.SPECIALIST)


def test_the_founder_is_coordinator_with_every_box_there_is() -> None:
    s = Scribe(policy=None)
    founding = s.log[0].signed.statement
    assert founding is not None
    member = s.register.members[ANNA]
    assert member.holds(Role.COORDINATOR)
    assert (member.admitted_by, member.leaf) == (ANNA, s.log[0].leaf)
    assert (s.register.name, s.register.store) == ("Team Noord", s.store)
    assert s.register.epoch.log_key == founding["log_key"]
    assert s.register.epoch.commitment == founding["commitment"]
    assert (s.register.number, s.register.coordination) == (1, founding["coordination"])
    assert s.register.gate_boxes == dict(founding["gate_boxes"])
    assert s.register.coordination_boxes == {ANNA: founding["coordination_box"]}
    assert set(s.register.objects()) == set(founding.objects())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"nonce": bytes(32)}, Reason.OTHER_BOOK),
        ({"gate_boxes": (("ben", "0" * 64),)}, Reason.BOX_MISSING),
        ({"gate_boxes": (("anna", "0" * 64), ("ben", "1" * 64))}, Reason.BOX_MISSING),
        ({"card": person("ben").card}, Reason.OTHER_CARD),
        ({"card": person("anna").card._replace(person="Anna 2")}, Reason.OTHER_CARD),
    ],
)
def test_a_founding_that_is_not_the_founders_own_founds_nothing(
    changes: dict[str, object], reason: Reason
) -> None:
    s = Scribe(founded=False)
    assert s.verdict("anna", but(s.founding(), **changes)) is reason


def test_a_store_is_founded_only_by_the_first_line_of_its_log() -> None:
    s = Scribe(founded=False)
    s.write("anna", s.adoption())
    assert s.verdict("anna", s.founding()) is Reason.FOUNDED_TWICE


def test_a_store_is_founded_once_even_by_the_same_line() -> None:
    s = Scribe()
    take(s.register, STORE_BOOK, act_of(s.log[0]))
    assert s.register.faults == [(STORE_BOOK, 0, Reason.FOUNDED_TWICE)]


def test_a_founding_is_signed_in_the_founders_own_name() -> None:
    s = Scribe(founded=False)
    assert s.verdict("ben", s.founding(), card=s.register.root) is Reason.OTHER_CARD
    assert s.verdict("anna", s.founding()) is None


def test_boxes_go_to_whom_they_are_for_and_replace_the_one_before() -> None:
    s = team().admit("ben", Role.COORDINATOR)
    team_box, gate_box = s.team_box("ben"), s.gate_box("jan")
    s.say("anna", team_box)
    s.say("anna", gate_box)
    assert s.register.coordination_boxes[BEN] == team_box["box"]
    assert s.register.gate_boxes[JAN] == gate_box["box"]
    assert s.verdict("anna", but(team_box, number=2)) is Reason.NUMBER_WRONG
    assert s.verdict("anna", but(gate_box, epoch=2)) is Reason.EPOCH_WRONG
    assert s.verdict("anna", s.team_box("jan")) is Reason.STRANGER_BOXED
    assert s.verdict("anna", s.team_box("oscar")) is Reason.UNKNOWN_MEMBER
    assert s.verdict("anna", s.gate_box("oscar")) is Reason.UNKNOWN_MEMBER
    s.say("anna", s.suspension("ben"))
    assert s.verdict("anna", s.team_box("ben")) is Reason.STRANGER_BOXED
    assert s.verdict("anna", s.gate_box("ben")) is Reason.STRANGER_BOXED


def test_a_policy_is_adopted_whole_and_in_order() -> None:
    s = Scribe()
    adoption = s.adoption()
    assert s.verdict("anna", but(adoption, version=3)) is Reason.NUMBER_WRONG
    assert s.verdict("anna", but(adoption, document=s.adoption()["document"] + "x")) is Reason.POLICY_INVALID
    skipping = adoption["document"].replace("version = 2\n", "version = 3\n")
    assert s.verdict("anna", but(adoption, version=3, document=skipping)) is Reason.NUMBER_WRONG
    s.say("anna", adoption)
    assert s.register.policy is not None
    assert s.register.policy.version == 2
    assert s.register.policy.text == adoption["document"]
    assert s.verdict("anna", adoption) is Reason.NUMBER_WRONG


def test_nothing_about_households_stands_without_a_policy() -> None:
    s = Scribe(policy=None)
    assert s.verdict("anna", s.opening(None)) is Reason.POLICY_INVALID
