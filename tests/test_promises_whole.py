"""Promises 6 and 7: what was altered, swapped or put back is noticed; a crash leaves the old or the new."""

import os
import shutil
from pathlib import Path

import pytest
from cli_team import Answer, Team, build
from crashing import CrashError, dying
from places import book_in, put_back, put_book

from dossier import keying
from dossier.entry import make_entry, read_entry
from dossier.gate.secrets import EpochSecrets
from dossier.log.merkle import Frontier
from dossier.log.note import Checkpoint, sign_checkpoint
from dossier.log.records import Record, origin, split
from keys.locks import new_key

READ = ("--purpose", "intakegesprek")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Team:
    return build(tmp_path_factory.mktemp("promises") / "t")


@pytest.fixture(autouse=True)
def _quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for no disk: what dies here is this program, not the computer."""
    monkeypatch.setattr(os, "fsync", os.fstat)
    monkeypatch.setattr(os, "fdatasync", os.fstat)


@pytest.fixture
def team(template: Team, tmp_path: Path) -> Team:
    return template.copy(tmp_path / "t")


def page(team: Team) -> Path:
    return team.store / "log" / "000000.log"


def stopped(answer: Answer, reason: str) -> None:
    assert (answer.code, answer.out, answer.reason) == (8, b"", reason)


def read(team: Team, who: str = "jan", section: str = "intake") -> Answer:
    return team.run(
        who, "--json", "read", team.house, section, "--purpose", "correctie" if who == "jan" else READ[1]
    )


# 6. What was altered, moved, swapped, garbled or cut is noticed by any client, named, and never shown.


@pytest.mark.files_only("reads or alters the files themselves")
def test_6_an_altered_content_is_not_shown(team: Team) -> None:
    """Breaks when `vault.read` returns where it raises that the content is altered."""
    digest = team.ask("jan", "history", team.house, "intake")["versions"][0]["digest"]
    path = team.store / "contents" / digest[:2] / digest
    raw = path.read_bytes()
    for place in range(0, len(raw), 5):
        path.write_bytes(raw[:place] + bytes([raw[place] ^ 4]) + raw[place + 1 :])
        stopped(read(team), "content-altered")


@pytest.mark.files_only("reads or alters the files themselves")
def test_6_a_content_sealed_anew_under_the_same_key_is_not_shown(team: Team) -> None:
    """Breaks when `vault.read` does not compare the digest: every member who reads a version has its key."""
    team.write("jan", team.house, "intake", "Twee.")
    rows = team.ask("jan", "history", team.house, "intake")["versions"]
    paths = [team.store / "contents" / row["digest"][:2] / row["digest"] for row in rows]
    kept: list[bytes] = []
    from keys import sealing  # noqa: PLC0415 (only here)

    with (
        pytest.MonkeyPatch.context() as patch
    ):  # sara, who may read it, keeps its key and writes what she likes
        patch.setattr("dossier.vault.open_sealed", lambda key, context, *_: kept.extend([key, context]))
        team.read("sara", team.house, "intake")
    with paths[1].open("wb") as sink, (team.home("sara") / "pw").open("rb") as source:
        sealing.seal(kept[0], kept[1], source, sink)
    stopped(read(team), "content-altered")


def test_6_a_garbled_box_is_found_before_anything_is_written_with_it(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when `primitives.check_commitment` compares nothing: nobody else could read what she wrote."""
    real = keying.slot_box
    monkeypatch.setattr("dossier.actions.grants.slot_box", lambda *rest: real(*[*rest[:-1], new_key()]))
    scope = (
        "--role",
        "specialist",
        "--section",
        "plan",
        "--purpose",
        "plan-opstellen",
        "--deed",
        "read,write",
    )
    team.ask("anna", "grant", "give", team.house, "sara", *scope, "--until", "14d")
    for deed in ("read", "write"):
        command = (deed, team.house, "plan", "--purpose", "plan-opstellen")
        stopped(team.run("sara", "--json", *command, stdin=b"Nieuw."), "content-altered")
    assert len(team.ask("jan", "history", team.house, "plan")["versions"]) == 1


