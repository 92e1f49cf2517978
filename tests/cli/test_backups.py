"""dossier backup, restore, check --repair: whole or none, and nothing lost that anyone has not let go."""

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from cli_team import Answer, Team
from places import contents_of, copy_store, put_back, spoil_content, take_away

from dossier.cli.app import _COMMANDS
from dossier.cli.backends import open_at
from keys.encoding import from_base64

WAYS = ("backup", "restore")


@pytest.fixture
def root(team: Team) -> str:
    """The fingerprint of the root card, as whoever looks after backups has it on paper."""
    return str(team.ask("jan", "token", "show")["root_fingerprint"])


@pytest.fixture
def dest(team: Team) -> Path:
    return team.root / "backups" / "bak"


def store_id(team: Team) -> str:
    return str(team.ask("jan", "token", "show")["store"])


def without_token(team: Team, *arguments: str, store: str | Path | None = None) -> Answer:
    """Run a command as someone who has nothing but the folder."""
    (team.root / "members" / "nobody").mkdir(exist_ok=True)
    place = str(store or team.store)
    return team.run_plain("nobody", ["--store", place, "--no-input", "--json", *arguments])


def is_whole(team: Team, root: str, place: str | Path) -> int:
    """Check a store deep; give the size of its log."""
    answer = without_token(team, "check", "--deep", "--root", root, store=place)
    assert answer.code == 0, answer
    assert answer.json()["findings"] == []
    return int(answer.json()["entries"])


def test_both_are_commands() -> None:
    assert {name for name, file in _COMMANDS.items() if file == "backup"} >= set(WAYS)


def test_a_backup_says_what_it_holds(team: Team, root: str, dest: Path) -> None:
    made = team.ask("bob", "backup", str(dest))
    assert made["schema"] == "dossier/backup/1"
    assert (made["place"], made["store"]) == (str(dest), store_id(team))
    assert (made["households"], made["contents"], made["findings"]) == (2, 5, [])
    store, size = open_at(str(team.store)), 0
    for digest in store.contents():
        with store.get(digest) as sealed:
            size += len(sealed.read())
    assert made["bytes"] == size
    assert isinstance(made["seconds"], float)
    verified = team.ask("tess", "log", "verify")
    assert (made["entries"], made["root"]) == (verified["entries"], verified["root"])
    assert len(from_base64(made["root"])) == 32
    assert is_whole(team, root, dest) == made["entries"]


def test_whoever_has_the_root_fingerprint_needs_no_token(team: Team, root: str, dest: Path) -> None:
    for command in (
        ("backup", str(dest)),
        ("check", "--deep"),
        ("check", "--repair"),
        ("log", "verify"),
        ("restore", str(dest)),
    ):
        assert without_token(team, *command, "--root", root).code == 0
        other = root.replace(root[0], "7" if root[0] != "7" else "8")
        assert without_token(team, *command, "--root", other).code == 8
        assert without_token(team, *command).reason == "missing-option"


@pytest.mark.files_only("a folder in a folder")
@pytest.mark.parametrize("way", WAYS)
def test_a_place_within_the_other_is_wrong_use(team: Team, dest: Path, way: str) -> None:
    team.ask("bob", "backup", str(dest))
    for place in (team.store, team.store / "in", team.root):
        assert team.ask("bob", way, str(place), code=2)["reason"] == "same-place"


def test_a_store_put_back_over_an_earlier_backup_is_refused(team: Team, root: str, dest: Path) -> None:
    copy_store(str(team.store), team.root / "yesterday")
    team.write("jan", team.house, "plan", "later")
    size = team.ask("bob", "backup", str(dest))["entries"]
    put_back(str(team.store), team.root / "yesterday")
    answer = without_token(team, "backup", str(dest), "--root", root)
    assert (answer.code, answer.reason) == (6, "backup-differs")
    assert is_whole(team, root, dest) == size
    assert {path.name for path in dest.parent.iterdir()} == {"bak"}


def test_a_rolled_back_store_is_not_backed_up_by_who_saw_later(team: Team, dest: Path) -> None:
    copy_store(str(team.store), team.root / "yesterday")
    team.write("jan", team.house, "plan", "later")
    put_back(str(team.store), team.root / "yesterday")
    for command in (("backup", str(dest)), ("check", "--repair")):
        answer = team.run("jan", "--json", *command)
        assert (answer.code, answer.reason) == (8, "log-short")
    assert not dest.exists()


