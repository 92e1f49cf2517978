"""The words of every error: what happened, why, and what can be done now. Read only when there is one."""

from collections.abc import Mapping
from typing import Any

from dossier.cli.errors.integrity import INTEGRITY
from dossier.cli.errors.keys import KEYS
from dossier.cli.errors.moment import MOMENT
from dossier.cli.errors.outcome import OUTCOME
from dossier.cli.errors.policy import POLICY
from dossier.cli.errors.recovery import RECOVERY
from dossier.cli.errors.refused import REFUSED
from dossier.cli.errors.served import SERVED
from dossier.cli.errors.store import STORE
from dossier.cli.errors.use import USE
from dossier.cli.render import day
from dossier.cli.words import N_, _, say
from dossier.model import is_household_id, read_time

Lines = tuple[str, str, str]

# By code, or by `code:which` where the data says which option or why. Placeholders are filled from the data.
WORDS: dict[str, Lines] = {
    **OUTCOME,
    **USE,
    **POLICY,
    **KEYS,
    **RECOVERY,
    **REFUSED,
    **MOMENT,
    **INTEGRITY,
    **STORE,
    **SERVED,
}

# By exit code, for a code that has no words of its own.
FALLBACK: dict[int, Lines] = {
    1: WORDS["dossier"],
    2: WORDS["usage"],
    3: WORDS["cancelled"],
    4: WORDS["locked"],
    5: WORDS["no-access"],
    6: WORDS["refused"],
    7: WORDS["waits"],
    8: WORDS["integrity"],
    9: WORDS["unreachable"],
    10: WORDS["partly"],
    11: WORDS["conflict"],
    130: WORDS["interrupted"],
}

# How each datum is named where an error says where it is, from the whole to the part.
_WHERE = {
    "book": N_("book {book}"),
    "household": N_("household {household}"),
    "section": N_("section {section}"),
    "version": N_("version {version}"),
    "page": N_("page {page}"),
    "index": N_("entry {index}"),
    "digest": N_("object {digest}"),
    "errno": N_("the system says {errno}"),
}
_DIGEST = 12  # characters of a digest that are shown


def words_of(code: str, exit_code: int, data: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the three lines of an error, in the language chosen."""
    which = data.get("why") or data.get("option")
    lines = WORDS.get(f"{code}:{which}") or WORDS.get(code) or FALLBACK.get(exit_code, FALLBACK[1])
    known = _Known({name: _shown(name, value) for name, value in data.items()})
    known |= {"code": code, "where": where(data), "nearest": _nearest(data)}
    return tuple(_(line).format_map(known) for line in lines)


class _Known(dict[str, Any]):
    """The data of an error; what a text names and the error does not have is a question mark."""

    def __missing__(self, key: str) -> str:
        return "?"


def _shown(name: str, value: Any) -> Any:
    """Write a moment for people; a difference between clocks without its sign."""
    if name in ("last", "now", "here", "gate") and isinstance(value, str):
        return day(read_time(value))
    return abs(value) if name == "seconds" else value


def where(data: Mapping[str, Any]) -> str:
    """Say where it is, as far as the error knows: " (book H-7KQ2M9XD, entry 12)", or nothing."""
    parts = []
    for name, label in _WHERE.items():
        value = data.get(name)
        if value is None:
            continue
        if name == "book" and not is_household_id(str(value)):
            parts.append(_("the store's own book"))
        else:
            parts.append(say(label, **{name: str(value)[:_DIGEST] if name == "digest" else value}))
    return f" ({', '.join(parts)})" if parts else ""


def _nearest(data: Mapping[str, Any]) -> str:
    """Suggest the name that was perhaps meant; it is never tried."""
    from difflib import get_close_matches  # noqa: PLC0415 (few errors are about a name)

    for name, known in (("section", "sections"), ("purpose", "purposes")):
        if name in data and known in data:
            for found in get_close_matches(str(data[name]), str(data[known]).split(", "), 1):
                return say("Did you mean {name}?", name=found) + " "
    return ""
