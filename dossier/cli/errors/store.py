"""Words for a store or log that cannot be reached or written, and for clocks (exit 9)."""

from dossier.cli.words import N_

_NOTHING = N_("Nothing was opened. Try again later; if it stays, tell a beheerder.")
_BEHEERDER = N_("Nothing was opened or written. Tell a beheerder.")
_NO_PLACE = N_("No store can be kept there. Name another place with --store.")
_CLOCK = N_("Nothing was opened. Set the clock of this computer right, or tell a beheerder.")

STORE: dict[str, tuple[str, str, str]] = {
    "unreachable": (
        N_("The store cannot be reached{where}."),
        N_("The folder, the disk or the network does not answer."),
        _NOTHING,
    ),
    "no-store": (
        N_("There is no store in that place{where}."),
        N_("The place is wrong, or a network share is not connected."),
        N_("Look whether --store names the right place, and whether the share is there."),
    ),
    "newer-store": (
        N_("A newer version of the program made this store."),
        N_("It has format {version}, which this version does not know."),
        N_("Nothing was opened. Have the program renewed."),
    ),
    "busy": (
        N_("Someone else is using the store."),
        N_("It did not come free within {seconds} seconds."),
        N_("Nothing was opened or written. Try again in a moment."),
    ),
    "disk-full": (
        N_("There is no room left in the store{where}."),
        N_("The disk is full, or you have reached your share of it."),
        _BEHEERDER,
    ),
    "read-only": (
        N_("You may not write in that place{where}."),
        N_("The folder or the disk is closed to you. Each deed must be written down first."),
        _BEHEERDER,
    ),
    "file-unwritable": (
        N_("That file cannot be written."),
        N_("Its folder is not there, is full, or is closed to you."),
        N_("Name another place. What was opened for it stands in the log."),
    ),
    "editor-failed": (
        N_("The editor ended with an error; nothing was written."),
        N_("What you typed is gone, and nothing of it is on this computer."),
        N_("See whether the editor works by itself, then run the command again."),
    ),
    # What a folder must be able to do.
    "no-locks": (
        N_("That place cannot lock files{where}."),
        N_("Without locks two people could write at once and spoil each other's work."),
        _NO_PLACE,
    ),
    "no-replace": (
        N_("That place cannot replace a file in one step."),
        N_("When a computer stops halfway, half a file could be left."),
        _NO_PLACE,
    ),
    "no-sync": (
        N_("That place does not say when something is really on the disk."),
        N_("When the power fails, what was written could be gone."),
        _NO_PLACE,
    ),
    # The log: what cannot be written down is not done.
    "log-gone": (
        N_("The log is not there{where}."),
        N_("Its file is gone, or a network share is not connected."),
        _NOTHING,
    ),
    "log-unreadable": (
        N_("The log cannot be read{where}."),
        N_("The disk or the network does not answer, or the file is closed to you."),
        _NOTHING,
    ),
    "log-unwritable": (
        N_("The log cannot be written{where}."),
        N_("What cannot be written down is not done either."),
        _BEHEERDER,
    ),
    "log-replaced": (
        N_("Someone put another file in the place of the log."),
        N_("So what was written there would be seen by nobody."),
        _BEHEERDER,
    ),
    # Clocks.
    "server-clock": (
        N_("The clocks of this computer and of the file server differ by {seconds} seconds."),
        N_("The log needs the right time; more than 5 minutes apart is too much."),
        _CLOCK,
    ),
    "clock-behind": (
        N_("The clock of this computer is behind: it says {now}."),
        N_("The last entry of the log is of {last}."),
        _CLOCK,
    ),
    "clock-ahead": (
        N_("The clock of this computer may be ahead: it says {now}."),
        N_("The last entry of the log is of {last}, longer ago than expected."),
        N_("Nothing was opened. If the date is right, run it in a terminal and say so."),
    ),
}
