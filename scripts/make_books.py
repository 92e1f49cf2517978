"""Write the corpus of bad books, tests/vectors/books: each as the lie of its name in tests/lies tells it.

Everything comes from fixed seeds, so running this again writes the same bytes.
"""

import sys
from pathlib import Path

TESTS = Path(__file__).parent.parent / "tests"
sys.path.insert(0, str(TESTS))

from lies import LIES, write  # noqa: E402 (the path comes first)


def main() -> None:
    """Write every file, and drop those of lies that are no longer told."""
    folder = TESTS / "vectors" / "books"
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.json"):
        if path.stem not in LIES:
            path.unlink()
    for told in LIES.values():
        (folder / f"{told.name}.json").write_text(write(told), encoding="utf-8")
    print(f"{len(LIES)} books in {folder}")


if __name__ == "__main__":
    main()
