"""dossier keys rotate, rekey, status; and keys recovery, of its own file."""

import time
from typing import Any

import click

from dossier.actions import dues
from dossier.actions import rotation as actions
from dossier.actions.boxes import box_what_is_due
from dossier.cli import context
from dossier.cli.params import HOUSEHOLD, Group, many, option
from dossier.cli.recovery import recovery
from dossier.cli.render import answer, day, mark, progress, table
from dossier.cli.setting import Setting, pass_setting
from dossier.cli.words import N_, _, say
from dossier.errors import PartlyDoneError, UsageError
from dossier.model import Handle, HouseholdId, SectionName, handle, section_name, write_time


@click.group(cls=Group, help=N_("Keys: rotate, rekey, what is due, recovery. Nobody reads by it."))
def keys() -> None:
    """Keys."""


keys.add_command(recovery)


@keys.command(
    help=N_("Rotate the gate's key, for the whole store at once. For a beheerder, who reads nothing by it.")
)
@option(
    "--without",
    multiple=True,
    callback=many(handle),
    metavar="HANDLE",
    help=N_("Someone to leave out; whoever is active is suspended first."),
)
@option("--reason", metavar="CODE", help=N_("Why they are suspended: a reason code from the policy."))
@option("--plan", is_flag=True, help=N_("Say who will be in and who out, and change nothing."))
@pass_setting
def rotate(setting: Setting, without: tuple[Handle, ...], reason: str | None, plan: bool) -> None:  # noqa: FBT001
    """Rotate."""
    desk = context.open_desk(setting, again=not plan)
    found = actions.plan(desk, without)
    data: dict[str, Any] = {
        "within": [member.handle for member in found.within],
        "gates": list(found.gates),
        "without": [member.handle for member in found.without],
    }
    if plan:
        data |= {"epoch": found.epoch, "to_suspend": [member.handle for member in found.to_suspend]}
        answer(setting, "keys-rotate-plan", data, lambda: _planned(found))
        return
    begun = time.monotonic()
    done = actions.rotate(desk, without, reason)
    data |= {"epoch": done.epoch, "boxes": done.boxes, "seconds": round(time.monotonic() - begun, 3)}
    answer(
        setting,
        "keys-rotate",
        data,
        lambda: [
            f"{mark('good')}: " + _in_force(data),
            say("Left out: {handles}", handles=", ".join(data["without"]) or "-"),
            _("What is written from here on opens for nobody who was left out."),
            _("What is older closes to them when a coordinator rekeys: dossier keys rekey --all"),
        ],
    )


def _in_force(data: dict[str, Any]) -> str:
    if data["gates"]:
        return say("epoch {epoch} is in force, for {boxes} beheerders and gates.", **data)
    return say("epoch {epoch} is in force, for {boxes} members.", **data)


def _planned(found: actions.Plan) -> Any:
    yield say("Epoch {epoch} would be in force. In, with a box each:", epoch=found.epoch)
    yield from (f"  {member.handle}: {member.card.person}, {member.card.org}" for member in found.within)
    yield from (f"  {gate}: " + _("a gate") for gate in found.gates)
    if found.gates:
        yield _("This store is served: other members need no key of the gate.")
    yield _("Out:")
    for member in found.without:
        first = " - " + _("is suspended first") if member in found.to_suspend else ""
        yield f"  {member.handle}: {member.card.person}, {member.card.org}{first}"
    if not found.without:
        yield "  -"


@keys.command(help=N_("Give sections new keys, without touching what is in them. For a coordinator."))
@click.argument("households", nargs=-1, type=HOUSEHOLD, metavar="[H]...")
@option(
    "--section",
    "sections",
    multiple=True,
    callback=many(section_name),
    metavar="S",
    help=N_("Only this section."),
)
@option("--all", "everything", is_flag=True, help=N_("Every household; what was broken off goes on."))
@option("--coordination", is_flag=True, help=N_("Renew the team's own card, when a coordinator has gone."))
@pass_setting
def rekey(
    setting: Setting,
    households: tuple[HouseholdId, ...],
    sections: tuple[SectionName, ...],
    everything: bool,  # noqa: FBT001
    coordination: bool,  # noqa: FBT001
) -> None:
    """Rekey."""
    if bool(households) + everything + coordination != 1 or (sections and not households):
        raise UsageError("missing-option", option="H... | --all | --coordination")
    desk = context.open_desk(setting, again=True)
    box_what_is_due(desk)
    if coordination:
        number = actions.renew_coordination(desk)
        answer(setting, "keys-rekey", {"coordination": number}, lambda: _renewed(number))
    elif everything:
        _rekey_all(setting, desk)
    else:
        done = {household: actions.rekey(desk, household, sections) for household in households}
        box_what_is_due(desk)
        rows = [{"household": one, "sections": names} for one, names in done.items()]
        answer(setting, "keys-rekey", {"households": rows}, lambda: _rekeyed(done))


