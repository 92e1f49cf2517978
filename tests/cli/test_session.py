"""A session: the passphrase once, then none until it locks; and what becomes of it when its agent goes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from cli_team import CONTENTS, PASSPHRASE, Answer, Team
from places import on_files

from dossier.cli import unlocked
from keys import agent
from keys.agent_place import own_folder, peer_uid
from keys.agent_wire import Leader
from keys.token import peek, unlock

NAME: dict[str, Any] = {"DOSSIER_SESSION": "proef"}
READ = ("read", "{house}", "intake", "--purpose", "intakegesprek")
INTAKE = CONTENTS["intake"][0].encode()
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="/proc tells only there")


class Desk:
    """Jan, or another member, in a session with a name."""

    def __init__(self, team: Team, who: str = "jan", **environment: str) -> None:
        self.team = team
        self.who = who
        self.environment = {**NAME, **environment}

    def plain(self, *arguments: str, **more: Any) -> Answer:
        """Run a command that is given no passphrase, and may not ask for it."""
        return self.team.run_plain(self.who, self.command(*arguments), **{**self.environment, **more})

    def command(self, *arguments: str) -> list[str]:
        """Give the arguments of such a command."""
        place = ["--store", self.team.place(), "--token", str(self.team.token(self.who))]
        return [*place, "--json", "--no-input", *(word.format(**self.team.facts) for word in arguments)]

    def unlock(self, *arguments: str) -> dict[str, Any]:
        """Unlock the session."""
        return self.team.ask(self.who, "session", "unlock", *arguments, **self.environment)

    def start(self, idle: int = 600, **more: Any) -> None:
        """Start its agent as no command can: for seconds, or on a port."""
        token = unlock(self.team.token(self.who), PASSPHRASE)
        agent.start(token, self.place, idle, 3600, None, **more)

    @property
    def place(self) -> Path:
        """Where its agent is."""
        environment = {**self.team.environment(self.who), **self.environment}
        with patch.dict(os.environ, environment, clear=True):
            return unlocked.place_of_session(peek(self.team.token(self.who)).card)

    def pid(self) -> int:
        """Give the process of its agent."""
        import socket  # noqa: PLC0415 (only here)
        import struct  # noqa: PLC0415 (only here)

        with own_folder(self.place.parent) as inside, socket.socket(socket.AF_UNIX) as line:
            line.connect(str(inside / self.place.name))
            assert peer_uid(line) == os.geteuid()
            return int(struct.unpack("3i", line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0])

    def locked(self) -> bool:
        """Tell whether commands have to ask again, and nobody listens any more."""
        answer = self.plain(*READ)
        again = (answer.code, answer.out, answer.reason) == (2, b"", "missing-option")
        return again and self.plain("session", "status").json()["unlocked"] is False


@pytest.fixture
def desk(team: Team) -> Iterator[Desk]:
    """Give jan's desk; his session is locked at the end."""
    found = Desk(team)
    yield found
    agent.lock(found.place)


def soon(what: Any, seconds: float = 5.0) -> bool:
    """Wait until something is so."""
    until = time.monotonic() + seconds
    while not what():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def test_after_unlocking_no_command_asks_until_the_session_is_locked(desk: Desk) -> None:
    assert desk.locked()
    told = desk.unlock()
    assert told["schema"] == "dossier/session-unlock/1"
    assert (told["handle"], told["unlocked"], told["idle_minutes"]) == ("jan", True, 10)
    assert desk.plain(*READ).json()["content"].encode() == INTAKE
    written = desk.plain("write", *READ[1:], stdin=b"Nieuw.")
    assert (written.code, written.err) == (0, b"")
    assert desk.plain(*READ).json()["content"] == "Nieuw."
    shown = desk.plain("token", "show").json()
    assert (shown["handle"], shown["card_fingerprint"]) == ("jan", told["card_fingerprint"])
    status = desk.plain("session", "status").json()
    assert status["schema"] == "dossier/session-status/1"
    assert {name: status[name] for name in ("unlocked", "handle", "peers_checked")} == {
        "unlocked": True,
        "handle": "jan",
        "peers_checked": sys.platform == "linux" or told["peers_checked"],
    }
    assert status["idle_until"] < status["until"]
    locked = desk.plain("session", "lock").json()
    assert (locked["schema"], locked["was_unlocked"]) == ("dossier/session-lock/1", True)
    assert desk.plain("session", "lock").json()["was_unlocked"] is False
    assert desk.locked()
    assert list(desk.place.parent.iterdir()) == []


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_people_are_told_until_when_and_how_it_locks(desk: Desk, lang: str) -> None:
    said = [
        desk.team.run("jan", "--lang", lang, "session", verb, **NAME).out.decode()
        for verb in ("status", "unlock", "status", "lock", "lock")
    ]
    assert all(said)
    assert len(set(said)) == 5
    assert "dossier session lock" in said[1]
    assert "jan" in said[1]
    assert desk.team.run("jan", "--quiet", "session", "unlock", **NAME).out == b""


