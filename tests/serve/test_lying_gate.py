"""A gate that lies, or someone in between who does: each lie is noticed, nothing is shown or remembered.

The lies are told to the program's own client. Where `signed` the gate itself lies, with its keys; else it is
someone on the way, who can change every byte but sign for nobody.
"""

import copy
import json
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import places
import pytest
from own_client import OwnClient, b64, code_of
from serving import GATE, DirectLine, approve, become_served, new_office, remote_desk
from team import Team
from wording import INTAKE, person

from dossier import contexts
from dossier.actions import contents, gates, households, logs, members
from dossier.desk import Desk
from dossier.errors import ConflictError, DossierError, IntegrityError, UnreachableError
from dossier.gate.showing import Wanted, Whose
from dossier.log.note import Checkpoint, sign_checkpoint
from dossier.model import Handle, HouseholdId, Role
from dossier.serve.call import read_call
from dossier.serve.office import Office
from dossier.serve.remote_gate import RemoteGate
from dossier.serve.remote_memory import RemoteMemory
from dossier.serve.remote_store import RemoteStore
from dossier.serve.wire import Reply, Wire
from keys.encoding import from_base64
from keys.identity import LocalIdentity
from keys.primitives import sha256, sign_public

Fields = dict[str, Any]
Lie = Callable[[Fields], Fields]
READER = "sara"


class LyingLine(DirectLine):
    """A line on which, from when `lie` is set, nothing is what the gate said."""

    def __init__(self, office: Office, signer: LocalIdentity | None = None) -> None:
        super().__init__(office)
        self.lie: Lie | None = None
        self.signer = signer  # of a gate that lies itself
        self.verbs: set[str] = set()  # of which the answers are lies; of all where none is named
        self.told: list[tuple[str, Reply]] = []
        self.left = 1000  # calls, after which it is too much

    def call(self, verb: str, header: str, body: bytes | BinaryIO) -> Reply:
        self.left -= 1
        assert self.left, "a client asks without end"
        reply = super().call(verb, header, body)
        self.told.append((verb, reply))
        if self.lie is None or reply.stream is not None or (self.verbs and verb not in self.verbs):
            return reply
        said = json.dumps(self.lie(json.loads(reply.body))).encode()
        if self.signer is None:
            return reply._replace(body=said)
        called = read_call(header)
        context = contexts.of("answer", called.call.counter.store, self.signer.card.fingerprint)
        return Reply(b64(self.signer.sign(called.digest + sha256(said), context)), said)


class Scene(NamedTuple):
    """A served team, and a reader who is lied to."""

    team: Team
    house: HouseholdId
    other: HouseholdId
    office: Office
    folder: Path

    def again(self, name: str, who: str = READER) -> "Heard":
        """Let a reader sit down, see everything as it is, and then let some news come about."""
        heard = self.desk(who, name)
        heard.desk.gate.survey(self.house)
        heard.desk.gate.survey(self.other)
        number = len(self.office.gate.frontier()) + self.office.gate.now.size
        card = person(f"nieuw{number}").card
        members.admit(self.team["anna"], card.write(), [Role.SPECIALIST], card.fingerprint)
        self.team.write("jan", self.house, INTAKE, f"versie van {number}")
        self.team.write("jan", self.house, INTAKE, f"nieuw van {number}")
        self.team.write("jan", self.other, INTAKE, f"ander van {number}")
        return heard

    def desk(self, who: str, name: str, line: LyingLine | None = None) -> "Heard":
        """Give a desk at a line that can lie."""
        line, identity = line or LyingLine(self.office), self.team.identity(who)
        store = RemoteStore(Wire(line, self.team.clock))
        memory = RemoteMemory(self.folder / name, identity, self.team.store.store_id)
        memory.load()
        memory.root = self.team["anna"].memory.root
        gate = RemoteGate(store, identity, memory, self.team.clock)
        return Heard(self, line, Desk(store, gate, identity, memory, self.team.clock), self.folder / name)


