"""Whatever comes in, by whomever: a gate answers as it says that it does, goes on, and grows only by entries.

What Hypothesis makes is a sample here; `--soak` tries fifty times as much.
"""

import json
import socket
import time
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, cast

import any_calls
import httpx
import pytest
import schemathesis
from http_gate import HttpGate, code_in, new_team, post
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from own_client import Asking, OwnClient, b64
from schemathesis.generation import GenerationMode
from serving import become_served, new_office
from team import Team
from wording import INTAKE, person

from dossier import contexts
from dossier.actions import logs
from dossier.entry import read_entry
from dossier.errors import UnreachableError
from dossier.log.records import split
from dossier.model import STORE_BOOK, BookName, GrantId, Handle, HouseholdId, Role
from dossier.serve.office import Answer, Asked, Office
from dossier.serve.verbs import VERBS
from dossier.storage.base import PAGE, Store
from keys.encoding import canonical_json
from keys.errors import KeysError
from keys.identity import Card

_OPENAPI = Path(__file__).parent.parent.parent / "docs" / "openapi.json"
_SCHEMA = schemathesis.openapi.from_path(_OPENAPI)
_FOUND: list[Any] = [one.ok() for one in cast("Iterator[Any]", _SCHEMA.get_all_operations())]
_OPERATIONS = {f"{one.method.upper()} {one.path}": one for one in _FOUND}
_CODES = {200, 400, 403, 404, 409, 413, 503}
MIB = 1 << 20
WHO = ("anna", "jan", "sara", "bob", "tess")


