"""dossier exit-codes."""

import click

from dossier.cli.params import Command
from dossier.cli.render import answer, table
from dossier.cli.setting import Setting, pass_setting
from dossier.cli.words import N_, _

CODES = {
    0: N_("done"),
    1: N_("an error of the program itself"),
    2: N_("wrong use"),
    3: N_("cancelled by the user; nothing was done"),
    4: N_("locked: no token, wrong passphrase, card not admitted, suspended"),
    5: N_("not found, or no right in that household at all"),
    6: N_("refused: not for this section, purpose, deed, moment or role"),
    7: N_("waits for someone else's approval"),
    8: N_("integrity: altered, moved, cut short, rolled back, forged"),
    9: N_("the store or its log cannot be reached or written; nothing was opened"),
    10: N_("partly done; run it again for the rest"),
    11: N_("changed in the meantime: nothing was written"),
    130: N_("interrupted"),
}


@click.command(cls=Command, help=N_("List the exit codes and what they mean."))
@pass_setting
def exit_codes(setting: Setting) -> None:
    """List exit codes."""
    rows = [{"code": code, "meaning": _(meaning)} for code, meaning in CODES.items()]
    answer(
        setting,
        "exit-codes",
        {"exit_codes": rows},
        lambda: table(
            (N_("code"), N_("meaning")), [(str(code), _(meaning)) for code, meaning in CODES.items()]
        ),
    )
