"""What a gate promises as a service: limits, health, its end and its start, TLS, and what it tells to whom."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
from cli_team import CONTENTS, Answer, Team
from http_gate import (
    MIB,
    HttpGate,
    code_in,
    new_team,
    post,
    short_folder,
)

from dossier.cli.backends import open_at
from dossier.serve.messages import LARGEST_BODY

pytestmark = pytest.mark.files_only("of a gate as a process")

_PATHS = {"/v1/gate": "GET", "/health/live": "GET", "/health/ready": "GET", "/v1/sync": "POST", "/v1/put": "POST"}


@pytest.fixture(scope="module")
def gate() -> Iterator[HttpGate]:
    with HttpGate(new_team()) as gate:
        yield gate


@pytest.fixture
def own() -> Iterator[HttpGate]:
    """Give a gate to do with as one likes."""
    with HttpGate(new_team()) as gate:
        yield gate


def at(team: Team, place: str, *arguments: str, who: str = "jan", **more: Any) -> Answer:
    """Run a command of a member at a place."""
    options = team.options(who)
    options[1] = place
    return team.run_plain(who, [*options, "--no-input", *arguments], **more)


def read(team: Team, place: str, section: str = "intake", **more: Any) -> Answer:
    """Let jan read a section at a place."""
    return at(team, place, "read", team.house, section, "--purpose", CONTENTS[section][1], **more)


# Limits.


def test_a_body_that_is_too_large_is_answered_so(gate: HttpGate) -> None:
    session, client = gate.session(), gate.client("jan")
    body = b" " * LARGEST_BODY + b"{}"
    told = post(session, "sync", client.header("sync", body), body)
    assert (told.status_code, code_in(told)) == (413, "too-large")
    exact = b" " * (LARGEST_BODY - 2) + b"{}"
    assert post(session, "sync", client.header("sync", exact), exact).status_code == 200


def test_a_body_that_does_not_say_how_long_it_is_is_cut_off(gate: HttpGate) -> None:
    sent = [0]

    def endless() -> Iterator[bytes]:
        while sent[0] < 16 * LARGEST_BODY:
            yield b" " * MIB
            sent[0] += MIB

    session, client = gate.session(), gate.client("jan")
    with suppress(httpx.HTTPError):
        told = session.post("/v1/sync", content=endless(), headers={"Dossier-Call": client.header("sync", b"")})
        assert code_in(told) == "too-large"
    assert sent[0] < 4 * LARGEST_BODY
    assert gate.session().get("/health/ready").status_code == 200


def test_a_content_that_is_too_large_is_not_kept() -> None:
    team, place = new_team(), short_folder()
    with HttpGate(team) as gate:
        store, before = open_at(str(team.store)), list(open_at(str(team.store)).contents())
        assert gate.client("jan").call("put", {})
        assert len(list(store.contents())) == len(before) + 1
    assert place.exists()


def test_a_header_that_is_too_long_is_no_call(gate: HttpGate) -> None:
    told = post(gate.session(), "sync", "a" * 4096)
    assert (told.status_code, code_in(told)) == (400, "bad-call")
