"""Each trap of the primitives under us, and each failure an error of our own."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import argon2.exceptions
import argon2.low_level
import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from keys import primitives
from keys.errors import (
    BadSignatureError,
    CostRefusedError,
    DoesNotOpenError,
    UnsupportedError,
    WeakKeyError,
    WrongKeyError,
)

SEED, OTHER_SEED = b"1" * 32, b"2" * 32
KEY, OTHER_KEY = b"k" * 32, b"o" * 32
HERE, THERE = b"here", b"there"
PRIME = 2**255 - 19
SIGN_BIT = 1 << 255
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, PRIME) % PRIME

# draft-connolly-cfrg-xwing-kem, test vectors: seed, and the SHA-256 of the public key of 1216 bytes.
XWING = [
    (
        "7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26",
        "2e816deebcd76c5c80d0cd2d174478871658e8e2ff42bc9d4a6e486372e856bb",
    ),
    (
        "badfd6dfaac359a5efbb7bcc4b59d538df9a04302e10c8bc1cbf1a0b3a5120ea",
        "c42ba5f8430d7d2c83739338203819f090e8303ce9c8b02107c272bfa5376916",
    ),
    (
        "ef58538b8d23f87732ea63b02b4fa0f4873360e2841928cd60dd4cee8cc0d4c9",
        "6b080d6b84f095342092fa7a22423e58bd681397ad0ef00eac92bd254db4fa95",
    ),
]

Point = tuple[int, int]


def add(one: Point, other: Point) -> Point:
    """Add two points of Ed25519's curve."""
    (x1, y1), (x2, y2) = one, other
    both = D * x1 * x2 * y1 * y2
    x = (x1 * y2 + x2 * y1) * pow(1 + both, -1, PRIME)
    return x % PRIME, (y1 * y2 + x1 * x2) * pow(1 - both, -1, PRIME) % PRIME


def times(number: int, point: Point) -> Point:
    """Multiply a point."""
    total = (0, 1)
    while number:
        if number & 1:
            total = add(total, point)
        point, number = add(point, point), number >> 1
    return total


