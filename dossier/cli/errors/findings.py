"""Words for what a verification or a check found: one line each, and where."""

from dossier.cli.errors.lookup import WORDS, where
from dossier.cli.words import N_, _

# What no command fails on. Any other code of a finding is that of an error, and has its first line.
FINDINGS = {
    "ruling-other-epoch": N_("An entry was ruled on under other gate keys than those in force{where}."),
    "ruling-other-policy": N_("An entry was ruled on by another policy than the one in force{where}."),
    "request-other-org": N_("An entry names another organisation than its member has{where}."),
    "statement-passed-over": N_("A statement was let through that does not follow on its book{where}."),
    "permitted-without-right": N_("Something was permitted without a right{where}."),
    "permitted-by-other-right": N_("Something was permitted by another right than the entry names{where}."),
    "content-unreadable": N_("A sealed content cannot be read from the disk{where}."),
    "tile-altered": N_("A kept part of the log's tree was altered{where}."),
    "rekey-due": N_("New keys are due{where}."),
    "rotation-due": N_("The gate's key must be rotated before anything can be written{where}."),
}
_IDLE = "idle-"  # before the Reason why a statement does not stand
_DETAILS = {"rekey-due": "section"}  # what follows the colon of a code; of all others, a digest


def words_of_finding(code: str, book: str | None = None, index: int | None = None) -> str:
    """Say what was found, and where, in the language chosen. `code` may end in a colon and a detail."""
    plain, _colon, detail = code.partition(":")
    data = {"book": book, "index": index, _DETAILS.get(plain, "digest"): detail or None}
    if plain.startswith(_IDLE):
        line, plain = N_("A statement does not count ({code}){where}."), plain.removeprefix(_IDLE)
    else:
        line = FINDINGS.get(plain) or WORDS.get(plain, WORDS["integrity"])[0]
    return _(line).format(code=plain, where=where(data))