class Heard(NamedTuple):
    """A desk, and the line that it is at."""

    scene: Scene
    line: LyingLine
    desk: Desk
    folder: Path

    def state(self) -> object:
        """Give all that this client remembers, in its files and of the log."""
        files = {path: path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}
        memory = self.desk.memory
        known = memory.verified
        heads = [memory.head(name) for name in ("store", self.scene.house, self.scene.other)]  # type: ignore[arg-type]
        return files, known.size, known.root, heads

    def read(self, house: HouseholdId | None = None) -> bytes:
        """Read the last version: what is shown."""
        sink = BytesIO()
        purpose = "intakegesprek"
        contents.read(self.desk, house or self.scene.house, INTAKE, purpose, sink)  # type: ignore[arg-type]
        return sink.getvalue()


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return set_up(tmp_path_factory.mktemp("lies"))


def set_up(folder: Path) -> Scene:
    """Build a served team in which sara may read the intake of two households."""
    team = Team(folder / "t")
    team.admit("jan", Role.REGISSEUR)
    team.admit(READER, Role.SPECIALIST)
    team.admit("bob", Role.BEHEERDER)
    team.admit("tess", Role.TOEZICHTHOUDER)
    house, other = team.open("jan"), team.open("jan")
    for one in (house, other):
        team.write("jan", one, INTAKE, "van voor de poort")
        team.grant(READER, one, INTAKE, purpose="intakegesprek")
    become_served(team)
    office = new_office(team, folder / "gate")
    office._admission._rate._per_second = 10**9
    for who in ("anna", "jan"):
        team.desks[who] = remote_desk(team, who, office, folder / "honest")
    return Scene(team, house, other, office, folder)


@pytest.fixture
def heard(scene: Scene, tmp_path: Path) -> Heard:
    return scene.again(str(tmp_path / "memory"))


# Lies about the log and the books, each told by the gate itself.


def news_of(fields: Fields, book: str) -> Fields:
    return next(news for news in fields["news"]["books"] if news["book"] == book)


def told(change: Callable[[Fields, Scene], object]) -> Callable[[Scene], Lie]:
    """Make a lie of what is told about the reader's household, wherever that is told."""

    def make(scene: Scene) -> Lie:
        def lie(fields: Fields) -> Fields:
            if "news" in fields and any(news["book"] == scene.house for news in fields["news"]["books"]):
                change(fields, scene)
            return fields

        return lie

    return make


def in_book(change: Callable[[Fields], object]) -> Callable[[Scene], Lie]:
    return told(lambda fields, scene: change(news_of(fields, scene.house)))


def in_log(change: Callable[[Fields], object]) -> Callable[[Scene], Lie]:
    return told(lambda fields, _: change(fields["news"]))


def altered(line: str) -> str:
    """Alter who asked for it, and nothing else."""
    return line.replace('"span":"', '"span":"0', 1)[: len(line)].replace('0"', '"', 1)


def other_hash(text: str) -> str:
    return b64(sha256(from_base64(text)))


def both(news: Fields, change: Callable[[list[Any]], list[Any]]) -> None:
    news["lines"], news["paths"] = change(news["lines"]), change(news["paths"])


def swapped(items: list[Any]) -> list[Any]:
    return [*items[:-2], items[-1], items[-2]]


def by_another_key(news: Fields) -> None:
    origin, size, root, *_ = news["note"].split("\n")
    seed = bytes(32)
    note = sign_checkpoint(Checkpoint(origin, int(size), from_base64(root)), seed, sign_public(seed))
    news["note"] = note.decode()


def one_short(news: Fields) -> None:
    """Tell one line less than there is, and a head that fits; the client's own head is behind it."""
    news["head"][0] -= 1


def behind(news: Fields) -> None:
    news["lines"], news["paths"] = [], []
    news["head"] = [1, 0, b64(bytes(32))]


