"""A DATE: a day, meant up to its end in the policy's time zone, or a length from today."""

import re
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta

from dossier.desk import Desk
from dossier.errors import UsageError
from dossier.policydoc import resolve_timezone

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LENGTH = re.compile(r"([1-9][0-9]{0,3})([dmy])")
_MONTHS = 12
_YEARS = range(2000, 3000)  # those of the log's entries


def end_of(desk: Desk, text: str) -> datetime:
    """Read a DATE; give the moment at which it ends.

    Raises:
        UsageError: when it is no date.
    """
    policy = desk.gate.survey().register.policy
    if policy is None:
        raise UsageError("no-policy")
    zone = resolve_timezone(policy)
    today = desk.clock().astimezone(zone).date()
    last = _day(text, today)
    if last.year not in _YEARS:
        raise UsageError("bad-date")
    return datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC)


def last_day(desk: Desk, until: datetime) -> str:
    """Write the last day on which something holds that ends at `until`, for people."""
    policy = desk.gate.survey().register.policy
    zone = UTC if policy is None else resolve_timezone(policy)
    return (until - timedelta(seconds=1)).astimezone(zone).strftime("%d-%m-%Y")


def _day(text: str, today: date) -> date:
    """Read the last day that is meant."""
    length = _LENGTH.fullmatch(text.strip().lower())
    try:
        if length is None:
            if not _DAY.fullmatch(text.strip()):  # ISO 8601 has other ways to write a day; nobody means those
                raise UsageError("bad-date")
            return date.fromisoformat(text.strip())
        number, unit = int(length[1]), length[2]
        if unit == "d":
            return today + timedelta(days=number)
        return _months_on(today, number if unit == "m" else number * _MONTHS)
    except (ValueError, OverflowError) as e:
        raise UsageError("bad-date") from e


def _months_on(today: date, months: int) -> date:
    """Go on a number of months, to the last day of the month where the same day is not there."""
    year, month = divmod(today.year * _MONTHS + today.month - 1 + months, _MONTHS)
    return date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))
