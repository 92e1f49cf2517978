"""Files from which something was taken out, and the client's own memory altered."""

import json
import random
from pathlib import Path

import pytest
from cli_team import CONTENTS, SECTIONS, Team

pytestmark = pytest.mark.files_only("something taken out of a file")


def households(team: Team) -> list[Path]:
    return [team.store / "households" / team.house[2:4] / f"{team.house}.json"]


def read(team: Team, section: str) -> int:
    answer = team.run("jan", "read", team.house, section, "--purpose", CONTENTS[section][1])
    assert not answer.code or not answer.out
    return answer.code


def altered(raw: bytes, place: int) -> bytes:
    return raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]


def without_object(path: Path, number: str) -> None:
    tables = json.loads(path.read_bytes())
    del tables["objects"][number]
    path.write_bytes(json.dumps(tables, ensure_ascii=False, separators=(",", ":")).encode())


def test_an_object_taken_out_of_a_file_is_never_passed_over(team: Team) -> None:
    """Whoever needs it is stopped, and `check` names it for everyone."""
    for path in (households(team)[0], team.store / "store.json"):
        raw = path.read_bytes()
        for number in json.loads(raw)["objects"]:
            without_object(path, number)
            assert team.run("anna", "check", "--deep").code == 8
            path.write_bytes(raw)


def test_a_box_taken_out_of_a_file_is_an_altered_file(team: Team) -> None:
    path = households(team)[0]
    raw = path.read_bytes()
    codes = set()
    for number in json.loads(raw)["objects"]:
        without_object(path, number)
        codes |= {read(team, section) for section in SECTIONS}
        path.write_bytes(raw)
    assert codes == {0, 8}


def test_memory_altered_in_any_byte_is_noticed(team: Team) -> None:
    """By a command that looks at all of it: another may leave a part of it closed."""
    chance = random.Random(11)  # noqa: S311 (so that it can be run again)
    state = [
        path for path in (team.home("anna") / "state").rglob("*") if path.is_file() and path.stat().st_size
    ]
    assert len(state) > 1  # the file, and a part: two households fall into one of the 256 now and then
    for path in state:
        raw = path.read_bytes()
        for place in [0, len(raw) - 1, *(chance.randrange(len(raw)) for _ in range(30))]:
            path.write_bytes(altered(raw, place))
            answer = team.run("anna", "--json", "household", "list", "--unassigned")
            assert (answer.code, answer.out) == (8, b""), (path, place)
            assert answer.reason == "memory-altered"
        path.write_bytes(raw)
        assert team.run("anna", "household", "list", "--unassigned").code == 0
