"""Offer a passphrase of six random words, and refuse a self-chosen one that others would guess."""

import re
import unicodedata
from functools import cache
from pathlib import Path

from keys.errors import PassphraseRefusedError
from keys.primitives import random_bytes

WORDS = 6  # of 7776: 77.5 bits
SHORTEST = 14  # characters of a self-chosen passphrase
_FOLDER = Path(__file__).with_name("words")
_LISTS = {"nl": "nl.txt", "en": "en.txt"}
_COMMON = "common.txt"
_DRAW = 2**16  # one draw of two bytes; what is above the last whole multiple is drawn again

_LEAST_WORTH = 10  # what is left of a passphrase when everything guessable counts for little
_WORTH_OF_WORD = 2  # a common word or a year inside a longer passphrase, in characters
_FEWEST_DIFFERENT = 5  # characters
_SHORTEST_RUN = 3
_SHORTEST_NAME = 3
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop[]",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "azertyuiop",
    "qsdfghjklm",
    "!@#$%^&*()_+",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p",
)
_RUNS = _ROWS + tuple(row[::-1] for row in _ROWS)
_YEAR = re.compile(r"(19|20)[0-9]{2}")
_LEET = str.maketrans("013457@$!|", "oieastasii")
_PARTICLES = frozenset({"dem", "den", "der", "het", "ten", "ter", "the", "van", "von"})


def offer(language: str) -> str:
    """Draw six words from the list of a language (`nl` or `en`), each as likely as any other."""
    words = _read(_LISTS[language])
    return " ".join(words[_draw(len(words))] for _ in range(WORDS))


def check_chosen(passphrase: str, handle: str, person: str) -> None:
    """Refuse a self-chosen passphrase that is too short, too common, or holds the member's name.

    Raises:
        PassphraseRefusedError: saying `short`, `name` or `common`.
    """
    plain = unicodedata.normalize("NFC", passphrase)
    if len(plain) < SHORTEST:
        raise PassphraseRefusedError("short")
    folded = _fold(plain)
    if any(name in folded for name in _names(handle, person)):
        raise PassphraseRefusedError("name")
    if len(set(folded)) < _FEWEST_DIFFERENT:
        raise PassphraseRefusedError("common")
    for form in (folded, folded.translate(_LEET)):
        repeats = _unit(form) != form and len(_unit(form)) < SHORTEST
        if repeats or _is_listed(form) or _worth(form) < _LEAST_WORTH:
            raise PassphraseRefusedError("common")


def _draw(count: int) -> int:
    """Draw a number below `count` without bias."""
    while True:
        number = int.from_bytes(random_bytes(2), "big")
        if number < _DRAW - _DRAW % count:
            return number % count


@cache
def _read(name: str) -> tuple[str, ...]:
    """Read a word list when it is first asked for."""
    return tuple((_FOLDER / name).read_text("ascii").split())


def _fold(text: str) -> str:
    """Drop case and accents."""
    wide = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in wide if not unicodedata.combining(c))


def _names(handle: str, person: str) -> set[str]:
    """List the handle, and its parts and the name's that have three letters or more and are no particle."""
    parts = re.findall(r"[^\W\d_]+", f"{_fold(handle)} {_fold(person)}")
    return {part for part in (_fold(handle), *parts) if len(part) >= _SHORTEST_NAME} - _PARTICLES


def _is_listed(form: str) -> bool:
    """Tell whether it is on the list, as it stands or without what is no letter at its ends or anywhere."""
    listed = _read(_COMMON)
    return any(re.sub(drop, "", form) in listed for drop in ("", r"^[^a-z]+|[^a-z]+$", r"[^a-z]"))


def _unit(form: str) -> str:
    """Give the part that a text is a repetition of, the last time perhaps cut short; else the text."""
    for size in range(1, len(form) // 2 + 1):
        if all(c == form[i % size] for i, c in enumerate(form)):
            return form[:size]
    return form


def _worth(form: str) -> int:
    """Count characters, a common word or a year as two, a run on the keyboard or of one character as one."""
    worth = at = 0
    while at < len(form):
        word = max((len(w) for w in _read(_COMMON) if form.startswith(w, at)), default=0)
        word = max(word, 4 if _YEAR.match(form, at) else 0)
        run = _run(form, at)
        at += max(word, run, 1)
        worth += _WORTH_OF_WORD if word > run else 1
    return worth


def _run(form: str, at: int) -> int:
    """Tell how far a run of three or more reaches: along a row of keys, the alphabet, or one character."""
    longest = 0
    for size in range(_SHORTEST_RUN, len(form) - at + 1):
        piece = form[at : at + size]
        if len(set(piece)) > 1 and not any(piece in row for row in _RUNS):
            break
        longest = size
    return longest
