"""Words for a store behind a gate: reaching it, its answers, and starting one (exit 2, 4, 8, 9 and 11)."""

from dossier.cli.words import N_

_AGAIN = N_("Nothing was done. Run it again; if it stays, have the program renewed.")
_CONFLICT = N_("Nothing was written. Run the command again.")
_LATER = N_("Nothing was opened. Try again later; if it stays, tell a beheerder.")
_MOMENT = N_("Nothing was opened. Try again in a moment.")
_LOG = N_("Nothing was shown. Stop, and tell a beheerder and the toezichthouder.")
_PLACE = N_("Nothing was opened. Look whether --store is right; if it is, tell a beheerder.")

SERVED: dict[str, tuple[str, str, str]] = {
    # Reaching a gate.
    "gate-away": (
        N_("The gate of this store cannot be reached."),
        N_("It is stopped, or the network does not get there."),
        N_("Nothing was opened. Were you writing? Look whether it was done, then run it again."),
    ),
    "no-gate": (
        N_("What answers there is no gate."),
        N_("Another program has that address, or a proxy answered because the gate did not."),
        _PLACE,
    ),
    "no-certificates": (
        N_("The certificates that this computer trusts cannot be read."),
        N_("Without them it cannot tell the gate from someone who says to be it."),
        N_("Nothing was opened. Have them put right; SSL_CERT_FILE may name another file."),
    ),
    "gate-certificate": (
        N_("This computer does not trust the certificate of what answers there."),
        N_("It is of another name, is over, or its issuer is not known here."),
        N_("Nothing was opened. Tell a beheerder; SSL_CERT_FILE can name an issuer of your own."),
    ),
    "gate-protocol": (
        N_("The gate and this program do not speak the same language."),
        N_("One of the two is of an older version."),
        N_("Nothing was opened. Have the older one renewed."),
    ),
    "gate-stopping": (
        N_("The gate is being stopped."),
        N_("It answers what it had, and takes nothing new."),
        _MOMENT,
    ),
    "gate-fault": (
        N_("Something went wrong in the gate."),
        N_("That is a fault of ours, not of yours; the gate's own log has its kind."),
        _LATER,
    ),
    "too-many": (
        N_("You ask more of the gate than it answers one member."),
        N_("There is a limit to that, so that nobody can keep it from the others."),
        _MOMENT,
    ),
    "too-large": (
        N_("That is more than the gate takes at once."),
        N_("There is a limit to that, so that nobody can fill it up."),
        N_("Nothing was written. Make it smaller, or cut it in parts."),
    ),
    "clock-apart": (
        N_("The clocks of this computer and of the gate are too far apart."),
        N_("This one says {here}, the gate {gate}; 10 minutes is the most."),
        N_("Nothing was opened. Set this clock right; if it is right, tell a beheerder."),
    ),
    # What a gate does not do.
    "gate-needs-token": (
        N_("A gate answers members only."),
        N_("This was asked without a token."),
        N_("Name yours with --token; what needs none is done at the database or folder itself."),
    ),
    "place-is-gate": (
        N_("That cannot be done through a gate."),
        N_("It needs the database or folder in which the store is."),
        N_("Where you can reach that, name it with --store: postgresql://... or a folder."),
    ),
    "bad-call": (
        N_("The gate cannot read what this program asked of it."),
        N_("The two are of different versions, or it came through only in part."),
        _AGAIN,
    ),
    "bad-answer": (
        N_("This program cannot read what the gate answered."),
        N_("The two are of different versions, or it came through only in part."),
        _AGAIN,
    ),
    "other-actor": (
        N_("The gate did not take a request of another than who brought it."),
        N_("Members ask for themselves only."),
        _AGAIN,
    ),
    "replayed": (
        N_("The gate was asked the very same thing before."),
        N_("Each question counts once, so that nobody else can ask it again."),
        _AGAIN,
    ),
    # Whether it is the right one.
    "gate-not-adopted": (
        N_("That gate does not serve this store."),
        N_("A gate serves once it is adopted, with the card that was, until it leaves."),
        N_("Nothing was opened. Look at `dossier gate list`, and whether --store is right."),
    ),
    "other-gate": (
        N_("Another gate answers there than a moment ago."),
        N_("The address went to another gate, or someone came in between."),
        N_("Nothing was opened. Run it again; if it stays, tell a beheerder."),
    ),
    "gate-behind": (
        N_("The gate's log is behind what this computer saw of it, or is another{where}."),
        N_("Its database was put back in time, or someone stands in its place."),
        _LOG,
    ),
    "answer-forged": (
        N_("What the gate answered does not add up."),
        N_("It is not signed by the gate, not in its log, or was altered on the way."),
        _LOG,
    ),
    # Something else came first.
    "other-run": (
        N_("The gate was started anew in the meantime."),
        N_("What was asked of it before that no longer counts."),
        _CONFLICT,
    ),
    "other-role": (
        N_("Your roles or your access changed in the meantime."),
        N_("What you asked was signed in a role that no longer decides it."),
        _CONFLICT,
    ),
    "seen-lower": (
        N_("Another command of yours is further along than this one."),
        N_("You saw more of the log already than this command says."),
        _CONFLICT,
    ),
    "book-moved": (
        N_("Something else was written first."),
        N_("The place that this would have had in its book is taken."),
        _CONFLICT,
    ),
    "look-again": (
        N_("What you may do there changed in the meantime."),
        N_("Your program looked before that."),
        _CONFLICT,
    ),
    # Starting a gate.
    "gate-token": (
        N_("This is the token of a gate, and a gate is no member."),
        N_("It serves the store, and reads or changes nothing there itself."),
        N_("Start it with `dossier serve`. For anything else, name your own with --token."),
    ),
    "bad-listen": (
        N_("That is no address to answer at."),
        N_("It is HOST:PORT, such as 127.0.0.1:8443, or unix:/PATH."),
        N_("Name one with --listen."),
    ),
    "listen-needs-certificate": (
        N_("Other computers reach that address, and there is no certificate for it."),
        N_("Over the network a gate answers by HTTPS only."),
        N_("Give --certificate and --key, or answer a proxy here: 127.0.0.1:PORT or unix:/PATH."),
    ),
    "bad-certificate": (
        N_("That certificate or its key cannot be used."),
        N_("A file is not there, closed to you, not in PEM, or the two do not belong together."),
        N_("Look at --certificate and --key; the key has no passphrase of its own."),
    ),
    "cannot-listen": (
        N_("The gate cannot answer at that address."),
        N_("Another program has it, it is not of this computer, or it is closed to you."),
        N_("Nothing was opened. Name another one with --listen, or stop what is there."),
    ),
    "gate-running": (
        N_("This gate runs already."),
        N_("Another process has what it remembers, and only one can."),
        N_("Stop that one first. A second gate has a token and a card of its own."),
    ),
}
