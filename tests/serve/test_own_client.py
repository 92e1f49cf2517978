"""No gate part without an entry (PROMISES.md, 9): a member's own program tries all it can against a gate.

Every part that ever came out of a gate is held against the log: released implies logged.
"""

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from socket import AF_UNIX, SOCK_STREAM, socket
from typing import Any, NamedTuple

import places
import pytest
from crashing import CrashError
from gate_process import GateProcess, build_served, log_of
from keyring import Files, Keyring, Place
from own_client import Asking, OwnClient, b64, code_of, connect, raw_request
from serving import GATE, DirectLine, become_served, new_office, remote_desk
from team import Team
from wording import INTAKE, PLAN, person

from dossier import contexts
from dossier.cli.backends import open_at
from dossier.entry import Entry
from dossier.gate.secrets import EpochSecrets
from dossier.memory_gate import GateMemory
from dossier.model import STORE_BOOK, BookName, Deed, Handle, HouseholdId, PurposeId, Request, Role
from dossier.serve.office import Asked, Office
from keys.encoding import from_base64
from keys.errors import KeysError
from keys.locks import gate_part

READER, WRITER = "sara", "jan"
VERBS = (
    *("sync", "enter", "enact", "objects", "households", "epoch-box", "content", "put", "entries", "opened"),
    *("page", "copies", "books", "part", "receipt", "restore", "epoch-secrets"),
)


class Served(NamedTuple):
    """A served store with a version of before and one of after, and its gate."""

    team: Team
    house: HouseholdId
    office: Office
    kept: bytes  # the epoch secret of the embedded time
    folder: Path

    def client(self, who: str, office: Office | None = None) -> OwnClient:
        line = DirectLine(office or self.office)

        def speak(verb: str, header: str, body: bytes) -> bytes:
            reply = line.call(verb, header, BytesIO(body) if verb == "put" else body)
            return reply.body if reply.stream is None else write({"stream": b64(reply.stream.read())})

        return OwnClient(self.team.identity(who), line.about, speak, self.team.clock)

    def read(self, **more: Any) -> dict[str, Any]:
        """Say what a request to read the version of after says."""
        said = {"deed": "read", "household": self.house, "section": INTAKE, "version": 2}
        return {**said, "purpose": "intakegesprek", "role": "specialist", **more}

    def write(self, **more: Any) -> dict[str, Any]:
        """Say what a request to write the next version says."""
        return self.read(**{"deed": "write", "version": 3, "role": "regisseur", **more})

    def log(self) -> list[Entry]:
        return log_of(self.team.store)


def write(fields: dict[str, Any]) -> bytes:
    """Write a body."""
    return json.dumps(fields).encode()


def secret_of(team: Team, who: str) -> bytes:
    """Open the epoch secret in force, as whoever holds it can."""
    register = team.register()
    box = team.store.objects(STORE_BOOK)[register.gate_boxes[Handle(who)]]
    place = (team.store.store_id, register.epoch.number, team[who].identity.card.fingerprint)
    return team.identity(who).unbox(box, contexts.of("epoch-box", *place))


@pytest.fixture
def served(tmp_path: Path) -> Served:
    return furnished(tmp_path)


@pytest.fixture(scope="module")
def lied_to(tmp_path_factory: pytest.TempPathFactory) -> Served:
    """Give one for all that comes to nothing: it must be as it was afterwards."""
    return furnished(tmp_path_factory.mktemp("lies"))


def furnished(folder: Path) -> Served:
    """Build a team whose store has a gate."""
    team = Team(folder / "t")
    team.admit(WRITER, Role.REGISSEUR)
    team.admit(READER, Role.SPECIALIST)
    team.admit("bob", Role.BEHEERDER)
    team.admit("tess", Role.TOEZICHTHOUDER)
    house = team.open(WRITER)
    team.write(WRITER, house, INTAKE, "van voor de poort")
    team.grant(READER, house, INTAKE, purpose="intakegesprek")
    kept = secret_of(team, READER)
    become_served(team)
    office = new_office(team, folder / "gate")
    served = Served(team, house, office, kept, folder)
    write_version(served, "van na de poort")
    return served


@contextmanager
def honest(served: Served) -> Iterator[Team]:
    """Let the writer sit at a desk of the program itself for a while."""
    team, embedded = served.team, served.team.desks[WRITER]
    team.desks[WRITER] = remote_desk(team, WRITER, served.office, served.folder / "honest")
    yield team
    team.desks[WRITER] = embedded


