"""dossier log show, verify, checkpoint, vkey, export."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from dossier.actions import logs as actions
from dossier.actions.approvals import subject
from dossier.cli import context
from dossier.cli.params import FINGERPRINT, HANDLE, HOUSEHOLD, Group, Read, option
from dossier.cli.render import answer, day, mark, progress, table
from dossier.cli.reopening import correct_clock
from dossier.cli.setting import Setting, pass_setting
from dossier.cli.words import N_, _, say
from dossier.entry import Entry
from dossier.errors import IntegrityError, UsageError
from dossier.log.report import Report
from dossier.model import Handle, HouseholdId
from dossier.statements import Statement
from keys.encoding import parse_json, to_base64


def moment(text: str) -> datetime:
    """Read a day or a moment; without a zone, in this computer's. Raises UsageError."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as e:
        raise UsageError("bad-date") from e


MOMENT = Read("moment", moment)


@click.group(cls=Group, help=N_("The log: show, verify, export. Who looks into it stands in it too."))
def log() -> None:
    """The log."""


log.add_command(correct_clock)


@log.command(help=N_("Show entries of the log. Your own; a regisseur also those on their households."))
@option("--household", type=HOUSEHOLD, metavar="H", help=N_("Only those on this household."))
@option("--member", type=HANDLE, metavar="HANDLE", help=N_("Only those of this member."))
@option("--since", type=MOMENT, metavar="T", help=N_("From this day or moment on."))
@option("--until", type=MOMENT, metavar="T", help=N_("Up to this day or moment."))
@pass_setting
def show(
    setting: Setting,
    household: HouseholdId | None,
    member: Handle | None,
    since: datetime | None,
    until: datetime | None,
) -> None:
    """Show entries."""
    desk = context.open_desk(setting)
    found = actions.show(desk, household, member, since, until)
    head = (N_("entry"), N_("at"), N_("who"), N_("role"), N_("deed"), N_("on"), N_("purpose"), N_("decision"))
    answer(
        setting,
        "log-show",
        {"entries": [parse_json(entry.line) for entry in found]},
        lambda: table(head, [_row(entry) for entry in found]) if found else [_("No entries.")],
    )


def _row(entry: Entry) -> tuple[str, ...]:
    asked, ruling, statement = entry.signed.request, entry.ruling, entry.signed.statement
    deed = str(asked.deed) if statement is None else statement.kind
    named = (asked.household, asked.section, asked.version, *_about(statement))
    on = " ".join(str(part) for part in named if part)
    decision = _("permitted") if ruling.permitted else say("refused: {reason}", reason=ruling.reason)
    who = (entry.signed.actor, str(entry.signed.role), deed, on or "-", asked.purpose or "-", decision)
    return (str(entry.index), day(entry.at), *who)


def _about(statement: Statement | None) -> Iterator[object]:
    """Name what a statement is about, beside its household: member, section and version, or grant."""
    if statement is None:
        return
    inner = statement.fields.get("statement", statement)
    yield inner.kind if inner is not statement else None
    yield subject(inner) or inner.fields.get("regisseur")
    yield from (inner.fields.get(name) for name in ("section", "version", "grant"))


@log.command(
    help=N_(
        "Check the whole log. Its tree, checkpoints and signatures, every statement, and every copy of one."
    )
)
@option(
    "--against",
    type=click.Path(path_type=Path),
    metavar="NOTE",
    help=N_("A note kept from before: the log must still begin so."),
)
@option(
    "--root",
    type=FINGERPRINT,
    metavar="FP",
    help=N_("The fingerprint of the root card; no token is needed then."),
)
@pass_setting
def verify(setting: Setting, against: Path | None, root: str | None) -> None:
    """Verify the log."""
    older = _note(against)
    store = context.open_store(setting)
    if root is None:
        desk = context.desk_with(setting, store, context.open_keys(setting))
        desk.gate.survey(late=True)  # what this client saw before is held against the log first
        root = desk.memory.root
    with progress(setting, _("Checking")) as tick:
        report = actions.verify(store, root, against=older, progress=tick)
    data = {
        "entries": report.entries,
        "size": report.size,
        "root": to_base64(report.root),
        "ok": report.ok,
        "findings": [_finding(finding) for finding in report.findings],
        "leftovers": list(report.leftovers),
    }
    answer(setting, "log-verify", data, lambda: _verified(report))
    if not report.ok:
        raise IntegrityError("log-findings", count=len(report.findings))


def _note(path: Path | None) -> bytes | None:
    try:
        return None if path is None else path.read_bytes()
    except OSError as e:
        raise UsageError("file-unreadable") from e


def _finding(finding: Any) -> dict[str, Any]:
    index, code, book = finding
    return {"index": index, "code": str(code), "book": book}


def _verified(report: Report) -> Any:
    word = mark("good" if report.ok else "wrong")
    yield f"{word}: " + say(
        "{entries} entries checked, root {root}", entries=report.entries, root=to_base64(report.root)
    )
    if report.findings:
        from dossier.cli.errors.findings import words_of_finding  # noqa: PLC0415 (its words are many, and seldom shown)

        for index, code, book in report.findings:
            yield f"{mark('wrong')}: " + words_of_finding(code, book, index)
    for leftover in report.leftovers:
        yield f"{mark('care')}: " + say("left by a crash, harmless: {leftover}", leftover=leftover)


@log.command(
    help=N_("Print a signed note on the log as it is now. Keep it elsewhere, for `log verify --against`.")
)
@pass_setting
def checkpoint(setting: Setting) -> None:
    """Print the checkpoint."""
    note = actions.checkpoint(context.open_desk(setting)).decode("utf-8")
    answer(setting, "log-checkpoint", {"note": note}, note.splitlines)


@log.command(help=N_("Print the keys that verify the log's notes. One per line, newest last."))
@pass_setting
def vkey(setting: Setting) -> None:
    """Print verifier keys."""
    keys = actions.vkeys(context.open_desk(setting))
    answer(setting, "log-vkey", {"vkeys": keys}, lambda: keys)


@log.command(
    help=N_("Write out all entries of the log. One per line, as they are hashed; for the toezichthouder.")
)
@pass_setting
def export(setting: Setting) -> None:
    """Export entries."""
    lines = list(actions.export(context.open_desk(setting)))
    if setting.json:
        answer(setting, "log-export", {"entries": [parse_json(line) for line in lines]}, list)
        return
    for line in lines:
        sys.stdout.buffer.write(line + b"\n")
