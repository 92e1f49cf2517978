"""What a guess at a passphrase costs: named profiles, a cap on what a file may ask, the key that it gives."""

import unicodedata
from typing import Any, NamedTuple

from keys.errors import CostRefusedError, NotATokenError, WrongPassphraseError
from keys.primitives import argon2id

_NAME = "argon2id"
_LEAST_PER_LANE = 8  # KiB (RFC 9106, section 3.1)


class Cost(NamedTuple):
    """What one guess costs."""

    memory: int  # KiB
    passes: int
    lanes: int


PROFILES = {
    "standard": Cost(64 * 1024, 3, 4),  # RFC 9106, section 4, second recommended
    "strong": Cost(256 * 1024, 4, 4),
    "cheapest": Cost(8, 1, 1),  # for tests and benchmarks only
}
_MOST = Cost(1024 * 1024, 20, 16)


def write_cost(cost: Cost) -> dict[str, Any]:
    """Give the fields that a file holds."""
    return {"lanes": cost.lanes, "memory": cost.memory, "name": _NAME, "passes": cost.passes}


def read_cost(fields: Any) -> Cost:
    """Read the fields of a file.

    Raises:
        NotATokenError: when they are not those of a cost.
        CostRefusedError: when none of ours would ask so much, or Argon2 would not take so little.
    """
    if not isinstance(fields, dict) or fields.keys() != {"lanes", "memory", "name", "passes"}:
        raise NotATokenError("kdf")
    cost = Cost(fields["memory"], fields["passes"], fields["lanes"])
    if fields["name"] != _NAME or any(type(number) is not int for number in cost):
        raise NotATokenError("kdf")
    if any(number > most for number, most in zip(cost, _MOST, strict=True)):
        raise CostRefusedError("too much")
    if cost.passes < 1 or cost.lanes < 1 or cost.memory < _LEAST_PER_LANE * cost.lanes:
        raise CostRefusedError("too little")
    return cost


def passphrase_key(passphrase: str, salt: bytes, cost: Cost) -> bytes:
    """Derive a key (32 bytes) from a passphrase in NFC, as UTF-8.

    Raises:
        WrongPassphraseError: when it holds what UTF-8 cannot write, as no passphrase of ours does.
    """
    try:
        secret = unicodedata.normalize("NFC", passphrase).encode("utf-8")
    except UnicodeEncodeError:
        raise WrongPassphraseError from None  # the cause holds the passphrase
    return argon2id(secret, salt, cost.memory, cost.passes, cost.lanes)
