"""What was altered, swapped or cut is noticed by an ordinary read, named, and nothing is shown of it."""

import json
import random
from pathlib import Path

import pytest
from cli_team import CONTENTS, SECTIONS, Answer, Team
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.files_only("each byte of a file altered")

WORDS = [word.encode() for text, _ in CONTENTS.values() for word in text.split() if len(word) > 6]


def book(team: Team, household: str) -> Path:
    return team.store / "households" / household[2:4] / f"{household}.json"


def page(team: Team) -> Path:
    return team.store / "log" / "000000.log"


def content(team: Team, section: str) -> Path:
    """Find the content of a section's last version."""
    digest = str(team.ask("jan", "history", team.house, section)["versions"][-1]["digest"])
    return team.store / "contents" / digest[:2] / digest


def read(team: Team, who: str = "jan", section: str = "intake") -> Answer:
    answer = team.run(who, "--json", "read", team.house, section, "--purpose", CONTENTS[section][1])
    assert not answer.code or not answer.out
    assert not answer.code or not any(word in answer.err for word in WORDS)
    return answer


def rows(raw: bytes) -> object:
    """Give what a book's file says, its rows' numbers left out: TinyDB gives them, and nothing reads them."""
    try:
        return [list(table.values()) for table in json.loads(raw).values()]
    except (ValueError, AttributeError):
        return raw


def altered(raw: bytes, place: int, bits: int) -> bytes:
    return raw[:place] + bytes([raw[place] ^ bits]) + raw[place + 1 :]


SHARED = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
# An altered copy of an entry is one that the log has not.
BOOK_ALTERED = {(8, "book-altered"), (8, "log-behind-copy")}
PLACES = st.tuples(st.integers(0, 2**20), st.integers(1, 255))


@pytest.fixture(scope="module")
def office(template: Team, tmp_path_factory: pytest.TempPathFactory) -> Team:
    """Give a team that stays as it is: what is altered in it is put back, and stopped before any entry."""
    team = template.copy(tmp_path_factory.mktemp("tampering") / "t")
    assert read(team).code == 0  # so that jan's own entry is the last thing that he saw
    return team


@SHARED
@given(where=PLACES)
def test_a_household_file_altered_in_any_byte_is_noticed(office: Team, where: tuple[int, int]) -> None:
    path = book(office, office.house)
    raw = path.read_bytes()
    new = altered(raw, where[0] % len(raw), where[1])
    path.write_bytes(new)
    try:
        answer = read(office)
    finally:
        path.write_bytes(raw)
    if rows(new) == rows(raw):
        return
    assert (answer.code, answer.reason) in BOOK_ALTERED
    assert office.house in answer.error()["message"]


@SHARED
@given(where=PLACES)
def test_the_stores_own_file_altered_in_any_byte_is_noticed(office: Team, where: tuple[int, int]) -> None:
    path = office.store / "store.json"
    raw = path.read_bytes()
    new = altered(raw, where[0] % len(raw), where[1])
    path.write_bytes(new)
    try:
        answers = [read(office), office.run("tess", "--json", "member", "list")]
    finally:
        path.write_bytes(raw)
    if rows(new) == rows(raw):
        return
    assert {(answer.code, answer.reason) for answer in answers} <= BOOK_ALTERED


@SHARED
@given(where=PLACES)
def test_a_log_altered_in_any_byte_is_noticed_by_whoever_saw_it(office: Team, where: tuple[int, int]) -> None:
    path = page(office)
    raw = path.read_bytes()
    path.write_bytes(altered(raw, where[0] % len(raw), where[1]))
    try:
        answer = read(office)
    finally:
        path.write_bytes(raw)
    assert (answer.code, answer.reason) == (8, "log-altered")


@SHARED
@given(where=PLACES)
def test_a_log_altered_in_any_byte_is_found_by_verify(office: Team, where: tuple[int, int]) -> None:
    """Without a token and without memory: the last record of all may be taken for a torn one."""
    root = office.ask("jan", "token", "show")["root_fingerprint"]
    path = page(office)
    raw = path.read_bytes()
    place = where[0] % raw.rindex(b'{"#"')
    path.write_bytes(altered(raw, place, where[1]))
    try:
        answer = office.run_plain(
            "bob", ["--json", "--store", str(office.store), "log", "verify", "--root", root]
        )
    finally:
        path.write_bytes(raw)
    assert answer.code == 8, (place, answer)