def test_a_session_is_of_one_name_and_one_token(desk: Desk, team: Team) -> None:
    desk.unlock()
    assert desk.plain(*READ, DOSSIER_SESSION="ander").reason == "missing-option"
    assert Desk(team, "sara").locked()
    assert Desk(team, "sara", XDG_STATE_HOME=f"{team.home('jan')}/state").locked()
    assert desk.plain(*READ).code == 0


def test_two_tokens_have_a_session_each_under_one_name(team: Team, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    desks = [Desk(team, who, XDG_RUNTIME_DIR=str(tmp_path)) for who in ("jan", "sara")]
    try:
        for one in desks:
            one.unlock()
        assert [one.plain("token", "show").json()["handle"] for one in desks] == ["jan", "sara"]
    finally:
        assert [agent.lock(one.place) for one in desks] == [True, True]


def test_a_name_that_is_none_is_wrong_use(desk: Desk) -> None:
    for name in ("a/b", "..", "a b", "\u00e9", "x" * 65, "a\n"):
        for command in (("session", "status"), ("session", "unlock")):
            answer = desk.team.run("jan", "--json", *command, DOSSIER_SESSION=name)
            assert (answer.code, answer.reason) == (2, "bad-session")


def test_a_session_of_a_terminal_is_for_that_terminal_and_locks_when_it_is_closed(team: Team) -> None:
    program = f"{sys.executable} -m dossier"
    options = " ".join(f"'{word}'" for word in team.options("jan"))
    plain = " ".join(f"'{word}'" for word in Desk(team).command(*READ))
    script = (
        f"{program} {options} --quiet session unlock && {program} {plain} && "
        f"{{ setsid -w {program} {plain}; echo apart $?; read wait; }}"
    )
    environment = {**team.environment("jan"), "XDG_RUNTIME_DIR": str(team.home("jan"))}
    with subprocess.Popen(
        ["/bin/sh", "-c", script],
        env=environment,
        cwd=team.root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as shell:
        assert shell.stdin is not None
        assert shell.stdout is not None
        assert INTAKE.strip() in shell.stdout.readline()
        assert shell.stdout.readline() == b"apart 2\n"
        folder = team.home("jan") / "dossier"
        assert [path.is_socket() for path in folder.iterdir()] == [True]
        shell.stdin.close()
    assert soon(lambda: list(folder.iterdir()) == [])


@pytest.mark.skipif(not hasattr(os, "getsid"), reason="sessions of terminals are of POSIX")
def test_without_a_terminal_session_or_a_name_there_is_nothing_to_unlock(team: Team) -> None:
    answer = team.process("jan", "--json", "session", "unlock")  # it leads a session of its own
    assert (answer.code, answer.out, answer.reason) == (2, b"", "no-session")
    assert not (team.home("jan") / "state" / "dossier" / "session").exists()


SCOPE = ("--role", "specialist", "--section", "plan", "--purpose", "plan-opstellen", "--until", "14d")
RIGHTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("anna", ("member", "admit", "{card}", "--role", "regisseur", "--fingerprint", "{fingerprint}")),
    ("anna", ("member", "roles", "sara", "--add", "regisseur")),
    ("anna", ("member", "suspend", "sara", "--reason", "verlof")),
    ("anna", ("member", "restore", "sara", "--reason", "terug")),
    ("anna", ("approval", "give", "0")),
    ("anna", ("approval", "refuse", "0")),
    ("anna", ("policy", "adopt", "{policy}")),
    ("anna", ("household", "open", "--regisseur", "jan")),
    ("anna", ("household", "assign", "{loose}", "jan")),
    ("anna", ("grant", "give", "{house}", "sara", *SCOPE)),
    ("anna", ("grant", "revoke", "{house}", "{grant}", "--reason", "doel-bereikt")),
)


@pytest.mark.parametrize(("who", "command"), RIGHTS, ids=[" ".join(form[:2]) for _, form in RIGHTS])
def test_what_changes_rights_asks_again_in_an_unlocked_session(
    team: Team, who: str, command: tuple[str, ...]
) -> None:
    found = Desk(team, who)
    policy = team.root / "policy.toml"
    policy.write_text(team.ask("jan", "policy", "show")["document"], "utf-8")
    team.note(card=str(team.card("jan")), fingerprint="A" * 25, policy=str(policy))
    found.unlock()
    try:
        before = team.ask("tess", "log", "show")["entries"]
        answer = found.plain(*command)
        assert (answer.code, answer.out, answer.reason) == (2, b"", "missing-option")
        after = team.ask("tess", "log", "show")["entries"]
        assert [entry["request"]["actor"] for entry in after[len(before) :]] == ["tess"]
        assert found.plain("household", "list").code == 0  # it is unlocked all the same
    finally:
        agent.lock(found.place)


def test_a_household_of_ones_own_is_daily_work(desk: Desk) -> None:
    desk.unlock()
    assert desk.plain("household", "open").code == 0


def test_a_suspended_member_gets_nothing_by_a_session_either(desk: Desk, team: Team) -> None:
    desk.unlock()
    team.ask("anna", "member", "suspend", "jan", "--reason", "verlof")
    answer = desk.plain(*READ)
    assert (answer.code, answer.out, answer.reason) == (4, b"", "not-active")


# Its limits.


def test_nobody_gets_a_longer_session_than_the_policy_allows(desk: Desk, team: Team) -> None:
    document = team.ask("anna", "policy", "show")["document"]
    shorter = document.replace("session_idle_minutes = 10", "session_idle_minutes = 5")
    shorter = shorter.replace("session_hours = 12", "session_hours = 2")
    shorter = shorter.replace("version = 1", "version = 2", 1)
    path = team.root / "policy.toml"
    path.write_text(shorter, "utf-8")
    for asked in (("--idle", "11"), ("--hours", "13")):
        assert team.ask("jan", "session", "unlock", *asked, code=2, **NAME)["reason"] == "session-too-long"
    team.ask("anna", "policy", "adopt", str(path))
    for asked in (("--idle", "6"), ("--hours", "3")):
        assert team.ask("jan", "session", "unlock", *asked, code=2, **NAME)["reason"] == "session-too-long"
    assert desk.locked()
    assert desk.unlock()["idle_minutes"] == 5
    told = desk.unlock("--idle", "1", "--hours", "1")
    assert told["idle_minutes"] == 1
    assert told["idle_until"] < told["until"]
    for asked in (("--idle", "0"), ("--hours", "-1"), ("--idle", "x")):
        assert team.run("jan", "session", "unlock", *asked, **NAME).code == 2


@pytest.mark.files_only("a folder that is moved away")
def test_a_session_can_be_unlocked_while_the_store_is_away(desk: Desk, team: Team) -> None:
    team.store.rename(team.root / "away")
    assert desk.unlock()["idle_minutes"] == 10
    assert (
        team.ask("jan", "session", "unlock", "--idle", "11", code=2, **NAME)["reason"] == "session-too-long"
    )
    (team.root / "away").rename(team.store)
    assert desk.plain(*READ).code == 0


def test_a_token_that_was_never_in_contact_has_no_session(team: Team) -> None:
    team.new_token("nina")
    assert team.ask("nina", "session", "unlock", code=4, **NAME)["reason"] == "not-joined"
    team.token("nina").unlink()
    for verb in ("unlock", "lock", "status"):
        assert team.ask("nina", "session", verb, code=4, **NAME)["reason"] == "no-token"


def test_a_folder_that_others_can_enter_holds_no_session(desk: Desk, team: Team) -> None:
    desk.place.parent.mkdir(parents=True)
    desk.place.parent.chmod(0o755)
    assert team.ask("jan", "session", "unlock", code=9, **NAME)["reason"] == "session-not-started"
    assert desk.locked()


def test_the_runtime_folder_is_used_where_it_is_ones_own(desk: Desk, team: Team, tmp_path: Path) -> None:
    own = tmp_path / "run"
    own.mkdir(mode=0o700)
    one = Desk(team, XDG_RUNTIME_DIR=str(own))
    one.unlock()
    assert [path.name for path in own.iterdir()] == ["dossier"]
    assert (one.plain(*READ).code, desk.plain(*READ).code) == (0, 2)
    agent.lock(one.place)
    for other in ("/nonexistent", "run", "/" if os.geteuid() else str(tmp_path / "nowhere")):
        assert Desk(team, XDG_RUNTIME_DIR=other).place == desk.place


# When the agent goes, or is not what it should be.


@linux_only
def test_a_killed_agent_leaves_no_session_and_the_next_unlock_replaces_it(desk: Desk) -> None:
    desk.unlock()
    os.kill(desk.pid(), signal.SIGKILL)
    assert desk.locked()
    assert desk.place.is_socket()
    assert desk.team.run("jan", *(word.format(**desk.team.facts) for word in READ), **NAME).out == INTAKE
    desk.unlock()
    assert desk.plain(*READ).code == 0


def test_a_socket_or_file_that_nobody_answers_is_no_session(desk: Desk) -> None:
    desk.place.parent.mkdir(mode=0o700, parents=True)
    for data in (b"", b"\0\1" + b"s" * 32):
        desk.place.touch(mode=0o600)
        desk.place.write_bytes(data)
        assert desk.locked()
    desk.unlock()
    assert desk.plain(*READ).code == 0


def test_an_expired_session_asks_again(desk: Desk) -> None:
    desk.start(idle=1)
    assert desk.plain(*READ).code == 0
    assert soon(lambda: not desk.place.exists())
    assert desk.locked()


def test_an_agent_that_holds_another_card_is_no_session(desk: Desk, team: Team) -> None:
    agent.start(unlock(team.token("sara"), PASSPHRASE), desk.place, 600, 3600, None)
    assert desk.locked()


def test_a_passphrase_that_is_given_is_used_though_the_session_is_unlocked(desk: Desk, team: Team) -> None:
    desk.unlock()
    (team.home("jan") / "pw").write_text("niet de goede wachtwoordzin\n", "utf-8")
    answer = team.run("jan", "--json", "household", "list", **NAME)
    assert (answer.code, answer.out, answer.reason) == (4, b"", "wrong-passphrase")
    assert desk.plain("household", "list").code == 0


def test_a_session_on_a_port_works_and_people_are_told(desk: Desk) -> None:
    desk.start(loopback=True)
    assert desk.plain(*READ).json()["content"].encode() == INTAKE
    assert desk.plain("session", "status").json()["peers_checked"] is False
    words = {"nl": "LET OP: ", "en": "CARE: "}
    for lang, word in words.items():
        assert word in desk.team.run("jan", "--lang", lang, "session", "status", **NAME).out.decode()


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="an editor needs a file system in memory")  # noqa: S108
def test_a_session_that_ends_in_the_middle_of_a_command_writes_nothing_unasked(desk: Desk) -> None:
    """Locked while the editor is open: without a terminal to ask on, exit 4; the version stays the last."""
    script = desk.team.home("jan") / "editor"
    lock = [sys.executable, "-m", "dossier", *desk.command("session", "lock")]
    words = " ".join(f"'{word}'" for word in lock)
    script.write_text(f'#!/bin/sh\necho Anders. > "$1"\n{words} > /dev/null\n', "utf-8")
    script.chmod(0o700)
    desk.unlock()
    answer = desk.plain("edit", *READ[1:], VISUAL=str(script))
    assert (answer.code, answer.out, answer.reason) == (4, b"", "session-gone")
    assert desk.locked()
    assert desk.team.read("jan", desk.team.house, "intake").out == INTAKE


