"""docs/protocol.md, docs/openapi.json and the code agree: a second client can be written from them."""

import ast
import inspect
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import schemathesis
from own_client import Asking, OwnClient
from serving import GATE, become_served, new_office
from team import Team
from wording import INTAKE, person

from dossier import contexts, errors
from dossier.errors import DossierError, UsageError
from dossier.model import FAR_BEHIND, STORE_BOOK, HouseholdId, Reason, Role
from dossier.serve import (
    admission,
    app,
    connection,
    messages,
    office,
    past,
    service,
    telling,
    turns,
    verbs,
)
from dossier.serve.call import _KEYS, LARGEST_CALL, read_call
from dossier.serve.messages import ABOUT, MOST_BOOKS, write_error
from dossier.serve.office import Answer, Asked, Office
from dossier.serve.verbs import VERBS
from keys.encoding import canonical_json, from_base64, to_base64
from keys.identity import check_signature
from keys.primitives import sha256

_ROOT = Path(__file__).parent.parent.parent
_PAGE = (_ROOT / "docs" / "protocol.md").read_text("utf-8")
_OPENAPI: dict[str, Any] = json.loads((_ROOT / "docs" / "openapi.json").read_text("utf-8"))
_SCHEMA = schemathesis.openapi.from_dict(_OPENAPI)
_PATH = "/v1/{}"


# The page as such.


def table(name: str) -> list[list[str]]:
    """The rows of the table under `<!-- name -->`, without its head, a cell in back quotes without them."""
    lines = _PAGE.partition(f"<!-- {name} -->\n")[2].partition("\n\n")[0].splitlines()
    return [[plain(cell.strip()) for cell in line.strip("|").split("|")] for line in lines[2:]]


def plain(cell: str) -> str:
    return cell[1:-1] if re.fullmatch("`[^`]*`", cell) else cell


def named(cell: str) -> dict[str, bool]:
    """The fields that a cell names, each with whether it must be there."""
    if re.fullmatch("[a-z]+", cell):
        return {cell: True}
    return {name: not maybe for name, maybe in re.findall(r"`([a-z]+)`(\?)?", cell)}


def members(name: str) -> list[str]:
    return [row[0] for row in table(f"members: {name}")]


def test_the_page_says_what_a_call_has() -> None:
    assert sorted(members("call")) == sorted(_KEYS)


def test_the_page_shows_a_call_that_is_read() -> None:
    text = _PAGE.partition("<!-- example: call -->\n")[2].partition("\n\n")[0].strip()
    signed = canonical_json(json.loads(text))
    assert signed == text.encode()
    called = read_call(f"{to_base64(signed)}.{to_base64(bytes(64))}")
    assert called.call.body == sha256(b"{}").hex()


def test_the_page_gives_each_kind_of_error_its_status() -> None:
    kinds = {
        kind.exit_code: kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, DossierError) and kind.exit_code in messages._STATUS
    }
    said = {int(row[0]): int(row[1]) for row in table("table: errors")}
    assert said == {number: write_error(kind("some"))[0] for number, kind in kinds.items()}


def raised() -> Iterator[tuple[str, str]]:
    """Give each code that the protocol's own modules raise, with the name of its class."""
    from dossier.gate import recent, served  # noqa: PLC0415 (only here)

    for module in (admission, app, messages, office, service, telling, turns, verbs, past, recent, served):
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                first = node.args[0]
                if node.func.id.endswith("Error") and isinstance(first, ast.Constant):
                    yield str(first.value), node.func.id


def test_the_page_has_every_code_of_the_protocol() -> None:
    said = {row[0]: int(row[1]) for row in table("table: codes")}
    starting = {"bad-listen", "listen-needs-certificate", "cannot-listen", "gate-not-adopted", "bad-answer"}
    starting |= {"bad-certificate"}
    for code, kind in raised():
        if code not in starting and not code.startswith("store-served"):
            assert said.get(code) == getattr(errors, kind).exit_code, (code, kind)


