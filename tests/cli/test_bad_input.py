"""Malformed words, times and lists: wrong use, or no such thing; never a fault of the program itself."""

import pytest
from cli_team import NOBODY, Team
from places import books_of

HOUSEHOLDS = (
    "",
    "H-",
    "H-AAAAAAA",
    "H-AAAAAAAAA",
    "H-ILOUAAAA",
    "7KQ2M9XD",
    "../../etc/passwd",
    "H-AAAAAAAA\n",
    "H-AAAA/AAA",
    "*",
    "H-é1234567",
    "\udcff",
    "0",
    "x" * 5000,
)
WORDS = (
    "",
    ".",
    "..",
    "-",
    "intake\n",
    "in take",
    "intake ",
    "x" * 41,
    "1intake",
    "in--take",
    "é",
    "\udcff",
    "a/b",
)
DATES = (
    "",
    "x",
    "0d",
    "-3d",
    "14",
    "14x",
    "99999d",
    "9999y",
    "1e5d",
    "\u0661d",  # a digit, but not of ours
    "2027-02-30",
    "2027-13-01",
    "20270131",
    "2027-W04-7",
    "31-01-2027",
    "9999-12-31",
    "0001-01-01",
    "0999-05-05",
    "1999-12-31",
    "3000-01-01",
    "2027-01-31T10:00",
)
LISTS = ("", ",", ",,")

READ = ("--purpose", "intakegesprek")
GRANT = {"--role": "specialist", "--section": "intake", "--purpose": "intakegesprek", "--until": "14d"}


def give(household: str, who: str = "sara", **changed: str) -> tuple[str, ...]:
    options = {**GRANT, **{f"--{name}": value for name, value in changed.items()}}
    return ("grant", "give", household, who, *(word for pair in options.items() for word in pair))


def wrong(team: Team, who: str, *command: str, reason: str | None = None, code: int = 2) -> None:
    before = books_of(str(team.store))
    answer = team.run(who, "--json", *command)
    assert (answer.code, answer.out) == (code, b""), (command, answer)
    assert reason in (None, answer.reason), (command, answer)
    assert answer.error()["schema"] == "dossier/error/1"
    assert answer.error()["exit"] == code
    assert before == books_of(str(team.store))


@pytest.mark.parametrize("word", HOUSEHOLDS)
def test_what_is_no_household_id_is_wrong_use(team: Team, word: str) -> None:
    for command in (
        ("read", word, "intake", *READ),
        ("write", word, "intake", *READ),
        ("edit", word, "intake", *READ),
        ("history", word, "intake"),
        ("household", "show", word),
        ("household", "assign", word, "jan"),
        ("grant", "list", word),
        ("grant", "revoke", word, team.grant, "--reason", "doel-bereikt"),
        ("who", word),
        ("log", "show", "--household", word),
    ):
        wrong(team, "jan", *command, reason="bad-household-id")
    wrong(team, "anna", *give(word), reason="bad-household-id")


@pytest.mark.parametrize("word", WORDS)
def test_what_is_no_word_is_wrong_use(team: Team, word: str) -> None:
    for household in (team.house, NOBODY):
        wrong(team, "jan", "read", household, word, *READ, reason="bad-section")
        wrong(team, "jan", "history", household, word, reason="bad-section")
        wrong(team, "jan", "who", household, word, reason="bad-section")
        wrong(team, "jan", "read", household, "intake", "--purpose", word, reason="bad-purpose")
        wrong(team, "jan", "write", household, "intake", "--purpose", word, reason="bad-purpose")
    wrong(team, "anna", "member", "suspend", "sara", "--reason", word, reason="bad-reason")
    wrong(team, "anna", *give(team.house, reason=word), reason="bad-reason")
    if word:
        wrong(team, "anna", *give(team.house, section=word), reason="bad-section")
        wrong(team, "anna", *give(team.house, purpose=word), reason="bad-purpose")
        wrong(
            team, "anna", *give(team.house, who=word) if word != "-" else ("member", "suspend", word), code=2
        )


def test_a_section_or_purpose_that_the_policy_lacks_is_wrong_use_whatever_the_household(team: Team) -> None:
    for household in (team.house, team.loose, NOBODY):
        for who in ("jan", "sara", "bob", "anna", "tess"):
            for deed in ("read", "write"):
                wrong(team, who, deed, household, "kelder", *READ, reason="unknown-section")
                wrong(
                    team, who, deed, household, "intake", "--purpose", "goudzoeken", reason="unknown-purpose"
                )
    wrong(team, "jan", "history", team.house, "kelder", reason="unknown-section")
    wrong(team, "anna", *give(team.house, section="kelder"), reason="unknown-section")
    wrong(team, "anna", *give(team.house, purpose="goudzoeken"), reason="unknown-purpose")


@pytest.mark.parametrize("word", DATES)
def test_what_is_no_date_is_wrong_use(team: Team, word: str) -> None:
    wrong(team, "anna", *give(team.house, until=word), reason="bad-date")
    wrong(team, "anna", "household", "assign", team.house, "jan", "--until", word, reason="bad-date")


