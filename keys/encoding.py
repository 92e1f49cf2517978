"""Bytes and their one way out and one way back: strict base64, canonical JSON, contexts."""

import binascii
import json
from typing import Any

from keys.errors import BadEncodingError

MAX_SAFE_INTEGER = 2**53 - 1  # beyond it, other languages' JSON readers round (RFC 8259, section 6)
_DEEPEST = 100  # lists and objects in one another
_LARGEST_JSON = 1 << 20  # of a text given to `parse_json`, in bytes; callers set their own, lower limits


def to_base64(data: bytes) -> str:
    """Write bytes as base64 with padding (RFC 4648, section 4)."""
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def from_base64(text: str, size: int | None = None) -> bytes:
    """Read strict base64: padding, no white space, no stray bits, and `size` bytes where given.

    Raises:
        BadEncodingError: for any other way to write it.
    """
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except (binascii.Error, ValueError) as e:
        raise BadEncodingError("base64") from e
    if to_base64(data) != text or (size is not None and len(data) != size):
        raise BadEncodingError("base64")
    return data


def canonical_json(value: Any) -> bytes:
    """Write a value as canonical JSON: sorted keys, no spaces, UTF-8, integers only within 2**53.

    Raises:
        BadEncodingError: when the value holds a float, a lone surrogate or an integer out of range.
    """
    _check(value)
    try:
        return _WRITER.encode(value).encode("utf-8")
    except UnicodeEncodeError as e:
        raise BadEncodingError("json") from e


def parse_json(data: bytes) -> Any:
    """Read canonical JSON: what parses is written again and compared.

    Raises:
        BadEncodingError: when it is not JSON, or not the canonical way to write it.
    """
    if len(data) > _LARGEST_JSON:
        raise BadEncodingError("json")
    try:
        value = _READER.decode(data.decode("utf-8"))
        same = _WRITER.encode(value).encode("utf-8") == data
        if data.count(b"[") + data.count(b"{") > _DEEPEST:
            _check_depth(value, _DEEPEST)
    except (ValueError, RecursionError) as e:
        raise BadEncodingError("json") from e
    if not same:
        raise BadEncodingError("json")
    return value


def _check_depth(value: Any, left: int) -> None:
    """Refuse what is nested too deep for others to read. Raises ValueError."""
    if left == 0:
        raise ValueError("deep")
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in inner:
        _check_depth(item, left - 1)


def _whole(text: str) -> int:
    """Read a number that others would not round. Raises ValueError."""
    value = int(text)
    if abs(value) > MAX_SAFE_INTEGER:
        raise ValueError("number")
    return value


def _refuse(text: str) -> Any:
    """Refuse a number that canonical JSON has no single way to write. Raises ValueError."""
    raise ValueError(text)


_READER = json.JSONDecoder(parse_float=_refuse, parse_int=_whole, parse_constant=_refuse)
_WRITER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _check(value: Any) -> None:
    """Refuse what canonical JSON has no single way to write."""
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise BadEncodingError("json")
            if not isinstance(item, str):  # as most are: a call each would take longer than all the rest
                _check(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            if not isinstance(item, str):
                _check(item)
    elif not _plain(value):
        raise BadEncodingError("json")


def _plain(value: Any) -> bool:
    """Tell whether this is null, a truth value, a text, or a number that others would not round."""
    if isinstance(value, int):
        return abs(value) <= MAX_SAFE_INTEGER
    return value is None or isinstance(value, str)


def context(label: str, *fields: bytes | str | int) -> bytes:
    """Make the bytes that bind a key, box, content or signature to its place.

    The label and each field get a length of 4 bytes (big-endian) before them, so that no two different
    lists give the same bytes. Text is UTF-8, a number 8 bytes big-endian. docs/format.md lists every
    label with its fields in order; nothing builds one that is not there.
    """
    made = _HEAD + _sized(label.encode("utf-8"))
    for field in fields:
        if isinstance(field, str):
            made += _sized(field.encode("utf-8"))
        elif isinstance(field, int):
            made += _sized(field.to_bytes(8, "big"))
        else:
            made += _sized(field)
    return made


_HEAD = b"dossier/v1"


def _sized(raw: bytes) -> bytes:
    return len(raw).to_bytes(4, "big") + raw


_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CROCKFORD_SET = frozenset(_CROCKFORD)
_CROCKFORD_BITS = 5


def crockford(data: bytes, length: int) -> str:
    """Write the first `length` * 5 bits as Crockford base32 characters."""
    number = int.from_bytes(data, "big") >> (len(data) * 8 - length * _CROCKFORD_BITS)
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range((length - 1) * 5, -1, -5))


def fingerprint(digest: bytes) -> str:
    """Write the first 125 bits of a SHA-256 as 25 Crockford characters in groups of five."""
    text = crockford(digest, 25)
    return "-".join(text[i : i + 5] for i in range(0, 25, 5))


def read_fingerprint(text: str) -> str:
    """Read a fingerprint as a person types it: any case, with or without dashes, O for 0, I and L for 1.

    Raises:
        BadEncodingError: when that is no fingerprint.
    """
    plain = text.strip().upper().replace("-", "").replace(" ", "").translate(str.maketrans("OIL", "011"))
    if len(plain) != 25 or not _CROCKFORD_SET.issuperset(plain):  # noqa: PLR2004 (the size of a fingerprint)
        raise BadEncodingError("fingerprint")
    return "-".join(plain[i : i + 5] for i in range(0, 25, 5))
