"""Members over time: what they were, and whether they were eligible."""

from datetime import datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from wording import DAY, START, person

from dossier.model import Handle, Role
from dossier.register.members import LOOK_BACK, SECOND_PERSON, Member, anyone_eligible, roles_go_together

ANNA, BEN = Handle("anna"), Handle("ben")
COORDINATOR, SPECIALIST = frozenset({Role.COORDINATOR}), frozenset({Role.SPECIALIST})
HALF_DAY = timedelta(hours=12)


def member(at: datetime = START, by: Handle = ANNA) -> Member:
    return Member(person("ben").card, COORDINATOR, by, at, bytes(32))


def test_nobody_is_eligible_for_themselves() -> None:
    ben = member(by=BEN)
    later = START + 60 * DAY
    assert not ben.eligible(BEN, SECOND_PERSON, later)
    assert not ben.was_eligible(BEN, SECOND_PERSON, START, later)
    assert ben.eligible(ANNA, SECOND_PERSON, START)


def test_only_the_roles_that_are_asked_for_count() -> None:
    ben = member(by=Handle("carla"))
    assert ben.eligible(ANNA, COORDINATOR, START)
    assert not ben.eligible(ANNA, frozenset({Role.TOEZICHTHOUDER}), START)


def test_nobody_suspended_is_eligible() -> None:
    ben = member(by=Handle("carla"))
    ben.change(START + DAY, active=False)
    assert not ben.eligible(ANNA, COORDINATOR, START + DAY)
    assert ben.was_eligible(ANNA, COORDINATOR, START, START + DAY)
    assert not ben.was_eligible(ANNA, COORDINATOR, START + 2 * DAY, START + 3 * DAY)


def test_nobody_was_eligible_before_they_came() -> None:
    ben = member(START + 10 * DAY, by=Handle("carla"))
    assert not ben.was_eligible(ANNA, SECOND_PERSON, START, START + 9 * DAY)
    assert ben.was_eligible(ANNA, SECOND_PERSON, START, START + 10 * DAY)


@given(
    ties=st.sets(st.integers(1, 100), max_size=4),
    standings=st.dictionaries(st.integers(1, 100), st.tuples(st.booleans(), st.booleans()), max_size=6),
    now=st.integers(0, 130),
)
def test_eligibility_over_a_window_is_that_of_its_moments(
    ties: set[int], standings: dict[int, tuple[bool, bool]], now: int
) -> None:
    ben = member()
    for day, (active, coordinator) in sorted(standings.items()):
        ben.change(START + day * DAY, active=active, roles=COORDINATOR if coordinator else SPECIALIST)
    ben.ties += [(START + day * DAY, ANNA) for day in ties]
    end = START + now * DAY
    start = end - LOOK_BACK
    # What was so only in the moment in which it ended counts too, and no look at half days would see it.
    assume(not {now - 30, *(tie + 30 for tie in (0, *ties))} & set(standings))

    def looked(moment: datetime) -> bool:
        before = [s for s in ben.standings if s.since <= moment]
        bound = any(tie <= moment < tie + LOOK_BACK for tie, _ in ben.ties)
        return bool(before) and before[-1].active and bool(before[-1].roles & COORDINATOR) and not bound

    seen = any(looked(start + step * HALF_DAY) for step in range(61))
    assert ben.was_eligible(ANNA, COORDINATOR, start, end) == seen
    assert anyone_eligible([ben], ANNA, COORDINATOR, end) == seen


@given(st.lists(st.sampled_from(Role), max_size=6))
def test_whatever_a_member_was_is_remembered(roles: list[Role]) -> None:
    ben = member()
    for number, role in enumerate(roles, 1):
        ben.change(START + number * DAY, roles=frozenset({role}))
    assert ben.ever == {Role.COORDINATOR, *roles}
    assert ben.roles == ({roles[-1]} if roles else COORDINATOR)


@pytest.mark.parametrize("size", range(len(Role) + 1))
def test_roles_go_together_unless_one_must_go_alone(size: int) -> None:
    for roles in combinations(Role, size):
        alone = {Role.BEHEERDER, Role.TOEZICHTHOUDER} & set(roles)
        assert roles_go_together(roles) == (size == 1 or (size > 1 and not alone))
