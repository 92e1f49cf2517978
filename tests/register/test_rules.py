"""Who may say what: each row of STATEMENTS.md stands for those it names, and breaks for everyone else."""

from collections.abc import Callable
from typing import NamedTuple

import pytest
from scribe import Scribe
from wording import COVER, GRANT, HOME, INTAKE, OTHER_GRANT, OTHER_HOME, PLAN, person

from dossier.entry import Entry
from dossier.model import Deed, Reason, Request, Role
from dossier.register.fold import RULES
from dossier.statements import SHAPES, Statement

ROLES = {
    "ben": Role.COORDINATOR,
    "rita": Role.REGISSEUR,
    "sara": Role.SPECIALIST,
    "bob": Role.BEHEERDER,
    "tom": Role.TOEZICHTHOUDER,
}
SUSPENDED = {f"former-{role}": role for role in Role}
NOBODY = ("oscar", "recovery-1")  # never admitted: a stranger, and the recovery card
SIGNERS = ("anna", "jan", *ROLES, *SUSPENDED, *NOBODY)
COORDINATORS = {"anna", "ben"}


def world() -> Scribe:
    """A team with every role twice over, one of each suspended, and a household that jan directs.

    All came a month ago: nobody is beholden to anna any more. There is a recovery card, jan has a new card
    of his own, without the boxes of the one before, and somebody's clock was a year ahead. There is a gate.
    """
    s = Scribe().admit("jan", Role.REGISSEUR)
    for handle, role in {**ROLES, **SUSPENDED}.items():
        s.admit(handle, role)
    for handle in SUSPENDED:
        s.say("anna", s.suspension(handle))
    s.open().fill("jan", COVER, INTAKE, PLAN).give().wait(days=31)
    s.agree("anna", s.split(), by="ben")
    s.agree("anna", s.gate_admission("poort-1"), by="bob")
    s.say("jan", s.renewal("jan"))
    s.wait(days=365).write("jan", request=Request(Deed.LOOK, HOME))
    return s.wait(days=-365)


@pytest.fixture(scope="module")
def shared() -> Scribe:
    """The same world for whoever only asks for a verdict."""
    return world()


class Row(NamedTuple):
    """A statement of the table, who may make it, and who may only propose it."""

    word: Callable[[Scribe], Statement]
    may: set[str]
    may_propose: set[str] = set()  # noqa: RUF012 (never changed)
    others: Reason = Reason.NOT_YOUR_ROLE  # why active members who may not, may not


def waiting(s: Scribe) -> Entry:
    """What anna proposed: a third coordinator."""
    found = [entry for entry in s.log if entry.index in s.register.proposals]
    return found[0] if found else s.say("anna", s.proposal(s.admission("carla", Role.COORDINATOR)))


def ahead(s: Scribe) -> Entry:
    """The first entry of a time that has yet to come."""
    return next(entry for entry in s.log if entry.at > s.at)


def version(s: Scribe) -> Statement:
    """The next version of the plan, which jan asked to write."""
    return s.version_on(s.ask("jan", PLAN, len(s.household().sections[PLAN].versions) + 1))