def test_the_page_has_every_limit() -> None:
    page = {row[0]: row[1] for row in table("table: limits")}
    said = {name: [int(n.replace(",", "")) for n in re.findall(r"[0-9][0-9,]*", page[name])] for name in page}
    assert list(said.values()) == [
        [LARGEST_CALL],
        [connection._LARGEST],
        [int(connection._LATEST)],
        [messages.LARGEST_BODY],
        [service.LARGEST],
        [MOST_BOOKS],
        [verbs._MOST_DIGESTS],
        [verbs._MOST_HOUSEHOLDS],
        [past._MOST_PAGES],
        [messages.LARGEST_INLINE],
        [admission.PER_SECOND, admission.AT_ONCE],
        [int(app._PATIENCE)],
        [service._AT_ONCE],
        [int(FAR_BEHIND.total_seconds() // 60)],
        [int(app._SLOT * 1000)],
    ]


# Both documents.


def operation(verb: str) -> dict[str, Any]:
    found: dict[str, Any] = _OPENAPI["paths"][_PATH.format(verb)]["post"]
    return found


def properties(schema: Mapping[str, Any]) -> dict[str, bool]:
    required = schema.get("required", ())
    return {name: name in required for name in schema["properties"]}


def test_both_have_every_verb() -> None:
    assert {row[0] for row in table("table: verbs")} == set(VERBS)
    paths = {_PATH.format(verb) for verb in VERBS} | {ABOUT, "/health/live", "/health/ready"}
    assert set(_OPENAPI["paths"]) == paths


@pytest.mark.parametrize("row", table("table: verbs"), ids=lambda row: str(row[0]))
def test_both_name_the_same_fields(row: list[str]) -> None:
    verb, _, body, answer = row
    found = operation(verb)
    if verb != "put":
        asked = found["requestBody"]["content"]["application/json"]["schema"]
        assert properties(asked) == {"have": False, **named(body)}
    if verb != "content":
        given = found["responses"]["200"]["content"]["application/json"]["schema"]
        want = {} if verb == "put" else {"news": False, **named(answer)}
        assert properties(given) == want
        assert given["additionalProperties"] is False


@pytest.mark.parametrize("name", ["news", "book", "about"])
def test_both_name_the_members_of_what_is_told(name: str) -> None:
    of = {"news": "News", "book": "BookNews", "about": "About"}
    assert list(_OPENAPI["components"]["schemas"][of[name]]["properties"]) == members(name)


def test_the_file_has_every_status() -> None:
    statuses = {str(status) for status in messages._STATUS.values()} | {"200", "413"}
    for verb in VERBS:
        found = set(operation(verb)["responses"])
        assert found <= statuses
        assert found | {"404"} == statuses


def test_the_file_has_the_limits() -> None:
    header = _OPENAPI["components"]["parameters"]["Call"]["schema"]
    schemas = _OPENAPI["components"]["schemas"]
    assert header["maxLength"] == LARGEST_CALL
    assert schemas["Have"]["properties"]["books"]["maxProperties"] == MOST_BOOKS
    asked = operation("objects")["requestBody"]["content"]["application/json"]["schema"]
    assert asked["properties"]["digests"]["maxItems"] == verbs._MOST_DIGESTS
    given = operation("households")["responses"]["200"]["content"]["application/json"]["schema"]
    assert given["properties"]["households"]["maxItems"] == verbs._MOST_HOUSEHOLDS


def test_the_file_shuts_what_it_describes() -> None:
    """Else a member of an answer that nobody described would be as described."""
    for name in ("News", "BookNews", "About", "Error"):
        assert _OPENAPI["components"]["schemas"][name]["additionalProperties"] is False
    error = _OPENAPI["components"]["schemas"]["Error"]["properties"]["error"]["properties"]
    assert set(error["exit"]["enum"]) == set(messages._STATUS)


# What a gate answers, against both.


class Served(NamedTuple):
    team: Team
    house: HouseholdId
    office: Office
    folder: Path

    def ask(self, who: str, verb: str, body: bytes) -> Answer:
        client = self.client(who)
        answer = self.office.answer([Asked(verb, client.header(verb, body), body)])[0]
        return answer.later() if answer.later is not None else answer

    def client(self, who: str) -> OwnClient:
        def speak(verb: str, header: str, body: bytes) -> bytes:
            return self.office.answer([Asked(verb, header, body)])[0].body

        about: Callable[[], bytes] = lambda: json.dumps(self.office.about()).encode()  # noqa: E731
        return OwnClient(self.team.identity(who), about, speak, self.team.clock)

    def request(self, who: str, **said: Any) -> dict[str, Any]:
        client = self.client(who)
        client.sync()
        asking: Asking = client.sign(**said)
        return client.body(asking)


@pytest.fixture
def served(tmp_path: Path) -> Served:
    team = Team(tmp_path / "team")
    team.admit("jan", Role.REGISSEUR)
    team.admit("bob", Role.BEHEERDER)
    team.admit("tess", Role.TOEZICHTHOUDER)
    house = team.open("jan")
    team.write("jan", house, INTAKE, "wat er speelt")
    become_served(team)
    return Served(team, house, new_office(team, tmp_path / "gate"), tmp_path)


def bodies(served: Served) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Give, for each verb that answers with JSON, a call that is answered well: by whom, and its body."""
    house, client = served.house, served.client("jan")
    have = {"have": client.have(house)}
    version = {"section": INTAKE, "version": 1, "purpose": "intakegesprek"}
    digest = next(iter(served.team.store.objects(STORE_BOOK)))
    statement: list[Any] = ["household.opened/1", "H-7KQ2M9XD", None, []]
    yield "jan", "sync", have
    yield "jan", "enter", served.request("jan", deed="read", household=house, role="regisseur", **version)
    yield "jan", "enter", served.request("jan", deed="log-show", role="regisseur")
    yield (
        "jan",
        "enact",
        {
            **served.request(
                "jan",
                deed="state",
                household="H-7KQ2M9XD",
                role="regisseur",
                book=["H-7KQ2M9XD", 1, None],
                statement=statement,
            ),
            "objects": [],
        },
    )
    yield "jan", "objects", {"book": "store", "digests": [digest], **have}
    yield "anna", "households", {"all": True, "after": ""}
    yield "bob", "epoch-box", {"handle": "bob"}
    yield "jan", "put", {}
    yield "tess", "entries", {"since": "2020-01-01T00:00:00.000Z", **have}
    yield "anna", "opened", {"member": "jan"}
    yield "tess", "page", {"page": 0, "start": 0}
    yield "tess", "copies", {"book": house}
    yield "tess", "books", {}


def check_described(verb: str, answer: Answer) -> None:
    """See that an answer is as the file describes it. Raises where it is not."""
    headers = {"Content-Type": "application/json", "Dossier-Answer": answer.signature}
    request = httpx.Request("POST", f"http://localhost{_PATH.format(verb)}")
    response = httpx.Response(answer.status, headers=headers, content=answer.body, request=request)
    response.elapsed = timedelta()
    _SCHEMA[_PATH.format(verb)]["POST"].validate_response(response)


def test_what_is_answered_is_as_described(served: Served) -> None:
    seen: dict[str, set[str]] = {}
    for who, verb, fields in bodies(served):
        answer = served.ask(who, verb, json.dumps(fields).encode())
        check_described(verb, answer)
        if answer.status == 200:
            seen.setdefault(verb, set()).update(json.loads(answer.body))
    for verb, _, _, answer_cell in table("table: verbs"):
        if verb in seen and verb != "put":
            assert seen[verb] >= {name for name, must in named(answer_cell).items() if must}
    assert set(seen) == set(VERBS) - {"content", "enact"}
    assert seen["enter"] == set(named(next(row[3] for row in table("table: verbs") if row[0] == "enter")))


def test_an_answer_is_signed_as_the_page_says(served: Served) -> None:
    """Breaks when the gate signs anything less than its call and its answer."""
    card = person(GATE).card
    for verb, body in (("sync", b"{}"), ("page", b'{"page":"x"}')):
        header = served.client("tess").header(verb, body)
        answer = served.office.answer([Asked(verb, header, body)])[0]
        said = sha256(from_base64(header.partition(".")[0])) + sha256(answer.body)
        context = contexts.of("answer", served.team.store.store_id, card.fingerprint)
        check_signature(card, from_base64(answer.signature), said, context)


@pytest.mark.parametrize(
    ("lies", "code"),
    [
        ({"verb": "page"}, "bad-call"),
        ({"body": "0" * 64}, "bad-call"),
        ({"extra": None}, "bad-call"),
        ({"gate": "9S113-S6BGA-TJJ1X-2Q7YP-FVC7Q", "run": "0" * 32}, "other-gate"),
        ({"store": "0" * 32, "run": "0" * 32}, "other-gate"),
        ({"run": "0" * 32, "at": "2020-01-05T09:00:00.000Z"}, "other-run"),
        ({"at": "2020-01-05T09:00:00.000Z", "actor": "niemand"}, "clock-apart"),
        ({"actor": "niemand"}, "not-admitted"),
        ({"actor": "anna"}, "not-admitted"),
        ({"nonce": to_base64(bytes(16))}, "replayed"),
        ({}, None),
    ],
)
def test_what_is_wrong_with_a_call_is_told_in_the_order_of_the_page(
    served: Served, lies: dict[str, Any], code: str | None
) -> None:
    client = served.client("jan")
    used = client.header("sync", b"{}", nonce=to_base64(bytes(16)))
    header = client.header("sync", b"{}", **lies)
    answers = served.office.answer([Asked("sync", one, b"{}") for one in (used, header)])
    assert (answers[1].error.code if answers[1].error else None) == code


def test_who_calls_too_often_has_to_wait(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "AT_ONCE", 3)
    served.office._admission._rate._per_second = 0
    client = served.client("jan")
    calls = [Asked("sync", client.header("sync", b"{}"), b"{}") for _ in range(4)]
    codes = [answer.error and answer.error.code for answer in served.office.answer(calls)]
    assert codes == [None, None, None, "too-many"]
    assert served.ask("anna", "sync", b"{}").error is None


def test_an_error_is_as_described(served: Served) -> None:
    for verb in VERBS:
        for fields in ({"book": [], "household": 3, "handle": None, "have": {}}, {"page": -1}):
            answer = served.ask("jan", verb, json.dumps(fields).encode())
            check_described(verb, answer)


def test_a_member_that_nobody_described_is_found_out() -> None:
    """So that the tests above are worth something."""
    answer = Answer(200, b'{"news":{"note":"x"}}', to_base64(bytes(64)))
    with pytest.raises(Exception, match="frontier"):
        check_described("sync", answer)


def test_what_a_stranger_gets_is_as_described(served: Served) -> None:
    answer = served.office.answer([Asked("sync", "", b"{}")])[0]
    assert answer.error is not None
    assert write_error(answer.error) == write_error(UsageError("bad-call"))
    assert str(Reason.NO_ACCESS) in {row[0] for row in table("table: codes")}
