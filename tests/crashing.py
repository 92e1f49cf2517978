"""Crash: a process that dies at its n-th call to the operating system, and does nothing more."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

_CALLS = ("write", "fsync", "fdatasync", "replace", "rename", "unlink", "ftruncate", "mkdir", "open", "rmdir")


class CrashError(BaseException):
    """The process is gone. No one may catch this and go on."""


@contextmanager
def dying(after: int, *, half: bool = False) -> Iterator[Callable[[], int]]:
    """Let `after` calls that change something succeed, and no more; with `half`, the last write is torn.

    Gives a function that tells how many calls there were.
    """
    count = 0

    def fatal(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            nonlocal count
            if name == "open" and not arguments[1] & os.O_CREAT:
                return real(*arguments, **named)
            count += 1
            if count > after:
                if half and count == after + 1 and name == "write":
                    real(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
                raise CrashError
            return real(*arguments, **named)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in _CALLS:
            patch.setattr(os, name, fatal(name, getattr(os, name)))
        yield lambda: count
