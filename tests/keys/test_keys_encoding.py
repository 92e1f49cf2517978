"""Base64, canonical JSON, contexts and fingerprints: one way to write each, and no other is read."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.encoding import (
    MAX_SAFE_INTEGER,
    canonical_json,
    context,
    crockford,
    fingerprint,
    from_base64,
    parse_json,
    read_fingerprint,
    to_base64,
)
from keys.errors import BadEncodingError

texts = st.text(st.characters(exclude_categories=["Cs"]))
integers = st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER)
scalars = st.none() | st.booleans() | integers | texts
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=20)

NOT_CANONICAL = {
    "nothing": b"",
    "cut": b'{"a":1',
    "space": b'{"a": 1}',
    "newline": b"1\n",
    "keys out of order": b'{"b":1,"a":1}',
    "key twice": b'{"a":1,"a":1}',
    "key twice deep": b'[{"a":{"b":1,"b":2}}]',
    "float": b"1.0",
    "float deep": b'{"a":[1.5]}',
    "exponent": b"1e2",
    "minus nought": b"-0",
    "leading nought": b"01",
    "NaN": b"NaN",
    "Infinity": b"Infinity",
    "minus Infinity": b"[-Infinity]",
    "integer over 2**53 - 1": b"9007199254740992",
    "integer under": b"-9007199254740992",
    "integer of 5000 digits": b"1" * 5000,
    "escape not needed": b'"\\u0041"',
    "slash escaped": b'"\\/"',
    "not ASCII, escaped": b'"\\u00e9"',
    "lone surrogate escaped": b'"\\ud800"',
    "lone surrogate raw": b'"\xed\xa0\x80"',
    "not UTF-8": b'"\xff"',
    "byte order mark": b"\xef\xbb\xbf1",
    "UTF-16": '"a"'.encode("utf-16"),
    "UTF-32": '"a"'.encode("utf-32-be"),
    "too deep to read": b"[" * 100_000 + b"]" * 100_000,
    "too deep to check": b"[" * 600 + b"]" * 600,
    "too large": b'"' + b"a" * (1 << 20) + b'"',
}


@given(st.binary())
def test_base64_comes_back(data: bytes) -> None:
    assert from_base64(to_base64(data)) == data
    assert from_base64(to_base64(data), len(data)) == data


@given(st.text("AB+/=-_ \n\u00e9", max_size=12))
def test_base64_that_is_read_is_written_the_same(text: str) -> None:
    try:
        data = from_base64(text)
    except BadEncodingError:
        return
    assert to_base64(data) == text


@pytest.mark.parametrize("text", ["QQ", "QQ=", "QR==", "Q Q=", "QQ==\n", "QQ==QQ==", "_-==", "\u0661==="])
def test_base64_written_another_way_is_refused(text: str) -> None:
    with pytest.raises(BadEncodingError):
        from_base64(text)


@pytest.mark.parametrize("size", [0, 2, 4])
def test_base64_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(BadEncodingError):
        from_base64(to_base64(b"abc"), size)


@given(values)
def test_canonical_json_comes_back(value: Any) -> None:
    data = canonical_json(value)
    assert parse_json(data) == value
    assert canonical_json(parse_json(data)) == data


def _spelling(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


spellings = st.one_of(
    values.map(lambda value: _spelling(json.dumps(value))),
    values.map(lambda value: _spelling(json.dumps(value, ensure_ascii=False, separators=(",", ":")))),
    st.text('{}[]",:\\u0189.eE-+ntf al').map(_spelling),
    st.floats().map(lambda value: json.dumps(value).encode()),
    st.integers().map(lambda value: str(value).encode()),
)


@given(spellings)
def test_json_that_is_read_is_written_the_same(data: bytes) -> None:
    try:
        value = parse_json(data)
    except BadEncodingError:
        return
    assert canonical_json(value) == data


@pytest.mark.parametrize("name", NOT_CANONICAL)
def test_json_written_another_way_is_refused(name: str) -> None:
    with pytest.raises(BadEncodingError):
        parse_json(NOT_CANONICAL[name])


def test_json_may_be_as_wide_as_it_likes() -> None:
    wide: list[list[dict[str, int]]] = [[{}] for _ in range(1000)]
    assert parse_json(canonical_json(wide)) == wide


@pytest.mark.parametrize(
    "value",
    [1.0, float("nan"), [2.5], {"a": {"b": 0.1}}, 2**53, -(2**53), b"bytes", {1: "a"}, {"a": {1}}, "\ud800"],
)
def test_what_json_has_no_one_way_to_write_is_refused(value: Any) -> None:
    with pytest.raises(BadEncodingError):
        canonical_json(value)


def test_canonical_json_sorts_keys_and_keeps_text_as_it_is() -> None:
    value = {"b": (1, None), "a": "caf\u00e9", "A": True}
    assert canonical_json(value) == b'{"A":true,"a":"caf\xc3\xa9","b":[1,null]}'


@given(st.lists(st.binary(max_size=8), min_size=1), st.lists(st.binary(max_size=8), min_size=1))
def test_two_lists_of_fields_never_give_the_same_context(one: list[bytes], other: list[bytes]) -> None:
    assert (context("label", *one) == context("label", *other)) == (one == other)


@given(texts, st.lists(texts, max_size=4), texts, st.lists(texts, max_size=4))
def test_two_labels_with_fields_never_give_the_same_context(
    label: str, fields: list[str], other: str, others: list[str]
) -> None:
    same = (label, fields) == (other, others)
    assert (context(label, *fields) == context(other, *others)) == same


@pytest.mark.parametrize(
    ("one", "other"),
    [(("a", "b"), ("ab",)), (("ab",), ("a", "b")), (("",), ()), (("", ""), ("",)), (("a", ""), ("", "a"))],
)
def test_a_field_does_not_run_into_the_next(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert context("label", *one) != context("label", *other)


def test_a_context_is_as_the_format_says() -> None:
    parts = b"\0\0\0\5label" + b"\0\0\0\3caf" + b"\0\0\0\x08" + (7).to_bytes(8, "big") + b"\0\0\0\1\xff"
    assert context("label", "caf", 7, b"\xff") == b"dossier/v1" + parts


@given(st.binary(min_size=32, max_size=32))
def test_a_fingerprint_has_the_first_125_bits(digest: bytes) -> None:
    text = fingerprint(digest)
    assert [len(group) for group in text.split("-")] == [5] * 5
    number = 0
    for char in text.replace("-", ""):
        number = number * 32 + "0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(char)
    assert number == int.from_bytes(digest, "big") >> 131
    assert read_fingerprint(text) == text


def test_a_fingerprint_is_read_as_people_type_it() -> None:
    text = fingerprint(hashlib.sha256(b"a card").digest())
    assert read_fingerprint(f" {text.lower().replace('-', ' ')} ") == text
    assert read_fingerprint("o" * 5 + "i" * 5 + "L" * 5 + "Z" * 10) == "00000-11111-11111-ZZZZZ-ZZZZZ"


@pytest.mark.parametrize("text", ["", "A" * 24, "A" * 26, "U" * 25, "\u00e9" * 25])
def test_what_is_no_fingerprint_is_refused(text: str) -> None:
    with pytest.raises(BadEncodingError):
        read_fingerprint(text)


def test_crockford_takes_the_first_bits() -> None:
    assert crockford(b"\xff\x00\x00\x00\x00", 8) == "ZW000000"
