"""The bytes of a token file: a member's identity under a passphrase (Argon2id, AES-256-GCM).

A file is one line of canonical JSON. `check` is the SHA-256 of all the rest, so that a damaged file is told
from a wrong passphrase before any work; it keeps no attacker out, AES-GCM does. The associated data of `body`
is a context and everything but `body` and `check`.
"""

import re
from typing import Any, NamedTuple

from keys.cost import Cost, passphrase_key, read_cost, write_cost
from keys.encoding import canonical_json, context, from_base64, parse_json, read_fingerprint, to_base64
from keys.errors import (
    BadEncodingError,
    DamagedTokenError,
    DoesNotOpenError,
    NotATokenError,
    WeakKeyError,
    WrongPassphraseError,
)
from keys.identity import Card, LocalIdentity
from keys.primitives import NONCE_SIZE, SEED_SIZE, TAG_SIZE, _wrap_with, random_bytes, sha256, unwrap

TOKEN_FORMAT = "dossier/token/1"  # noqa: S105 (the name of a format)
_KEYS = {"#", "body", "card", "check", "kdf", "nonce", "salt"}
_SALT_SIZE = 16
_LEAF_SIZE = 32
_CONTEXT = context("token")
_MARKS = (TOKEN_FORMAT.encode("ascii"), b'"kdf":{"lanes":')
_STORE = re.compile(r"[0-9a-f]{32}")


class Contact(NamedTuple):
    """What a token remembers of its first contact with a store."""

    store: str  # 32 hexadecimal digits
    root: str  # the fingerprint of the root card
    leaf: bytes  # the leaf hash (32 bytes) of the entry that made this card active


class Unlocked(NamedTuple):
    """What a token holds."""

    identity: LocalIdentity
    contact: Contact | None


class Header(NamedTuple):
    """A token that has been read, and not opened."""

    card: Card
    cost: Cost
    salt: bytes
    nonce: bytes
    body: bytes
    bound: bytes  # the associated data of the body


def write_token(unlocked: Unlocked, passphrase: str, cost: Cost) -> bytes:
    """Draw salt and nonce, and write a token."""
    return _write_with(unlocked, passphrase, cost, random_bytes(_SALT_SIZE), random_bytes(NONCE_SIZE))


def _write_with(unlocked: Unlocked, passphrase: str, cost: Cost, salt: bytes, nonce: bytes) -> bytes:
    """Write with a given salt and nonce: for vectors only."""
    identity, contact = unlocked
    box_seed, sign_seed = identity.seeds()
    known = contact and {"leaf": to_base64(contact.leaf), "root": contact.root, "store": contact.store}
    inside = canonical_json({"box": to_base64(box_seed), "contact": known, "sign": to_base64(sign_seed)})
    fields: dict[str, Any] = {
        "#": TOKEN_FORMAT,
        "card": identity.card.texts(),
        "kdf": write_cost(cost),
        "nonce": to_base64(nonce),
        "salt": to_base64(salt),
    }
    wrapped = _wrap_with(passphrase_key(passphrase, salt, cost), inside, _bound(fields), nonce)
    fields["body"] = to_base64(wrapped[NONCE_SIZE:])
    fields["check"] = _check(fields)
    return canonical_json(fields)


def read_header(data: bytes) -> Header:
    """Read a token strictly, without opening it.

    Raises:
        NotATokenError: when it is no token; DamagedTokenError when it was one.
        CostRefusedError: when opening it would ask too much.
    """
    try:
        return _read_header(data)
    except NotATokenError as e:
        # Two marks, so that no single damaged byte makes a token look like something else.
        if any(mark in data for mark in _MARKS):
            raise DamagedTokenError(*e.args) from e
        raise


def _read_header(data: bytes) -> Header:
    """Read the fields; what is not as it must be is a NotATokenError."""
    try:
        fields = _object(parse_json(data), _KEYS)
        if fields["#"] != TOKEN_FORMAT or fields["check"] != _check(fields):
            raise NotATokenError("check")
        texts = fields["card"]
        if not isinstance(texts, list) or len(texts) != len(Card._fields):
            raise NotATokenError("card")
        card, cost = Card.of(*texts), read_cost(fields["kdf"])
        salt, nonce = _bytes(fields["salt"], _SALT_SIZE), _bytes(fields["nonce"], NONCE_SIZE)
        body = _bytes(fields["body"])
    except (BadEncodingError, WeakKeyError) as e:
        raise NotATokenError("fields") from e
    if len(body) < TAG_SIZE:
        raise NotATokenError("body")
    return Header(card, cost, salt, nonce, body, _bound(fields))


def open_token(data: bytes, passphrase: str) -> Unlocked:
    """Open a token.

    1. Read it strictly, see that it is whole, and refuse a cost that none of ours has: before any work.
    2. Open the body under the passphrase, with everything before it as associated data.
    3. See that the seeds inside are those of the card outside.

    Raises:
        WrongPassphraseError: when the passphrase is not this token's.
        NotATokenError, CostRefusedError: as `read_header`.
    """
    header = read_header(data)
    key = passphrase_key(passphrase, header.salt, header.cost)
    try:
        inside = unwrap(key, header.nonce + header.body, header.bound, len(header.body) - TAG_SIZE)
    except DoesNotOpenError as e:
        raise WrongPassphraseError from e
    return _read_body(header.card, inside)


def _bound(fields: dict[str, Any]) -> bytes:
    """Give the associated data of the body: a context and all fields but `body` and `check`."""
    return _CONTEXT + canonical_json({name: fields[name] for name in fields.keys() - {"body", "check"}})


def _check(fields: dict[str, Any]) -> str:
    """Give the SHA-256 of all fields but `check`."""
    rest = {name: fields[name] for name in fields.keys() - {"check"}}
    return to_base64(sha256(canonical_json(rest)))


def _read_body(card: Card, inside: bytes) -> Unlocked:
    """Read what was sealed, and see that its seeds are the card's."""
    try:
        fields = _object(parse_json(inside), {"box", "contact", "sign"})
        seeds = _bytes(fields["box"], SEED_SIZE), _bytes(fields["sign"], SEED_SIZE)
        contact = _read_contact(fields["contact"])
    except BadEncodingError as e:
        raise DamagedTokenError("body") from e
    identity = LocalIdentity.new_with(card.handle, card.person, card.org, *seeds)
    if identity.card != card:
        raise DamagedTokenError("seeds")
    return Unlocked(identity, contact)


def _read_contact(value: Any) -> Contact | None:
    """Read a contact, or that there was none."""
    if value is None:
        return None
    fields = _object(value, {"leaf", "root", "store"})
    store, root, leaf = fields["store"], fields["root"], _bytes(fields["leaf"], _LEAF_SIZE)
    if not isinstance(store, str) or not isinstance(root, str):
        raise NotATokenError("contact")
    if not _STORE.fullmatch(store) or read_fingerprint(root) != root:
        raise NotATokenError("contact")
    return Contact(store, root, leaf)


def _object(value: Any, names: set[str]) -> dict[str, Any]:
    """Take an object that has these names and no other."""
    if not isinstance(value, dict) or value.keys() != names:
        raise NotATokenError("fields")
    return value


def _bytes(value: Any, size: int | None = None) -> bytes:
    """Take bytes in base64."""
    if not isinstance(value, str):
        raise NotATokenError("fields")
    return from_base64(value, size)
