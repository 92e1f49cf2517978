"""dossier approval list, give, refuse."""

from collections.abc import Iterator
from typing import Any

import click

from dossier.actions import approvals as actions
from dossier.actions import gates, reopening
from dossier.cli import context
from dossier.cli.gates import embedded_again
from dossier.cli.params import Group
from dossier.cli.render import answer, day, mark, table
from dossier.cli.setting import Setting, pass_setting
from dossier.cli.words import N_, _, say
from dossier.desk import Desk
from dossier.errors import GONE_BACK, DossierError, IntegrityError, PartlyDoneError, UnreachableError
from dossier.model import write_time
from dossier.register.members import LIFETIME
from dossier.register.register import Proposal
from keys.encoding import fingerprint

_WITH_CARD = ("member.admitted", "member.renewed", "gate.admitted")  # it makes a card active

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
            "card_fingerprint": _card(p),
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
        lambda: _listed(head, waiting) if waiting else [_("Nothing waits for approval.")],
    )


def _card(proposal: Proposal) -> str | None:
    """Give the fingerprint of the card that would come in force: whoever approves it compares it too."""
    card = proposal.statement.fields.get("card")
    return None if card is None else str(card.fingerprint)


def _listed(head: tuple[str, ...], waiting: list[Proposal]) -> Iterator[str]:
    yield from table(
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
    for p in waiting:
        if (card := _card(p)) is not None:
            yield say("Card of number {number}: {fingerprint}", number=p.position, fingerprint=card)


@approval.command(
    help=N_("Approve: it takes effect at once. You are the second person, so look well at what it is.")
)
@number_argument
@pass_setting
def give(setting: Setting, number: int) -> None:
    """Approve."""
    try:
        desk = context.open_desk(setting, again=True)
        entry, proposal = actions.give(desk, number)
    except (IntegrityError, UnreachableError) as e:
        if e.code not in GONE_BACK:
            raise
        _give_restored(setting, number)
        return
    statement = proposal.statement
    welcome = fingerprint(entry.leaf) if statement.kind in _WITH_CARD else None
    data = {"number": number, "what": statement.kind, "about": actions.subject(statement), "welcome": welcome}
    lines = [say("Approved: {what} ({about}).", what=statement.kind, about=data["about"] or "-")]
    if welcome is not None:
        lines.append(say("Welcome code for them, to hand over yourself: {welcome}", welcome=welcome))
    if statement.kind in ("gate.adopted", "gate.left"):
        _go_on(setting, desk, data, lines)
        return
    answer(setting, "approval-give", data, lambda: lines)


def _go_on(setting: Setting, desk: Desk, data: dict[str, Any], lines: list[str]) -> None:
    """Rotate at once, where a gate that came or went makes that due.

    Raises:
        PartlyDoneError: the approval stands, and the rotation was not finished.
    """
    register = desk.gate.register
    awaited, served = register.rotation_awaited, register.served
    try:
        rotated, trouble = gates.go_on(desk), None
    except DossierError as e:
        rotated, trouble = None, e
    if awaited and not served:
        lines.append(embedded_again())
    if rotated is not None:
        text = say("epoch {epoch} is in force, with {boxes} boxes.", **rotated._asdict())
        lines.append(f"{mark('good')}: {text}")
    if rotated is not None and awaited and served:
        lines.append(_("From here on members come in by the gate's address: it goes into --store."))
    data["epoch"] = None if rotated is None else rotated.epoch
    answer(setting, "approval-give", data, lambda: lines)
    if trouble is not None:
        why = ("awaited" if served else "embedded") if awaited else None
        raise PartlyDoneError("rotation-left", why=why) from trouble


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
