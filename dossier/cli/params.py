"""Commands, options and kinds of argument, as all nouns use them; their words are translated when shown."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from dossier import model
from dossier.cli.words import N_, _
from dossier.errors import UsageError
from keys.encoding import read_fingerprint
from keys.errors import BadEncodingError

F = TypeVar("F", bound=Callable[..., Any])

# What click says too, but not in a call that scripts/words can see.
CLICKS_OWN = (N_("[OPTIONS]"), N_("COMMAND [ARGS]..."), N_("required"))


class Command(click.Command):
    """A command whose help is translated when it is shown."""

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the help, translated."""
        if self.help:
            formatter.write_paragraph()
            with formatter.indentation():
                formatter.write_text(_(self.help))

    def get_short_help_str(self, limit: int = 0) -> str:  # noqa: ARG002 (a line goes on below, it is not cut)
        """Give the first sentence, translated."""
        return _(self.help or "").split(". ", maxsplit=1)[0].rstrip(".")

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Give the pieces of the usage line, translated."""
        return [_(piece) for piece in super().collect_usage_pieces(ctx)]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; one that is missing is named as in the usage line."""
        try:
            return super().parse_args(ctx, args)
        except click.MissingParameter as e:
            if isinstance(e.param, click.Argument):
                e.param_hint = f"'{_(e.param.make_metavar(ctx))}'"
            raise


class Group(Command, click.Group):
    """A noun with its verbs."""

    command_class = Command


class Option(click.Option):
    """An option whose help is translated when it is shown."""

    def make_metavar(self, ctx: click.Context) -> str:
        """Give the word that stands for the value, translated."""
        return _(super().make_metavar(ctx))

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Give the option's line of help, translated."""
        plain, self.help = self.help, _(self.help or "")
        try:
            return super().get_help_record(ctx)
        finally:
            self.help = plain


def option(*names: str, **settings: Any) -> Callable[[F], F]:
    """Declare an option."""
    return click.option(*names, cls=Option, **settings)


class Read(click.ParamType[Any]):
    """An argument that one of the model's readers takes."""

    def __init__(self, name: str, read: Callable[[str], Any]) -> None:
        self.name = name
        self._read = read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ARG002
        """Read it. Raises UsageError."""
        return self._read(value)


def role(text: str) -> model.Role:
    """Read a role. Raises UsageError."""
    try:
        return model.Role(text.lower())
    except ValueError as e:
        raise UsageError("bad-role", roles=", ".join(model.Role)) from e


def deed(text: str) -> model.Deed:
    """Read a deed that a grant can name. Raises UsageError."""
    try:
        found = model.Deed(text.lower())
    except ValueError as e:
        raise UsageError("bad-deed") from e
    if found not in model.CONTENT_DEEDS:
        raise UsageError("bad-deed")
    return found


def code(text: str) -> str:
    """Read a reason code; whether the policy has it is for others to say. Raises UsageError."""
    if not model.is_word(text):
        raise UsageError("bad-reason")
    return text


def fingerprint(text: str) -> str:
    """Read a fingerprint as a person types it. Raises UsageError."""
    try:
        return read_fingerprint(text)
    except BadEncodingError as e:
        raise UsageError("bad-fingerprint") from e


HOUSEHOLD = Read("household", model.household_id)
GRANT = Read("grant", model.grant_id)
HANDLE = Read("handle", model.handle)
SECTION = Read("section", model.section_name)
PURPOSE = Read("purpose", model.purpose_id)
REASON = Read("code", code)
FINGERPRINT = Read("fingerprint", fingerprint)


def many(read: Callable[[str], Any]) -> Callable[[click.Context, click.Parameter, Sequence[str]], Any]:
    """Make a callback for an option that is repeated or takes a comma list."""

    def split(_ctx: click.Context, param: click.Parameter, values: Sequence[str]) -> tuple[Any, ...]:
        words = [word for value in values for word in value.split(",") if word]
        if values and not words:
            raise UsageError("missing-option", option=param.opts[0])
        return tuple(dict.fromkeys(read(word) for word in words))

    return split


PURPOSE_HELP = N_("What you need it for, as `dossier purpose list` names it. The log keeps it.")
