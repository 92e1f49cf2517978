"""Lies about a store that was put back from a copy, and about a clock that was wrong."""

from scribe import Scribe
from wording import HOME, PLAN, but

from dossier.entry import Entry
from dossier.model import Deed, Reason, Request, Role
from lies.approvals import second
from lies.corpus import lie
from lies.households import team

# A restore.


@lie(Reason.NOT_YOUR_ROLE)
def restored_by_beheerder(s: Scribe) -> None:
    """The IT admin, who put the store back, reopens it too."""
    second(s).admit("bob", Role.BEHEERDER)
    s.write("bob", s.reopening())


@lie(Reason.NEEDS_APPROVAL)
def restored_alone(s: Scribe) -> None:
    """One coordinator alone takes the store back to an earlier day."""
    s.write("anna", second(s).reopening())


@lie(Reason.CHECKPOINT_WRONG)
def restored_checkpoint_not_seen(s: Scribe) -> None:
    """A reopening that names another checkpoint than its signer's client had seen."""
    s.write("anna", but(s.reopening(), size=1))


@lie(Reason.CHECKPOINT_WRONG)
def restored_beyond_what_was_known(s: Scribe) -> None:
    """A reopening after which more is there than anyone remembers: nothing was put back."""
    s.write("anna", but(s.reopening(), known_size=s.seen.size - 1))


@lie(Reason.ABOUT_YOURSELF)
def restored_without_oneself(s: Scribe) -> None:
    """A reopening whose signer does not say that she is still who she was."""
    s.admit("bob", Role.BEHEERDER)
    s.write("anna", s.reopening("bob"))


@lie(Reason.STATE_AS_IT_IS)
def restored_confirms_suspended(s: Scribe) -> None:
    """A reopening that confirms a member who is suspended."""
    s.admit("jan", Role.REGISSEUR).say("anna", s.suspension("jan"))
    s.write("anna", s.reopening("anna", "jan"))


@lie(Reason.STORE_RESTORED)
def written_before_rotation_after_restore(s: Scribe) -> None:
    """A version between a reopening and its rotation, under the secret that every old copy has."""
    asked = team(s).version("jan", PLAN)
    s.say("anna", s.reopening())
    s.write("jan", asked)


@lie(Reason.STORE_RESTORED)
def restored_by_approval_before_rotation(s: Scribe) -> None:
    """What was proposed before a reopening is approved before its rotation."""
    waiting = second(s).say("anna", s.proposal(s.admission("carla", Role.COORDINATOR)))
    s.agree("anna", s.reopening(), by="ben")
    s.write("tom", s.approval(waiting))


@lie(Reason.NOBODY_ROTATES)
def restored_without_beheerder(s: Scribe) -> None:
    """A reopening after which nobody is left who could rotate: the store would be closed for good."""
    s.admit("bob", Role.BEHEERDER).admit("jan", Role.REGISSEUR)
    s.write("anna", s.reopening("anna", "jan"))


@lie(Reason.STORE_RESTORED)
def beheerder_admitted_before_rotation(s: Scribe) -> None:
    """Someone new rotates a store that was put back, though there is one who can."""
    s.admit("bob", Role.BEHEERDER).say("anna", s.reopening())
    s.write("anna", s.admission("boris", Role.BEHEERDER))


@lie(Reason.NEEDS_REKEY)
def written_before_rekey_after_restore(s: Scribe) -> None:
    """A version in a household that fell short, under a key of before the restore."""
    team(s).admit("bob", Role.BEHEERDER).say("anna", s.reopening(behind=[HOME]))
    s.say("bob", s.rotation())
    s.write("jan", s.version("jan", PLAN))


@lie(Reason.NEEDS_REKEY)
def written_before_rekey_after_second_restore(s: Scribe) -> None:
    """The same, though a restore after that one says nothing of the household."""
    team(s).admit("bob", Role.BEHEERDER).say("anna", s.reopening(behind=[HOME]))
    s.say("bob", s.rotation())
    s.say("anna", s.reopening())
    s.say("bob", s.rotation())
    s.write("jan", s.version("jan", PLAN))


@lie(Reason.NOT_ACTIVE)
def stated_by_who_was_not_confirmed(s: Scribe) -> None:
    """A coordinator goes on whom a reopening did not confirm."""
    second(s).admit("bob", Role.BEHEERDER).agree("anna", s.reopening("anna", "tom", "bob"), by="ben")
    s.say("bob", s.rotation())
    s.write("ben", s.admission("sara", Role.SPECIALIST))


# A clock.


def ahead(s: Scribe, days: int = 365) -> Entry:
    """Let jan look at his household while his clock is days ahead."""
    s.wait(days=days)
    entry = s.write("jan", request=Request(Deed.LOOK, HOME))
    s.wait(days=-days)
    return entry


@lie(Reason.TIME_NOT_WRONG)
def clock_corrected_without_cause(s: Scribe) -> None:
    """A correction that names an entry of a time that has come."""
    s.write("anna", s.correction(team(s).log[-1]))


@lie(Reason.NEEDS_APPROVAL)
def clock_corrected_alone(s: Scribe) -> None:
    """One coordinator alone takes the time back."""
    second(s)
    s.write("anna", s.correction(ahead(team(s))))


@lie(Reason.NEEDS_APPROVAL)
def clock_corrected_alone_after_running_ahead(s: Scribe) -> None:
    """A coordinator suspends the other, lets her clock run a month ahead, and takes that back alone."""
    team(s).admit("ben", Role.COORDINATOR).wait(days=31).say("anna", s.suspension("ben"))
    s.wait(days=31)
    wrong = s.say("anna", s.admission("sara", Role.SPECIALIST))
    s.wait(days=-31)
    s.write("anna", s.correction(wrong))


@lie(Reason.NOT_YOUR_ROLE)
def clock_corrected_by_beheerder(s: Scribe) -> None:
    """The IT admin takes the time back."""
    team(s).admit("bob", Role.BEHEERDER)
    s.write("bob", s.correction(ahead(s)))


@lie(Reason.TIME_NOT_WRONG)
def clock_corrected_names_later_entry(s: Scribe) -> None:
    """A correction that names an entry after the first of a wrong time."""
    ahead(team(s))
    s.write("anna", s.correction(ahead(s, days=366)))


@lie(Reason.TIME_NOT_WRONG)
def clock_corrected_names_entry_after_proposal(s: Scribe) -> None:
    """A correction that names not the first wrong time, but one after a proposal of the right time."""
    second(s)
    s.say("anna", s.proposal(s.correction(ahead(team(s)))))
    s.write("anna", s.proposal(s.correction(ahead(s, days=366))))


@lie(Reason.TIME_NOT_WRONG)
def clock_corrected_under_other_leaf(s: Scribe) -> None:
    """A correction that names the place of the first wrong time, but not that entry."""
    wrong = ahead(team(s))
    s.write("anna", but(s.correction(wrong), leaf=bytes(32)))


@lie(Reason.TIME_NOT_WRONG)
def clock_correction_approved_late(s: Scribe) -> None:
    """A correction is approved when the time that was wrong has come."""
    second(s)
    waiting = s.say("anna", s.proposal(s.correction(ahead(team(s), days=1))))
    s.wait(days=1)
    s.write("ben", s.approval(waiting))


@lie("entry-time")
def entered_before_a_clock_was_corrected(s: Scribe) -> None:
    """An entry of a time before the last, while a correction of the clock is only proposed."""
    second(s)
    s.say("anna", s.proposal(s.correction(ahead(team(s)))))
    s.write("jan", request=Request(Deed.LOOK, HOME))