def points() -> Iterator[Point]:
    """Find points of the curve, with y = 2, 3, ..."""
    for y in range(2, 100):
        square = (y * y - 1) * pow(D * y * y + 1, -1, PRIME) % PRIME
        x = pow(square, (PRIME + 3) // 8, PRIME)
        if x * x % PRIME != square:
            x = x * pow(2, (PRIME - 1) // 4, PRIME) % PRIME
        if x * x % PRIME == square:
            yield x, y


def torsion() -> set[Point]:
    """Find the eight points that eight times gives the neutral one."""
    found = {times(ORDER, point) for point in points()}
    return {add(one, other) for one in found for other in found}


LOW_Y = sorted({y for _, y in torsion()})
SPELLINGS_Y = [y + k for y in LOW_Y for k in (0, PRIME) if y + k < SIGN_BIT]
LOW_U = sorted({(1 + y) * pow(1 - y, -1, PRIME) % PRIME for y in LOW_Y if y != 1} | {0, 1, PRIME - 1})
SPELLINGS_U = [u + k for u in LOW_U for k in (0, PRIME) if u + k < SIGN_BIT]


def spelled(numbers: list[int]) -> list[bytes]:
    return [(number | bit).to_bytes(32, "little") for number in numbers for bit in (0, SIGN_BIT)]


@pytest.fixture(scope="module")
def public() -> bytes:
    return primitives.box_public(SEED)


@pytest.fixture(scope="module")
def box(public: bytes) -> bytes:
    return primitives.box(public, KEY, HERE)


@pytest.mark.parametrize(("seed", "digest"), XWING)
def test_a_seed_gives_the_public_half_of_the_xwing_draft(seed: str, digest: str) -> None:
    public = primitives.box_public(bytes.fromhex(seed))
    assert len(public) == primitives.BOX_PUBLIC_SIZE
    assert hashlib.sha256(public).hexdigest() == digest


def test_a_box_opens_with_the_seed_alone(box: bytes) -> None:
    assert primitives.unbox(SEED, box, HERE) == KEY


def test_two_boxes_of_one_key_differ(public: bytes, box: bytes) -> None:
    assert primitives.box(public, KEY, HERE) != box


@pytest.mark.parametrize("size", [0, 1, 32, 100])
def test_a_box_is_1136_bytes_longer_than_its_secret(public: bytes, size: int) -> None:
    made = primitives.box(public, b"x" * size, HERE)
    assert len(made) == size + 1120 + 16 == size + primitives.BOX_OVERHEAD
    assert primitives.unbox(SEED, made, HERE, size) == b"x" * size


@pytest.mark.parametrize(("seed", "context"), [(OTHER_SEED, HERE), (SEED, THERE), (SEED, b"")])
def test_a_box_opens_for_no_other_and_nowhere_else(box: bytes, seed: bytes, context: bytes) -> None:
    with pytest.raises(DoesNotOpenError):
        primitives.unbox(seed, box, context)


@pytest.mark.parametrize("at", [0, 1087, 1088, 1119, 1120, 1151, 1152, 1167])
def test_a_box_with_one_bit_altered_does_not_open(box: bytes, at: int) -> None:
    with pytest.raises(DoesNotOpenError):
        primitives.unbox(SEED, box[:at] + bytes([box[at] ^ 1]) + box[at + 1 :], HERE)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_box_of_another_length_does_not_open(public: bytes, size: int) -> None:
    made = primitives.box(public, b"x" * size, HERE)
    with pytest.raises(DoesNotOpenError):
        primitives.unbox(SEED, made, HERE)


@pytest.mark.parametrize("low", spelled(SPELLINGS_U))
def test_a_box_with_an_x25519_share_of_low_order_does_not_open(box: bytes, low: bytes) -> None:
    with pytest.raises(DoesNotOpenError):
        primitives.unbox(SEED, box[:1088] + low + box[1120:], HERE)


@pytest.mark.parametrize("public", [b"", bytes(32), b"\xff" * 1216, bytes(1184), bytes(1217)])
def test_what_is_no_public_half_is_refused(public: bytes) -> None:
    with pytest.raises(WeakKeyError):
        primitives.check_box_public(public)
    with pytest.raises(WeakKeyError):
        primitives.box(public, KEY, HERE)


def test_a_box_to_a_public_half_of_low_order_is_refused(public: bytes) -> None:
    with pytest.raises(WeakKeyError):
        primitives.box(public[:1184] + bytes(32), KEY, HERE)


def test_a_public_half_is_checked(public: bytes) -> None:
    primitives.check_box_public(public)
    primitives.check_public_keys(public, primitives.sign_public(SEED))


def test_the_low_order_points_are_all_there() -> None:
    assert len(torsion()) == 8
    assert len(spelled(SPELLINGS_Y)) == 14
    assert len(spelled(SPELLINGS_U)) == 14


@pytest.mark.parametrize("signing", spelled(SPELLINGS_Y))
def test_a_signing_key_of_low_order_is_refused_however_it_is_written(public: bytes, signing: bytes) -> None:
    with pytest.raises(WeakKeyError):
        primitives.check_public_keys(public, signing)


@pytest.mark.parametrize("share", spelled(SPELLINGS_U))
def test_a_box_key_of_low_order_is_refused_however_it_is_written(public: bytes, share: bytes) -> None:
    with pytest.raises(ValueError, match="shared key"):  # all zeroes: this is what low order means
        X25519PrivateKey.from_private_bytes(SEED).exchange(X25519PublicKey.from_public_bytes(share))
    with pytest.raises(WeakKeyError):
        primitives.check_public_keys(public[:1184] + share, primitives.sign_public(SEED))


def test_the_library_takes_one_signature_for_all_messages_under_a_low_order_key() -> None:
    neutral = (1).to_bytes(32, "little")
    for message in (b"yes", b"no"):
        Ed25519PublicKey.from_public_bytes(neutral).verify(neutral + bytes(32), message)


@pytest.mark.parametrize(("box_size", "sign_size"), [(1215, 32), (1217, 32), (1216, 31), (1216, 33), (0, 0)])
def test_public_keys_of_another_size_are_refused(box_size: int, sign_size: int) -> None:
    with pytest.raises(WeakKeyError):
        primitives.check_public_keys(b"\x02" * box_size, b"\x02" * sign_size)


def _lacking(*_: Any, **__: Any) -> Any:
    raise UnsupportedAlgorithm("lacking")


def test_probe_finds_the_hybrid_kem() -> None:
    primitives.probe()


def test_probe_says_that_mlkem_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Without:
        from_seed_bytes = staticmethod(_lacking)

    monkeypatch.setattr(primitives, "MLKEM768PrivateKey", Without)
    with pytest.raises(UnsupportedError):
        primitives.probe()


def test_probe_says_that_the_suite_is_missing(monkeypatch: pytest.MonkeyPatch, public: bytes) -> None:
    monkeypatch.setattr(primitives, "Suite", _lacking)
    with pytest.raises(UnsupportedError):
        primitives.probe()
    with pytest.raises(UnsupportedError):
        primitives.box(public, KEY, HERE)


def test_a_wrap_opens_and_is_60_bytes() -> None:
    wrapped = primitives.wrap(KEY, OTHER_KEY, HERE)
    assert len(wrapped) == 60 == primitives.WRAP_SIZE
    assert primitives.unwrap(KEY, wrapped, HERE) == OTHER_KEY
    assert primitives.wrap(KEY, OTHER_KEY, HERE) != wrapped


@pytest.mark.parametrize(("key", "context"), [(OTHER_KEY, HERE), (KEY, THERE), (KEY, b"")])
def test_a_wrap_opens_under_no_other_key_and_nowhere_else(key: bytes, context: bytes) -> None:
    with pytest.raises(DoesNotOpenError):
        primitives.unwrap(key, primitives.wrap(KEY, OTHER_KEY, HERE), context)


@pytest.mark.parametrize("at", range(60))
def test_a_wrap_with_one_bit_altered_does_not_open(at: int) -> None:
    wrapped = primitives.wrap(KEY, OTHER_KEY, HERE)
    with pytest.raises(DoesNotOpenError):
        primitives.unwrap(KEY, wrapped[:at] + bytes([wrapped[at] ^ 1]) + wrapped[at + 1 :], HERE)


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_wrap_of_another_length_does_not_open(size: int) -> None:
    wrapped = primitives.wrap(KEY, b"x" * size, HERE)
    with pytest.raises(DoesNotOpenError):
        primitives.unwrap(KEY, wrapped, HERE)
    assert primitives.unwrap(KEY, wrapped, HERE, size) == b"x" * size


def test_a_chunk_opens_only_under_its_nonce() -> None:
    cipher = primitives.ChunkCipher(KEY)
    sealed = cipher.seal(b"n" * 12, b"chunk")
    assert cipher.open(b"n" * 12, sealed) == b"chunk"
    for nonce, data in ((b"m" * 12, sealed), (b"n" * 12, sealed[:-1]), (b"n" * 12, b""), (b"", sealed)):
        with pytest.raises(DoesNotOpenError):
            cipher.open(nonce, data)


def test_a_signature_is_the_signers_over_the_message() -> None:
    signature = primitives.sign(SEED, b"message")
    assert len(signature) == primitives.SIGNATURE_SIZE
    primitives.verify(primitives.sign_public(SEED), signature, b"message")


@pytest.mark.parametrize(
    ("public", "signature", "message"),
    [
        (primitives.sign_public(OTHER_SEED), primitives.sign(SEED, b"message"), b"message"),
        (primitives.sign_public(SEED), primitives.sign(SEED, b"message"), b"massage"),
        (primitives.sign_public(SEED), primitives.sign(SEED, b"message")[:-1], b"message"),
        (primitives.sign_public(SEED), bytes(64), b"message"),
        (primitives.sign_public(SEED), b"", b"message"),
        (b"", primitives.sign(SEED, b"message"), b"message"),
        (b"\x02" + bytes(31), primitives.sign(SEED, b"message"), b"message"),
    ],
)
def test_any_other_signature_is_refused(public: bytes, signature: bytes, message: bytes) -> None:
    with pytest.raises(BadSignatureError):
        primitives.verify(public, signature, message)


def test_hkdf_and_its_expansion_are_those_of_their_rfcs() -> None:
    # RFC 5869, test case 1, its first 32 bytes.
    okm = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
    made = primitives.derive(b"\x0b" * 22, bytes(range(13)), bytes(range(0xF0, 0xFA)))
    assert made.hex() == okm
    assert len(primitives.expand_sha512(KEY, HERE, 76)) == 76
    assert primitives.expand_sha512(KEY, HERE, 76)[:64] == primitives.expand_sha512(KEY, HERE, 64)


def test_hmac_and_sha256_are_those_of_their_rfcs() -> None:
    # RFC 4231, test case 2; FIPS 180-2, appendix B.1.
    jefe = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert primitives.mac(b"Jefe", b"what do ya want for nothing?").hex() == jefe
    abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert primitives.sha256(b"abc").hex() == abc


def test_a_commitment_fits_its_key_and_context_alone() -> None:
    commitment = primitives.commit(KEY, HERE)
    primitives.check_commitment(KEY, HERE, commitment)
    for key, context, other in (
        (OTHER_KEY, HERE, commitment),
        (KEY, THERE, commitment),
        (KEY, HERE, commitment[:-1]),
        (KEY, HERE, b""),
    ):
        with pytest.raises(WrongKeyError):
            primitives.check_commitment(key, context, other)


def test_bytes_are_compared_whole() -> None:
    assert primitives.same(b"a", b"a")
    assert not primitives.same(b"a", b"b")
    assert not primitives.same(b"a", b"aa")


def test_argon2id_gives_what_the_reference_gives() -> None:
    # phc-winner-argon2, test.c: "password", "somesalt", t=2, m=2**8 KiB, p=1, Argon2id v=19.
    made = primitives.argon2id(b"password", b"somesalt", 256, 2, 1)
    assert made.hex() == "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe"


def test_too_little_memory_is_an_error_of_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: Any) -> bytes:
        raise argon2.exceptions.HashingError("Memory allocation error")

    monkeypatch.setattr(argon2.low_level, "hash_secret_raw", full)
    with pytest.raises(CostRefusedError):
        primitives.argon2id(b"password", b"somesalt", 256, 2, 1)


def test_only_primitives_opens_the_door_to_cryptography() -> None:
    folder = Path(primitives.__file__).parent
    using = {path.name for path in folder.glob("*.py") if "from cryptography" in path.read_text("utf-8")}
    assert using == {"primitives.py"}
