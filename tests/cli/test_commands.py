"""Each command that CLI.md names: its JSON, its exit code, what it says when quiet, where it finds things."""

import os
import subprocess
from typing import Any

import pytest
from cli_commands import ANSWERS, READ, Row
from cli_team import NOBODY, PASSPHRASE, Team

from dossier.model import read_time

NAMES = [" ".join((who, *command)) for who, command, *_ in ANSWERS]
_EMBEDDED = pytest.mark.embedded_only("a store put back behind a gate is reopened otherwise")
ROWS = [pytest.param(row, marks=_EMBEDDED if row[1][0] == "reopen" else ()) for row in ANSWERS]


def times(value: Any) -> list[str]:
    """Find what stands under the names that moments have."""
    if isinstance(value, dict):
        own = [value[name] for name in ("at", "until", "since") if isinstance(value.get(name), str)]
        return own + [text for inner in value.values() for text in times(inner)]
    return [text for inner in value for text in times(inner)] if isinstance(value, list) else []


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_json_has_the_schema_and_keys_of_the_design(team: Team, row: Row) -> None:
    who, form, schema, keys, lists = row
    answer = team.run(who, "--json", *(word.format(**team.facts) for word in form), stdin=b"Nieuw.")
    assert (answer.code, answer.err) == (0, b"")
    data = answer.json()
    assert answer.out.count(b"\n") == 1
    assert data["schema"] == f"dossier/{schema}/1"
    assert keys <= data.keys()
    for name, columns in lists.items():
        assert data[name]
        assert all(columns <= item.keys() for item in data[name])
    for text in times(data):
        read_time(text)


def test_json_of_what_is_done_once(team: Team) -> None:
    """init, token, join, admit, restore, approvals, policies: the rest of what there is."""
    team.hire("otto", "coordinator")
    (team.root / "p.toml").write_text(team.ask("jan", "policy", "show")["document"], "utf-8")
    team.new_home("nina")
    own = ("--handle", "nina", "--person", "Nina", "--org", "Org", "--card-out", str(team.card("nina")))
    made = team.ask("nina", "token", "new", *own)
    told = str(made["card_fingerprint"])
    admit = ("member", "admit", str(team.card("nina")), "--role", "toezichthouder", "--fingerprint", told)
    waits = team.ask("otto", *admit, code=7)
    given = team.ask("anna", "approval", "give", str(waits["approval"]))
    joined = team.ask("nina", "join", "--welcome", str(given["welcome"]))
    suspended = team.ask("otto", "member", "suspend", "nina", "--reason", "verlof", code=7)
    refused = team.ask("anna", "approval", "refuse", str(suspended["approval"]))
    team.ask("anna", "member", "suspend", "sara", "--reason", "verlof")
    restored = team.ask("anna", "member", "restore", "sara", "--reason", "terug")
    checked = team.ask("anna", "policy", "check", str(team.root / "p.toml"))
    stand_in = team.ask("anna", "household", "assign", team.loose, "jan")
    for answer, schema, keys in (
        (made, "token-new", {"token", "card", "card_fingerprint"}),
        (waits, "member-admit", {"handle", "welcome", "approval"}),
        (given, "approval-give", {"number", "what", "about", "welcome"}),
        (joined, "join", {"store", "root_fingerprint", "handle"}),
        (suspended, "member-suspend", {"handle", "reason", "approval"}),
        (refused, "approval-refuse", {"number", "what", "about"}),
        (restored, "member-restore", {"handle", "reason"}),
        (checked, "policy-check", {"ok", "version"}),
        (stand_in, "household-assign", {"regisseur", "assigned", "left"}),
    ):
        assert answer["schema"] == f"dossier/{schema}/1"
        assert keys <= answer.keys()


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_words_are_said_in_both_languages_and_withheld_when_quiet(team: Team, row: Row) -> None:
    who, form, *_ = row
    said = []
    for number, options in enumerate((("--lang", "nl"), ("--lang", "en"), ("--quiet",))):
        copy = team.copy(team.root.parent / str(number))
        command = [word.format(**copy.facts) for word in form]
        answer = copy.run(who, *options, *command, stdin=b"Nieuw.")
        assert answer.code == 0
        said.append(answer)
    assert all(answer.out for answer in said[:2])
    assert said[2].err == b""
    content = form[0] == "read" or form[1:] == ("export",)
    assert bool(said[2].out) == content  # a content is no remark


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_no_command_goes_on_without_a_token_or_its_passphrase(team: Team, row: Row) -> None:
    who, form, *_ = row
    if form == ("exit-codes",):
        return
    command = [word.format(**team.facts) for word in form]
    place = ["--json", "--store", str(team.store)]
    answer = team.run_plain(who, [*place, "--token", str(team.token(who)), "--no-input", *command])
    assert (answer.code, answer.out, answer.reason) == (2, b"", "missing-option")
    answer = team.run_plain(who, [*place, "--token", str(team.root / "nowhere"), "--no-input", *command])
    assert (answer.code, answer.out, answer.reason) == (4, b"", "no-token")
    (team.home(who) / "config" / "dossier" / "config.json").unlink()
    answer = team.run_plain(who, [*place, "--no-input", *command])
    assert (answer.code, answer.out, answer.reason) == (2, b"", "missing-option")
    (team.home(who) / "pw").write_text("niet het goede wachtwoord\n", "utf-8")
    answer = team.run(who, "--json", *command)
    assert (answer.code, answer.out, answer.reason) == (4, b"", "wrong-passphrase")


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_help_is_everywhere(team: Team, lang: str) -> None:
    names = {
        ("exit-codes",),
        ("check",),
        (),
        ("init",),
        ("join",),
        ("edit",),
        ("log",),
        ("grant",),
        ("household",),
    }
    names |= {
        form[:2]
        if form[0] in ("token", "member", "approval", "policy", "purpose", "household", "grant", "log")
        else form[:1]
        for _, form, *_ in ANSWERS
    }
    for name in names:
        answer = team.run_plain("jan", ["--lang", lang, *name, "--help"])
        assert (answer.code, answer.err) == (0, b"")
        assert b"--help" in answer.out
    assert team.run_plain("jan", ["--version"]).code == 0
    assert team.run_plain("jan", ["household"]).code == 2
    assert team.run_plain("jan", []).code == 2


