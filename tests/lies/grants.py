"""Lies about grants: who gives them, to whom, how wide, and how they end."""

from scribe import Scribe
from wording import AANMELD, AANMELDING, COVER, DAY, INTAKE, PLAN, but

from dossier.model import Deed, Reason, Role
from lies.corpus import lie
from lies.households import keyed_otherwise, slots, with_specialist


@lie(Reason.ABOUT_YOURSELF)
def coordinator_grants_self(s: Scribe) -> None:
    """A coordinator who is a specialist too gives themselves a grant."""
    with_specialist(s).admit("ben", Role.COORDINATOR, Role.SPECIALIST)
    s.write("ben", s.grant("ben"))


@lie(Reason.NOT_ACTIVE)
def grant_by_suspended_coordinator(s: Scribe) -> None:
    """A coordinator gives a grant after they were suspended."""
    with_specialist(s).admit("ben", Role.COORDINATOR).say("anna", s.suspension("ben"))
    s.write("ben", s.grant())


@lie(Reason.NOT_YOUR_ROLE)
def grant_by_regisseur(s: Scribe) -> None:
    """A regisseur gives a grant on their own household."""
    s.write("jan", with_specialist(s).grant())


@lie(Reason.NOT_A_RECIPIENT)
def grant_to_beheerder(s: Scribe) -> None:
    """A grant to the IT admin."""
    with_specialist(s).admit("bob", Role.BEHEERDER)
    s.write("anna", s.grant("bob", role=Role.BEHEERDER))


@lie(Reason.NOT_FOR_ROLE)
def grant_in_role_not_held(s: Scribe) -> None:
    """A grant to the privacy officer, as if they were a specialist."""
    with_specialist(s).admit("tom", Role.TOEZICHTHOUDER)
    s.write("anna", s.grant("tom"))


@lie(Reason.NOT_A_RECIPIENT)
def grant_on_section_not_for_role(s: Scribe) -> None:
    """A grant on a section that the policy lets that role have no key of."""
    s.write("anna", with_specialist(s).grant(sections=(AANMELD,), purposes=(AANMELDING,), deeds=(Deed.READ,)))


@lie(Reason.GRANT_TOO_WIDE)
def grant_of_deed_not_allowed(s: Scribe) -> None:
    """A grant to write what that role may only read for that purpose."""
    s.write("anna", with_specialist(s).grant(sections=(COVER,), purposes=(AANMELDING,)))


@lie(Reason.GRANT_TOO_LONG)
def grant_too_long(s: Scribe) -> None:
    """A grant for longer than the policy lets any last."""
    with_specialist(s)
    s.write("anna", s.grant(until=s.at + 182 * DAY))


@lie(Reason.GRANT_IN_PAST)
def grant_in_past(s: Scribe) -> None:
    """A grant that ended before it was given."""
    s.write("anna", with_specialist(s).grant(until=s.at))


@lie(Reason.GRANT_TAKEN)
def grant_taken(s: Scribe) -> None:
    """A grant under the id of another, which would replace it."""
    with_specialist(s).give()
    s.write("anna", s.grant(sections=(INTAKE,)))


@lie(Reason.REASON_UNKNOWN)
def grant_for_unknown_reason(s: Scribe) -> None:
    """A grant for a reason that the policy does not have."""
    s.write("anna", with_specialist(s).grant(reason="zomaar"))


@lie(Reason.GENERATION_WRONG)
def grant_without_boxes(s: Scribe) -> None:
    """A grant that gives its holder no key."""
    s.write("anna", with_specialist(s).grant(boxes=()))


@lie(Reason.SECTIONS_WRONG)
def revoked_without_rekey(s: Scribe) -> None:
    """A grant is revoked, and its holder keeps the key."""
    s.write("anna", but(with_specialist(s).give().revocation(), keyings=()))


@lie(Reason.STRANGER_BOXED)
def revoked_but_boxed(s: Scribe) -> None:
    """A grant is revoked, and its holder is boxed the new key."""
    revocation = with_specialist(s).give().revocation()
    both = slots(s, (Role.REGISSEUR, "jan"), (Role.SPECIALIST, "sara"))
    s.write("anna", keyed_otherwise(revocation, PLAN, slots=both))


@lie(Reason.NO_SUCH_GRANT)
def revoked_twice(s: Scribe) -> None:
    """A grant is revoked again."""
    with_specialist(s).give().say("anna", s.revocation())
    s.write("anna", s.revocation())
