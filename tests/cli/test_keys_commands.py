"""dossier keys rotate, rekey and status, as members type them: what they print, and how they end."""

import pytest
from cli_team import CONTENTS, DAY, Team
from places import contents_of

pytestmark = pytest.mark.embedded_only("counts the epochs and boxes of a store whose members hold them")

STATUS = {
    *("schema", "epoch", "epoch_since", "members_in_epoch", "gates", "coordination", "recovery"),
    *("households", "sections", "due", "algorithms", "counts"),
}
DUE = {"what", "why", "by", "handle", "household", "since", "overdue"}


def entries(team: Team) -> int:
    """Count the entries of the log."""
    return int(team.ask("tess", "log", "verify")["entries"])


def dues(team: Team, what: str, shift: float = 0) -> list[tuple[str, str | None, bool]]:
    rows = team.ask("anna", "keys", "status", shift=shift)["due"]
    return [(row["why"], row["handle"], row["overdue"]) for row in rows if row["what"] == what]


# Rotate.


def test_a_rotation_answers_with_its_epoch_and_everyone_goes_on(team: Team) -> None:
    made = team.ask("bob", "keys", "rotate")
    assert made.pop("seconds") < 60
    assert made == {
        "schema": "dossier/keys-rotate/1",
        "epoch": 2,
        "boxes": 5,
        "within": ["anna", "jan", "sara", "bob", "tess"],
        "gates": [],
        "without": [],
    }
    team.write("jan", team.house, "intake", "Na de vernieuwing.")
    assert b"Na de vernieuwing." in team.read("sara", team.house, "intake").out
    assert CONTENTS["intake"][0].encode() in team.read("sara", team.house, "intake", "--version", "1").out


def test_a_plan_of_a_rotation_writes_nothing(team: Team) -> None:
    before = entries(team)
    plan = team.ask("bob", "keys", "rotate", "--without", "sara,jan", "--plan")
    assert plan == {
        "schema": "dossier/keys-rotate-plan/1",
        "epoch": 2,
        "within": ["anna", "bob", "tess"],
        "gates": [],
        "without": ["jan", "sara"],
        "to_suspend": ["jan", "sara"],
    }
    assert entries(team) == before
    words = team.run("bob", "keys", "rotate", "--without", "sara", "--plan").out.decode()
    assert "sara: Mens sara, Stichting - is suspended first" in words


def test_leaving_someone_out_needs_a_reason(team: Team) -> None:
    before = entries(team)
    answer = team.run("bob", "keys", "rotate", "--without", "sara")
    assert answer.code == 2
    assert b"--reason" in answer.err
    assert entries(team) == before
    made = team.ask("bob", "keys", "rotate", "--without", "sara", "--reason", "uit-dienst")
    assert (made["boxes"], made["without"]) == (4, ["sara"])
    assert team.read("sara", team.house, "intake").code == 4
    assert team.run("bob", "keys", "rotate").code == 0  # she needs no reason any more


@pytest.mark.parametrize(
    ("who", "without", "code", "reason"),
    [
        ("anna", (), 6, "not-your-role"),
        ("jan", (), 6, "not-your-role"),
        ("bob", ("tess",), 6, "not-your-role"),
        ("bob", ("anna",), 6, "last-coordinator"),
        ("bob", ("bob",), 6, "about-yourself"),
        ("bob", ("nina",), 2, "unknown-member"),
    ],
)
def test_who_may_not_rotate_is_told_why(
    team: Team, who: str, without: tuple[str, ...], code: int, reason: str
) -> None:
    before = entries(team)
    options = [word for handle in without for word in ("--without", handle, "--reason", "uit-dienst")]
    answer = team.ask(who, "keys", "rotate", *options, code=code)
    assert answer["reason"] == reason
    assert entries(team) == before + (code == 6)  # a refusal is written down
    assert team.ask("bob", "keys", "status")["epoch"] == 1


def test_a_member_restored_after_a_rotation_reads_again(team: Team) -> None:
    team.ask("bob", "keys", "rotate", "--without", "sara", "--reason", "verlof")
    team.ask("anna", "member", "restore", "sara", "--reason", "terug")
    assert team.read("sara", team.house, "intake").code == 0