def test_the_exit_codes_are_those_of_the_design(team: Team) -> None:
    codes = [row["code"] for row in team.run_plain("jan", ["--json", "exit-codes"]).json()["exit_codes"]]
    assert codes == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 130]


def test_an_error_in_json_is_one_object_on_stderr(team: Team) -> None:
    for command, code in (
        (("read", NOBODY, "intake", "--purpose", "intakegesprek"), 5),
        (("read", team.house, "intake", "--purpose", "toezicht"), 6),
        (("write", team.house, "intake", "--purpose", "intakegesprek", "--after", "7"), 11),
        (("nonsense",), 2),
        (("grant",), 2),
    ):
        answer = team.run("jan", "--json", *command)
        assert (answer.code, answer.out, answer.err.count(b"\n")) == (code, b"", 1)
        assert answer.error().keys() == {"schema", "exit", "reason", "message"}
        assert (answer.error()["schema"], answer.error()["exit"]) == ("dossier/error/1", code)
        assert answer.error()["message"]
        plain = team.run("jan", *command)
        assert (plain.code, plain.out) == (code, b"")
        assert len(plain.err.splitlines()) >= 1
        assert team.run("jan", "--quiet", *command).err == plain.err


def test_store_and_token_come_from_options_environment_or_the_last_join(team: Team) -> None:
    pw = ["--passphrase-file", str(team.home("jan") / "pw"), "--no-input", "--json", "token", "show"]
    own: dict[str, Any] = {"DOSSIER_STORE": str(team.store), "DOSSIER_TOKEN": str(team.token("jan"))}
    assert team.run_plain("jan", pw, **own).json()["handle"] == "jan"
    assert team.run("jan", "join", "--welcome", team.welcome_jan).code == 0
    assert team.run_plain("jan", pw).json()["handle"] == "jan"
    team.new_token("nina")
    assert team.run_plain("jan", pw, DOSSIER_TOKEN=str(team.token("nina"))).json()["handle"] == "nina"
    sara = ["--token", str(team.token("sara"))]
    with_state = {**own, "XDG_STATE_HOME": str(team.home("sara") / "state")}
    assert team.run_plain("jan", [*sara, *pw], **with_state).json()["handle"] == "sara"


@pytest.mark.skipif(os.name != "posix", reason="descriptors are passed on as POSIX does")
def test_a_passphrase_comes_from_a_descriptor(team: Team) -> None:
    read_end, write_end = os.pipe()
    os.write(write_end, PASSPHRASE.encode() + b"\n")
    os.close(write_end)
    command = team.command("jan", "--json", "household", "list")
    at = command.index("--passphrase-file")
    command[at : at + 2] = ["--passphrase-fd", str(read_end)]
    done = subprocess.run(
        command,
        pass_fds=[read_end],
        capture_output=True,
        check=False,
        env=team.environment("jan"),
        start_new_session=True,
    )
    os.close(read_end)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_pipe_that_nobody_reads_ends_quietly(team: Team) -> None:
    team.write("jan", team.house, "intake", "x" * 3_000_000)
    command = team.command("jan", *(word.format(**team.facts) for word in READ))
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=team.environment("jan"),
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()
    assert process.wait() == 1


def test_an_interrupt_says_so(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("dossier.vault.read", interrupt)
    answer = team.run("jan", "--json", *(word.format(**team.facts) for word in READ))
    assert (answer.code, answer.out, answer.reason) == (130, b"", "interrupted")