BOOKS: dict[str, Callable[[Scene], Lie]] = {
    "a line altered": in_book(lambda n: n.update(lines=[altered(line) for line in n["lines"]])),
    "a line's text altered": in_book(
        lambda n: n.update(lines=[x.replace("text/plain", "text/html") for x in n["lines"]])
    ),
    "the first line missing": in_book(lambda n: both(n, lambda items: items[1:])),
    "the last line missing": in_book(lambda n: both(n, lambda items: items[:-1])),
    "all lines missing": in_book(lambda n: both(n, lambda _: [])),
    "lines in another order": in_book(lambda n: both(n, swapped)),
    "a line twice": in_book(lambda n: both(n, lambda items: [*items, items[-1]])),
    "lines of the store's book": told(
        lambda fields, scene: news_of(fields, scene.house).update(
            {k: news_of(fields, "store")[k] for k in ("lines", "paths")}
        )
    ),
    "another household's book under this name": told(
        lambda fields, scene: news_of(fields, scene.house).update(other_book(scene))
    ),
    "a line that is none": in_book(lambda n: n.update(lines=["{}" for _ in n["lines"]])),
    "paths swapped": in_book(lambda n: n.update(paths=swapped(n["paths"]))),
    "a path altered": in_book(lambda n: n["paths"][-1].__setitem__(0, other_hash(n["paths"][-1][0]))),
    "a path short": in_book(lambda n: n["paths"][-1].pop()),
    "a path long": in_book(lambda n: n["paths"][-1].append(b64(bytes(32)))),
    "a path missing": in_book(lambda n: n["paths"].pop()),
    "a head one short": in_book(one_short),
    "a head one ahead": in_book(lambda n: n["head"].__setitem__(0, n["head"][0] + 1)),
    "another head": in_book(lambda n: n["head"].__setitem__(2, b64(bytes(32)))),
    "no head": in_book(lambda n: n.update(head=None)),
    "a book that begins anew": in_book(behind),
    "the store's book one short": told(
        lambda fields, _: both(news_of(fields, "store"), lambda items: items[:-1])
    ),
    "the store's book left out": told(
        lambda fields, scene: fields["news"].update(books=[news_of(fields, scene.house)])
    ),
    "another frontier": in_log(lambda n: n.update(frontier=[other_hash(x) for x in n["frontier"]])),
    "a frontier short": in_log(lambda n: n["frontier"].pop()),
    "a frontier long": in_log(lambda n: n["frontier"].append(b64(bytes(32)))),
    "another consistency": in_log(lambda n: n.update(consistency=[other_hash(x) for x in n["consistency"]])),
    "no consistency": in_log(lambda n: n.update(consistency=[])),
    "another size": in_log(lambda n: n.update(note=n["note"].replace("\n", "\n1", 1))),
    "a size that is none": in_log(lambda n: n.update(note="x\n-5\n")),
    "no note": in_log(lambda n: n.update(note="")),
    "a checkpoint by another key": in_log(by_another_key),
    "a checkpoint unsigned": in_log(lambda n: n.update(note=n["note"].partition("\n\n")[0] + "\n")),
}


def other_book(scene: Scene) -> Fields:
    """Give all that there is of the other household, from its first line on."""
    client = OwnClient(scene.team.identity(READER), *straight(scene.office), scene.team.clock)
    found = next(news for news in client.sync(scene.other)["news"]["books"] if news["book"] == scene.other)
    return {name: found[name] for name in ("lines", "paths", "head")}


def straight(office: Office) -> tuple[Callable[[], bytes], Callable[[str, str, bytes], bytes]]:
    line = DirectLine(office)
    return line.about, lambda verb, header, body: line.call(verb, header, body).body


