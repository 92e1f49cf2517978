"""Renewing one's own token, killed at each step; and that of someone who lost theirs."""

import shutil
from pathlib import Path

import pytest
from cli_team import CONTENTS, DAY, Answer, Team
from crashing import CrashError
from keyring import Keyring, files_of
from places import copy_store, put_back

from dossier.cli import renewing as steps
from keys.identity import LocalIdentity

LATER = 30.5 * DAY  # when tess, whom anna admitted, can be anna's second person


def identity(team: Team, who: str) -> LocalIdentity:
    found = team.desk(who).identity
    assert isinstance(found, LocalIdentity)
    return found


def works(team: Team, text: str = "Na de vernieuwing.") -> None:
    """See that jan reads, writes and directs as before."""
    for section, (old, _) in CONTENTS.items():
        assert team.read("jan", team.house, section, "--version", "1").out == old.encode()
    team.write("jan", team.house, "intake", text)
    assert team.read("sara", team.house, "intake").out == text.encode()
    assert team.ask("jan", "household", "list")["households"][0]["household"] == team.house


def with_old_token(team: Team, old: Path, *arguments: str) -> Answer:
    """Run a command of jan's with a copy of his old token."""
    home = team.home("jan")
    options = ("--store", team.place(), "--token", str(old), "--passphrase-file", str(home / "pw"))
    return team.run_plain("jan", [*options, "--no-input", "--json", *arguments])


def test_all_goes_on_under_new_keys(team: Team) -> None:
    before = team.ask("jan", "token", "show")
    made = team.ask("jan", "token", "renew")
    assert made.keys() == {"schema", "token", "card_fingerprint", "welcome", "boxed"}
    assert (made["schema"], made["boxed"]) == ("dossier/token-renew/1", 1)
    after = team.ask("jan", "token", "show")
    assert after["card_fingerprint"] == made["card_fingerprint"] != before["card_fingerprint"]
    assert {**after, "card_fingerprint": None} == {**before, "card_fingerprint": None}
    works(team)
    assert [row["what"] for row in team.ask("anna", "keys", "status")["due"]] == ["split-recovery"]
    assert not team.token("jan").with_name("jan.token.next").exists()


def test_a_grant_given_since_the_last_command_is_boxed_as_well(team: Team) -> None:
    scope = ("--section", "plan", "--purpose", "plan-opstellen", "--until", "14d")
    team.ask("anna", "grant", "give", team.house, "sara", "--role", "specialist", *scope)
    assert team.ask("sara", "token", "renew")["boxed"] == 1
    for section in ("intake", "plan"):
        assert team.read("sara", team.house, section).code == 0


@pytest.mark.embedded_only("a token has the key of an epoch there")
def test_the_old_token_is_refused_and_opens_nothing_of_what_is_rekeyed(team: Team) -> None:
    old = team.home("jan") / "copy.token"
    shutil.copy(team.token("jan"), old)
    ring = identity(team, "jan")
    assert len(Keyring(ring).open(files_of(team))) == 4
    team.ask("jan", "token", "renew")
    answer = with_old_token(team, old, "read", team.house, "intake", "--purpose", "intakegesprek")
    assert (answer.out, answer.code) == (b"", 8)  # the memory is the next card's already
    shutil.rmtree(team.home("jan") / "state")
    answer = with_old_token(team, old, "join", "--welcome", team.welcome_jan)
    assert (answer.code, answer.reason) == (4, "not-admitted")
    team.ask("bob", "keys", "rotate")
    team.ask("anna", "keys", "rekey", team.house)
    assert Keyring(ring).open(files_of(team)) == set()


def test_a_store_put_back_is_noticed_under_the_new_keys(team: Team, tmp_path: Path) -> None:
    copy_store(str(team.store), tmp_path / "yesterday")
    team.ask("jan", "token", "renew")
    put_back(str(team.store), tmp_path / "yesterday")
    assert team.ask("jan", "household", "list", code=8)["reason"] == "log-short"


def test_nobody_renews_with_a_token_that_was_never_joined(team: Team) -> None:
    team.new_token("nina")
    assert team.ask("nina", "token", "renew", code=4)["reason"] == "not-joined"