def test_6_yesterdays_household_file_is_noticed_by_any_client(team: Team) -> None:
    """Breaks when `Logbook.check_reaches` raises nothing."""
    yesterday = book_in(str(team.store), team.house)
    team.ask("anna", "grant", "revoke", team.house, team.grant, "--reason", "doel-bereikt")
    put_book(str(team.store), team.house, yesterday)
    for who in ("jan", "sara", "tess", "bob"):
        stopped(read(team, who), "book-behind")


def test_6_yesterdays_store_is_noticed_by_whoever_saw_todays(team: Team, tmp_path: Path) -> None:
    """Breaks when `LocalGate.enter` does not save the memory."""
    yesterday = team.copy(tmp_path / "yesterday")
    assert read(team).code == 0
    put_back(str(team.store), yesterday.as_copy)
    stopped(read(team), "log-short")
    assert read(team, "sara").code == 0  # she saw nothing later
    stopped(read(team), "log-altered")


@pytest.mark.files_only("reads or alters the files themselves")
def test_6_a_log_rewritten_before_someone_elses_entry_is_noticed_by_any_client(team: Team) -> None:
    """Breaks when `Follower._check_seen` does not compare the root.

    bob holds the log key, as every member does. He makes a refusal of sara's look like a permission, and
    signs every checkpoint anew; jan's entry after it still says what jan had seen.
    """
    assert read(team, "sara", "plan").code == 6
    assert read(team).code == 0
    forge(team)
    assert read_entry(split(page(team).read_bytes())[0][-2].line).ruling.permitted
    for who in ("tess", "anna"):  # who saw neither entry before
        stopped(team.run(who, "--json", "household", "show", team.house), "entry-seen")


def forge(team: Team) -> None:
    """Alter the last entry but one as its gate could have made it, and sign the whole log anew."""
    desk = team.desk("bob")
    seed = EpochSecrets(desk.store, desk.identity).log_seed(desk.gate.survey().register)
    entries = [read_entry(record.line) for record in split(page(team).read_bytes())[0]]
    old = entries[-2]
    ruling = old.ruling._replace(permitted=True, reason=None, basis=team.grant)
    entries[-2] = make_entry(old.signed, old.signature, ruling)
    frontier, records = Frontier(), []
    for size, entry in enumerate(entries, 1):
        frontier.append(entry.leaf)
        note = sign_checkpoint(Checkpoint(origin(desk.store.store_id), size, frontier.root()), seed)
        records.append(Record(entry.line, note).write())
    page(team).write_bytes(b"".join(records))


# 7. A crash at any moment leaves the old state or the new one.

COMMANDS = {
    "write": ("jan", ("write", "{house}", "intake", *READ)),
    "read": ("jan", ("read", "{house}", "intake", *READ)),
    "revoke": ("anna", ("grant", "revoke", "{house}", "{grant}", "--reason", "doel-bereikt")),
    "open": ("jan", ("household", "open")),
    "suspend": ("anna", ("member", "suspend", "tess", "--reason", "verlof")),
}


@pytest.mark.parametrize(
    ("name", "half"), [*((name, False) for name in COMMANDS), ("write", True), ("revoke", True)]
)
def test_7_a_crash_at_any_moment_leaves_the_old_or_the_new(
    template: Team,
    tmp_path: Path,
    name: str,
    half: bool,  # noqa: FBT001 (as pytest gives it)
) -> None:
    """Breaks when `durable.replace` writes the file itself, `beside` it nothing."""
    who, form = COMMANDS[name]
    old = state(template)
    outcomes = []
    for after in range(1000):
        team = template.copy(tmp_path / str(after))
        command = [word.format(**team.facts) for word in form]
        try:
            with dying(after, half=half):
                code = team.run(who, *command, stdin=b"Nieuw.").code
        except CrashError:
            outcomes.append(settled(team))
            shutil.rmtree(team.root)
            continue
        assert code == 0
        new = settled(team)
        break
    assert len(outcomes) > 5
    assert {repr(outcome) for outcome in outcomes} <= {repr(old), repr(new)}
    turned = [repr(outcome) == repr(new) for outcome in outcomes]
    assert turned == sorted(turned)  # once it is the new, it stays the new


