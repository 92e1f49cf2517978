"""Lies about members who take another card, who leave for good, and who are boxed a key anew."""

from scribe import Scribe
from wording import PLAN, but, person

from dossier.model import Handle, Reason, Role
from dossier.shapes import Boxed
from lies.approvals import second
from lies.corpus import lie
from lies.households import team, with_specialist


def renewed(s: Scribe) -> Scribe:
    """Let jan, who directs a household, take another card."""
    team(s).say("jan", s.renewal("jan"))
    return s


# Another card.


@lie(Reason.NEEDS_APPROVAL)
def renewed_by_one_coordinator_alone(s: Scribe) -> None:
    """One coordinator alone puts a card of her own under a regisseur's name."""
    second(s).admit("jan", Role.REGISSEUR)
    s.write("anna", s.renewal("jan"))


@lie(Reason.NOT_YOUR_ROLE)
def renewed_by_beheerder(s: Scribe) -> None:
    """The IT admin puts a card of their own under a regisseur's name."""
    s.admit("bob", Role.BEHEERDER).admit("jan", Role.REGISSEUR)
    s.write("bob", s.renewal("jan"))


@lie(Reason.OTHER_PERSON)
def renewed_as_other_person(s: Scribe) -> None:
    """A handle passes to someone of another name, with all that was given to the one before."""
    s.admit("jan", Role.REGISSEUR)
    s.write("jan", s.renewal("jan", person("jan", 2).card._replace(person="Johan")))


@lie(Reason.CARD_TAKEN)
def renewed_with_used_key(s: Scribe) -> None:
    """A renewed card with the signing key of the one before, which may be lost."""
    s.admit("jan", Role.REGISSEUR)
    s.write("jan", s.renewal("jan", person("jan", 2).card._replace(sign=person("jan").card.sign)))


@lie(Reason.CARD_TAKEN)
def renewed_with_anothers_key(s: Scribe) -> None:
    """A renewed card with the box key of a colleague."""
    s.admit("jan", Role.REGISSEUR).admit("rita", Role.REGISSEUR)
    s.write("jan", s.renewal("jan", person("jan", 2).card._replace(box=person("rita").card.box)))


@lie(Reason.STRANGER_BOXED)
def renewed_with_team_box(s: Scribe) -> None:
    """A regisseur who renews their card takes a box of the team's seed with it."""
    s.admit("jan", Role.REGISSEUR)
    s.write("jan", but(s.renewal("jan"), number=1, coordination_box=s.digest()))


@lie(Reason.NOT_ACTIVE)
def renewed_while_suspended(s: Scribe) -> None:
    """A suspended member takes another card."""
    s.admit("jan", Role.REGISSEUR).say("anna", s.suspension("jan"))
    s.write("jan", s.renewal("jan"))


@lie(Reason.OTHER_CARD)
def stated_under_former_card(s: Scribe) -> None:
    """Whoever found the token of before signs with it."""
    s.admit("ben", Role.COORDINATOR).say("ben", s.renewal("ben"))
    s.write("ben", s.admission("sara", Role.SPECIALIST), identity=person("ben"))


@lie(Reason.OTHER_CARD)
def approved_after_proposer_renewed(s: Scribe) -> None:
    """Approved after its proposer took another card: who proposed it may not be the same."""
    waiting = second(s).say("ben", s.proposal(s.admission("carla", Role.COORDINATOR)))
    s.say("ben", s.renewal("ben"))
    s.write("tom", s.approval(waiting))


@lie(Reason.NOT_ELIGIBLE)
def approved_by_whom_proposer_renewed(s: Scribe) -> None:
    """Approved under a card that the proposer herself put under a colleague's name."""
    second(s).agree("anna", s.renewal("ben"), by="tom")
    s.write("ben", s.approval(s.say("anna", s.proposal(s.admission("carla", Role.COORDINATOR)))))


# Leaving.


