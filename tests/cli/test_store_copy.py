"""dossier store copy and store migrate, and what a store in a database answers when the database fails."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import postgres
import pytest
from cli_team import CONTENTS, Team
from places import copy_store, log_of

from dossier.cli.backends import open_at
from keys.encoding import from_base64


@pytest.fixture
def moved(team: Team, schema: str) -> Team:
    """Give a team whose store stands in a database."""
    team.ask("bob", "store", "copy", str(team.store), schema)
    team.store = schema  # type: ignore[assignment]
    return team


def without_token(team: Team, *arguments: str, **more: Any) -> Any:
    """Run a command as someone who has nothing."""
    (team.root / "members" / "nobody").mkdir(exist_ok=True)
    return team.run_plain("nobody", ["--no-input", "--json", *arguments], **more)


def test_it_says_what_was_copied_and_needs_no_token(team: Team, schema: str) -> None:
    answer = without_token(team, "store", "copy", str(team.store), schema)
    assert answer.code == 0, answer
    made, verified = answer.json(), team.ask("tess", "log", "verify")
    assert made["schema"] == "dossier/store-copy/1"
    assert (made["from"], made["to"]) == (str(team.store), schema)
    assert made["store"] == team.ask("jan", "token", "show")["store"]
    assert (made["entries"], made["root"]) == (verified["entries"], verified["root"])
    assert len(from_base64(made["root"])) == 32
    store = open_at(schema)
    assert made["books"] == len(list(store.books())) == 3
    assert made["objects"] == sum(len(store.objects(book)) for book in store.books())
    assert made["contents"] == len(list(store.contents())) == 5
    assert made["bytes"] == sum(len(store.get(digest).read()) for digest in store.contents())
    assert made["findings"] == []
    assert isinstance(made["seconds"], float)


def test_who_moved_works_on_with_token_and_memory_as_they_are(moved: Team, tmp_path: Path) -> None:
    for section, (text, _) in CONTENTS.items():
        assert moved.read("jan", moved.house, section).out == text.encode()
    moved.write("jan", moved.house, "plan", "In de database.")
    assert moved.ask("tess", "check", "--deep")["ok"]
    back = str(tmp_path / "back")
    moved.ask("bob", "store", "copy", str(moved.store), back)
    moved.store = Path(back)
    assert moved.read("jan", moved.house, "plan").out == b"In de database."


def test_what_is_new_is_brought_over_by_running_it_again(team: Team, schema: str) -> None:
    copy = ("store", "copy", str(team.store), schema)
    first = team.ask("bob", *copy)["entries"]
    team.write("jan", team.house, "plan", "Nieuw.")
    assert team.ask("bob", *copy)["entries"] > first
    team.store = schema  # type: ignore[assignment]
    assert team.read("jan", team.house, "plan").out == b"Nieuw."


def test_refusals_change_nothing(moved: Team, tmp_path: Path) -> None:
    place, early = str(moved.store), tmp_path / "early"
    moved.ask("bob", "store", "copy", place, str(early))
    moved.write("jan", moved.house, "plan", "Later.")
    before = log_of(place)
    assert moved.ask("bob", "store", "copy", str(early), place, code=6)["reason"] == "copy-over-further"
    assert moved.ask("bob", "store", "copy", place, place, code=2)["reason"] == "same-place"
    far = ("postgresql://anna:geheim@host/x", "password-in-place")
    for wrong, reason in (
        far,
        ("https://gate.example", "place-is-gate"),
        ("postgresql:///?x=1", "bad-place"),
    ):
        answer = moved.run("bob", "--json", "store", "copy", place, wrong)
        assert (answer.code, answer.reason, answer.out) == (2, reason, b"")
        assert b"geheim" not in answer.err
    assert moved.ask("bob", "store", "copy", str(tmp_path / "none"), place, code=9)["reason"] == "no-store"
    assert log_of(place) == before


def test_people_are_told_what_follows(team: Team, schema: str) -> None:
    told = team.run("bob", "store", "copy", str(team.store), schema).out.decode()
    assert told.startswith("GOOD: store copied, and read back there")
    assert "5 contents" in told
    assert "let nobody work" in told


def test_a_draft_is_told_as_one(team: Team, schema: str) -> None:
    team.ask("bob", "store", "copy", str(team.store), schema)
    postgres.ask(schema, "UPDATE frontier SET draft = true")
    source, team.store = team.store, schema  # type: ignore[assignment]
    assert team.ask("jan", "household", "list", code=9)["reason"] == "store-unfinished"
    team.ask("bob", "store", "copy", str(source), schema)
    assert team.run("jan", "household", "list").code == 0


@pytest.mark.skipif(os.name == "nt", reason="there is no such signal")
@pytest.mark.parametrize("way", ["copy", "restore"])
def test_killed_it_is_not_there_or_whole_and_can_be_done_again(
    team: Team, schema: str, tmp_path: Path, way: str
) -> None:
    """Where a store stood, that one or the other is there."""
    root, source, early = (
        str(team.ask("jan", "token", "show")["root_fingerprint"]),
        tmp_path / "s",
        tmp_path / "e",
    )
    team.ask("bob", "store", "copy", str(team.store), str(early))
    team.write("jan", team.house, "plan", "Later.")
    team.ask("bob", "store", "copy", str(team.store), str(source))
    store = str(team.ask("jan", "token", "show")["store"])
    program = [sys.executable, "-m", "dossier", "--no-input", "--json", "--store", schema]
    command = {
        "copy": [*program, "store", "copy", str(source), schema],
        "restore": [*program, "restore", str(source), "--root", root, "--confirm", store],
    }[way]
    environment = team.environment("bob")
    began = time.monotonic()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    lasts = time.monotonic() - began
    sizes = {where.name: len(log_of(str(where))) for where in (source, early)}
    for turn in range(6):
        postgres.empty(schema)
        if turn % 2:
            without_token(team, "store", "copy", str(early), schema)
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(lasts * (0.4 + turn / 12))
        process.send_signal(signal.SIGKILL)
        process.wait()
        looked = without_token(team, "--store", schema, "check", "--deep", "--root", root)
        if turn % 2 or looked.code == 0:
            assert looked.code == 0, looked
            assert len(log_of(schema)) in sizes.values()
        else:
            assert looked.reason in ("no-store", "store-unfinished")
        subprocess.run(command, env=environment, check=True, capture_output=True)
        assert without_token(team, "--store", schema, "check", "--deep", "--root", root).code == 0
        assert len(log_of(schema)) == sizes["s"]


# What a store in a database needs.


def test_a_newcomer_finds_the_database_as_a_default(moved: Team) -> None:
    moved.hire("nina", "specialist")
    options = ["--passphrase-file", str(moved.home("nina") / "pw"), "--no-input", "household", "list"]
    assert moved.run_plain("nina", options).code == 0


def test_init_makes_a_store_and_its_tables_in_an_empty_schema_only(team: Team, schema: str) -> None:
    team.new_home("nina")
    options = ["--store", schema, "--token", str(team.token("nina")), "--json", "--no-input"]
    options += ["--passphrase-file", str(team.home("nina") / "pw")]
    init = ["init", "--name", "Nieuw", "--founder", "nina", "--person", "Nina", "--org", "Org"]
    assert team.run_plain("nina", [*options, *init]).code == 0
    assert team.run_plain("nina", [*options, "check", "--deep"]).json()["ok"]
    team.token("nina").unlink()
    again = team.run_plain("nina", [*options, *init])
    assert (again.code, again.reason) == (2, "store-exists")
    postgres.empty(schema)
    postgres.ask(schema, "CREATE TABLE mine (one int)")
    among = team.run_plain("nina", [*options, *init])
    assert (among.code, among.reason) == (2, "place-taken")
    assert not team.token("nina").exists()


def test_tables_are_migrated_when_that_is_asked(moved: Team) -> None:
    place = str(moved.store)
    postgres.ask(place, "INSERT INTO dossier_schema VALUES (99)")
    error = moved.ask("jan", "household", "list", code=9)
    assert error["reason"] == "schema-new"
    assert moved.ask("bob", "store", "migrate", code=9)["reason"] == "schema-new"
    postgres.ask(place, "DELETE FROM dossier_schema WHERE version > 1")
    assert moved.ask("jan", "household", "list", code=9)["reason"] == "schema-old"
    postgres.ask(place, "DROP TRIGGER log_only_grows ON log; DROP FUNCTION log_only_grows")
    made = moved.ask("bob", "store", "migrate")
    assert (made["before"], made["version"], made["gate_role"]) == (1, 2, None)
    assert b"up to date" in moved.run("bob", "store", "migrate").out
    assert moved.run("jan", "household", "list").code == 0


def test_a_gate_role_is_let_in_by_migrating(moved: Team) -> None:
    place, role = str(moved.store), f"gate_{next(postgres.NAMES)}"
    assert moved.ask("bob", "store", "migrate", "--gate-role", role, code=2)["reason"] == "no-such-role"
    postgres.admin().execute(f"CREATE ROLE {role} LOGIN".encode())
    try:
        moved.store = postgres.as_role(place, role)  # type: ignore[assignment]
        assert moved.ask("jan", "household", "list", code=9)["reason"] == "no-store"  # it sees none
        moved.store = place  # type: ignore[assignment]
        assert moved.ask("bob", "store", "migrate", "--gate-role", role)["gate_role"] == role
        moved.store = postgres.as_role(place, role)  # type: ignore[assignment]
        moved.write("jan", moved.house, "plan", "Onder een eigen naam.")
        assert moved.ask("tess", "check", "--deep")["ok"]
    finally:
        postgres.admin().execute(f"DROP OWNED BY {role}; DROP ROLE {role}".encode())


def test_a_folder_has_no_tables(team: Team, tmp_path: Path) -> None:
    answer = team.run("bob", "--store", str(tmp_path), "--json", "store", "migrate")
    assert (answer.code, answer.reason) == (2, "not-a-database")


def test_a_store_in_a_folder_loads_no_driver(team: Team, tmp_path: Path) -> None:
    if "://" in str(team.store):
        team.ask("bob", "store", "copy", str(team.store), str(tmp_path / "folder"))
        team.store = tmp_path / "folder"
    program = (
        "import sys\nfrom dossier.cli.app import run\ncode = run(sys.argv[1:])\n"
        "print(code, *sorted({'psycopg', 'asyncio'} & sys.modules.keys()))\n"
    )
    command = [sys.executable, "-c", program, *team.options("jan"), "household", "list"]
    done = subprocess.run(command, env=team.environment("jan"), capture_output=True, check=True)
    assert done.stdout.endswith(b"\n0\n")


# Where the database does not take the entry, nothing opens.

SPOILED = {
    "the log is away": "ALTER TABLE log RENAME TO elsewhere",
    "the log takes nothing more": "ALTER TABLE log ADD CHECK (false) NOT VALID",
    "the log cannot be read": "ALTER TABLE log DROP COLUMN record",
    "the sign is away": "DELETE FROM frontier",
    "the books take nothing more": "ALTER TABLE entries ADD CHECK (false) NOT VALID",
    "the frontier cannot be locked": "ALTER TABLE frontier RENAME TO elsewhere",
}
DEEDS = {
    "read": ("read", "{house}", "intake", "--purpose", "intakegesprek"),
    "names": ("household", "list", "--names", "--purpose", "caseload"),
    "write": ("write", "{house}", "intake", "--purpose", "intakegesprek"),
    "grant": ("grant", "revoke", "{house}", "{grant}", "--reason", "doel-bereikt"),
}


@pytest.mark.parametrize("way", SPOILED)
@pytest.mark.parametrize("deed", DEEDS)
def test_nothing_is_opened_or_written_where_the_database_fails(moved: Team, way: str, deed: str) -> None:
    who = "anna" if deed == "grant" else "jan"
    postgres.ask(str(moved.store), SPOILED[way])
    if way.startswith("the books") and deed in ("read", "names"):
        assert moved.run(who, *[word.format(**moved.facts) for word in DEEDS[deed]]).code == 0
        return  # it needs none
    answer = moved.run(who, *[word.format(**moved.facts) for word in DEEDS[deed]], stdin=b"Nieuw.")
    assert (answer.code, answer.out) == (9, b""), answer
    assert b"Traceback" not in answer.err


def test_last_nights_database_is_noticed_by_whoever_saw_later(moved: Team, tmp_path: Path) -> None:
    place, night = str(moved.store), tmp_path / "night"
    copy_store(place, night)
    moved.write("jan", moved.house, "plan", "Vandaag.")
    postgres.copied(night.read_text("utf-8"), to=place)
    assert moved.ask("jan", "household", "list", code=8)["reason"] == "log-short"
    moved.ask("sara", "household", "list")
