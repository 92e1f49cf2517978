"""dossier session unlock, lock, status."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import click

from dossier.cli import context, places, unlocked
from dossier.cli.params import Group, option
from dossier.cli.render import answer, day, mark
from dossier.cli.setting import Setting, pass_setting
from dossier.cli.words import N_, _, say
from dossier.errors import LockedError, UnreachableError, UsageError
from dossier.model import write_time
from keys import agent
from keys.identity import Card
from keys.token import Unlocked, peek

_IDLE, _HOURS = 10, 12  # minutes, hours: unless the policy says less
_MINUTE, _HOUR = 60, 3600  # seconds


@click.group(
    cls=Group, help=N_("Your session: type the passphrase once, for as long as you work in this terminal.")
)
def session() -> None:
    """The session."""


@session.command(help=N_("Unlock your token. Until it locks, reading and writing ask no passphrase."))
@option(
    "--idle",
    type=click.IntRange(min=1),
    metavar="MIN",
    help=N_("Lock after so many minutes without use; left out, 10."),
)
@option(
    "--hours",
    type=click.IntRange(min=1),
    metavar="H",
    help=N_("Lock after so many hours in any case; left out, 12."),
)
@pass_setting
def unlock(setting: Setting, idle: int | None, hours: int | None) -> None:
    """Start an agent that holds the identity."""
    leader = unlocked.ending()
    _path, opened, _secret = context.open_token(setting)
    if opened.contact is None:
        raise LockedError("not-joined")
    idle, hours = _within(_limits(setting, opened), idle, hours)
    card = opened.identity.card
    try:
        place = unlocked.place_of_session(card)
        state = agent.start(opened, place, idle * _MINUTE, hours * _HOUR, leader)
    except agent.AgentGoneError as e:
        raise UnreachableError("session-not-started") from e
    found = _Found(card, state, setting.clock())
    answer(setting, "session-unlock", found.data(), lambda: _unlocked(found, bound=leader is not None))


@session.command(help=N_("Lock your session now. Each command asks the passphrase again."))
@pass_setting
def lock(setting: Setting) -> None:
    """End the agent."""
    was = agent.lock(unlocked.place_of_session(_card(setting)))
    words = _("Locked.") if was else _("It was locked already.")
    answer(setting, "session-lock", {"unlocked": False, "was_unlocked": was}, lambda: [words])


@session.command(help=N_("Tell whether your session is unlocked, and until when."))
@pass_setting
def status(setting: Setting) -> None:
    """Ask the agent about itself."""
    card = _card(setting)
    state = agent.state(unlocked.place_of_session(card))
    if state is not None and state.card != card:
        state = None
    found = _Found(card, state, setting.clock())
    answer(setting, "session-status", found.data(), lambda: _told(found))


class _Found:
    """What an agent said, with moments for its seconds."""

    def __init__(self, card: Card, state: agent.State | None, now: datetime) -> None:
        self.card = card
        self.state = state
        self.until = None if state is None else now + timedelta(seconds=state.left)
        self.idle_until = None if state is None else now + timedelta(seconds=state.idle_left)

    def data(self) -> dict[str, Any]:
        """Give it for JSON."""
        state = self.state
        return {
            "unlocked": state is not None,
            "handle": self.card.handle,
            "card_fingerprint": self.card.fingerprint,
            "until": None if self.until is None else write_time(self.until),
            "idle_until": None if self.idle_until is None else write_time(self.idle_until),
            "idle_minutes": None if state is None else state.idle // _MINUTE,
            "peers_checked": None if state is None else state.checked,
        }


def _card(setting: Setting) -> Card:
    """Read the card of the token, for which no passphrase is needed."""
    try:
        return peek(places.token_of(setting)).card
    except OSError as e:
        raise LockedError("no-token") from e


def _limits(setting: Setting, opened: Unlocked) -> tuple[int, int]:
    """Give the minutes and hours that a session lasts at most: the policy's, where the store can be read."""
    try:
        desk = context.desk_with(setting, context.open_store(setting), opened)
        policy = desk.gate.survey().register.policy
    except (UnreachableError, UsageError):  # no store is named, or it is away: unlocking needs none
        policy = None
    if policy is None:
        return _IDLE, _HOURS
    return policy.limits.session_idle_minutes, policy.limits.session_hours


def _within(most: tuple[int, int], idle: int | None, hours: int | None) -> tuple[int, int]:
    """Take what is asked, else what is usual, within the limits. Raises UsageError."""
    if (idle or 0) > most[0] or (hours or 0) > most[1]:
        raise UsageError("session-too-long", idle=most[0], hours=most[1])
    return idle or min(_IDLE, most[0]), hours or min(_HOURS, most[1])


def _unlocked(found: _Found, *, bound: bool) -> Iterator[str]:
    yield from _told(found)
    yield _("It locks by itself after that, and when the computer sleeps. Sooner: dossier session lock")
    if bound:
        yield _("It is for this terminal only, and locks when that is closed.")
    else:
        yield _("It is not bound to a terminal: lock it when you are done.")


def _told(found: _Found) -> Iterator[str]:
    """Say until when, and what the system cannot see to."""
    if found.state is None or found.until is None or found.idle_until is None:
        yield _("Locked: each command asks the passphrase.")
        return
    yield say("Unlocked for {handle}.", handle=found.card.handle)
    yield say(
        "Without use until {idle}; in any case until {until}.",
        idle=day(found.idle_until),
        until=day(found.until),
    )
    if not found.state.checked:
        care = _(
            "this system does not tell whose program connects. A secret in a file of yours keeps others out."
        )
        yield f"{mark('care')}: {care}"
