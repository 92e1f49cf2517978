"""Words for a store or log that cannot be reached or written, for clocks (exit 9), and for backups."""

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
    "unreachable:database": (
        N_("The database did not do what was asked of it."),
        N_("It does not answer, is being stopped, or the connection was lost."),
        _NOTHING,
    ),
    "outcome-unknown": (
        N_("The connection to the database was lost while something was being written."),
        N_("Whether it was written is not known; nothing was opened for it."),
        N_("Look whether it was done, before you do it again."),
    ),
    "unreachable:connecting": (
        N_("The database cannot be reached, or does not let you in."),
        N_("It is down, the place is wrong, or it wants another user or a password."),
        N_("Look whether --store is right. A password goes into ~/.pgpass, never into the place."),
    ),
    "schema-old": (
        N_("The tables in the database are of an older version of the program."),
        N_("They are of version {version}; this program works with {expected}."),
        N_("A beheerder runs: dossier store migrate"),
    ),
    "schema-new": (
        N_("The tables in the database are of a newer version of the program."),
        N_("They are of version {version}; this program knows no further than {expected}."),
        N_("Nothing was opened. Have the program renewed."),
    ),
    "store-unfinished": (
        N_("The store in that place is not whole yet."),
        N_("Someone is copying it there, or that was broken off."),
        N_("Wait until it is done; or run that same copy or restore again: it goes on."),
    ),
    "no-store": (
        N_("There is no store in that place{where}."),
        N_("The place is wrong, a share is not connected, or a restore was cut off."),
        N_("Look whether --store is right and the share is there; or run that restore again."),
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
    # Backups (exit 2, 6, 8 and 11).
    "same-place": (
        N_("The backup and the store are in one place, or one is inside the other."),
        N_("What happens to the one would happen to the other."),
        N_("Name a folder elsewhere, best on another disk."),
    ),
    "place-taken": (
        N_("Something else stands in that place, or beside it under the name that is needed."),
        N_("It is not only what this program put there, so nothing of it is touched."),
        N_("Name another folder, or move away by hand what stands there."),
    ),
    "backup-of-other": (
        N_("That folder has a backup of another store: {store}."),
        N_("A backup is brought up to date only from the store that it is of."),
        N_("Nothing was changed. Name another folder."),
    ),
    "backup-differs": (
        N_("That backup is not an earlier state of this store."),
        N_("It has entries that the store has not: the store may have gone back in time."),
        N_("Nothing was changed. Find out why first, or name another folder."),
    ),
    "copy-differs": (
        N_("The store was put back in time while it was copied."),
        N_("The copy has entries that the store no longer has."),
        N_("Nothing was changed. Find out why, then run the command again."),
    ),
    "copy-over-other": (
        N_("Another store stands in that place: {store}."),
        N_("A store is copied only to where none is, or over an earlier state of itself."),
        N_("Nothing was changed. Name another place."),
    ),
    "copy-over-further": (
        N_("The store in that place has entries that the one you copy has not."),
        N_("What was done there would be lost."),
        N_("Nothing was changed. Copy the other way, or name another place."),
    ),
    "copy-damaged": (
        N_("No whole copy could be made: {count} finding(s)."),
        N_("They stand above. What was copied is found by nobody as a store."),
        N_("Look at the store that you copied: dossier check --deep"),
    ),
    "backup-damaged": (
        N_("No whole backup could be made: {count} finding(s)."),
        N_("They stand above. What could be copied stands beside; an older backup stayed."),
        N_("Look at the store itself: dossier check --deep"),
    ),
    "backup-altered": (
        N_("That backup is not as it should be: {count} finding(s)."),
        N_("They stand above: something in it was altered or lost. Nothing was put back."),
        N_("Take another backup, or an older one."),
    ),
    "restore-over-other": (
        N_("Another store stands in that place."),
        N_("Its id is {store}; the backup is of another one."),
        N_("Nothing was changed. If it may go: --confirm {store}"),
    ),
    "restore-over-further": (
        N_("The store there has entries that the backup does not have, or cannot be read."),
        N_("What came after the backup would be lost. The store that is there is kept beside."),
        N_("Nothing was changed. If it may go: --confirm {store}"),
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
        N_("The log is at {last} already, from entry {entry} on later than this clock."),
        N_("Set this clock right. If it is right: dossier log correct-clock {entry}"),
    ),
    "clock-ahead": (
        N_("The clock of this computer may be ahead: it says {now}."),
        N_("The last entry of the log is of {last}, longer ago than expected."),
        N_("Nothing was opened. If the date is right, run it in a terminal and say so."),
    ),
}
