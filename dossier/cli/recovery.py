"""dossier keys recovery split, verify, restore."""

from pathlib import Path
from typing import Any

import click

from dossier.actions import recovery as actions
from dossier.actions.members import read_card
from dossier.cli import context, shares
from dossier.cli.params import FINGERPRINT, Group, option
from dossier.cli.places import read_card_file
from dossier.cli.render import answer
from dossier.cli.setting import Setting, pass_setting
from dossier.cli.words import N_, _, say
from dossier.errors import UsageError, WaitsError
from keys.encoding import fingerprint as fingerprint_of
from keys.errors import WrongShareError
from keys.recovery import Share

# What is due once the recovery card was used, as `keys status` names it, and the command for it.
_DUE = {
    "rotate": "dossier keys rotate",
    "renew-coordination": "dossier keys rekey --coordination",
    "rekey": "dossier keys rekey --all",
    "split-recovery": "dossier keys recovery split",
}
share_files = option(
    "--share-file",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=N_("Read a share from a file that only you can read; left out, shares are asked."),
)


@click.group(
    cls=Group, help=N_("Recovery: shares with which custodians admit a coordinator when none is left.")
)
def recovery() -> None:
    """Recovery."""


@recovery.command(
    help=N_("Make a recovery card and share it among custodians. One made before counts no more.")
)
@option("--threshold", required=True, type=int, metavar="K", help=N_("How many custodians are needed."))
@option("--shares", "count", required=True, type=int, metavar="N", help=N_("How many custodians there are."))
@option(
    "--out-folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help=N_("Write each share in a file of its own, in a new folder, instead of showing it."),
)
@pass_setting
def split(setting: Setting, threshold: int, count: int, out_folder: Path | None) -> None:
    """Split a new recovery card."""
    if out_folder is None and (setting.json or not setting.asking()):
        raise UsageError("missing-option", option="--out-folder")
    hand_out = shares.to_screen(threshold) if out_folder is None else shares.to_folder(out_folder)
    desk = context.open_desk(setting, again=True)
    _shares, stated = actions.split(desk, threshold, count, hand_out)
    statement = stated.entry.signed.statement
    assert statement is not None  # noqa: S101 (it was just made)
    card = (statement["statement"] if stated.waits else statement)["card"]
    data = {
        "handle": card.handle,
        "card_fingerprint": card.fingerprint,
        "threshold": threshold,
        "shares": count,
        "folder": None if out_folder is None else str(out_folder),
        "approval": stated.entry.index if stated.waits else None,
    }
    answer(setting, "keys-recovery-split", data, lambda: _split(data))
    if stated.waits:
        raise WaitsError("waits", number=stated.entry.index)


def _split(data: dict[str, Any]) -> list[str]:
    lines = []
    if data["folder"] is not None:
        lines.append(
            say("The shares are in {folder}. Give each custodian theirs, and destroy the files.", **data)
        )
    if data["approval"] is not None:
        return [*lines, _("The shares open nothing until a second person has approved their card.")]
    return [
        *lines,
        say("The recovery card is in force: any {threshold} of the {shares} shares do it.", **data),
        say("Its fingerprint: {fingerprint}", fingerprint=data["card_fingerprint"]),
        _("Try all shares now: dossier keys recovery verify"),
    ]


@recovery.command(help=N_("Try shares: each by itself, and enough of them together. Nothing is changed."))
@share_files
@pass_setting
def verify(setting: Setting, files: tuple[Path, ...]) -> None:
    """Try shares."""
    desk = context.open_desk(setting)
    found = actions.verify(desk, shares.given(setting, files))
    ready = found.together and found.trouble is None
    data = {
        "shares": [_row(share) for share in found.shares],
        "together": found.together,
        "ready": ready,
        "trouble": None if found.trouble is None else found.trouble.code,
    }
    answer(setting, "keys-recovery-verify", data, lambda: _verified(found))
    if found.trouble is not None:
        raise found.trouble


def _row(share: Share | WrongShareError) -> dict[str, Any]:
    if isinstance(share, WrongShareError):
        return {"good": False, "why": share.why, "set": None, "number": None, "threshold": None}
    return {"good": True, "why": None, **share._asdict()}


def _verified(found: actions.Verified) -> list[str]:
    lines = [
        _("A share cannot be right.") if isinstance(share, WrongShareError) else shares.reads_well(share)
        for share in found.shares
    ]
    if found.trouble is None and found.together:
        lines.append(
            _("Together they are the recovery card in force: with them a coordinator can be admitted.")
        )
    elif found.trouble is None:
        lines.append(_("These are too few to try them together."))
    return lines


@recovery.command(
    help=N_("Admit a new coordinator with the shares of the custodians. Every coordinator is told.")
)
@click.argument("card_file", type=click.Path(path_type=Path), metavar="CARDFILE")
@option(
    "--fingerprint",
    required=True,
    type=FINGERPRINT,
    metavar="FP",
    help=N_("The fingerprint that they told you."),
)
@share_files
@pass_setting
def restore(setting: Setting, card_file: Path, fingerprint: str, files: tuple[Path, ...]) -> None:
    """Admit a coordinator by the recovery card."""
    card = read_card(read_card_file(card_file), fingerprint)
    desk = context.open_desk(setting, again=True)
    needed = actions.in_force(desk).threshold
    entry = actions.restore(desk, card, shares.given(setting, files, needed))
    data = {
        "handle": card.handle,
        "card_fingerprint": card.fingerprint,
        "welcome": fingerprint_of(entry.leaf),
        "entry": entry.index,
        "due": list(_DUE),
    }
    answer(setting, "keys-recovery-restore", data, lambda: _restored(data, f"{card.person} ({card.org})"))


def _restored(data: dict[str, Any], who: str) -> list[str]:
    return [
        say("{who} is admitted as coordinator, under the handle {handle}.", who=who, handle=data["handle"]),
        say("Welcome code for them, to hand over yourself: {welcome}", welcome=data["welcome"]),
        _("Every coordinator is told at their next command. For 30 days the new one approves nothing."),
        _("The recovery card is used up. Due now, by a beheerder and by the new coordinator:"),
        *(f"  {command}" for command in _DUE.values()),
    ]
