"""dossier gate new, admit, adopt, leave, list."""

from collections.abc import Iterator
from pathlib import Path

import click

from dossier.actions import gates as actions
from dossier.actions.approvals import Stated
from dossier.cli import context
from dossier.cli.params import FINGERPRINT, HANDLE, REASON, Group, option
from dossier.cli.places import read_card_file
from dossier.cli.render import answer, day, mark, table
from dossier.cli.setting import Setting, pass_setting
from dossier.cli.token import draw
from dossier.cli.words import N_, _, say
from dossier.errors import WaitsError
from dossier.model import Handle, write_time
from dossier.register.members import GateMember
from keys.encoding import fingerprint as fingerprint_of

handle_argument = click.argument("handle", type=HANDLE, metavar="HANDLE")


@click.group(cls=Group, help=N_("Gates: have the store served, so that nobody can read unlogged."))
def gate() -> None:
    """Gates."""


@gate.command(help=N_("Make a token for a gate, and a card to hand to a coordinator."))
@option("--handle", required=True, type=HANDLE, metavar="HANDLE", help=N_("The short name of this gate."))
@option("--person", required=True, metavar="NAME", help=N_("What it is, such as `gate 1`."))
@option("--org", required=True, metavar="ORG", help=N_("The organisation that runs it."))
@option(
    "--card-out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=N_("The file for the card, which must not exist yet."),
)
@pass_setting
def new(setting: Setting, handle: str, person: str, org: str, card_out: Path) -> None:
    """Draw keys; write the token and the card."""
    path, card = draw(setting, handle, person, org, card_out)
    data = {"token": str(path), "card": str(card_out), "card_fingerprint": card.fingerprint}
    answer(
        setting,
        "gate-new",
        data,
        lambda: [
            say("The gate's token: {token}", token=path),
            say("The gate's card: {card}", card=card_out),
            say("Its fingerprint: {fingerprint}", fingerprint=card.fingerprint),
            _("Hand the card to a coordinator. Tell them the fingerprint yourself, by voice or on paper."),
        ],
    )


@gate.command(help=N_("Admit a gate by its card. Whoever runs it has told you the fingerprint themselves."))
@click.argument("card_file", type=click.Path(path_type=Path), metavar="CARDFILE")
@option(
    "--fingerprint",
    required=True,
    type=FINGERPRINT,
    metavar="FP",
    help=N_("The fingerprint that they told you."),
)
@pass_setting
def admit(setting: Setting, card_file: Path, fingerprint: str) -> None:
    """Admit a gate."""
    data = read_card_file(card_file)
    desk = context.open_desk(setting, again=True)
    stated, card = actions.admit(desk, data, fingerprint)
    welcome = None if stated.waits else fingerprint_of(stated.entry.leaf)
    rows = {"handle": card.handle, "welcome": welcome, "approval": _number(stated)}
    lines = [
        say("{handle} is admitted as a gate: {person} ({org}).", **card._asdict()),
        say("Welcome code for it, to hand over yourself: {welcome}", welcome=welcome),
    ]
    answer(setting, "gate-admit", rows, lambda: [] if stated.waits else lines)
    _wait(stated)


@gate.command(help=N_("Let a gate serve the store. A rotation follows, and no member keeps the gate's key."))
@handle_argument
@pass_setting
def adopt(setting: Setting, handle: Handle) -> None:
    """Adopt a gate."""
    desk = context.open_desk(setting, again=True)
    stated = actions.adopt(desk, handle)
    due = [] if stated.waits else ["rotate"]
    data = {"handle": handle, "due": due, "approval": _number(stated)}
    lines = [say("{handle} serves this store.", handle=handle), *until_rotated()]
    answer(setting, "gate-adopt", data, lambda: [] if stated.waits else lines)
    _wait(stated)


@gate.command(
    help=N_("Let a gate go for good. With the last one the store is embedded again, and a rotation follows.")
)
@handle_argument
@option(
    "--reason", required=True, type=REASON, metavar="CODE", help=N_("Why: a reason code from the policy.")
)
@pass_setting
def leave(setting: Setting, handle: Handle, reason: str) -> None:
    """Let a gate go."""
    desk = context.open_desk(setting, again=True)
    stated = actions.leave(desk, handle, reason)
    register = desk.gate.register
    due = ["rotate"] if not stated.waits and actions.rotation_due(register) else []
    data = {"handle": handle, "reason": reason, "due": due, "approval": _number(stated)}
    answer(setting, "gate-leave", data, lambda: [] if stated.waits else _gone(handle, due, register.served))
    _wait(stated)


def _gone(handle: Handle, due: list[str], served: bool) -> Iterator[str]:  # noqa: FBT001
    yield say("{handle} has left.", handle=handle)
    if due and served:
        yield _("Now a beheerder must rotate the gate's key: dossier keys rotate")
    elif due:
        yield embedded_again()
        yield from until_rotated()


def embedded_again() -> str:
    """Say what it means that no gate serves the store any more."""
    return _("No gate serves this store now: a program of one's own can read unlogged what its keys reach.")


def until_rotated() -> list[str]:
    """Say what waits for the rotation, and who makes it."""
    return [_("Until a beheerder rotates the gate's key, nothing can be written: dossier keys rotate")]


def _number(stated: Stated) -> int | None:
    return stated.entry.index if stated.waits else None


def _wait(stated: Stated) -> None:
    """Say that it waits, with exit code 7."""
    if stated.waits:
        raise WaitsError("waits", number=stated.entry.index)


def state_of(found: GateMember) -> str:
    """Say what a gate is, for programs."""
    if found.left:
        return "left"
    return "admitted" if found.adopted is None else "adopted"


@gate.command("list", help=N_("List every gate ever admitted, and whether the store is served."))
@pass_setting
def list_(setting: Setting) -> None:
    """List gates."""
    found = actions.gates(context.open_desk(setting))
    rows = [
        {
            "handle": one.card.handle,
            "person": one.card.person,
            "org": one.card.org,
            "state": state_of(one),
            "boxed": one.card.handle in found.boxed,
            "card_fingerprint": one.fingerprint,
            "admitted_by": one.by,
            "at": write_time(one.at),
        }
        for one in found.gates
    ]
    data = {"served": found.served, "rotation_awaited": found.rotation_awaited, "gates": rows}
    answer(setting, "gate-list", data, lambda: _listed(found))


def _listed(found: actions.Gates) -> Iterator[str]:
    states = {"admitted": _("admitted"), "adopted": _("serves"), "left": _("left")}
    head = (N_("handle"), N_("what"), N_("organisation"), N_("state"), N_("admitted"), N_("by"))
    rows = [
        (g.card.handle, g.card.person, g.card.org, states[state_of(g)], day(g.at), g.by) for g in found.gates
    ]
    if rows:
        yield from table(head, rows)
    if found.served:
        yield _("This store is served: members reach it by the gate's address, as --store.")
    else:
        yield _("This store is embedded: no gate serves it.")
    if found.rotation_awaited:
        yield from (f"{mark('care')}: {line}" for line in until_rotated())
