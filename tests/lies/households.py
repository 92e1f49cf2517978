"""Lies about a household: who opens it, who directs it, and who is boxed its keys."""

from scribe import Scribe
from wording import COVER, HOME, INTAKE, OTHER_HOME, PLAN, POLICY, but

from dossier.book import next_place
from dossier.model import BookName, Reason, Role, SectionName
from dossier.shapes import Keying, Slot
from dossier.statements import Statement
from lies.corpus import lie


def team(s: Scribe) -> Scribe:
    """Let anna open a household for jan."""
    return s.admit("jan", Role.REGISSEUR).open()


def with_specialist(s: Scribe) -> Scribe:
    """Let there be a specialist too, sara."""
    return team(s).admit("sara", Role.SPECIALIST)


def keyed_otherwise(statement: Statement, name: SectionName, /, **changes: object) -> Statement:
    """Change the keying of one section."""

    def change(keying: Keying) -> Keying:
        return keying._replace(**changes) if keying.section == name else keying  # type: ignore[arg-type]

    return but(statement, keyings=tuple(change(keying) for keying in statement.keyings()))


def without_specialist_in_intake() -> str:
    """Give a policy that gives specialists nothing of the intake."""
    text = POLICY.replace(
        "intake.recipients = ['regisseur', 'specialist']", "intake.recipients = ['regisseur']"
    )
    return text.replace("['voorblad', 'intake'], deeds", "['voorblad'], deeds").replace(
        "['plan', 'intake']", "['plan']"
    )


def slots(s: Scribe, *holders: tuple[Role, str]) -> tuple[Slot, ...]:
    """Box a key to these."""
    return tuple(Slot(role, s.register.member(handle).handle, s.digest()) for role, handle in holders)


@lie(Reason.ABOUT_YOURSELF)
def coordinator_opens_for_self(s: Scribe) -> None:
    """A coordinator who is no regisseur opens a household for themselves."""
    s.write("anna", s.opening("anna"))


@lie(Reason.NOT_YOUR_ROLE)
def regisseur_opens_for_colleague(s: Scribe) -> None:
    """A regisseur opens a household for another."""
    s.admit("jan", Role.REGISSEUR).admit("rita", Role.REGISSEUR)
    s.write("jan", s.opening("rita"))


@lie(Reason.NOT_FOR_ROLE)
def opened_for_specialist(s: Scribe) -> None:
    """A household whose regisseur is no regisseur."""
    s.admit("sara", Role.SPECIALIST)
    s.write("anna", s.opening("sara"))


@lie(Reason.OPENED_TWICE)
def opened_twice(s: Scribe) -> None:
    """A household is opened again, with a regisseur more to the opener's liking."""
    team(s).admit("rita", Role.REGISSEUR)
    s.write("rita", s.opening("rita"))


@lie(Reason.SECTIONS_WRONG)
def opened_without_plan(s: Scribe) -> None:
    """A household is opened without a key for a section of the policy."""
    opening = s.admit("jan", Role.REGISSEUR).opening()
    s.write("anna", but(opening, keyings=opening["keyings"][:-1]))


@lie(Reason.NO_HOUSEHOLD)
def rekeyed_before_opened(s: Scribe) -> None:
    """The first line of a household's book is not its opening."""
    s.admit("jan", Role.REGISSEUR)
    s.write("anna", but(Statement("section.keyed/1", **s.opening().fields), keyings=()))


@lie(Reason.ABOUT_YOURSELF)
def coordinator_assigns_self(s: Scribe) -> None:
    """A coordinator who is a regisseur too takes over a household."""
    team(s).admit("ben", Role.COORDINATOR, Role.REGISSEUR)
    s.write("ben", s.assignment("ben"))


@lie(Reason.NOT_YOUR_ROLE)
def regisseur_assigns_colleague(s: Scribe) -> None:
    """A regisseur hands their household to another."""
    team(s).admit("rita", Role.REGISSEUR)
    s.write("jan", s.assignment("rita"))