def test_a_damaged_store_gives_no_backup_and_names_the_damage(team: Team, dest: Path) -> None:
    spoil_content(str(team.store), lambda sealed: sealed[:-1])
    answer = team.run("bob", "--json", "backup", str(dest))
    assert (answer.code, answer.reason) == (8, "backup-damaged")
    assert [finding["code"] for finding in answer.json()["findings"]] == ["content-missing"]
    assert not dest.exists()
    plain = team.run("bob", "backup", str(dest))
    assert plain.code == 8
    assert plain.out.count(b"WRONG") == 2
    assert b"1 finding(s)" in plain.err


# Putting back.


def test_yesterdays_backup_takes_the_place_of_a_store_only_when_that_is_confirmed(
    team: Team, root: str, dest: Path
) -> None:
    size = team.ask("bob", "backup", str(dest))["entries"]
    written = team.write("jan", team.house, "plan", "later")
    for confirm in ((), ("--confirm", "f" * 32)):
        answer = team.run("bob", "--json", "restore", str(dest), *confirm)
        assert (answer.code, answer.reason) == (6, "restore-over-further")
        assert not answer.out
    assert team.ask("bob", "restore", str(dest), "--confirm", "x", code=2)["reason"] == "bad-store-id"
    assert team.read("jan", team.house, "plan").out == b"later"
    size_now, own = team.ask("tess", "log", "verify")["entries"], store_id(team)
    done = team.ask("bob", "restore", str(dest), "--confirm", own.upper())
    assert done["schema"] == "dossier/restore/1"
    assert (done["place"], done["store"]) == (str(team.store), own)
    assert (done["entries"], done["before"]) == (size, size_now)
    assert done["lost"] == {"entries": size_now - size, "households": [team.house]}
    assert written["entry"] < size_now
    assert is_whole(team, root, done["kept"]) == size_now
    assert is_whole(team, root, team.store) == size
    assert len(from_base64(done["root"])) == 32


def test_a_store_that_is_gone_is_put_back(team: Team, root: str, dest: Path) -> None:
    size = team.ask("bob", "backup", str(dest))["entries"]
    take_away(str(team.store))
    done = team.ask("bob", "restore", str(dest))
    assert (done["before"], done["lost"], done["kept"]) == (None, None, None)
    assert is_whole(team, root, team.store) == size


def test_people_are_told_what_follows_and_what_is_lost(team: Team, dest: Path) -> None:
    team.ask("bob", "backup", str(dest))
    team.write("jan", team.house, "plan", "later")
    refused = team.run("bob", "restore", str(dest))
    lines = refused.err.decode().splitlines()
    assert len(lines) == 3
    assert lines[2].endswith(f"--confirm {store_id(team)}")
    told = team.run("bob", "restore", str(dest), "--confirm", store_id(team)).out.decode()
    assert team.house in told
    assert re.search(r"before[-_]", told)
    for command in ("dossier reopen", "dossier approval give", "dossier keys rotate"):
        assert command in told


def test_an_altered_backup_is_refused_and_the_store_stays(team: Team, root: str, dest: Path) -> None:
    team.ask("bob", "backup", str(dest))
    size = is_whole(team, root, team.store)
    sealed = next(dest.glob("contents/*/*"))
    raw = sealed.read_bytes()
    sealed.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    answer = team.run("bob", "--json", "restore", str(dest))
    assert (answer.code, answer.reason) == (8, "backup-altered")
    assert [finding["code"] for finding in answer.json()["findings"]] == ["content-missing"]
    assert is_whole(team, root, team.store) == size
    assert b"1 finding(s)" in team.run("bob", "restore", str(dest)).err


def test_what_is_no_backup_is_not_put_back(team: Team, root: str) -> None:
    (team.root / "empty").mkdir()
    for name in ("empty", "nowhere"):
        assert team.ask("bob", "restore", str(team.root / name), code=9)["reason"] == "no-store"
    assert is_whole(team, root, team.store)