@pytest.mark.parametrize("name", BOOKS)
def test_a_lie_about_the_log_or_a_book_is_noticed(heard: Heard, name: str) -> None:
    """Breaks, case by case, when a check of `RemoteSight.take` goes."""
    lie = BOOKS[name](heard.scene)
    said: list[Fields] = []

    def lying(fields: Fields) -> Fields:
        was = copy.deepcopy(fields)
        now = lie(fields)
        said.append(now) if now != was else None
        return now

    heard.line.lie, heard.line.signer = lying, person(GATE)
    noticed(heard)
    assert said


def noticed(heard: Heard, act: Callable[[], object] | None = None) -> DossierError:
    """See that an error comes of it, and nothing else: nothing shown, nothing remembered."""
    before = heard.state()
    with pytest.raises((IntegrityError, UnreachableError)) as raised:
        (act or heard.read)()
    assert heard.state() == before
    return raised.value


def test_the_truth_is_not_taken_for_a_lie(heard: Heard) -> None:
    heard.line.lie, heard.line.signer = lambda fields: fields, person(GATE)
    assert heard.read().startswith(b"nieuw van")


# Lies about an answer.


def test_an_older_answer_is_noticed(heard: Heard) -> None:
    """Breaks when an answer is not bound to its call."""
    heard.read()
    _, old = next(one for one in reversed(heard.line.told) if one[0] == "enter")
    heard.line.lie = lambda _: json.loads(old.body)
    noticed(heard)
    heard.line.signer = person(GATE)
    noticed(heard)


def test_an_older_checkpoint_is_noticed(heard: Heard) -> None:
    """Breaks when `RemoteSight._grown` lets a log be shorter than it was."""
    heard.desk.gate.note()
    _, old = heard.line.told[-1]
    heard.scene.team.write("jan", heard.scene.house, INTAKE, "en nog een")
    heard.desk.gate.note()
    heard.line.lie, heard.line.signer = lambda _: json.loads(old.body), person(GATE)
    assert noticed(heard, heard.desk.gate.note).code == "log-short"


@pytest.mark.parametrize("signer", [None, "bob", READER])
def test_an_answer_that_the_gate_did_not_sign_is_noticed(heard: Heard, signer: str | None) -> None:
    """Breaks when `Wire._answered.check` passes an answer over."""
    heard.line.lie = lambda fields: {**fields, "more": 1}
    heard.line.signer = None if signer is None else person(signer)
    noticed(heard)


def test_a_signature_that_was_stripped_is_noticed(heard: Heard) -> None:
    call = heard.line.call
    heard.line.call = lambda *asked: call(*asked)._replace(signature="")  # type: ignore[method-assign]
    noticed(heard)


def of_receipt(**changed: Any) -> Lie:
    return lambda fields: {**fields, **changed} if "part" in fields else fields


RECEIPTS: dict[str, Lie] = {
    "a part that is none": of_receipt(part=b64(bytes(1168))),
    "a part short": of_receipt(part=b64(bytes(5))),
    "no objects": of_receipt(objects=[]),
    "other objects": of_receipt(objects=[b64(bytes(60)), b64(bytes(1168))]),
    "an object altered": lambda f: (
        of_receipt(objects=[b64(from_base64(x)[::-1]) for x in f["objects"]])(f) if "objects" in f else f
    ),
    "another content": of_receipt(content=b64(b"niet wat er stond" * 10)),
    "no entry": of_receipt(entry=None),
    "no path": of_receipt(path=[]),
}


@pytest.mark.parametrize("name", RECEIPTS)
def test_a_lie_about_a_receipt_is_noticed_and_shows_nothing(heard: Heard, name: str) -> None:
    """Breaks, case by case, when `RemoteGate._receipt`, the digests or the vault look away.

    The entry stands, as it must: so the client goes on from a longer log. Where an object or the content is
    not what its digest says it is asked for anew, of the gate; here that gives it, and it is right.
    """
    heard.line.lie, heard.line.signer, heard.line.verbs = RECEIPTS[name], person(GATE), {"enter"}
    try:
        shown = heard.read()
    except (IntegrityError, UnreachableError):
        return
    assert name in ("no objects", "other objects", "an object altered", "another content")
    assert shown.startswith(b"nieuw van")


