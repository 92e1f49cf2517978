"""dossier keys recovery: shares in files or at a terminal, tried, used once; and no word of one elsewhere."""

import os
import pty
import re
import select
import shutil
import signal
import sys
import time
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from canaries import files, forms
from cli_team import DAY, PASSPHRASE, Answer, Team

from keys import private
from keys.recovery import identity_of, join, split

MONTH = 30 * DAY + 60  # after which nobody is beholden to whoever admitted them
RECOVERY = ("keys", "recovery")
SPLIT = (*RECOVERY, "split", "--threshold", "2", "--shares", "3")


def shares_of(team: Team, name: str = "shares", who: str = "anna", second: str | None = None) -> list[Path]:
    """Split 2 of 3 into files, approved by a second person where one is named; no word of them is said."""
    folder = team.root / name
    answer = team.run(who, "--json", *SPLIT, "--out-folder", str(folder))
    assert answer.code == (0 if second is None else 7), answer
    if second is not None:
        team.ask(second, "approval", "give", str(answer.json()["approval"]))
    paths = sorted(folder.iterdir())
    assert not leaks([path.read_text("ascii") for path in paths], answer.out + answer.err)
    return paths


def by_file(*paths: Path) -> list[str]:
    return [word for path in paths for word in ("--share-file", str(path))]


def restore(team: Team, *paths: Path, who: str = "jan", **more: Any) -> dict[str, Any]:
    """Admit nina with shares, by whoever is there."""
    if not team.card("nina").exists():
        team.new_token("nina")
    told = team.ask("nina", "token", "show")["card_fingerprint"]
    own = (str(team.card("nina")), "--fingerprint", told)
    return team.ask(who, *RECOVERY, "restore", *own, *by_file(*paths), **more)


def verify(team: Team, *paths: Path, who: str = "jan", **more: Any) -> Answer:
    return team.run(who, "--json", *RECOVERY, "verify", *by_file(*paths), **more)


def handles(team: Team) -> set[str]:
    return {row["handle"] for row in team.ask("tess", "member", "list")["members"]}


def size(team: Team) -> int:
    return int(team.ask("tess", "log", "verify")["size"])


def rows_in(shares: list[str], data: bytes) -> list[str]:
    """Name what some bytes hold of shares: any three words in a row but the first four, however laid out."""
    rows = {" ".join(words.split()[n : n + 3]) for words in shares for n in range(4, 31)}
    text = b" ".join(re.sub(rb"[^a-z]+", b" ", data.lower()).split())
    encoded = [row for row in sorted(rows)[:5] if any(form in data for form in forms(row))]
    return [row for row in rows if row.encode() in text] + encoded


def leaks(shares: list[str], data: bytes) -> list[str]:
    """Name what some bytes hold of shares, or of the secret that they make."""
    secret = join(shares)
    keys = (secret, *identity_of(secret, "recovery-1", "x", "y").seeds())
    return rows_in(shares, data) + [k.hex() for k in keys if k in data or k.hex().encode() in data]


# From splitting to restoring.


def test_custodians_admit_a_coordinator_who_opens_all(team: Team) -> None:
    shares = shares_of(team)
    shutil.rmtree(team.home("anna"))  # the only coordinator is gone
    made = restore(team, shares[0], shares[2])
    assert set(made) >= {"handle", "welcome", "card_fingerprint", "entry", "due"}
    team.ask("nina", "join", "--welcome", made["welcome"])
    assert team.ask("nina", "token", "show")["roles"] == ["coordinator"]
    assert team.read("nina", team.loose, "voorblad").code == 0
    team.ask("nina", "grant", "revoke", team.house, team.grant, "--reason", "doel-bereikt")
    assert team.hire("vera", "specialist", by="nina")
    assert team.run("tess", "log", "verify").code == 0
    assert team.run("tess", "check", "--deep").code == 0


