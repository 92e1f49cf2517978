"""dossier reopen, and log correct-clock: what two persons state when a store or a clock went wrong."""

from typing import Any

import click

from dossier.actions import reopening as actions
from dossier.actions.approvals import Stated
from dossier.actions.members import members
from dossier.cli import context
from dossier.cli.params import Command, many, option
from dossier.cli.render import answer
from dossier.cli.setting import Setting, pass_setting
from dossier.cli.words import N_, _, say
from dossier.errors import UsageError, WaitsError
from dossier.model import Handle, handle


@click.command(
    cls=Command,
    help=N_(
        "Reopen a store that was restored from a backup. A second person approves, and a rotation follows."
    ),
)
@option(
    "--member",
    "confirmed",
    multiple=True,
    callback=many(handle),
    metavar="HANDLE",
    help=N_("Someone who is still a member; all others are suspended by it."),
)
@option("--all-members", is_flag=True, help=N_("Everyone who was active at the backup is still a member."))
@option("--saw", metavar="TEXT", help=N_("What the second person's program said that it saw."))
@pass_setting
def reopen(setting: Setting, confirmed: tuple[Handle, ...], all_members: bool, saw: str | None) -> None:  # noqa: FBT001
    """Reopen a restored store."""
    if bool(confirmed) == all_members:
        raise UsageError("missing-option", option="--member | --all-members")
    others = None if saw is None else actions.Loss.read(saw)
    desk, before = context.open_desk_anew(setting)
    if all_members:
        confirmed = tuple(member.handle for member in members(desk) if member.active)
    stated, size, lost = actions.reopen(desk, before, confirmed, others)
    data = {
        "size": size,
        "known": lost.known,
        "lost": lost.known - size,
        "behind": list(lost.behind),
        "confirmed": list(confirmed),
        "approval": stated.entry.index if stated.waits else None,
    }
    answer(setting, "reopen", data, lambda: _reopened(size, lost, stated))
    if stated.waits:
        raise WaitsError("waits", number=stated.entry.index)


def _reopened(size: int, lost: actions.Loss, stated: Stated) -> Any:
    yield say("The store was put back to {size} entries; {known} were seen.", size=size, known=lost.known)
    yield say("Lost, as far as is known: {count} entries.", count=lost.known - size)
    if lost.behind:
        yield say("Open only after a rekey: {households}", households=", ".join(lost.behind))
    if not stated.waits:
        yield _("Now a beheerder must rotate: dossier keys rotate. Nothing opens before that.")


@click.command("correct-clock", cls=Command, help=N_("Put the log's time right, when a clock was far ahead."))
@click.argument("entry", type=click.IntRange(min=1), metavar="ENTRY")
@pass_setting
def correct_clock(setting: Setting, entry: int) -> None:
    """Name the first entry whose time was wrong."""
    stated = actions.correct_clock(context.open_desk(setting, again=True), entry)
    data = {"entry": entry, "approval": stated.entry.index if stated.waits else None}
    lines = [] if stated.waits else [_("The log's time goes on from this computer's.")]
    answer(setting, "log-correct-clock", data, lambda: lines)
    if stated.waits:
        raise WaitsError("waits", number=stated.entry.index)