def test_a_folder_with_other_things_is_left_alone(team: Team, dest: Path) -> None:
    team.ask("bob", "backup", str(dest))
    (team.root / "home").mkdir()
    (team.root / "home" / "letter").write_text("mine")
    assert team.ask("bob", "backup", str(team.root / "home"), code=2)["reason"] == "place-taken"
    options = [*team.options("bob"), "--store", str(team.root / "home"), "--no-input", "--json"]
    answer = team.run_plain("bob", [*options, "restore", str(dest)])
    assert (answer.code, answer.reason) == (2, "place-taken")
    assert (team.root / "home" / "letter").read_text() == "mine"


# Killed.


def killed(team: Team, command: list[str], after: float) -> bool:
    """Kill a process with -9 some seconds after its start; tell whether it was still at it."""
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=team.environment("bob"),
        cwd=team.root,
        start_new_session=True,
    )
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


@pytest.mark.skipif(os.name == "nt", reason="there is no such signal")
def test_a_backup_that_is_killed_is_none_or_whole_and_can_be_made_again(
    team: Team, root: str, dest: Path
) -> None:
    command = team.command("bob", "backup", str(dest), "--root", root)
    began = time.monotonic()
    assert team.process_plain("bob", command).code == 0
    lasts = time.monotonic() - began
    for turn in range(8):
        if turn % 2:
            shutil.rmtree(dest)
        else:
            team.write("jan", team.house, "plan", f"{turn}")
        killed(team, command, lasts * (0.5 + turn / 16))
        if dest.exists():
            is_whole(team, root, dest)
        elif not turn % 2:
            is_whole(team, root, dest.with_name("bak.before"))
        assert team.process_plain("bob", command).code == 0
        assert is_whole(team, root, dest) == is_whole(team, root, team.store)
        assert {path.name for path in dest.parent.iterdir()} == {"bak"}


@pytest.mark.files_only("a store moved as a folder; of one in a database, test_store_copy tells")
@pytest.mark.skipif(os.name == "nt", reason="there is no such signal")
def test_a_restore_that_is_killed_leaves_one_or_the_other_and_can_be_done_again(
    team: Team, root: str, dest: Path
) -> None:
    size = team.ask("bob", "backup", str(dest))["entries"]
    team.write("jan", team.house, "plan", "later")
    further = team.root / "further"
    shutil.copytree(team.store, further)
    now = is_whole(team, root, further)
    command = team.command("bob", "restore", str(dest), "--root", root, "--confirm", store_id(team))
    began = time.monotonic()
    assert team.process_plain("bob", command).code == 0
    lasts = time.monotonic() - began
    for turn in range(8):
        for path in team.root.glob("store*"):
            shutil.rmtree(path)
        shutil.copytree(further, team.store)
        killed(team, command, lasts * (0.5 + turn / 16))
        if team.store.exists():
            assert is_whole(team, root, team.store) in (size, now)
        assert team.process_plain("bob", command).code == 0
        assert is_whole(team, root, team.store) == size
        assert now in [is_whole(team, root, path) for path in team.root.glob("store.before-*")]


# check --repair.


@pytest.mark.files_only("a torn append, a file half written")
def test_a_repair_says_what_it_removed(team: Team, root: str) -> None:
    old = team.store / "staging" / ("0a" * 16)
    old.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    with (team.store / "log" / "000000.log").open("ab") as page:
        page.write(b"torn")
    names = ["log: 4 bytes of a torn append", f"file staging/{old.name}"]
    looked = team.ask("bob", "check")
    assert (looked["leftovers"], looked["repaired"]) == (names, [])
    done = team.ask("bob", "check", "--repair", "--deep")
    assert (done["ok"], done["leftovers"], done["repaired"]) == (True, [], names)
    assert without_token(team, "check", "--repair", "--root", root).json()["repaired"] == []
    old.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    told = team.run("bob", "check", "--repair").out.decode()
    assert f"GOOD: repaired: file staging/{old.name}" in told


def test_what_is_wrong_stays_wrong_after_a_repair(team: Team) -> None:
    spoil_content(str(team.store), lambda _: b"garbled")
    before = contents_of(str(team.store))
    for _ in range(2):
        answer = team.run("bob", "--json", "check", "--deep", "--repair")
        assert (answer.code, answer.reason) == (8, "check-findings")
        assert [finding["code"] for finding in answer.json()["findings"]] == ["content-altered"]
        assert answer.json()["repaired"] == []
    assert contents_of(str(team.store)) == before
