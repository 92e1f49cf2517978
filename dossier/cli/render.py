"""Answers: words or JSON on stdout, everything else on stderr."""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import click

from dossier.cli.words import _
from dossier.model import write_time


def answer(setting: Any, schema: str, data: dict[str, Any], words: Callable[[], Iterable[str]]) -> None:
    """Give the answer: one JSON object, or lines for people (none when --quiet)."""
    if setting.json:
        click.echo(json.dumps({"schema": f"dossier/{schema}/1", **data}, ensure_ascii=False, default=_plain))
        return
    if not setting.quiet:
        for line in words():
            click.echo(safe(line))


def _plain(value: Any) -> Any:
    """Write what JSON does not know: moments and tuples' kin."""
    if isinstance(value, datetime):
        return write_time(value)
    raise TypeError(type(value).__name__)


def note(setting: Any, text: str) -> None:
    """Say something beside the answer, on stderr."""
    if not setting.quiet and not setting.json:
        click.echo(safe(text), err=True)


def safe(text: str) -> str:
    """Leave out what could steer a terminal: control characters but for tab and line feed."""
    return "".join(c if c in "\n\t" or c.isprintable() else "\ufffd" for c in text)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lay rows out in columns that fit the terminal; else a block of labels and values each."""
    cells = [[_(name) for name in head], *[[str(cell) for cell in row] for row in rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    if sum(widths) + 2 * len(widths) <= _width():
        for row in cells:
            yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        return
    for row in cells[1:]:
        for name, cell in zip(cells[0], row, strict=True):
            yield f"{name}: {cell}"
        yield ""


def _width() -> int:
    if not sys.stdout.isatty():
        return 200
    import shutil  # noqa: PLC0415 (no other command waits for its import)

    return shutil.get_terminal_size((100, 24)).columns


def mark(kind: str) -> str:
    """Give the word that says how it is (GOED, LET OP, FOUT); colour only strengthens it."""
    word, colour = {
        "good": (_("GOOD"), "green"),
        "care": (_("CARE"), "yellow"),
        "wrong": (_("WRONG"), "red"),
    }[kind]
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not sys.stdout.isatty()
    return word if plain else click.style(word, fg=colour, bold=True)


def day(at: datetime) -> str:
    """Write a moment for people, in this computer's time zone."""
    return at.astimezone().strftime("%d-%m-%Y %H:%M")


@contextmanager
def progress(setting: Any, text: str) -> Iterator[Callable[[int], None] | None]:
    """Show a count on stderr while something long goes on, on a terminal only."""
    if setting.json or setting.quiet or not sys.stderr.isatty():
        yield None
        return
    click.echo(f"{text} ...", err=True, nl=False)

    def tick(done: int) -> None:
        if done % 256 == 0:
            click.echo(f"\r{text} {done}", err=True, nl=False)

    try:
        yield tick
    finally:
        click.echo("\r\x1b[K", err=True, nl=False)
