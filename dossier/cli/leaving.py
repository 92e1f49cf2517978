"""dossier member leave, and member renew for a token that was lost."""

from pathlib import Path
from typing import Any

import click

from dossier.actions import leaving as actions
from dossier.actions import renewing
from dossier.actions.approvals import Stated
from dossier.cli import context
from dossier.cli.params import FINGERPRINT, HANDLE, REASON, Command, option
from dossier.cli.places import read_card_file
from dossier.cli.render import answer, day, progress, table
from dossier.cli.setting import Setting, pass_setting
from dossier.cli.words import N_, _, say
from dossier.errors import PartlyDoneError, WaitsError
from dossier.model import Handle, write_time
from keys.encoding import fingerprint as fingerprint_of


@click.command(
    cls=Command,
    help=N_(
        "Let a member go for good. What they could open is told, and closed; what cannot be undone is said."
    ),
)
@click.argument("handle", type=HANDLE, metavar="HANDLE")
@option(
    "--reason", required=True, type=REASON, metavar="CODE", help=N_("Why: a reason code from the policy.")
)
@option("--plan", is_flag=True, help=N_("Tell what they could open and did, and change nothing."))
@pass_setting
def leave(setting: Setting, handle: Handle, reason: str, plan: bool) -> None:  # noqa: FBT001
    """Let a member go."""
    desk = context.open_desk(setting, again=not plan)
    found = actions.report(desk, handle)
    data: dict[str, Any] = _data(found)
    if plan:
        answer(setting, "member-leave-plan", data, lambda: _report(found))
        return
    stated = actions.let_go(desk, handle, reason)
    if stated is not None and stated.waits:
        answer(setting, "member-leave", {**data, "approval": stated.entry.index}, list)
        raise WaitsError("waits", number=stated.entry.index)
    with progress(setting, _("Rekeying")) as tick:
        done = actions.close(desk, found, tick)
    data |= {
        "approval": None,
        "rekeyed": list(done.rekeyed),
        "left": list(done.left),
        "coordination": done.number,
    }
    rotate = handle in desk.gate.register.to_rotate_out
    answer(setting, "member-leave", data, lambda: [*_report(found), *_closed(found, done, rotate=rotate)])
    if done.left:
        raise PartlyDoneError("partly-rekeyed", left=len(done.left))
    if not found.looked:
        raise PartlyDoneError("partly-left", handle=handle)


def _data(found: actions.Leaving) -> dict[str, Any]:
    return {
        "handle": found.handle,
        "roles": list(found.roles),
        "reach": [row._asdict() for row in found.reach],
        "opened": [{**row._asdict(), "at": write_time(row.at)} for row in found.opened],
        "directs": list(found.directs),
        "looked": found.looked,
    }


def _report(found: actions.Leaving) -> Any:
    roles = ", ".join(found.roles) or "-"
    if not found.looked:
        yield say(
            "{handle} ({roles}): what they can open, a coordinator sees.", handle=found.handle, roles=roles
        )
        return
    yield say("{handle} ({roles}) can open:", handle=found.handle, roles=roles)
    head = (N_("household"), N_("section"), N_("versions"), N_("right"))
    yield from table(head, [(r.household, r.section, str(r.versions), r.right) for r in found.reach])
    yield _("They opened, as the log has it:")
    names = (N_("household"), N_("section"), N_("version"), N_("purpose"), N_("at"))
    yield from table(
        names, [(o.household, o.section, str(o.version), o.purpose, day(o.at)) for o in found.opened]
    )
    if found.directs:
        yield say("Without a regisseur then: {households}", households=", ".join(found.directs))


def _closed(found: actions.Leaving, done: actions.Left, *, rotate: bool) -> Any:
    if found.looked:
        count = len(done.rekeyed)
        yield say("{handle} has left. Households with new keys: {count}.", handle=found.handle, count=count)
    else:
        yield say("{handle} has left.", handle=found.handle)
    if done.number is not None:
        yield say("The team has a new card, number {number}.", number=done.number)
    if rotate:
        yield _("Now a beheerder must rotate the gate's key: dossier keys rotate")
    yield _("What they opened or copied before, they still have: that cannot be undone.")


@click.command(
    cls=Command,
    help=N_("Give a member who lost their token a new card. It waits for a second person."),
)
@click.argument("handle", type=HANDLE, metavar="HANDLE")
@click.argument("card_file", type=click.Path(path_type=Path), metavar="CARDFILE")
@option(
    "--fingerprint",
    required=True,
    type=FINGERPRINT,
    metavar="FP",
    help=N_("The fingerprint that they told you."),
)
@pass_setting
def renew(setting: Setting, handle: Handle, card_file: Path, fingerprint: str) -> None:
    """Renew a lost token's card."""
    data = read_card_file(card_file)
    desk = context.open_desk(setting, again=True)
    stated, card = renewing.renew(desk, handle, data, fingerprint)
    waits = stated is not None and stated.waits
    leaf, boxed = (b"", 0) if waits else renewing.box_again(desk, handle)
    welcome = None if waits else fingerprint_of(leaf)
    rows = {"handle": card.handle, "welcome": welcome, "boxed": boxed, "approval": _number(stated)}
    answer(
        setting,
        "member-renew",
        rows,
        lambda: (
            []
            if waits
            else [
                say("{handle} has a new card.", handle=card.handle),
                say("Welcome code for them, to hand over yourself: {welcome}", welcome=welcome),
                _("Whoever has the lost token may have its keys: a beheerder must rotate."),
            ]
        ),
    )
    if stated is not None and stated.waits:
        raise WaitsError("waits", number=stated.entry.index)


def _number(stated: Stated | None) -> int | None:
    return stated.entry.index if stated is not None and stated.waits else None
