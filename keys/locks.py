"""The two locks on every version, as pure functions over keys and contexts (KEYS.md, "Keys").

The role lock: a section key, boxed to each who may; under it, wrapped, the role part of each version.
The gate lock: an epoch secret, from which the gate derives its part of each version's key.
A version's content key needs a part from both. Every key here has 32 bytes.
"""

from keys.errors import WrongKeyError
from keys.identity import Card, Identity
from keys.primitives import (
    KEY_SIZE,
    box,
    box_public,
    check_commitment,
    derive,
    random_bytes,
    same,
    unbox,
    unwrap,
    wrap,
)


def new_key() -> bytes:
    """Draw a section key, role part, epoch secret or seed."""
    return random_bytes(KEY_SIZE)


def box_to_public(public: bytes, key: bytes, context: bytes) -> bytes:
    """Box a key to a public half that is no member's: the team's."""
    return box(public, key, context)


def box_to(card: Card, key: bytes, context: bytes) -> bytes:
    """Box a key to a card; the context names the place, the role and the card."""
    return box(card.box, key, context)


def open_box(
    identity: Identity, sealed: bytes, context: bytes, commitment: bytes, commitment_context: bytes
) -> bytes:
    """Open a box and compare the key inside with what was committed to.

    Raises:
        DoesNotOpenError: the box is altered, moved, or another's.
        WrongKeyError: it opened, to a key that nobody committed to.
    """
    key = identity.unbox(sealed, context)
    check_commitment(key, commitment_context, commitment)
    return key


def open_box_of(
    seed: bytes, sealed: bytes, context: bytes, commitment: bytes, commitment_context: bytes
) -> bytes:
    """Open a box made to a card of which one holds the seed, and compare the key. Raises as `open_box`."""
    key = unbox(seed, sealed, context)
    check_commitment(key, commitment_context, commitment)
    return key


def check_seed(seed: bytes, public: bytes) -> None:
    """See that a seed is that of a public half. Raises WrongKeyError."""
    if box_public(seed) != public:
        raise WrongKeyError("seed")


def wrap_part(section_key: bytes, part: bytes, context: bytes) -> bytes:
    """Wrap a version's role part under its section's key; 60 bytes."""
    return wrap(section_key, part, context)


def check_wrapped(section_key: bytes, wrapped: bytes, part: bytes, context: bytes) -> None:
    """See that a wrap holds this role part: before anyone signs for it.

    Raises:
        DoesNotOpenError: it does not open.
        WrongKeyError: it opens to another part.
    """
    if not same(unwrap(section_key, wrapped, context), part):
        raise WrongKeyError("part")


def open_part(
    section_key: bytes, wrapped: bytes, context: bytes, commitment: bytes, commitment_context: bytes
) -> bytes:
    """Open a role part and compare it with its commitment. Raises as `open_box`."""
    part = unwrap(section_key, wrapped, context)
    check_commitment(part, commitment_context, commitment)
    return part


def gate_part(epoch_secret: bytes, context: bytes) -> bytes:
    """Derive the gate's part of one version's key; the context names the version and its write entry."""
    return derive(epoch_secret, b"", context)


def content_key(role_part: bytes, gate_part: bytes, context: bytes) -> bytes:
    """Join the two parts into the key of one version's content."""
    return derive(role_part, gate_part, context)


def log_seed(epoch_secret: bytes, context: bytes) -> bytes:
    """Derive the seed of the log key of an epoch."""
    return derive(epoch_secret, b"", context)


def seal_previous(epoch_secret: bytes, before: bytes, context: bytes) -> bytes:
    """Seal the epoch secret before this one, so that whoever opens the newest reaches back to the first."""
    return wrap(derive(epoch_secret, b"", context), before, context)


def open_previous(epoch_secret: bytes, sealed: bytes, context: bytes) -> bytes:
    """Open the epoch secret before this one. Raises DoesNotOpenError."""
    return unwrap(derive(epoch_secret, b"", context), sealed, context)
