"""The root command, and the one place where an error becomes words and an exit code."""

import gc
import json
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any, NoReturn

import click

from dossier import __version__
from dossier.cli import words
from dossier.cli.context import harden
from dossier.cli.params import Command, Group, Option, option
from dossier.cli.render import safe
from dossier.cli.setting import Setting
from dossier.cli.words import N_
from dossier.errors import DossierError
from keys.errors import KeysError

# The noun or verb, and the file of this folder that has it: read only when it is called.
_COMMANDS = {
    "init": "store",
    "join": "store",
    "token": "token",
    "member": "members",
    "approval": "approvals",
    "policy": "policies",
    "purpose": "policies",
    "household": "households",
    "read": "contents",
    "write": "contents",
    "edit": "contents",
    "history": "contents",
    "grant": "grants",
    "who": "who",
    "keys": "rotation",
    "gate": "gates",
    "session": "session",
    "log": "logs",
    "check": "check",
    "backup": "backup",
    "restore": "backup",
    "store": "storecopy",
    "reopen": "reopening",
    "serve": "serve",
    "exit-codes": "exit_codes",
}


class Root(Group):
    """Finds a command in its own file, when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Give the nouns in the order of a day's work."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Read the file that has the command."""
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"dossier.cli.{_COMMANDS[cmd_name]}")
        found: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is named. On a typo one is suggested; click does not see these commands."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as e:
            from difflib import get_close_matches  # noqa: PLC0415 (only on a typo)

            for near in get_close_matches(args[0], _COMMANDS, 1):
                guess = words.say("Did you mean {name}?", name=repr(near))
                raise click.UsageError(f"{e.message} {guess}", ctx) from e
            raise


@click.group(
    cls=Root,
    name="dossier",
    context_settings={"help_option_names": ["--help"], "max_content_width": 100},
    help=N_("An encrypted store for the household dossiers of a social team."),
)
@option("--store", metavar="PLACE", help=N_("Where the store is (or DOSSIER_STORE)."))
@option("--token", metavar="FILE", help=N_("Your token file (or DOSSIER_TOKEN)."))
@option(
    "--passphrase-file", metavar="FILE", help=N_("Read the passphrase from a file that only you can read.")
)
@option(
    "--passphrase-fd", metavar="N", type=int, help=N_("Read the passphrase from an open file descriptor.")
)
@option("--json", is_flag=True, help=N_("Answer with one JSON object, for programs."))
@option(
    "--lang",
    type=click.Choice(words.LANGUAGES),
    help=N_("Dutch or English; left out, as your computer is set."),
)
@option("--quiet", is_flag=True, help=N_("Say nothing, unless something goes wrong."))
@option("--debug", is_flag=True, help=N_("Show where an error in the program itself arose."))
@option("--no-input", is_flag=True, help=N_("Never ask anything; stop and name the missing option."))
@click.version_option(
    __version__,
    "--version",
    prog_name="dossier",
    message="%(prog)s %(version)s",
    cls=Option,
    help=N_("Show the version and exit."),
)
@click.pass_context
def root(ctx: click.Context, /, **options: Any) -> None:
    """Take the global options."""
    ctx.obj = Setting(**options)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the program and leave with its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    words.bind(words.choose_language(arguments, os.environ))
    harden()
    code = run(arguments)
    gc.freeze()  # else all that was loaded is looked through for garbage once more before the end
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run a command; give its exit code. Errors become words here, and nowhere else."""
    as_json, debug = "--json" in arguments, "--debug" in arguments
    try:
        code = root.main(arguments, prog_name="dossier", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as e:
        return _used_wrongly(as_json, e)
    except (DossierError, KeysError) as e:
        data = e.data if isinstance(e, DossierError) else vars(e)
        return _report(as_json, e.exit_code, e.code, *_words_of(e.code, e.exit_code, data))
    except (click.Abort, KeyboardInterrupt):
        return _report(as_json, 130, "interrupted", *_words_of("interrupted", 130, {}))
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except Exception:  # noqa: BLE001 (the last door: nothing of what went wrong may reach the screen)
        if debug:
            import traceback  # noqa: PLC0415 (no other command waits for its import)

            traceback.print_exc()
        return _report(as_json, 1, "error", *_words_of("error", 1, {}))
    return code if isinstance(code, int) else 0


def _used_wrongly(as_json: bool, error: click.ClickException) -> int:  # noqa: FBT001
    """Report what click cannot take; without any arguments, show the help."""
    if not isinstance(error, click.exceptions.NoArgsIsHelpError):
        return _report(as_json, 2, "usage", error.format_message(), _hint(error))
    if as_json:
        return _report(as_json, 2, "usage", words.say("Missing command."))
    click.echo(error.ctx.get_help() if error.ctx else "", err=True)
    return 2


def _words_of(code: str, exit_code: int, data: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the words of an error."""
    from dossier.cli.errors.lookup import words_of  # noqa: PLC0415 (most commands go well, and need none of them)

    return words_of(code, exit_code, data)


def _hint(error: click.ClickException) -> str:
    """Point to the help of the command that was used wrongly."""
    ctx = getattr(error, "ctx", None)
    path = ctx.command_path if ctx is not None else "dossier"
    return words.say("Try: {command} --help", command=path)


def _report(as_json: bool, exit_code: int, reason: str, message: str, *more: str) -> int:  # noqa: FBT001
    """Write an error: one JSON object, or up to three lines."""
    if as_json:
        error = {"schema": "dossier/error/1", "exit": exit_code, "reason": reason, "message": safe(message)}
        click.echo(json.dumps(error, ensure_ascii=False), err=True)
    else:
        for line in (message, *more):
            if line:
                click.echo(safe(line), err=True)
    return exit_code


__all__ = ["Command", "main", "run"]
