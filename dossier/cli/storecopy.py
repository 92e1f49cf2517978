"""dossier store copy, dossier store migrate."""

import time
from collections.abc import Iterator
from typing import Any

import click

from dossier.actions import moving
from dossier.cli.backends import check_database, ground_at, open_at
from dossier.cli.backup import check_apart, findings_of, words_of
from dossier.cli.params import Group, option
from dossier.cli.places import is_folder, is_gate, place_of
from dossier.cli.render import answer, mark, progress
from dossier.cli.setting import Setting, pass_setting
from dossier.cli.words import N_, _, say
from dossier.errors import IntegrityError, UsageError
from keys.encoding import to_base64


@click.group(
    cls=Group, help=N_("The store as a whole: move it to another place, bring its tables up to date.")
)
def store() -> None:
    """Have verbs."""


@store.command(
    help=N_(
        "Copy the whole store between a folder and a database, either way, and read the copy back. "
        "Others can go on working. What was broken off goes on where it was. No token is needed."
    )
)
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@pass_setting
def copy(setting: Setting, source: str, target: str) -> None:
    """Copy a store."""
    began = time.monotonic()
    if is_gate(source):
        raise UsageError("place-is-gate")
    check_apart(source, target)
    found = open_at(source)
    ground = ground_at(target, moving.COPYING)
    with progress(setting, _("Copying and checking")) as tick:
        moved = moving.move(found, ground, progress=tick)
    report = moved.report
    data = {
        "from": source,
        "to": target,
        "store": found.store_id,
        "entries": report.entries,
        "root": to_base64(report.root),
        "books": moved.books,
        "objects": moved.objects,
        "contents": moved.contents,
        "bytes": moved.copied.size,
        "seconds": round(time.monotonic() - began, 3),
        "findings": findings_of(report),
    }
    answer(setting, "store-copy", data, lambda: _copied(data, moved))
    if moved.damage:
        raise IntegrityError("copy-damaged", count=len(moved.damage))


def _copied(data: dict[str, Any], moved: moving.Moved) -> Iterator[str]:
    if moved.damage:
        yield f"{mark('wrong')}: " + say("not a whole copy, and not found there: {to}", to=data["to"])
    else:
        yield f"{mark('good')}: " + say("store copied, and read back there: {to}", to=data["to"])
    yield say("{entries} entries, {books} books with {objects} objects", **data)
    yield say("{contents} contents of {bytes} bytes, {seconds} seconds", **data)
    yield from words_of(moved.report.findings, "wrong" if moved.damage else "care")
    if not moved.damage:
        yield _("What was done at the old place since, is not in it. From now on use one of the two only:")
        yield "  " + say("1. let nobody work, and run this once more: only what is new is copied")
        yield "  " + say("2. from then on everyone names the new one: --store, or DOSSIER_STORE")


@store.command(
    help=N_(
        "Bring the tables of the store's database up to this version of the program. "
        "An empty schema gets them. What is in the store is not changed."
    )
)
@option(
    "--gate-role",
    metavar="ROLE",
    help=N_("Let this role of the database do what a gate does; of the log it can change nothing."),
)
@pass_setting
def migrate(setting: Setting, gate_role: str | None) -> None:
    """Migrate the tables."""
    place = place_of(setting)
    if is_folder(place):
        raise UsageError("not-a-database")
    check_database(place)
    from dossier.storage.postgres_schema import migrate_at  # noqa: PLC0415 (its import takes long)

    before, version = migrate_at(place, gate_role)
    data = {"before": before, "version": version, "gate_role": gate_role}
    answer(setting, "store-migrate", data, lambda: _migrated(data))


def _migrated(data: dict[str, Any]) -> Iterator[str]:
    if data["before"] == data["version"]:
        yield f"{mark('good')}: " + say("the tables were up to date: version {version}", **data)
    else:
        yield f"{mark('good')}: " + say("the tables went from version {before} to {version}", **data)
    if data["gate_role"] is not None:
        yield say("{gate_role} can do what a gate does", **data)
