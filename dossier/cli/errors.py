"""The words of every error: what happened, why, and what can be done now."""

from collections.abc import Mapping
from typing import Any

from dossier.cli.words import N_, _

# By code: what happened, why, what can be done. Placeholders are filled from the error's data.
WORDS: dict[str, tuple[str, str, str]] = {
    "no-access": (
        N_("There is no such household, or you have no right in it."),
        N_("Which of the two is the case, this program does not say to anyone."),
        N_("Check the id. If you need access for your work, ask a coordinator for a grant."),
    ),
    "error": (
        N_("Something went wrong in the program itself."),
        N_("This is a fault of ours, not of yours."),
        N_("Run the command again with --debug and send what it prints to whoever keeps the program."),
    ),
    "interrupted": (N_("Stopped."), "", ""),
}

# By exit code, for a code that has no words of its own.
FALLBACK: dict[int, tuple[str, str, str]] = {
    2: (N_("That cannot be used like this ({code})."), "", N_("Look at --help.")),
    8: (N_("The store is not what it should be ({code})."), "", N_("Nothing was opened.")),
}


def words_of(code: str, exit_code: int, data: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the three lines of an error, in the language chosen."""
    lines = WORDS.get(code) or FALLBACK.get(exit_code) or (N_("That did not work ({code})."), "", "")
    known = _Known(data, code=code)
    return tuple(_(line).format_map(known) for line in lines)


class _Known(dict[str, Any]):
    """The data of an error; what a text names and the error does not have is left out."""

    def __init__(self, data: Mapping[str, Any], **more: Any) -> None:
        super().__init__({**more, **data})

    def __missing__(self, key: str) -> str:
        return "?"
