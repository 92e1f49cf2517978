"""The token file: a member's identity under a passphrase (Argon2id, AES-256-GCM).

A file is one line of canonical JSON. `check` is the SHA-256 of all the rest, so that a damaged file is told
from a wrong passphrase before any work; it keeps no attacker out, AES-GCM does. The associated data of `body`
is a context and everything but `body` and `check`.
"""

import re
import unicodedata
from pathlib import Path
from typing import Any, NamedTuple

from keys import private
from keys.encoding import canonical_json, context, from_base64, parse_json, read_fingerprint, to_base64
from keys.errors import (
    BadEncodingError,
    CostRefusedError,
    DoesNotOpenError,
    NotATokenError,
    TokenExistsError,
    WeakKeyError,
    WrongPassphraseError,
)
from keys.identity import Card, LocalIdentity
from keys.primitives import (
    NONCE_SIZE,
    SEED_SIZE,
    TAG_SIZE,
    _wrap_with,
    argon2id,
    random_bytes,
    sha256,
    unwrap,
)

TOKEN_FORMAT = "dossier/token/1"
_KEYS = {"#", "body", "card", "check", "kdf", "nonce", "salt"}
_KDF_KEYS = {"lanes", "memory", "name", "passes"}
_BODY_KEYS = {"box", "contact", "sign"}
_CONTACT_KEYS = {"leaf", "root", "store"}
_LARGEST = 16 * 1024  # bytes of a token file
_SALT_SIZE = 16
_LEAF_SIZE = 32
_CONTEXT = context("token")
_STORE = re.compile(r"[0-9a-f]{32}")


class Cost(NamedTuple):
    """What one guess at the passphrase costs."""

    memory: int  # KiB
    passes: int
    lanes: int


PROFILES = {
    "standard": Cost(64 * 1024, 3, 4),  # RFC 9106, section 4, second recommended
    "strong": Cost(256 * 1024, 4, 4),
    "cheapest": Cost(8, 1, 1),  # for tests and benchmarks only
}
_LEAST_PER_LANE = 8  # KiB (RFC 9106, section 3.1)
_MOST = Cost(1024 * 1024, 20, 16)


class Contact(NamedTuple):
    """What a token remembers of its first contact with a store."""

    store: str  # 32 hexadecimal digits
    root: str  # the fingerprint of the root card
    leaf: bytes  # the leaf hash (32 bytes) of the entry that made this card active


class Unlocked(NamedTuple):
    """What a token holds."""

    identity: LocalIdentity
    contact: Contact | None


class TokenHeader(NamedTuple):
    """What a token shows without its passphrase."""

    card: Card
    cost: Cost
    too_open: bool  # whether others on this computer may read or write the file


def write_new(path: Path, identity: LocalIdentity, passphrase: str, profile: str) -> None:
    """Write a token that has had no contact yet, mode 0600.

    Raises:
        TokenExistsError: when anything stands there already.
        OSError: when it cannot be written.
    """
    data = _write(Unlocked(identity, None), passphrase, PROFILES[profile])
    try:
        private.create(path, data)
    except FileExistsError as e:
        raise TokenExistsError from e


def peek(path: Path) -> TokenHeader:
    """Read what a token shows without its passphrase.

    Raises:
        NotATokenError: when it is no token, or a damaged one.
        CostRefusedError: when unlocking it would ask too much.
        OSError: when there is none, or it cannot be read.
    """
    data, too_open = _read(path)
    header = _Header.read(data)
    return TokenHeader(header.card, header.cost, too_open)


def unlock(path: Path, passphrase: str) -> Unlocked:
    """Open a token.

    Raises:
        WrongPassphraseError: when the passphrase is not this token's.
        NotATokenError, CostRefusedError, OSError: as `peek`.
    """
    return _open(_read(path)[0], passphrase)


def rewrite(path: Path, unlocked: Unlocked, passphrase: str, profile: str | None = None) -> None:
    """Replace a token in one step: for a contact, or another passphrase. Without a profile its cost stays.

    Raises:
        NotATokenError, CostRefusedError, OSError: as `peek`.
    """
    cost = peek(path).cost if profile is None else PROFILES[profile]
    private.replace(path, _write(unlocked, passphrase, cost))


def _read(path: Path) -> tuple[bytes, bool]:
    """Read a file that can be a token, and tell whether it is too open."""
    found = private.read(path, _LARGEST)
    if found is None:
        raise NotATokenError("file")
    return found


