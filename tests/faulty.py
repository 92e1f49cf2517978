"""Every changing command, each with the team that it is run in: for the faults that it must survive."""

import json
import shutil
from collections.abc import Callable
from typing import Any, NamedTuple

from cli_team import DAY, PASSPHRASE, Team

from dossier.data import default_policy_text
from dossier.log.records import split

MONTH = 30.5 * DAY  # after which nobody is beholden to anybody any more
_SCOPE = ("--role", "specialist", "--section", "plan", "--purpose", "plan-opstellen", "--until", "14d")


class Command(NamedTuple):
    """A command, who runs it, and what must be there first."""

    who: str
    words: tuple[str, ...]
    prepare: Callable[[Team], None] = lambda _: None
    shift: float = 0.0
    reader: str | None = "jan"  # who can read the intake of the house before and afterwards, finished or not


def suspended(team: Team) -> None:
    team.ask("anna", "member", "suspend", "sara", "--reason", "verlof")


def newcomer(team: Team) -> None:
    team.note(fp=team.new_token("vera"), slip=str(team.card("vera")))


def lost(team: Team) -> None:
    """sara lost her token, and made another."""
    team.token("sara").unlink()
    card = team.home("sara") / "card 2"
    own = ("--handle", "sara", "--person", "Mens sara", "--org", "Stichting")
    made = team.ask("sara", "token", "new", *own, "--card-out", str(card))
    team.note(fp=str(made["card_fingerprint"]), slip=str(card))


def proposed(team: Team) -> None:
    """anna proposed sara's new card; it waits for tess."""
    lost(team)
    for who in ("anna", "tess"):
        team.ask(who, "member", "list", shift=MONTH - 60)
    renew = ("member", "renew", "sara", team.slip, "--fingerprint", team.fp)
    team.note(number=str(team.ask("anna", *renew, code=7, shift=MONTH)["approval"]))


def policy(team: Team) -> None:
    path = team.root / "policy.toml"
    path.write_text(default_policy_text().replace("version = 1\n", "version = 2\n", 1), "utf-8")
    team.note(policy=str(path))


def other_passphrase(team: Team) -> None:
    path = team.home("jan") / "pw2"
    path.write_text(PASSPHRASE + " weg\n", "utf-8")
    path.chmod(0o600)
    team.note(pw2=str(path))


def put_back(team: Team) -> None:
    """The store was put back to how it was a version ago."""
    before = team.root / "before"
    shutil.copytree(team.store, before)
    team.write("jan", team.house, "intake", "Verloren.")
    shutil.rmtree(team.store)
    before.rename(team.store)


def fast_clock(team: Team) -> None:
    """A computer whose clock is 20 days ahead wrote something."""
    team.write("jan", team.house, "plan", "Te vroeg.", shift=20 * DAY)
    team.note(wrong=str(len(log(team)) - 2))  # the entry that asked to write; the last one states it


def leftovers(team: Team) -> None:
    """A crash left something of each kind, long ago."""
    for path in (team.store / "staging" / ("ab" * 16), team.store / "contents" / "ab" / ("ab" * 32)):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    with (team.store / "log" / "000000.log").open("ab") as page:
        page.write(b"torn")


def backed_up(team: Team) -> None:
    team.ask("anna", "backup", str(team.root / "copy"))


def custodians(team: Team) -> None:
    """Custodians have shares, and vera is to be a coordinator."""
    split = ("keys", "recovery", "split", "--threshold", "2", "--shares", "2", "--out-folder")
    team.ask("anna", *split, str(team.root / "shares"))
    newcomer(team)


def log(team: Team) -> list[dict[str, Any]]:
    """Read the entries of the log: those with a whole checkpoint."""
    pages = [path.read_bytes() for path in sorted((team.store / "log").iterdir())]
    return [json.loads(record.line) for page in pages for record in split(page)[0]]


COMMANDS = {
    "write": Command("jan", ("write", "{house}", "plan", "--purpose", "plan-opstellen")),
    "read": Command("jan", ("read", "{house}", "plan", "--purpose", "plan-opstellen")),
    "grant-give": Command("anna", ("grant", "give", "{house}", "sara", *_SCOPE)),
    "grant-revoke": Command("anna", ("grant", "revoke", "{house}", "{grant}", "--reason", "doel-bereikt")),
    "household-open": Command("jan", ("household", "open", "--cover", "-")),
    "household-assign": Command("anna", ("household", "assign", "{loose}", "jan")),
    "member-admit": Command(
        "anna", ("member", "admit", "{slip}", "--role", "regisseur", "--fingerprint", "{fp}"), newcomer
    ),
    "member-suspend": Command("anna", ("member", "suspend", "sara", "--reason", "verlof")),
    "member-restore": Command("anna", ("member", "restore", "sara", "--reason", "terug"), suspended),
    "member-roles": Command(
        "anna", ("member", "roles", "sara", "--add", "regisseur", "--remove", "specialist")
    ),
    "member-leave": Command("anna", ("member", "leave", "sara", "--reason", "uit-dienst")),
    "member-renew": Command("anna", ("member", "renew", "sara", "{slip}", "--fingerprint", "{fp}"), lost),
    "approval-give": Command("tess", ("approval", "give", "{number}"), proposed, MONTH),
    "token-renew": Command("jan", ("token", "renew"), reader="sara"),
    "token-passphrase": Command(
        "jan", ("token", "passphrase", "--new-passphrase-file", "{pw2}"), other_passphrase, reader="sara"
    ),
    "policy-adopt": Command("anna", ("policy", "adopt", "{policy}"), policy),
    "keys-rotate": Command("bob", ("keys", "rotate")),
    "keys-rotate-without": Command("bob", ("keys", "rotate", "--without", "sara", "--reason", "verlof")),
    "keys-rekey": Command("anna", ("keys", "rekey", "{house}")),
    "keys-rekey-all": Command("anna", ("keys", "rekey", "--all")),
    "keys-rekey-coordination": Command("anna", ("keys", "rekey", "--coordination")),
    "keys-recovery-split": Command(
        "anna",
        (
            "keys",
            "recovery",
            "split",
            "--threshold",
            "2",
            "--shares",
            "3",
            "--out-folder",
            "{root}/shares {turn}",
        ),
    ),
    "keys-recovery-restore": Command(
        "jan",
        (
            *("keys", "recovery", "restore", "{slip}", "--fingerprint", "{fp}"),
            *("--share-file", "{root}/shares/share-1-of-2.txt"),
            *("--share-file", "{root}/shares/share-2-of-2.txt"),
        ),
        custodians,
    ),
    "log-correct-clock": Command("anna", ("log", "correct-clock", "{wrong}"), fast_clock, 60.0, None),
    "reopen": Command("anna", ("reopen", "--all-members"), put_back, reader=None),
    "check-repair": Command("anna", ("check", "--repair"), leftovers),
    "backup": Command("anna", ("backup", "{root}/copy")),
    "backup-again": Command("anna", ("backup", "{root}/copy"), backed_up),
}
