"""Lies about who is who: founding, admissions, roles, suspensions, and the boxes that go with them."""

from scribe import Scribe
from wording import but, person

from dossier.model import Reason, Role
from lies.corpus import lie


@lie(Reason.OTHER_CARD, founded=False)
def founded_by_other_card(s: Scribe) -> None:
    """A store that looks like ours, founded by a card that is not the pinned one."""
    s.register.root = person("ben").card.fingerprint
    s.write("anna", s.founding())


@lie(Reason.OTHER_BOOK, founded=False)
def founded_under_other_nonce(s: Scribe) -> None:
    """The store's id does not come from its founder's card and these random bytes."""
    s.write("anna", but(s.founding(), nonce=bytes(32)))


@lie(Reason.FOUNDED_TWICE)
def founded_twice(s: Scribe) -> None:
    """The founder founds the store again."""
    s.write("anna", s.founding())


@lie(Reason.NOT_YOUR_ROLE)
def beheerder_admits_member(s: Scribe) -> None:
    """The IT admin admits a regisseur."""
    s.admit("bob", Role.BEHEERDER)
    s.write("bob", s.admission("jan", Role.REGISSEUR))


@lie(Reason.UNKNOWN_MEMBER)
def outsider_admits_self(s: Scribe) -> None:
    """Someone who was never admitted admits themselves."""
    s.write("oscar", s.admission("oscar", Role.REGISSEUR))


@lie(Reason.NEEDS_APPROVAL)
def coordinator_admitted_alone(s: Scribe) -> None:
    """A coordinator is admitted by one coordinator, though another could have approved."""
    s.admit("ben", Role.COORDINATOR).wait(days=31)
    s.write("anna", s.admission("carla", Role.COORDINATOR))


@lie(Reason.HANDLE_TAKEN)
def handle_taken(s: Scribe) -> None:
    """A second card under the handle of a member who is there already."""
    s.admit("jan", Role.REGISSEUR)
    s.write("anna", but(s.admission("jan", Role.REGISSEUR), card=person("rita").card._replace(handle="jan")))


@lie(Reason.CARD_TAKEN)
def card_taken(s: Scribe) -> None:
    """One card under two handles, so that one person could be two."""
    s.admit("jan", Role.REGISSEUR)
    s.write("anna", but(s.admission("jan", Role.REGISSEUR), card=person("jan").card._replace(handle="jan2")))


@lie(Reason.ROLES_EXCLUSIVE)
def beheerder_and_regisseur(s: Scribe) -> None:
    """An IT admin who is admitted to content as well."""
    s.write("anna", s.admission("bob", Role.BEHEERDER, Role.REGISSEUR))


@lie(Reason.BOX_MISSING)
def coordinator_without_team_box(s: Scribe) -> None:
    """A coordinator is admitted without a box of the team's seed."""
    s.write("anna", but(s.admission("ben", Role.COORDINATOR), number=None, coordination_box=None))


@lie(Reason.STRANGER_BOXED)
def specialist_with_team_box(s: Scribe) -> None:
    """A specialist is admitted with a box of the team's seed, which opens every household."""
    s.write("anna", but(s.admission("sara", Role.SPECIALIST), number=1, coordination_box=s.digest()))


@lie("bad-entry")
def low_order_card(s: Scribe) -> bytes:
    """A card with a signing key under which one signature fits every message."""
    admitted = s.write("anna", s.admission("jan", Role.REGISSEUR))
    s.log.pop()
    good, weak = person("jan").card.texts()[4], "A" * 43 + "="
    return admitted.line.replace(good.encode(), weak.encode())


@lie(Reason.ABOUT_YOURSELF)
def coordinator_promotes_self(s: Scribe) -> None:
    """A coordinator makes themselves regisseur."""
    s.write("anna", s.roles("anna", add=[Role.REGISSEUR]))


@lie(Reason.ROLES_EXCLUSIVE)
def beheerder_becomes_specialist(s: Scribe) -> None:
    """Who ever held the keys of IT is made a specialist."""
    s.admit("bob", Role.BEHEERDER)
    s.write("anna", s.roles("bob", add=[Role.SPECIALIST], remove=[Role.BEHEERDER]))


