"""Versions of a section: written after another, read again, edited; nobody's words are lost."""

import sys
import time
from pathlib import Path
from typing import Any

import pytest
from cli_team import Answer, Team

READ = ("--purpose", "intakegesprek")


def test_versions_follow_on_each_other_and_stay(team: Team) -> None:
    for number in (2, 3, 4):
        assert team.write("jan", team.house, "intake", f"Versie {number}.")["version"] == number
    for number in (2, 3, 4):
        answer = team.read("jan", team.house, "intake", "--version", str(number))
        assert answer.out == f"Versie {number}.".encode()
        read = team.ask("jan", "read", team.house, "intake", *READ, "--version", str(number))
        assert (read["version"], read["by"], read["media_type"]) == (number, "jan", "text/plain")
    versions = team.ask("jan", "history", team.house, "intake")["versions"]
    assert [row["version"] for row in versions] == [1, 2, 3, 4]
    assert [row["size"] for row in versions][1:] == [9, 9, 9]
    assert len({row["digest"] for row in versions}) == 4
    assert [row["at"] for row in versions] == sorted(row["at"] for row in versions)
    assert team.read("jan", team.house, "intake").out == b"Versie 4."


def test_old_versions_open_after_keys_were_renewed(team: Team) -> None:
    old = team.read("jan", team.house, "intake").out
    team.ask("anna", "grant", "revoke", team.house, team.grant, "--reason", "doel-bereikt")
    team.write("jan", team.house, "intake", "Na de nieuwe sleutel.")
    team.hire("piet", "regisseur")
    team.ask("anna", "household", "assign", team.house, "piet")
    assert team.read("piet", team.house, "intake", "--version", "1").out == old
    assert team.read("piet", team.house, "intake").out == b"Na de nieuwe sleutel."


def test_writing_after_another_version_than_the_last_writes_nothing(team: Team) -> None:
    assert team.write("jan", team.house, "intake", "Twee.")["version"] == 2
    for after in ("0", "1", "3", "-1"):
        write = ("write", team.house, "intake", *READ, f"--after={after}")
        answer = team.run("jan", "--json", *write, stdin=b"Mislukt.")
        assert (answer.code, answer.out, answer.reason) == (11, b"", "changed")
    assert (
        team.ask("jan", "write", team.house, "intake", *READ, "--after", "2", stdin=b"Drie.")["version"] == 3
    )
    assert len(team.ask("jan", "history", team.house, "intake")["versions"]) == 3


def edit(team: Team, script: str, who: str = "jan", section: str = "intake", **more: str) -> Answer:
    """Edit with a Python script for an editor; `path` is the file to edit."""
    file = team.root / "editor.py"
    head = "import pathlib, subprocess, sys\npath = pathlib.Path(sys.argv[1])\n"
    file.write_text(head + script, "utf-8")
    own: dict[str, Any] = {"VISUAL": f"{sys.executable} {file}", **more}
    return team.run(who, "--json", "edit", team.house, section, *READ, **own)


linux = pytest.mark.skipif(sys.platform != "linux", reason="a memory file system where Linux has one")


@linux
def test_an_edit_becomes_the_next_version(team: Team) -> None:
    before = team.read("jan", team.house, "intake").out
    answer = edit(team, "path.write_bytes(path.read_bytes() + b'En meer.')")
    assert answer.code == 0
    assert answer.json()["schema"] == "dossier/edit/1"
    assert answer.json()["version"] == 2
    assert team.read("jan", team.house, "intake").out == before + b"En meer."


@linux
def test_an_edit_that_changes_nothing_or_fails_writes_nothing(team: Team) -> None:
    began = time.time()
    for script, code in (
        ("pass", (2, 11)),
        ("path.write_bytes(b'half'); sys.exit(1)", (9,)),
        ("path.unlink()", (2, 9)),
    ):
        assert edit(team, script).code in code, script
        assert len(team.ask("jan", "history", team.house, "intake")["versions"]) == 1
    for editor in ("/nowhere/editor", "'unclosed", '"'):
        assert edit(team, "pass", VISUAL=editor).reason == "no-editor"
    left = Path("/dev/shm").glob("dossier-*")  # noqa: S108 (where it would be left)
    assert not [path for path in left if path.stat().st_mtime > began]


@linux
def test_an_edit_over_anothers_version_writes_nothing(team: Team) -> None:
    """Someone writes while the editor is open."""
    command = team.command("jan", "write", team.house, "intake", *READ)
    script = (
        f"subprocess.run({command!r}, input=b'Van een ander.', env={team.environment('jan')!r}, check=True)\n"
    )
    answer = edit(team, script + "path.write_bytes(b'Van mij.')")
    assert (answer.code, answer.out, answer.reason) == (11, b"", "changed")
    assert team.read("jan", team.house, "intake").out == b"Van een ander."


@linux
@pytest.mark.parametrize(("who", "code"), [("sara", 6), ("bob", 5), ("anna", 5)])
def test_only_who_may_write_edits(team: Team, who: str, code: int) -> None:
    answer = edit(team, "path.write_bytes(b'Stiekem.')", who)
    assert (answer.code, answer.out) == (code, b"")
    assert len(team.ask("jan", "history", team.house, "intake")["versions"]) == 1


@linux
def test_where_no_memory_folder_is_nothing_is_edited(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dossier.cli.editor._in_memory", lambda _place: False)
    trace = team.root / "called"
    answer = edit(team, f"pathlib.Path({str(trace)!r}).touch()", XDG_RUNTIME_DIR=str(team.root))
    assert (answer.code, answer.reason) == (2, "no-memory-folder")
    assert not trace.exists()


@linux
def test_a_first_version_can_be_edited_too(team: Team) -> None:
    team.facts["house"] = str(team.ask("jan", "household", "open")["household"])
    assert edit(team, "path.write_bytes(b'Begin.')").json()["version"] == 1
    assert team.read("jan", team.house, "intake").out == b"Begin."


def test_reading_what_nobody_wrote_is_not_found(team: Team) -> None:
    empty = str(team.ask("jan", "household", "open")["household"])
    answer = team.run("jan", "--json", "read", empty, "intake", *READ)
    assert (answer.code, answer.out, answer.reason) == (5, b"", "nothing-written")
    assert team.ask("jan", "history", empty, "intake")["versions"] == []
    rows = team.ask("jan", "household", "list", "--names", "--purpose", "caseload")["households"]
    assert {row["household"]: row["name"] is None for row in rows} == {team.house: False, empty: True}


def test_out_is_where_it_was_asked_for(team: Team) -> None:
    out = Path(team.root / "een naam met spaties.txt")
    shown = team.run("jan", "--json", "read", team.house, "intake", *READ, "--out", str(out))
    assert (shown.code, out.read_bytes()) == (0, team.read("jan", team.house, "intake").out)
    assert "content" not in shown.json()