def state(team: Team) -> tuple[object, ...]:
    """Give what counts in the store, as a member sees it who was not there: what it opens, and for whom."""
    shown = team.ask("anna", "household", "show", team.house)
    rows = [
        (row["section"], row["version"], row["generation"], row["recipients"]) for row in shown["sections"]
    ]
    members = [(row["handle"], row["state"]) for row in team.ask("bob", "member", "list")["members"]]
    houses = len(team.ask("anna", "household", "list", "--unassigned")["households"])
    contents = [read(team, "jan", section).json()["content"] for section in ("intake", "plan")]
    return rows, members, houses, contents, len(team.ask("jan", "household", "list")["households"])


def settled(team: Team) -> tuple[object, ...]:
    """Give what counts after a crash, and see that all is well and work goes on, also for who was there."""
    found = state(team)
    assert team.run("anna", "check", "--deep").code == 0
    assert team.write("jan", team.house, "plan", "Verder.")["version"] == 2
    return found


# What changes keys, and in how many steps: each an old and a new of its own.
OF_KEYS = {
    "rotate": (1, "bob", ("keys", "rotate")),
    "rekey": (1, "anna", ("keys", "rekey", "{house}")),
    "coordination": (1, "anna", ("keys", "rekey", "--coordination")),
    "leave": (2, "anna", ("member", "leave", "sara", "--reason", "uit-dienst")),  # left; then closed
    "renew": (2, "sara", ("token", "renew")),  # another card; then boxed to it
}


@pytest.mark.parametrize("name", OF_KEYS)
def test_7_a_crash_while_keys_change_leaves_the_old_or_the_new_and_it_goes_on(
    template: Team, tmp_path: Path, name: str
) -> None:
    """Breaks when `LocalGate.enact` drops what is superseded before the entry is appended."""
    steps, who, form = OF_KEYS[name]
    cards = {row["card_fingerprint"] for row in template.ask("tess", "member", "list")["members"]}
    outcomes = [keys_of(template, cards)]
    for after in range(0, 1000, 2):
        team = template.copy(tmp_path / str(after))
        command = [word.format(**team.facts) for word in form]
        try:
            with dying(after):
                code = team.run(who, *command).code
        except CrashError:
            outcomes.append(keys_of(team, cards))
            assert team.run(who, *command).code == 0  # again
            well(team)
            shutil.rmtree(team.root)
            continue
        assert code == 0
        outcomes.append(keys_of(team, cards))
        well(team)
        break
    assert len(outcomes) > 5
    stages = list(dict.fromkeys(outcomes))
    assert len(stages) == steps + 1
    assert outcomes == sorted(outcomes, key=stages.index)  # none comes back


def keys_of(team: Team, cards: set[str]) -> str:
    """Give what counts of the keys, as members see it who were not there; `cards` are those of before."""
    found = team.ask("tess", "keys", "status")
    shown = team.ask("jan", "household", "show", team.house)
    rows = [(row["section"], row["generation"], row["recipients"]) for row in shown["sections"]]
    members = team.ask("tess", "member", "list")["members"]
    due = sorted((row["what"], row["why"], row["handle"] or "") for row in found["due"])
    states = [(row["handle"], row["state"], row["card_fingerprint"] in cards) for row in members]
    return repr((found["epoch"], found["coordination"], due, rows, states))


def well(team: Team) -> None:
    """See that all is well, and that work goes on."""
    assert team.ask("tess", "check")["ok"]
    assert read(team).code == 0
    assert team.write("jan", team.house, "plan", "Verder.")["version"] == 2
