"""Crash: a process that dies at its n-th call to the operating system, or is told of a fault there."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

_CALLS = (
    *("write", "fsync", "fdatasync", "replace", "rename", "unlink", "ftruncate", "mkdir", "open", "rmdir"),
    *("link", "chmod", "fdopen"),
)
# What a fault meets: a full disk whatever needs room, a closed folder whatever changes its names; both from
# then on, while a disk that fails does so once.
_MEETS = {
    errno.ENOSPC: {"write", "fsync", "fdatasync", "mkdir", "open", "link", "fdopen"},
    errno.EACCES: {"replace", "rename", "unlink", "mkdir", "open", "rmdir", "link", "chmod"},
    errno.EIO: set(_CALLS),
}


class CrashError(BaseException):
    """The process is gone. No one may catch this and go on."""


@contextmanager
def dying(after: int, *, half: bool = False) -> Iterator[Callable[[], int]]:
    """Let `after` calls that change something succeed, and no more; with `half`, the last write is torn.

    Gives a function that tells how many calls there were.
    """

    def die(name: str, number: int, real: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        if number > after:
            if half and number == after + 1 and name == "write":
                real(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
            raise CrashError

    with _watched(die) as calls:
        yield calls


@contextmanager
def failing(after: int, number: int) -> Iterator[Callable[[], int]]:
    """Let `after` calls that change something succeed, and then answer with an errno, as long as it lasts.

    Gives a function that tells how many calls were answered so.
    """
    failed = 0

    def fail(name: str, count: int, _real: object, _arguments: object) -> None:
        nonlocal failed
        if count > after and name in _MEETS[number] and not (failed and number == errno.EIO):
            failed += 1
            raise OSError(number, os.strerror(number))

    with _watched(fail):
        yield lambda: failed


@contextmanager
def _watched(
    meet: Callable[[str, int, Callable[..., Any], tuple[Any, ...]], None],
) -> Iterator[Callable[[], int]]:
    """Have `meet` look at each call that changes something, before it is made; give their number so far."""
    count = 0

    def watching(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            nonlocal count
            if _changes(name, arguments):
                count += 1
                meet(name, count, real, arguments)
            return real(*arguments, **named)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in _CALLS:
            patch.setattr(os, name, watching(name, getattr(os, name)))
        yield lambda: count


def _changes(name: str, arguments: tuple[Any, ...]) -> bool:
    """Tell whether a call can change anything: not one that opens what is there."""
    if name == "open":
        return bool(arguments[1] & os.O_CREAT)
    if name == "fdopen":
        return len(arguments) > 1 and arguments[1][:1] in "wa"
    return True