@lie(Reason.ROLE_AS_IT_IS)
def role_given_twice(s: Scribe) -> None:
    """A role is given to who holds it."""
    s.admit("jan", Role.REGISSEUR)
    s.write("anna", s.roles("jan", add=[Role.REGISSEUR]))


@lie(Reason.NEEDS_APPROVAL)
def coordinator_role_given_alone(s: Scribe) -> None:
    """A specialist is made coordinator by one coordinator alone."""
    s.admit("ben", Role.COORDINATOR).admit("sara", Role.SPECIALIST).wait(days=31)
    s.write("anna", s.roles("sara", add=[Role.COORDINATOR]))


@lie(Reason.NOT_YOUR_ROLE)
def beheerder_suspends_toezichthouder(s: Scribe) -> None:
    """The IT admin suspends the one who reads the log."""
    s.admit("bob", Role.BEHEERDER).admit("tom", Role.TOEZICHTHOUDER)
    s.write("bob", s.suspension("tom"))


@lie(Reason.NEEDS_APPROVAL)
def toezichthouder_suspended_alone(s: Scribe) -> None:
    """One coordinator alone suspends the one who reads the log."""
    s.admit("tom", Role.TOEZICHTHOUDER).wait(days=31)
    s.write("anna", s.suspension("tom"))


@lie(Reason.LAST_COORDINATOR)
def last_coordinator_suspended(s: Scribe) -> None:
    """The IT admin leaves the team without a coordinator."""
    s.admit("bob", Role.BEHEERDER)
    s.write("bob", s.suspension("anna"))


@lie(Reason.REASON_UNKNOWN)
def suspended_for_no_reason(s: Scribe) -> None:
    """A suspension for a reason that the policy does not have."""
    s.admit("jan", Role.REGISSEUR)
    s.write("anna", but(s.suspension("jan"), reason="zomaar"))


@lie(Reason.NOT_ACTIVE)
def suspended_restores_self(s: Scribe) -> None:
    """A suspended coordinator lifts their own suspension."""
    s.admit("ben", Role.COORDINATOR).say("anna", s.suspension("ben"))
    s.write("ben", s.restoration("ben"))


@lie(Reason.NEEDS_APPROVAL)
def coordinator_restored_alone(s: Scribe) -> None:
    """A suspended coordinator is restored by one coordinator alone, a month after they were last eligible."""
    s.admit("tom", Role.TOEZICHTHOUDER).admit("ben", Role.COORDINATOR).say("anna", s.suspension("ben"))
    s.wait(days=62)
    s.write("anna", s.restoration("ben"))


@lie(Reason.STRANGER_BOXED)
def team_seed_boxed_to_beheerder(s: Scribe) -> None:
    """A coordinator boxes the team's seed to the IT admin."""
    s.admit("bob", Role.BEHEERDER)
    s.write("anna", s.team_box("bob"))


@lie(Reason.NUMBER_WRONG)
def team_seed_of_other_number(s: Scribe) -> None:
    """A box of a coordination card that is not in force."""
    s.admit("ben", Role.COORDINATOR)
    s.write("anna", but(s.team_box("ben"), number=2))


@lie(Reason.NOT_YOUR_ROLE)
def gate_boxed_by_regisseur(s: Scribe) -> None:
    """A regisseur hands the epoch secret to a colleague."""
    s.admit("jan", Role.REGISSEUR).admit("rita", Role.REGISSEUR)
    s.write("jan", s.gate_box("rita"))


@lie(Reason.STRANGER_BOXED)
def gate_boxed_to_suspended(s: Scribe) -> None:
    """The epoch secret is boxed to one who is suspended."""
    s.admit("jan", Role.REGISSEUR).say("anna", s.suspension("jan"))
    s.write("anna", s.gate_box("jan"))


@lie(Reason.EPOCH_WRONG)
def gate_boxed_for_other_epoch(s: Scribe) -> None:
    """A box of an epoch that is not in force."""
    s.admit("jan", Role.REGISSEUR)
    s.write("anna", but(s.gate_box("jan"), epoch=2))
