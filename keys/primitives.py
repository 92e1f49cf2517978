"""The only door to cryptography.hazmat and argon2: box, wrap, sign, derive, commit."""

import hashlib
import hmac
import os
from functools import lru_cache

from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from keys.errors import (
    BadSignatureError,
    CostRefusedError,
    DoesNotOpenError,
    UnsupportedError,
    WeakKeyError,
    WrongKeyError,
)

KEY_SIZE = 32
SEED_SIZE = 32
BOX_PUBLIC_SIZE = 1216  # ML-KEM-768 public (1184) and X25519 public (32)
SIGN_PUBLIC_SIZE = 32
SIGNATURE_SIZE = 64
BOX_OVERHEAD = 1120 + 16  # the HPKE encapsulation and the AEAD's tag
NONCE_SIZE = 12
TAG_SIZE = 16
WRAP_SIZE = NONCE_SIZE + KEY_SIZE + TAG_SIZE
_MLKEM_PUBLIC_SIZE = 1184
_MLKEM_SEED_SIZE = 64

_ED25519_PRIME = 2**255 - 19
# The y coordinates of Ed25519's points of order 1, 2, 4 and 8; a sign bit on top tells two of them apart.
_Y_OF_ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_LOW_ORDER_Y = frozenset({0, 1, _ED25519_PRIME - 1, _Y_OF_ORDER_8, _ED25519_PRIME - _Y_OF_ORDER_8})
# The u coordinates of Curve25519 and its twist of order 1, 2, 4 and 8 (RFC 7748, section 6.1).
_LOW_ORDER_U = frozenset(
    {
        0,
        1,
        _ED25519_PRIME - 1,
        325606250916557431795983626356110631294008115727848805560023387167927233504,
        39382357235489614581723060781553021112529911719440698176882885853963445705823,
    },
)


def random_bytes(size: int) -> bytes:
    """Draw from the operating system's generator."""
    return os.urandom(size)


def sha256(data: bytes) -> bytes:
    """Hash with SHA-256."""
    return hashlib.sha256(data).digest()


def _suite() -> Suite:
    """HPKE (RFC 9180) base mode with X-Wing, HKDF-SHA256 and AES-256-GCM."""
    try:
        return Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    except UnsupportedAlgorithm as e:
        raise UnsupportedError from e


def probe() -> None:
    """Fail early and clearly where this build of `cryptography` has no hybrid KEM.

    Raises:
        UnsupportedError: when boxes can be neither made nor opened here.
    """
    try:
        MLKEM768PrivateKey.from_seed_bytes(bytes(_MLKEM_SEED_SIZE))
    except UnsupportedAlgorithm as e:
        raise UnsupportedError from e
    _suite()


def _box_private(seed: bytes) -> MLKEM768X25519PrivateKey:
    """Expand a 32-byte seed: SHAKE256 to 96 bytes, 64 for ML-KEM-768, 32 for X25519 (X-Wing, section 5.2)."""
    wide = hashlib.shake_256(seed).digest(_MLKEM_SEED_SIZE + 32)
    return MLKEM768X25519PrivateKey(
        MLKEM768PrivateKey.from_seed_bytes(wide[:_MLKEM_SEED_SIZE]),
        X25519PrivateKey.from_private_bytes(wide[_MLKEM_SEED_SIZE:]),
    )


def box_public(seed: bytes) -> bytes:
    """Give the public half (1216 bytes) of a box seed (32 bytes)."""
    wide = hashlib.shake_256(seed).digest(_MLKEM_SEED_SIZE + 32)
    mlkem = MLKEM768PrivateKey.from_seed_bytes(wide[:_MLKEM_SEED_SIZE]).public_key()
    x25519 = X25519PrivateKey.from_private_bytes(wide[_MLKEM_SEED_SIZE:]).public_key()
    return mlkem.public_bytes_raw() + x25519.public_bytes_raw()