def write_version(served: Served, text: str) -> None:
    """Write a version through the gate, by an honest client."""
    with honest(served) as team:
        team.write(WRITER, served.house, INTAKE, text)


def true_parts(served: Served) -> dict[bytes, tuple[str, str, int]]:
    """Derive the gate's part of every version there is, as a gate does."""
    team, register = served.team, served.team.register(served.house)
    secrets = EpochSecrets(team.store, person(GATE))
    found = {}
    for section in register.households[served.house].sections.values():
        for v in section.versions:
            request = Request(Deed.READ, served.house, section.name, v.number, PurposeId("x"))
            part = secrets.gate_part(register, request, v.epoch, v.leaf)
            found[part] = (str(served.house), str(section.name), v.number)
    return found


def check_released(served: Served, *clients: OwnClient) -> None:
    """Hold everything that came out against the log: each part has its entry, and is of no other version."""
    entries = {entry.leaf: entry for entry in served.log()}
    true = true_parts(served)
    for client in clients:
        for got in client.got:
            entry = entries[got.leaf]  # released, so it is in the log
            asked = entry.signed.request
            assert entry.ruling.permitted
            assert (entry.signed.actor, entry.signed.card) == (client.card.handle, client.card.fingerprint)
            assert (asked.household, asked.section, asked.version) == got.place
            assert true.get(got.part, got.place) == got.place


def files_of(served: Served) -> Files:
    """Gather every box, wrap and content of the store: all of it is in a thief's hands."""
    store, register = served.team.store, served.team.register(served.house)
    objects = {**store.objects(STORE_BOOK), **store.objects(BookName(served.house))}
    found = []
    for section in register.households[served.house].sections.values():
        for v in section.versions:
            with store.get(v.content) as sealed:
                found.append(Place(served.house, section.name, v.number, v.epoch, v.leaf, sealed.read()))
    before = tuple(
        (e.before, contexts.of("epoch-before", store.store_id, e.number)) for e in register.epochs[1:]
    )
    counts = len(register.epochs), len(register.coordinations)
    return Files(store.store_id, objects, tuple(found), before, *counts)


def opened(served: Served, client: OwnClient, *keys: bytes) -> set[int]:
    """Tell which versions open to all that a client has, with every file of the store."""
    ring = Keyring(client.identity, keys=keys, gates=[got.part for got in client.got])
    return {version for _, section, version in ring.open(files_of(served)) if section == INTAKE}


# What keys alone come to.


def test_a_part_comes_with_its_entry_and_opens_its_version(served: Served) -> None:
    client = served.client(READER)
    client.sync(served.house)
    before = len(served.log())
    assert code_of(client.enter(client.sign(**served.read()))) is None
    assert len(served.log()) == before + 1
    assert opened(served, client) == {2}
    check_released(served, client)


def test_a_part_received_for_one_version_opens_no_other(served: Served) -> None:
    """Breaks when the context "gate-part" loses its version and leaf."""
    client = served.client(READER)
    client.sync(served.house)
    client.enter(client.sign(**served.read()))
    write_version(served, "nog een")
    assert len(client.got) == 1
    assert opened(served, client) == {2}
    check_released(served, client)


def test_a_part_for_writing_opens_only_what_was_written_by_its_own_entry(served: Served) -> None:
    client = served.client(WRITER)
    client.sync(served.house)
    assert code_of(client.enter(client.sign(**served.write()))) is None
    write_version(served, "onder een andere regel geschreven")
    assert len(client.got) == 1
    assert opened(served, client) == set()
    check_released(served, client)


def test_epoch_secrets_of_the_embedded_time_open_nothing_of_after(served: Served) -> None:
    """Breaks when `rules_household` lets a version stand between adoption and rotation."""
    client = served.client(READER)
    assert opened(served, client, served.kept) == {1}
    register = served.team.register(served.house)
    newest = register.households[served.house].sections[INTAKE].versions[-1]
    place = (served.team.store.store_id, served.house, INTAKE, 2, newest.epoch, newest.leaf)
    assert gate_part(served.kept, contexts.of("gate-part", *place)) not in true_parts(served)


def test_no_member_but_a_beheerder_has_the_epoch_secret_by_any_way(served: Served) -> None:
    """Breaks when `rotation` boxes to every active member while a gate serves."""
    for who in ("anna", READER, WRITER, "tess"):
        assert opened(served, served.client(who), served.kept) <= {1}


