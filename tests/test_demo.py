"""The demo of the README: it ends well, and it notices an answer that is not the expected one."""

import subprocess
import sys
from pathlib import Path

SCRIPTS = Path(__file__).parent.parent / "scripts"


def demo(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPTS / "demo"), "--here", "--folder", str(folder), *options]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)


def altered(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    """Write the steps up to the first read, with something changed."""
    text = (SCRIPTS / "demo_case" / "steps.toml").read_text("utf-8")
    end = text.index("[[steps]]", text.index("whole = "))
    text = text[:end]
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "steps.toml"
    path.write_text(text, "utf-8")
    return path


def test_the_demo_ends_well_and_leaves_its_store(tmp_path: Path) -> None:
    done = demo(tmp_path / "demo")
    assert done.returncode == 0, done.stdout[-2000:]
    assert str(tmp_path / "demo" / "store") in done.stdout
    assert (tmp_path / "demo" / "store" / "dossier.json").exists()
    assert not done.stderr


def test_an_exit_code_that_is_not_the_expected_one_fails_the_demo(tmp_path: Path) -> None:
    steps = altered(tmp_path, ("exit = 8", "exit = 0"))
    done = demo(tmp_path / "demo", "--steps", str(steps))
    assert done.returncode == 1
    assert "\nFOUT bij stap " in done.stdout


def test_an_answer_without_what_it_should_show_fails_the_demo(tmp_path: Path) -> None:
    steps = altered(tmp_path, ('"beheerder", ', '"burgemeester", '))
    done = demo(tmp_path / "demo", "--steps", str(steps))
    assert done.returncode == 1
    assert "burgemeester" in done.stdout.splitlines()[-1]


def test_content_that_differs_in_one_place_fails_the_demo(tmp_path: Path) -> None:
    steps = altered(tmp_path, ('whole = "casus/aanmeld.md"', 'whole = "casus/intake.md"'))
    done = demo(tmp_path / "demo", "--steps", str(steps))
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].endswith("casus/intake.md")


def test_the_name_of_a_client_in_an_answer_fails_the_demo(tmp_path: Path) -> None:
    steps = altered(tmp_path, ('secret = "Terpstra"', 'secret = "Hoekstra"'))
    done = demo(tmp_path / "demo", "--steps", str(steps))
    assert done.returncode == 1
    assert "Hoekstra" in done.stdout.splitlines()[-1]


def test_the_demo_overwrites_nothing_of_others(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("mine", "ascii")
    done = demo(tmp_path)
    assert done.returncode == 1
    assert [path.name for path in tmp_path.iterdir()] == ["letter"]
