"""Words for what was altered, moved, cut short, rolled back or forged: what, and where (exit 8)."""

from dossier.cli.words import N_

_STOP = N_("Nothing was shown. Stop, and tell a beheerder: dossier check tells more.")
_LOG = N_("Nothing was shown. Stop, and tell a beheerder and the toezichthouder.")
_JOIN = N_("Nothing was shown. If you know why, begin anew: dossier join --welcome CODE")
_PROGRAM = N_("Nothing was shown. Have the program renewed; if it stays, tell a beheerder.")

INTEGRITY: dict[str, tuple[str, str, str]] = {
    "integrity": (
        N_("The store is not what it should be ({code}){where}."),
        N_("Something was altered, moved, cut short, put back or forged."),
        _STOP,
    ),
    "log-longer": (
        N_("The log goes on where it should end{where}."),
        N_("Something was put behind its last whole entry."),
        _LOG,
    ),
    "log-findings": (
        N_("The log is not as it should be: {count} finding(s)."),
        N_("They stand above, each with its entry and its book."),
        N_("Stop working in this store, and tell a beheerder and the toezichthouder."),
    ),
    "check-findings": (
        N_("The store is not as it should be: {count} finding(s)."),
        N_("They stand above, each with its book."),
        N_("Tell a beheerder; to look at the log more closely: dossier log verify"),
    ),
    # The store's files.
    "store-format": (
        N_("The sign on this store is not right."),
        N_("The file dossier.json was altered or damaged."),
        _STOP,
    ),
    "file-too-large": (
        N_("A file of the store is too large{where}."),
        N_("It has {size} bytes, more than this program ever writes there."),
        _STOP,
    ),
    "file-short": (N_("A file of the store is too short{where}."), N_("Its end was cut off or lost."), _STOP),
    "book-altered": (
        N_("A book was altered{where}."),
        N_("Its file is not as this program writes it: changed, damaged, or of others."),
        _STOP,
    ),
    "book-broken": (
        N_("A book does not hang together{where}."),
        N_("Each entry names the one before it; there that chain is broken."),
        _STOP,
    ),
    "book-behind": (
        N_("A book has gone back in time{where}."),
        N_("The log has an entry that the book lacks: an older file was put back."),
        _STOP,
    ),
    "object-missing": (
        N_("A sealed key is missing{where}."),
        N_("A book names it, and it is not there: its file was altered or damaged."),
        _STOP,
    ),
    "object-altered": (
        N_("A sealed key was altered{where}."),
        N_("It is not what its digest names."),
        _STOP,
    ),
    "content-missing": (
        N_("A content is missing{where}."),
        N_("A book names it, and the file is not there."),
        _STOP,
    ),
    "content-altered": (
        N_("A content was altered{where}."),
        N_("It is not what its writer signed: changed, moved or cut short."),
        _STOP,
    ),
    "part-altered": (
        N_("The key of a version was altered{where}."),
        N_("It does not open as its writer sealed it."),
        _STOP,
    ),
    "section-box-altered": (
        N_("The team's key of a section was altered{where}."),
        N_("It does not open, or another key was put in its place."),
        _STOP,
    ),
    "gate-box-altered": (
        N_("Your box of the gate key was altered{where}."),
        N_("It does not open, or another key was put in its place."),
        _STOP,
    ),
    "coordination-box-altered": (
        N_("Your box of the team's key was altered{where}."),
        N_("It does not open, or another key was put in its place."),
        _STOP,
    ),
    # The log.
    "log-short": (
        N_("The log is shorter than it was{where}."),
        N_("Entries that were seen before are gone: it was cut off or put back."),
        _LOG,
    ),
    "log-altered": (
        N_("The log was altered{where}."),
        N_("What stands there is not what was seen and signed before."),
        _LOG,
    ),
    "log-behind-copy": (
        N_("The log has gone back in time{where}."),
        N_("A book has an entry that the log lacks: the log was cut off or put back."),
        _LOG,
    ),
    "bad-entry": (
        N_("An entry of the log cannot be read{where}."),
        N_("It was altered or damaged, or never made by this program."),
        _LOG,
    ),
    "entry-too-large": (
        N_("An entry of the log is too large{where}."),
        N_("This program never writes one so large."),
        _LOG,
    ),
    "unknown-statement": (
        N_("An entry says something that this version does not know{where}."),
        N_("A newer version of the program wrote it, or someone made it up."),
        _PROGRAM,
    ),
    "entry-forged": (
        N_("An entry of the log is forged{where}."),
        N_("The one whom it names did not sign it."),
        _LOG,
    ),
    "entry-altered": (
        N_("An entry of the log was altered{where}."),
        N_("It is not the entry over which the log was signed."),
        _LOG,
    ),
    "entry-out-of-place": (
        N_("An entry of the log is not in its place{where}."),
        N_("It was made for another place, or for another store."),
        _LOG,
    ),
    "entry-time": (
        N_("An entry of the log has a time that cannot be{where}."),
        N_("It is before the entry above it, or far from when it was asked."),
        _LOG,
    ),
    "entry-replayed": (
        N_("An entry of the log was used twice{where}."),
        N_("Someone wrote down the same request once more."),
        _LOG,
    ),
    "entry-seen": (
        N_("An entry was made on another log than this one{where}."),
        N_("Its signer saw something else here: entries were taken out or put back."),
        _LOG,
    ),
    "bad-checkpoint": (
        N_("A checkpoint of the log is not right{where}."),
        N_("It was altered, or someone without the log's key made it."),
        _LOG,
    ),
    "bad-note": (
        N_("A signed note of the log is not right{where}."),
        N_("It was altered, or it is no note."),
        _LOG,
    ),
    "bad-proof": (
        N_("The log does not add up{where}."),
        N_("Its hashes do not come to the root that was signed."),
        _LOG,
    ),
    "bad-frontier": (
        N_("What is known of the log does not add up{where}."),
        N_("Its hashes do not come to the size that was seen."),
        _LOG,
    ),
    # This computer's own memory of the store.
    "memory-gone": (
        N_("This computer no longer knows what it saw of the store."),
        N_("Without that it cannot tell whether someone put back an older store."),
        _JOIN,
    ),
    "memory-altered": (
        N_("What this computer remembers of the store was altered."),
        N_("So it cannot tell whether someone put back an older store."),
        _JOIN,
    ),
    # Of the program itself.
    "receipt-not-for-reading": (
        N_("The log's permission is not one to read."),
        N_("The program asked for the wrong thing."),
        _PROGRAM,
    ),
    "receipt-not-for-writing": (
        N_("The log's permission is not one to write."),
        N_("The program asked for the wrong thing."),
        _PROGRAM,
    ),
}
