"""Shares at the screen, one custodian at a time, and in files: never in argv, the environment or JSON."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from dossier.actions.recovery import HandOut
from dossier.cli import terminal
from dossier.cli.setting import Setting
from dossier.cli.words import _, say
from dossier.errors import CancelledError, UnreachableError, UsageError
from keys import private
from keys.errors import WrongShareError
from keys.recovery import Share, check

_LARGEST = 4096  # bytes of a file with a share
_IN_A_ROW = 3  # words at the screen
# A terminal keeps nothing of its alternate screen (xterm, "The Alternate Screen Buffer"), and it is cleared.
_ANOTHER_SCREEN, _OWN_SCREEN = "\x1b[?1049h\x1b[2J\x1b[H", "\x1b[2J\x1b[H\x1b[?1049l"


def to_screen(threshold: int) -> HandOut:
    """Show shares one at a time, each to its custodian, on a screen that is cleared after each."""

    def show(shares: Sequence[str]) -> None:
        for number, words in enumerate(shares, 1):
            which = {"number": number, "shares": len(shares), "threshold": threshold}
            before = say(
                "Share {number} of {shares}: only its custodian looks now. Press Enter to see it.", **which
            )
            terminal.ask(before)
            with _cleared():
                _show(words, which)

    return show


def _show(words: str, which: dict[str, int]) -> None:
    """Show one share, until its custodian has written it down."""
    head = say(
        "Share {number} of {shares}, set {set}. Any {threshold} together admit a coordinator.",
        set=check(words).set,
        **which,
    )
    for line in (head, "", *_rows(words.split()), ""):
        terminal.tell(line)
    terminal.ask(_("Written down, and compared word by word? It is shown once. Press Enter."))


@contextmanager
def _cleared() -> Iterator[None]:
    """Use a screen of which nothing stays, however this ends."""
    terminal.tell(_ANOTHER_SCREEN)
    try:
        yield
    finally:
        terminal.tell(_OWN_SCREEN)


def _rows(words: Sequence[str]) -> Iterator[str]:
    """Lay words out with their numbers, from left to right."""
    cells = [f"{number:2} {word}" for number, word in enumerate(words, 1)]
    for start in range(0, len(cells), _IN_A_ROW):
        yield "".join(cell.ljust(16) for cell in cells[start : start + _IN_A_ROW]).rstrip()


def to_folder(folder: Path) -> HandOut:
    """Write shares in a new folder, each in a file that only its maker can read."""
    if os.path.lexists(folder):
        raise UsageError("folder-exists")

    def write(shares: Sequence[str]) -> None:
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError as e:
            raise UsageError("folder-exists") from e
        except OSError as e:
            raise UnreachableError("file-unwritable") from e
        _fill(folder, shares)

    return write


def _fill(folder: Path, shares: Sequence[str]) -> None:
    """Write a file for each share: all of them, or none."""
    made: list[Path] = []
    try:
        for number, words in enumerate(shares, 1):
            path = folder / f"share-{number}-of-{len(shares)}.txt"
            made.append(path)
            private.create(path, words.encode("ascii") + b"\n")
    except OSError as e:  # their card is not stated yet, so they are of no use
        with suppress(OSError):
            for path in made:
                path.unlink(missing_ok=True)
            folder.rmdir()
        raise UnreachableError("file-unwritable") from e


def given(setting: Setting, files: Sequence[Path], needed: int | None = None) -> list[str]:
    """Give shares from files, else asked on the terminal: as many as are needed, or as there are.

    Raises:
        UsageError: when a file cannot be used, or nothing may be asked.
    """
    if files:
        return [_read(path) for path in files]
    if setting.no_input:
        raise UsageError("missing-option", option="--share-file")
    return _ask(needed)


def _read(path: Path) -> str:
    """Read a share from a file that nobody else can read."""
    try:
        found = private.read(path, _LARGEST)
        text = None if found is None else found[0].decode("utf-8")
    except (OSError, UnicodeDecodeError) as e:
        raise UsageError("share-file-unreadable") from e
    if found is None or not text:
        raise UsageError("share-file-unreadable")
    if found[1]:
        raise UsageError("share-file-open")
    return text


def _ask(needed: int | None) -> list[str]:
    """Ask one custodian after the other, without showing what they type; each share is checked at once."""
    from dossier.cli.errors.lookup import words_of  # noqa: PLC0415 (most commands go well, and need none of them)

    good: list[str] = []
    wrong: list[str] = []  # the last one typed, where it cannot be right
    while needed is None or len(good) < needed:
        words = terminal.ask(_question(len(good), needed), hidden=True)
        if not words.strip():
            if needed is None:
                return good + wrong
            raise CancelledError
        try:
            share = check(words)
        except WrongShareError as e:
            wrong = [words]
            for line in words_of(e.code, e.exit_code, vars(e)):
                terminal.tell(line)
        else:
            good, wrong = [*good, words], []
            terminal.tell(reads_well(share))
    return good


def reads_well(share: Share) -> str:
    """Say what a good share says of itself."""
    return say("Share {number} of set {set} reads well. It takes {threshold} together.", **share._asdict())


def _question(count: int, needed: int | None) -> str:
    if needed is None:
        return _("The 33 words of the next share, which are not shown (or only Enter, to stop):")
    return say(
        "The 33 words of share {number} of {needed}, which are not shown:", number=count + 1, needed=needed
    )
