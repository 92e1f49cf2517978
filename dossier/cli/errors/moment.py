"""Words for what was right until someone else was first: nothing was written (exit 11)."""

from dossier.cli.words import N_

_AGAIN = N_("Nothing was written. Run the command again.")

MOMENT: dict[str, tuple[str, str, str]] = {
    "conflict": (N_("Something changed in the meantime ({code})."), N_("Someone else was first."), _AGAIN),
    "changed": (
        N_("The section changed in the meantime: its last version is {last}."),
        N_("Someone else wrote first. Nothing of yours was written."),
        N_("Read the last version, put your text into it, and write that."),
    ),
    "version-wrong": (
        N_("The section changed in the meantime."),
        N_("Someone else wrote first. Nothing of yours was written."),
        N_("Read the last version, put your text into it, and write that."),
    ),
    "memory-moved": (
        N_("Another command of yours is further along than this one."),
        N_("Both keep what they saw of the store, and this one fell behind."),
        N_("Nothing was opened or written. Run the command again."),
    ),
    "number-wrong": (
        N_("The policy or the team's key changed in the meantime."),
        N_("Someone else was first, so this no longer follows on it."),
        _AGAIN,
    ),
    "checkpoint-wrong": (
        N_("The log went on in the meantime."),
        N_("What a store was put back to is named as it stands at that moment."),
        _AGAIN,
    ),
    "opened-twice": (
        N_("That household id is in use already."),
        N_("Ids are drawn by chance, and this one was drawn before."),
        _AGAIN,
    ),
    "grant-taken": (
        N_("That grant id is in use already."),
        N_("Ids are drawn by chance, and this one was drawn before."),
        _AGAIN,
    ),
    "sections-wrong": (
        N_("The sections changed in the meantime."),
        N_("The household does not have these sections, or has more."),
        _AGAIN,
    ),
    "generation-wrong": (
        N_("The household's keys were renewed in the meantime."),
        N_("What is written must be under the newest keys."),
        _AGAIN,
    ),
    "epoch-wrong": (
        N_("The store's gate keys were renewed in the meantime."),
        N_("What is written must be under the newest keys."),
        _AGAIN,
    ),
    "holder-missed": (
        N_("Someone was given access in the meantime."),
        N_("The new keys would not have reached them."),
        _AGAIN,
    ),
    "stranger-boxed": (
        N_("Someone's access ended in the meantime."),
        N_("The new keys would have reached them still."),
        _AGAIN,
    ),
    "gate-box-wrong": (
        N_("The store became served in the meantime, or is no longer."),
        N_("Whether a new card gets the gate's key depends on whether the store has a gate."),
        N_("Nothing was changed. Have it asked once more."),
    ),
    "wraps-wrong": (
        N_("A version was written in the meantime."),
        N_("The new keys would not have opened it."),
        _AGAIN,
    ),
}
