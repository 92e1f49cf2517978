"""No word of a content, a cover or a client leaves but by the command that reads it."""

import base64
import os
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from canaries import CANARIES, LATER, files, leaking_files, leaks
from cli_team import CONTENTS, NOBODY, SECTIONS, Answer, Team


@pytest.fixture
def temp(tmp_path: Path) -> Path:
    """Give a folder for temporary files, so that all of it can be looked at."""
    folder = tmp_path / "temp"
    folder.mkdir()
    return folder


def shows(answer: Answer) -> set[str]:
    """Name the canaries in what a command says."""
    return leaks(answer.out + answer.err)


def test_the_search_finds_a_canary_in_every_encoding() -> None:
    for word in CANARIES:
        text = f"xx{word}yy"
        assert leaks(text.encode()) >= {word}
        assert leaks(text.encode("utf-16-le")) >= {word}
        assert leaks(text.encode("utf-16-be")) >= {word}
        for before in range(3):
            assert leaks(base64.b64encode(b"-" * before + text.encode())) >= {word}
            assert leaks(base64.b64encode(b"-" * before + text.encode("utf-16-le"))) >= {word}
        assert leaks(text.encode().hex().encode()) >= {word}
    assert leaks(" ".join(text for text, _ in CONTENTS.values()).encode()) == set(CANARIES[:7])


def read_everything(team: Team) -> None:
    for section in SECTIONS:
        assert shows(team.read("jan", team.house, section))
    assert shows(team.read("jan", team.house, "intake"))
    assert shows(team.read("sara", team.house, "intake"))
    assert shows(team.read("anna", team.loose, "voorblad"))


def test_no_file_holds_a_word_of_any_content(team: Team, temp: Path) -> None:
    with patch.dict(os.environ, {"TMPDIR": str(temp)}):
        read_everything(team)
        team.write("jan", team.house, "intake", LATER.decode())
        team.ask("anna", "grant", "revoke", team.house, team.grant, "--reason", "doel-bereikt")
        read = ("read", team.house, "intake", "--purpose", "intakegesprek")
        assert leaks(team.process("jan", *read, TMPDIR=str(temp)).out)
        assert leaks(team.process("jan", "--json", *read, TMPDIR=str(temp)).out)
        team.process("jan", "read", team.house, "nonsense", "--purpose", "intakegesprek", TMPDIR=str(temp))
    assert not leaking_files(team.root, temp)
    assert not list(files(temp))


def test_a_content_in_a_file_is_where_it_was_asked_for_and_nowhere_else(team: Team) -> None:
    out = team.home("jan") / "out.txt"
    answer = team.read("jan", team.house, "intake", "--out", str(out))
    assert (answer.code, shows(answer)) == (0, set())
    assert set(leaking_files(team.root)) == {str(out)}
    assert out.stat().st_mode & 0o777 == 0o600


EDITOR = "import sys; p = sys.argv[1]; print(p, file=open('{seen}', 'w')); open(p, 'ab').write({add!r})"


@pytest.mark.skipif(sys.platform != "linux", reason="a memory file system where Linux has one")
@pytest.mark.parametrize("status", [0, 1])
def test_an_edited_content_is_never_on_a_disk(team: Team, temp: Path, status: int) -> None:
    seen = team.root / "seen"
    script = team.root / "editor.py"
    script.write_text(EDITOR.format(seen=seen, add=LATER) + f"; sys.exit({status})", "utf-8")
    own: dict[str, Any] = {"TMPDIR": str(temp), "VISUAL": f"{sys.executable} {script}"}
    script_before = leaking_files(script)
    answer = team.process("jan", "edit", team.house, "intake", "--purpose", "intakegesprek", **own)
    assert (answer.code, shows(answer)) == (9 if status else 0, set())
    place = Path(seen.read_text("utf-8").strip())
    assert place.parts[1:3] == ("dev", "shm")
    assert not place.parent.exists()
    script.unlink()
    assert not script_before
    assert not leaking_files(team.root, temp)
    assert (LATER in team.read("jan", team.house, "intake").out) == (status == 0)


