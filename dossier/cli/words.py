"""Words: every text for people goes through here, in Dutch or English, click's own included."""

import gettext as _gettext
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

DOMAIN = "dossier"
LANGUAGES = ("nl", "en")
_LOCALE = Path(__file__).with_name("locale")


def N_(text: str) -> str:  # noqa: N802 (gettext's own name for "to be translated later")
    """Mark a text that is translated where it is shown."""
    return text


def _(text: str) -> str:
    """Translate a text into the language chosen."""
    return _gettext.gettext(text) if text else ""


def say(text: str, **data: Any) -> str:
    """Translate a text, and fill in its data."""
    return _(text).format(**data)


def choose_language(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """Choose a language from --lang, else the locale: Dutch for nl, else English."""
    for place, argument in enumerate(arguments):
        if argument == "--lang" and place + 1 < len(arguments):
            chosen = arguments[place + 1]
        elif argument.startswith("--lang="):
            chosen = argument.removeprefix("--lang=")
        else:
            continue
        if chosen in LANGUAGES:
            return chosen
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environment.get(name):
            return "nl" if environment[name].lower().startswith("nl") else "en"
    return "en"


def bind(language: str) -> None:
    """Make every gettext look-up of this process, click's too, go to our catalogue in this language."""
    os.environ["LANGUAGE"] = language
    _gettext.bindtextdomain(DOMAIN, str(_LOCALE))
    _gettext.textdomain(DOMAIN)


def language() -> str:
    """Give the language that `bind` chose."""
    return os.environ.get("LANGUAGE", "en")
