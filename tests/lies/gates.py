"""Lies about gates: who lets one serve the store, and who gets the gate's key while one does."""

from scribe import Scribe
from wording import COVER, PLAN, but, person

from dossier.model import Handle, Reason, Role
from dossier.statements import Statement
from lies.corpus import lie


def with_beheerder(s: Scribe) -> Scribe:
    """Let there be a regisseur with a household, and an IT admin who is beholden to nobody any more."""
    return s.admit("jan", Role.REGISSEUR).admit("bob", Role.BEHEERDER).open().wait(days=31)


def admitted(s: Scribe) -> Scribe:
    """Let there be a gate that is not adopted."""
    with_beheerder(s).agree("anna", s.gate_admission(), by="bob")
    return s


def adopted(s: Scribe) -> Scribe:
    """Let the gate serve the store, and nobody have rotated yet."""
    admitted(s).agree("anna", s.gate_adoption(), by="bob")
    return s


def served(s: Scribe) -> Scribe:
    """Let the gate serve the store, after its rotation."""
    adopted(s).say("bob", s.rotation())
    return s


def boxed_as_embedded(s: Scribe, statement: Statement) -> Statement:
    """Put a box of the epoch's secret into a statement that should have none."""
    tag = statement.tag.replace("/2", "/1")
    return Statement(tag, **statement.fields, epoch=s.epoch, gate_box=s.digest())


def unboxed_as_served(statement: Statement) -> Statement:
    """Take the box of the epoch's secret out of a statement that should have one."""
    fields = {name: value for name, value in statement.fields.items() if name not in ("epoch", "gate_box")}
    return Statement(statement.tag.replace("/1", "/2"), **fields)


# Becoming served, and ceasing to be.


@lie(Reason.NEEDS_APPROVAL)
def gate_admitted_without_beheerder(s: Scribe) -> None:
    """A coordinator admits a gate, of which they may have the keys, without an IT admin who looks."""
    s.write("anna", with_beheerder(s).gate_admission())


@lie(Reason.NOT_YOUR_ROLE)
def gate_admitted_by_beheerder(s: Scribe) -> None:
    """The IT admin admits a gate alone."""
    s.write("bob", with_beheerder(s).gate_admission())


@lie(Reason.NOT_ELIGIBLE)
def gate_admission_approved_by_coordinator(s: Scribe) -> None:
    """Two coordinators admit a gate between them."""
    with_beheerder(s.admit("ben", Role.COORDINATOR))
    s.write("ben", s.approval(s.say("anna", s.proposal(s.gate_admission()))))


@lie(Reason.HANDLE_TAKEN)
def gate_handle_of_member(s: Scribe) -> None:
    """A gate under the handle of a member."""
    s.write("anna", s.gate_admission("anna"))


@lie(Reason.HANDLE_TAKEN)
def member_under_gates_name(s: Scribe) -> None:
    """A member under the handle of a gate, whose boxes would be theirs."""
    admitted(s).write("anna", s.admission("poort", Role.SPECIALIST))


@lie(Reason.CARD_TAKEN)
def gate_keys_again(s: Scribe) -> None:
    """A gate with the keys of one that left under another handle."""
    admitted(s).agree("anna", s.gate_leaving(), by="bob")
    card = person("poort").card._replace(handle="poort-2")
    s.write("anna", Statement("gate.admitted/1", card=card))


@lie(Reason.CARD_TAKEN)
def gate_with_members_keys(s: Scribe) -> None:
    """A gate with a coordinator's own box key: what is boxed to it, she opens."""
    card = person("poort").card._replace(box=person("anna").card.box)
    s.write("anna", Statement("gate.admitted/1", card=card))


@lie(Reason.UNKNOWN_MEMBER)
def gate_admits_member(s: Scribe) -> None:
    """A gate states something: it has no right to anything."""
    s.write("poort", served(s).admission("stan", Role.SPECIALIST))


@lie(Reason.UNKNOWN_GATE)
def gate_adopts_unadmitted(s: Scribe) -> None:
    """A gate serves the store that nobody admitted."""
    s.write("anna", with_beheerder(s).gate_adoption())


@lie(Reason.NEEDS_APPROVAL)
def gate_adopted_alone(s: Scribe) -> None:
    """A coordinator lets a gate serve the store without an IT admin."""
    s.write("anna", admitted(s).gate_adoption())


@lie(Reason.GATE_AS_IT_IS)
def gate_adopted_twice(s: Scribe) -> None:
    """A gate that serves the store is adopted again."""
    s.write("anna", served(s).gate_adoption())


@lie(Reason.GATE_AS_IT_IS)
def gate_adopted_after_it_left(s: Scribe) -> None:
    """A gate comes back that left for good."""
    admitted(s).agree("anna", s.gate_leaving(), by="bob")
    s.write("anna", s.gate_adoption())


@lie(Reason.NO_BEHEERDER)
def gate_adopted_where_nobody_rotates(s: Scribe) -> None:
    """A gate serves a store in which nobody can make the rotation that must follow."""
    s.say("anna", s.gate_admission())
    s.write("anna", s.gate_adoption())


@lie(Reason.NEEDS_APPROVAL)
def gate_left_alone(s: Scribe) -> None:
    """A coordinator lets the gate go, so that all can read unlogged again."""
    s.write("anna", served(s).gate_leaving())


@lie(Reason.NOT_YOUR_ROLE)
def gate_left_by_beheerder(s: Scribe) -> None:
    """The IT admin lets the gate go."""
    s.write("bob", served(s).gate_leaving())


@lie(Reason.GATE_AS_IT_IS)
def gate_left_twice(s: Scribe) -> None:
    """A gate leaves that left already."""
    served(s).agree("anna", s.gate_leaving(), by="bob")
    s.write("anna", s.gate_leaving())