def test_ten_commands_at_once_all_come_through(desk: Desk) -> None:
    desk.unlock()
    command = [sys.executable, "-m", "dossier", *desk.command(*READ)]
    command.remove("--json")
    environment = {**desk.team.environment("jan"), **NAME}
    readers = [
        subprocess.Popen(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        for _ in range(10)
    ]
    answers = [(*reader.communicate(), reader.returncode) for reader in readers]
    assert answers == [(INTAKE, b"", 0)] * 10
    assert desk.plain("session", "status").json()["unlocked"] is True


@linux_only
def test_of_two_unlocks_at_once_one_agent_remains(desk: Desk) -> None:
    command = desk.team.command("jan", "--json", "session", "unlock")
    environment = {**desk.team.environment("jan"), **NAME}
    both = [
        subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )
        for _ in range(2)
    ]
    answers = [(process.communicate()[1], process.returncode) for process in both]
    assert answers == [(b"", 0)] * 2
    pid = desk.pid()
    assert [path.name for path in desk.place.parent.iterdir()] == [desk.place.name]
    assert desk.plain("session", "lock").json()["was_unlocked"] is True
    assert soon(lambda: Leader.of(pid) is None)
    time.sleep(1.2)  # as long as the other needs at most to see that it was replaced
    assert desk.locked()
    assert list(desk.place.parent.iterdir()) == []


