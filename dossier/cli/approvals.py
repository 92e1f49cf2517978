"""dossier approval list, give, refuse."""

import click

from dossier.actions import approvals as actions
from dossier.actions import reopening
from dossier.cli import context
from dossier.cli.params import Group
from dossier.cli.render import answer, day, table
from dossier.cli.setting import Setting, pass_setting
from dossier.cli.words import N_, _, say
from dossier.errors import GONE_BACK, IntegrityError, UnreachableError
from dossier.model import write_time
from dossier.register.members import LIFETIME
from keys.encoding import fingerprint

number_argument = click.argument("number", type=click.IntRange(min=0), metavar="N")


@click.group(cls=Group, help=N_("Approvals: what waits for a second person."))
def approval() -> None:
    """Approvals."""


@approval.command("list", help=N_("List what waits for a second person."))
@pass_setting
def list_(setting: Setting) -> None:
    """List what waits."""
    waiting = actions.waiting(context.open_desk(setting))
    rows = [
        {
            "number": p.position,
            "what": p.statement.kind,
            "about": actions.subject(p.statement),
            "by": p.signer,
            "at": write_time(p.at),
            "until": write_time(p.at + LIFETIME),
        }
        for p in waiting
    ]
    head = (N_("number"), N_("what"), N_("about"), N_("by"), N_("until"))
    answer(
        setting,
        "approval-list",
        {"approvals": rows},
        lambda: (
            table(
                head,
                [
                    (
                        str(p.position),
                        p.statement.kind,
                        actions.subject(p.statement) or "-",
                        p.signer,
                        day(p.at + LIFETIME),
                    )
                    for p in waiting
                ],
            )
            if waiting
            else [_("Nothing waits for approval.")]
        ),
    )


@approval.command(
    help=N_("Approve: it takes effect at once. You are the second person, so look well at what it is.")
)
@number_argument
@pass_setting
def give(setting: Setting, number: int) -> None:
    """Approve."""
    try:
        entry, proposal = actions.give(context.open_desk(setting, again=True), number)
    except (IntegrityError, UnreachableError) as e:
        if e.code not in GONE_BACK:
            raise
        _give_restored(setting, number)
        return
    statement = proposal.statement
    welcome = fingerprint(entry.leaf) if statement.kind in ("member.admitted", "member.renewed") else None
    data = {"number": number, "what": statement.kind, "about": actions.subject(statement), "welcome": welcome}
    lines = [say("Approved: {what} ({about}).", what=statement.kind, about=data["about"] or "-")]
    if welcome is not None:
        lines.append(say("Welcome code for them, to hand over yourself: {welcome}", welcome=welcome))
    answer(setting, "approval-give", data, lambda: lines)


def _give_restored(setting: Setting, number: int) -> None:
    """Approve that the store was put back: for a client that remembers more than there is."""
    desk, before = context.open_desk_anew(setting)
    reopening.approve(desk, before, number)
    data = {"number": number, "what": "store.restored", "about": None, "welcome": None}
    text = _("Now a beheerder must rotate: dossier keys rotate. Nothing opens before that.")
    answer(setting, "approval-give", data, lambda: [say("Approved: {what} ({about}).", **data), text])


@approval.command(help=N_("Refuse: it ends, and changes nothing."))
@number_argument
@pass_setting
def refuse(setting: Setting, number: int) -> None:
    """Refuse."""
    proposal = actions.refuse(context.open_desk(setting, again=True), number)
    data = {"number": number, "what": proposal.statement.kind, "about": actions.subject(proposal.statement)}
    answer(setting, "approval-refuse", data, lambda: [say("Refused: {what}.", what=proposal.statement.kind)])
