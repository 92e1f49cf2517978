"""dossier policy show, check, adopt; dossier purpose list."""

from pathlib import Path
from typing import Any

import click

from dossier.actions import policies as actions
from dossier.cli import context
from dossier.cli.params import Group, Read, option, role
from dossier.cli.render import answer, table
from dossier.cli.setting import Setting, pass_setting
from dossier.cli.words import N_, language, say
from dossier.errors import UsageError, WaitsError
from dossier.model import Role
from dossier.policydoc import MOST_BYTES, Policy, Purpose, Texts, parse

file_argument = click.argument("file", type=click.Path(path_type=Path), metavar="FILE")


@click.group(cls=Group, help=N_("The policy: for which purposes who may do what."))
def policy() -> None:
    """The policy."""


@policy.command(help=N_("Show the policy in force, as it was adopted."))
@pass_setting
def show(setting: Setting) -> None:
    """Show the policy."""
    found = actions.in_force(context.open_desk(setting))
    data = {**_described(found), "document": found.text}
    answer(setting, "policy-show", data, found.text.splitlines)


def _described(found: Policy) -> dict[str, Any]:
    return {
        "version": found.version,
        "decision": found.decision,
        "controller": found.controller,
        "sections": {name: list(roles) for name, roles in found.sections.items()},
        "purposes": list(found.purposes),
        "reasons": list(found.reasons),
    }


def _document(file: Path) -> bytes:
    try:
        with file.open("rb") as source:
            return source.read(MOST_BYTES + 1)
    except OSError as e:
        raise UsageError("file-unreadable") from e


@policy.command(help=N_("Check a policy document, without adopting it. No token is needed."))
@file_argument
@pass_setting
def check(setting: Setting, file: Path) -> None:
    """Check a document."""
    found = parse(_document(file))
    lines = [
        say(
            "GOOD: policy version {version}, with {count} purposes.",
            version=found.version,
            count=len(found.purposes),
        )
    ]
    answer(setting, "policy-check", {"ok": True, **_described(found)}, lambda: lines)


@policy.command(help=N_("Adopt a policy document as a whole. A second coordinator may have to approve it."))
@file_argument
@pass_setting
def adopt(setting: Setting, file: Path) -> None:
    """Adopt a document."""
    document = _document(file)
    found = parse(document)
    desk = context.open_desk(setting, again=True)
    stated = actions.adopt(desk, found)
    data = {"version": found.version, "approval": stated.entry.index if stated.waits else None}
    lines = [] if stated.waits else [say("Policy version {version} is in force.", version=found.version)]
    answer(setting, "policy-adopt", data, lambda: lines)
    if stated.waits:
        raise WaitsError("waits", number=stated.entry.index)


@click.group(cls=Group, help=N_("Purposes: what a section may be opened for."))
def purpose() -> None:
    """Purposes."""


@purpose.command("list", help=N_("List the purposes in the policy, each with its ground in law."))
@option("--role", "role_", type=Read("role", role), metavar="ROLE", help=N_("Only those for this role."))
@pass_setting
def list_(setting: Setting, role_: Role | None) -> None:
    """List purposes."""
    found = actions.in_force(context.open_desk(setting))
    purposes = [p for p in found.purposes.values() if role_ is None or any(a.role is role_ for a in p.allows)]
    rows = [_purpose(p) for p in purposes]
    head = (N_("purpose"), N_("title"), N_("ground"), N_("allows"))
    cells = [(p.id, _text(p.title), _ground(p), _allows(p, role_)) for p in purposes]
    answer(setting, "purpose-list", {"purposes": rows}, lambda: table(head, cells))


def _text(texts: Texts | None) -> str:
    if texts is None:
        return "-"
    return texts.nl if language() == "nl" else texts.en


def _ground(p: Purpose) -> str:
    statute = f", {_text(p.statute)}" if p.statute else ""
    return say("AVG art. 6(1)({ground})", ground=p.ground) + statute


def _allows(p: Purpose, only: Role | None) -> str:
    return (
        "; ".join(
            f"{a.role}: {'+'.join(a.deeds)} {', '.join(a.sections)}"
            for a in p.allows
            if only in (None, a.role)
        )
        or "-"
    )


def _purpose(p: Purpose) -> dict[str, Any]:
    return {
        "id": p.id,
        "title": {"nl": p.title.nl, "en": p.title.en},
        "description": {"nl": p.description.nl, "en": p.description.en},
        "ground": p.ground,
        "statute": None if p.statute is None else {"nl": p.statute.nl, "en": p.statute.en},
        "special": None if p.special is None else list(p.special),
        "needs_consent": p.needs_consent,
        "allows": [
            {"role": a.role, "sections": list(a.sections), "deeds": list(a.deeds), "team": a.team}
            for a in p.allows
        ],
    }