def test_a_command_in_a_session_does_not_even_load_argon2(desk: Desk) -> None:
    desk.unlock()
    program = (
        "import sys\n"
        "from dossier.cli.app import run\n"
        "code = run(sys.argv[1:])\n"
        "print(code, *sorted({'argon2', 'subprocess'} & sys.modules.keys()))\n"
    )
    environment = {**desk.team.environment("jan"), **NAME}
    command = [sys.executable, "-c", program, *desk.command(*READ)]
    done = subprocess.run(command, env=environment, capture_output=True, check=True)
    drivers = b"" if on_files() else b" subprocess"  # that of the database loads it, and starts nothing
    assert done.stdout.endswith(b"\n0%b\n" % drivers)


# What can be seen of it.


def memory_of(pid: int) -> bytes:
    """Read all memory of a process, where the system lets us."""
    pieces = []
    try:
        maps = Path(f"/proc/{pid}/maps").read_text("ascii", "replace").splitlines()
        with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as file:
            for line in maps:
                span, mode, *_ = line.split()
                if "r" not in mode or "[v" in line:  # not what the kernel lends it
                    continue
                begin, end = (int(part, 16) for part in span.split("-"))
                file.seek(begin)
                pieces.append(file.read(end - begin))
    except OSError as e:
        pytest.skip(f"this system lets nobody look into an agent ({e.errno})")
    return b"".join(pieces)


