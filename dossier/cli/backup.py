"""dossier backup, dossier restore."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from dossier.actions import backup as actions
from dossier.actions import restore as restoring
from dossier.cli import context
from dossier.cli.backends import ground_at
from dossier.cli.params import FINGERPRINT, Command, Read, option
from dossier.cli.places import is_folder, place_of
from dossier.cli.render import answer, mark, progress
from dossier.cli.setting import Setting, pass_setting
from dossier.cli.words import N_, _, say
from dossier.desk import Desk
from dossier.errors import IntegrityError, UsageError
from dossier.log.report import Finding, Report
from dossier.model import Seen, StoreId, is_store_id
from dossier.storage.base import Store
from dossier.storage.ground import Ground
from dossier.storage.site import Site
from keys.encoding import to_base64

ROOT_HELP = N_("The fingerprint of the root card; no token is needed then.")


def store_id(text: str) -> StoreId:
    """Read a store's id, in any case. Raises UsageError."""
    if not is_store_id(text.lower()):
        raise UsageError("bad-store-id")
    return StoreId(text.lower())


STORE_ID = Read("store id", store_id)


@click.command(
    cls=Command,
    help=N_(
        "Copy the whole store to another folder, and check the copy. Others can go on working. "
        "DEST is a new folder, or an earlier backup, which is brought up to date."
    ),
)
@click.argument("dest", type=click.Path(path_type=Path), metavar="DEST")
@option("--root", type=FINGERPRINT, metavar="FP", help=ROOT_HELP)
@pass_setting
def backup(setting: Setting, dest: Path, root: str | None) -> None:
    """Make a backup."""
    began = time.monotonic()
    store = context.open_storage(setting)
    check_apart(str(dest), place_of(setting))
    site = Site(dest, actions.UNFINISHED)
    pinned, must_pass = (root, None) if root is not None else known_of(setting, store)
    with progress(setting, _("Copying and checking")) as tick:
        made = actions.backup(store, site, pinned, must_pass=must_pass, progress=tick)
    report = made.report
    data = {
        "place": str(made.place),
        "store": store.store_id,
        "entries": report.entries,
        "root": to_base64(report.root),
        "households": report.households,
        "contents": made.copied.contents,
        "bytes": made.copied.size,
        "seconds": round(time.monotonic() - began, 3),
        "findings": findings_of(report),
    }
    answer(setting, "backup", data, lambda: _backed_up(data, report, whole=not made.damage))
    if made.damage:
        raise IntegrityError("backup-damaged", count=len(made.damage))


def root_of(setting: Setting, store: Store) -> str:
    """Give the root card that this member's client has pinned."""
    return context.desk_with(setting, store, context.open_keys(setting)).memory.root


def known_of(setting: Setting, store: Store) -> tuple[str, Seen | None]:
    """Give the root card that this member's client has pinned, and how far it has now seen the log go.

    Raises:
        IntegrityError: as `seen_by`.
    """
    desk = context.desk_with(setting, store, context.open_keys(setting))
    return desk.memory.root, seen_by(desk)


def seen_by(desk: Desk) -> Seen | None:
    """Give how far a client has now seen the log go.

    Raises:
        IntegrityError: when the log has gone back behind what it saw before. Where a store was put back, and
            is not reopened yet, that is not looked at.
    """
    if desk.store.restored:
        return None
    desk.gate.survey(late=True)
    return Seen(desk.memory.verified.size, desk.memory.verified.root)


def check_apart(one: str, other: str) -> None:
    """See that two places are not one, and neither of two folders is in the other. Raises UsageError."""
    if not (is_folder(one) and is_folder(other)):
        if one == other:
            raise UsageError("same-place")
        return
    first, second = Path(one).resolve(), Path(other).resolve()
    if first.is_relative_to(second) or second.is_relative_to(first):
        raise UsageError("same-place")


def findings_of(report: Report) -> list[dict[str, Any]]:
    """Give what a check found, for programs."""
    return [{"index": index, "code": str(code), "book": book} for index, code, book in report.findings]