ROWS = {
    "member.admitted": Row(lambda s: s.admission("vera", Role.SPECIALIST), COORDINATORS),
    "member.admitted as beheerder": Row(lambda s: s.admission("vera", Role.BEHEERDER), COORDINATORS),
    "member.admitted as coordinator": Row(
        lambda s: s.admission("vera", Role.COORDINATOR), set(), COORDINATORS
    ),
    "member.admitted as toezichthouder": Row(
        lambda s: s.admission("vera", Role.TOEZICHTHOUDER), set(), COORDINATORS
    ),
    "member.roles-changed": Row(lambda s: s.roles("sara", add=[Role.REGISSEUR]), COORDINATORS),
    "member.roles-changed to coordinator": Row(
        lambda s: s.roles("sara", add=[Role.COORDINATOR]), set(), COORDINATORS
    ),
    "member.roles-changed from toezichthouder": Row(
        lambda s: s.roles("tom", add=[Role.SPECIALIST], remove=[Role.TOEZICHTHOUDER]), set(), COORDINATORS
    ),
    "member.suspended": Row(lambda s: s.suspension("sara"), {*COORDINATORS, "bob"}),
    "member.suspended, a toezichthouder": Row(lambda s: s.suspension("tom"), set(), COORDINATORS),
    "member.restored": Row(lambda s: s.restoration("former-specialist"), COORDINATORS),
    "member.restored, a coordinator": Row(lambda s: s.restoration("former-coordinator"), set(), COORDINATORS),
    "member.restored, a toezichthouder": Row(
        lambda s: s.restoration("former-toezichthouder"), set(), COORDINATORS
    ),
    "member.left": Row(lambda s: s.leaving("sara"), {*COORDINATORS, "bob"}),
    "member.left, a toezichthouder": Row(lambda s: s.leaving("tom"), set(), COORDINATORS),
    "member.left, a suspended one": Row(lambda s: s.leaving("former-coordinator"), {*COORDINATORS, "bob"}),
    "member.renewed": Row(lambda s: s.renewal("sara"), {"sara"}, COORDINATORS),
    "member.renewed, for the second time": Row(lambda s: s.renewal("jan"), {"jan"}, COORDINATORS),
    "member.renewed, a beheerder": Row(lambda s: s.renewal("bob"), {"bob"}, COORDINATORS),
    "coordination.boxed": Row(lambda s: s.team_box("ben"), COORDINATORS),
    "coordination.renewed": Row(lambda s: s.team_renewal(), COORDINATORS),
    "recovery.split": Row(lambda s: s.split(), set(), COORDINATORS),
    "coordination.recovered": Row(lambda s: s.recovery(), {"recovery-1"}, others=Reason.NO_RECOVERY),
    "gate.admitted": Row(lambda s: s.gate_admission(), set(), COORDINATORS),
    "gate.adopted": Row(lambda s: s.gate_adoption("poort-1"), set(), COORDINATORS),
    "gate.left": Row(lambda s: s.gate_leaving("poort-1"), set(), COORDINATORS),
    "gate.boxed": Row(lambda s: s.gate_box("sara"), {*COORDINATORS, "bob", "sara"}),
    "gate.rotated": Row(lambda s: s.rotation(), {"bob"}),
    "store.restored": Row(lambda s: s.reopening(), set(), COORDINATORS),
    "clock.corrected": Row(lambda s: s.correction(ahead(s)), set(), COORDINATORS),
    "policy.adopted": Row(lambda s: s.adoption(), set(), COORDINATORS),
    "approved": Row(lambda s: s.approval(waiting(s)), {"ben", "tom"}, others=Reason.NOT_ELIGIBLE),
    "refused": Row(lambda s: s.refusal(waiting(s)), {"anna", "ben", "tom"}, others=Reason.NOT_ELIGIBLE),
    "household.opened by its regisseur": Row(lambda s: s.opening("jan", OTHER_HOME), {*COORDINATORS, "jan"}),
    "household.opened without regisseur": Row(lambda s: s.opening(None, OTHER_HOME), COORDINATORS),
    "regisseur.assigned": Row(lambda s: s.assignment("rita"), COORDINATORS),
    "section.keyed": Row(lambda s: s.rekey(PLAN, COVER), COORDINATORS),
    "slot.boxed": Row(lambda s: s.slot_box("jan"), {*COORDINATORS, "jan"}),
    "section.written": Row(version, {"jan", "sara"}, others=Reason.NO_ACCESS),
    "grant.given": Row(lambda s: s.grant(grant=OTHER_GRANT), COORDINATORS),
    "grant.revoked": Row(lambda s: s.revocation(GRANT), COORDINATORS),
    "store.founded": Row(lambda s: s.founding(), set(), others=Reason.FOUNDED_TWICE),
}