def test_the_log_is_one_log_across_epochs(team: Team) -> None:
    note = team.home("tess") / "note"
    note.write_bytes(team.run("tess", "log", "checkpoint").out)
    for _ in range(2):
        team.ask("bob", "keys", "rotate")
        team.write("jan", team.house, "intake", "Nog een.")
    assert team.ask("tess", "log", "verify")["ok"]
    assert team.ask("tess", "log", "verify", "--against", str(note))["ok"]
    keys = team.run("jan", "log", "vkey").out.decode().split()
    assert len(keys) == len({*keys}) == 3
    assert team.ask("tess", "check", "--deep")["ok"]


# Rekey.


def test_a_household_is_rekeyed_and_its_contents_stay_as_they_are(team: Team) -> None:
    contents = contents_of(str(team.store))
    digests = team.ask("jan", "history", team.house, "intake")["versions"]
    made = team.ask("anna", "keys", "rekey", team.house)
    assert made == {
        "schema": "dossier/keys-rekey/1",
        "households": [{"household": team.house, "sections": ["voorblad", "aanmeld", "intake", "plan"]}],
    }
    assert contents_of(str(team.store)) == contents
    assert team.ask("jan", "history", team.house, "intake")["versions"] == digests
    for section, (text, _) in CONTENTS.items():
        assert team.read("jan", team.house, section).out == text.encode()


def test_one_section_is_rekeyed_alone(team: Team) -> None:
    made = team.ask("anna", "keys", "rekey", team.house, "--section", "plan")
    assert made["households"] == [{"household": team.house, "sections": ["plan"]}]
    rows = team.ask("jan", "household", "show", team.house)["sections"]
    assert {row["section"]: row["generation"] for row in rows} == {
        **dict.fromkeys(("voorblad", "aanmeld", "intake"), 1),
        "plan": 2,
    }
    assert team.ask("anna", "keys", "rekey", team.house, "--section", "plann", code=2)["reason"] == (
        "unknown-section"
    )


def test_all_are_rekeyed_and_counted(team: Team) -> None:
    assert team.ask("anna", "keys", "rekey", "--all") == {
        "schema": "dossier/keys-rekey/1",
        "done": 2,
        "left": [],
    }
    assert team.read("sara", team.house, "intake").code == 0


def test_the_teams_card_is_renewed_and_households_follow(team: Team) -> None:
    assert team.ask("anna", "keys", "rekey", "--coordination")["coordination"] == 2
    assert [why for why, _, _ in dues(team, "rekey")] == ["old-team-card"] * 2
    cover = ("--purpose", "aanmelding-beoordelen")
    assert team.run("anna", "read", team.loose, "voorblad", *cover).code == 0  # under the card before
    team.ask("anna", "keys", "rekey", "--all")
    assert dues(team, "rekey") == []
    assert team.run("anna", "read", team.loose, "voorblad", *cover).code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--all", "--coordination"),
        ("--all", "--section", "plan"),
        ("{house}", "--all"),
        ("{house}", "--coordination"),
    ],
)
def test_what_to_rekey_is_said_in_one_way(team: Team, arguments: tuple[str, ...]) -> None:
    words = [word.format(**team.facts) for word in arguments]
    assert team.ask("anna", "keys", "rekey", *words, code=2)["reason"] == "missing-option"


@pytest.mark.parametrize("who", ["jan", "sara", "bob", "tess"])
def test_only_a_coordinator_rekeys(team: Team, who: str) -> None:
    assert team.run(who, "keys", "rekey", team.house).code in (5, 6)
    for option in ("--all", "--coordination"):
        assert team.ask(who, "keys", "rekey", option, code=6)["reason"] == "not-your-role"
    assert team.ask("anna", "household", "show", team.house)["sections"][0]["generation"] == 1