@linux_only
def test_the_agents_memory_holds_the_keys_and_no_passphrase(desk: Desk) -> None:
    desk.unlock()
    assert desk.plain(*READ).code == 0
    memory = memory_of(desk.pid())
    seeds = unlock(desk.team.token("jan"), PASSPHRASE).identity.seeds()
    assert all(seed in memory for seed in seeds)  # so the search finds what is there
    for part in (PASSPHRASE, PASSPHRASE.split()[2], "stoelen lopen"):
        for encoding in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le"):
            assert part.encode(encoding) not in memory
    assert PASSPHRASE.encode() in memory_of(os.getpid())


@linux_only
def test_nothing_secret_is_in_the_agents_arguments_or_environment(desk: Desk) -> None:
    desk.unlock()
    about = Path(f"/proc/{desk.pid()}")
    try:
        shown = (about / "environ").read_bytes() + (about / "cmdline").read_bytes()
    except OSError as e:
        pytest.skip(f"this system lets nobody look into an agent ({e.errno})")
    seeds = unlock(desk.team.token("jan"), PASSPHRASE).identity.seeds()
    for secret in (*seeds, *(seed.hex().encode() for seed in seeds), PASSPHRASE.encode(), b"pw", b"jan"):
        assert secret not in shown.replace(str(Path(agent.__file__).parents[1]).encode(), b"")
