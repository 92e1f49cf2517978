"""Lies about the keys of the whole team: its coordination card, its recovery card, and the gate's epochs."""

from scribe import Scribe
from wording import PLAN, but, person

from dossier.model import Handle, Reason, Role
from lies.corpus import lie
from lies.households import keyed_otherwise, team


def two(s: Scribe) -> Scribe:
    """Let there be a second coordinator, who is beholden to nobody any more."""
    return s.admit("ben", Role.COORDINATOR).wait(days=31)


def split(s: Scribe) -> Scribe:
    """Let anna share a recovery card among custodians, and ben approve it."""
    two(s).agree("anna", s.split(), by="ben")
    return s


def with_beheerder(s: Scribe) -> Scribe:
    """Let there be a regisseur, and an IT admin to rotate."""
    return s.admit("jan", Role.REGISSEUR).admit("bob", Role.BEHEERDER)


# Epochs.


@lie(Reason.NOT_YOUR_ROLE)
def rotation_by_coordinator(s: Scribe) -> None:
    """A coordinator makes a new epoch: that is for IT."""
    s.write("anna", with_beheerder(s).rotation())


@lie(Reason.HOLDER_MISSED)
def rotation_misses_member(s: Scribe) -> None:
    """An active member is left out silently, without a suspension."""
    s.write("bob", with_beheerder(s).rotation(without=["jan"]))


@lie(Reason.STRANGER_BOXED)
def rotation_boxes_suspended(s: Scribe) -> None:
    """A member who is suspended gets the new secret all the same."""
    rotation = with_beheerder(s).rotation()
    s.say("anna", s.suspension("jan"))
    s.write("bob", rotation)


@lie(Reason.STRANGER_BOXED)
def rotation_boxes_stranger(s: Scribe) -> None:
    """The IT admin adds someone of their own to the boxes of a new epoch."""
    rotation = with_beheerder(s).rotation()
    s.write("bob", but(rotation, gate_boxes=(*rotation["gate_boxes"], (Handle("oscar"), s.digest()))))


@lie(Reason.STRANGER_BOXED)
def rotation_boxes_member_twice(s: Scribe) -> None:
    """A member is boxed the new secret twice: one of the boxes may be for someone else."""
    rotation = with_beheerder(s).rotation()
    s.write("bob", but(rotation, gate_boxes=(*rotation["gate_boxes"], (Handle("jan"), s.digest()))))


@lie(Reason.EPOCH_WRONG)
def epoch_skipped(s: Scribe) -> None:
    """An epoch under a number that leaves one out."""
    s.write("bob", but(with_beheerder(s).rotation(), epoch=3))


@lie(Reason.KEY_AGAIN)
def epoch_key_again(s: Scribe) -> None:
    """A new epoch with the secret of an older one, which whoever was left out since then has."""
    with_beheerder(s).say("bob", s.rotation())
    s.write("bob", but(s.rotation(), **s.epoch_keys(1)))


@lie(Reason.EPOCH_WRONG)
def gate_boxed_for_old_epoch(s: Scribe) -> None:
    """A box of an epoch that was in force."""
    box = with_beheerder(s).gate_box("jan")
    s.say("bob", s.rotation())
    s.write("bob", box)


# The coordination card.


@lie(Reason.NOT_YOUR_ROLE)
def team_card_by_beheerder(s: Scribe) -> None:
    """The IT admin gives the team a card of which they know the seed."""
    s.write("bob", with_beheerder(s).team_renewal())


@lie(Reason.NUMBER_WRONG)
def team_card_skipped(s: Scribe) -> None:
    """A coordination card under a number that leaves one out."""
    s.write("anna", but(s.team_renewal(), number=3))


@lie(Reason.CARD_TAKEN)
def team_card_again(s: Scribe) -> None:
    """An older coordination card is in force again, of which a former coordinator has the seed."""
    first = s.register.coordination
    s.say("anna", s.team_renewal())
    s.write("anna", but(s.team_renewal(), coordination=first))


@lie(Reason.HOLDER_MISSED)
def team_card_misses_coordinator(s: Scribe) -> None:
    """One of two coordinators keeps the team's keys for herself."""
    renewal = two(s).team_renewal()
    s.write("anna", but(renewal, boxes=renewal["boxes"][:1]))


@lie(Reason.STRANGER_BOXED)
def team_card_boxed_to_former_coordinator(s: Scribe) -> None:
    """A coordinator who left gets the seed of the card that was made because of it."""
    renewal = two(s).team_renewal()
    s.say("anna", s.leaving("ben"))
    s.write("anna", renewal)