def test_who_was_admitted_while_a_rotation_came_between_gets_the_gates_key_with_a_rekey(team: Team) -> None:
    """A toezichthouder who approves an admission can box nothing of what is in force by then."""
    shift = 30.5 * DAY
    admit = ("member", "admit", str(team.card("otto")), "--role", "coordinator")
    number = team.ask("anna", *admit, "--fingerprint", team.new_token("otto"), code=7, shift=shift)[
        "approval"
    ]
    team.ask("bob", "keys", "rotate", shift=shift)
    team.ask("anna", "keys", "rekey", "--coordination", shift=shift)
    welcome = team.ask("tess", "approval", "give", str(number), shift=shift)["welcome"]
    team.ask("otto", "join", "--welcome", welcome, shift=shift)
    look = ("read", team.loose, "voorblad", "--purpose", "aanmelding-beoordelen")
    assert team.ask("otto", *look, code=4, shift=shift)["reason"] == "no-gate-box"
    for what in ("box-gate", "box-coordination"):
        assert dues(team, what, shift=shift) == [("no-box", "otto", False)]
    team.ask("anna", "keys", "rekey", team.loose, shift=shift)
    for what in ("box-gate", "box-coordination"):
        assert dues(team, what, shift=shift) == []
    assert team.run("otto", *look, shift=shift).code == 0


# Status.


def test_the_status_is_a_crypto_inventory(team: Team) -> None:
    found = team.ask("anna", "keys", "status")
    assert found.keys() == STATUS
    assert (found["epoch"], found["members_in_epoch"], found["coordination"]) == (1, 5, 1)
    assert (found["households"], found["sections"], found["recovery"]) == (2, 8, None)
    assert {"boxes", "wraps", "contents", "signatures", "passphrases", "log"} == found["algorithms"].keys()
    assert [row.keys() == DUE for row in found["due"]] == [True]
    assert found["due"][0]["what"] == "split-recovery"


def test_a_suspension_makes_a_rotation_and_a_rekey_due_until_they_are_done(team: Team) -> None:
    team.ask("anna", "member", "suspend", "sara", "--reason", "verlof")
    assert dues(team, "rotate") == [("left-out", "sara", False)]
    assert dues(team, "rekey") == [("left-out", "sara", False)]
    words = team.run("anna", "keys", "status").out.decode()
    assert all(text in words for text in ("rotate the gate's key", "someone has it who should not", "sara"))
    team.ask("bob", "keys", "rotate")
    team.ask("anna", "keys", "rekey", team.house)
    assert dues(team, "rotate") == dues(team, "rekey") == []


def test_what_is_too_old_is_overdue(team: Team) -> None:
    days = 0
    while days < 366:
        days += 30
        team.ask("anna", "household", "list", shift=days * DAY)
        team.ask("jan", "read", team.house, "plan", "--purpose", "plan-opstellen", shift=days * DAY)
    assert dues(team, "rotate", shift=days * DAY) == [("age", None, True)]
    assert "OVERDUE" in team.run("anna", "keys", "status", shift=days * DAY).out.decode()
    team.ask("bob", "keys", "rotate", shift=days * DAY)
    assert dues(team, "rotate", shift=days * DAY) == []


def test_a_regisseur_sees_the_stores_keys_only(team: Team) -> None:
    team.ask("anna", "member", "suspend", "sara", "--reason", "verlof")
    found = team.ask("jan", "keys", "status")
    assert (found["households"], found["sections"]) == (None, 0)
    assert {row["what"] for row in found["due"]} == {"rotate", "split-recovery"}
    assert team.house not in str(found)


def test_a_coordinator_is_offered_the_rekey_that_is_due_at_a_command_on_that_household(team: Team) -> None:
    """Breaks when `notices._offer_rekey` asks nothing, or offers it to who cannot do it."""
    offer = f"dossier keys rekey {team.house}".encode()
    assert offer not in team.run("anna", "household", "show", team.house).err
    team.ask("anna", "member", "suspend", "sara", "--reason", "verlof")
    assert offer in team.run("anna", "household", "show", team.house).err
    assert team.run("anna", "--json", "household", "show", team.house).err == b""
    assert offer not in team.run("jan", "household", "show", team.house).err
    assert offer not in team.run("anna", "household", "show", team.loose).err
    team.ask("anna", "keys", "rekey", team.house)
    assert offer not in team.run("anna", "household", "show", team.house).err
