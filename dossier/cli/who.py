"""dossier who."""

import click

from dossier.actions import who as actions
from dossier.cli import context
from dossier.cli.dates import last_day
from dossier.cli.params import HOUSEHOLD, SECTION, Command
from dossier.cli.render import answer, table
from dossier.cli.setting import Setting, pass_setting
from dossier.cli.words import N_, _
from dossier.model import HouseholdId, SectionName, write_time


@click.command(
    cls=Command, help=N_("Tell who can open a household now. Everyone, by which right, and until when.")
)
@click.argument("household", type=HOUSEHOLD, metavar="H")
@click.argument("section", type=SECTION, metavar="[SECTION]", required=False)
@pass_setting
def who(setting: Setting, household: HouseholdId, section: SectionName | None) -> None:
    """Tell who can open what."""
    desk = context.open_desk(setting)
    found = actions.who(desk, household, section)
    rows = [
        {
            "section": r.section,
            "handle": r.handle,
            "person": r.person,
            "org": r.org,
            "role": r.role,
            "right": r.right,
            "given_by": r.given_by,
            "since": write_time(r.since),
            "until": None if r.until is None else write_time(r.until),
            "state": r.state,
        }
        for r in found
    ]
    states = {
        "good": _("GOOD"),
        "rekey-due": _("CARE: has a key, no right; new keys are due"),
        "no-box": _("CARE: has a right, no key"),
        "team": _("the team's key"),
    }
    head = (
        N_("section"),
        N_("who"),
        N_("organisation"),
        N_("role"),
        N_("right"),
        N_("given by"),
        N_("until"),
        N_("state"),
    )
    cells = [
        (
            r.section,
            f"{r.person} ({r.handle})",
            r.org,
            r.role,
            r.right,
            r.given_by,
            "-" if r.until is None else last_day(desk, r.until),
            states[r.state],
        )
        for r in found
    ]
    answer(setting, "who", {"household": household, "readers": rows}, lambda: table(head, cells))
