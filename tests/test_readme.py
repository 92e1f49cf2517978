"""The README does what it says: its first day runs as it stands, and its links lead somewhere."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parent.parent
_PAGES = [*_ROOT.glob("*.md"), *(_ROOT / "docs").rglob("*.md"), _ROOT / "keys" / "words" / "README.md"]
_LINK = re.compile(r"\]\(([^)#]*)(?:#([^)]*))?\)")


def block(heading: str) -> str:
    """The first fenced block under a heading of the README."""
    under = (_ROOT / "README.md").read_text("utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    (found,) = re.findall(r"^```sh\n(.*?)^```$", under, re.DOTALL | re.MULTILINE)
    return str(found)


@pytest.mark.skipif(os.name == "nt", reason="the block is for a shell")
def test_the_first_day_runs_as_it_stands(tmp_path: Path) -> None:
    day, tools, calls = tmp_path / "day", tmp_path / "tools", tmp_path / "calls"
    day.mkdir()
    tools.mkdir()
    python, noted = shlex.quote(sys.executable), shlex.quote(str(calls))
    for name, text in {
        "python3": f'exec {python} "$@"',
        "dossier": f'{python} -m dossier "$@"; code=$?; echo "$code $*" >> {noted}; exit $code',
    }.items():
        (tools / name).write_text(f"#!/bin/sh\n{text}\n", "utf-8")
        (tools / name).chmod(0o700)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DOSSIER_")}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block("A first day")],
        cwd=day,
        env=kept
        | {"PATH": f"{tools}:{kept['PATH']}", "PYTHONPATH": str(_ROOT), "DOSSIER_COST": "cheapest"}
        | {f"XDG_{kind}_HOME": str(tmp_path / kind) for kind in ("CONFIG", "STATE")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
        start_new_session=True,  # no terminal: nothing is asked
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[0] for line in calls.read_text("utf-8").splitlines()] == ["0"] * 10
    assert "Het gezin vraagt hulp bij de administratie." in done.stdout
    assert '"ok": true' in done.stdout.splitlines()[-1]


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as forges make them."""
    heads = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", [str(page.relative_to(_ROOT)) for page in _PAGES])
def test_every_link_leads_somewhere(page: str) -> None:
    text = (_ROOT / page).read_text("utf-8")
    for place, anchor in _LINK.findall(text):
        if "://" not in place:
            target = (_ROOT / page).parent / place if place else _ROOT / page
            assert target.exists(), place
            assert not anchor or anchor in anchors(target.read_text("utf-8")), anchor


def test_every_test_and_bad_book_that_the_threat_model_names_is_there() -> None:
    text = (_ROOT / "docs" / "threat-model.md").read_text("utf-8")
    files = set(re.findall(r"`(tests/[\w/]+\.py)`", text))
    there = {
        name
        for file in (_ROOT / "tests").rglob("*.py")
        for name in re.findall(r"^def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)
    }
    named = set(re.findall(r"`([a-z]+_[a-z_]+)`", text)) - set(re.findall(r"`(test_\w+)`", text))
    assert files
    assert [book for book in named if not (_ROOT / "tests/vectors/books" / f"{book}.json").exists()] == []
    assert [file for file in files if not (_ROOT / file).exists()] == []
    assert set(re.findall(r"`(test_\w+)`", text)) - there == set()


def test_the_commands_that_the_documents_name_are_there() -> None:
    from dossier.cli.app import _COMMANDS  # noqa: PLC0415 (only here)

    said = {
        name for page in _PAGES for name in re.findall(r"`dossier ([a-z][a-z-]*)", page.read_text("utf-8"))
    }
    assert said - set(_COMMANDS) == set()
