from datetime import timedelta

import pytest
from wording import POLICY, START

from dossier.errors import UnreachableError
from dossier.policydoc import parse
from dossier.timing import entry_time

POLICY_IN_FORCE = parse(POLICY)
DAY = timedelta(days=1)


def test_an_entry_gets_the_later_of_this_clock_and_the_last_entry() -> None:
    assert entry_time(None, START, None, None) == START
    assert entry_time(START, START + DAY, None, None) == START + DAY
    assert entry_time(START, START - timedelta(minutes=10), None, None) == START


def test_a_clock_more_than_ten_minutes_behind_makes_no_entry() -> None:
    with pytest.raises(UnreachableError, match="clock-behind"):
        entry_time(START, START - timedelta(minutes=10, milliseconds=1), None, None)


def test_a_clock_far_ahead_is_believed_while_the_store_may_have_been_quiet_so_long() -> None:
    quiet = timedelta(days=POLICY_IN_FORCE.limits.quiet_days)
    assert entry_time(START, START + quiet, POLICY_IN_FORCE, None) == START + quiet
    with pytest.raises(UnreachableError, match="clock-ahead"):
        entry_time(START, START + quiet + timedelta(seconds=1), POLICY_IN_FORCE, None)
    with pytest.raises(UnreachableError, match="clock-ahead"):
        entry_time(START, START + 2 * DAY, None, None)


def test_where_someone_can_be_asked_their_answer_decides() -> None:
    far = START + 1000 * DAY
    assert entry_time(START, far, POLICY_IN_FORCE, lambda last, now: (last, now) == (START, far)) == far
    with pytest.raises(UnreachableError, match="clock-ahead"):
        entry_time(START, START + 2 * DAY, POLICY_IN_FORCE, lambda *_: False)
