"""dossier check."""

from collections.abc import Iterator
from functools import partial

import click

from dossier.actions import check as actions
from dossier.actions import repair as repairing
from dossier.cli import context
from dossier.cli.backup import ROOT_HELP, findings_of, seen_by, words_of
from dossier.cli.params import FINGERPRINT, Command, option
from dossier.cli.render import answer, mark, progress
from dossier.cli.setting import Setting, pass_setting
from dossier.cli.words import N_, _, say
from dossier.desk import Desk
from dossier.errors import IntegrityError
from dossier.log.report import Finding, Report


@click.command(
    cls=Command,
    help=N_("Check the health of the whole store. Books, keys against rights, contents, what a crash left."),
)
@option("--deep", is_flag=True, help=N_("Read every content too, as it is sealed, and compare it."))
@option("--repair", is_flag=True, help=N_("Remove what a crash left and nothing names; nothing else."))
@option("--root", type=FINGERPRINT, metavar="FP", help=ROOT_HELP)
@pass_setting
def check(setting: Setting, deep: bool, repair: bool, root: str | None) -> None:  # noqa: FBT001
    """Check the store, and repair it where that is asked."""
    store = context.open_storage(setting)
    desk = None if root is not None else context.desk_with(setting, store, context.open_keys(setting))
    pinned = root if desk is None else desk.memory.root
    seen = seen_by(desk) if repair and desk is not None else None
    repaired: tuple[str, ...] = ()
    with progress(setting, _("Checking")) as tick:
        if repair:
            finish = tuple if desk is None else partial(_finish, desk)
            report, repaired = repairing.repair(
                store, pinned, deep=deep, must_pass=seen, finish=finish, progress=tick
            )
        else:
            report = actions.check(store, pinned, deep=deep, progress=tick)
    data = {
        "ok": report.ok,
        "entries": report.entries,
        "households": report.households,
        "findings": findings_of(report),
        "due": [{"code": str(code), "book": book} for code, book in report.due],
        "leftovers": list(report.leftovers),
        "repaired": list(repaired),
    }
    answer(setting, "check", data, lambda: _checked(report, repaired))
    if not report.ok:
        raise IntegrityError("check-findings", count=len(report.findings))


def _finish(desk: Desk) -> tuple[str, ...]:
    """Go on with a rekey of all that this member began, and that was broken off; name what was rekeyed."""
    if desk.memory.rekeying is None:
        return ()
    from dossier.actions.rotation import rekey_all  # noqa: PLC0415 (seldom needed)

    done = rekey_all(desk).done
    return (say("rekey of all, {count} households", count=done),) if done else ()


def _checked(report: Report, repaired: tuple[str, ...]) -> Iterator[str]:
    word = mark("good" if report.ok else "wrong")
    yield f"{word}: " + say(
        "{entries} entries, {households} households checked",
        entries=report.entries,
        households=report.households,
    )
    yield from words_of(report.findings, "wrong")
    yield from words_of(tuple(Finding(None, code, book) for code, book in report.due), "care")
    for name in repaired:
        yield f"{mark('good')}: " + say("repaired: {name}", name=name)
    for leftover in report.leftovers:
        yield f"{mark('care')}: " + say("left by a crash, harmless: {leftover}", leftover=leftover)
