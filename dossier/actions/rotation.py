"""Rotate the gate's secret, rekey households, renew the team's card; tell what of that is due."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from dossier.actions import members
from dossier.actions.boxes import box_what_is_due
from dossier.actions.dues import of_household
from dossier.actions.renewal import Prepared, state_with_new_keys
from dossier.desk import Desk
from dossier.errors import ConflictError, RefusedError, UsageError, WaitsError
from dossier.gate.base import Situation
from dossier.keying import new_keys
from dossier.model import Handle, HouseholdId, Reason, Role, SectionName
from dossier.register.members import Member
from dossier.statements import Statement
from dossier.team import next_card


class Plan(NamedTuple):
    """Who a rotation boxes the next secret to, and who not: of those, who is still to be suspended.

    While the store is served it goes to beheerders and gates; other members have no need of it.
    """

    epoch: int
    within: tuple[Member, ...]
    gates: tuple[Handle, ...]
    without: tuple[Member, ...]
    to_suspend: tuple[Member, ...]


def plan(desk: Desk, without: Sequence[Handle] = ()) -> Plan:
    """Tell what a rotation would do, and change nothing. Raises UsageError for an unknown member."""
    register = desk.gate.survey().register
    for handle in without:
        if handle not in register.members:
            raise UsageError(str(Reason.UNKNOWN_MEMBER), handle=handle)
    everyone, cards = register.members.values(), register.epoch_cards()
    within = tuple(m for m in everyone if m.handle in cards and m.handle not in without)
    gates = tuple(handle for handle in cards if handle in register.gates)
    to_suspend = tuple(m for m in everyone if m.active and m.handle in without)
    out = tuple(m for m in everyone if not m.active or m.handle in without)
    return Plan(register.epoch.number + 1, within, gates, out, to_suspend)


class Rotated(NamedTuple):
    """What a rotation came to."""

    epoch: int
    boxes: int


def rotate(desk: Desk, without: Sequence[Handle] = (), reason: str | None = None) -> Rotated:
    """Put the next epoch in force, for all who are active: one statement, whatever the size of the store.

    Whoever is to be left out is suspended first, for a reason that the policy has. No section key is needed
    or reached: the gate draws the secret and boxes it.

    Raises:
        UsageError: when someone must be suspended and no reason is given.
        WaitsError: when a suspension needs a second person: then nothing was rotated.
    """
    for member in plan(desk, without).to_suspend:
        if reason is None:
            raise UsageError("missing-option", option="--reason")
        stated = members.suspend(desk, member.handle, reason)
        if stated.waits:
            raise WaitsError("waits", number=stated.entry.index)
    _unmark(desk)
    state_with_new_keys(desk, desk.gate.rotation)
    register = desk.gate.register
    return Rotated(register.epoch.number, len(register.gate_boxes))


def _unmark(desk: Desk) -> None:
    """Take the mark of a restore off, once two persons reopened the store: the rules bind from there."""
    restored = desk.gate.register.restored
    if restored is not None and restored.rotated is None:
        with desk.store.exclusive():
            if desk.store.restored:
                desk.store.mark_restored(value=False)


def renew_coordination(desk: Desk) -> int:
    """Give the team another card, boxed to the active coordinators; give its number.

    What is boxed to the old one stays so until each household is rekeyed.

    Raises:
        RefusedError: "not-your-role" for anyone but a coordinator.
    """
    _as_coordinator(desk)
    state_with_new_keys(desk, lambda: next_card(desk, desk.gate.survey().register))
    box_what_is_due(desk)
    return desk.gate.register.number


def _as_coordinator(desk: Desk) -> None:
    """Let a coordinator through: another has no key of the team to begin with."""
    if not desk.gate.survey().register.member(desk.handle).holds(Role.COORDINATOR):
        raise RefusedError(str(Reason.NOT_YOUR_ROLE))


def rekey(
    desk: Desk, household_id: HouseholdId, sections: Sequence[SectionName] | None = None
) -> list[SectionName]:
    """Give a household's sections new keys, in one statement; those that a policy added their first.

    Contents are not touched. Gives the sections, all of them where none is named.

    Raises:
        UsageError: "unknown-section" for one that neither the household nor the policy has.
    """
    named: list[SectionName] = []

    def prepare() -> Prepared:
        situation = desk.gate.survey(household_id)
        named[:] = _named(situation, household_id, sections)
        household = situation.register.households[household_id]
        made = new_keys(desk, situation, household, named)
        return Statement("section.keyed/1", household=household_id, keyings=made.keyings), made.objects

    state_with_new_keys(desk, prepare)
    return named


def _named(
    situation: Situation, household_id: HouseholdId, sections: Sequence[SectionName] | None
) -> list[SectionName]:
    """Give the sections that are meant."""
    register = situation.register
    there = dict.fromkeys(register.households[household_id].sections)
    there |= dict.fromkeys(() if register.policy is None else register.policy.sections)
    for name in sections or ():
        if name not in there:
            raise UsageError("unknown-section", section=name, sections=", ".join(there))
    return list(sections or there)


class Rekeyed(NamedTuple):
    """What a rekey of all came to: those done now, and those that could not be."""

    done: int
    left: tuple[HouseholdId, ...]


def rekey_all(desk: Desk, progress: Callable[[int], None] | None = None) -> Rekeyed:
    """Rekey every household; one that was begun and broken off goes on where it was.

    Where it began is in the client's memory: a household with every key of after that is done, unless
    something came since that makes another due.

    Raises:
        RefusedError: "not-your-role" for anyone but a coordinator.
    """
    _as_coordinator(desk)
    box_what_is_due(desk)
    memory = desk.memory
    since = memory.verified.size if memory.rekeying is None else memory.rekeying
    done, left = 0, []
    for number, household in enumerate([one for one, _ in memory.households()], 1):
        memory.rekeying = since
        if _keyed_before(desk, household, since):
            try:
                rekey(desk, household)
            except ConflictError:
                left.append(household)
            else:
                done += 1
        if progress is not None:
            progress(number)
    if not left:
        memory.rekeying = None
    memory.save()
    return Rekeyed(done, tuple(left))


def _keyed_before(desk: Desk, household_id: HouseholdId, position: int) -> bool:
    """Tell whether a section of a household has a key of before an entry of the log, or needs another."""
    situation = desk.gate.survey(household_id)
    household = situation.register.households[household_id]
    due = of_household(situation.register, household, situation.at)
    return any(s.keyed_position < position for s in household.sections.values()) or any(
        one.what == "rekey" for one in due
    )
