"""Lies about grants, and about the versions that are written under them."""

from lies.corpus import lie
from lies.households import keyed_otherwise, slots, team, without_specialist_in_intake
from scribe import Scribe
from wording import AANMELD, AANMELDING, COVER, DAY, GRANT, INTAKE, OTHER_GRANT, PLAN, UITVOERING, but

from dossier.model import Deed, Reason, Role


@lie(Reason.ABOUT_YOURSELF)
def coordinator_grants_self(s: Scribe) -> None:
    """A coordinator who is a specialist too gives themselves a grant."""
    team(s).admit("ben", Role.COORDINATOR, Role.SPECIALIST)
    s.write("ben", s.grant("ben"))


@lie(Reason.NOT_ACTIVE)
def grant_by_suspended_coordinator(s: Scribe) -> None:
    """A coordinator gives a grant after they were suspended."""
    team(s).admit("ben", Role.COORDINATOR).say("anna", s.suspension("ben"))
    s.write("ben", s.grant())


@lie(Reason.NOT_YOUR_ROLE)
def grant_by_regisseur(s: Scribe) -> None:
    """A regisseur gives a grant on their own household."""
    s.write("jan", team(s).grant())


@lie(Reason.NOT_A_RECIPIENT)
def grant_to_beheerder(s: Scribe) -> None:
    """A grant to the IT admin."""
    team(s).admit("bob", Role.BEHEERDER)
    s.write("anna", s.grant("bob", role=Role.BEHEERDER))


@lie(Reason.NOT_FOR_ROLE)
def grant_in_role_not_held(s: Scribe) -> None:
    """A grant to the privacy officer, as if they were a specialist."""
    team(s).admit("tom", Role.TOEZICHTHOUDER)
    s.write("anna", s.grant("tom"))


@lie(Reason.NOT_FOR_ROLE)
def grant_to_suspended(s: Scribe) -> None:
    """A grant to one who is suspended."""
    team(s).say("anna", s.suspension("sara"))
    s.write("anna", s.grant())


@lie(Reason.NOT_A_RECIPIENT)
def grant_on_section_not_for_role(s: Scribe) -> None:
    """A grant on a section that the policy lets that role have no key of."""
    s.write("anna", team(s).grant(sections=(AANMELD,), purposes=(AANMELDING,), deeds=(Deed.READ,)))


@lie(Reason.GRANT_TOO_WIDE)
def grant_of_deed_not_allowed(s: Scribe) -> None:
    """A grant to write what that role may only read for that purpose."""
    s.write("anna", team(s).grant(sections=(COVER,), purposes=(AANMELDING,)))


@lie(Reason.GRANT_TOO_WIDE)
def grant_for_idle_purpose(s: Scribe) -> None:
    """A grant that names a purpose for which that role may do nothing there."""
    s.write("anna", team(s).grant(purposes=(UITVOERING, AANMELDING)))


@lie(Reason.GRANT_TOO_LONG)
def grant_too_long(s: Scribe) -> None:
    """A grant for longer than the policy lets any last."""
    team(s)
    s.write("anna", s.grant(until=s.at + 182 * DAY))


@lie(Reason.GRANT_IN_PAST)
def grant_in_past(s: Scribe) -> None:
    """A grant that ended before it was given."""
    s.write("anna", team(s).grant(until=s.at))


@lie(Reason.GRANT_TAKEN)
def grant_taken(s: Scribe) -> None:
    """A grant under the id of another, which would replace it."""
    team(s).give()
    s.write("anna", s.grant(sections=(INTAKE,)))


@lie(Reason.REASON_UNKNOWN)
def grant_for_unknown_reason(s: Scribe) -> None:
    """A grant for a reason that the policy does not have."""
    s.write("anna", team(s).grant(reason="zomaar"))


@lie(Reason.GENERATION_WRONG)
def grant_without_boxes(s: Scribe) -> None:
    """A grant that gives its holder no key."""
    s.write("anna", team(s).grant(boxes=()))