@lie(Reason.MEMBER_LEFT)
def left_member_restored(s: Scribe) -> None:
    """Someone who left for good is back."""
    s.admit("jan", Role.REGISSEUR).say("anna", s.leaving("jan"))
    s.write("anna", s.restoration("jan"))


@lie(Reason.MEMBER_LEFT)
def left_member_renewed(s: Scribe) -> None:
    """Someone who left for good gets another card."""
    second(s).admit("jan", Role.REGISSEUR).say("anna", s.leaving("jan"))
    s.write("anna", s.renewal("jan"))


@lie(Reason.LAST_COORDINATOR)
def last_coordinator_leaves(s: Scribe) -> None:
    """The IT admin lets the only coordinator go."""
    s.admit("bob", Role.BEHEERDER)
    s.write("bob", s.leaving("anna"))


@lie(Reason.ABOUT_YOURSELF)
def left_by_oneself(s: Scribe) -> None:
    """A coordinator lets herself go, for good."""
    second(s)
    s.write("anna", s.leaving("anna"))


@lie(Reason.NOT_YOUR_ROLE)
def beheerder_lets_toezichthouder_go(s: Scribe) -> None:
    """The IT admin is rid of the one who reads the log."""
    s.admit("bob", Role.BEHEERDER).admit("tom", Role.TOEZICHTHOUDER)
    s.write("bob", s.leaving("tom"))


@lie(Reason.GONE)
def section_written_after_leaving(s: Scribe) -> None:
    """A regisseur writes who has left."""
    asked = team(s).version("jan", PLAN)
    s.say("anna", s.leaving("jan"))
    s.write("jan", asked)


# A key boxed anew.


def plan_for(s: Scribe, role: Role, generation: int = 1) -> tuple[Boxed, ...]:
    """Box the key of the plan to the holder of a role."""
    return (Boxed(role, PLAN, generation, s.digest()),)


@lie(Reason.STRANGER_BOXED)
def slot_boxed_to_stranger(s: Scribe) -> None:
    """A specialist without a grant is boxed a key as if their card had changed."""
    boxes = plan_for(with_specialist(s), Role.SPECIALIST)
    s.say("jan", s.renewal("jan"))
    s.write("anna", but(s.slot_box("jan"), handle=Handle("sara"), boxes=boxes))


@lie(Reason.NOT_YOUR_ROLE)
def slot_boxed_by_other_member(s: Scribe) -> None:
    """A member who is no coordinator boxes a colleague a key."""
    with_specialist(s).say("jan", s.renewal("jan"))
    s.write("sara", s.slot_box("jan"))


@lie(Reason.GENERATION_WRONG)
def slot_boxed_for_old_generation(s: Scribe) -> None:
    """A box of a section key that is no longer in force."""
    boxes = renewed(s).slot_box("jan")
    s.say("anna", s.rekey(PLAN))
    s.write("jan", boxes)


@lie(Reason.STRANGER_BOXED)
def slot_boxed_again(s: Scribe) -> None:
    """A box that is there gives way to one that may hold something else."""
    renewed(s).say("jan", s.slot_box("jan"))
    s.write("anna", but(s.slot_box("jan"), boxes=plan_for(s, Role.REGISSEUR)))


@lie(Reason.STRANGER_BOXED)
def slot_boxed_twice(s: Scribe) -> None:
    """A member is boxed one key twice: one of the boxes may be for someone else."""
    twice = plan_for(renewed(s), Role.REGISSEUR) + plan_for(s, Role.REGISSEUR)
    s.write("jan", but(s.slot_box("jan"), boxes=twice))


@lie(Reason.STRANGER_BOXED)
def slot_boxed_after_revocation(s: Scribe) -> None:
    """A specialist boxes themselves a key after their grant was revoked."""
    with_specialist(s).give().say("sara", s.renewal("sara"))
    boxes = s.slot_box("sara")
    s.say("anna", s.revocation())
    s.write("sara", but(boxes, boxes=plan_for(s, Role.SPECIALIST, 2)))
