"""dossier member admit, list, roles, suspend, restore."""

from pathlib import Path
from typing import Any

import click

from dossier.actions import members as actions
from dossier.actions.approvals import Stated
from dossier.actions.boxes import box_slots_of, box_what_is_due
from dossier.cli import context
from dossier.cli.leaving import leave, renew
from dossier.cli.params import FINGERPRINT, HANDLE, REASON, Group, many, option, role
from dossier.cli.places import read_card_file
from dossier.cli.render import answer, day, table
from dossier.cli.setting import Setting, pass_setting
from dossier.cli.words import N_, _, say
from dossier.errors import UsageError, WaitsError
from dossier.model import Handle, Role, write_time
from dossier.register.members import Member
from keys.encoding import fingerprint as fingerprint_of

reason_option = option(
    "--reason", required=True, type=REASON, metavar="CODE", help=N_("Why: a reason code from the policy.")
)


@click.group(cls=Group, help=N_("Members: admit, list, give roles, suspend, restore, renew, let go."))
def member() -> None:
    """Members."""


member.add_command(leave)
member.add_command(renew)


@member.command(help=N_("Admit the holder of a card. They have told you its fingerprint themselves."))
@click.argument("card_file", type=click.Path(path_type=Path), metavar="CARDFILE")
@option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    callback=many(role),
    metavar="ROLE",
    help=N_("A role that they get."),
)
@option(
    "--fingerprint",
    required=True,
    type=FINGERPRINT,
    metavar="FP",
    help=N_("The fingerprint that they told you."),
)
@pass_setting
def admit(setting: Setting, card_file: Path, roles: tuple[Role, ...], fingerprint: str) -> None:
    """Admit a member."""
    data = read_card_file(card_file)
    desk = context.open_desk(setting, again=True)
    stated, card = actions.admit(desk, data, list(roles), fingerprint)
    welcome = None if stated.waits else fingerprint_of(stated.entry.leaf)
    rows = {"handle": card.handle, "roles": list(roles), "welcome": welcome, **_waiting(stated)}
    answer(
        setting,
        "member-admit",
        rows,
        lambda: (
            []
            if stated.waits
            else [
                say(
                    "{person} ({org}) is admitted as {handle}: {roles}.",
                    person=card.person,
                    org=card.org,
                    handle=card.handle,
                    roles=", ".join(roles),
                ),
                say("Welcome code for them, to hand over yourself: {welcome}", welcome=welcome),
            ]
        ),
    )
    _wait(stated)


def _waiting(stated: Stated) -> dict[str, Any]:
    return {"approval": stated.entry.index if stated.waits else None}


def _wait(stated: Stated) -> None:
    """Say that it waits, with exit code 7."""
    if stated.waits:
        raise WaitsError("waits", number=stated.entry.index)


def _state(member: Member) -> str:
    """Say what a member is, for programs."""
    return "active" if member.active else "left" if member.left else "suspended"


@member.command("list", help=N_("List everyone ever admitted."))
@pass_setting
def list_(setting: Setting) -> None:
    """List members."""
    desk = context.open_desk(setting)
    members = actions.members(desk)
    gates = list(desk.gate.register.gates)
    rows = [
        {
            "handle": m.handle,
            "person": m.card.person,
            "org": m.card.org,
            "roles": sorted(m.roles),
            "state": _state(m),
            "card_fingerprint": m.fingerprint,
            "admitted_by": m.admitted_by,
            "at": write_time(m.admitted_at),
        }
        for m in members
    ]
    head = (
        N_("handle"),
        N_("person"),
        N_("organisation"),
        N_("roles"),
        N_("state"),
        N_("admitted"),
        N_("by"),
    )
    states = {"active": _("active"), "suspended": _("suspended"), "left": _("left")}
    answer(
        setting,
        "member-list",
        {"members": rows, "gates": gates},
        lambda: [
            *table(
                head,
                [
                    (
                        m.handle,
                        m.card.person,
                        m.card.org,
                        ", ".join(sorted(m.roles)),
                        states[_state(m)],
                        day(m.admitted_at),
                        m.admitted_by,
                    )
                    for m in members
                ],
            ),
            *(
                [say("Beside these, gates: {gates}. See: dossier gate list", gates=", ".join(gates))]
                * bool(gates)
            ),
        ],
    )


@member.command(help=N_("Give or take roles. A role taken away ends what was given for it."))
@click.argument("handle", type=HANDLE, metavar="HANDLE")
@option("--add", multiple=True, callback=many(role), metavar="ROLE", help=N_("A role to give."))
@option("--remove", multiple=True, callback=many(role), metavar="ROLE", help=N_("A role to take away."))
@pass_setting
def roles(setting: Setting, handle: Handle, add: tuple[Role, ...], remove: tuple[Role, ...]) -> None:
    """Change roles."""
    if not add and not remove:
        raise UsageError("missing-option", option="--add | --remove")
    desk = context.open_desk(setting, again=True)
    stated = actions.change_roles(desk, handle, list(add), list(remove))
    data = {"handle": handle, "add": list(add), "remove": list(remove), **_waiting(stated)}
    answer(
        setting,
        "member-roles",
        data,
        lambda: _done(stated, say("The roles of {handle} are changed.", handle=handle)),
    )
    _wait(stated)


def _done(stated: Stated, *lines: str) -> list[str]:
    return [] if stated.waits else list(lines)


@member.command(help=N_("Suspend a member. From their next command on, nothing opens for them."))
@click.argument("handle", type=HANDLE, metavar="HANDLE")
@reason_option
@pass_setting
def suspend(setting: Setting, handle: Handle, reason: str) -> None:
    """Suspend a member."""
    desk = context.open_desk(setting, again=True)
    stated = actions.suspend(desk, handle, reason)
    rotate = [] if handle not in desk.gate.register.to_rotate_out else ["rotate"]
    due = [] if stated.waits else [*rotate, "rekey"]
    data = {"handle": handle, "reason": reason, "due": due, **_waiting(stated)}
    answer(
        setting,
        "member-suspend",
        data,
        lambda: _done(
            stated,
            say("{handle} is suspended.", handle=handle),
            _("What they copied or opened before, they still have."),
            *([_("Now a beheerder must rotate the gate's key: dossier keys rotate")] if rotate else []),
            _("And their households need new keys: dossier keys rekey --all, or revoke and assign."),
        ),
    )
    _wait(stated)


@member.command(help=N_("Undo a suspension. The member has their roles again."))
@click.argument("handle", type=HANDLE, metavar="HANDLE")
@reason_option
@pass_setting
def restore(setting: Setting, handle: Handle, reason: str) -> None:
    """Restore a member."""
    desk = context.open_desk(setting, again=True)
    stated = actions.restore(desk, handle, reason)
    if not stated.waits:
        box_what_is_due(desk)
        box_slots_of(desk, handle)
    data = {"handle": handle, "reason": reason, **_waiting(stated)}
    answer(
        setting,
        "member-restore",
        data,
        lambda: _done(stated, say("{handle} is active again.", handle=handle)),
    )
    _wait(stated)
