"""The demo of the README: it ends well, and it notices an answer that is not the expected one."""

import json
import os
import subprocess
import sys
import tomllib
from collections import Counter
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

import pytest

SCRIPTS = Path(__file__).parent.parent / "scripts"
STEPS = SCRIPTS / "demo_case" / "steps.toml"


def run(folder: Path, *more: str, steps: Path = STEPS) -> subprocess.CompletedProcess[str]:
    options = ["--here", "--folder", str(folder), "--steps", str(steps), *more]
    command = [sys.executable, str(SCRIPTS / "demo"), *options]
    cheap = os.environ | {"DOSSIER_COST": "cheapest"}
    return subprocess.run(command, capture_output=True, encoding="utf-8", env=cheap, check=False)


def test_the_demo_ends_well_and_leaves_its_store(tmp_path: Path) -> None:
    done = run(tmp_path / "demo")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert done.stdout.splitlines()[-1].endswith(str(tmp_path / "demo" / "store"))
    assert (tmp_path / "demo" / "store" / "dossier.json").exists()


def test_the_served_demo_ends_well_and_leaves_nothing_running(tmp_path: Path) -> None:
    done = run(tmp_path / "demo", "--served")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    journal = (tmp_path / "demo" / "poort" / "journaal").read_text("utf-8")
    events = [json.loads(line)["event"] for line in journal.splitlines() if line.startswith("{")]
    assert (events.count("start"), events.count("stop")) == (2, 2)  # anew when a week has passed
    assert "call" in events
    assert not {"fault", "server"} & set(events)
    assert not (tmp_path / "demo" / "store").exists()
    assert (tmp_path / "demo" / "database" / "PG_VERSION").exists()
    assert not (tmp_path / "demo" / "database" / "postmaster.pid").exists()


def test_the_served_demo_is_the_same_story() -> None:
    """Of what members do with households, only what is done to the files themselves differs."""
    told = [step for step in tomllib.loads(STEPS.read_text("utf-8"))["steps"] if "who" in step]
    variants = Counter(step.get("only") for step in told)
    assert variants[None] > 2 * (variants["folder"] + variants["served"])
    own = [step["run"] for step in told if step.get("only") == "folder"]
    assert own == ["keys status", "keys rotate", "backup kopie", "check --deep"]


def test_an_expectation_that_is_not_met_ends_the_demo_there(tmp_path: Path) -> None:
    steps = tmp_path / "steps.toml"
    steps.write_text(STEPS.read_text("utf-8").replace("exit = 8", "exit = 7", 1), "utf-8")
    done = run(tmp_path / "demo", steps=steps)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].endswith("8 in plaats van 7")
    assert (tmp_path / "demo" / "samira" / "token").exists()
    assert not (tmp_path / "demo" / "samira" / "state").exists()


def test_the_demo_overwrites_nothing_of_others(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("mine", "ascii")
    assert run(tmp_path).returncode == 1
    assert [path.name for path in tmp_path.iterdir()] == ["letter"]


# What each expectation of a step holds against an answer.

NAME = "Terpstra"
EXPECTATIONS = {  # a step, an answer that meets it, and one that does not
    "exit": ({"exit": 5}, (5, b"", b"no\n"), (0, b"", b"no\n")),
    "no exit": ({}, (0, b"yes\n", b""), (5, b"yes\n", b"")),
    "shows": ({"shows": ["{H}", "jan"]}, (0, b"H-1 jan\n", b""), (0, b"H-2 jan\n", b"")),
    "hides": ({"hides": ["samira"]}, (0, b"jan\n", b""), (0, b"jan samira\n", b"")),
    "the name, by default": ({}, (0, b"H-1\n", b""), (0, b"Gezin Terpstra\n", b"")),
    "the name, on stderr": ({"exit": 8}, (8, b"", b"H-1\n"), (8, b"", b"Terpstra\n")),
    "named": ({"named": True, "shows": [NAME]}, (0, b"Terpstra\n", b""), (0, b"\n", b"")),
    "whole": ({"whole": "letter"}, (0, b"mine\n", b""), (0, b"mine\r\n", b"")),
    "same": ({"same": True, "exit": 5}, (5, b"", b"no access\n"), (5, b"", b"No access\n")),
    "empty": ({"empty": True, "exit": 8}, (8, b"", b"altered\n"), (8, b"mine\n", b"altered\n")),
    "keep": ({"keep": {"G": "grant"}}, (0, b"G-7KQ2M9XD\n", b""), (0, b"", b"G-7KQ2M9XD\n")),
}


@pytest.fixture(scope="module")
def program() -> Any:
    """Import the script, which has no .py."""
    loader = SourceFileLoader("demo", str(SCRIPTS / "demo"))
    spec = spec_from_loader("demo", loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.fixture
def demo(program: Any, tmp_path: Path) -> Any:
    (tmp_path / "letter").write_bytes(b"mine\n")
    made = program.Demo(tmp_path, [], {"secret": NAME, "members": {}})
    made.known["H"] = "H-1"
    made.last = program.Answer(5, b"", b"no access\n")
    return made


@pytest.mark.parametrize("name", EXPECTATIONS)
def test_an_expectation_tells_a_good_answer_from_another(program: Any, demo: Any, name: str) -> None:
    step, good, bad = EXPECTATIONS[name]
    with pytest.raises(program.Unexpected):
        demo.check(step, program.Answer(*bad))
    demo.check(step, program.Answer(*good))


def test_what_is_kept_from_an_answer_is_known_to_the_steps_after_it(program: Any, demo: Any) -> None:
    demo.check({"keep": {"G": "grant"}}, program.Answer(0, b"G-7KQ2M9XD for samira in H-1\n", b""))
    assert demo.known["G"] == "G-7KQ2M9XD"


def test_a_byte_turned_twice_is_what_it_was(demo: Any, tmp_path: Path) -> None:
    demo.flip("letter")
    assert (tmp_path / "letter").read_bytes() != b"mine\n"
    demo.flip("letter")
    assert (tmp_path / "letter").read_bytes() == b"mine\n"
