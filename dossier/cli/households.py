"""dossier household open, list, show, assign."""

import io
from typing import Any

import click

from dossier.actions import households as actions
from dossier.actions.grants import stand_in
from dossier.cli import context
from dossier.cli.contents import content_of, guess
from dossier.cli.dates import end_of, last_day
from dossier.cli.params import HANDLE, HOUSEHOLD, PURPOSE, Group, option
from dossier.cli.render import answer, day, note, table
from dossier.cli.setting import Setting, pass_setting
from dossier.cli.words import N_, _, say
from dossier.errors import DossierError, PartlyDoneError, UsageError
from dossier.model import Handle, HouseholdId, PurposeId, handle, household_id, write_time
from dossier.register.households import Household, Section


@click.group(cls=Group, help=N_("Households: open, list, show, give a regisseur."))
def household() -> None:
    """Households."""


@household.command("open", help=N_("Open a household. Its id says nothing about anyone."))
@option(
    "--regisseur",
    type=HANDLE,
    metavar="HANDLE",
    help=N_("Who directs the help. A regisseur opens one for themselves."),
)
@option("--cover", metavar="FILE|-", help=N_("A file with the voorblad: who it is about."))
@option("--purpose", type=PURPOSE, metavar="ID", help=N_("What the voorblad is written for."))
@pass_setting
def open_(setting: Setting, regisseur: Handle | None, cover: str | None, purpose: PurposeId | None) -> None:
    """Open a household."""
    source = None if cover is None else io.BytesIO(content_of(cover))
    kind = "text/plain" if source is None or cover is None else guess(cover, source)
    desk = context.open_desk(setting, again=regisseur is not None)  # it gives someone else a right
    regisseur = regisseur or actions.own(desk)
    made, _written = actions.open_household(desk, regisseur, source, kind, purpose or actions.OPENING)
    answer(
        setting,
        "household-open",
        {"household": made, "regisseur": regisseur},
        lambda: [say("Household {household} is open.", household=made)],
    )


@household.command("list", help=N_("List your households. No names, unless you ask for them with a purpose."))
@option("--unassigned", is_flag=True, help=N_("Those without a regisseur; for coordinators."))
@option("--names", is_flag=True, help=N_("Open the voorblad of each; the log keeps that, one by one."))
@option("--purpose", type=PURPOSE, metavar="ID", help=N_("What you need the names for, such as caseload."))
@pass_setting
def list_(setting: Setting, unassigned: bool, names: bool, purpose: PurposeId | None) -> None:  # noqa: FBT001
    """List households."""
    if names and purpose is None:
        raise UsageError("missing-option", option="--purpose")
    desk = context.open_desk(setting)
    found = actions.unassigned(desk) if unassigned else actions.mine(desk)
    rows: list[dict[str, Any]] = [
        {
            "household": row.household,
            "regisseur": row.regisseur,
            "role": row.role,
            "sections": list(row.sections),
            "until": None if row.until is None else write_time(row.until),
        }
        for row in found
    ]
    if names and purpose is not None:
        for row in rows:
            row["name"] = actions.cover(desk, row["household"], purpose)
    head = (
        N_("household"),
        N_("regisseur"),
        N_("role"),
        N_("sections"),
        N_("until"),
        *((N_("name"),) if names else ()),
    )

    def words() -> Any:
        if not rows:
            return [_("No households here for you.")]
        days = ["-" if row.until is None else last_day(desk, row.until) for row in found]
        return table(head, [_cells(row, day, names=names) for row, day in zip(rows, days, strict=True)])

    answer(setting, "household-list", {"households": rows}, words)


def _cells(row: dict[str, Any], until: str, *, names: bool) -> list[str]:
    cells = [
        row["household"],
        row["regisseur"] or "-",
        row["role"],
        ", ".join(row["sections"]),
        until,
    ]
    return [*cells, row["name"] or "-"] if names else cells


