"""Questions on the terminal device itself: never on stdin, which may be content."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from dossier.cli.words import _
from dossier.errors import CancelledError, UsageError


@contextmanager
def _device() -> Iterator[tuple[TextIO, TextIO]]:
    """Open the terminal for questions and answers. Raises UsageError("no-terminal") when there is none."""
    names = ("CONIN$", "CONOUT$") if os.name == "nt" else ("/dev/tty", "/dev/tty")
    try:
        with open(names[0], encoding="utf-8") as keys, open(names[1], "w", encoding="utf-8") as screen:  # noqa: PTH123
            yield keys, screen
    except OSError as e:
        raise UsageError("no-terminal") from e


def ask(question: str, *, hidden: bool = False) -> str:
    """Ask one line, without showing it where it is hidden."""
    with _device() as (keys, screen):
        screen.write(question + " ")
        screen.flush()
        line = _hidden(keys, screen) if hidden else keys.readline()
    if not line:
        raise CancelledError
    return line.rstrip("\r\n")


def tell(text: str) -> None:
    """Show something on the terminal only, never on stdout."""
    with _device() as (_keys, screen):
        screen.write(text + "\n")


def confirm(question: str) -> bool:
    """Ask a question whose answer is yes or no; anything but yes is no."""
    return ask(f"{question} {_('[y/n]')}").strip().lower() in ("j", "ja", "y", "yes")


def present() -> bool:
    """Tell whether there is a terminal to ask on."""
    with suppress(UsageError), _device():
        return True
    return False


def _hidden(keys: TextIO, screen: TextIO) -> str:
    """Read a line that is not echoed."""
    if sys.platform == "win32":
        import getpass  # noqa: PLC0415 (there it reads the console itself)

        return getpass.getpass("") + "\n"
    import termios  # noqa: PLC0415 (only where there are terminals of this kind)

    fd = keys.fileno()
    before = termios.tcgetattr(fd)
    silent = before[:]
    silent[3] &= ~termios.ECHO
    try:
        termios.tcsetattr(fd, termios.TCSAFLUSH, silent)
        return keys.readline()
    finally:
        termios.tcsetattr(fd, termios.TCSAFLUSH, before)
        screen.write("\n")
