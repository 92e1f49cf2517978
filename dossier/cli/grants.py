"""dossier grant give, list, revoke; dossier who."""

from typing import Any

import click

from dossier.actions import grants as actions
from dossier.cli import context, terminal
from dossier.cli.dates import end_of, last_day
from dossier.cli.members import reason_option
from dossier.cli.params import (
    GRANT,
    HANDLE,
    HOUSEHOLD,
    REASON,
    Group,
    Read,
    deed,
    many,
    option,
    role,
)
from dossier.cli.render import answer, day, note, table
from dossier.cli.setting import Setting, pass_setting
from dossier.cli.words import N_, _, say
from dossier.desk import Desk
from dossier.errors import CancelledError, DossierError, PartlyDoneError
from dossier.model import (
    Deed,
    GrantId,
    Handle,
    HouseholdId,
    PurposeId,
    Role,
    SectionName,
    handle,
    household_id,
    purpose_id,
    section_name,
    write_time,
)


@click.group(cls=Group, help=N_("Grants: access for a colleague, for part of it and for a time."))
def grant() -> None:
    """Grants."""


@grant.command(
    help=N_("Give a colleague access for a time. To these sections of these households, for these purposes.")
)
@click.argument("words", nargs=-1, required=True, metavar="H... HANDLE")
@option(
    "--role",
    "role_",
    required=True,
    type=Read("role", role),
    metavar="ROLE",
    help=N_("The role in which they get it."),
)
@option(
    "--section",
    "sections",
    multiple=True,
    required=True,
    callback=many(section_name),
    metavar="S",
    help=N_("The sections, such as aanmeld,plan."),
)
@option(
    "--purpose",
    "purposes",
    multiple=True,
    required=True,
    callback=many(purpose_id),
    metavar="ID",
    help=N_("What they may open them for."),
)
@option(
    "--until", required=True, metavar="DATE", help=N_("The last day: 2027-01-31, or 14d, 3m, 1y from now.")
)
@option(
    "--deed",
    "deeds",
    multiple=True,
    callback=many(deed),
    metavar="read|write",
    help=N_("What they may do; left out, read."),
)
@option("--reason", type=REASON, metavar="CODE", help=N_("Why: a reason code from the policy."))
@pass_setting
def give(
    setting: Setting,
    words: tuple[str, ...],
    role_: Role,
    sections: tuple[SectionName, ...],
    purposes: tuple[PurposeId, ...],
    until: str,
    deeds: tuple[Deed, ...],
    reason: str | None,
) -> None:
    """Give a grant."""
    grantee, households = handle(words[-1]), [household_id(word) for word in words[:-1]]
    if not households:
        raise click.UsageError(_("Name at least one household, then the handle of the colleague."))
    desk = context.open_desk(setting, again=True)
    wish = actions.Wish(
        grantee, role_, sections, deeds or (Deed.READ,), purposes, end_of(desk, until), reason
    )
    rows: list[dict[str, Any]] = []
    left: list[str] = []
    for one in households:
        try:
            preview = actions.preview(desk, one, wish)
            _show_first(setting, desk, one, wish, preview)
            rows.append({"household": one, "grant": actions.give(desk, one, wish)})
        except DossierError as e:
            if len(households) == 1 or e.exit_code in (3, 4, 8, 9):
                raise
            left.append(one)
    first = rows[0]["grant"] if rows else None
    data = {"grant": first, "grants": rows, "handle": grantee, "until": write_time(wish.until), "left": left}
    last = last_day(desk, wish.until)
    answer(
        setting,
        "grant-give",
        data,
        lambda: [
            say("{grant} for {handle} in {household}, until {until}.", handle=grantee, until=last, **row)
            for row in rows
        ],
    )
    if left:
        raise PartlyDoneError("grants-partly", left=", ".join(left))


def _show_first(
    setting: Setting, desk: Desk, household: HouseholdId, wish: actions.Wish, preview: actions.Preview
) -> None:
    """Show who gets what before it is given, and ask on a terminal."""
    note(setting, say("To: {person}, {org}", person=preview.person, org=preview.org))
    note(setting, say("Card: {fingerprint}", fingerprint=preview.fingerprint))
    opens = ", ".join(f"{name} ({count})" for name, count in preview.versions)
    note(
        setting,
        say(
            "In {household}, with the number of versions that this opens: {opens}",
            household=household,
            opens=opens,
        ),
    )
    note(setting, say("For: {purposes}", purposes=", ".join(wish.purposes)))
    note(setting, say("Until and including: {until}", until=last_day(desk, wish.until)))
    if setting.asking() and not setting.json and not terminal.confirm(_("Give this access?")):
        raise CancelledError("cancelled")


@grant.command("list", help=N_("List grants: of a household, of a member, or those that end soon."))
@click.argument("household", type=HOUSEHOLD, metavar="[H]", required=False)
@option("--member", type=HANDLE, metavar="HANDLE", help=N_("Only of this member."))
@option(
    "--expiring",
    type=click.IntRange(min=0, max=9999),
    metavar="DAYS",
    help=N_("Only those that end within so many days."),
)
@pass_setting
def list_(
    setting: Setting, household: HouseholdId | None, member: Handle | None, expiring: int | None
) -> None:
    """List grants."""
    desk = context.open_desk(setting)
    found = actions.grants(desk, household, member, expiring)
    rows = [
        {
            "grant": g.grant,
            "household": one,
            "handle": g.handle,
            "role": g.role,
            "sections": list(g.sections),
            "deeds": list(g.deeds),
            "purposes": list(g.purposes),
            "until": write_time(g.until),
            "state": state,
            "by": g.by,
            "at": write_time(g.at),
        }
        for one, g, state in found
    ]
    states = {"live": _("live"), "ended": _("ended"), "revoked": _("revoked")}
    head = (
        N_("grant"),
        N_("household"),
        N_("for"),
        N_("role"),
        N_("sections"),
        N_("deeds"),
        N_("purposes"),
        N_("until"),
        N_("state"),
    )
    cells = [
        (
            g.grant,
            one,
            g.handle,
            g.role,
            ", ".join(g.sections),
            ", ".join(g.deeds),
            ", ".join(g.purposes),
            last_day(desk, g.until),
            states[state],
        )
        for one, g, state in found
    ]
    answer(
        setting, "grant-list", {"grants": rows}, lambda: table(head, cells) if cells else [_("No grants.")]
    )


@grant.command(help=N_("End a grant at once. The sections that it was for get new keys."))
@click.argument("household", type=HOUSEHOLD, metavar="H")
@click.argument("grant_id", type=GRANT, metavar="GRANT")
@reason_option
@pass_setting
def revoke(setting: Setting, household: HouseholdId, grant_id: GrantId, reason: str) -> None:
    """Revoke a grant."""
    desk = context.open_desk(setting, again=True)
    revoked = actions.revoke(desk, household, grant_id, reason)
    opened = [{"section": s, "version": v, "at": write_time(at)} for s, v, at in revoked.opened]
    data = {"grant": grant_id, "rekeyed": list(revoked.rekeyed), "opened_before": opened}
    answer(setting, "grant-revoke", data, lambda: _revoked(grant_id, revoked))


def _revoked(grant_id: GrantId, revoked: actions.Revoked) -> Any:
    yield say(
        "{grant} is revoked; new keys for: {sections}.", grant=grant_id, sections=", ".join(revoked.rekeyed)
    )
    yield _("What cannot be undone: they keep what they copied. They have opened here:")
    for section, version, at in revoked.opened:
        yield f"  {section} {version}  {day(at)}"
    if not revoked.opened:
        yield "  " + _("nothing, according to the log")
