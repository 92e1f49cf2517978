"""The served gate itself: what it enters and enacts of what others signed, and what it does not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from serving import GATE, become_served, new_office
from team import Team
from wording import INTAKE, person

from dossier.book import next_place
from dossier.entry import Signed, make_entry
from dossier.errors import ConflictError, DossierError, IntegrityError, LockedError, NotFoundError, UsageError
from dossier.gate.served import Presented, ServedGate
from dossier.gate.showing import Whose
from dossier.model import STORE_BOOK, BookName, Deed, Handle, HouseholdId, PurposeId, Reason, Request, Role
from dossier.statements import Statement
from keys.encoding import canonical_json
from keys.primitives import random_bytes

TALK = PurposeId("intakegesprek")


class Scene:
    """A served team of five, and its gate."""

    def __init__(self, folder: Path) -> None:
        self.team = Team(folder / "team")
        for handle, role in (("jan", Role.REGISSEUR), ("sara", Role.SPECIALIST), ("bob", Role.BEHEERDER)):
            self.team.admit(handle, role)
        self.team.admit("kim", Role.REGISSEUR)
        self.home, self.other = self.team.open("jan"), self.team.open("jan")
        self.team.write("jan", self.home, INTAKE, "wat er speelt")
        become_served(self.team)
        self.office = new_office(self.team, folder / "gate")
        self.office.look()
        self.gate: ServedGate = self.office.gate

    def present(
        self,
        who: str,
        role: Role,
        request: Request,
        statement: Statement | None = None,
        *,
        latest: bool = False,
        **changes: Any,
    ) -> Presented:
        """Sign a request as someone, with whatever changes."""
        identity = person(who)
        place = None
        if statement is not None:
            head = self.office._memory.head(BookName(statement.book))
            place = next_place(BookName(statement.book), head)
        signed = Signed(
            store=self.team.store.store_id,
            actor=Handle(who),
            card=identity.card.fingerprint,
            role=role,
            org=identity.card.org,
            request=request,
            nonce=random_bytes(16),
            at=self.team.clock(),
            seen=self.gate.now,
            place=place,
            statement=statement,
        )._replace(**changes)
        return Presented(signed, canonical_json(signed.fields()), signed.sign(identity), latest)

    def read(self, who: str = "jan", role: Role = Role.REGISSEUR, **changes: Any) -> Presented:
        return self.present(who, role, Request(Deed.READ, self.home, INTAKE, 1, TALK), **changes)

    def state(self, who: str, role: Role, statement: Statement, **changes: Any) -> Presented:
        household = None if statement.book == STORE_BOOK else HouseholdId(statement.book)
        return self.present(who, role, Request(Deed.STATE, household), statement, **changes)

    def refuses(self, kind: type[DossierError], code: str, act: Callable[[], object]) -> None:
        """See that nothing is written."""
        size = self.gate.now.size
        with self.gate.turn(), pytest.raises(kind, match=f"^{code}$"):
            act()
        assert self.gate.now.size == size


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def suspend(handle: str) -> Statement:
    return Statement("member.suspended/1", handle=handle, reason="uit-dienst")


def test_a_request_comes_out_with_its_receipt_and_the_same_comes_out_again(scene: Scene) -> None:
    asked = scene.read()
    with scene.gate.turn():
        first, again = scene.gate.enter(asked), scene.gate.enter(asked)
    assert first.receipt is not None
    assert again.receipt is not None
    assert (first.entry.leaf, first.receipt.gate_part) == (again.entry.leaf, again.receipt.gate_part)
    with scene.gate.turn():
        later = scene.gate.enter(scene.read())
    assert later.entry.index == first.entry.index + 1


def test_a_refusal_comes_out_again_as_it_was(scene: Scene) -> None:
    asked = scene.read("kim")
    for _ in range(2):
        with scene.gate.turn():
            done = scene.gate.enter(asked)
        assert isinstance(done.error, NotFoundError)
        assert done.receipt is None
        assert done.entry.index == scene.gate.now.size - 1


def test_a_statement_comes_out_again_and_stands_once(scene: Scene) -> None:
    stated = scene.state("anna", Role.COORDINATOR, suspend("sara"))
    with scene.gate.turn():
        first, again = scene.gate.enact(stated, {}), scene.gate.enact(stated, {})
    assert first.entry.leaf == again.entry.leaf
    assert scene.gate.register.member("sara").barred is not None


class Lie(NamedTuple):
    """What is said that is not so, and what comes of it."""

    changes: dict[str, Any]
    kind: type[DossierError]
    code: str


LIES = {
    "another card": Lie({"card": person("sara").card.fingerprint}, LockedError, "not-admitted"),
    "nobody": Lie({"actor": Handle("niemand")}, LockedError, "not-admitted"),
    "another store": Lie({"store": "0" * 32}, UsageError, "bad-call"),
    "another organisation": Lie({"org": "Elders"}, UsageError, "bad-call"),
    "another role": Lie({"role": Role.SPECIALIST}, ConflictError, "other-role"),
}


@pytest.mark.parametrize("name", LIES)
def test_what_is_signed_must_be_so(scene: Scene, name: str) -> None:
    lie = LIES[name]
    scene.refuses(lie.kind, lie.code, lambda: scene.gate.enter(scene.read(**lie.changes)))


def test_who_signed_for_another_is_not_let_in(scene: Scene) -> None:
    mine = scene.read()
    forged = mine._replace(signature=scene.read().signature)
    scene.refuses(LockedError, "bad-signature", lambda: scene.gate.enter(forged))


def test_a_look_is_entered_only_where_it_is_refused(scene: Scene) -> None:
    look = scene.present("jan", Role.REGISSEUR, Request(Deed.LOOK, scene.home))
    scene.refuses(ConflictError, "look-again", lambda: scene.gate.enter(look))
    with scene.gate.turn():
        done = scene.gate.enter(scene.present("kim", Role.REGISSEUR, Request(Deed.LOOK, scene.home)))
    assert isinstance(done.error, NotFoundError)


def test_an_entry_stands_also_where_its_receipt_cannot_be_made(scene: Scene) -> None:
    """Breaks when `_given` lets the error out: then the whole turn is undone."""
    store = scene.team.store
    with store.exclusive():
        store.drop(BookName(scene.home), list(store.objects(BookName(scene.home))))
    with scene.gate.turn():
        done = scene.gate.enter(scene.read())
    assert isinstance(done.error, IntegrityError)
    assert done.receipt is None
    assert done.entry.index == scene.gate.now.size - 1


def test_a_store_that_was_put_back_gives_nothing(scene: Scene) -> None:
    store = scene.team.store
    with store.exclusive():
        store.mark_restored(value=True)
    scene.refuses(IntegrityError, "store-restored", lambda: scene.gate.enter(scene.read()))
    stated = scene.state("anna", Role.COORDINATOR, suspend("sara"))
    scene.refuses(IntegrityError, "store-restored", lambda: scene.gate.enact(stated, {}))


def test_what_is_no_statement_is_not_enacted(scene: Scene) -> None:
    scene.refuses(UsageError, "bad-call", lambda: scene.gate.enact(scene.read(), {}))
    stated = scene.state("anna", Role.COORDINATOR, suspend("sara"))
    extra = {next(iter(scene.team.store.objects(BookName(scene.home)))): b"elders"}
    scene.refuses(UsageError, "bad-call", lambda: scene.gate.enact(stated, extra))


def test_a_statement_stands_at_its_place_or_not_at_all(scene: Scene) -> None:
    stated = scene.state("anna", Role.COORDINATOR, suspend("sara"))
    late = scene.state("anna", Role.COORDINATOR, suspend("kim"))
    with scene.gate.turn():
        scene.gate.enact(stated, {})
    seen = late.signed._replace(seen=scene.gate.now)
    moved = Presented(seen, canonical_json(seen.fields()), seen.sign(person("anna")))
    scene.refuses(ConflictError, "book-moved", lambda: scene.gate.enact(moved, {}))
    other = scene.state("anna", Role.BEHEERDER, suspend("kim"))
    scene.refuses(ConflictError, "other-role", lambda: scene.gate.enact(other, {}))


def test_a_statement_that_may_not_be_made_is_written_down_as_refused(scene: Scene) -> None:
    with scene.gate.turn():
        done = scene.gate.enact(scene.state("jan", Role.REGISSEUR, suspend("sara")), {})
    assert done.error is not None
    assert (done.error.code, done.entry.ruling.reason) == (str(Reason.NOT_YOUR_ROLE),) * 2
    unknown = scene.state("anna", Role.COORDINATOR, suspend("niemand"))
    scene.refuses(UsageError, str(Reason.UNKNOWN_MEMBER), lambda: scene.gate.enact(unknown, {}))


@pytest.mark.parametrize("known", [True, False])
def test_a_statement_about_a_household_of_others_is_as_about_none(scene: Scene, *, known: bool) -> None:
    """Breaks when `enact` looks at the place first: then a household that is there answers otherwise."""
    home = scene.home if known else HouseholdId("H-AAAAAAAA")
    statement = Statement("section.keyed/1", household=home, keyings=())
    signed = scene.state("kim", Role.REGISSEUR, statement).signed._replace(
        place=next_place(BookName(home), None)
    )
    asked = Presented(signed, canonical_json(signed.fields()), signed.sign(person("kim")))
    with scene.gate.turn():
        done = scene.gate.enact(asked, {})
    assert isinstance(done.error, NotFoundError)
    assert (done.error.code, done.entry.ruling.reason) == ("no-access", "no-access")


def test_the_gate_boxes_its_secret_to_no_member(scene: Scene) -> None:
    with scene.gate.turn():
        for who in ("anna", "jan", "niemand"):
            with pytest.raises(LockedError, match="store-served"):
                scene.gate.epoch_box(person(who).card)
        for who in ("bob", GATE):
            assert scene.gate.epoch_box(person(who).card)[0] == 2


def test_a_gates_token_is_no_members(scene: Scene) -> None:
    """Breaks when `Sight` takes a gate's card for a member's."""
    team = scene.team
    memory = team["jan"].memory.beside(person(GATE))
    memory.root = team["jan"].memory.root
    gate = team["bob"].gate.under(person(GATE), memory)
    with pytest.raises(LockedError, match="gate-token"):
        gate.survey()


def test_what_is_asked_of_a_refused_entry_opened_nothing(scene: Scene) -> None:
    with scene.gate.turn():
        refused = scene.gate.enter(scene.read("kim"))
        looked = scene.gate.enter(scene.present("jan", Role.REGISSEUR, Request(Deed.LOG_SHOW)))
        read = scene.gate.enter(scene.read())
    assert [Whose().of(one.entry) is not None for one in (refused, looked, read)] == [False, False, True]


def test_an_entry_that_names_no_version_opened_none(scene: Scene) -> None:
    """Breaks when what a log says is told as an opening without a look at what it names."""
    with scene.gate.turn():
        entry = scene.gate.enter(scene.read()).entry
    for left_out in ("household", "section", "version", "purpose"):
        fields: dict[str, Any] = {left_out: None}
        request = entry.signed.request._replace(**fields)
        odd = make_entry(entry.signed._replace(request=request), entry.signature, entry.ruling)
        assert Whose().of(odd) is None


def test_a_household_that_is_no_longer_held_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gate holds a bounded number; the one seen longest ago gives way, and is answered as before."""
    monkeypatch.setattr("dossier.gate.served._MOST_HELD", 1)
    scene = Scene(tmp_path)
    with scene.gate.turn():
        first = scene.gate.enter(scene.read())
        assert list(scene.gate._sight._held) == [scene.home]
        scene.gate.situation(scene.other)
        assert list(scene.gate._sight._held) == [scene.other]
        again = scene.gate.enter(scene.read())
    assert (first.receipt is None, again.receipt is None) == (False, False)
    assert again.entry.index == first.entry.index + 1