# The log skipped.


def strings(value: Any) -> Iterator[str]:
    """Give every text in an answer."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for item in value.items() for part in item for text in strings(part))
    elif isinstance(value, list):
        yield from (text for item in value for text in strings(item))


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("who", [READER, WRITER, "anna", "bob", "tess"])
def test_no_verb_gives_a_part_unasked(lied_to: Served, verb: str, who: str) -> None:
    """Breaks when any verb but `enter` puts a receipt's part in its answer."""
    served = lied_to
    client, register = served.client(who), served.team.register(served.house)
    client.sync(served.house)
    versions = register.households[served.house].sections[INTAKE].versions
    digests = [*files_of(served).objects, *(v.content for v in versions)]
    fields = {
        "have": client.have(served.house),
        "household": served.house,
        "section": INTAKE,
        "version": 2,
        "book": served.house,
        "digests": digests,
        "digest": versions[-1].content,
        "page": 0,
        "start": 0,
        "handle": "bob",
        "member": None,
        "basis": None,
        "since": None,
        "all": True,
        "purpose": "x",
    }
    answer = client.call(verb, fields)
    leaves = [entry.leaf for entry in served.log()]
    for text in strings(answer):
        assert not any(b64(part) in text for part in true_parts(served))
        for leaf in leaves if len(text) > 1024 else ():
            context = ("gate-part-box", client.store, served.house, INTAKE, 2, leaf, client.card.fingerprint)
            with pytest.raises(KeysError):
                client.identity.unbox(from_base64(text), contexts.of(*context))


@pytest.mark.parametrize("deed", ["look", "log-show", "export", "state"])
@pytest.mark.parametrize("who", [READER, "tess"])
def test_no_deed_but_reading_and_writing_gives_a_part(served: Served, deed: str, who: str) -> None:
    """Breaks when `ServedGate.enter` lets any deed name a section."""
    client = served.client(who)
    client.sync(served.house)
    role = "specialist" if who == READER else "toezichthouder"
    client.enter(client.sign(**served.read(deed=deed, role=role)))
    assert not client.got


def test_who_may_not_see_a_household_gets_the_same_answer_as_for_none_at_all(served: Served) -> None:
    """Breaks when a deed that everyone has, like log-show, may name a household's section."""
    client = served.client(READER)
    with honest(served) as team:
        other = team.open(WRITER)
    for deed in ("read", "write", "look", "log-show", "export"):
        codes = set()
        for house in (other, "H-AAAAAAAA"):
            client.sync()
            said = served.read(deed=deed, household=house, section=PLAN, version=9)
            answer = client.enter(client.sign(**said))
            codes.add((code_of(answer), str(answer["error"]["data"])))
        assert len(codes) == 1


def test_a_statement_is_no_request_that_can_be_entered(served: Served) -> None:
    """Breaks when `ServedGate.enter` does not refuse what carries a statement.

    A toezichthouder may enter deeds of every kind; a statement belongs nowhere else than in `enact`.
    """
    client, store = served.client("tess"), served.team.store
    [book] = client.sync()["news"]["books"]
    number, position, leaf = book["head"]
    before = len(served.log())
    for place in ([number + 1, [position, leaf]], [number + 7, [position, leaf]]):
        said = {"deed": "state", "book": ["store", *place], "statement": ["gate.left/1", GATE, "verlof"]}
        answer = client.enter(client.sign(role="toezichthouder", **said))
        assert code_of(answer) is not None
    assert len(log_of(store)) == before
    assert client.sync()["news"]["books"][0]["head"] == [number, position, leaf]


# Calls and requests that are not what they should be.


def test_a_call_made_again_is_refused_and_gives_nothing(served: Served) -> None:
    """Breaks when `Admission._check_new` no longer looks."""
    client = served.client(READER)
    client.sync(served.house)
    body = write(client.body(client.sign(**served.read())))
    header = client.header("enter", body)
    assert code_of(client.take(client.speak("enter", header, body))) is None
    before = len(served.log())
    again = client.take(client.speak("enter", header, body))
    assert (code_of(again), "part" in again) == ("replayed", False)
    assert (len(client.got), len(served.log())) == (1, before)