def check_public_keys(box: bytes, signing: bytes) -> None:
    """Refuse public keys of the wrong size or of low order, under which anything would verify.

    Raises:
        WeakKeyError: naming neither key; a card that holds one is refused whole.
    """
    if len(box) != BOX_PUBLIC_SIZE or len(signing) != SIGN_PUBLIC_SIZE:
        raise WeakKeyError("size")
    # The sign bit is dropped and the rest reduced, so that other spellings of the same point are caught too.
    low_255 = (1 << 255) - 1
    if (int.from_bytes(signing, "little") & low_255) % _ED25519_PRIME in _LOW_ORDER_Y:
        raise WeakKeyError("signing key of low order")
    if (int.from_bytes(box[_MLKEM_PUBLIC_SIZE:], "little") & low_255) % _ED25519_PRIME in _LOW_ORDER_U:
        raise WeakKeyError("box key of low order")


@lru_cache(maxsize=256)  # a gate boxes to the same few again and again
def _box_public_key(public: bytes) -> MLKEM768X25519PublicKey:
    """Load a public half.

    Raises:
        WeakKeyError: when it is no public key of this kind.
    """
    try:
        return MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(public[:_MLKEM_PUBLIC_SIZE]),
            X25519PublicKey.from_public_bytes(public[_MLKEM_PUBLIC_SIZE:]),
        )
    except ValueError as e:
        raise WeakKeyError("not a box key") from e


def check_box_public(public: bytes) -> None:
    """Load a public half only to see that it is one (FIPS 203, section 7.2, modulus check).

    Raises:
        WeakKeyError: when it is not.
    """
    _box_public_key(public)


def box(public: bytes, secret: bytes, context: bytes) -> bytes:
    """Box a secret to a public half. The context goes in HPKE's `info`: this API has no `aad`.

    Returns 1120 + len(secret) + 16 bytes. Does not say who sent it: what names the box does.

    Raises:
        WeakKeyError: when it is no public half, or its X25519 half has low order.
    """
    key = _box_public_key(public)
    try:
        return _suite().encrypt(secret, key, info=context)
    except ValueError as e:
        raise WeakKeyError("box key of low order") from e


def unbox(seed: bytes, sealed: bytes, context: bytes, size: int = KEY_SIZE) -> bytes:
    """Open a box of a secret of `size` bytes.

    Raises:
        DoesNotOpenError: for another length, another key, another place, or an altered byte.
    """
    if len(sealed) != size + BOX_OVERHEAD:
        raise DoesNotOpenError("box")
    try:
        return _suite().decrypt(sealed, _box_private(seed), info=context)
    except InvalidTag as e:
        raise DoesNotOpenError("box") from e


def wrap(key: bytes, secret: bytes, context: bytes) -> bytes:
    """Wrap a secret under a 32-byte key: nonce (12) ‖ AES-256-GCM ‖ tag (16), the context authenticated."""
    return _wrap_with(key, secret, context, random_bytes(NONCE_SIZE))


def _wrap_with(key: bytes, secret: bytes, context: bytes, nonce: bytes) -> bytes:
    """Wrap with a given nonce: for vectors, and for the token file, whose header binds its nonce too."""
    return nonce + AESGCM(key).encrypt(nonce, secret, context)


def unwrap(key: bytes, wrapped: bytes, context: bytes, size: int = KEY_SIZE) -> bytes:
    """Open a wrap of a secret of `size` bytes.

    Raises:
        DoesNotOpenError: for another length, another key, another place, or an altered byte.
    """
    if len(wrapped) != NONCE_SIZE + size + TAG_SIZE:
        raise DoesNotOpenError("wrap")
    try:
        return AESGCM(key).decrypt(wrapped[:NONCE_SIZE], wrapped[NONCE_SIZE:], context)
    except InvalidTag as e:
        raise DoesNotOpenError("wrap") from e


