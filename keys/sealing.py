"""Seal and open a content of any length, in chunks, under a key and a context (C2SP chunked-encryption v1).

The instantiation is Cobblestone-256: HKDF-Expand over SHA-512 and AES-256-GCM. Sealed bytes are salt (24) ‖
commitment (32) ‖ chunks; each chunk holds 16 KiB of plaintext and a tag (16), and the last one is shorter,
perhaps empty, so that a cut is always noticed.
"""

from collections.abc import Iterator
from typing import BinaryIO

from keys.errors import DoesNotOpenError
from keys.primitives import KEY_SIZE, NONCE_SIZE, TAG_SIZE, ChunkCipher, expand_sha512, random_bytes, same

CHUNK_SIZE = 16 * 1024  # bytes of plaintext in every chunk but the last
SALT_SIZE = 24
_COMMITMENT_SIZE = 32
_HEADER_SIZE = SALT_SIZE + _COMMITMENT_SIZE
_SEALED_CHUNK_SIZE = CHUNK_SIZE + TAG_SIZE
_MOST_CHUNKS = 2**38
_AT_ONCE = 16  # chunks held in memory; one read each is slower, more gains nothing
_INFO = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00"


def seal(key: bytes, context: bytes, source: BinaryIO, sink: BinaryIO) -> int:
    """Seal all of `source` into `sink`, and give the size of the plaintext in bytes.

    Reads may be short; a write must take all it is given, as those of buffered files do.

    Raises:
        DoesNotOpenError: for more than 4 PiB, which nothing would open.
    """
    return _seal_with(key, context, source, sink, random_bytes(SALT_SIZE))


def _seal_with(key: bytes, context: bytes, source: BinaryIO, sink: BinaryIO, salt: bytes) -> int:
    """Seal with a given salt: for vectors only."""
    cipher, base, commitment = _expand(key, context, salt)
    sink.write(salt + commitment)
    size = 0
    for nonce, chunk in _chunks(source, CHUNK_SIZE, base):
        sink.write(cipher.seal(nonce, chunk))
        size += len(chunk)
    return size


def open_sealed(key: bytes, context: bytes, source: BinaryIO, sink: BinaryIO) -> int:
    """Open all of `source` into `sink`, and give the size of the plaintext in bytes.

    1. Derive the chunk key from the salt, and compare the commitment before any chunk is opened.
    2. Open each chunk, and only then write it: of a bad chunk no byte is written.
    3. Ask for a last chunk that is shorter than the others; whatever follows it would make it another.

    The chunks before a bad one have been written when this raises: the caller throws them away.

    Raises:
        DoesNotOpenError: another key or place, or an altered, moved, missing or added byte.
    """
    header = _read(source, _HEADER_SIZE)
    if len(header) != _HEADER_SIZE:
        raise DoesNotOpenError("content")
    cipher, base, commitment = _expand(key, context, header[:SALT_SIZE])
    if not same(commitment, header[SALT_SIZE:]):
        raise DoesNotOpenError("content")
    size = 0
    for nonce, chunk in _chunks(source, _SEALED_CHUNK_SIZE, base):
        plain = cipher.open(nonce, chunk)  # does not, where a last chunk has no room for its tag
        sink.write(plain)
        size += len(plain)
    return size


def sealed_size(plain: int) -> int:
    """Tell how many bytes `plain` bytes become when sealed.

    Raises:
        DoesNotOpenError: for more than 4 PiB, which nothing would open.
    """
    if not 0 <= plain < _MOST_CHUNKS * CHUNK_SIZE:
        raise DoesNotOpenError("size")
    return _HEADER_SIZE + plain + (plain // CHUNK_SIZE + 1) * TAG_SIZE


def plain_size(sealed: int) -> int:
    """Tell how many bytes of plaintext `sealed` bytes hold.

    Raises:
        DoesNotOpenError: when nothing that was sealed has this length.
    """
    whole, last = divmod(sealed - _HEADER_SIZE, _SEALED_CHUNK_SIZE)
    if not 0 <= whole < _MOST_CHUNKS or last < TAG_SIZE:
        raise DoesNotOpenError("size")
    return whole * CHUNK_SIZE + last - TAG_SIZE


def _expand(key: bytes, context: bytes, salt: bytes) -> tuple[ChunkCipher, int, bytes]:
    """Derive the cipher of the chunks, the base nonce as a number, and the commitment."""
    wide = expand_sha512(key, _INFO + salt + context, KEY_SIZE + NONCE_SIZE + _COMMITMENT_SIZE)
    base = int.from_bytes(wide[KEY_SIZE : KEY_SIZE + NONCE_SIZE], "big")
    return ChunkCipher(wide[:KEY_SIZE]), base, wide[KEY_SIZE + NONCE_SIZE :]


def _chunks(source: BinaryIO, size: int, base: int) -> Iterator[tuple[bytes, bytes]]:
    """Cut a stream into chunks of `size` bytes and one shorter, perhaps empty; each with its nonce."""
    number = 0
    full = True
    while full:
        block = _read(source, size * _AT_ONCE)
        full = len(block) == size * _AT_ONCE
        for start in range(0, len(block) if full else len(block) + 1, size):
            if number >= _MOST_CHUNKS:
                raise DoesNotOpenError("too long")
            yield (base ^ number).to_bytes(NONCE_SIZE, "big"), block[start : start + size]
            number += 1


def _read(source: BinaryIO, size: int) -> bytes:
    """Read `size` bytes, or fewer only at the end, from a stream that may give fewer at a time."""
    data = source.read(size)
    if len(data) in {0, size}:
        return data
    parts = [data]
    missing = size - len(data)
    while missing and len(data):
        data = source.read(missing)
        parts.append(data)
        missing -= len(data)
    return b"".join(parts)