def test_a_request_made_again_by_its_own_signer_is_the_same_entry(served: Served) -> None:
    """Breaks when `ServedGate.enter` does not ask `Recent.find`."""
    client = served.client(READER)
    client.sync(served.house)
    asking = client.sign(**served.read())
    first, second = client.enter(asking), client.enter(asking)
    assert first["entry"] == second["entry"]
    assert len({got.leaf for got in client.got}) == 1
    assert sum(entry.signed.nonce == from_base64(asking.fields["nonce"]) for entry in served.log()) == 1
    check_released(served, client)


def test_a_nonce_used_again_for_another_request_is_refused(served: Served) -> None:
    """Breaks when `Recent.find` gives an entry by its nonce alone."""
    client = served.client(READER)
    client.sync(served.house)
    asking = client.sign(**served.read())
    client.enter(asking)
    other = client.sign(**served.read(version=1, nonce=asking.fields["nonce"]))
    assert code_of(client.enter(other)) == "replayed"
    assert len(client.got) == 1


@pytest.mark.parametrize("first", [True, False], ids=["entered before", "not entered yet"])
def test_another_members_request_gives_nothing_in_ones_own_call(served: Served, *, first: bool) -> None:
    """Breaks when `verbs._presented` no longer compares caller and signer."""
    theirs, mine = served.client(WRITER), served.client(READER)
    theirs.sync(served.house)
    asking = theirs.sign(**served.read(role="regisseur"))
    if first:
        theirs.enter(asking)
    before = len(served.log())
    assert code_of(mine.enter(asking)) == "other-actor"
    assert (mine.got, len(served.log())) == ([], before)


LIES: dict[str, dict[str, Any]] = {
    "another store": {"store": "0" * 32},
    "another gate": {"gate": person("bob").card.fingerprint},
    "another run": {"run": "0" * 32},
    "another actor": {"actor": WRITER},
    "another's card": {"card": person(WRITER).card.fingerprint},
    "another member": {"actor": WRITER, "card": person(WRITER).card.fingerprint},
    "nobody": {"actor": "nemo"},
    "a gate": {"actor": GATE, "card": person(GATE).card.fingerprint},
    "another verb": {"verb": "sync"},
    "another body": {"body": "0" * 64},
    "another format": {"#": "call/2"},
    "one field more": {"more": "x"},
    "too early": {"at": "2026-01-05T08:49:59.999Z"},
    "too late": {"at": "2026-01-05T09:10:00.001Z"},
}


@pytest.mark.parametrize("name", LIES)
def test_a_call_with_a_lie_in_it_gives_nothing(lied_to: Served, name: str) -> None:
    """Breaks, case by case, when a line of `Admission.card_of` or `office._question` goes."""
    served = lied_to
    client = served.client(READER)
    client.sync(served.house)
    before = len(served.log())
    assert code_of(client.enter(client.sign(**served.read()), **LIES[name])) is not None
    assert (client.got, len(served.log())) == ([], before)


def test_a_call_signed_by_another_gives_nothing(served: Served) -> None:
    client = served.client(READER)
    client.sync(served.house)
    asking = client.sign(**served.read())
    assert code_of(client.enter(asking, signer=served.team.identity(WRITER))) == "not-admitted"
    assert not client.got


SAID: dict[str, dict[str, Any]] = {
    "another store": {"store": "0" * 32},
    "another organisation": {"org": "Een ander"},
    "another role": {"role": "coordinator"},
    "another role that is one's own nowhere": {"role": "regisseur"},
    "no version": {"version": None},
    "the version after the last": {"version": 3},
    "version nought": {"version": 0},
    "too early": {"at": "2026-01-05T08:49:59.999Z"},
    "too late": {"at": "2026-01-05T09:10:00.001Z"},
    "seen ahead": {"seen": [1000, b64(bytes(32))]},
    "seen false": {"seen": [5, b64(bytes(32))]},
    "seen nothing": {"seen": [0, b64(bytes(32))]},
    "another's card": {"card": person(WRITER).card.fingerprint},
    "one field more": {"more": "x"},
}


@pytest.mark.parametrize("name", SAID)
def test_a_request_with_a_lie_in_it_gives_nothing(lied_to: Served, name: str) -> None:
    """Breaks, case by case, when a line of `ServedGate._check` or of `read_signed` goes."""
    served = lied_to
    client = served.client(READER)
    client.sync(served.house)
    before = len(served.log())
    assert code_of(client.enter(client.sign(**served.read(**SAID[name])))) is not None
    assert (client.got, len(served.log())) == ([], before)