def expected(row: Row, who: str) -> Reason | None:
    """Say what the table makes of a signer."""
    if who in row.may:
        return None
    if who in row.may_propose:
        return Reason.NEEDS_APPROVAL
    if row.others in BY_ITSELF or who in {"anna", "jan", *ROLES}:
        return row.others
    return Reason.UNKNOWN_MEMBER if who in NOBODY else Reason.NOT_ACTIVE


BY_ITSELF = (Reason.FOUNDED_TWICE, Reason.NO_RECOVERY)  # the same for all, whoever they are
CASES = [(name, who) for name in ROWS for who in SIGNERS]


def test_every_statement_has_its_row_and_its_rule() -> None:
    kinds = {tag.partition("/")[0] for tag in SHAPES}
    assert {name.split()[0].rstrip(",") for name in ROWS} == kinds
    assert set(RULES) == kinds - {"approved"}


@pytest.mark.parametrize(("name", "who"), CASES)
def test_a_statement_stands_for_those_who_may_and_for_nobody_else(
    shared: Scribe, name: str, who: str
) -> None:
    row = ROWS[name]
    assert shared.verdict(who, row.word(shared)) == expected(row, who)


@pytest.mark.parametrize(("name", "who"), [case for case in CASES if ROWS[case[0]].may_propose])
def test_what_needs_a_second_person_is_proposed_only_by_who_may_state_it(
    shared: Scribe, name: str, who: str
) -> None:
    row = ROWS[name]
    verdict = shared.verdict(who, shared.proposal(row.word(shared)))
    alone = Reason.NEEDS_NO_APPROVAL if who in row.may else expected(row, who)
    assert verdict == (None if who in row.may_propose else alone)


@pytest.mark.parametrize("name", [name for name in ROWS if not ROWS[name].may_propose])
def test_what_needs_no_second_person_is_not_proposed(shared: Scribe, name: str) -> None:
    row = ROWS[name]
    for who in row.may:
        assert shared.verdict(who, shared.proposal(row.word(shared))) is Reason.NEEDS_NO_APPROVAL


@pytest.mark.parametrize("name", [name for name in ROWS if ROWS[name].may or ROWS[name].may_propose])
def test_nobody_states_anything_under_another_card(shared: Scribe, name: str) -> None:
    row = ROWS[name]
    other = person("rita-with-another-card").card.fingerprint
    reason = row.others if row.others in BY_ITSELF else Reason.OTHER_CARD
    for who in row.may | row.may_propose:
        assert shared.verdict(who, row.word(shared), card=other) is reason


@pytest.mark.parametrize("name", [name for name in ROWS if ROWS[name].may])
def test_what_may_be_stated_stands_in_a_book(name: str) -> None:
    s = world()
    row = ROWS[name]
    s.say(min(row.may), row.word(s))


@pytest.mark.parametrize("name", [name for name in ROWS if ROWS[name].may_propose])
def test_what_may_be_proposed_stands_once_approved(name: str) -> None:
    s = world()
    s.agree("anna", ROWS[name].word(s), by="bob" if name.startswith("gate.") else "ben")


def test_nothing_stands_before_the_store_is_founded() -> None:
    s = Scribe(founded=False)
    assert s.verdict("anna", s.adoption()) is Reason.OTHER_BOOK
    assert s.verdict("anna", s.proposal(s.founding())) is Reason.OTHER_BOOK


def test_nothing_stands_that_was_signed_for_another_store() -> None:
    s = world()
    s.store = s.store[::-1]  # type: ignore[assignment]
    assert s.verdict("anna", s.adoption()) is Reason.OTHER_BOOK


def test_a_household_is_opened_by_a_statement_of_its_own_book_only() -> None:
    s = world()
    assert HOME in s.register.households
    assert s.verdict("anna", s.opening()) is Reason.OPENED_TWICE