# Every other command, as whom, what it ends with.
OTHERS: list[tuple[str, tuple[str, ...]]] = [
    ("jan", ("household", "list")),
    ("sara", ("household", "list")),
    ("anna", ("household", "list", "--unassigned")),
    ("jan", ("household", "show", "{house}")),
    ("anna", ("household", "show", "{loose}")),
    ("jan", ("history", "{house}", "intake")),
    ("jan", ("history", "{house}", "voorblad")),
    ("anna", ("who", "{house}")),
    ("jan", ("who", "{house}", "plan")),
    ("anna", ("grant", "list")),
    ("anna", ("grant", "list", "{house}")),
    ("anna", ("member", "list")),
    ("anna", ("approval", "list")),
    ("anna", ("policy", "show")),
    ("anna", ("purpose", "list")),
    ("jan", ("token", "show")),
    ("jan", ("exit-codes",)),
    ("tess", ("log", "show")),
    ("jan", ("log", "show", "--household", "{house}")),
    ("tess", ("log", "export")),
    ("jan", ("log", "verify")),
    ("jan", ("log", "checkpoint")),
    ("jan", ("log", "vkey")),
    ("jan", ("check",)),
    ("bob", ("check", "--deep")),
    ("anna", ("grant", "revoke", "{house}", "{grant}", "--reason", "doel-bereikt")),
    ("anna", ("household", "assign", "{loose}", "jan")),
    ("jan", ("write", "{house}", "intake", "--purpose", "intakegesprek")),
    ("jan", ("write", "{house}", "intake", "--purpose", "intakegesprek", "--after", "7")),
    # refused, wrong, or in nobody's household
    ("sara", ("read", "{house}", "plan", "--purpose", "plan-opstellen")),
    ("sara", ("read", "{house}", "intake", "--purpose", "crisis")),
    ("sara", ("write", "{house}", "intake", "--purpose", "intakegesprek")),
    ("jan", ("read", "{house}", "intake", "--purpose", "intakegesprek", "--version", "9")),
    ("jan", ("read", "{house}", "intake", "--purpose", "goudzoeken")),
    ("jan", ("read", "{house}", "kelder", "--purpose", "intakegesprek")),
    ("anna", ("read", "{house}", "intake", "--purpose", "intakegesprek")),
    ("bob", ("read", "{house}", "intake", "--purpose", "intakegesprek")),
    ("tess", ("household", "list", "--names", "--purpose", "caseload")),
    ("jan", ("read", NOBODY, "intake", "--purpose", "intakegesprek")),
    ("jan", ("write", "{house}", "intake", "--purpose", "goudzoeken")),
]


def test_no_other_command_says_a_word_of_any_content(team: Team) -> None:
    team.write("jan", team.house, "intake", LATER.decode())
    leaking = []
    for as_json in ((), ("--json",)):
        for lang in ("nl", "en"):
            copy = team.copy(team.root.parent / f"{lang}{len(as_json)}")
            for who, form in OTHERS:
                command = [word.format(**copy.facts) for word in form]
                answer = copy.run(who, "--lang", lang, *as_json, *command, stdin=LATER)
                assert answer.code != 1
                if shows(answer):
                    leaking.append((who, command, answer))
            assert not leaking_files(copy.root)
    assert not leaking


def test_names_are_shown_only_with_a_purpose(team: Team) -> None:
    assert team.ask("jan", "household", "list", "--names", code=2)["reason"] == "missing-option"
    rows = team.ask("jan", "household", "list", "--names", "--purpose", "caseload")["households"]
    assert [row["name"] for row in rows] == ["Gezin Zwaluwenburg-Kanarievogel"]
    assert not leaking_files(team.root)


def test_a_fault_of_the_program_itself_shows_no_content(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    def fall_over(data: bytes) -> None:
        raise RuntimeError(len(data))

    monkeypatch.setattr("dossier.cli.contents._show", fall_over)
    for debug in ((), ("--debug",)):
        answer = team.run("jan", *debug, "read", team.house, "intake", "--purpose", "intakegesprek")
        assert (answer.code, answer.out, shows(answer)) == (1, b"", set())
        assert (b"Traceback" in answer.err) == bool(debug)