def test_a_request_signed_by_another_gives_nothing(served: Served) -> None:
    """Breaks when `ServedGate._check` no longer checks the signature."""
    client = served.client(READER)
    client.sync(served.house)
    asking = client.sign(served.team.identity(WRITER), **served.read())
    assert code_of(client.enter(asking)) == "bad-signature"
    assert not client.got


def test_a_client_that_says_to_have_seen_less_than_before_is_not_entered(served: Served) -> None:
    """Breaks when `ServedGate._check` no longer knows what each had seen."""
    client = served.client(READER)
    client.sync(served.house)
    early = client.seen
    client.enter(client.sign(**served.read()))
    client.sync(served.house)
    client.enter(client.sign(**served.read()))
    before = len(served.log())
    answer = client.enter(client.sign(**served.read(seen=[early[0], b64(early[1])])))
    assert code_of(answer) == "seen-lower"
    assert (len(client.got), len(served.log())) == (2, before)
    check_released(served, client)


@pytest.mark.parametrize("minutes", [-10, 10])
def test_ten_minutes_of_clock_are_forgiven_and_no_more(served: Served, minutes: int) -> None:
    client = served.client(READER)
    client.sync(served.house)
    client.clock = lambda: served.team.clock() + timedelta(minutes=minutes)
    assert code_of(client.enter(client.sign(**served.read()))) is None
    client.clock = lambda: served.team.clock() + timedelta(minutes=minutes * 1.001)
    assert code_of(client.enter(client.sign(**served.read()))) == "clock-apart"
    check_released(served, client)


def test_a_call_kept_back_is_too_old_before_its_nonce_is_forgotten(served: Served) -> None:
    """Breaks when `Admission` holds nonces for only 10 minutes: a call may be of 10 minutes ahead."""
    client = served.client(READER)
    client.sync(served.house)
    client.clock = lambda: served.team.clock.now + timedelta(minutes=10)
    body = write(client.body(client.sign(**served.read())))
    header = client.header("enter", body)
    client.speak("enter", header, body)
    before = len(served.log())
    codes = set()
    for _ in range(21):
        served.team.clock.wait(minutes=1)
        client.clock = served.team.clock
        client.sync()  # by which whatever is old is let go
        codes.add(code_of(client.take(client.speak("enter", header, body))))
    assert codes == {"replayed", "clock-apart"}
    assert (client.got, len(served.log())) == ([], before)


# One bad call among good ones.


@pytest.mark.parametrize("size", [10**6, 3])
def test_who_says_to_have_seen_another_log_spoils_no_ones_turn(served: Served, size: int) -> None:
    """Breaks when `Telling.told` lets its error out of the turn, or a second try meets its own nonces."""
    good, bad = served.client(READER), served.client(WRITER)
    good.sync(served.house)
    body = write(good.body(good.sign(**served.read())))
    lie = write({"have": {"seen": [size, b64(bytes(32))], "books": {"store": 0}}})
    asked = [
        Asked("enter", good.header("enter", body), body),
        Asked("sync", bad.header("sync", lie), lie),
    ]
    answers = served.office.answer(asked)
    assert code_of(good.take(answers[0].body)) is None
    assert len(good.got) == 1
    assert answers[1].error is not None
    assert served.office.gate.proofs._kept
    check_released(served, good)


def test_a_statement_without_its_objects_spoils_no_ones_turn(served: Served) -> None:
    good, bad = served.client(READER), served.client(WRITER)
    good.sync(served.house)
    [_, book] = bad.sync(served.house)["news"]["books"]
    number, position, leaf = book["head"]
    code_of(bad.enter(bad.sign(**served.write())))
    bad.sync(served.house)
    asked_to = served.log()[-1]
    register = served.team.register(served.house)
    keying = register.households[served.house].sections[INTAKE].keying
    statement = [
        *("section.written/1", served.house, INTAKE, 3, keying.generation, register.epoch.number),
        *(asked_to.index, b64(asked_to.leaf), b64(bytes(32)), "0" * 64, "1" * 64, 5, "text/plain"),
    ]
    said = {"deed": "state", "household": served.house, "role": "regisseur", "statement": statement}
    asking = bad.sign(book=[served.house, number + 1, [position, leaf]], **said)
    lie = write({**bad.body(asking), "objects": []})
    body = write(good.body(good.sign(**served.read())))
    asked = [
        Asked("enact", bad.header("enact", lie), lie),
        Asked("enter", good.header("enter", body), body),
    ]
    first, second = served.office.answer(asked)
    assert first.error is not None
    assert first.error.code == "bad-call"
    assert code_of(good.take(second.body)) is None
    check_released(served, good, bad)


