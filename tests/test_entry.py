"""Entries: one way to write each, and whatever else a line may be, it is refused with a code."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scribe import Scribe
from wording import AANMELDING, HOME, OTHER_HOME, PLAN, START, person

from dossier import contexts
from dossier.entry import LARGEST_ENTRY, Entry, leaf_hash, make_entry, read_entry
from dossier.errors import IntegrityError
from dossier.model import Deed, Request, Role
from dossier.shapes import LARGEST_DOCUMENT
from keys.encoding import canonical_json, parse_json
from keys.errors import BadSignatureError
from keys.primitives import sha256


def team() -> Scribe:
    return Scribe().admit("jan", Role.REGISSEUR).open()


def entries() -> dict[str, Entry]:
    """Give one entry of each form."""
    s = team()
    refused = {"permitted": False, "reason": "no-access", "basis": None}
    bare = Request(Deed.LOG_SHOW)
    return {
        "statement": s.say("anna", s.rekey(PLAN)),
        "first": s.log[0],
        "read": s.write("jan", request=Request(Deed.READ, HOME, PLAN, 1, AANMELDING)),
        "refused": s.write("jan", request=Request(Deed.READ, HOME, PLAN, None, AANMELDING), ruling=refused),
        "by grant": s.write("jan", request=Request(Deed.LOOK, HOME), ruling={"basis": "G-3F8V0001"}),
        "bare": s.write("anna", request=bare, ruling={"basis": "office"}),
        "refused statement": s.write("jan", s.rekey(PLAN), ruling=refused),
    }


ENTRIES = entries()
FORMS = pytest.mark.parametrize("form", ENTRIES)


def code_of(line: bytes) -> str:
    """Give the code with which a line is refused."""
    with pytest.raises(IntegrityError) as caught:
        read_entry(line)
    return caught.value.code


@FORMS
def test_what_is_written_is_read_back_and_written_the_same(form: str) -> None:
    entry = ENTRIES[form]
    again = read_entry(entry.line)
    assert (again.signed, again.signature, again.ruling) == (entry.signed, entry.signature, entry.ruling)
    assert make_entry(again.signed, again.signature, again.ruling).line == entry.line
    assert again.leaf == leaf_hash(entry.line) == sha256(b"\x00" + entry.line)
    assert (again.index, again.at) == (entry.ruling.position, entry.ruling.at)


@FORMS
def test_what_was_signed_stands_in_the_line_as_it_was_signed(form: str) -> None:
    entry = ENTRIES[form]
    assert entry.signed_bytes() == canonical_json(entry.signed.fields())
    entry.check_signature(person(entry.signed.actor).card)
    with pytest.raises(BadSignatureError):
        entry.check_signature(person("oscar").card)


def test_a_signature_is_for_one_store() -> None:
    entry = ENTRIES["read"]
    store = contexts.request(entry.signed.store)
    assert entry.signature == person("jan").sign(entry.signed_bytes(), store)
    assert entry.signature != person("jan").sign(entry.signed_bytes(), contexts.request("0" * 32))  # type: ignore[arg-type]


def altered(form: str, **changes: Any) -> bytes:
    """Give an entry with other members; `request__x` is member x of the request."""
    fields = parse_json(ENTRIES[form].line)
    for name, value in changes.items():
        outer, _, inner = name.partition("__")
        target = fields[outer] if inner else fields
        target[inner or outer] = value
    return canonical_json(fields)


ROOT = "A" * 43 + "="
WRONG: dict[str, list[Any]] = {
    "#": ["entry/2", None, 1],
    "at": ["2026-01-05", "1999-01-05T09:00:00.000Z", "3000-01-05T09:00:00.000Z", 1, None],
    "basis": [None, "", "Regisseur", "de familie X", "G-1", 1, []],
    "decision": ["maybe", "refuse", None, []],
    "epoch": [-1, "1", None, True],
    "index": [-1, "1", None, True],
    "policy": [-1, None],
    "reason": ["no-access", "", 1],
    "signature": ["", "AAAA", "A" * 88, None, 1],
    "span": ["0" * 15, "0" * 17, "A" * 16, "0 " * 8, None],
    "trace": ["0" * 31, "0" * 33, "A" * 32, None, 1],
    "request": [None, [], "x", {}, 1],
    "request__actor": ["", "Anna", None, [], {}, 1],
    "request__at": ["2026-01-05", "9999-12-31T23:59:59.999Z", "0001-01-01T00:00:00.000+05:00", None],
    "request__card": ["", "A" * 29, "aaaaa-aaaaa-aaaaa-aaaaa-aaaaa", None, 1, []],
    "request__deed": ["write-all", "", None, [], "state"],
    "request__household": ["H-1", "store", 1, [], ""],
    "request__nonce": ["", ROOT, None, 1],
    "request__org": ["", " x", "a\nb", "x" * 81, None, 1, []],
    "request__purpose": ["A", "", 1, "x" * 41, []],
    "request__role": ["directeur", None, []],
    "request__section": ["A", "", 1, []],
    "request__seen": [None, [], [0], [0, ROOT, 1], [-1, ROOT], [0, "AAAA"], ["0", ROOT], 1, {}],
    "request__store": ["", "A" * 32, "0" * 31, None, 1, []],
    "request__version": [-1, "1", True, []],
    "request__more": [1],
    "more": [1],
}


@pytest.mark.parametrize("name", WRONG)
def test_an_entry_with_a_member_that_cannot_be_is_refused(name: str) -> None:
    for wrong in WRONG[name]:
        assert code_of(altered("read", **{name: wrong})) == "bad-entry"


PLACES: list[Any] = [
    *(None, [], [HOME], [HOME, 1], [HOME, 1, None, None], ["x", 1, None], [None, 1, None], [1, 1, None]),
    *([HOME, -1, None], [HOME, "1", None], [HOME, 1, []], [HOME, 1, [0]], [HOME, 1, [-1, ROOT]]),
    *([HOME, 1, [0, "AAAA"]], [HOME, 1, [0, ROOT, 0]], [[HOME], 1, None], {"name": 1}),
]


@pytest.mark.parametrize("place", PLACES)
def test_a_statement_with_a_place_that_cannot_be_is_refused(place: Any) -> None:
    assert code_of(altered("statement", request__book=place)) == "bad-entry"


def test_a_statement_of_another_shape_is_refused_and_an_unknown_tag_told_apart() -> None:
    assert code_of(altered("statement", request__statement=["section.keyed/1", HOME])) == "bad-entry"
    assert code_of(altered("statement", request__statement=None)) == "bad-entry"
    for tag in (["section.keyed/2", HOME, []], ["proposed/1", ["household.erased/1"]]):
        assert code_of(altered("statement", request__statement=tag)) == "unknown-statement"


def test_a_statements_request_is_about_its_books_household_and_nothing_else() -> None:
    wrong: dict[str, Any] = {"household": OTHER_HOME, "section": "plan", "version": 1, "purpose": "plan"}
    for name, value in wrong.items():
        assert code_of(altered("statement", **{f"request__{name}": value})) == "bad-entry"
        assert code_of(altered("first", **{f"request__{name}": value})) == "bad-entry"
    assert code_of(altered("statement", request__household=None)) == "bad-entry"


def test_only_a_statement_has_a_book_and_a_statement_inside() -> None:
    fields = parse_json(ENTRIES["statement"].line)["request"]
    both = {"request__book": fields["book"], "request__statement": fields["statement"]}
    assert code_of(altered("read", **both)) == "bad-entry"
    assert code_of(altered("statement", request__deed="read")) == "bad-entry"


@pytest.mark.parametrize(
    ("decision", "reason", "basis"),
    [
        ("permit", None, None),
        ("permit", "no-access", "regisseur"),
        ("permit", "no-access", None),
        ("refuse", None, None),
        ("refuse", "no-access", "regisseur"),
        ("refuse", None, "regisseur"),
    ],
)
def test_a_permission_has_a_basis_and_a_refusal_a_reason_and_neither_both(
    decision: str, reason: str | None, basis: str | None
) -> None:
    assert code_of(altered("read", decision=decision, reason=reason, basis=basis)) == "bad-entry"


@FORMS
def test_an_entry_that_lacks_a_member_is_refused(form: str) -> None:
    whole = parse_json(ENTRIES[form].line)
    for name in whole:
        assert code_of(canonical_json({k: v for k, v in whole.items() if k != name})) == "bad-entry"
    for name in whole["request"]:
        request = {k: v for k, v in whole["request"].items() if k != name}
        assert code_of(canonical_json({**whole, "request": request})) == "bad-entry"


@pytest.mark.parametrize("line", [b"", b"{}", b"[]", b"1", b"null", b'"x"', b"{", b"\xff", b"[" * 60000])
def test_a_line_that_is_no_object_is_refused(line: bytes) -> None:
    assert code_of(line) == "bad-entry"


@FORMS
def test_every_other_spelling_of_an_entry_is_refused(form: str) -> None:
    line = ENTRIES[form].line
    spelled = [
        *(line + b"\n", b" " + line, line.replace(b",", b", ", 1), line[:-1]),
        *(line.replace(b'"index"', b'"\\u0069ndex"'), line.replace(b'{"#":"entry/1",', b"{")),
        line.replace(b'{"#":"entry/1",', b'{"#":"entry/1","#":"entry/1",'),
        line.replace(b',"policy":', b',"policy":0.'),
    ]
    for other in spelled:
        assert code_of(other) == "bad-entry"


def test_an_entry_is_read_up_to_its_largest_size_and_no_further() -> None:
    s = Scribe()
    room = LARGEST_ENTRY - len(s.write("anna", s.adoption("x")).line) + 1
    assert len(s.write("anna", s.adoption("x" * 32000)).line) < LARGEST_ENTRY
    fields = parse_json(s.log[-1].line)
    fields["request"]["statement"][2] = "\\" * LARGEST_DOCUMENT  # twice as long in JSON
    assert code_of(canonical_json(fields)) == "bad-entry"
    with pytest.raises(IntegrityError, match="entry-too-large"):
        s.write("anna", s.adoption("\\" * room))


@pytest.mark.parametrize(
    ("signed", "ruling"),
    [
        ({"org": "x" * 81}, {}),
        ({"nonce": b"short"}, {}),
        ({"at": datetime(3000, 1, 1, tzinfo=UTC)}, {"at": START}),
        ({}, {"at": datetime(3000, 1, 1, tzinfo=UTC)}),
        ({}, {"basis": "de familie X"}),
        ({}, {"reason": "no-access"}),
    ],
)
def test_nothing_is_written_that_nobody_could_read(signed: dict[str, Any], ruling: dict[str, Any]) -> None:
    s = team()
    with pytest.raises(IntegrityError, match="bad-entry"):
        s.write("jan", request=Request(Deed.LOOK, HOME), signed=signed, ruling=ruling)


def test_a_statement_that_nobody_could_read_is_not_written() -> None:
    s = team().admit("sara", Role.SPECIALIST)
    grant = s.grant(sections=(PLAN, PLAN))
    with pytest.raises(IntegrityError, match="bad-entry"):
        s.write("anna", grant)


def test_times_are_whole_milliseconds_in_utc() -> None:
    at = START + timedelta(milliseconds=7)
    s = team()
    s.at = at
    entry = s.write("jan", request=Request(Deed.LOOK, HOME))
    assert b'"at":"2026-01-05T09:01:00.007Z"' in entry.line
    assert read_entry(entry.line).at == at + timedelta(minutes=1)


LINES = [entry.line for entry in ENTRIES.values()]


@given(st.data())
def test_what_is_read_is_written_the_same(data: st.DataObject) -> None:
    line = bytearray(data.draw(st.sampled_from(LINES)))
    for _ in range(data.draw(st.integers(0, 2))):
        line[data.draw(st.integers(0, len(line) - 1))] = data.draw(st.integers(0x20, 0x7E))
    try:
        entry = read_entry(bytes(line))
    except IntegrityError:
        return
    assert make_entry(entry.signed, entry.signature, entry.ruling).line == line
    assert entry.signed_bytes() == canonical_json(entry.signed.fields())
