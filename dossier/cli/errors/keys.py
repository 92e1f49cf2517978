"""Words for tokens, cards, keys and sessions, and for who is locked out (exit 4, the keys' own errors)."""

from dossier.cli.words import N_

_STOP = N_("Nothing was opened. Stop, and tell a beheerder: dossier check tells more.")
_CARD = N_("Hand a coordinator your card, and tell them its fingerprint yourself.")
_KEY = N_("Ask a coordinator: they can give your card this key.")

KEYS: dict[str, tuple[str, str, str]] = {
    "locked": (
        N_("You cannot come in here ({code})."),
        N_("Your token or card does not open this store."),
        N_("Ask a coordinator how you stand: dossier member list"),
    ),
    "no-token": (
        N_("Your token cannot be read."),
        N_("No file is where --token, DOSSIER_TOKEN or your default says, or it is closed."),
        N_("Name the right file with --token; if you have none: dossier token new"),
    ),
    "not-joined": (
        N_("Your token has had no contact with this store yet."),
        N_("At first contact it learns which store and which log are the right ones."),
        N_("Ask for your welcome code, then: dossier join --welcome CODE"),
    ),
    "other-store": (
        N_("Your token belongs to another store than this one."),
        N_("A token is for one store only, so that keys never get mixed up."),
        N_("Look whether --store and --token are the right ones."),
    ),
    "not-admitted": (
        N_("Your card is not admitted here."),
        N_("A coordinator admits each card by name."),
        _CARD,
    ),
    "other-card": (
        N_("Your handle has another card here than your token has."),
        N_("The card was renewed, or someone else has this handle."),
        N_("Use the token of the new card, or speak to a coordinator."),
    ),
    "not-active": (
        N_("You are suspended here."),
        N_("Until that is undone, nothing opens for you."),
        N_("Speak to a coordinator."),
    ),
    "gone": (
        N_("You have left this store."),
        N_("That is for good: nothing opens for you here any more."),
        N_("Whoever comes back is admitted anew, under another handle."),
    ),
    "no-gate-box": (
        N_("You do not have the newest gate key."),
        N_("It was renewed, or you became active, and nobody gave it to your card yet."),
        _KEY,
    ),
    "no-gate-box:awaited": (
        N_("The gate's key is not there yet."),
        N_("A gate was adopted or left, and the rotation that follows is still to come."),
        N_("Ask a beheerder for it: dossier keys rotate"),
    ),
    "store-served": (
        N_("This store has a gate, and is reached through it."),
        N_("The gate keeps the key, and writes down each opening; no member has the key."),
        N_("Ask a beheerder for the gate's address, and give it as --store (or DOSSIER_STORE)."),
    ),
    "no-box": (
        N_("You have access, but no key of this section yet."),
        N_("Its key was made before, and nobody gave it to your card since."),
        _KEY,
    ),
    "section-not-keyed": (
        N_("Section {section} has no key in this household yet."),
        N_("The policy got this section after the household was opened."),
        N_("This version cannot give it one. Use another section of this household for now."),
    ),
    "no-coordination-box": (
        N_("You do not have the team's key."),
        N_("Only coordinators have it, and nobody gave the newest one to your card yet."),
        N_("Ask another coordinator: they can give your card this key."),
    ),
    "token": (
        N_("Your token cannot be used ({code})."),
        N_("Something about the file is not right."),
        N_("Look whether --token names the right file, or take your copy of it."),
    ),
    "not-a-token": (
        N_("That file is no token."),
        N_("It is not as this program writes a token."),
        N_("Look whether --token names the right file, or take your copy of it."),
    ),
    "token-damaged": (
        N_("Your token is damaged."),
        N_("It was written by this program, and was changed or cut short since."),
        N_("Look whether --token names the right file, or take your copy of it."),
    ),
    "wrong-passphrase": (
        N_("The passphrase does not open this token."),
        N_("Perhaps it was mistyped, or it is the passphrase of another token."),
        N_("Try again. Who has lost it asks a coordinator for a new start."),
    ),
    "token-cost": (
        N_("That token asks for more work than any of ours."),
        N_("Someone may have changed the file, or this computer has too little memory."),
        N_("Take your copy of the token; if there is none, speak to a coordinator."),
    ),
    "no-hybrid-kem": (
        N_("This computer lacks the cryptography that dossier needs."),
        N_("Its library `cryptography` is too old, or was built without ML-KEM."),
        N_("Have it renewed: pip install --upgrade cryptography"),
    ),
    # The session, and the agent that holds its keys.
    "session-gone": (
        N_("Your session has ended while this command needed it."),
        N_("It was locked, its time was up, or the computer slept."),
        N_("Unlock it again (dossier session unlock), and run the command once more."),
    ),
    "session-too-long": (
        N_("No session lasts that long here."),
        N_("At most {idle} minutes without use, and {hours} hours in all."),
        N_("Ask for less, or leave --idle and --hours out."),
    ),
    "session-not-started": (
        N_("The session could not be unlocked; nothing was kept."),
        N_("Its program did not start, or its folder is not yours alone."),
        N_("Look at the modes of XDG_RUNTIME_DIR and of dossier/session in your state folder."),
    ),
    "no-session": (
        N_("There is no terminal session here to unlock."),
        N_("It would lock as soon as this command is done."),
        N_("Run it in a terminal; for scripts, give the session a name in DOSSIER_SESSION."),
    ),
    "bad-session": (
        N_("DOSSIER_SESSION is not the name of a session."),
        N_("A name has letters, digits and dashes, 64 at most."),
        N_("Choose another name, or leave the variable out."),
    ),
    # The fingerprint and the welcome code: what is handed over by people.
    "card-other-fingerprint": (
        N_("That is not the fingerprint of this card; nobody was admitted."),
        N_("The fingerprint was misheard, or someone exchanged the card on its way."),
        N_("Ask the newcomer for it once more, by voice or on paper, and look well."),
    ),
    "card-bad-encoding": (
        N_("That file is no card; nobody was admitted."),
        N_("It is not as this program writes a card, or it was altered."),
        N_("Ask the newcomer for the card that `dossier token new` made."),
    ),
    "card-weak-key": (
        N_("The keys on that card protect nothing; nobody was admitted."),
        N_("This program never makes such keys: someone made up this card."),
        N_("Speak to the newcomer yourself, and tell a beheerder."),
    ),
    "card-no-key": (
        N_("The card of {handle} has no key that works; nothing was written."),
        N_("A key meant for {handle} could not be sealed to it."),
        N_("Ask {handle} for a new card, and tell a beheerder."),
    ),
    "welcome-not-here": (
        N_("That welcome code is not of this store; nothing was kept."),
        N_("It was misread, or this is not the store that you were told of."),
        N_("Ask whoever gave it to you, by voice or on paper, before you go on."),
    ),
    # What keys say of altered bytes, where nobody could say it better.
    "keys": (N_("Something sealed is not right ({code})."), N_("It was altered, moved or damaged."), _STOP),
    "bad-encoding": (
        N_("Something does not read as it should."),
        N_("It was altered or damaged, or never made by this program."),
        _STOP,
    ),
    "does-not-open": (
        N_("Something sealed does not open."),
        N_("It was altered, moved or cut short, or it is meant for someone else."),
        _STOP,
    ),
    "bad-signature": (
        N_("A signature is false."),
        N_("What it is under was altered, or someone else made it."),
        _STOP,
    ),
    "wrong-key": (
        N_("A key opened, but it is not the right one."),
        N_("Someone put another key in its place."),
        _STOP,
    ),
    "weak-key": (
        N_("A public key protects nothing."),
        N_("This program never makes such keys: someone made it up."),
        _STOP,
    ),
}