def test_a_content_altered_in_any_byte_is_noticed(team: Team) -> None:
    path = content(team, "intake")
    raw = path.read_bytes()
    for place in range(len(raw)):
        path.write_bytes(altered(raw, place, 1 << place % 8))
        answer = read(team)
        assert (answer.code, answer.reason) == (8, "content-altered")
        assert team.house in answer.error()["message"]
        assert "intake" in answer.error()["message"]
    path.write_bytes(raw)
    assert read(team).code == 0


def test_a_long_content_altered_anywhere_shows_not_even_its_beginning(team: Team) -> None:
    team.write("jan", team.house, "intake", "Goudhaantjesbank " * 5000)
    path = content(team, "intake")
    raw = path.read_bytes()
    chance = random.Random(3)  # noqa: S311 (so that it can be run again)
    for place in [len(raw) - 1, *(chance.randrange(len(raw)) for _ in range(40))]:
        path.write_bytes(altered(raw, place, 1))
        out = team.root / "out"
        assert read(team).code == 8
        assert team.read("jan", team.house, "intake", "--out", str(out)).code == 8
        assert not out.exists()


@pytest.mark.parametrize("section", SECTIONS)
def test_a_content_swapped_with_another_is_noticed(team: Team, section: str) -> None:
    paths = {name: content(team, name) for name in SECTIONS}
    raw = paths[section].read_bytes()
    for name in SECTIONS:
        if name != section:
            paths[section].write_bytes(paths[name].read_bytes())
            answer = read(team, section=section)
            assert (answer.code, answer.reason) == (8, "content-altered")
    paths[section].write_bytes(raw)
    assert read(team, section=section).code == 0


@pytest.mark.parametrize("kind", ["household", "store", "content"])
def test_a_file_cut_short_anywhere_is_noticed(team: Team, kind: str) -> None:
    places = {
        "household": book(team, team.house),
        "store": team.store / "store.json",
        "content": content(team, "intake"),
    }
    raw = places[kind].read_bytes()
    for length in {0, 1, len(raw) // 3, len(raw) // 2, len(raw) - 17, len(raw) - 1}:
        places[kind].write_bytes(raw[:length])
        assert read(team).code == 8
    places[kind].write_bytes(raw + b"\n")
    assert read(team).code == 8
    places[kind].unlink()
    answer = read(team)
    assert (answer.code, answer.reason) == (8, "content-missing" if kind == "content" else "book-behind")


def test_a_log_cut_short_anywhere_is_noticed_by_whoever_saw_it(team: Team) -> None:
    read(team)
    raw = page(team).read_bytes()
    chance = random.Random(7)  # noqa: S311 (so that it can be run again)
    for length in (0, 1, raw.rindex(b'{"#"'), len(raw) - 1, *(chance.randrange(len(raw)) for _ in range(20))):
        page(team).write_bytes(raw[:length])
        assert read(team).code == (9 if length == 0 else 8), length
    page(team).unlink()
    assert (read(team).code, read(team).reason) == (9, "log-gone")


def test_household_files_swapped_are_noticed_and_stop_nobody_elsewhere(team: Team) -> None:
    other = team.write("jan", str(team.ask("jan", "household", "open")["household"]), "intake", "Rust.")[
        "household"
    ]
    mine, theirs = book(team, team.house), book(team, str(other))
    raw = mine.read_bytes()
    mine.write_bytes(theirs.read_bytes())
    for command in (
        ("read", team.house, "intake", "--purpose", "intakegesprek"),
        ("write", team.house, "intake", "--purpose", "intakegesprek"),
        ("history", team.house, "intake"),
        ("household", "show", team.house),
        ("who", team.house),
    ):
        answer = team.run("jan", "--json", *command, stdin=b"Nieuw.")
        assert (answer.code, answer.out) == (8, b"")
        assert team.house in answer.error()["message"]
    give = ("--role", "specialist", "--section", "plan", "--purpose", "plan-opstellen", "--until", "14d")
    assert team.run("anna", "grant", "give", team.house, "sara", *give).code == 8
    assert team.run("anna", "household", "assign", team.house, "jan").code == 8
    assert mine.read_bytes() == theirs.read_bytes()
    assert team.read("jan", str(other), "intake").out == b"Rust."
    mine.write_bytes(raw)
    assert read(team).code == 0


def test_another_stores_file_is_noticed(team: Team, tmp_path: Path) -> None:
    from cli_team import found  # noqa: PLC0415 (only here: it takes a while)

    other = found(tmp_path / "other")
    raw = (team.store / "store.json").read_bytes()
    (team.store / "store.json").write_bytes((other.store / "store.json").read_bytes())
    assert read(team).code == 8
    (team.store / "store.json").write_bytes(raw)
    page(team).write_bytes(page(other).read_bytes())
    assert read(team).code == 8