def words_of(findings: tuple[Finding, ...], kind: str) -> Iterator[str]:
    """Say what a check found, a line each."""
    if findings:
        from dossier.cli.errors.findings import words_of_finding  # noqa: PLC0415 (its words are many, and seldom shown)

        for index, code, book in findings:
            yield f"{mark(kind)}: " + words_of_finding(code, book, index)


def _backed_up(data: dict[str, Any], report: Report, *, whole: bool) -> Iterator[str]:
    text = N_("backup made and checked: {place}") if whole else N_("not a whole copy: {place}")
    yield f"{mark('good' if whole else 'wrong')}: " + say(text, place=data["place"])
    yield say(
        "{entries} entries, {households} households, {contents} contents of {bytes} bytes, {seconds} seconds",
        **data,
    )
    yield from words_of(report.findings, "care" if whole else "wrong")


@click.command(
    cls=Command,
    help=N_(
        "Put the store back from a backup. What stands there now is kept beside it. "
        "Nothing opens until the store is reopened."
    ),
)
@click.argument("src", type=click.Path(path_type=Path), metavar="SRC")
@option("--root", type=FINGERPRINT, metavar="FP", help=ROOT_HELP)
@option(
    "--confirm",
    type=STORE_ID,
    metavar="STOREID",
    help=N_("The id of the store that stands there, when it is to go although it has more."),
)
@pass_setting
def restore(setting: Setting, src: Path, root: str | None, confirm: StoreId | None) -> None:
    """Put a backup in the place of the store."""
    place = place_of(setting)
    check_apart(str(src), place)
    source = context.open_storage(Setting(store=str(src)))
    pinned = root if root is not None else root_of(setting, source)
    site = ground_at(place, restoring.RESTORING)
    with progress(setting, _("Copying and checking")) as tick:
        done = restoring.restore(source, site, pinned, setting.clock(), confirm=confirm, progress=tick)
    if isinstance(done, Report):
        damage = len(done.findings)
        answer(setting, "restore", _refused(site, source, done), lambda: words_of(done.findings, "wrong"))
        raise IntegrityError("backup-altered", count=damage)
    data = _put_back(site, source, done)
    answer(setting, "restore", data, lambda: _restored(data, done))


def _refused(site: Ground[Any], source: Store, report: Report) -> dict[str, Any]:
    return {
        "place": site.name,
        "store": source.store_id,
        "entries": report.entries,
        "root": to_base64(report.root),
        "before": None,
        "lost": None,
        "kept": None,
        "findings": findings_of(report),
    }


def _put_back(site: Ground[Any], source: Store, done: restoring.PutBack[Any]) -> dict[str, Any]:
    before = done.before
    data = _refused(site, source, done.report)
    if before is not None:
        lost = before.lost
        data |= {
            "before": before.entries,
            "lost": None if lost is None else {"entries": lost.entries, "households": list(lost.households)},
            "kept": str(before.kept),
        }
    return data


def _restored(data: dict[str, Any], done: restoring.PutBack[Any]) -> Iterator[str]:
    yield f"{mark('good')}: " + say("store put back, {entries} entries: {place}", **data)
    if data["kept"] is not None:
        yield say("What stood there is kept: {kept}", **data)
    lost = data["lost"]
    if lost is not None and lost["entries"]:
        yield f"{mark('care')}: " + say("lost: {entries} entries that the backup does not have", **lost)
        if lost["households"]:
            yield "  " + say("on households {households}", households=", ".join(lost["households"]))
    elif data["kept"] is not None and lost is None:
        yield f"{mark('care')}: " + _("What is lost cannot be read from it.")
    yield from words_of(done.report.findings, "care")
    yield _("Nothing opens now until the store is reopened:")
    yield "  " + _("1. a coordinator runs: dossier reopen")
    yield "  " + _("2. a second person approves it: dossier approval give N")
    yield "  " + _("3. a beheerder makes new gate keys: dossier keys rotate")