@pytest.mark.parametrize("verbs", [{"enter", "objects"}, {"objects"}])
def test_objects_swapped_wherever_they_come_from_show_nothing(heard: Heard, verbs: set[str]) -> None:
    def lie(fields: Fields) -> Fields:
        return {**fields, "objects": [b64(bytes(60))]} if "objects" in fields else fields

    heard.line.lie, heard.line.signer, heard.line.verbs = lie, person(GATE), verbs
    if "enter" in verbs:
        with pytest.raises((IntegrityError, UnreachableError)):
            heard.read()
    else:
        assert heard.read().startswith(b"nieuw van")


def test_a_content_swapped_shows_nothing(heard: Heard) -> None:
    """Breaks when `vault.read` no longer compares the digest: nobody signs a stream."""
    call = heard.line.call

    def lie(verb: str, header: str, body: Any) -> Reply:
        reply = call(verb, header, body)
        return reply._replace(stream=BytesIO(b"iets anders")) if reply.stream is not None else reply

    heard.line.call = lie  # type: ignore[method-assign]
    heard.line.lie, heard.line.signer = of_receipt(content=b64(b"x")), person(GATE)
    with pytest.raises((IntegrityError, UnreachableError)):
        heard.read()


def test_a_receipt_with_another_part_shows_nothing(heard: Heard) -> None:
    """Breaks when the context "gate-part-box" loses the leaf: then an older part opens."""
    heard.read()
    _, old = next(one for one in reversed(heard.line.told) if one[0] == "enter")
    heard.line.lie, heard.line.signer = of_receipt(part=json.loads(old.body)["part"]), person(GATE)
    with pytest.raises(IntegrityError):
        heard.read()


def test_an_entry_that_is_not_what_was_signed_is_noticed(heard: Heard) -> None:
    """Breaks when `RemoteGate._entry_of` no longer compares what was signed.

    All of it was true once: the entry is this reader's own and in the log, the part is boxed to them for it.
    """
    scene = heard.scene
    heard.read()
    _, reply = next(one for one in reversed(heard.line.told) if one[0] == "enter")
    old = json.loads(reply.body)
    line = old["entry"].encode()

    def lie(fields: Fields) -> Fields:
        if "entry" not in fields:
            return fields
        proofs, now = scene.office.gate.proofs, scene.office.gate.now
        path = proofs.inclusion(json.loads(line)["index"], sha256(b"\x00" + line), now)
        return {**old, "path": [b64(one) for one in path], "news": fields["news"]}

    heard.line.lie, heard.line.signer = lie, person(GATE)
    with pytest.raises(IntegrityError):
        heard.read()


ERRORS = ("no-access", "not-active", "changed", "unreachable", "store-restored", "clock-apart")


@pytest.mark.parametrize("code", ERRORS)
@pytest.mark.parametrize("exits", [5, 6, 9, 11])
def test_an_error_in_place_of_an_answer_that_nobody_signed_is_noticed(
    heard: Heard, code: str, exits: int
) -> None:
    """Breaks when `wire._UNSIGNED` names more than it must."""
    heard.line.lie = lambda _: {"error": {"exit": exits, "code": code, "data": {}}}
    noticed(heard)


@pytest.mark.parametrize("code", ["bad-call", "too-large", "gate-stopping", "other-run"])
def test_an_error_that_needs_no_signature_ends_it_and_shows_nothing(heard: Heard, code: str) -> None:
    heard.line.lie = lambda _: {"error": {"exit": 2, "code": code, "data": {}}}
    before = heard.state()
    with pytest.raises(DossierError):
        heard.read()
    assert heard.state() == before