# The gate dies, the store goes back.


def restarted(served: Served) -> Office:
    """Start the gate anew, with what it remembers in its folder."""
    memory = GateMemory(served.folder / "gate", person(GATE), served.team.store.store_id)
    assert memory.load()
    memory.root = served.team["anna"].memory.root
    return Office(served.team.store, person(GATE), memory, served.team.clock)


def test_a_gate_that_dies_between_log_and_answer_gives_the_same_entry_when_asked_again(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when `Recent` starts empty, or the part leaves before the turn is over."""
    client = served.client(READER)
    client.sync(served.house)
    served.office.save()
    asking, before = client.sign(**served.read()), len(served.log())

    def die() -> None:
        raise CrashError

    monkeypatch.setattr(served.office, "_reached", die)
    with pytest.raises(CrashError):
        client.enter(asking)
    assert (len(served.log()), client.got) == (before + 1, [])
    again = served.client(READER, restarted(served))
    again.sync(served.house)
    same, other = again.enter(asking), again.enter(again.sign(**served.read()))
    assert same["entry"].encode() == served.log()[before].line
    assert other["entry"].encode() == served.log()[before + 1].line
    assert (len(again.got), len(served.log())) == (2, before + 2)
    check_released(served, again)


@pytest.mark.parametrize("stopped", ["running", "stopped", "stopped long ago"])
def test_last_nights_database_under_a_gate_is_noticed_and_nothing_comes_out(
    served: Served, stopped: str
) -> None:
    """Breaks when `GateMemory.load` no longer reads the height, or `Verified.rest` compares nothing."""
    client, office = served.client(READER), served.office
    client.sync(served.house)
    last_night = places.copy_of(served.team.store)
    served.office.save()
    client.enter(client.sign(**served.read()))
    if stopped == "stopped":
        served.office.save()
    places.put_store_back(served.team.store, last_night)
    before = len(served.log())
    if stopped != "running":
        office = restarted(served)
    late = served.client(READER, office)
    late.seen = client.seen
    asking = late.sign(**served.read())
    for answer in (late.sync(served.house), late.enter(asking), late.sync()):
        assert answer["error"]["exit"] in (8, 9)
        assert "part" not in answer
    assert (late.got, len(served.log())) == ([], before)


@pytest.mark.parametrize("more", [0, 1, 5])
def test_last_nights_database_that_grew_since_is_noticed_under_a_running_gate(
    served: Served, more: int
) -> None:
    """Breaks when the gate compares only how long the log is."""
    client = served.client(READER)
    client.sync(served.house)
    last_night = places.copy_of(served.team.store)
    grows = new_office(served.team, served.folder / "second gate")
    client.enter(client.sign(**served.read()))
    size = len(served.log())
    places.put_store_back(served.team.store, last_night)
    other = served.client(WRITER, grows)
    while len(served.log()) < size + more:
        other.sync(served.house)
        assert code_of(other.enter(other.sign(**served.read(role="regisseur")))) is None
    before = len(served.log())
    answer = client.enter(client.sign(**served.read()))
    assert (answer["error"]["exit"], "part" in answer) == (8, False)
    assert (len(client.got), len(served.log())) == (1, before)


def test_the_gate_follows_a_beheerder_who_writes_directly(served: Served) -> None:
    """Breaks when `ServedGate.turn` does not catch up."""
    client = served.client(READER)
    client.sync(served.house)
    client.enter(client.sign(**served.read()))
    served.team.suspend(READER, by="bob")
    before = len(served.log())
    answer = client.enter(client.sign(**served.read()))
    assert code_of(answer) == "not-active"
    assert (len(client.got), len(served.log())) == (1, before + 1)
    check_released(served, client)


def test_another_gates_entry_is_known_to_the_first(served: Served) -> None:
    """Breaks when `Recent.take` is not given what others append."""
    second = new_office(served.team, served.folder / "second gate")
    here, there = served.client(READER), served.client(READER, second)
    here.sync(served.house)
    there.sync(served.house)
    asking = here.sign(**served.read())
    first, again = here.enter(asking), there.enter(asking)
    assert first["entry"] == again["entry"]
    check_released(served, here, there)


# The line breaks: a real gate behind a real socket.


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GateProcess]:
    process = GateProcess(build_served(tmp_path_factory.mktemp("line") / "t"))
    assert process.start() == 0
    yield process
    process.close()


def cuts(length: int, request: pytest.FixtureRequest) -> list[int]:
    """Give the places to cut so many bytes: with --soak every one, else first, last and some between."""
    if request.config.getoption("--soak"):
        return list(range(length))
    return sorted({0, 1, *range(2, length, max(1, length // 12)), length - 2, length - 1})


def asks(gate: GateProcess, client: OwnClient) -> Asking:
    said = {"deed": "read", "household": gate.team.house, "section": INTAKE, "version": 1}
    return client.sign(**said, purpose="intakegesprek", role="specialist")


def say(gate: GateProcess, data: bytes, reading: int | None) -> bytes:
    """Say something, read so many bytes of what is answered, hang up in the middle."""
    with socket(AF_UNIX, SOCK_STREAM) as line:
        connect(line, gate.socket)
        line.sendall(data)
        heard = b""
        while reading and len(heard) < reading and (piece := line.recv(reading - len(heard))):
            heard += piece
        return heard


def entered(gate: GateProcess) -> list[str]:
    """Give the nonces in the log, as texts."""
    return [b64(entry.signed.nonce) for entry in log_of(open_at(str(gate.team.store)))]


def test_a_request_cut_at_any_byte_is_never_entered(
    gate: GateProcess, request: pytest.FixtureRequest
) -> None:
    """Breaks when the office reads a body that is shorter than its call says."""
    client = gate.client(READER)
    client.sync()
    asking = asks(gate, client)
    body = write(client.body(asking))
    whole = raw_request("enter", client.header("enter", body), body)
    for cut in cuts(len(whole), request):
        say(gate, whole[:cut], None)
    client.sync()
    assert asking.fields["nonce"] not in entered(gate)
    answer = client.enter(asking)
    assert code_of(answer) is None
    assert entered(gate).count(asking.fields["nonce"]) == 1


def test_an_answer_cut_at_any_byte_has_its_entry_and_comes_again(
    gate: GateProcess, request: pytest.FixtureRequest
) -> None:
    """Breaks when anything of an answer leaves before its entry is on disk, or asking again enters twice."""
    client = gate.client(READER)
    client.sync()
    client.enter(asks(gate, client))
    body = write(client.body(asks(gate, client)))
    length = len(say(gate, raw_request("enter", client.header("enter", body), body), 1 << 16))
    assert length > 2000
    asked = []
    for cut in cuts(length, request):
        client.sync()
        asking = asks(gate, client)
        body = write(client.body(asking))
        heard = say(gate, raw_request("enter", client.header("enter", body), body), cut)
        asked.append((asking, heard))
    before = Counter(entered(gate))
    for asking, heard in asked:
        stands = before[asking.fields["nonce"]]
        assert stands == 1 or not heard
        client.sync()
        answer = client.enter(asking)
        assert code_of(answer) == (None if stands else "seen-lower")
    log = {entry.leaf: b64(entry.signed.nonce) for entry in log_of(open_at(str(gate.team.store)))}
    assert set(Counter(log.values()).values()) == {1}
    assert {got.leaf for got in client.got} <= set(log)


def test_a_killed_gate_gives_the_same_entry_after_it_started_again(gate: GateProcess) -> None:
    """The kill falls anywhere between the request and its answer."""
    client = gate.client(READER)
    client.sync()
    asked = []
    for wait in range(6):
        client.sync()
        asking = asks(gate, client)
        body = write(client.body(asking))
        with socket(AF_UNIX, SOCK_STREAM) as line:
            connect(line, gate.socket)
            line.sendall(raw_request("enter", client.header("enter", body), body))
            time.sleep(wait * 0.003)
            gate.kill()
        assert gate.start() == 0
        client.meet()
        asked.append(asking)
        answer = client.enter(asking)
        assert code_of(answer) is None
        assert entered(gate).count(asking.fields["nonce"]) == 1
    leaves = {entry.leaf for entry in log_of(open_at(str(gate.team.store)))}
    assert {got.leaf for got in client.got} <= leaves