def test_its_use_is_shown_to_every_coordinator_once_at_their_next_command(team: Team) -> None:
    """Breaks when `notices._news` yields nothing, or `told` is not kept."""
    shares = shares_of(team)
    made = restore(team, *shares[:2])
    team.ask("nina", "join", "--welcome", made["welcome"])
    notice = b"the recovery card was used"
    assert notice not in team.run("jan", "household", "list").err
    assert team.run("anna", "--json", "household", "list").err == b""  # a program is not told, nor counted so
    assert notice in team.run("anna", "household", "list").err
    assert notice not in team.run("anna", "household", "list").err
    assert notice in team.run("nina", "keys", "status").err
    assert notice not in team.run("nina", "keys", "status").err


def test_what_is_due_after_a_recovery_can_be_done(team: Team) -> None:
    made = restore(team, *shares_of(team)[:2])
    team.ask("nina", "join", "--welcome", made["welcome"])
    assert made["due"] == ["rotate", "renew-coordination", "rekey", "split-recovery"]
    due = {row["what"] for row in team.ask("nina", "keys", "status")["due"]}
    assert due >= {"renew-coordination", "split-recovery"}
    team.ask("bob", "keys", "rotate")
    team.ask("nina", "keys", "rekey", "--coordination")
    team.ask("nina", "keys", "rekey", "--all")
    again = shares_of(team, "again", who="nina", second="anna")
    assert team.ask("nina", "keys", "status")["due"] == []
    assert team.ask("nina", "keys", "status")["recovery"] == {"threshold": 2, "shares": 3}
    assert verify(team, *again).json()["ready"]
    assert team.read("nina", team.loose, "voorblad").code == 0
    assert team.read("jan", team.house, "intake").code == 0
    assert team.run("tess", "check", "--deep").code == 0


def test_each_share_is_in_a_file_of_its_own_for_its_custodian(team: Team) -> None:
    made = team.ask("anna", *SPLIT, "--out-folder", str(team.root / "shares"))
    assert {"handle", "card_fingerprint", "threshold", "shares", "folder", "approval"} <= made.keys()
    assert (made["handle"], made["threshold"], made["shares"], made["approval"]) == ("recovery-1", 2, 3, None)
    folder = Path(made["folder"])
    assert folder.stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in folder.iterdir()) == [f"share-{n}-of-3.txt" for n in (1, 2, 3)]
    for path in folder.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
        assert len(path.read_text("ascii").split()) == 33


def test_any_two_of_three_restore(team: Team) -> None:
    shares = shares_of(team)
    for number, some in enumerate(combinations(shares, 2)):
        copy = team.copy(team.root.parent / f"copy{number}")
        assert restore(copy, *some)["handle"] == "nina"
        assert "nina" in handles(copy)


def test_trying_changes_nothing_and_tells_of_each(team: Team) -> None:
    shares = shares_of(team)
    before = size(team)
    answer = verify(team, *shares)
    assert answer.code == 0
    found = answer.json()
    assert (found["together"], found["ready"], found["trouble"]) == (True, True, None)
    assert [row["number"] for row in found["shares"]] == [1, 2, 3]
    assert all(row["good"] and row["threshold"] == 2 for row in found["shares"])
    one = verify(team, shares[1])
    assert (one.code, one.json()["together"], one.json()["ready"]) == (0, False, False)
    assert size(team) == before
    restore(team, *shares[:2])


