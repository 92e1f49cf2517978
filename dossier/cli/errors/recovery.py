"""Words for the recovery card and the shares of its custodians. Never a word of a share."""

from dossier.cli.words import N_

_LOOK = N_("Nothing was changed. Compare each word with the paper, and try again.")
_VERIFY = N_("Nothing was changed. Try each share by itself: dossier keys recovery verify")
_SPLIT = N_("Nothing was changed. A coordinator can split a new one: dossier keys recovery split")
_FILE = N_("Put its 33 words in a file that only you can read.")

RECOVERY: dict[str, tuple[str, str, str]] = {
    "share": (N_("A share is not right ({code})."), N_("It does not do what a share does."), _VERIFY),
    "share-wrong": (N_("A share is not right."), N_("It was misread, or it is none."), _LOOK),
    "share-wrong:word": (
        N_("Word {number} of a share cannot be right."),
        N_("It is not on the list that all words of shares come from."),
        _LOOK,
    ),
    "share-wrong:length": (
        N_("A share has 33 words; this one has {number}."),
        N_("Words were left out or written twice, or it is no share of ours."),
        _LOOK,
    ),
    "share-wrong:checksum": (
        N_("A share is not right: its words do not go together."),
        N_("A word was misread, two changed places, or it was altered."),
        _LOOK,
    ),
    "share-wrong:kind": (
        N_("These words are a share, but not one of this program."),
        N_("It is of another kind: of a crypto wallet, perhaps."),
        N_("Nothing was changed. Look for the share that this program showed you."),
    ),
    "share-wrong:apart": (
        N_("The shares do not go together."),
        N_("Each reads well by itself, but one of them was made up or altered."),
        N_("Nothing was changed. Try with the shares of other custodians."),
    ),
    "share-twice": (
        N_("One share was given twice."),
        N_("Each custodian has another one, and each counts once."),
        N_("Nothing was changed. Ask the next custodian for theirs."),
    ),
    "shares-of-other": (
        N_("The shares are not of one set."),
        N_("Someone brought a share of an older splitting, or of another store."),
        _VERIFY,
    ),
    "shares-few": (
        N_("These are {given} shares; {needed} are needed."),
        N_("Fewer than that say nothing about the recovery card."),
        N_("Nothing was changed. Ask another custodian."),
    ),
    "shares-not-here": (
        N_("The shares go together, but not with this store."),
        N_("They are of another store, or of a splitting that was never approved."),
        N_("Nothing was changed. Look whether --store names the right place."),
    ),
    # Why the gate lets no recovery stand.
    "no-recovery": (
        N_("There is no recovery card in force here."),
        N_("None was split, nobody approved it yet, or the shares are of another one."),
        _SPLIT,
    ),
    "recovery-used": (
        N_("The recovery card was used already."),
        N_("It admits one coordinator, once; or the team's key was renewed without it."),
        _SPLIT,
    ),
    "shares-wrong": (
        N_("So many shares cannot be made."),
        N_("There are 2 to 16, and of those 2 or more are needed together."),
        N_("Three of five is a good choice: --threshold 3 --shares 5"),
    ),
    "recovery-superseded": (
        N_("The shares are of an older recovery card."),
        N_("It was split anew since, and only the newest card counts."),
        N_("Nothing was changed. Take the newest shares, and destroy these."),
    ),
    "recovery-outdated": (
        N_("The recovery card counts no more."),
        N_("The team's key was renewed since, and whoever split it is no coordinator now."),
        _SPLIT,
    ),
    "recovery-waits": (
        N_("The shares go together, but their card waits for a second person."),
        N_("Until number {number} is approved, they open nothing."),
        N_("Nothing was changed. Someone approves it: dossier approval give {number}"),
    ),
    "recovery-box-altered": (
        N_("The recovery card does not open what it should."),
        N_("Someone altered what is kept for it, or put something else in its place."),
        N_("Nothing was opened. Stop, and tell a beheerder: dossier check tells more."),
    ),
    "recovery-numbers": (
        N_("So many shares cannot be made."),
        N_("There are {least} to {most}, and of those {least} or more are needed together."),
        N_("Three of five is a good choice: --threshold 3 --shares 5"),
    ),
    "share-file-open": (
        N_("Others can read that share, so it was not used."),
        N_("A share that others can read is no longer its custodian's alone."),
        N_("Give the file mode 0600, and have a new splitting made soon."),
    ),
    "share-file-unreadable": (
        N_("No share could be read there."),
        N_("The file is not there, closed to you, too long, or no text."),
        _FILE,
    ),
    "folder-exists": (
        N_("There is something in that place already."),
        N_("Shares are only put in a new folder, so that none is written over."),
        N_("Name another folder with --out-folder."),
    ),
}