@lie(Reason.GENERATION_WRONG)
def grant_of_old_generation(s: Scribe) -> None:
    """A grant with a box of a key that is no longer in force."""
    grant = team(s).grant()
    s.say("anna", s.rekey(PLAN))
    s.write("anna", grant)


@lie(Reason.GENERATION_WRONG)
def grant_with_box_of_other_section(s: Scribe) -> None:
    """A grant on one section that brings a box of another as well."""
    grant = team(s).grant()
    s.write("anna", but(grant, boxes=(*grant["boxes"], (INTAKE, 1, s.digest()))))


@lie(Reason.NOT_YOUR_ROLE)
def revoked_by_regisseur(s: Scribe) -> None:
    """A regisseur revokes a grant on their own household."""
    s.write("jan", team(s).give().revocation())


@lie(Reason.SECTIONS_WRONG)
def revoked_without_rekey(s: Scribe) -> None:
    """A grant is revoked, and its holder keeps the key."""
    s.write("anna", but(team(s).give().revocation(), keyings=()))


@lie(Reason.STRANGER_BOXED)
def revoked_but_boxed(s: Scribe) -> None:
    """A grant is revoked, and its holder is boxed the new key."""
    revocation = team(s).give().revocation()
    both = slots(s, (Role.REGISSEUR, "jan"), (Role.SPECIALIST, "sara"))
    s.write("anna", keyed_otherwise(revocation, PLAN, slots=both))


@lie(Reason.NO_SUCH_GRANT)
def revoked_twice(s: Scribe) -> None:
    """A grant is revoked again."""
    team(s).give().say("anna", s.revocation())
    s.write("anna", s.revocation())


@lie(Reason.REASON_UNKNOWN)
def revoked_for_unknown_reason(s: Scribe) -> None:
    """A grant is revoked for a reason that the policy does not have."""
    s.write("anna", but(team(s).give().revocation(), reason="zomaar"))


@lie(Reason.NO_ACCESS)
def section_written_without_grant(s: Scribe) -> None:
    """A specialist writes where they have no grant."""
    s.write("sara", team(s).version("sara", PLAN))


@lie(Reason.NO_ACCESS)
def section_written_by_reader(s: Scribe) -> None:
    """A specialist writes where their grant lets them read."""
    team(s).give(deeds=(Deed.READ,))
    s.write("sara", s.version("sara", PLAN))


@lie(Reason.NO_ACCESS)
def other_section_written(s: Scribe) -> None:
    """A specialist writes another section than their grant is for."""
    team(s).give()
    s.write("sara", s.version("sara", INTAKE))


@lie(Reason.NO_ACCESS)
def section_written_after_end(s: Scribe) -> None:
    """A specialist writes after their grant's end date."""
    team(s).give().wait(days=91)
    s.write("sara", s.version("sara", PLAN))


@lie(Reason.NO_ACCESS)
def section_written_after_revocation(s: Scribe) -> None:
    """A specialist writes after their grant was revoked, though they had asked before."""
    asked = team(s).give().version("sara", PLAN)
    s.say("anna", s.revocation())
    s.write("sara", but(asked, generation=2))


@lie(Reason.NO_ACCESS)
def section_written_after_role_given_back(s: Scribe) -> None:
    """A specialist lost the role, and with it the grant, and writes when they have the role again."""
    team(s).give().say("anna", s.roles("sara", add=[Role.REGISSEUR], remove=[Role.SPECIALIST]))
    s.say("anna", s.roles("sara", add=[Role.SPECIALIST]))
    s.write("sara", s.version("sara", PLAN))


@lie(Reason.NO_ACCESS)
def section_written_against_new_policy(s: Scribe) -> None:
    """A specialist writes under a grant for what the policy has since taken from specialists."""
    team(s).give(sections=(INTAKE,)).say("anna", s.adoption(without_specialist_in_intake()))
    s.write("sara", s.version("sara", INTAKE))