@lie(Reason.BOX_MISSING)
def team_card_not_boxed_to_recovery(s: Scribe) -> None:
    """The custodians are left with a card that opens nothing any more."""
    s.write("anna", but(split(s).team_renewal(), recovery_box=None))


@lie(Reason.STRANGER_BOXED)
def team_card_boxed_to_used_recovery(s: Scribe) -> None:
    """The seed is boxed to a recovery card that was used: whoever joined its shares knows its keys."""
    split(s).say("recovery-1", s.recovery())
    s.write("anna", but(s.team_renewal(), recovery_box=s.digest()))


@lie(Reason.STRANGER_BOXED)
def team_card_boxed_to_recovery_of_former_coordinator(s: Scribe) -> None:
    """The seed is boxed to a recovery card whose keys a coordinator who left once made."""
    two(s).agree("ben", s.split(), by="anna")
    s.say("anna", s.leaving("ben"))
    s.write("anna", but(s.team_renewal(), recovery_box=s.digest()))


@lie(Reason.NUMBER_WRONG)
def team_seed_of_old_card(s: Scribe) -> None:
    """A box of a coordination card that was in force."""
    box = two(s).team_box("ben")
    s.say("anna", s.team_renewal())
    s.write("anna", box)


@lie(Reason.NUMBER_WRONG)
def keying_for_old_team_card(s: Scribe) -> None:
    """A new key that is boxed to the card of which a former coordinator has the seed."""
    team(s).say("anna", s.team_renewal())
    s.write("anna", keyed_otherwise(s.rekey(PLAN), PLAN, number=1))


# The recovery card.


@lie(Reason.SHARES_WRONG)
def recovery_split_of_one(s: Scribe) -> None:
    """A recovery card that any one of the custodians has for themselves."""
    s.write("anna", s.split(threshold=1))


@lie(Reason.NEEDS_APPROVAL)
def recovery_split_alone(s: Scribe) -> None:
    """One of two coordinators makes the card that can admit a third."""
    s.write("anna", two(s).split())


@lie(Reason.NOT_YOUR_ROLE)
def recovery_split_by_beheerder(s: Scribe) -> None:
    """The IT admin makes a recovery card, and so knows its keys."""
    s.write("bob", with_beheerder(s).split())


@lie(Reason.HANDLE_TAKEN)
def recovery_card_under_members_name(s: Scribe) -> None:
    """A recovery card under the handle of a member."""
    split = with_beheerder(s).split()
    s.write("anna", but(split, card=split["card"]._replace(handle="jan")))


@lie(Reason.NO_RECOVERY)
def recovery_by_beheerder(s: Scribe) -> None:
    """The IT admin admits a coordinator as if they were the recovery card."""
    split(s).admit("bob", Role.BEHEERDER)
    s.write("bob", s.recovery())


@lie(Reason.NO_RECOVERY)
def recovery_by_stranger(s: Scribe) -> None:
    """A card that nobody split admits a coordinator."""
    s.write("recovery-1", s.recovery())


@lie(Reason.NO_RECOVERY)
def recovery_by_card_before(s: Scribe) -> None:
    """A recovery card in whose place there is another admits a coordinator."""
    split(s).agree("anna", s.split(), by="ben")
    s.write("recovery-1", s.recovery())


@lie(Reason.RECOVERY_USED)
def recovery_used_twice(s: Scribe) -> None:
    """The recovery card admits a second coordinator."""
    split(s).say("recovery-1", s.recovery())
    s.write("recovery-1", s.recovery("wim"))


@lie(Reason.RECOVERY_USED)
def recovery_after_its_maker_left(s: Scribe) -> None:
    """A coordinator who left comes back by the recovery card, whose keys they once made."""
    two(s).agree("ben", s.split(), by="anna")
    s.say("anna", s.leaving("ben"))
    s.write("recovery-1", s.recovery())


@lie(Reason.HANDLE_TAKEN)
def recovery_card_admits_old_handle(s: Scribe) -> None:
    """The recovery card puts another card under a coordinator's name."""
    recovery = split(s).recovery()
    s.write("recovery-1", but(recovery, card=person("anna", 2).card))


@lie(Reason.UNKNOWN_MEMBER)
def recovery_card_admits_specialist(s: Scribe) -> None:
    """The recovery card states something else than a recovery."""
    s.write("recovery-1", split(s).admission("sara", Role.SPECIALIST))


@lie(Reason.NOT_ELIGIBLE)
def recovered_straw_approves(s: Scribe) -> None:
    """A coordinator whom the recovery card admitted is the second person at once."""
    split(s).say("recovery-1", s.recovery())
    s.write("vera", s.approval(s.say("anna", s.proposal(s.admission("carla", Role.COORDINATOR)))))