@pytest.mark.parametrize(
    "said", [b"", b"{}", b"[]", b"null", b"<html>", b"\xff\xfe", b'{"error":{}}', b"[" * 9999]
)
@pytest.mark.parametrize("signed", [True, False])
def test_what_is_no_answer_is_noticed(heard: Heard, said: bytes, *, signed: bool) -> None:
    call = heard.line.call

    def lie(verb: str, header: str, body: Any) -> Reply:
        reply = call(verb, header, body)
        called = read_call(header)
        context = contexts.of("answer", called.call.counter.store, person(GATE).card.fingerprint)
        signature = b64(person(GATE).sign(called.digest + sha256(said), context)) if signed else ""
        return reply._replace(body=said, signature=signature, stream=None)

    heard.line.call = lie  # type: ignore[method-assign]
    noticed(heard)


# Every verb, every field: gone, or of another kind.


def everything(heard: Heard) -> dict[str, tuple[str, Callable[[], object]]]:
    """Name who asks what of a gate, by the verb that it comes to."""
    scene, desk = heard.scene, heard.desk
    wanted = Whose(Handle(READER))
    return {
        "sync": (READER, lambda: desk.gate.survey(scene.house)),
        "enter": (READER, heard.read),
        "households": (READER, lambda: households.mine(desk)),
        "entries": (READER, lambda: list(desk.gate.entries(Wanted()))),
        "objects": (READER, lambda: without_objects(heard)),
        "enact": ("jan", lambda: write(heard)),
        "put": ("jan", lambda: write(heard)),
        "opened": ("anna", lambda: list(desk.gate.openings(wanted))),
        "epoch-box": ("anna", lambda: desk.gate.epoch_box(person("bob").card)),
        "page": ("tess", lambda: logs.verify(desk.store, scene.team["anna"].memory.root)),
        "copies": ("tess", lambda: logs.verify(desk.store, scene.team["anna"].memory.root)),
        "books": ("tess", lambda: logs.verify(desk.store, scene.team["anna"].memory.root)),
    }


def without_objects(heard: Heard) -> bytes:
    """Read when no object came with the receipt: then each is asked for."""
    call, lie = heard.line.call, heard.line.lie

    def lost(verb: str, header: str, body: Any) -> Reply:
        heard.line.lie = of_receipt(objects=[]) if verb == "enter" else lie
        heard.line.verbs = {verb} if verb in ("enter", "objects") else {"none"}
        return call(verb, header, body)

    heard.line.call = lost  # type: ignore[method-assign]
    heard.line.signer = person(GATE)
    try:
        heard.desk.store._carried.clear()  # type: ignore[attr-defined]
        return heard.read()
    finally:
        heard.line.call, heard.line.lie = call, lie  # type: ignore[method-assign]


def write(heard: Heard) -> object:
    source, purpose = BytesIO(b"nieuw"), "intakegesprek"
    return contents.write(heard.desk, heard.scene.house, INTAKE, purpose, source, "text/plain")  # type: ignore[arg-type]


