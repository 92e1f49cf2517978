"""What a gate promises as a service: limits, health, its end and its start, TLS, and what it tells whom."""

import io
import json
import socket
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, cast

import httpx
import postgres
import pytest
from cli_team import CONTENTS, NOBODY, SECTIONS, Answer, Team, build
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from http_gate import (
    GATE,
    MIB,
    Here,
    HttpGate,
    admit,
    code_in,
    identity_of,
    new_team,
    post,
    served_here,
    short_folder,
)
from own_client import OwnClient, raw_request
from places import contents_of, log_of

from dossier.cli.backends import open_at
from dossier.errors import UnreachableError
from dossier.serve import app
from dossier.serve.line import HttpLine
from dossier.serve.messages import LARGEST_BODY
from dossier.storage.postgres import PostgresStore
from keys.primitives import sha256

pytestmark = pytest.mark.files_only("of a gate as a process")

_PATHS = {
    "/v1/gate": "GET",
    "/health/live": "GET",
    "/health/ready": "GET",
    "/v1/sync": "POST",
    "/v1/put": "POST",
}


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
        told = session.post(
            "/v1/sync", content=endless(), headers={"Dossier-Call": client.header("sync", b"")}
        )
        assert code_in(told) == "too-large"
    assert sent[0] < 4 * LARGEST_BODY
    assert gate.session().get("/health/ready").status_code == 200


def test_a_content_that_is_too_large_is_not_kept(tmp_path: Path) -> None:
    desk = served_here(tmp_path)
    before = set(desk.team.store.contents())
    with Here(desk.office, largest=MIB) as session:
        client = desk.client(session, "jan")
        for size, status in ((MIB, 200), (MIB + 1, 413)):
            sealed = bytes(size)
            told = post(session, "put", client.header("put", sealed), sealed)
            assert told.status_code == status
    assert set(desk.team.store.contents()) - before == {sha256(bytes(MIB)).hex()}


def test_bytes_that_were_not_signed_for_are_not_kept(gate: HttpGate) -> None:
    before = set(open_at(str(gate.team.store)).contents())
    session, client = gate.session(), gate.client("jan")
    told = post(session, "put", client.header("put", b"these"), b"those")
    assert (told.status_code, code_in(told)) == (400, "bad-call")
    assert set(open_at(str(gate.team.store)).contents()) == before


def test_a_header_that_is_too_long_is_no_call(gate: HttpGate) -> None:
    told = post(gate.session(), "sync", "a" * 4096)
    assert (told.status_code, code_in(told)) == (400, "bad-call")


@pytest.mark.parametrize("verb", ["sync", "put"])
def test_a_body_that_does_not_come_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    monkeypatch.setattr(app, "_PATIENCE", 0.3)
    desk = served_here(tmp_path)
    here = Here(desk.office)
    with here as session:
        call = raw_request(verb, desk.client(session, "jan").header(verb, b"{}"), b"{}")
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(here.path)
            line.settimeout(10)
            line.sendall(call[:-1])
            start = time.monotonic()
            assert line.recv(1 << 16).startswith(b"HTTP/1.1 400")
            assert 0.2 < time.monotonic() - start < 5
        assert session.get("/health/ready").status_code == 200