@lie(Reason.NO_ACCESS)
def section_written_by_coordinator(s: Scribe) -> None:
    """A coordinator writes the cover by the team's right, though there is a regisseur."""
    s.write("anna", team(s).version("anna", COVER))


@lie(Reason.NO_ACCESS)
def section_written_by_regisseur_before(s: Scribe) -> None:
    """The regisseur of before writes on."""
    asked = team(s).admit("rita", Role.REGISSEUR).version("jan", PLAN)
    s.say("anna", s.assignment("rita"))
    s.write("jan", but(asked, generation=2))


@lie(Reason.NOT_ACTIVE)
def section_written_while_suspended(s: Scribe) -> None:
    """A regisseur writes after they were suspended."""
    asked = team(s).version("jan", PLAN)
    s.say("anna", s.suspension("jan"))
    s.write("jan", asked)


@lie(Reason.NEEDS_REGISSEUR)
def intake_written_without_regisseur(s: Scribe) -> None:
    """The intake is written in a household that nobody directs."""
    s.admit("sara", Role.SPECIALIST).open(None).give(sections=(INTAKE,))
    s.write("sara", s.version("sara", INTAKE))


@lie(Reason.VERSION_WRONG)
def version_skipped(s: Scribe) -> None:
    """A version that leaves one out."""
    s.write("jan", s.version_on(team(s).ask("jan", PLAN, 2)))


@lie(Reason.VERSION_WRONG)
def version_written_again(s: Scribe) -> None:
    """Another text under the number of a version that stands."""
    asked = team(s).version("jan", PLAN)
    s.say("jan", asked)
    s.write("jan", but(asked, content=s.digest()))


@lie(Reason.GENERATION_WRONG)
def written_under_old_generation(s: Scribe) -> None:
    """A version whose key is wrapped under a section key that is no longer in force."""
    asked = team(s).version("jan", PLAN)
    s.say("anna", s.rekey(PLAN))
    s.write("jan", asked)


@lie(Reason.EPOCH_WRONG)
def written_under_other_epoch(s: Scribe) -> None:
    """A version under an epoch that is not in force."""
    s.write("jan", but(team(s).version("jan", PLAN), epoch=2))


@lie(Reason.WITHOUT_ENTRY)
def written_without_entry(s: Scribe) -> None:
    """A version for which nobody asked: it names the entry of a statement."""
    asked = team(s).ask("jan", PLAN, 1)
    other = s.log[-2]
    s.write("jan", but(s.version_on(asked), index=other.index, leaf=other.leaf))


@lie(Reason.WITHOUT_ENTRY)
def written_on_refused_entry(s: Scribe) -> None:
    """A version that names an entry that was refused."""
    refused = {"permitted": False, "reason": "no-access", "basis": None}
    s.write("jan", s.version_on(team(s).ask("jan", PLAN, 1, ruling=refused)))


@lie(Reason.WITHOUT_ENTRY)
def written_on_anothers_entry(s: Scribe) -> None:
    """A version that names the entry of another member."""
    team(s).give()
    s.write("sara", s.version_on(s.ask("jan", PLAN, 1)))


@lie(Reason.WITHOUT_ENTRY)
def written_on_entry_for_other_section(s: Scribe) -> None:
    """A version that names an entry for another section."""
    s.write("jan", but(s.version_on(team(s).ask("jan", INTAKE, 1)), section=PLAN))


@lie(Reason.WITHOUT_ENTRY)
def written_on_own_entry(s: Scribe) -> None:
    """A version that names its own place in the log, where nothing stands yet."""
    asked = team(s).version("jan", PLAN)
    s.write("jan", but(asked, index=len(s.log), leaf=bytes(32)))


@lie(Reason.NO_SUCH_GRANT)
def revoked_what_was_never_given(s: Scribe) -> None:
    """A revocation of a grant that is not there."""
    revocation = team(s).give().revocation()
    assert revocation["grant"] == GRANT
    s.write("anna", but(revocation, grant=OTHER_GRANT))