def _write(unlocked: Unlocked, passphrase: str, cost: Cost) -> bytes:
    """Draw salt and nonce, and write the file."""
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
        "kdf": {"lanes": cost.lanes, "memory": cost.memory, "name": "argon2id", "passes": cost.passes},
        "nonce": to_base64(nonce),
        "salt": to_base64(salt),
    }
    wrapped = _wrap_with(_key(passphrase, salt, cost), inside, _bound(fields), nonce)
    fields["body"] = to_base64(wrapped[NONCE_SIZE:])
    fields["check"] = _check(fields)
    return canonical_json(fields)


def _open(data: bytes, passphrase: str) -> Unlocked:
    """Open the bytes of a token file.

    1. Read it strictly, see that it is whole, and refuse a cost that none of ours has: before any work.
    2. Open the body under the passphrase, with everything before it as associated data.
    3. See that the seeds inside are those of the card outside.
    """
    header = _Header.read(data)
    key = _key(passphrase, header.salt, header.cost)
    try:
        inside = unwrap(key, header.nonce + header.body, header.bound, len(header.body) - TAG_SIZE)
    except DoesNotOpenError as e:
        raise WrongPassphraseError from e
    return _read_body(header.card, inside)


def _key(passphrase: str, salt: bytes, cost: Cost) -> bytes:
    """Derive the key of the body from the passphrase in NFC."""
    try:
        secret = unicodedata.normalize("NFC", passphrase).encode("utf-8")
    except UnicodeEncodeError:
        raise WrongPassphraseError from None  # the cause holds the passphrase
    return argon2id(secret, salt, cost.memory, cost.passes, cost.lanes)


def _bound(fields: dict[str, Any]) -> bytes:
    """Give the associated data of the body: a context and all fields but `body` and `check`."""
    return _CONTEXT + canonical_json({name: fields[name] for name in fields.keys() - {"body", "check"}})


def _check(fields: dict[str, Any]) -> str:
    """Give the SHA-256 of all fields but `check`."""
    rest = {name: fields[name] for name in fields.keys() - {"check"}}
    return to_base64(sha256(canonical_json(rest)))


class _Header(NamedTuple):
    """A token file that has been read, before it is opened."""

    card: Card
    cost: Cost
    salt: bytes
    nonce: bytes
    body: bytes
    bound: bytes

    @classmethod
    def read(cls, data: bytes) -> "_Header":
        """Read a token file strictly. Raises NotATokenError and CostRefusedError."""
        try:
            fields = _object(parse_json(data), _KEYS)
            if fields["#"] != TOKEN_FORMAT or fields["check"] != _check(fields):
                raise NotATokenError("check")
            texts = fields["card"]
            if not isinstance(texts, list) or len(texts) != len(Card._fields):
                raise NotATokenError("card")
            card, cost = Card.of(*texts), _read_cost(fields["kdf"])
            salt, nonce = _bytes(fields["salt"], _SALT_SIZE), _bytes(fields["nonce"], NONCE_SIZE)
            body = _bytes(fields["body"])
        except (BadEncodingError, WeakKeyError) as e:
            raise NotATokenError("fields") from e
        if len(body) < TAG_SIZE:
            raise NotATokenError("body")
        return cls(card, cost, salt, nonce, body, _bound(fields))


def _read_cost(kdf: Any) -> Cost:
    """Read a cost, and refuse one that none of ours has."""
    fields = _object(kdf, _KDF_KEYS)
    cost = Cost(fields["memory"], fields["passes"], fields["lanes"])
    if fields["name"] != "argon2id" or any(type(number) is not int for number in cost):
        raise NotATokenError("kdf")
    if any(number > most for number, most in zip(cost, _MOST, strict=True)):
        raise CostRefusedError("too much")
    if cost.passes < 1 or cost.lanes < 1 or cost.memory < _LEAST_PER_LANE * cost.lanes:
        raise CostRefusedError("too little")
    return cost


def _read_body(card: Card, inside: bytes) -> Unlocked:
    """Read what was sealed, and see that its seeds are the card's."""
    try:
        fields = _object(parse_json(inside), _BODY_KEYS)
        seeds = _bytes(fields["box"], SEED_SIZE), _bytes(fields["sign"], SEED_SIZE)
        contact = _read_contact(fields["contact"])
    except BadEncodingError as e:
        raise NotATokenError("body") from e
    identity = LocalIdentity.new_with(card.handle, card.person, card.org, *seeds)
    if identity.card != card:
        raise NotATokenError("seeds")
    return Unlocked(identity, contact)


def _read_contact(value: Any) -> Contact | None:
    """Read a contact, or that there was none."""
    if value is None:
        return None
    fields = _object(value, _CONTACT_KEYS)
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