class ChunkCipher:
    """AES-256-GCM over many chunks under one key, without associated data."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)

    def seal(self, nonce: bytes, chunk: bytes) -> bytes:
        """Seal one chunk; 16 bytes longer."""
        return self._aead.encrypt(nonce, chunk, None)

    def open(self, nonce: bytes, chunk: bytes) -> bytes:
        """Open one chunk.

        Raises:
            DoesNotOpenError: when it is not the chunk sealed under this nonce.
        """
        try:
            return self._aead.decrypt(nonce, chunk, None)
        except (InvalidTag, ValueError) as e:
            raise DoesNotOpenError("chunk") from e


@lru_cache(maxsize=4)  # who signs much signs by few keys: one's own, and the log's
def _sign_private(seed: bytes) -> Ed25519PrivateKey:
    """Load a private key."""
    return Ed25519PrivateKey.from_private_bytes(seed)


def sign_public(seed: bytes) -> bytes:
    """Give the Ed25519 public key (32 bytes) of a seed."""
    return _sign_private(seed).public_key().public_bytes_raw()


def sign(seed: bytes, message: bytes) -> bytes:
    """Sign with Ed25519 (RFC 8032). Callers put a context before the message."""
    return _sign_private(seed).sign(message)


@lru_cache(maxsize=256)  # a log has many signatures by few keys
def _sign_public_key(public: bytes) -> Ed25519PublicKey:
    """Load a public key. Raises ValueError."""
    return Ed25519PublicKey.from_public_bytes(public)


def verify(public: bytes, signature: bytes, message: bytes) -> None:
    """Check an Ed25519 signature by a key that `check_public_keys` has let through.

    Raises:
        BadSignatureError: when it is not that key's signature over the message.
    """
    try:
        _sign_public_key(public).verify(signature, message)
    except (InvalidSignature, ValueError) as e:
        raise BadSignatureError("signature") from e


def derive(secret: bytes, salt: bytes, context: bytes) -> bytes:
    """Derive 32 bytes with HKDF-SHA256 (RFC 5869); the context is its `info`."""
    return HKDF(algorithm=hashes.SHA256(), length=KEY_SIZE, salt=salt, info=context).derive(secret)


def expand_sha512(secret: bytes, info: bytes, size: int) -> bytes:
    """Expand a uniform secret with HKDF-Expand over SHA-512 (RFC 5869, section 2.3)."""
    return HKDFExpand(algorithm=hashes.SHA512(), length=size, info=info).derive(secret)


def mac(key: bytes, message: bytes) -> bytes:
    """Authenticate with HMAC-SHA256; 32 bytes."""
    return hmac.digest(key, message, "sha256")


def same(one: bytes, other: bytes) -> bool:
    """Compare in constant time. For use inside a check that raises, never as its answer."""
    return hmac.compare_digest(one, other)


def commit(key: bytes, context: bytes) -> bytes:
    """Commit to a key: SHA-256 over context ‖ key. The context's label differs from every other use."""
    return sha256(context + key)


def check_commitment(key: bytes, context: bytes, commitment: bytes) -> None:
    """Compare a key with its commitment.

    Raises:
        WrongKeyError: when this is another key.
    """
    if not same(commit(key, context), commitment):
        raise WrongKeyError("commitment")


def argon2id(passphrase: bytes, salt: bytes, memory_kib: int, passes: int, lanes: int) -> bytes:
    """Derive 32 bytes from a passphrase with Argon2id version 1.3 (RFC 9106).

    Raises:
        CostRefusedError: when this computer has not the memory for it.
    """
    # Imported here: only a token needs it, and a session does not open one.
    from argon2.exceptions import HashingError  # noqa: PLC0415
    from argon2.low_level import Type, hash_secret_raw  # noqa: PLC0415

    try:
        return hash_secret_raw(
            secret=passphrase,
            salt=salt,
            time_cost=passes,
            memory_cost=memory_kib,
            parallelism=lanes,
            hash_len=KEY_SIZE,
            type=Type.ID,
        )
    except HashingError as e:
        raise CostRefusedError("memory") from e
