"""Words for what was stopped, not wanted, waits or is done in part, and for our own faults (1, 3, 7, 10)."""

from dossier.cli.words import N_

_AGAIN = N_("Run the command again when you mean it.")
_LEFT = N_("Run the command for one of those to see why; what is done stays done.")
_UNROTATED = N_("It is approved, but the rotation that follows was not finished.")
_UNWRITTEN = N_("Until the gate's key is rotated, nothing can be written.")
_ROTATE = N_("See `dossier keys status`; if it is due, as a beheerder: dossier keys rotate")

OUTCOME: dict[str, tuple[str, str, str]] = {
    "dossier": (
        N_("Something went wrong ({code})."),
        N_("The program has no better words for it."),
        N_("Tell whoever keeps the program, with the words between the brackets."),
    ),
    "error": (
        N_("Something went wrong in the program itself."),
        N_("That is a fault of ours, not of yours."),
        N_("Run it again with --debug, and send what it prints to whoever keeps it."),
    ),
    "interrupted": (
        N_("Stopped, as you asked."),
        N_("What was finished stays; what was not finished changed nothing."),
        N_("Run the command again to go on."),
    ),
    "cancelled": (N_("Nothing was done."), N_("You did not say yes."), _AGAIN),
    "passphrases-differ": (
        N_("Nothing was changed."),
        N_("The two passphrases are not the same."),
        N_("Run the command again, and type it twice with care."),
    ),
    "waits": (
        N_("This waits for a second person, under number {number}."),
        N_("Nobody may do this alone."),
        N_("Ask a colleague to judge it within 7 days: dossier approval give {number}"),
    ),
    "partly-rekeyed": (
        N_("{left} household(s) do not have new keys yet."),
        N_("Each time something else was written there while the keys were made."),
        N_("Run the command again: it goes on with what is left."),
    ),
    "rotation-left": (
        _UNROTATED,
        N_("The gate that left has the gate's key in force still."),
        _ROTATE,
    ),
    "rotation-left:awaited": (
        _UNROTATED,
        _UNWRITTEN,
        _ROTATE,
    ),
    "rotation-left:embedded": (
        _UNROTATED,
        _UNWRITTEN,
        N_("As a beheerder, with the store's own place as --store: dossier keys rotate"),
    ),
    "partly-left": (
        N_("{handle} has left, and what they could open is not closed yet."),
        N_("For that sections need new keys, which only a coordinator makes."),
        N_("A coordinator goes on with the same: dossier member leave {handle} --reason CODE"),
    ),
    "partly": (N_("Some of it is done, not all."), N_("Something went wrong with the rest."), _LEFT),
    "assign-partly": (
        N_("Some households have the new regisseur; not these: {left}."),
        N_("Something went wrong with those."),
        _LEFT,
    ),
    "grants-partly": (
        N_("Some grants are given; not in these households: {left}."),
        N_("Something went wrong with those."),
        _LEFT,
    ),
}