def sampled(request: pytest.FixtureRequest, number: int) -> settings:
    """Say how much is tried; what came before changes what comes next, so nothing is made smaller."""
    return settings(
        max_examples=number * (50 if request.config.getoption("--soak") else 1),
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


# Strangers, over HTTP.


@pytest.fixture(scope="module")
def gate() -> Iterator[HttpGate]:
    with HttpGate(new_team(), "127.0.0.1:0") as gate:
        yield gate


@pytest.mark.files_only("of a gate as a process")
@pytest.mark.parametrize("label", _OPERATIONS)
def test_a_stranger_is_answered_as_declared(
    gate: HttpGate, label: str, request: pytest.FixtureRequest
) -> None:
    operation = _OPERATIONS[label]
    accepted: list[Any] = [schemathesis.checks.CHECKS.get_one("positive_data_acceptance")]
    for mode in GenerationMode.POSITIVE, GenerationMode.NEGATIVE:
        # Of what takes nothing, nothing wrong can be made.
        impossible = suppress(Unsatisfiable) if mode is GenerationMode.NEGATIVE else nullcontext()

        @sampled(request, 4)
        @given(case=operation.as_strategy(generation_mode=mode))
        def answered(case: schemathesis.Case[Any]) -> None:
            case.call_and_validate(base_url=gate.url, excluded_checks=accepted)

        with impossible:
            answered()
    assert gate.session().get("/health/ready").status_code == 200


# Members, who sign what nobody would.


class Served(NamedTuple):
    """A served store in this process."""

    team: Team
    world: any_calls.World
    office: Office

    def client(self, who: str) -> OwnClient:
        """Give a member's own program."""

        def speak(verb: str, header: str, body: bytes) -> bytes:
            return self.answer(verb, header, body).body

        about: Callable[[], bytes] = lambda: json.dumps(self.office.about()).encode()  # noqa: E731
        return OwnClient(self.team.identity(who), about, speak, self.team.clock)

    def answer(self, verb: str, header: str, body: bytes) -> Answer:
        """Give a gate's answer, all of it."""
        digest = None if verb != "put" else json.loads(header_text(header))["body"]
        answer = self.office.answer([Asked(verb, header, b"" if digest else body, digest)])[0]
        return answer.later() if answer.later is not None else answer

    def call(self, who: str, verb: str, body: bytes) -> Answer:
        """Make a call as a member, and see that it is answered as declared, and what it does to the log."""
        before = self.lines()
        answer = self.answer(verb, self.client(who).header(verb, body), body)
        assert answer.error is None or answer.error.code != "gate-fault", body
        check_described(verb, answer)
        after = self.lines()
        added = len(after) - len(before)
        assert after[: len(before)] == before
        assert added in ((1,) if answer.status == 200 and verb in ("enter", "enact") else (0, 1))
        assert not added or (verb in ("enter", "enact") and answer.status not in (400, 409)), (answer, body)
        return answer

    def lines(self) -> list[bytes]:
        """Give the log as it lies in the store."""
        found: list[bytes] = []
        while page := self.team.store.page(len(found) // PAGE):
            records, whole = split(page)
            assert whole == len(page)
            found += [record.line for record in records]
            if len(records) < PAGE:
                break
        return found


def header_text(header: str) -> bytes:
    return b64decode(header.partition(".")[0])


def check_described(verb: str, answer: Answer) -> None:
    """See that an answer is as docs/openapi.json describes it."""
    assert answer.status in _CODES
    if answer.stream is not None and answer.error is None:
        return
    headers = {"Content-Type": "application/json", "Dossier-Answer": answer.signature}
    asked = httpx.Request("POST", f"http://localhost/v1/{verb}")
    response = httpx.Response(answer.status, headers=headers, content=answer.body, request=asked)
    response.elapsed = timedelta()
    _OPERATIONS[f"POST /v1/{verb}"].validate_response(response)


@pytest.fixture
def served(tmp_path: Path) -> Served:
    return served_in(tmp_path)


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Served:
    """Give a served store for calls that change nothing."""
    return served_in(tmp_path_factory.mktemp("still"))


def served_in(folder: Path) -> Served:
    team = Team(folder / "team")
    team.admit("jan", Role.REGISSEUR)
    team.admit("sara", Role.SPECIALIST)
    team.admit("bob", Role.BEHEERDER)
    team.admit("tess", Role.TOEZICHTHOUDER)
    house, loose = team.open("jan"), team.open(None, "anna")
    team.write("jan", house, INTAKE, "wat er speelt")
    grant = team.grant("sara", house, INTAKE, purpose="intakegesprek")
    become_served(team)
    office = new_office(team, folder / "gate")
    office._admission._rate._per_second = 10**9  # no test waits
    office.look()
    return Served(team, world_of(team.store, [house, loose], grant), office)


def world_of(store: Store, households: list[HouseholdId], grant: GrantId) -> any_calls.World:
    """Name what there really is."""
    books = [BookName(STORE_BOOK), *(BookName(household) for household in households)]
    return any_calls.World(
        {
            "household": households,
            "grant": [grant],
            "handle": [*WHO, "poort"],
            "digest": [digest for book in books for digest in store.objects(book)],
            "card": [Card.texts(person(who).card) for who in ("jan", "kees", "poort")],
        }
    )


@pytest.mark.parametrize("verb", sorted(set(VERBS) - {"put"}))
def test_any_body_is_answered_as_declared(still: Served, verb: str, request: pytest.FixtureRequest) -> None:
    @sampled(request, 60)
    @given(who=st.sampled_from(WHO), fields=any_calls.bodies(still.world, verb))
    def answered(who: str, fields: Any) -> None:
        still.call(who, verb, json.dumps(fields).encode())

    answered()


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_any_bytes_are_answered_as_declared(still: Served, verb: str, request: pytest.FixtureRequest) -> None:
    @sampled(request, 10)
    @given(body=st.binary(max_size=40) | st.sampled_from([b"[" * 10**5, b'{"a":' + b"9" * 5000 + b"}"]))
    def answered(body: bytes) -> None:
        still.call("tess", verb, body)

    answered()


def test_any_request_is_answered_as_declared(served: Served, request: pytest.FixtureRequest) -> None:
    world = served.world

    @sampled(request, 250)
    @given(
        who=st.sampled_from(WHO),
        said=any_calls.requests(world),
        lies=any_calls.lies(world),
        latest=st.booleans(),
    )
    def answered(who: str, said: dict[str, Any], lies: dict[str, Any], latest: bool) -> None:  # noqa: FBT001
        body = signed(served, who, {**said, **lies}) | {"latest": latest}
        served.call(who, "enter", json.dumps(body).encode())

    answered()
    assert_sound(served)


@pytest.mark.parametrize("verb", ["enact", "enter"])
def test_any_statement_is_answered_as_declared(
    served: Served, verb: str, request: pytest.FixtureRequest
) -> None:
    world = served.world
    digests = st.sampled_from([0, 0, 0, 2]).flatmap(lambda most: st.lists(world.of("digest"), max_size=most))

    @sampled(request, 300 if verb == "enact" else 60)
    @given(
        who=st.sampled_from((*WHO, "anna", "anna", "bob")),
        statement=any_calls.statements(world),
        lies=any_calls.lies(world),
        named=digests,
    )
    def answered(who: str, statement: list[Any], lies: dict[str, Any], named: list[str]) -> None:
        book = book_of(statement)
        household = None if book == STORE_BOOK else book
        said = {"deed": "state", "household": household, "statement": statement, "book": place(served, book)}
        body = signed(served, who, {**said, **lies})
        objects = {**served.team.store.objects(STORE_BOOK)}
        body["objects"] = [b64(objects[digest]) for digest in named if digest in objects]  # type: ignore[index]
        served.call(who, verb, json.dumps(body).encode())

    answered()
    assert_sound(served)


def book_of(statement: list[Any]) -> str:
    """Name the book in which a statement goes."""
    inner = statement[1] if statement[0] == "proposed/1" else statement
    in_household = any_calls.shapes()[inner[0]][0] == "household"
    return inner[1] if in_household else STORE_BOOK


def place(served: Served, book: str) -> list[Any]:
    """Give the place that the next statement of a book has, as it is in fact."""
    copies = served.team.store.copies(BookName(book))
    if not copies:
        return [book, 1, None]
    last = read_entry(copies[-1])
    return [book, len(copies) + 1, [last.index, b64(last.leaf)]]


def signed(served: Served, who: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """Sign a request as a member whose client knows the whole log, in a role that they hold."""
    served.office.look()
    client, now = served.client(who), served.office.gate.now
    client.seen = (now.size, now.root)
    member = served.office.gate.register.members[Handle(who)]
    fields = {**client.sign(role=str(min(member.roles))).fields, **said}
    try:
        raw = canonical_json(fields)
    except KeysError:
        raw = json.dumps(fields).encode()  # some other way to write what may not be written at all
    signature = client.identity.sign(raw, contexts.of("request", client.store))
    return client.body(Asking(fields, raw, signature))


def assert_sound(served: Served) -> None:
    """See that the log is whole, and each of its rulings right."""
    assert not served.office.gate.writing
    report = logs.verify(served.team.store, served.office.gate._memory.root)
    assert report.findings == ()


# What it came upon.


def test_a_statement_does_not_come_in_by_enter(served: Served) -> None:
    """There nothing would have checked it; a toezichthouder could have shut the store to everyone."""
    statement = ["member.left/1", "sara", "uit-dienst"]
    for who in WHO:
        said = {"deed": "state", "statement": statement, "book": place(served, STORE_BOOK)}
        answer = served.call(who, "enter", json.dumps(signed(served, who, said)).encode())
        assert code_of(answer) == "bad-call"


@pytest.mark.parametrize("deed", ["log-show", "export", "look"])
def test_only_reading_and_writing_names_a_section(served: Served, deed: str) -> None:
    """Else the number of its versions, or a part of its key, could be had without the right to read it."""
    for household in (*served.world.values["household"], "H-AAAAAAAA"):
        for version in (1, 99, None):
            said = {"deed": deed, "household": household, "section": "intake", "version": version}
            answer = served.call("tess", "enter", json.dumps(signed(served, "tess", said)).encode())
            assert code_of(answer) == "bad-call"


def test_a_statement_tells_nobody_whether_a_household_is_there(served: Served) -> None:
    _, loose = served.world.values["household"]
    answers = []
    for household in (loose, "H-AAAAAAAA"):
        statement: list[Any] = ["grant.revoked/1", household, "G-AAAAAAAA", "uit-dienst", []]
        said = {
            "deed": "state",
            "household": household,
            "statement": statement,
            "book": [household, 1, None],
        }
        body = {**signed(served, "sara", said), "objects": []}
        del body["have"]
        answers.append(served.call("sara", "enact", json.dumps(body).encode()))
    assert [code_of(answer) for answer in answers] == ["no-access", "no-access"]
    assert answers[0].body == answers[1].body


def test_a_statement_comes_with_its_boxes(served: Served) -> None:
    """Else it is wrong use, and no reason for the gate to think that its store is altered."""
    statement = ["recovery.split/1", Card.texts(person("kees").card), 2, 3, 1, "0" * 64]
    said = {"deed": "state", "statement": statement, "book": place(served, STORE_BOOK)}
    body = {**signed(served, "anna", said), "objects": []}
    answer = served.call("anna", "enact", json.dumps(body).encode())
    assert code_of(answer) == "bad-call"


def test_a_call_takes_no_other_with_it(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of those that wait together: odd ones, a false history, what nobody foresaw, and two good ones."""

    def fall(*_: object) -> NoReturn:
        raise RuntimeError

    monkeypatch.setitem(cast("dict[str, Any]", VERBS), "copies", fall)
    bodies: list[tuple[str, dict[str, Any], str | None]] = [
        ("entries", {"since": any_calls.ODD_TIMES[0]}, "bad-call"),
        ("objects", {"book": "store", "digests": [[]]}, "bad-call"),
        ("sync", {"have": {"seen": [3, b64(bytes(32))], "books": {}}}, "gate-behind"),
        ("copies", {}, "gate-fault"),
        ("books", {}, None),
        ("sync", {}, None),
    ]
    asked = []
    for verb, fields, _ in bodies:
        body = json.dumps(fields).encode()
        asked.append(Asked(verb, served.client("tess").header(verb, body), body))
    answers = served.office.answer(asked)
    assert [code_of(one.later() if one.later else one) for one in answers] == [code for _, _, code in bodies]


def test_what_fails_with_all_that_wait_is_done_again_one_by_one(served: Served) -> None:
    """What nobody foresaw, once, at the end of a turn: its calls are not taken for made twice."""
    failing = [True]

    @contextmanager
    def once(turn: Callable[[], Any] = served.office.gate.turn) -> Iterator[None]:
        with turn():
            yield
            if failing:
                failing.clear()
                raise RuntimeError

    served.office.gate.turn = once  # type: ignore[method-assign]
    asked = [Asked("sync", served.client(who).header("sync", b"{}"), b"{}") for who in ("jan", "sara")]
    assert [code_of(answer) for answer in served.office.answer(asked)] == [None, None]


def test_a_database_that_is_away_is_told_to_all_that_wait_and_asked_once(served: Served) -> None:
    """Each call by itself would wait for it as long; and when it is back, the same calls are answered."""
    turn, tried = served.office.gate.turn, []

    @contextmanager
    def away() -> Iterator[None]:
        tried.append(1)
        with turn():
            yield
            raise UnreachableError("store-away")

    asked = [Asked("sync", served.client(who).header("sync", b"{}"), b"{}") for who in ("jan", "sara")]
    served.office.gate.turn = away  # type: ignore[method-assign]
    assert [code_of(answer) for answer in served.office.answer(asked)] == ["store-away", "store-away"]
    assert len(tried) == 1
    served.office.gate.turn = turn  # type: ignore[method-assign]
    assert [code_of(answer) for answer in served.office.answer(asked)] == [None, None]


def code_of(answer: Answer) -> str | None:
    return None if answer.error is None else answer.error.code


# Anybody, with any bytes.


def speak(gate: HttpGate, data: bytes, *, wait: float = 0.0) -> bytes:
    """Send bytes on a connection of their own, and give what comes back within a while."""
    host, _, port = gate.place.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=5) as line, suppress(OSError):
        line.sendall(data)
        line.settimeout(wait)
        return line.recv(1 << 16)
    return b""


@pytest.mark.files_only("of a gate as a process")
def test_any_bytes_at_the_socket_leave_a_gate_as_it_was(
    gate: HttpGate, request: pytest.FixtureRequest
) -> None:
    """It answers, and has no more memory after many than after some."""
    session, client = gate.session(), gate.client("jan")

    def some(number: int) -> int:
        @sampled(request, number)
        @given(head=any_calls.heads(), wait=st.sampled_from([0.0, 0.0, 0.01]))
        def said(head: bytes, wait: float) -> None:
            answer = speak(gate, head, wait=wait)
            assert answer[:9] in (b"", b"HTTP/1.1 "[: len(answer)])
            assert not answer.startswith(b"HTTP/1.1 5")

        said()
        assert session.get("/health/ready").status_code == 200
        assert "news" in client.sync()
        return gate.memory()

    before = some(400)
    assert some(800) - before < 8 * MIB
    assert not [line for line in gate.journal() if line["event"] == "fault"]


@pytest.mark.files_only("of a gate as a process")
def test_calls_without_number_leave_no_memory_behind(gate: HttpGate, request: pytest.FixtureRequest) -> None:
    session, client = gate.session(), gate.client("jan")
    number = 200 * (50 if request.config.getoption("--soak") else 1)

    def some() -> int:
        for _ in range(number):
            assert code_in(post(session, "households", client.header("households", b"{}"))) is None
            assert code_in(post(session, "households", None)) == "bad-call"
            assert code_in(post(session, "sync", client.header("sync", b"{}"), b"[]")) == "bad-call"
        return gate.memory()

    some()
    before = some()
    assert some() - before < 8 * MIB


@pytest.mark.files_only("of a gate as a process")
@pytest.mark.parametrize("head", [b"GET /v1/gate HTTP/1.1\r\n", b"GET /"], ids=["headers", "path"])
def test_a_head_without_end_is_cut_off(gate: HttpGate, head: bytes) -> None:
    host, _, port = gate.place.rpartition(":")
    line = b"a" * 60_000 if head == b"GET /" else b"X-A: " + b"a" * 60_000 + b"\r\n"
    sent, before = 0, gate.memory()
    with socket.create_connection((host, int(port)), timeout=5) as connection, suppress(OSError):
        connection.sendall(head)
        while sent < 64 * MIB:
            connection.sendall(line)
            sent += len(line)
    assert sent < 16 * MIB
    assert gate.memory() - before < 16 * MIB


@pytest.mark.files_only("of a gate as a process")
def test_a_body_that_goes_on_after_its_answer_is_cut_off(gate: HttpGate) -> None:
    host, _, port = gate.place.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=5) as line:
        line.sendall(b"GET /v1/gate HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
        answer = b""
        while piece := line.recv(1 << 16):  # raises where the connection stays open
            answer += piece
        assert answer.startswith(b"HTTP/1.1 200")


@pytest.mark.soak
@pytest.mark.files_only("of a gate as a process")
def test_half_requests_shut_nobody_out(gate: HttpGate) -> None:
    """More of them than there may be connections: each is cut off before long."""
    host, _, port = gate.place.rpartition(":")
    lines = [socket.create_connection((host, int(port)), timeout=5) for _ in range(520)]
    for line in lines:
        with suppress(OSError):
            line.sendall(b"POST /v1/sync HTTP/1.1\r\n")
    deadline = time.monotonic() + 30
    answered = False
    while not answered and time.monotonic() < deadline:
        with httpx.Client(trust_env=False) as session:
            answered = session.get(f"{gate.url}/health/live").status_code == 200
        time.sleep(0 if answered else 1)
    for line in lines:
        line.close()
    assert answered