def _rekey_all(setting: Setting, desk: Any) -> None:
    """Rekey every household, with a count on the screen."""
    with progress(setting, _("Rekeying")) as tick:
        found = actions.rekey_all(desk, tick)
    data = {"done": found.done, "left": list(found.left)}
    answer(setting, "keys-rekey", data, lambda: [say("Households with new keys: {done}.", done=found.done)])
    if found.left:
        raise PartlyDoneError("partly-rekeyed", left=len(found.left))


def _rekeyed(done: dict[HouseholdId, list[SectionName]]) -> Any:
    for household, names in done.items():
        yield say("{household}: new keys for {sections}.", household=household, sections=", ".join(names))
    yield _(
        "Who had a key and no right opens nothing of it from here on. What they opened before, they have."
    )


def _renewed(number: int) -> list[str]:
    return [
        say("The team has a new card, number {number}.", number=number),
        _("Households are still boxed to the card before it. Now rekey them: dossier keys rekey --all"),
    ]


@keys.command(help=N_("Tell what is due of the keys, what is overdue, and what algorithms are used."))
@pass_setting
def status(setting: Setting) -> None:
    """Tell how the keys stand."""
    found = dues.status(context.open_desk(setting))
    recovery_of = (
        None if found.recovery is None else dict(zip(("threshold", "shares"), found.recovery, strict=True))
    )
    data = {
        "epoch": found.epoch,
        "epoch_since": write_time(found.since),
        "members_in_epoch": found.within,
        "gates": list(found.gates),
        "coordination": found.number,
        "recovery": recovery_of,
        "households": found.households,
        "sections": found.sections,
        "counts": found.counts._asdict(),
        "due": [
            {
                "what": due.what,
                "why": due.why,
                "by": due.by,
                "handle": due.who,
                "household": due.household,
                "since": None if due.since is None else write_time(due.since),
                "overdue": due.overdue,
            }
            for due in found.due
        ],
        "algorithms": dues.ALGORITHMS,
    }
    answer(setting, "keys-status", data, lambda: _stands(found))


_WHAT = {
    "rotate": N_("rotate the gate's key"),
    "renew-coordination": N_("renew the team's card"),
    "split-recovery": N_("split a recovery card"),
    "box-gate": N_("give a member or gate the gate's key"),
    "box-coordination": N_("give a coordinator the team's key"),
    "rekey": N_("rekey"),
    "box-slot": N_("box to a member again"),
}
_WHY = {
    "left-out": N_("someone has it who should not"),
    "age": N_("older than the policy lets it be"),
    "restored": N_("the store was restored"),
    "served": N_("a gate was adopted; until then nothing can be written"),
    "embedded": N_("the last gate left; until then nothing can be written"),
    "none": N_("there is none"),
    "used": N_("the last one was used"),
    "no-box": N_("they have a right and no key"),
    "lost-card": N_("a token that was lost may open it"),
    "old-team-card": N_("boxed to the team's card before this one"),
    "new-section": N_("the policy has a section more"),
}


def _times(count: int | None) -> str:
    return "" if count is None else f" ({count:,})"


def _stands(found: dues.Status) -> Any:
    facts = {"epoch": found.epoch, "since": day(found.since), "count": found.within}
    if found.gates:
        yield say("This store is served, by {gates}.", gates=", ".join(found.gates))
        yield say("Epoch {epoch}, since {since}, for the gates and {count} beheerder(s).", **facts)
    else:
        yield say("Epoch {epoch}, since {since}, for {count} members.", **facts)
    yield say("The team's card: number {number}.", number=found.number)
    if found.recovery is None:
        yield _("Recovery: none. With the last coordinator's token, all would be lost.")
    else:
        yield say(
            "Recovery: {threshold} of {shares} custodians.",
            threshold=found.recovery[0],
            shares=found.recovery[1],
        )
    if found.households is not None:
        yield say(
            "Households: {households}, sections: {sections}.",
            households=found.households,
            sections=found.sections,
        )
    yield _("Algorithms:")
    counts = found.counts._asdict()
    yield from (f"  {use}: {name}" + _times(counts.get(use)) for use, name in dues.ALGORITHMS.items())
    if not found.due:
        yield f"{mark('good')}: " + _("nothing is due.")
        return
    head = (N_("due"), N_("why"), N_("by"), N_("whom"), N_("household"), N_("since"))
    yield from table(
        head,
        [
            (
                (_("OVERDUE") + " " if due.overdue else "") + _(_WHAT[due.what]),
                _(_WHY[due.why]),
                due.by,
                due.who or "-",
                due.household or "-",
                "-" if due.since is None else day(due.since),
            )
            for due in found.due
        ],
    )