@lie(Reason.STRANGER_BOXED)
def two_regisseurs(s: Scribe) -> None:
    """The regisseur changes, and the one before keeps a box of the new keys."""
    assignment = team(s).admit("rita", Role.REGISSEUR).assignment("rita")
    both = slots(s, (Role.REGISSEUR, "jan"), (Role.REGISSEUR, "rita"))
    s.write("anna", keyed_otherwise(assignment, INTAKE, slots=both))


@lie(Reason.SECTIONS_WRONG)
def assigned_without_rekey(s: Scribe) -> None:
    """The regisseur changes, and the keys do not."""
    assignment = team(s).admit("rita", Role.REGISSEUR).assignment("rita")
    s.write("anna", but(assignment, keyings=()))


@lie(Reason.NOT_YOUR_ROLE)
def regisseur_rekeys(s: Scribe) -> None:
    """A regisseur makes a new key."""
    s.write("jan", team(s).rekey(PLAN))


@lie(Reason.SECTIONS_WRONG)
def rekeyed_nothing(s: Scribe) -> None:
    """A rekey of no section at all."""
    s.write("anna", team(s).rekey())


@lie(Reason.HOLDER_MISSED)
def keying_misses_holder(s: Scribe) -> None:
    """The regisseur is dropped silently from the boxes of a new key."""
    s.write("anna", keyed_otherwise(team(s).rekey(PLAN), PLAN, slots=()))


@lie(Reason.STRANGER_BOXED)
def keying_boxes_stranger(s: Scribe) -> None:
    """A reader is added silently to the boxes of a new key."""
    with_specialist(s)
    more = slots(s, (Role.REGISSEUR, "jan"), (Role.SPECIALIST, "sara"))
    s.write("anna", keyed_otherwise(s.rekey(PLAN), PLAN, slots=more))


@lie(Reason.STRANGER_BOXED)
def keying_boxes_suspended(s: Scribe) -> None:
    """A new key is boxed to a regisseur who is suspended."""
    team(s).say("anna", s.suspension("jan"))
    s.write("anna", keyed_otherwise(s.rekey(PLAN), PLAN, slots=slots(s, (Role.REGISSEUR, "jan"))))


@lie(Reason.STRANGER_BOXED)
def keying_boxes_holder_twice(s: Scribe) -> None:
    """A new key is boxed to the regisseur twice: one of the boxes may be for someone else."""
    team(s)
    twice = slots(s, (Role.REGISSEUR, "jan"), (Role.REGISSEUR, "jan"))
    s.write("anna", keyed_otherwise(s.rekey(PLAN), PLAN, slots=twice))


@lie(Reason.STRANGER_BOXED)
def keying_boxes_dropped_role(s: Scribe) -> None:
    """A new key is boxed to a specialist whose role the policy no longer lets have it."""
    with_specialist(s).give(sections=(INTAKE,))
    s.say("anna", s.adoption(without_specialist_in_intake()))
    holders = slots(s, (Role.REGISSEUR, "jan"), (Role.SPECIALIST, "sara"))
    s.write("anna", keyed_otherwise(s.rekey(INTAKE), INTAKE, slots=holders))


@lie(Reason.GENERATION_WRONG)
def keying_skips_generation(s: Scribe) -> None:
    """A new key under a number that leaves one out."""
    s.write("anna", keyed_otherwise(team(s).rekey(PLAN), PLAN, generation=3))


@lie(Reason.WRAPS_WRONG)
def keying_without_wraps(s: Scribe) -> None:
    """A new key under which the versions so far are not wrapped: nobody could open them."""
    s.write("anna", keyed_otherwise(team(s).fill("jan", PLAN).rekey(PLAN), PLAN, wraps=None))


@lie(Reason.NUMBER_WRONG)
def keying_for_other_team_card(s: Scribe) -> None:
    """A new key that is boxed to a coordination card that is not in force."""
    s.write("anna", keyed_otherwise(team(s).rekey(COVER), COVER, number=2))


@lie(Reason.OTHER_BOOK)
def statement_from_other_book(s: Scribe) -> None:
    """The opening of one household that stands in the book of another."""
    opening = team(s).opening(household=OTHER_HOME)
    s.write("anna", opening, place=next_place(BookName(HOME), s.heads[BookName(HOME)]))
