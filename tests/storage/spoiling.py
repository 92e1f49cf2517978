"""What a store on files is filled with in tests, and the ways to spoil it."""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dossier.model import BookName, Digest, StoreId
from dossier.storage.files import FileStore

STORE = StoreId("0123456789abcdef" * 2)
HOUSEHOLD = BookName("H-7KQ2M9XD")
BOX, WRAP = b"box" * 400 + b"!", b"wrap" * 20
RECORD = b"record\n"

Spoil = Callable[[Path], object]


def digest(data: bytes) -> Digest:
    return Digest(hashlib.sha256(data).hexdigest())


def keep(store: FileStore, entry: bytes, *objects: bytes) -> None:
    with store.exclusive():
        store.keep(HOUSEHOLD, entry, {digest(one): one for one in objects})


def append(store: FileStore, offset: int, record: bytes) -> None:
    with store.exclusive():
        store.append(0, offset, record)


def failing(number: int) -> Callable[..., int]:
    """Make a stand-in for a function of os that fails with an errno."""

    def fail(*_: object, **__: object) -> int:
        raise OSError(number, os.strerror(number))

    return fail


@contextmanager
def instead(call: str, stand_in: Callable[..., object]) -> Iterator[None]:
    """Let os have another function for a while."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, call, stand_in)
        yield