def test_a_splitting_waits_for_a_second_person(team: Team) -> None:
    team.hire("otto", "coordinator")
    folder = team.root / "shares"
    number = team.ask("anna", *SPLIT, "--out-folder", str(folder), code=7, shift=MONTH)["approval"]
    shares = sorted(folder.iterdir())
    again = team.run("anna", *SPLIT, "--out-folder", str(team.root / "more"), shift=MONTH)
    assert (again.code, b"open nothing until a second person" in again.out) == (7, True)
    answer = verify(team, *shares, shift=MONTH)
    assert (answer.code, answer.reason, answer.json()["ready"]) == (7, "recovery-waits", False)
    assert restore(team, *shares, code=6, shift=MONTH)["reason"] == "no-recovery"
    given = team.ask("otto", "approval", "give", str(number), shift=MONTH)
    assert (given["what"], given["about"], given["welcome"]) == ("recovery.split", "recovery-1", None)
    assert verify(team, *shares, shift=MONTH).json()["ready"]
    assert restore(team, *shares, shift=MONTH)["welcome"]


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_people_are_told_in_words(team: Team, lang: str) -> None:
    folder = team.root / "shares"
    said = [team.run("anna", "--lang", lang, *SPLIT, "--out-folder", str(folder))]
    shares = [path.read_text("ascii") for path in folder.iterdir()]
    paths = by_file(*folder.iterdir())
    said += [team.run("jan", "--lang", lang, *RECOVERY, "verify", *some) for some in (paths, paths[:2])]
    told = team.new_token("nina")
    own = (str(team.card("nina")), "--fingerprint", told)
    said.append(team.run("bob", "--lang", lang, *RECOVERY, "restore", *own, *paths))
    assert [(answer.code, answer.err) for answer in said] == [(0, b"")] * 4
    assert all(len(answer.out.splitlines()) >= 2 for answer in said)
    assert not leaks(shares, b"".join(answer.out for answer in said))
    assert b"keys rekey --all" in said[-1].out


# Who does not get in.


def test_fewer_shares_admit_nobody(team: Team) -> None:
    shares = shares_of(team)
    before = size(team)
    assert restore(team, shares[1], code=4)["reason"] == "shares-few"
    assert restore(team, shares[1], shares[1], code=4)["reason"] == "share-twice"
    assert (size(team), "nina" in handles(team)) == (before, False)


def test_a_wrong_share_admits_nobody_and_is_named(team: Team) -> None:
    first, second, third = shares_of(team)
    words = second.read_text("ascii").split()
    for text, why in (
        (" ".join([*words[:6], "fiets", *words[7:]]), "word"),
        (" ".join([words[1], words[0], *words[2:]]), "checksum"),
        (" ".join(words[:-1]), "length"),
    ):
        second.write_text(text, "ascii")
        assert restore(team, first, second, code=4)["reason"] == "share-wrong"
        answer = verify(team, first, second, third)
        assert (answer.code, answer.reason) == (4, "share-wrong")
        assert [row["why"] for row in answer.json()["shares"]] == [None, why, None]
    assert "nina" not in handles(team)
    assert restore(team, first, third)["welcome"]


def test_shares_of_another_store_admit_nobody(team: Team, tmp_path: Path) -> None:
    other = Team(tmp_path / "other")
    other.new_home("anna")
    founder = ("--founder", "anna", "--person", "Anna de Vries", "--org", "Gemeente Voorbeeld")
    other.ask("anna", "init", "--name", "Team Zuid", *founder)
    shares, others = shares_of(team), shares_of(other)
    assert restore(team, *others[:2], code=4)["reason"] == "shares-not-here"
    assert restore(team, shares[0], others[1], code=4)["reason"] == "shares-of-other"
    assert (verify(team, *others).code, verify(team, *others).reason) == (4, "shares-not-here")
    assert "nina" not in handles(team)


def test_an_older_or_used_recovery_card_admits_nobody(team: Team) -> None:
    old, new = shares_of(team, "old"), shares_of(team, "new")
    assert restore(team, *old, code=4)["reason"] == "recovery-superseded"
    restore(team, *new)
    team.card("nina").unlink()
    shutil.rmtree(team.home("nina"))
    assert restore(team, *new, code=6)["reason"] == "recovery-used"
    assert verify(team, *new).reason == "recovery-used"


