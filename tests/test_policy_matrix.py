"""The default policy, whole: what is decided is what it allows, and no grant goes beyond it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scribe import Scribe
from wording import GRANT, HOME, START, person

from dossier.data import default_policy_text
from dossier.model import (
    CONTENT_DEEDS,
    Deed,
    Handle,
    PurposeId,
    Reason,
    Request,
    Role,
    SectionName,
)
from dossier.policy import Permit, Refusal, decide
from dossier.policydoc import Policy, allows, parse
from dossier.register.households import Grant, Household
from dossier.register.members import Member
from dossier.register.register import Register

DEFAULT = parse(default_policy_text())
ANNA, JAN, SARA = Handle("anna"), Handle("jan"), Handle("sara")


def permitted(s: Scribe, who: str, deed: Deed, section: SectionName, purpose: PurposeId) -> bool:
    """Tell whether someone may."""
    request = Request(deed, HOME, section, None, purpose)
    return isinstance(decide(request, Handle(who), s.register, s.at), Permit)


def rigged(handle: Handle, role: Role) -> Scribe:
    """A household under the default policy, where a member has a role's fullest right."""
    s = Scribe().admit("jan", Role.REGISSEUR).admit("sara", Role.SPECIALIST).open(None)
    s.register.policy = DEFAULT
    home = s.household()
    if role is not Role.COORDINATOR:
        home.assign(JAN, ANNA, s.at)
    if role is Role.SPECIALIST:
        home.grants[GRANT] = all_of(handle, s.at)
    return s


def all_of(handle: Handle, at: datetime) -> Grant:
    """A grant of everything that there is, wider than any statement could give."""
    return Grant(
        grant=GRANT,
        handle=handle,
        role=Role.SPECIALIST,
        sections=tuple(DEFAULT.sections),
        deeds=CONTENT_DEEDS,
        purposes=tuple(DEFAULT.purposes),
        until=at + timedelta(days=1),
        reason=None,
        by=ANNA,
        at=at,
        position=0,
    )


def cells(policy: Policy) -> Iterator[tuple[PurposeId, SectionName, Deed]]:
    yield from product(policy.purposes, policy.sections, CONTENT_DEEDS)


@pytest.mark.parametrize(
    ("handle", "role"), [(JAN, Role.REGISSEUR), (SARA, Role.SPECIALIST), (ANNA, Role.COORDINATOR)]
)
def test_each_role_gets_what_the_default_policy_allows_it_and_nothing_else(
    handle: Handle, role: Role
) -> None:
    s = rigged(handle, role)
    team_right = role is Role.COORDINATOR
    given = 0
    for purpose, section, deed in cells(DEFAULT):
        may = permitted(s, handle, deed, section, purpose)
        assert may == allows(DEFAULT, purpose, role, section, deed, team=team_right)
        given += may
    assert given


@pytest.mark.parametrize("regisseur", ["jan", None])
def test_no_policy_gives_beheerder_or_toezichthouder_any_content(regisseur: str | None) -> None:
    s = Scribe().admit("jan", Role.REGISSEUR).admit("bob", Role.BEHEERDER)
    s.admit("tom", Role.TOEZICHTHOUDER).open(regisseur)
    s.register.policy = DEFAULT
    for who in ("bob", "tom"):
        assert not any(permitted(s, who, deed, section, purpose) for purpose, section, deed in cells(DEFAULT))


SECTIONS, PURPOSES = tuple(DEFAULT.sections), tuple(DEFAULT.purposes)


@given(
    role=st.sampled_from(Role),
    held=st.sets(st.sampled_from(Role), min_size=1),
    sections=st.sets(st.sampled_from(SECTIONS)),
    deeds=st.sets(st.sampled_from(CONTENT_DEEDS)),
    purposes=st.sets(st.sampled_from(PURPOSES)),
    hours=st.integers(-2, 2),
    asked=st.tuples(st.sampled_from(SECTIONS), st.sampled_from(CONTENT_DEEDS), st.sampled_from(PURPOSES)),
)
def test_a_grant_never_permits_more_than_it_says_and_the_policy_allows(
    role: Role,
    held: set[Role],
    sections: set[SectionName],
    deeds: set[Deed],
    purposes: set[PurposeId],
    hours: int,
    asked: tuple[SectionName, Deed, PurposeId],
) -> None:
    section, deed, purpose = asked
    grant = all_of(SARA, START)
    grant.role, grant.until = role, START + timedelta(hours=hours)
    grant.sections, grant.deeds, grant.purposes = tuple(sections), tuple(deeds), tuple(purposes)
    request = Request(deed, HOME, section, None, purpose)
    ruling = decide(request, SARA, with_grant(grant, held), START)
    covered = section in sections and deed in deeds and purpose in purposes
    allowed = allows(DEFAULT, purpose, role, section, deed, team=False)
    live = hours > 0 and role in held
    assert isinstance(ruling, Permit) == (live and covered and allowed)
    if isinstance(ruling, Refusal) and not live:
        assert ruling.reason is (Reason.NO_ACCESS if hours > 0 else Reason.GRANT_ENDED)


def with_grant(grant: Grant, held: set[Role]) -> Register:
    """Give a register in which sara holds these roles and this grant."""
    register = Register("")
    register.policy = DEFAULT
    register.members[SARA] = Member(person("sara").card, held, ANNA, START, bytes(32))
    home = register.households[HOME] = Household(HOME, ANNA, START)
    home.assign(JAN, ANNA, START)
    home.grants[grant.grant] = grant
    return register
