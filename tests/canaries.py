"""Canary words: found in bytes in every encoding in which they might have leaked."""

import base64
import os
from collections.abc import Iterator
from pathlib import Path

# A word of each content, cover and client of `cli_team`, and of what a test writes later.
CANARIES = (
    *("Zwaluwenburg", "Kanarievogel", "Kornoeljestraat", "Wilgenoord", "Pimpelmeesschool"),
    *("Goudhaantjesbank", "Boomklevertje", "Ijsvogelstein", "Roerdompkade", "Sperwerdal", "Nachtegaalsma"),
)
LATER = b"Naar de Sperwerdal-kliniek met mevrouw Nachtegaalsma.\n"


def in_base64(word: bytes) -> Iterator[bytes]:
    """Give what every base64 holds of a word, wherever in a text it stands (three alignments)."""
    for before in range(3):
        text = base64.b64encode(b"\0" * before + word)
        start = -(-before * 8 // 6)
        yield text[start : (before + len(word)) * 8 // 6]


def forms(word: str) -> Iterator[bytes]:
    """Give a word in every encoding in which it might have leaked."""
    for text in {word, word.lower(), word.upper()}:
        for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
            raw = text.encode(encoding)
            yield raw
            yield from in_base64(raw)
            yield raw.hex().encode()
            yield raw.hex().upper().encode()


FORMS = tuple((word, form) for word in CANARIES for form in forms(word))


def leaks(data: bytes) -> set[str]:
    """Name the canaries that some bytes hold."""
    return {word for word, form in FORMS if form in data}


def files(*roots: Path) -> Iterator[Path]:
    """Name every file below some folders, links not followed."""
    for root in roots:
        for folder, _, names in os.walk(root):
            yield from (Path(folder) / name for name in names)


def leaking_files(*roots: Path) -> dict[str, set[str]]:
    """Name the files that hold a canary, in their bytes or in their name."""
    found = {str(path): leaks(path.read_bytes()) | leaks(str(path).encode()) for path in files(*roots)}
    return {path: words for path, words in found.items() if words}