@lie(Reason.NO_BEHEERDER)
def last_gate_leaves_with_the_secret(s: Scribe) -> None:
    """The only one who has the epoch's secret leaves: the log could never be written again."""
    served(s).say("anna", s.suspension("bob"))
    s.wait(days=31).write("anna", s.gate_leaving())


# Who gets the epoch's secret.


@lie(Reason.HOLDER_MISSED)
def rotation_misses_gate(s: Scribe) -> None:
    """The IT admin keeps the gate out of the epoch under which all is read."""
    s.write("bob", served(s).rotation(without=["poort"]))


@lie(Reason.STRANGER_BOXED)
def rotation_boxes_member_while_served(s: Scribe) -> None:
    """A regisseur gets the new secret, and needs no gate."""
    rotation = adopted(s).rotation()
    s.write("bob", but(rotation, gate_boxes=(*rotation["gate_boxes"], (Handle("jan"), s.digest()))))


@lie(Reason.STRANGER_BOXED)
def rotation_boxes_gate_before_adoption(s: Scribe) -> None:
    """A gate that nobody adopted gets the new secret."""
    rotation = admitted(s).rotation()
    s.write("bob", but(rotation, gate_boxes=(*rotation["gate_boxes"], (Handle("poort"), s.digest()))))


@lie(Reason.STRANGER_BOXED)
def rotation_boxes_gate_that_left(s: Scribe) -> None:
    """A gate that left gets the new secret all the same."""
    rotation = served(s).rotation()
    s.agree("anna", s.gate_leaving(), by="bob")
    boxes = (*s.rotation()["gate_boxes"], (Handle("poort"), s.digest()))
    s.write("bob", but(rotation, gate_boxes=boxes))


@lie(Reason.STRANGER_BOXED)
def gate_boxed_to_member_while_served(s: Scribe) -> None:
    """A coordinator gives a regisseur the epoch's secret, so that they can read unlogged."""
    s.write("anna", served(s).gate_box("jan"))


@lie(Reason.STRANGER_BOXED)
def gate_boxed_to_oneself_while_served(s: Scribe) -> None:
    """A coordinator takes the epoch's secret for her own card."""
    s.write("anna", served(s).gate_box("anna"))


@lie(Reason.STRANGER_BOXED)
def gate_boxed_before_adoption(s: Scribe) -> None:
    """A gate that nobody adopted gets the epoch's secret."""
    s.write("bob", admitted(s).gate_box("poort"))


@lie(Reason.GATE_BOX_WRONG)
def admitted_with_gate_box_while_served(s: Scribe) -> None:
    """A newcomer gets the epoch's secret with their admission, in a store that is served."""
    served(s)
    s.write("anna", boxed_as_embedded(s, s.admission("stan", Role.SPECIALIST)))


@lie(Reason.GATE_BOX_WRONG)
def admitted_without_gate_box_embedded(s: Scribe) -> None:
    """A newcomer gets no box of the epoch's secret, in a store without a gate: they could do nothing."""
    s.write("anna", unboxed_as_served(s.admission("stan", Role.SPECIALIST)))


@lie(Reason.GATE_BOX_WRONG)
def renewed_with_gate_box_while_served(s: Scribe) -> None:
    """A regisseur who renews their card takes the epoch's secret with it."""
    served(s)
    s.write("jan", boxed_as_embedded(s, s.renewal("jan")))


@lie(Reason.GATE_BOX_WRONG)
def renewed_without_gate_box_embedded(s: Scribe) -> None:
    """A regisseur's next card comes without the epoch's secret, in a store without a gate."""
    s.write("jan", unboxed_as_served(with_beheerder(s).renewal("jan")))


@lie(Reason.GATE_BOX_WRONG)
def recovered_with_gate_box_while_served(s: Scribe) -> None:
    """Whoever the recovery card admits takes the epoch's secret with it."""
    s.say("anna", s.split())
    served(s)
    s.write("recovery-1", boxed_as_embedded(s, s.recovery()))


@lie(Reason.GATE_BOX_WRONG)
def admission_asked_before_served(s: Scribe) -> None:
    """An admission that brings the epoch's secret waits, and is approved once the store is served."""
    with_beheerder(s.admit("ben", Role.COORDINATOR))
    waits = s.say("anna", s.proposal(s.admission("carla", Role.COORDINATOR)))
    s.agree("anna", s.gate_admission(), by="bob")
    s.agree("anna", s.gate_adoption(), by="bob")
    s.write("ben", s.approval(waits))


# Between.


@lie(Reason.ROTATION_DUE)
def written_before_rotation_of_adoption(s: Scribe) -> None:
    """A version is written under a secret that every member has, after a gate was adopted."""
    s.write("jan", adopted(s).version("jan", PLAN))


@lie(Reason.ROTATION_DUE)
def written_before_rotation_of_second_adoption(s: Scribe) -> None:
    """A version is written before the rotation that boxes to a second gate."""
    served(s).agree("anna", s.gate_admission("poort-2"), by="bob")
    s.agree("anna", s.gate_adoption("poort-2"), by="bob")
    s.write("jan", s.version("jan", PLAN))


@lie(Reason.ROTATION_DUE)
def written_before_rotation_of_last_leaving(s: Scribe) -> None:
    """A version is written under the secret of a gate that left, before the members have one of their own."""
    served(s).agree("anna", s.gate_leaving(), by="bob")
    s.write("jan", s.version("jan", COVER))


@lie(Reason.EPOCH_WRONG)
def written_under_epoch_of_before_the_gate(s: Scribe) -> None:
    """A version under the epoch whose secret every member has from when there was no gate."""
    asked = adopted(s).version("jan", PLAN)
    s.say("bob", s.rotation())
    s.write("jan", asked)
