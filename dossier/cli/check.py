"""dossier check."""

from typing import Any

import click

from dossier.actions import check as actions
from dossier.cli import context
from dossier.cli.params import FINGERPRINT, Command, option
from dossier.cli.render import answer, mark, progress
from dossier.cli.setting import Setting, pass_setting
from dossier.cli.words import N_, _, say
from dossier.errors import IntegrityError
from dossier.log.report import Report


@click.command(
    cls=Command,
    help=N_("Check the health of the whole store. Books, keys against rights, contents, what a crash left."),
)
@option("--deep", is_flag=True, help=N_("Read every content too, as it is sealed, and compare it."))
@option(
    "--root",
    type=FINGERPRINT,
    metavar="FP",
    help=N_("The fingerprint of the root card; no token is needed then."),
)
@pass_setting
def check(setting: Setting, deep: bool, root: str | None) -> None:  # noqa: FBT001
    """Check the store."""
    store = context.open_store(setting)
    if root is None:
        unlocked = context.open_token(setting)[1]
        root = context.desk_with(setting, store, unlocked).memory.root
    with progress(setting, _("Checking")) as tick:
        report = actions.check(store, root, deep=deep, progress=tick)
    data = {
        "ok": report.ok,
        "entries": report.entries,
        "households": report.households,
        "findings": [
            {"index": index, "code": str(code), "book": book} for index, code, book in report.findings
        ],
        "due": [{"code": str(code), "book": book} for code, book in report.due],
        "leftovers": list(report.leftovers),
    }
    answer(setting, "check", data, lambda: _checked(report))
    if not report.ok:
        raise IntegrityError("check-findings", count=len(report.findings))


def _checked(report: Report) -> Any:
    word = mark("good" if report.ok else "wrong")
    yield f"{word}: " + say(
        "{entries} entries, {households} households checked",
        entries=report.entries,
        households=report.households,
    )
    if report.findings or report.due:
        from dossier.cli.errors.findings import words_of_finding  # noqa: PLC0415 (its words are many, and seldom shown)

        for index, code, book in report.findings:
            yield f"{mark('wrong')}: " + words_of_finding(code, book, index)
        for code, book in report.due:
            yield f"{mark('care')}: " + words_of_finding(code, book)
    for leftover in report.leftovers:
        yield f"{mark('care')}: " + say("left by a crash, harmless: {leftover}", leftover=leftover)