@pytest.mark.parametrize("verb", ["enter", "put"])
def test_a_body_that_is_cut_does_nothing(own: HttpGate, verb: str) -> None:
    client, place = own.client("jan"), str(own.team.store)
    client.sync()
    wish: dict[str, Any] = {"deed": "log-show", "role": "regisseur"}
    body = json.dumps(client.body(client.sign(**wish))).encode() if verb == "enter" else b"sealed"
    before = log_of(place), contents_of(place)
    whole = raw_request(verb, client.header(verb, body), body)
    for length in (*range(len(whole) - len(body), len(whole), 1 + len(body) // 20), len(whole) - 1):
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(own.place.removeprefix("unix:"))
            line.sendall(whole[:length])
    client.sync()
    assert (log_of(place), contents_of(place)) == before
    assert own.session().get("/health/ready").status_code == 200


@pytest.mark.parametrize("path", _PATHS)
def test_there_is_one_method_for_each_path(gate: HttpGate, path: str) -> None:
    session = gate.session()
    for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"):
        told = session.request(method, path)
        if method != _PATHS[path] and (method, path) != ("POST", "/v1/gate"):  # that is a verb, and none
            assert (told.status_code, told.text) in ((405, "Method Not Allowed"), (400, _NO_HTTP))


_NO_HTTP = "Invalid HTTP request received."


def test_there_is_nothing_else(gate: HttpGate) -> None:
    session = gate.session()
    for path in (
        "/",
        "/v1",
        "/v1/",
        "/v1/gate/",
        "/v1/sync/a",
        "/docs",
        "/openapi.json",
        "/health",
        "/%2e%2e/",
    ):
        assert (session.get(path).status_code, session.get(path).text) == (404, "Not Found")
    assert (session.post("/v1/nothing").status_code, session.post("/v1/gate").status_code) == (400, 400)


def test_an_answer_says_nothing_of_what_runs_here(gate: HttpGate) -> None:
    headers = gate.session().get("/v1/gate").headers
    assert set(headers) <= {"content-length", "content-type"}


# Health.


def test_a_gate_is_ready_while_its_store_is_there(own: HttpGate) -> None:
    session, store = own.session(), own.team.store
    aside = store.with_name("aside")
    assert [session.get(f"/health/{what}").status_code for what in ("live", "ready")] == [200, 200]
    store.rename(aside)
    told = session.get("/health/ready")
    assert told.status_code == 503
    assert set(told.json()) == {"status", "code"}
    assert (told.json()["status"], told.json()["code"]) == ("unready", "unreachable")
    assert session.get("/health/live").json() == {"status": "live"}
    aside.rename(store)
    assert session.get("/health/ready").json() == {"status": "ready"}
    assert read(own.team, own.place).code == 0


def test_a_call_while_the_store_is_away_is_answered_so(own: HttpGate) -> None:
    client, store = own.client("jan"), own.team.store
    aside = store.with_name("aside")
    store.rename(aside)
    told = client.call("sync", {})
    assert (told["error"]["exit"], told["error"]["code"]) == (9, "unreachable")
    aside.rename(store)
    assert client.call("sync", {}) == {}


class Half(io.RawIOBase):
    """Sealed bytes of which the second half cannot be had."""

    def __init__(self) -> None:
        self.left = 2 * MIB

    def read(self, size: int = -1) -> bytes:
        if self.left < MIB:
            raise UnreachableError("unreachable")
        self.left -= size
        return bytes(size)


def test_a_content_that_is_cut_short_is_a_gate_that_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when what a line does is taken for a fault of the program, or a cut for the end."""
    desk = served_here(tmp_path)
    here = Here(desk.office)
    digest = next(iter(desk.team.store.contents()))
    monkeypatch.setattr(desk.office.store, "get", lambda _: Half())
    with here as session:
        body = json.dumps({"household": desk.house, "digest": digest}).encode()
        with closing(HttpLine(f"unix:{here.path}")) as line:
            stream = line.call("content", desk.client(session, "jan").header("content", body), body).stream
            assert stream is not None
            with stream, pytest.raises(UnreachableError):
                list(iter(lambda: stream.read(1 << 16), b""))
        assert session.get("/health/ready").status_code == 200


# The end.


def test_calls_that_wait_when_a_gate_is_told_to_stop_are_answered() -> None:
    gate, number = HttpGate(new_team()), 8
    place, memory = gate.place.removeprefix("unix:"), gate.team.home(GATE) / "state"
    before = {path: path.read_bytes() for path in memory.rglob("*.memory")}
    clients = [gate.client("jan") for _ in range(number)]
    for client in clients:
        client.sync()
    known = len(log_of(str(gate.team.store)))
    with ThreadPoolExecutor(number) as pool:
        with open_at(str(gate.team.store)).exclusive():
            wish: dict[str, Any] = {"deed": "log-show", "role": "regisseur"}
            told = [pool.submit(client.enter, client.sign(**wish)) for client in clients]
            time.sleep(0.5)
            gate.process.terminate()
            time.sleep(0.5)
            assert not any(one.done() for one in told)
        entries = [json.loads(one.result(20)["entry"]) for one in told]
    assert gate.stop() == 0
    assert len({entry["index"] for entry in entries}) == number
    assert len(log_of(str(gate.team.store))) > known
    assert not Path(place).exists()
    assert {path: path.read_bytes() for path in memory.rglob("*.memory")} != before
    assert [line["event"] for line in gate.journal()][-1] == "stop"


def test_a_gate_goes_on_from_what_it_saved() -> None:
    team = new_team()
    for _ in range(2):
        with HttpGate(team) as gate:
            assert read(team, gate.place).code == 0
    assert b"GOOD" in at_gate(team, "log", "verify")


def at_gate(team: Team, *arguments: str) -> bytes:
    with HttpGate(team) as gate:
        return at(team, gate.place, *arguments, who="tess").out


def test_a_gate_that_ended_answers_nobody() -> None:
    gate = HttpGate(new_team())
    assert gate.stop() == 0
    told = read(gate.team, gate.place)
    assert told.code == 9


# The start.


def refused(team: Team, *options: str, listen: str = "") -> tuple[int, str]:
    """Start a gate that must not start: give its exit code, and the reason."""
    gate = HttpGate(team, listen, *options)
    code = gate.stop()
    assert not gate.about
    [line] = [line for line in gate.errors().splitlines() if line.startswith("{")]
    return code, str(json.loads(line)["reason"])


def test_no_gate_starts_without_its_store() -> None:
    team = new_team()
    team.store.rename(team.root / "elsewhere")
    assert refused(team) == (9, "no-store")


def test_no_gate_starts_on_tables_of_another_version(schema: str) -> None:
    team = new_team()
    PostgresStore.create(schema, open_at(str(team.store)).store_id)
    team.store = cast("Path", schema)  # only options take it
    for version, reason in ((0, "schema-old"), (1000, "schema-new")):
        postgres.ask(schema, "DELETE FROM dossier_schema")
        postgres.ask(schema, "INSERT INTO dossier_schema VALUES (%s)", version)
        assert refused(team) == (9, reason)


def test_no_gate_starts_that_was_not_adopted_or_has_no_key() -> None:
    team = embedded()
    admit(team)
    team.ask(GATE, "join", "--welcome", team.welcome_gate)
    assert refused(team) == (4, "gate-not-adopted")
    team.ask("anna", "gate", "adopt", GATE)
    assert refused(team)[0] == 4
    team.ask("bob", "keys", "rotate")
    with HttpGate(team) as gate:
        assert read(team, gate.place).code == 0


def embedded() -> Team:
    """Give a team of the command line whose store has no gate."""
    return build(short_folder() / "t")


def test_no_gate_answers_beyond_this_computer_without_a_certificate() -> None:
    assert refused(new_team(), listen="0.0.0.0:0") == (2, "listen-needs-certificate")


@pytest.mark.parametrize("listen", ["nowhere", "127.0.0.1:99999", "127.0.0.1:http", ":80"])
def test_no_gate_answers_where_nobody_can_call(listen: str) -> None:
    assert refused(new_team(), listen=listen) == (2, "bad-listen")


def test_no_gate_starts_where_another_answers(own: HttpGate) -> None:
    assert refused(own.team) == (9, "gate-running")
    assert refused(new_team(), listen=own.place) == (9, "cannot-listen")
    assert own.session().get("/health/ready").status_code == 200


def test_a_socket_that_nobody_answers_any_more_is_replaced() -> None:
    team = new_team()
    gate = HttpGate(team)
    gate.stop(9)
    assert Path(gate.place.removeprefix("unix:")).is_socket()
    with HttpGate(team, gate.place) as again:
        assert read(team, again.place).code == 0


# TLS.


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for this computer, that vouches for itself; give its file and that of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1"))])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(secret)
    return files


def test_a_gate_with_a_certificate_answers_those_who_trust_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem, key = certificate(tmp_path)
    options = ("--certificate", str(pem), "--key", str(key))
    with HttpGate(new_team(), "0.0.0.0:0", *options) as gate:
        place = f"https://localhost:{gate.place.rpartition(':')[2]}"
        with closing(HttpLine(place)) as line, pytest.raises(UnreachableError, match="gate-certificate"):
            line.about()
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
        with closing(HttpLine(place)) as line:
            assert json.loads(line.about())["gate"] == gate.about["gate"]
        told = read(gate.team, place, SSL_CERT_FILE=str(pem))
        assert (told.code, told.out.decode()) == (0, CONTENTS["intake"][0])
        with (
            closing(HttpLine(place.replace("https://", "http://"))) as line,
            pytest.raises(OSError),  # noqa: PT011 (whatever the line does then)
        ):
            line.about()


@pytest.mark.parametrize("spoilt", ["certificate.pem", "key.pem", "neither"])
def test_no_gate_starts_with_a_certificate_that_is_none(tmp_path: Path, spoilt: str) -> None:
    pem, key = certificate(tmp_path)
    (tmp_path / spoilt).write_text("geen certificaat")
    options = ("--certificate", str(pem), "--key", str(key if spoilt != "neither" else tmp_path / "nergens"))
    code, reason = refused(new_team(), *options, listen="127.0.0.1:0")
    assert (code, reason) == (2, "bad-certificate")


# What is written down about it.


def test_the_journal_has_nobody_and_nothing_in_it(own: HttpGate) -> None:
    """Breaks when the journal gets the path that was asked for, a header, or an error's data."""
    team, place, client = own.team, own.place, own.client("jan")
    for section in SECTIONS:
        assert read(team, place, section).code == 0
    text = "Het Baardmannetje woont aan de Roerdompkade.\n"
    written = at(team, place, "write", team.house, "plan", "--purpose", "plan-opstellen", stdin=text.encode())
    assert written.code == 0
    assert read(team, place, "plan", who="sara").code == 6
    assert at(team, place, "read", team.loose, "intake", "--purpose", "intakegesprek").code == 5
    assert at(team, place, "log", "show", "--member", "sara", who="tess").code == 0
    assert at(team, place, "household", "list").code == 0
    session = own.session()
    for path in (f"/v1/{team.house}", "/v1/jan", f"/v1/sync?household={team.house}", f"/{team.house}"):
        session.post(path, headers={"Dossier-Call": "jan", "User-Agent": "jan"})
        session.get(path)
    client.call("objects", {"book": team.house, "digests": [{"jan": team.house}]})
    client.call("content", {"household": team.loose, "digest": "0" * 64})
    journal = own.errors()
    assert len(own.journal()) > 20
    for one in private(team, text):
        assert one not in journal, one
    events = {"start", "call", "server", "fault", "stop"}
    members = {"at", "event", "gate", "run", "verb", "status", "code", "ms", "what", "level", "kind"}
    for line in own.journal():
        assert line["event"] in events
        assert set(line) <= members


def private(team: Team, written: str) -> list[str]:
    """Name all that may not be in a journal."""
    handles = ["anna", "jan", "sara", "bob", "tess"]
    cards = [identity_of(team, who).card.fingerprint for who in handles]
    purposes = [purpose for _, purpose in CONTENTS.values()]
    words = [word for text in (written, *(text for text, _ in CONTENTS.values())) for word in text.split()]
    names = [f'"{handle}"' for handle in handles]
    ids = [team.house, team.loose, team.grant]
    sections = [f'"{section}"' for section in SECTIONS]
    return [*names, *cards, *ids, *purposes, *sections, *(word for word in words if len(word) > 5)]


# A household of others, and none at all.


@pytest.mark.parametrize("verb", ["enter", "look", "content", "objects", "enact", "sync", "entries"])
def test_a_household_of_others_is_answered_as_none_at_all(gate: HttpGate, verb: str) -> None:
    """Status, bytes, headers but the signature, and the slot at the end of which the answer comes."""
    session, client = gate.session(), gate.client("bob" if verb == "entries" else "sara")
    client.sync()
    spent: dict[str, list[float]] = {}
    seen: dict[str, set[tuple[int, bytes, tuple[str, ...]]]] = {}
    for _ in range(4):
        for household in (gate.team.loose, NOBODY):
            name, fields = asked(client, verb, household)
            body = json.dumps(fields).encode()
            header = client.header(name, body)
            start = time.monotonic()
            told = post(session, name, header, body)
            spent.setdefault(household, []).append(time.monotonic() - start)
            same = (told.status_code, told.content, tuple(sorted(set(told.headers) - {"dossier-answer"})))
            seen.setdefault(household, set()).add(same)
            assert code_in(told) == (None if verb in ("sync", "entries") else "no-access")
    assert seen[gate.team.loose] == seen[NOBODY]
    assert len(seen[NOBODY]) == 1
    assert all(min(times) > 0.095 for times in spent.values()), spent
    apart = statistics.median(spent[gate.team.loose]) - statistics.median(spent[NOBODY])
    assert abs(apart) < 0.02


def asked(client: OwnClient, verb: str, household: str) -> tuple[str, dict[str, Any]]:
    """Give a call about a household, as if there were a right."""
    wish: dict[str, Any] = {"household": household, "role": "specialist"}
    version = {"section": "intake", "version": 1, "purpose": "intakegesprek"}
    statement = ["grant.revoked/1", household, "G-AAAAAAAA", "uit-dienst", []]
    state = {"deed": "state", "statement": statement, "book": [household, 1, None]}
    calls: dict[str, tuple[str, dict[str, Any]]] = {
        "enter": ("enter", bare(client, deed="read", **wish, **version)),
        "look": ("enter", bare(client, deed="look", **wish)),
        "enact": ("enact", {**bare(client, **state, **wish), "objects": []}),
        "content": ("content", {"household": household, "digest": "0" * 64}),
        "objects": ("objects", {"book": household, "digests": ["0" * 64]}),
        "entries": ("entries", {"household": household}),
        "sync": ("sync", {"have": {"seen": client.have()["seen"], "books": {household: 0}}}),
    }
    return calls[verb]


def bare(client: OwnClient, **said: Any) -> dict[str, Any]:
    """Sign a request, and ask for no news with it."""
    body = client.body(client.sign(**said))
    del body["have"]
    return body


@pytest.mark.parametrize("kept", [0, 1, 60])
def test_an_answer_that_is_cut_short_is_a_line_that_broke(kept: int) -> None:
    """Breaks when a part of an answer is taken for all of it: then a gate that died is told to be none."""
    body = b'{"answer":"' + b"a" * 200 + b'"}'
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    place = short_folder() / "cut.sock"
    with socket.socket(socket.AF_UNIX) as listening, ThreadPoolExecutor(1) as pool:
        listening.bind(str(place))
        listening.listen()

        def answer() -> None:
            speaker, _ = listening.accept()
            with speaker:
                speaker.recv(4096)
                speaker.sendall(head + body[:kept])

        pool.submit(answer)
        with closing(HttpLine(f"unix:{place}")) as line, pytest.raises(ConnectionError):
            line.about()