def test_a_card_is_admitted_under_its_own_fingerprint_only(team: Team) -> None:
    shares = shares_of(team)
    team.new_token("nina")
    told = team.ask("jan", "token", "show")["card_fingerprint"]
    own = (str(team.card("nina")), "--fingerprint", told)
    answer = team.run("jan", "--json", *RECOVERY, "restore", *own, *by_file(*shares))
    assert (answer.code, answer.reason) == (8, "card-other-fingerprint")
    own = (str(team.root / "nothing"), "--fingerprint", told)
    assert team.run("jan", "--json", *RECOVERY, "restore", *own).reason == "file-unreadable"


@pytest.mark.parametrize("who", ["jan", "sara", "bob", "tess"])
def test_only_a_coordinator_splits(team: Team, who: str) -> None:
    folder = team.root / "shares"
    answer = team.run(who, "--json", *SPLIT, "--out-folder", str(folder))
    assert (answer.code, answer.reason, folder.exists()) == (6, "not-your-role", False)


# Where shares go, and where they come from.


def test_shares_never_go_to_stdout(team: Team) -> None:
    before = size(team)
    for options in (("--json",), (), ("--quiet",)):
        answer = team.run("anna", *options, *SPLIT)
        assert (answer.code, answer.out) == (2, b"")
        assert b"--out-folder" in answer.err
    assert (
        team.process_plain("anna", [w for w in team.command("anna", *SPLIT) if w != "--no-input"]).code == 2
    )
    terminal = Terminal(team, "anna", "--json", *SPLIT)
    code, said = terminal.end()
    assert (code, b"missing-option" in said, terminal.shown) == (2, True, b"")
    assert size(team) == before


def test_shares_are_put_in_a_new_folder_only(team: Team) -> None:
    before = size(team)
    (team.root / "there").mkdir()
    (team.root / "link").symlink_to("nowhere")
    for name in ("there", "link"):
        answer = team.run("anna", "--json", *SPLIT, "--out-folder", str(team.root / name))
        assert (answer.code, answer.reason) == (2, "folder-exists")
    answer = team.run("anna", "--json", *SPLIT, "--out-folder", str(team.root / "no" / "shares"))
    assert (answer.code, answer.reason) == (9, "file-unwritable")
    assert size(team) == before