class Dies:
    """Stands in for a step of a renewal: the program is gone before it, or after it."""

    def __init__(self, name: str, *, after: bool) -> None:
        self._real = getattr(steps, name)
        self._after = after
        self._left = 1 if name == "take_place_of" else 0  # the first puts the next token in its own place

    def __call__(self, *arguments: object) -> object:
        if self._left:
            self._left -= 1
            return self._real(*arguments)
        if self._after:
            self._real(*arguments)
        raise CrashError


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", ["write_token", "renew_own", "rewrite_token", "take_place_of"])
def test_a_renewal_killed_at_any_step_goes_on(
    team: Team,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    after: bool,  # noqa: FBT001 (as pytest gives it)
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(steps, step, Dies(step, after=after))
        with pytest.raises(CrashError):
            team.run("jan", "token", "renew")
    was = team.ask("anna", "member", "list")["members"][1]["card_fingerprint"]
    made = team.ask("jan", "token", "renew")
    members = team.ask("anna", "member", "list")["members"]
    assert members[1]["card_fingerprint"] == made["card_fingerprint"]
    if step in ("rewrite_token", "take_place_of") and not (step == "take_place_of" and after):
        assert made["card_fingerprint"] == was  # the same renewal, gone on with
    works(team)
    assert team.ask("anna", "check", "--deep")["ok"]


def test_a_renewal_killed_right_after_its_statement_goes_on(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("dossier.memory.Memory.passed_to", dies)
        with pytest.raises(CrashError):
            team.run("jan", "token", "renew")
    assert team.ask("jan", "household", "list", code=4)["reason"] == "not-admitted"
    assert team.ask("jan", "token", "renew")["boxed"] == 1
    works(team)


def test_a_renewal_killed_between_memory_and_boxes_goes_on(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("dossier.actions.renewing._box_again", dies)
        with pytest.raises(CrashError):
            team.run("jan", "token", "renew")
    assert team.ask("jan", "token", "renew")["boxed"] == 1
    works(team)


def dies(*_: object) -> None:
    raise CrashError


# Of someone who lost theirs.


def lost(team: Team, who: str = "sara", *own: str) -> tuple[str, ...]:
    """Have someone lose their token, and make another; give the words with which it is renewed."""
    team.token(who).unlink()
    shutil.rmtree(team.home(who) / "state")
    card = team.home(who) / "card2"
    named = own or ("--handle", who, "--person", f"Mens {who}", "--org", "Stichting")
    made = team.ask(who, "token", "new", *named, "--card-out", str(card))
    return ("member", "renew", who, str(card), "--fingerprint", str(made["card_fingerprint"]))


@pytest.mark.embedded_only("a token has the key of an epoch there")
def test_a_lost_token_is_replaced_by_two(team: Team) -> None:
    renew = lost(team)
    waits = team.ask("anna", *renew, code=7, shift=LATER)
    assert (waits["handle"], waits["welcome"]) == ("sara", None)
    given = team.ask("tess", "approval", "give", str(waits["approval"]), shift=LATER)
    assert given["what"] == "member.renewed"
    team.ask("sara", "join", "--welcome", given["welcome"], shift=LATER)
    due = team.ask("anna", "keys", "status", shift=LATER)["due"]
    assert ("box-slot", "sara") not in [(row["what"], row["handle"]) for row in due]  # her grant has ended
    assert ("rotate", "sara") in [(row["what"], row["handle"]) for row in due]


def test_what_a_toezichthouder_approved_a_coordinator_boxes(team: Team) -> None:
    renew = lost(team, "jan")
    number = team.ask("anna", *renew, code=7, shift=LATER)["approval"]
    welcome = team.ask("tess", "approval", "give", str(number), shift=LATER)["welcome"]
    team.ask("jan", "join", "--welcome", welcome, shift=LATER)
    assert team.read("jan", team.house, "intake", shift=LATER).code == 4
    due = team.ask("anna", "keys", "status", shift=LATER)["due"]
    assert ("box-slot", "jan", team.house) in [(r["what"], r["handle"], r["household"]) for r in due]
    team.ask("anna", "keys", "rekey", team.house, shift=LATER)
    assert team.read("jan", team.house, "intake", shift=LATER).code == 0


def test_what_a_coordinator_approved_is_boxed_at_once(team: Team) -> None:
    team.hire("otto", "coordinator")
    number = team.ask("anna", *lost(team, "jan"), code=7, shift=LATER)["approval"]
    welcome = team.ask("otto", "approval", "give", str(number), shift=LATER)["welcome"]
    team.ask("jan", "join", "--welcome", welcome, shift=LATER)
    assert team.read("jan", team.house, "intake", shift=LATER).code == 0


def test_where_nobody_can_approve_the_welcome_comes_at_once(team: Team) -> None:
    made = team.ask("anna", *lost(team))  # tess was admitted by anna today
    assert (made["approval"], made["boxed"]) == (None, 1)
    team.ask("sara", "join", "--welcome", made["welcome"])
    assert team.read("sara", team.house, "intake").code == 0


def test_a_card_of_another_handle_or_person_is_refused(team: Team) -> None:
    wrong = lost(team, "sara", "--handle", "sara", "--person", "Iemand Anders", "--org", "Stichting")
    assert team.ask("anna", *wrong, code=2)["reason"] == "other-person"
    of_another = [*wrong[:2], "jan", *wrong[3:]]
    assert team.ask("anna", *of_another, code=2)["reason"] == "card-other-handle"
    other = [*wrong[:-1], team.ask("jan", "token", "show")["card_fingerprint"]]
    assert team.ask("anna", *other, code=8)["reason"] == "card-other-fingerprint"
