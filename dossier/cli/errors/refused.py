"""Words for who may not, and which lawful step is open; and for what was not found (exit 4, 5 and 6)."""

from dossier.cli.words import N_

_NO_ACCESS = (
    N_("There is no such household, or you have no access to it."),
    N_("Which of the two it is, nobody is told."),
    N_("Check the id. If your work needs access, ask a coordinator for a grant."),
)
_MEMBERS = N_("Look at `dossier member list`.")
_SECOND = N_("Ask another coordinator, or a toezichthouder.")
_GRANT = N_("If your work needs it, ask a coordinator for a grant.")
_SEE_PURPOSES = N_("See what is allowed for which purpose: dossier purpose list")
_SEE_GRANTS = N_("Look at the grants of the household: dossier grant list H")
_SEE_APPROVALS = N_("Look at what waits: dossier approval list")
_GATES = N_("Look at `dossier gate list`.")
_REPORT = N_("Nothing was changed. Run it again; if it stays, tell whoever keeps the program.")

REFUSED: dict[str, tuple[str, str, str]] = {
    "saw-later": (
        N_("Your program saw more of what was lost: {saw}"),
        N_("What was lost is named as far as either of the two of you saw it."),
        N_("Refuse number {number}; the coordinator runs dossier reopen, with --saw and that."),
    ),
    "store-restored": (
        N_("This store was put back from a copy, and is not open yet."),
        N_("A copy can undo a revocation, so two persons reopen it, and a rotation follows."),
        N_("In turn: dossier reopen, approval give by another, dossier keys rotate."),
    ),
    "needs-rekey": (
        N_("This household stays closed until it has new keys."),
        N_("What was said of it last was lost in a restore: perhaps a revocation."),
        N_("Ask a coordinator to look who may open it, and to run: dossier keys rekey H"),
    ),
    "refused": (
        N_("You may not do this ({code})."),
        N_("You have a right here, but it does not cover this."),
        _GRANT,
    ),
    "no-access": _NO_ACCESS,
    "no-household": _NO_ACCESS,
    "nothing-written": (
        N_("Nothing is written yet in section {section}."),
        N_("It has no version to open."),
        N_("Whoever may write there can begin: dossier write"),
    ),
    "no-such-version": (
        N_("There is no such version of this section."),
        N_("Its last version is {last}."),
        N_("See all of them: dossier history H SECTION"),
    ),
    # Of a request for contents, or to look.
    "not-for-role": (
        N_("The member does not hold the role that this needs."),
        N_("A right belongs to a role, and who does not hold the role cannot have it."),
        N_("See who holds which role (dossier member list); a coordinator can give one."),
    ),
    "section-not-covered": (
        N_("Your access does not go as far as this section."),
        N_("You have access to this household, but to other sections."),
        _GRANT,
    ),
    "deed-not-covered": (
        N_("Your grant does not allow this."),
        N_("It is for reading or for writing, and not for what you asked."),
        _GRANT,
    ),
    "purpose-not-granted": (
        N_("Your grant is not for this purpose."),
        N_("It names the purposes for which you may open this, and not this one."),
        N_("Give the true purpose of your work; if it is this one, ask a coordinator."),
    ),
    "purpose-not-allowed": (
        N_("For this purpose your role may not do this with this section."),
        N_("The policy decides who needs which section, and for what."),
        _SEE_PURPOSES,
    ),
    "grant-ended": (
        N_("Your access to this household has ended."),
        N_("The last day of your grant is over."),
        N_("If your work there goes on, ask a coordinator for a new grant."),
    ),
    "needs-regisseur": (
        N_("This household has no regisseur yet."),
        N_("Until there is one, only voorblad and aanmeld can be written."),
        N_("A coordinator names one: dossier household assign H HANDLE"),
    ),
    # Of a statement: who.
    "not-your-role": (
        N_("Your role may not do this."),
        N_("Deeds are divided over roles, so that nobody can do everything alone."),
        N_("Ask a coordinator; about keys and backups, ask a beheerder."),
    ),
    "about-yourself": (
        N_("You may not do this for yourself."),
        N_("Nobody gives, keeps or takes their own roles and access."),
        N_("Ask another coordinator."),
    ),
    "unknown-member": (
        N_("There is no member with that handle."),
        N_("Nobody was ever admitted under it."),
        _MEMBERS,
    ),
    "other-person": (
        N_("That card is of another person or organisation."),
        N_("A member's next card is of the same person, in the same words."),
        N_("Make it again with the same --person and --org: dossier member list shows them."),
    ),
    "member-left": (
        N_("That member has left for good."),
        N_("Who left never comes back under the same handle."),
        N_("Admit them anew, with another handle: dossier token new"),
    ),
    "handle-taken": (
        N_("That handle belongs to a member already."),
        N_("A handle is never given twice, so that the log stays clear."),
        N_("The newcomer makes a token with another handle: dossier token new"),
    ),
    "card-taken": (
        N_("The keys on that card belong to a member already."),
        N_("A card is for one person, under one handle."),
        N_("Ask the newcomer whether this is their own card."),
    ),
    "roles-exclusive": (
        N_("These roles do not go together."),
        N_("Beheerder goes with no other role, ever; toezichthouder with none at the time."),
        N_("Divide the roles over more people."),
    ),
    "role-as-it-is": (
        N_("There is nothing to change about these roles."),
        N_("A role to give is held already, or a role to take is not held."),
        _MEMBERS,
    ),
    "state-as-it-is": (
        N_("That does not fit the member's state."),
        N_("Only who is active changes roles or is suspended; only the others are restored."),
        _MEMBERS,
    ),
    "last-coordinator": (
        N_("This is the last coordinator."),
        N_("Without one, nobody could be admitted or be given access any more."),
        N_("First make someone else coordinator: dossier member roles HANDLE --add"),
    ),
    # Of a statement: which gate.
    "unknown-gate": (
        N_("There is no gate with that handle."),
        N_("No gate was ever admitted under it."),
        _GATES,
    ),
    "gate-as-it-is": (
        N_("That does not fit how that gate stands."),
        N_("A gate is adopted once, and leaves once, for good."),
        _GATES,
    ),
    "no-beheerder": (
        N_("No beheerder here has the gate's key."),
        N_("A rotation must follow this, and only a beheerder with that key can make it."),
        N_("Admit a beheerder first, or have them given the key: dossier keys status"),
    ),
    "rotation-due": (
        N_("Nothing can be written before the gate's key is rotated."),
        N_("A gate was adopted or left, and the key from before is with others still."),
        N_("Ask a beheerder for it now (dossier keys rotate), and write after that."),
    ),
    # Of a statement: approval.
    "needs-approval": (
        N_("A second person must approve this first."),
        N_("Nobody may do this alone while there is someone who can look at it too."),
        N_("Run the command again: it then waits for approval."),
    ),
    "no-such-proposal": (
        N_("Nothing waits under that number."),
        N_("It was approved, refused or ended, or was never asked."),
        _SEE_APPROVALS,
    ),
    "not-eligible": (
        N_("You cannot be the second person here."),
        N_("That is someone else in the right role, not admitted or promoted by the first."),
        _SECOND,
    ),
    "approved-late": (
        N_("It is too late to approve this."),
        N_("What is not approved within 7 days ends."),
        N_("Have it asked once more."),
    ),
    "needs-no-approval": (
        N_("This needs no second person now."),
        N_("There is nobody who could be one, or it is not that kind of change."),
        N_("Run the command again: it then takes effect at once."),
    ),
    # Of a statement: what.
    "founded-twice": (
        N_("This store is founded already."),
        N_("A store is founded once, by the first line of its log."),
        N_("Make contact with it: dossier join. Or make another in another place."),
    ),
    "other-book": (
        N_("This belongs to another store or household."),
        N_("What is stated counts in its own place only."),
        _REPORT,
    ),
    "time-not-wrong": (
        N_("That is not the first entry whose time was wrong."),
        N_("It is one of after now by this computer, right after one that is not."),
        N_("See the times of the entries (dossier log show), and this computer's own clock."),
    ),
    "no-such-entry": (
        N_("The log has no entry {index}."),
        N_("It is not that long."),
        N_("See its entries: dossier log show"),
    ),
    "key-again": (
        N_("That key was in force here before."),
        N_("Each rotation has a key of its own: whoever knew one could know the other."),
        _REPORT,
    ),
    "box-missing": (
        N_("A key that should come with this is missing."),
        N_("Without it the member could not do their work."),
        _REPORT,
    ),
    "without-entry": (
        N_("The log has no entry that asked to write this version."),
        N_("A version counts only when the log first says who asked, and for what."),
        _REPORT,
    ),
    "policy-invalid": (
        N_("That policy cannot be in force."),
        N_("It has a flaw, or the store has no policy at all yet."),
        N_("Find the flaw: dossier policy check FILE"),
    ),
    "reason-unknown": (
        N_("The policy has no such reason code."),
        N_("A reason is a code from the policy in force; never words of your own."),
        N_("Look at `dossier policy show`: it names them."),
    ),
    "not-a-recipient": (
        N_("The policy does not give that role a key of this section."),
        N_("It names for each section which roles can have one."),
        N_("Leave the section out, or look at `dossier policy show`."),
    ),
    "no-such-grant": (
        N_("There is no such grant in this household."),
        N_("It ended, was revoked, or was never given."),
        _SEE_GRANTS,
    ),
    "grant-too-long": (
        N_("That is longer than a grant may last."),
        N_("The policy sets the longest time: longest_grant_days."),
        N_("Choose an earlier day with --until; later you can give a new grant."),
    ),
    "grant-in-past": (
        N_("That day is over already."),
        N_("A grant ends at the end of its last day, and that must be yet to come."),
        N_("Choose a later day with --until."),
    ),
    "grant-too-wide": (
        N_("That is more than the policy allows this role."),
        N_("For these purposes it has fewer sections, or may read but not write."),
        _SEE_PURPOSES,
    ),
}