@household.command(
    help=N_("Show a household without its content. Its sections, their versions, and who may open what.")
)
@click.argument("household", type=HOUSEHOLD, metavar="H")
@pass_setting
def show(setting: Setting, household: HouseholdId) -> None:
    """Show a household."""
    desk = context.open_desk(setting)
    situation, found = actions.show(desk, household)
    faults = [
        {"entry": position, "reason": reason}
        for book, position, reason in situation.register.faults
        if book == str(household)
    ]
    data = {
        "household": household,
        "regisseur": found.regisseur,
        "opened_at": write_time(found.at),
        "sections": [_section(section) for section in found.sections.values()],
        "grants": [grant.grant for grant in found.grants.values() if grant.live(situation.at)],
        "not_standing": faults,
    }
    answer(setting, "household-show", data, lambda: _shown(found, data))


def _section(section: Section) -> dict[str, Any]:
    last = section.versions[-1] if section.versions else None
    return {
        "section": section.name,
        "version": last.number if last else 0,
        "generation": section.generation,
        "at": write_time(last.at) if last else None,
        "by": last.by if last else None,
        "recipients": [{"role": role, "handle": holder} for role, holder in sorted(section.boxes)],
    }


def _shown(found: Household, data: dict[str, Any]) -> Any:
    yield say("{household}, opened {at}", household=found.household, at=day(found.at))
    yield say("Regisseur: {regisseur}", regisseur=found.regisseur or _("none yet"))
    head = (N_("section"), N_("version"), N_("by"), N_("key"), N_("opens for"))
    rows = [
        (
            s["section"],
            str(s["version"] or "-"),
            s["by"] or "-",
            str(s["generation"]),
            ", ".join(sorted({r["handle"] for r in s["recipients"]})) or "-",
        )
        for s in data["sections"]
    ]
    yield from table(head, rows)
    for fault in data["not_standing"]:
        yield say("CARE: entry {entry} does not stand ({reason}) and changes nothing.", **fault)


@household.command(
    help=N_(
        "Give households another regisseur. Their keys are renewed. With --until it is a stand-in by a grant."
    )
)
@click.argument("words", nargs=-1, required=True, metavar="H... HANDLE")
@option("--from", "from_", type=HANDLE, metavar="HANDLE", help=N_("All households of this regisseur."))
@option("--until", metavar="DATE", help=N_("A stand-in up to this day; the regisseur stays."))
@pass_setting
def assign(setting: Setting, words: tuple[str, ...], from_: Handle | None, until: str | None) -> None:
    """Assign a regisseur."""
    desk = context.open_desk(setting, again=True)
    new = handle(words[-1])
    named = [household_id(word) for word in words[:-1]]
    if bool(named) == bool(from_):
        raise UsageError("households-or-from")
    chosen = named or actions.of_regisseur(desk, from_ or Handle(""))
    last = None if until is None else end_of(desk, until)
    done: list[str] = []
    same: list[str] = []
    left: list[str] = []
    error: DossierError | None = None
    for one in chosen:
        try:
            if last is None and not actions.assign(desk, one, new):
                same.append(one)
                continue
            if last is not None:
                stand_in(desk, one, new, last)
        except DossierError as e:
            if len(chosen) == 1 or e.exit_code in (4, 8, 9):
                raise
            error = e
            left.append(one)
        else:
            done.append(one)
            note(setting, f"{len(done)}/{len(chosen)} {one}")
    data = {
        "regisseur": new,
        "assigned": done,
        "unchanged": same,
        "left": left,
        "until": None if last is None else write_time(last),
    }
    answer(setting, "household-assign", data, lambda: [_assigned(new, done, last is not None)])
    if error is not None:
        raise PartlyDoneError("assign-partly", left=", ".join(left)) from error


def _assigned(new: Handle, done: list[str], stands_in: bool) -> str:  # noqa: FBT001
    if stands_in:
        return say("{handle} stands in for {count} household(s).", handle=new, count=len(done))
    return say(
        "{handle} is regisseur of {count} household(s); their keys are new.", handle=new, count=len(done)
    )
