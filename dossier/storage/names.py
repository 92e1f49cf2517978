"""The names and objects that a store is given, checked before they reach a path or a file."""

import hashlib

from dossier.errors import IntegrityError, UsageError
from dossier.model import STORE_BOOK, BookName, Digest, household_id, is_digest
from dossier.storage.base import Objects

TILE_BYTES = 256 * 32  # a full tile: 256 tree hashes


def check_book(name: BookName) -> BookName:
    """Give the name back. Raises UsageError unless it is "store", or a household's id as it is written."""
    if name != STORE_BOOK and str(household_id(name)) != name:
        raise UsageError("bad-household-id")
    return name


def check_digest(digest: Digest) -> Digest:
    """Give the digest back. Raises UsageError when it is not written as one is."""
    if not is_digest(digest):
        raise UsageError("bad-digest")
    return digest


def check_objects(objects: Objects) -> None:
    """Check each object against its digest, so that no book is kept which could not be read again.

    Raises:
        UsageError: for what is not written as a digest is.
        IntegrityError: for an object that its digest does not name.
    """
    for digest, data in objects.items():
        if hashlib.sha256(data).hexdigest() != check_digest(digest):
            raise IntegrityError("object-altered", digest=digest)


def check_number(number: int) -> int:
    """Give the number of a page, tile or level back. Raises ValueError below zero."""
    if number < 0:
        raise ValueError(number)
    return number


def check_tile(hashes: bytes) -> bytes:
    """Give a tile back. Raises ValueError unless it is full."""
    if len(hashes) != TILE_BYTES:
        raise ValueError(len(hashes))
    return hashes
