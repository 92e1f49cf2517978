"""One time: what moment an entry gets, from this clock and the entry before (KEYS.md, "One time")."""

from collections.abc import Callable
from datetime import datetime, timedelta

from dossier.errors import UnreachableError
from dossier.model import FAR_AHEAD, FAR_BEHIND, write_time
from dossier.policydoc import Policy

Confirm = Callable[[datetime, datetime], bool]  # the last entry's time, this computer's: is its date right?


def entry_time(
    last: datetime | None,
    now: datetime,
    policy: Policy | None,
    confirm: Confirm | None,
    first_after: Callable[[datetime], int] = lambda _: 0,
) -> datetime:
    """Give the later of this clock and the last entry's time.

    `first_after` tells which entry of the log is the first of later than a moment.

    Raises:
        UnreachableError: "clock-behind" when this clock is more than 10 minutes behind; "clock-ahead" when
            it is more than 24 hours ahead and its user does not confirm the date, or, where nobody can be
            asked, the store was quiet for longer than its policy expects.
    """
    if last is None:
        return now
    if now < last - FAR_BEHIND:
        entry = first_after(now)
        raise UnreachableError("clock-behind", last=write_time(last), now=write_time(now), entry=entry)
    if now > last + FAR_AHEAD:
        quiet = timedelta(days=policy.limits.quiet_days if policy else 1)
        good = now - last <= quiet if confirm is None else confirm(last, now)
        if not good:
            raise UnreachableError("clock-ahead", last=write_time(last), now=write_time(now))
    return max(now, last)