def test_shares_that_cannot_all_be_written_are_no_shares(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, create, made = team.root / "shares", private.create, list[Path]()

    def full(path: Path, data: bytes) -> None:
        if len(made) == 2:
            raise OSError(28, "no room")
        made.append(path)
        create(path, data)

    before = size(team)
    monkeypatch.setattr(private, "create", full)
    answer = team.run("anna", "--json", *SPLIT, "--out-folder", str(folder))
    monkeypatch.undo()
    assert (answer.code, answer.reason, folder.exists()) == (9, "file-unwritable", False)
    assert size(team) == before


def test_a_share_that_others_can_read_is_not_used(team: Team) -> None:
    shares = shares_of(team)
    for mode in (0o644, 0o640, 0o602):
        shares[1].chmod(mode)
        assert restore(team, *shares, code=2)["reason"] == "share-file-open"
    assert "nina" not in handles(team)


def test_what_is_no_file_with_a_share_is_not_used(team: Team) -> None:
    first, *_ = shares_of(team)
    odd = team.root / "odd"
    assert restore(team, first, odd, code=2)["reason"] == "share-file-unreadable"
    for data in (b"", b"\xff\xfe", b"academic " * 500):
        odd.write_bytes(data)
        odd.chmod(0o600)
        assert restore(team, first, odd, code=2)["reason"] == "share-file-unreadable"
    assert restore(team, first, team.root, code=2)["reason"] == "share-file-unreadable"
    assert restore(team, code=2)["reason"] == "missing-option"


def test_so_many_shares_cannot_be(team: Team) -> None:
    for threshold, count in ((1, 1), (1, 3), (4, 3), (2, 17), (0, 0), (-2, 3)):
        numbers = ("--threshold", str(threshold), "--shares", str(count))
        more = (*numbers, "--out-folder", str(team.root / "shares"))
        assert team.ask("anna", *RECOVERY, "split", *more, code=2)["reason"] == "recovery-numbers"
    assert not (team.root / "shares").exists()


# On a terminal.


class Terminal:
    """A command on a terminal of its own, as a person has it; its stdout and stderr go to a file."""

    def __init__(self, team: Team, who: str, *arguments: str) -> None:
        self.out = team.root / "stdout"
        self.shown = b""
        command = [word for word in team.command(who, *arguments) if word != "--no-input"]
        self._interrupted = False
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            out = os.open(self.out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(out, 1)
            os.dup2(out, 2)
            os.execve(command[0], command, team.environment(who))  # noqa: S606 (as a shell does)

    def read_until(self, text: str) -> bytes:
        """Wait until something new is shown that ends like this; give it."""
        start, limit = len(self.shown), time.monotonic() + 20
        while text.encode() not in self.shown[start:]:
            assert time.monotonic() < limit, self.shown[start:]
            if select.select([self._fd], [], [], 0.2)[0]:
                self.shown += os.read(self._fd, 4096)
        time.sleep(0.3)  # until it listens
        return self.shown[start:]

    def type(self, line: str) -> None:
        os.write(self._fd, line.encode() + b"\n")

    def interrupt(self) -> None:
        """Press Ctrl-C; again while it goes on, for what comes just before it listens is lost."""
        self._interrupted = True
        os.write(self._fd, b"\x03")

    def end(self) -> tuple[int, bytes]:
        """Wait until it ends; give its exit code, and what it said on stdout and stderr."""
        limit = time.monotonic() + 20
        while time.monotonic() < limit:
            try:
                if select.select([self._fd], [], [], 0.5)[0]:
                    self.shown += os.read(self._fd, 4096)
                elif self._interrupted:
                    os.write(self._fd, b"\x03")
            except OSError:  # nobody has it open any more
                break
        else:
            os.kill(self._pid, signal.SIGKILL)
        _pid, status = os.waitpid(self._pid, 0)
        os.close(self._fd)
        return os.waitstatus_to_exitcode(status), self.out.read_bytes()


pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="terminals of this kind")


def words_shown(screen: bytes) -> str:
    return " ".join(re.findall(r"\d+ ([a-z]+)", screen.decode().partition("coordinator.")[2]))


def split_on_a_terminal(team: Team) -> tuple[list[str], Terminal]:
    """Be shown three shares, one at a time."""
    terminal, shares = Terminal(team, "anna", *SPLIT), []
    for number in (1, 2, 3):
        asked = terminal.read_until("to see it.")
        assert number == 1 or b"\x1b[2J\x1b[H\x1b[?1049l" in asked
        terminal.type("")
        shown = terminal.read_until("Press Enter.")
        assert f"Share {number} of 3".encode() in shown
        assert shown.index(b"\x1b[?1049h") < shown.index(b"Share")
        shares.append(words_shown(shown))
        terminal.type("")
    return shares, terminal


def test_on_a_terminal_each_custodian_sees_their_share_alone(team: Team) -> None:
    shares, terminal = split_on_a_terminal(team)
    code, said = terminal.end()
    assert code == 0
    assert terminal.shown.count(b"\x1b[?1049h") == terminal.shown.count(b"\x1b[?1049l") == 3
    assert terminal.shown.rstrip().endswith(b"\x1b[?1049l")
    assert [len(words.split()) for words in shares] == [33, 33, 33]
    assert not leaks(shares, said)
    assert not [path for path in files(team.root) if leaks(shares, path.read_bytes())]

    trying = Terminal(team, "jan", *RECOVERY, "verify")
    for words in (shares[2], shares[0].upper()):
        trying.read_until("only Enter, to stop):")
        trying.type(words)
    trying.read_until("only Enter, to stop):")
    trying.type("")
    code, said = trying.end()
    assert (code, said.count(b"reads well")) == (0, 2)
    assert b"recovery card in force" in said
    assert not leaks(shares, said + trying.shown)

    told = team.new_token("nina")
    own = (str(team.card("nina")), "--fingerprint", told)
    restoring = Terminal(team, "bob", *RECOVERY, "restore", *own)
    restoring.read_until("share 1 of 2, which are not shown:")
    restoring.type(shares[1].replace(shares[1].split()[9], "fiets"))
    assert b"Word 10 of a share cannot be right." in restoring.read_until(
        "share 1 of 2, which are not shown:"
    )
    restoring.type(shares[1])
    restoring.read_until("share 2 of 2, which are not shown:")
    restoring.type(shares[0])
    code, said = restoring.end()
    assert code == 0
    assert b"nina" in said
    assert not leaks(shares, said + restoring.shown)
    assert "nina" in handles(team)


def test_a_splitting_that_is_interrupted_clears_the_screen_and_counts_for_nothing(team: Team) -> None:
    before = size(team)
    terminal = Terminal(team, "anna", *SPLIT)
    terminal.read_until("to see it.")
    terminal.type("")
    share = words_shown(terminal.read_until("Press Enter."))
    terminal.interrupt()
    code, said = terminal.end()
    assert code == 130
    assert terminal.shown.rstrip().endswith(b"\x1b[?1049l")
    assert rows_in([share], terminal.shown)
    assert not rows_in([share], said)
    assert size(team) == before


def test_custodians_who_stop_restore_nothing(team: Team) -> None:
    shares = [path.read_text("ascii") for path in shares_of(team)]
    told = team.new_token("nina")
    own = (str(team.card("nina")), "--fingerprint", told)
    terminal = Terminal(team, "jan", *RECOVERY, "restore", *own)
    terminal.read_until("share 1 of 2, which are not shown:")
    terminal.type(shares[0].strip())
    terminal.read_until("share 2 of 2, which are not shown:")
    terminal.type("")
    assert terminal.end()[0] == 3
    assert "nina" not in handles(team)


def test_a_wrong_share_that_is_not_typed_again_is_reported(team: Team) -> None:
    shares = [path.read_text("ascii").split() for path in shares_of(team)]
    terminal = Terminal(team, "jan", *RECOVERY, "verify")
    terminal.read_until("only Enter, to stop):")
    terminal.type(" ".join(shares[0][:-1]))
    terminal.read_until("only Enter, to stop):")
    terminal.type("")
    code, said = terminal.end()
    assert (code, b"A share cannot be right." in said) == (4, True)


# Nothing of it is kept.


def test_no_file_and_no_answer_has_a_word_of_a_share_but_its_own(team: Team) -> None:
    paths = shares_of(team)
    shares = [path.read_text("ascii").strip() for path in paths]
    said = b""
    for lang in ("nl", "en"):
        for options in ((), ("--json",), ("--debug",)):
            own = ("--lang", lang, *options)
            for some in (paths, paths[:1], [paths[0], paths[0]]):
                answer = team.run("jan", *own, *RECOVERY, "verify", *by_file(*some))
                said += answer.out + answer.err
    bad = team.root / "bad"
    bad.write_text(" ".join(shares[0].split()[:-1]), "ascii")
    bad.chmod(0o600)
    answer = verify(team, paths[0], bad)
    said += answer.out + answer.err
    bad.unlink()
    said += str(restore(team, paths[0], code=4)).encode()
    said += str(restore(team, *paths[:2])).encode()
    assert b"share-twice" in said
    assert not leaks(shares, said)
    for path in paths:
        assert leaks(shares, path.read_bytes())
        path.unlink()
    assert not [path for path in files(team.root) if leaks(shares, path.read_bytes())]
    assert PASSPHRASE.encode() not in said


def test_the_search_would_find_a_word_and_a_key() -> None:
    shares = split(bytes(range(32)), 2, 3)
    words = shares[1].split()
    for text in (
        f"x {words[9]}\n{words[10]},  {words[11]} y",
        f"10 {words[9]}  11 {words[10]}   12 {words[11]}",
    ):
        assert leaks(shares, text.encode())
    assert leaks(shares, bytes(range(32)).hex().encode())
