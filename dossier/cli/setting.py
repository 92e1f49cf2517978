"""The global options and what the environment says: what every command is given."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import click

from dossier.cli import terminal
from dossier.errors import UsageError


class Setting:
    """The global options, and what the environment says."""

    def __init__(self, **options: object) -> None:
        self.store = _text(options, "store")
        self.token = _text(options, "token")
        self.passphrase_file = _text(options, "passphrase_file")
        self.passphrase_fd: int | None = options.get("passphrase_fd")  # type: ignore[assignment]
        self.json = bool(options.get("json"))
        self.quiet = bool(options.get("quiet"))
        self.debug = bool(options.get("debug"))
        self.no_input = bool(options.get("no_input"))

    def clock(self) -> datetime:
        """Give this computer's time; DOSSIER_CLOCK_SHIFT (seconds) sets it off, for trials and tests."""
        shift = os.environ.get("DOSSIER_CLOCK_SHIFT", "0")
        try:
            return datetime.now(UTC) + timedelta(seconds=int(shift))
        except (ValueError, OverflowError) as e:
            raise UsageError("bad-clock-shift") from e

    def asking(self) -> bool:
        """Tell whether the user may be asked anything."""
        return not self.no_input and terminal.present()


def _text(options: dict[str, object], name: str) -> str | None:
    """Give an option's text; an empty one, of a variable that was never set, is no wish for the default."""
    value = options.get(name)
    if value == "":
        raise UsageError("missing-option", option="--" + name.replace("_", "-"))
    return None if value is None else str(value)


pass_setting: Callable[..., Callable[..., None]] = click.make_pass_decorator(Setting)
