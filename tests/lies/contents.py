"""Lies about the versions of a section, and the right by which they are written."""

from scribe import Scribe
from wording import COVER, INTAKE, PLAN, but

from dossier.model import Deed, Reason, Role
from lies.corpus import lie
from lies.households import team, with_specialist, without_specialist_in_intake


@lie(Reason.NO_ACCESS)
def section_written_without_grant(s: Scribe) -> None:
    """A specialist writes where they have no grant."""
    s.write("sara", with_specialist(s).version("sara", PLAN))


@lie(Reason.NO_ACCESS)
def section_written_by_reader(s: Scribe) -> None:
    """A specialist writes where their grant lets them read."""
    with_specialist(s).give(deeds=(Deed.READ,))
    s.write("sara", s.version("sara", PLAN))


@lie(Reason.NO_ACCESS)
def section_written_after_end(s: Scribe) -> None:
    """A specialist writes after their grant's end date."""
    with_specialist(s).give().wait(days=91)
    s.write("sara", s.version("sara", PLAN))


@lie(Reason.NO_ACCESS)
def section_written_after_revocation(s: Scribe) -> None:
    """A specialist writes after their grant was revoked, though they had asked before."""
    asked = with_specialist(s).give().version("sara", PLAN)
    s.say("anna", s.revocation())
    s.write("sara", but(asked, generation=2))


@lie(Reason.NO_ACCESS)
def section_written_after_role_given_back(s: Scribe) -> None:
    """A specialist lost the role, and with it the grant, and writes when they have the role again."""
    with_specialist(s).give().say("anna", s.roles("sara", add=[Role.REGISSEUR], remove=[Role.SPECIALIST]))
    s.say("anna", s.roles("sara", add=[Role.SPECIALIST]))
    s.write("sara", s.version("sara", PLAN))


@lie(Reason.NO_ACCESS)
def section_written_against_new_policy(s: Scribe) -> None:
    """A specialist writes under a grant for what the policy has since taken from specialists."""
    with_specialist(s).give(sections=(INTAKE,)).say("anna", s.adoption(without_specialist_in_intake()))
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


@lie(Reason.EPOCH_WRONG)
def written_under_old_epoch(s: Scribe) -> None:
    """A version under an epoch whose secret someone has who was left out of the next."""
    asked = team(s).admit("bob", Role.BEHEERDER).version("jan", PLAN)
    s.say("bob", s.rotation())
    s.write("jan", asked)


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
    with_specialist(s).give()
    s.write("sara", s.version_on(s.ask("jan", PLAN, 1)))