@pytest.mark.parametrize(
    "word", ["x", "2027-02-30", "0001-01-01", "9999-12-31T23:59:59-23:59", "14d", "\udcff"]
)
def test_what_is_no_moment_is_wrong_use(team: Team, word: str) -> None:
    for option in ("--since", "--until"):
        answer = team.run("tess", "--json", "log", "show", option, word)
        assert answer.code in (0, 2)  # the first and the last day there are can still be moments
        assert answer.code == 0 or answer.reason == "bad-date"


def test_a_day_gone_by_is_wrong_use(team: Team) -> None:
    wrong(team, "anna", *give(team.house, until="2020-01-01"), reason="grant-in-past")


@pytest.mark.parametrize("word", LISTS)
def test_an_empty_list_is_wrong_use(team: Team, word: str) -> None:
    for option in ("section", "purpose", "deed"):
        wrong(team, "anna", *give(team.house, **{option: word}), reason="missing-option")
    wrong(team, "anna", "member", "roles", "sara", "--add", word, reason="missing-option")
    fingerprint = team.new_token("nina")
    admit = ("member", "admit", str(team.card("nina")), "--fingerprint", fingerprint, "--role", word)
    wrong(team, "anna", *admit, reason="missing-option")


def test_numbers_that_cannot_be_are_wrong_use(team: Team) -> None:
    for number in ("x", "1.5", "", "1e3"):
        wrong(team, "jan", "read", team.house, "intake", *READ, "--version", number, reason="usage")
        wrong(team, "jan", "write", team.house, "intake", *READ, "--after", number, reason="usage")
        wrong(team, "anna", "approval", "give", number, reason="usage")
        wrong(team, "anna", "grant", "list", "--expiring", number, reason="usage")
    for number in ("99999", "9" * 12, "9" * 40):
        wrong(team, "anna", "grant", "list", "--expiring", number, reason="usage")


def test_what_is_not_there_is_not_found(team: Team) -> None:
    for version in ("0", "-1", "9", "9" * 30):
        wrong(
            team,
            "jan",
            "read",
            team.house,
            "intake",
            *READ,
            f"--version={version}",
            reason="no-such-version",
            code=5,
        )
    for number in ("0", "3", "9" * 30):
        for verb in ("give", "refuse"):
            wrong(team, "anna", "approval", verb, number, reason="no-such-proposal", code=5)
    revoke = ("grant", "revoke", team.house, "G-AAAAAAAA", "--reason", "doel-bereikt")
    wrong(team, "anna", *revoke, reason="no-such-grant", code=5)
    wrong(team, "jan", "read", NOBODY, "intake", *READ, reason="no-access", code=5)


def test_other_words_that_cannot_be_are_wrong_use(team: Team) -> None:
    for command, reason in (
        (("member", "suspend", "nobody", "--reason", "verlof"), "unknown-member"),
        (("member", "suspend", "sara", "--reason", "zin"), "reason-unknown"),
        (("member", "suspend", "Sara!", "--reason", "verlof"), "bad-handle"),
        (("member", "roles", "sara"), "missing-option"),
        (("member", "roles", "sara", "--add", "koning"), "bad-role"),
        (("member", "roles", "nobody", "--add", "regisseur"), "unknown-member"),
        (("household", "open", "--regisseur", "nobody"), "unknown-member"),
        (("household", "assign", team.house, "nobody"), "unknown-member"),
        (("household", "assign", "sara"), "households-or-from"),
        (("household", "assign", "--from", "nobody", "jan"), "unknown-member"),
        (give(team.house, who="nobody"), "unknown-member"),
        (give(team.house, role="koning"), "bad-role"),
        (give(team.house, deed="look"), "bad-deed"),
        (give(team.house, reason="zin"), "reason-unknown"),
        (("grant", "revoke", team.house, "G-1", "--reason", "verlof"), "bad-grant-id"),
        (("grant", "revoke", team.house, team.grant, "--reason", "zin"), "reason-unknown"),
        (("grant", "list", "--member", "x y"), "bad-handle"),
        (("join", "--welcome", "x"), "bad-fingerprint"),
        (("purpose", "list", "--role", "koning"), "bad-role"),
        (("grant", "give", "sara"), "usage"),
        (("nonsense",), "usage"),
        (("grant",), "usage"),
        ((), "usage"),
    ):
        wrong(team, "anna", *command, reason=reason)
    for command in (("household", "assign", team.house, "sara"), give(team.house, role="regisseur")):
        wrong(team, "anna", *command, reason="not-for-role", code=6)


@pytest.mark.parametrize("shift", ["x", "", "1.5", "9" * 30, "-99999999999999"])
def test_a_clock_that_cannot_be_is_wrong_use(team: Team, shift: str) -> None:
    answer = team.run("jan", "--json", "household", "list", DOSSIER_CLOCK_SHIFT=shift)
    assert (answer.code, answer.reason) == (2, "bad-clock-shift")


def test_a_clock_far_off_writes_nothing(team: Team) -> None:
    for shift, reason in ((-3600, "clock-behind"), (40 * 86400, "clock-ahead")):
        answer = team.run("jan", "--json", "household", "list", shift=shift)
        assert (answer.code, answer.reason) == (9, reason)
