"""Whatever is typed, the program itself does not fall over: a property."""

import pytest
from cli_commands import ANSWERS
from cli_team import NOBODY, ROLES, Team
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

KNOWN = {0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}
VERBS = (
    *(("init",), ("join",), ("token", "new"), ("token", "show"), ("token", "passphrase")),
    *(("member", verb) for verb in ("admit", "list", "roles", "suspend", "restore")),
    *(("approval", verb) for verb in ("list", "give", "refuse")),
    *(("policy", verb) for verb in ("show", "check", "adopt")),
    *(("household", verb) for verb in ("open", "list", "show", "assign")),
    *(("grant", verb) for verb in ("give", "list", "revoke")),
    *(("log", verb) for verb in ("show", "verify", "checkpoint", "vkey", "export")),
    *((noun,) for noun in ("read", "write", "edit", "history", "who", "check", "exit-codes", "purpose")),
)
OPTIONS = (
    "--purpose",
    "--section",
    "--role",
    "--until",
    "--deed",
    "--reason",
    "--version",
    "--after",
    "--media-type",
    "--regisseur",
    "--cover",
    "--names",
    "--unassigned",
    "--from",
    "--member",
    "--expiring",
    "--fingerprint",
    "--welcome",
    "--handle",
    "--person",
    "--org",
    "--name",
    "--founder",
    "--policy",
    "--add",
    "--remove",
    "--household",
    "--since",
    "--against",
    "--root",
    "--deep",
    "--help",
    "--",
)
SENSE = (
    "HOUSE",
    "LOOSE",
    "GRANT",
    NOBODY,
    *ROLES,
    *set(ROLES.values()),
    "intake",
    "plan",
    "voorblad",
    "intakegesprek",
    "caseload",
    "plan-opstellen",
    "14d",
    "2027-01-31",
    "1y",
    "read",
    "write",
    "read,write",
    "verlof",
    "doel-bereikt",
    "0",
    "1",
    "7",
    "-",
    "FILE",
    "text/plain",
    "A" * 25,
)
typed = st.text(st.characters(exclude_characters="\0"), max_size=12)  # no system passes a NUL on
words = st.one_of(st.sampled_from(SENSE), st.sampled_from(OPTIONS), typed)


@pytest.fixture(scope="module")
def office(template: Team, tmp_path_factory: pytest.TempPathFactory) -> Team:
    return template.copy(tmp_path_factory.mktemp("words") / "t")


MANY = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def answered(team: Team, who: str, command: list[str], stdin: bytes) -> None:
    meant = {"HOUSE": team.house, "LOOSE": team.loose, "GRANT": team.grant, "FILE": str(team.card("jan"))}
    full = [meant.get(word, word) for word in command]
    answer = team.run(who, "--json", *full, stdin=stdin, VISUAL="/bin/true")
    assert answer.code in KNOWN, answer
    if answer.code not in (0, 7, 10):
        assert answer.out == b"" or set(command) & {"verify", "check"}
        assert answer.error()["exit"] == answer.code


@MANY
@given(
    who=st.sampled_from(list(ROLES)),
    verb=st.sampled_from(VERBS),
    rest=st.lists(words, max_size=9),
    stdin=st.binary(max_size=40),
)
def test_whatever_is_typed_gets_an_answer(
    office: Team, who: str, verb: tuple[str, ...], rest: list[str], stdin: bytes
) -> None:
    answered(office, who, [*verb, *rest], stdin)


@MANY
@given(
    who=st.sampled_from(list(ROLES)),
    form=st.sampled_from([form for _, form, *_ in ANSWERS]),
    place=st.integers(0, 20),
    other=words,
    instead=st.booleans(),
)
def test_a_good_command_with_one_word_wrong_gets_an_answer(
    office: Team, who: str, form: tuple[str, ...], place: int, other: str, *, instead: bool
) -> None:
    command = [word.format(**office.facts) for word in form]
    at = place % (len(command) + 1)
    command[at : at + instead] = [other]
    answered(office, who, command, b"Nieuw.")


def test_and_all_is_well_afterwards(office: Team) -> None:
    assert office.run_plain("bob", ["--store", str(office.store), "check", "--root", root(office)]).code == 0


def root(team: Team) -> str:
    header = team.run_plain("bob", [*team.options("bob"), "--no-input", "--json", "token", "show"])
    return str(header.json()["root_fingerprint"])
