"""Statements: one way to write each, and nothing else is read."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scribe import Scribe
from wording import HOME, PLAN, person

from dossier.model import Role, is_digest
from dossier.shapes import LARGEST_DOCUMENT
from dossier.statements import SHAPES, Statement, read_statement
from keys.encoding import canonical_json, parse_json, to_base64
from keys.errors import BadEncodingError, WeakKeyError
from keys.identity import Card

Word = Callable[[Scribe], Statement]


def team() -> Scribe:
    """One statement of each kind can be worded for it."""
    s = Scribe().admit("jan", Role.REGISSEUR).admit("sara", Role.SPECIALIST)
    s.say("anna", s.split())
    return s.open().give().fill("jan", PLAN)


def lost(s: Scribe) -> Scribe:
    """Let jan have another card, and no box to it."""
    s.say("jan", s.renewal("jan"))
    return s


def served(s: Scribe) -> Scribe:
    """Let a gate serve the store."""
    return s.admit("bob", Role.BEHEERDER).wait(days=31).serve()


WORDS: dict[str, Word] = {
    "store.founded/1": lambda s: s.founding(),
    "member.admitted/1": lambda s: s.admission("ben", Role.COORDINATOR, Role.REGISSEUR),
    "member.roles-changed/1": lambda s: s.roles("jan", [Role.SPECIALIST], [Role.REGISSEUR]),
    "member.suspended/1": lambda s: s.suspension("jan"),
    "member.restored/1": lambda s: s.restoration("jan"),
    "member.left/1": lambda s: s.leaving("jan"),
    "member.renewed/1": lambda s: s.renewal("anna"),
    "coordination.boxed/1": lambda s: s.team_box("anna"),
    "coordination.renewed/1": lambda s: s.team_renewal(),
    "recovery.split/1": lambda s: s.split(),
    "coordination.recovered/1": lambda s: s.recovery(),
    "member.admitted/2": lambda s: served(s).admission("ben", Role.COORDINATOR, Role.REGISSEUR),
    "member.renewed/2": lambda s: served(s).renewal("anna"),
    "coordination.recovered/2": lambda s: served(s).recovery(),
    "gate.admitted/1": lambda s: s.gate_admission(),
    "gate.adopted/1": lambda s: s.gate_adoption(),
    "gate.left/1": lambda s: s.gate_leaving(),
    "gate.boxed/1": lambda s: s.gate_box("jan"),
    "gate.rotated/1": lambda s: s.rotation(),
    "store.restored/1": lambda s: s.reopening(behind=[HOME]),
    "clock.corrected/1": lambda s: s.correction(s.log[2]),
    "policy.adopted/1": lambda s: s.adoption(),
    "approved/1": lambda s: s.approval(s.log[2]),
    "refused/1": lambda s: s.refusal(s.log[0]),
    "household.opened/1": lambda s: s.opening(),
    "regisseur.assigned/1": lambda s: s.assignment("jan"),
    "section.keyed/1": lambda s: s.rekey(PLAN),
    "slot.boxed/1": lambda s: lost(s).slot_box("jan"),
    "section.written/1": lambda s: s.version_on(s.log[-2]),
    "grant.given/1": lambda s: s.grant(reason="verlof"),
    "grant.revoked/1": lambda s: s.revocation(),
    "proposed/1": lambda s: s.proposal(s.admission("ben", Role.COORDINATOR)),
}
STATEMENTS = {tag: word(team()) for tag, word in WORDS.items()}
TAGS = pytest.mark.parametrize("tag", STATEMENTS)


def test_one_statement_of_each_tag_is_tried() -> None:
    assert set(STATEMENTS) == {*SHAPES, "proposed/1"}
    assert all(statement.tag == tag for tag, statement in STATEMENTS.items())


@TAGS
def test_what_is_written_is_read_back_and_written_the_same(tag: str) -> None:
    statement = STATEMENTS[tag]
    line = canonical_json(statement.write())
    again = read_statement(parse_json(line))
    assert again == statement
    assert again.fields == statement.fields
    assert canonical_json(again.write()) == line


@TAGS
def test_a_statement_with_a_field_too_few_or_too_many_is_none(tag: str) -> None:
    written = STATEMENTS[tag].write()
    for wrong in (written[:-1], [*written, None], [tag]):
        with pytest.raises(BadEncodingError, match="statement"):
            read_statement(wrong)


WRONG: list[Any] = [
    *(True, False, -1, 0.5, "", " ", "é", "A", "x" * 41, "-a", "a--b", [], [None], {}, {"a": 1}),
    *("H-7kq2m9xd", "H-7KQ2M9XU", "G-1", "0" * 63, "0" * 65, "g" * 64, "A" * 43, "=" * 44, "AAAA"),
    *("2026-01-05T09:00:00Z", "2026-01-05T09:00:00.000+00:00", "0001-01-01T00:00:00.000+05:00"),
    *("text/x-secret", "a\nb", "x" * 81, [["anna"]], ["regisseur", "regisseur"], 2**54, "\ud800"),
]


def spots(value: Any, path: tuple[int, ...] = ()) -> list[tuple[int, ...]]:
    """Give the path of every value in nested lists, but for the tag."""
    found = [path] if path else []
    if isinstance(value, list):
        for place, item in enumerate(value):
            if (*path, place) != (0,):
                found += spots(item, (*path, place))
    return found


def changed(value: Any, path: tuple[int, ...], new: Any) -> Any:
    """Give a copy with something else at a path."""
    if not path:
        return new
    return [changed(item, path[1:], new) if n == path[0] else item for n, item in enumerate(value)]


@TAGS
def test_whatever_is_wrong_in_a_field_is_refused_or_read_as_it_stands(tag: str) -> None:
    written = STATEMENTS[tag].write()
    refused = 0
    for path in spots(written):
        for wrong in WRONG:
            value = changed(written, path, wrong)
            try:
                again = read_statement(value)
            except (BadEncodingError, WeakKeyError):
                refused += 1
                continue
            assert again.write() == value
    assert refused


MALFORMED = {
    "no list": {"tag": "approved/1"},
    "nothing": [],
    "no tag": [1, 2],
    "null": None,
    "a proposal of nothing": ["proposed/1"],
    "a proposal of two": ["proposed/1", ["approved/1", 0, "A" * 43 + "="], 1],
    "a proposal of a proposal": ["proposed/1", ["proposed/1", ["approved/1", 0, "A" * 43 + "="]]],
    "a proposal of no list": ["proposed/1", "approved/1"],
}


@pytest.mark.parametrize("value", MALFORMED.values(), ids=MALFORMED)
def test_what_is_no_statement_is_refused(value: Any) -> None:
    with pytest.raises(BadEncodingError, match=r"^statement$"):
        read_statement(value)


@pytest.mark.parametrize("tag", ["member.admitted/3", "member.admitted", "", "gate.adopted/2", "Approved/1"])
def test_an_unknown_tag_is_told_apart(tag: str) -> None:
    for value in ([tag, 1], ["proposed/1", [tag, 1]]):
        with pytest.raises(BadEncodingError, match=r"^unknown-tag$"):
            read_statement(value)


@pytest.mark.parametrize(
    ("tag", "path"),
    [
        ("member.admitted/1", (2,)),
        ("grant.given/1", (5,)),
        ("grant.given/1", (6,)),
        ("grant.given/1", (10,)),
        ("section.keyed/1", (2,)),
        ("section.keyed/1", (2, 0, 3)),
        ("slot.boxed/1", (3,)),
        ("store.founded/1", (8,)),
        ("coordination.renewed/1", (4,)),
        ("gate.rotated/1", (5,)),
        ("store.restored/1", (5,)),
        ("store.restored/1", (6,)),
    ],
)
def test_a_list_holds_nothing_twice(tag: str, path: tuple[int, ...]) -> None:
    value = STATEMENTS[tag].write()
    items = value
    for step in path:
        items = items[step]
    assert items
    with pytest.raises(BadEncodingError):
        read_statement(changed(value, path, [*items, items[0]]))


@pytest.mark.parametrize(
    ("tag", "path"),
    [
        ("member.admitted/1", (2,)),
        ("grant.given/1", (5,)),
        ("grant.given/1", (7,)),
        ("slot.boxed/1", (3,)),
        ("store.founded/1", (8,)),
        ("coordination.renewed/1", (4,)),
        ("gate.rotated/1", (5,)),
        ("store.restored/1", (6,)),
    ],
)
def test_what_must_name_something_names_at_least_one(tag: str, path: tuple[int, ...]) -> None:
    with pytest.raises(BadEncodingError):
        read_statement(changed(STATEMENTS[tag].write(), path, []))


def test_a_list_has_a_limit() -> None:
    value = STATEMENTS["grant.given/1"].write()
    many = [f"a{number}" for number in range(4097)]
    assert read_statement(changed(value, (7,), many[:-1]))["purposes"] == tuple(many[:-1])
    with pytest.raises(BadEncodingError):
        read_statement(changed(value, (7,), many))


def test_a_policy_has_a_limit() -> None:
    largest = "é" * (LARGEST_DOCUMENT // 2)
    assert read_statement(["policy.adopted/1", 1, largest])["document"] == largest
    with pytest.raises(BadEncodingError):
        read_statement(["policy.adopted/1", 1, largest + "x"])


@pytest.mark.parametrize(
    ("tag", "card"),
    [
        ("member.admitted/1", person("ben").card),
        ("member.renewed/1", person("anna", 2).card),
        ("recovery.split/1", person("recovery-2").card),
        ("coordination.recovered/1", person("vera").card),
    ],
)
def test_a_card_with_a_key_of_low_order_is_refused(tag: str, card: Card) -> None:
    value = STATEMENTS[tag].write()
    assert value[1] == card.texts()
    with pytest.raises(WeakKeyError):
        read_statement(changed(value, (1, 4), to_base64(bytes(32))))


def digests(value: Any) -> set[str]:
    """Give whatever looks like a digest in nested lists."""
    if isinstance(value, list):
        return {digest for item in value for digest in digests(item)}
    return {value} if isinstance(value, str) and is_digest(value) else set()


@TAGS
def test_a_statement_names_every_object_that_it_vouches_for(tag: str) -> None:
    statement = STATEMENTS[tag]
    contents = {statement["content"]} if tag == "section.written/1" else set()
    assert set(statement.objects()) == digests(statement.write()) - contents


@TAGS
def test_statements_are_equal_when_they_say_the_same(tag: str) -> None:
    statement = STATEMENTS[tag]
    again = read_statement(statement.write())
    assert {statement} == {again}
    assert statement != tag
    assert repr(statement) == f"Statement({tag})"
    assert [other for other in STATEMENTS.values() if other == statement] == [statement]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(WRONG[:14]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=6,
)


@given(st.data())
def test_what_is_read_is_written_the_same(data: st.DataObject) -> None:
    value = STATEMENTS[data.draw(st.sampled_from(sorted(STATEMENTS)))].write()
    for path in data.draw(st.lists(st.sampled_from(spots(value)), max_size=2)):
        try:
            value = changed(value, path, data.draw(JSON))
        except (IndexError, TypeError):
            continue
    try:
        statement = read_statement(value)
    except (BadEncodingError, WeakKeyError):
        return
    assert statement.write() == value