def ways(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Name every place in an answer, of a list the first and the last."""
    if path:
        yield path
    if isinstance(value, dict):
        for name in value:
            yield from ways(value[name], (*path, name))
    elif isinstance(value, list):
        for place in sorted({0, len(value) - 1} if value else ()):
            yield from ways(value[place], (*path, place))


def changed(fields: Fields, path: tuple[Any, ...], to: Any) -> Fields:
    """Give an answer with something else at a place; without it where that is what is meant."""
    fields = copy.deepcopy(fields)
    there: Any = fields
    try:
        for step in path[:-1]:
            there = there[step]
        if to is GONE:
            del there[path[-1]]
        else:
            there[path[-1]] = to
    except (KeyError, IndexError, TypeError):
        return fields  # this answer has no such place
    return fields


GONE = object()
OTHERS: tuple[Any, ...] = (GONE, None, 7, -1, "x", "", [], {}, True, [[]], {"a": 1})


VERBS = (
    *("sync", "enter", "households", "entries", "objects", "enact", "put", "opened", "epoch-box", "page"),
    *("copies", "books"),
)


@pytest.mark.parametrize("verb", VERBS)
def test_an_answer_with_anything_else_in_any_place_falls_nobody_over(
    tmp_path: Path, request: pytest.FixtureRequest, verb: str
) -> None:
    """Breaks when a field of an answer is used as it comes: then a KeyError ends the command.

    What is said otherwise may be as true as before (a list of nothing); what is shown is never false. A
    sample of what could be there instead, all with --soak.
    """
    scene = set_up(tmp_path)
    who, _ = everything(scene.desk(READER, str(tmp_path / "nobody")))[verb]
    heard = scene.again(str(tmp_path / "memory"), who)
    _, act = everything(heard)[verb]
    act()
    sample = next(json.loads(reply.body) for said, reply in reversed(heard.line.told) if said == verb)
    lies = [(path, to) for path in ways({"more": 1, **sample}) for to in OTHERS]
    fallen = []
    for path, to in lies if request.config.getoption("--soak") else lies[:: max(1, len(lies) // 60)]:
        heard.line.lie = lambda fields, path=path, to=to: changed(fields, path, to)
        heard.line.left, heard.line.told = 50, []
        heard.line.signer, heard.line.verbs = person(GATE), {verb}
        try:
            shown = act()
        except (IntegrityError, UnreachableError):
            continue
        except Exception as e:  # noqa: BLE001 (that is what is looked for)
            if isinstance(e, ConflictError) and e.code == "memory-moved":
                continue  # it is told nothing new, again and again
            fallen.append((path, "gone" if to is GONE else to, repr(e)))
        else:
            assert not isinstance(shown, bytes) or shown.startswith((b"nieuw", b"ander", b"versie"))
    assert not fallen


# Another gate, another log.


def test_a_gate_that_is_not_adopted_is_noticed(scene: Scene, tmp_path: Path) -> None:
    """Breaks when `RemoteSight._check_answer` takes any gate that signs."""
    other = person("andere")
    heard = scene.desk(READER, str(tmp_path / "memory"))
    heard.desk.gate.survey(scene.house)
    line = LyingLine(scene.office, other)
    line.lie = lambda fields: fields
    about = json.loads(line.about()) | {"gate": other.card.fingerprint}
    line.about = lambda: json.dumps(about).encode()  # type: ignore[method-assign]

    def call(verb: str, header: str, body: Any) -> Reply:
        """Ask the real gate as the reader, and sign as another."""
        called = read_call(header)
        asked = called.call._replace(counter=scene.office.counter).sign(scene.team.identity(READER))
        reply = DirectLine.call(line, verb, asked, body)
        context = contexts.of("answer", called.call.counter.store, other.card.fingerprint)
        return Reply(b64(other.sign(called.digest + sha256(reply.body), context)), reply.body)

    line.call = call  # type: ignore[method-assign]
    there = scene.desk(READER, str(tmp_path / "memory"), line)
    assert noticed(there).code == "gate-not-adopted"


def test_a_gate_that_left_is_noticed(tmp_path: Path) -> None:
    """Breaks when `Register.adopted_gates` still names it."""
    scene = set_up(tmp_path)
    team = scene.team
    heard = scene.desk(READER, str(tmp_path / "memory"))
    heard.desk.gate.survey(scene.house)
    second = person("tweede").card
    stated, _ = gates.admit(team["anna"], second.write(), second.fingerprint)
    approve(team, stated, "bob")
    approve(team, gates.adopt(team["anna"], Handle("tweede")), "bob")
    approve(team, gates.leave(team["anna"], Handle(GATE), "uit-dienst"), "bob")
    with pytest.raises(DossierError) as raised:
        heard.read()
    assert raised.value.code == "gate-not-adopted"
    own = OwnClient(team.identity(READER), *straight(scene.office), team.clock)
    assert code_of(own.sync(scene.house)) == "gate-not-adopted"
    assert not own.got


def test_a_forked_log_is_noticed_by_whoever_saw_the_other(tmp_path: Path) -> None:
    """Breaks when `verify_consistency` is not asked."""
    scene = set_up(tmp_path)
    team = scene.team
    heard = scene.desk(READER, str(tmp_path / "memory"))
    fork = places.copy_of(team.store)
    team.write("jan", scene.house, INTAKE, "op de ene")
    assert heard.read() == b"op de ene"
    embedded, team.store = team.store, fork
    forked = new_office(team, tmp_path / "forked gate")
    team.store = embedded
    own = OwnClient(team.identity("jan"), *straight(forked), team.clock)
    for _ in range(3):
        own.sync(scene.house)
        said = {"household": scene.house, "section": INTAKE, "version": 1, "purpose": "intakegesprek"}
        assert code_of(own.enter(own.sign(deed="read", role="regisseur", **said))) is None
    crossed = scene.desk(READER, str(tmp_path / "memory"), LyingLine(forked))
    assert noticed(crossed).code == "gate-behind"  # a gate that means well
    crossed.line.lie, crossed.line.signer = lambda _: {"news": own.sync(scene.house)["news"]}, person(GATE)
    assert noticed(crossed).code == "log-altered"
    back = OwnClient(team.identity("jan"), *straight(scene.office), team.clock)
    back.sync()
    back.seen = own.seen
    assert code_of(back.enter(back.sign(deed="read", role="regisseur", **said))) is not None
    assert not back.got


# Someone in between: plain HTTP.


@pytest.mark.parametrize("lied", ["sync", "enter", "put", "enact", "households", "objects"])
def test_bytes_in_place_of_an_answer_are_taken_for_no_answer(scene: Scene, tmp_path: Path, lied: str) -> None:
    """Breaks when `Wire` takes a stream, which nobody signs, for the answer to any verb."""
    heard = scene.desk("jan", str(tmp_path / "memory"))
    heard.desk.gate.survey(scene.house)
    call = heard.line.call

    def lie(verb: str, header: str, body: Any) -> Reply:
        return Reply("", b"", BytesIO(b"")) if verb == lied else call(verb, header, body)

    heard.line.call = lie  # type: ignore[method-assign]

    def act() -> None:
        households.mine(heard.desk)
        heard.desk.gate.survey(scene.house)
        heard.read()
        source = BytesIO(b"een tekst")
        contents.write(heard.desk, scene.house, INTAKE, "intakegesprek", source, "text/plain")  # type: ignore[arg-type]
        heard.desk.store.objects("store")[next(iter(scene.team.store.objects("store")))]  # type: ignore[arg-type]

    with pytest.raises((IntegrityError, UnreachableError)):
        act()


@pytest.mark.parametrize("code", ["unreachable", "gate-stopping", "bad-call", "too-large", "gate-fault"])
def test_news_beside_an_error_that_nobody_signed_is_not_taken_in(heard: Heard, code: str) -> None:
    """Breaks when `take` reads the news of an answer of which only the error needs no signature.

    The news is the gate's own but for what it alone can say: which statements do not count.
    """
    call, scene = heard.line.call, heard.scene

    def lie(verb: str, header: str, body: Any) -> Reply:
        fields = json.loads(call(verb, header, body).body)
        for news in fields.get("news", {}).get("books", []):
            news["unfounded"] = list(range(2, 99)) if news["book"] == scene.house else []
        error: Fields = {"exit": 9 if code[0] in "ug" else 2, "code": code, "data": {}}
        return Reply("", json.dumps({**fields, "error": error}).encode())

    heard.line.call = lie  # type: ignore[method-assign]
    before = heard.state()
    with pytest.raises(DossierError):
        heard.read()
    assert heard.state() == before
    heard.line.call = call  # type: ignore[method-assign]
    assert heard.read().startswith(b"nieuw van")
