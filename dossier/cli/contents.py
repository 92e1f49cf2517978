"""dossier read, write, edit, history."""

import io
import os
import sys
from pathlib import Path
from typing import Any, BinaryIO

import click

from dossier.actions import contents as actions
from dossier.cli import context
from dossier.cli.params import HOUSEHOLD, PURPOSE, PURPOSE_HELP, SECTION, Command, option
from dossier.cli.places import check_free
from dossier.cli.render import answer, day, safe, table
from dossier.cli.setting import Setting, pass_setting
from dossier.cli.words import N_, say
from dossier.errors import ConflictError, NotFoundError, UnreachableError, UsageError
from dossier.model import MEDIA_TYPES, HouseholdId, PurposeId, SectionName, write_time
from dossier.receipt import Receipt
from dossier.vault import Written

household = click.argument("household", type=HOUSEHOLD, metavar="H")
section = click.argument("section", type=SECTION, metavar="SECTION")
purpose = option("--purpose", required=True, type=PURPOSE, metavar="ID", help=PURPOSE_HELP)


@click.command(
    cls=Command, help=N_("Open a section, for a purpose. The log says so before you see anything of it.")
)
@household
@section
@purpose
@option("--version", "version", type=int, metavar="N", help=N_("An earlier version; left out, the last."))
@option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=N_("Write it to this file, which must not exist yet."),
)
@pass_setting
def read(
    setting: Setting,
    household: HouseholdId,
    section: SectionName,
    purpose: PurposeId,
    version: int | None,
    out: Path | None,
) -> None:
    """Read a section."""
    if out is not None:
        check_free(out)
    desk = context.open_desk(setting)
    content = io.BytesIO()  # whole, or nothing: it is shown only when all of it has been checked
    receipt = actions.read(desk, household, section, purpose, content, version)
    data = content.getvalue()
    if out is not None:
        _write_out(out, data)
    if setting.json:
        answer(setting, "read", _described(receipt, None if out else data), list)
    elif out is None:
        _show(data)


def _described(receipt: Receipt, data: bytes | None) -> dict[str, Any]:
    written = receipt.written
    assert written is not None  # noqa: S101 (a receipt for reading)
    described: dict[str, Any] = {
        "household": receipt.household,
        "section": receipt.section,
        "version": receipt.version,
        "media_type": written.media_type,
        "by": written.by,
        "at": write_time(written.at),
        "entry": receipt.index,
    }
    if data is not None:
        described |= _as_text(data)
    return described


def _as_text(data: bytes) -> dict[str, str]:
    """Give a content as text where it is text, else in base64."""
    import base64  # noqa: PLC0415 (only for JSON)

    try:
        return {"content": data.decode("utf-8")}
    except UnicodeDecodeError:
        return {"content_base64": base64.b64encode(data).decode("ascii")}


def _show(data: bytes) -> None:
    """Write a content to stdout as it is; on a terminal only text, and nothing that could steer it."""
    if not sys.stdout.isatty():
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as e:
        raise UsageError("not-text") from e
    click.echo(safe(text), nl=not text.endswith("\n"))


def _write_out(out: Path, data: bytes) -> None:
    """Write a content to a new file that only its owner reads; where that fails, there is none."""
    from dossier.storage.durable import create, write_all  # noqa: PLC0415 (only with --out)

    try:
        fd = create(out)
    except OSError as e:
        raise UnreachableError("file-unwritable") from e
    try:
        write_all(fd, data)
        os.fsync(fd)
    except OSError as e:
        out.unlink(missing_ok=True)
        raise UnreachableError("file-unwritable") from e
    finally:
        os.close(fd)


@click.command(cls=Command, help=N_("Write the next version of a section. From a file, or from stdin."))
@household
@section
@click.argument("file", metavar="[FILE|-]", default="-")
@purpose
@option(
    "--media-type",
    type=click.Choice(MEDIA_TYPES),
    metavar="TYPE",
    help=N_("What it is, such as text/markdown or application/pdf; left out, guessed."),
)
@option("--after", type=int, metavar="N", help=N_("Only if N is the last version."))
@pass_setting
def write(
    setting: Setting,
    household: HouseholdId,
    section: SectionName,
    file: str,
    purpose: PurposeId,
    media_type: str | None,
    after: int | None,
) -> None:
    """Write a section."""
    source = io.BytesIO(content_of(file))
    desk = context.open_desk(setting)
    kind = media_type or guess(file, source)
    written = actions.write(desk, household, section, purpose, source, kind, after)
    _written(setting, "write", household, section, written)


def _written(
    setting: Setting, schema: str, household: HouseholdId, section: SectionName, written: Written
) -> None:
    data = {
        "household": household,
        "section": section,
        "version": written.version,
        "digest": written.digest,
        "entry": written.entry.index,
    }
    answer(
        setting,
        schema,
        data,
        lambda: [say("Version {version} of {section} is written (entry {entry}).", **data)],
    )


def content_of(file: str) -> bytes:
    """Read a content from a file, or from stdin for `-`. Raises UsageError."""
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as e:
        raise UsageError("file-unreadable") from e


def guess(file: str, source: BinaryIO) -> str:
    """Guess a media type from what the content is: text when it is, else bytes."""
    by_name = {".md": "text/markdown", ".pdf": "application/pdf", ".json": "application/json"}
    data = source.read()
    source.seek(0)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return by_name.get(Path(file).suffix, "application/octet-stream")
    return by_name.get(Path(file).suffix, "text/plain")


@click.command(
    cls=Command, help=N_("Edit a section in your own editor. The text stays in memory, off the disk.")
)
@household
@section
@purpose
@pass_setting
def edit(setting: Setting, household: HouseholdId, section: SectionName, purpose: PurposeId) -> None:
    """Read, edit, write after the version that was read."""
    from dossier.cli.editor import edited  # noqa: PLC0415 (who reads does not wait for what starts programs)

    desk = context.open_desk(setting)
    content = io.BytesIO()
    last, kind = 0, "text/plain"
    try:
        receipt = actions.read(desk, household, section, purpose, content)
    except NotFoundError as e:
        if e.code != "nothing-written":
            raise
    else:
        last = receipt.version
        kind = receipt.written.media_type if receipt.written else kind
    before = content.getvalue()
    after = edited(before)
    if after == before:
        raise ConflictError("not-edited") if setting.json else UsageError("not-edited")
    written = actions.write(desk, household, section, purpose, io.BytesIO(after), kind, last)
    _written(setting, "edit", household, section, written)


@click.command(cls=Command, help=N_("List the versions of a section. By whom, when, how large; no content."))
@household
@section
@pass_setting
def history(setting: Setting, household: HouseholdId, section: SectionName) -> None:
    """List versions."""
    desk = context.open_desk(setting)
    versions = actions.history(desk, household, section)
    rows = [
        {
            "version": v.number,
            "by": v.by,
            "at": write_time(v.at),
            "size": v.size,
            "media_type": v.media_type,
            "digest": v.content,
        }
        for v in versions
    ]
    head = (N_("version"), N_("by"), N_("at"), N_("size"), N_("kind"))
    answer(
        setting,
        "history",
        {"household": household, "section": section, "versions": rows},
        lambda: table(head, [(str(v.number), v.by, day(v.at), str(v.size), v.media_type) for v in versions]),
    )
