"""Words for wrong use: an option, id, name, file or place that cannot be (exit 2)."""

from dossier.cli.words import N_

_SEE_POLICY = N_("Look at `dossier policy show`: it names them.")
_PASSPHRASE = N_("Take a longer and stranger one, or the six words that are offered.")

USE: dict[str, tuple[str, str, str]] = {
    "nobody-rotates": (
        N_("No beheerder is among those who are still members."),
        N_("After this only a beheerder can go on, and none can be admitted before that."),
        N_("Name a beheerder too: --member HANDLE."),
    ),
    "card-other-handle": (
        N_("That card is of {handle}, and not of the member whom you named."),
        N_("A member's next card has the same handle."),
        N_("Name {handle}, or ask for the right card."),
    ),
    "bad-saw": (
        N_("That is not what a second person's program says that it saw."),
        N_("It is one word: a size, a root and households, with colons between."),
        N_("Copy it whole from what approval give said, or leave --saw out."),
    ),
    "usage": (
        N_("That cannot be used like this ({code})."),
        N_("Something in the command does not go together."),
        N_("Look at the command's --help."),
    ),
    "missing-option": (
        N_("{option} is missing."),
        N_("The command cannot go on without it, and nothing can be asked here."),
        N_("Give it; --help says what it takes."),
    ),
    "missing-option:--store": (
        N_("No store is named."),
        N_("There is no --store, no DOSSIER_STORE, and you have no default yet."),
        N_("Name its place with --store, or make first contact: dossier join"),
    ),
    "missing-option:--token": (
        N_("No token is named."),
        N_("There is no --token, no DOSSIER_TOKEN, and you have no default yet."),
        N_("Name the file with --token; if you have none: dossier token new"),
    ),
    "bad-household-id": (
        N_("That is not the id of a household."),
        N_("An id is H- and 8 characters without I, L, O or U, such as H-7KQ2M9XD."),
        N_("Look it up: dossier household list"),
    ),
    "bad-grant-id": (
        N_("That is not the id of a grant."),
        N_("An id is G- and 8 characters without I, L, O or U, such as G-3F8V0001."),
        N_("Look it up: dossier grant list"),
    ),
    "bad-handle": (
        N_("That is not a handle."),
        N_("A handle has lower case letters, digits and single dashes, 32 at most."),
        N_("Look it up (dossier member list), or choose another for yourself."),
    ),
    "bad-section": (
        N_("That is not the name of a section."),
        N_("A name has lower case letters, digits and single dashes, such as plan."),
        _SEE_POLICY,
    ),
    "bad-purpose": (
        N_("That is not the name of a purpose."),
        N_("A name has lower case letters, digits and single dashes, such as nazorg."),
        N_("Look it up: dossier purpose list"),
    ),
    "bad-reason": (
        N_("That is not a reason code."),
        N_("A reason is a code from the policy, such as verlof; never words of your own."),
        _SEE_POLICY,
    ),
    "bad-role": (N_("There is no such role."), N_("The roles are: {roles}."), N_("Name one of these.")),
    "bad-deed": (
        N_("A grant cannot give that."),
        N_("It lets someone read, write, or both."),
        N_("Use --deed read, --deed write or --deed read,write."),
    ),
    "bad-fingerprint": (
        N_("That is not a fingerprint or welcome code."),
        N_("It has 25 letters and digits in five groups, such as 7KQ2M-..."),
        N_("Read it once more, group by group."),
    ),
    "bad-date": (
        N_("That is not a date."),
        N_("A date is a day such as 2027-01-31, or a length: 14d, 3m or 1y."),
        N_("Give the last day that you mean; that day counts in full."),
    ),
    "bad-person": (
        N_("That name or organisation cannot go on a card."),
        N_("It is empty, too long, begins or ends with a space, or cannot be printed."),
        N_("Write it on one line, as colleagues know it."),
    ),
    "bad-digest": (
        N_("That is not a digest."),
        N_("A digest has 64 digits and letters from a to f."),
        N_("Copy it whole."),
    ),
    "bad-store-id": (
        N_("That is not the id of a store."),
        N_("An id has 32 digits and letters from a to f."),
        N_("Copy it whole."),
    ),
    "bad-cost": (
        N_("DOSSIER_COST names no cost that a token can have."),
        N_("It can be: standard or strong."),
        N_("Take it out of the environment, or set it to one of these."),
    ),
    "bad-clock-shift": (
        N_("DOSSIER_CLOCK_SHIFT is not a number of seconds."),
        N_("It sets the clock off, for trials and tests only."),
        N_("Take it out of the environment."),
    ),
    "bad-config": (
        N_("Your defaults cannot be read."),
        N_("The file config.json in your own dossier folder is damaged or closed to you."),
        N_("Name --store and --token yourself, or make contact anew: dossier join"),
    ),
    "passphrase-same": (
        N_("The token has that passphrase already."),
        N_("Nothing was changed."),
        N_("Choose another one."),
    ),
    "passphrase-refused": (
        N_("That passphrase is not good enough."),
        N_("Whoever has your token file could guess it."),
        _PASSPHRASE,
    ),
    "passphrase-refused:short": (
        N_("That passphrase is too short."),
        N_("One of your own has 14 characters at least: fewer can be guessed."),
        _PASSPHRASE,
    ),
    "passphrase-refused:common": (
        N_("That passphrase is too easy to guess."),
        N_("It is well known, or mostly common words, years, repeats or rows of keys."),
        _PASSPHRASE,
    ),
    "passphrase-refused:name": (
        N_("Your name is in that passphrase."),
        N_("Whoever attacks your token tries your name first."),
        _PASSPHRASE,
    ),
    "passphrase-file-open": (
        N_("Others can read that passphrase file, so it was not used."),
        N_("A passphrase that others can read protects nothing."),
        N_("Give the file mode 0600, and your token another passphrase."),
    ),
    "passphrase-file-unreadable": (
        N_("No passphrase could be read there."),
        N_("The file or descriptor is not there, closed to you, empty, or no text."),
        N_("Put the passphrase on the first line of a file that only you can read."),
    ),
    "file-unreadable": (
        N_("That file cannot be read."),
        N_("It is not there, closed to you, or no text where text is needed."),
        N_("Look whether the path is right."),
    ),
    "file-exists": (
        N_("That file is there already."),
        N_("This command never writes over a file."),
        N_("Name another file, or move that one away first."),
    ),
    "token-exists": (
        N_("There is a token in that place already."),
        N_("A token is never written over: its keys would be gone for good."),
        N_("Name another file with --token."),
    ),
    "store-exists": (
        N_("There is a store in that place already."),
        N_("A store is never made over another."),
        N_("Name another place with --store, or make contact with it: dossier join"),
    ),
    "token-of-other-store": (
        N_("This token belongs to another store."),
        N_("A token is for one store only, so that keys never get mixed up."),
        N_("Make a token for this store: dossier token new"),
    ),
    "place-not-served": (
        N_("No store can be reached at such a place."),
        N_("It is a folder, postgresql://... or https://...; on this computer http:// or unix:/."),
        N_("Look whether --store is right, and whether this command is for such a place."),
    ),
    "bad-place": (
        N_("That is not the place of a database."),
        N_("It looks like this: postgresql://user@host/database"),
        N_("Look whether --store is right; what an option may be, PostgreSQL's manual says."),
    ),
    "password-in-place": (
        N_("There is a password in the place of the store."),
        N_("Whoever lists this computer's programs can read it there."),
        N_("Leave it out, put it in ~/.pgpass, and choose another one."),
    ),
    "no-psycopg": (
        N_("This installation of the program cannot speak to a database."),
        N_("What it needs for that, psycopg, is not there."),
        N_("Have it installed: pip install 'dossier[postgres]'"),
    ),
    "not-a-database": (
        N_("That store is in a folder, and has no tables."),
        N_("Only a store in a database is brought up to date like this."),
        N_("Name the database with --store postgresql://..."),
    ),
    "no-such-role": (
        N_("The database knows no role {role}."),
        N_("Roles are made by whoever keeps the database."),
        N_("Have it made (CREATE ROLE {role} LOGIN), then run this again."),
    ),
    "not-text": (
        N_("This content is no text, so it is not shown."),
        N_("On a terminal only text is shown: other bytes could steer it."),
        N_("Have it written to a file: --out FILE"),
    ),
    "not-edited": (
        N_("Nothing was written."),
        N_("The text is as it was when the editor opened."),
        N_("Run the command again if you meant to change something."),
    ),
    "no-editor": (
        N_("There is no editor to be found."),
        N_("VISUAL and EDITOR name none that is here, and nano, vim and vi are not here."),
        N_("Have one installed, or name yours in EDITOR."),
    ),
    "no-memory-folder": (
        N_("This computer has no safe place to edit in."),
        N_("A content is edited in memory only, never on a disk."),
        N_("Edit on a computer that has one, or write from another program: dossier write"),
    ),
    "no-terminal": (
        N_("There is no terminal to ask a question on."),
        N_("Questions go to the terminal itself: what comes on stdin may be content."),
        N_("Run it in a terminal, or give the answer as an option: --help"),
    ),
    "households-or-from": (
        N_("It is not clear which households are meant."),
        N_("Name them before the handle, or use --from: one of the two."),
        N_("For example: dossier household assign H-7KQ2M9XD jan"),
    ),
    "no-policy": (
        N_("There is no policy in force yet."),
        N_("Without a policy nobody may do anything with a household."),
        N_("A coordinator adopts one: dossier policy adopt FILE"),
    ),
    "policy-version": (
        N_("This is policy version {version}; the next one is {expected}."),
        N_("Versions follow on each other, so that none can be passed over."),
        N_("Compare it with `dossier policy show`, and set version = {expected}."),
    ),
    "unknown-section": (
        N_("There is no section {section}."),
        N_("There are: {sections}."),
        N_("{nearest}Name one of these."),
    ),
    "unknown-purpose": (
        N_("There is no purpose {purpose} in the policy."),
        N_("There are: {purposes}."),
        N_("{nearest}Look which one your work has: dossier purpose list"),
    ),
}
