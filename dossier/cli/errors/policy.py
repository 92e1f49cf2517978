"""Words for every flaw of a policy document: where, which rule, and how to mend it."""

from dossier.cli.words import N_

_MEND = N_("Mend it, then check again: dossier policy check FILE")
_SPELLING = N_("Look at the spelling; the default policy shows how it is written.")
_NAME_ONE = N_("Name one of these, then check again: dossier policy check FILE")

POLICY: dict[str, tuple[str, str, str]] = {
    "policy": (N_("Line {line}: this cannot stand in a policy ({code})."), N_("It is about {key}."), _MEND),
    # The text.
    "policy-too-large": (
        N_("That document is too large for a policy."),
        N_("A policy has {most} bytes at most: people must be able to read it."),
        N_("Make it shorter, then check again: dossier policy check FILE"),
    ),
    "policy-not-utf8": (
        N_("Line {line} is not written in UTF-8."),
        N_("Others would read other letters there than you."),
        N_("Save the document as UTF-8, then check again."),
    ),
    "policy-unprintable": (
        N_("Line {line} has a character that cannot be seen."),
        N_("What a reader cannot see is not decided upon."),
        N_("Type that line anew."),
    ),
    "policy-line-too-long": (
        N_("Line {line} is too long."),
        N_("A line has {most} characters at most."),
        N_("Divide it over more lines."),
    ),
    "policy-syntax": (
        N_("Line {line} is not written as TOML."),
        N_("Often a quote, a comma or a bracket is missing, there or just above."),
        _SPELLING,
    ),
    # What stands where.
    "policy-unknown-key": (
        N_("Line {line}: a policy has no {key}."),
        N_("What nobody knows is refused, so that nothing counts by mistake."),
        _SPELLING,
    ),
    "policy-missing-key": (
        N_("Line {line}: {key} is missing."),
        N_("A policy cannot do without it."),
        N_("Add it; the default policy shows how it is written."),
    ),
    "policy-wrong-type": (
        N_("Line {line}: {key} is not the right kind of value."),
        N_("It is a text, a number, true or false, a list or a table, but not that one."),
        _SPELLING,
    ),
    "policy-bad-text": (
        N_("Line {line}: {key} is not right as a text."),
        N_("It has 1 to {most} characters on one line, without spaces at its ends."),
        _MEND,
    ),
    "policy-out-of-bounds": (
        N_("Line {line}: {key} is too small or too large."),
        N_("It can be from {low} to {high}."),
        _MEND,
    ),
    "policy-bad-name": (
        N_("Line {line}: {key} is not right as a name."),
        N_("A name has lower case letters, digits and single dashes, 40 at most."),
        _MEND,
    ),
    "policy-empty": (N_("Line {line}: {key} is empty."), N_("There must be one at least."), _MEND),
    "policy-too-many": (
        N_("Line {line}: {key} has too many."),
        N_("There can be {most} at most."),
        N_("Take some out, then check again: dossier policy check FILE"),
    ),
    "policy-duplicate": (
        N_("Line {line}: {key} says the same thing twice."),
        N_("What stands twice may be changed in one place and forgotten in the other."),
        N_("Take one of the two out."),
    ),
    "policy-unknown-timezone": (
        N_("Line {line}: that time zone cannot be used."),
        N_("Europe/Amsterdam, Europe/Brussels, America/Kralendijk, America/Curacao, UTC."),
        _NAME_ONE,
    ),
    "policy-no-timezone-data": (
        N_("Line {line}: this computer does not know that time zone."),
        N_("So it cannot tell when a day ends."),
        N_("Have the time zone data installed: pip install tzdata"),
    ),
    # Sections.
    "policy-no-cover": (
        N_("Line {line}: the section voorblad is missing."),
        N_("Every household has a voorblad: it says who it is about."),
        N_("Add [sections.voorblad] with its recipients."),
    ),
    "policy-bad-recipient": (
        N_("Line {line}: that role cannot have a key of a section."),
        N_("Only regisseur and specialist can; others have no content, or by the team."),
        _NAME_ONE,
    ),
    # A purpose, and its ground in law.
    "policy-vague": (
        N_("Line {line}: {key} says too little."),
        N_("A purpose is described in a whole sentence at least (AVG art. 5(1)(b))."),
        N_("Say what is done, by whom, and what it is for."),
    ),
    "policy-no-ground": (
        N_("Line {line}: {key} has no ground."),
        N_("Nothing is used without a ground in law (AVG art. 6(1))."),
        N_("Add ground, with the letter of article 6(1)."),
    ),
    "policy-bad-ground": (
        N_("Line {line}: that is not a ground."),
        N_("A ground is a letter of AVG art. 6(1): a, b, c, d or e."),
        _NAME_ONE,
    ),
    "policy-ground-f": (
        N_("Line {line}: ground f cannot be used here."),
        N_("A legitimate interest is no ground for the tasks of an authority (AVG art. 6(1))."),
        N_("Name the ground that the task really has, often e, with its statute."),
    ),
    "policy-no-statute": (
        N_("Line {line}: with this ground a statute is needed."),
        N_("Grounds c and e must lie in a law (AVG art. 6(3))."),
        N_("Add statute, with the law and the article, in nl and en."),
    ),
    "policy-no-consent": (
        N_("Line {line}: ground a needs consent."),
        N_("Consent is the ground, so without it nothing may be used."),
        N_("Set needs_consent = true, or name another ground."),
    ),
    "policy-bad-special": (
        N_("Line {line}: {key} is not right as an exception."),
        N_("It is a letter of AVG art. 9(2), or an article of the UAVG from 22 to 30."),
        N_("Write it like this: special = {{ avg = 'h', uavg = '30(3)(a)' }}"),
    ),
    # What a purpose allows.
    "policy-bad-role": (
        N_("Line {line}: there is no such role."),
        N_("A purpose can name regisseur, specialist, and for the team coordinator."),
        _NAME_ONE,
    ),
    "policy-forbidden-role": (
        N_("Line {line}: that role never opens content."),
        N_("Beheerder and toezichthouder do their work without it."),
        N_("Take the line out, or name another role."),
    ),
    "policy-bad-section": (
        N_("Line {line}: there is no such section."),
        N_("Only what stands under [sections] can be named."),
        _SPELLING,
    ),
    "policy-bad-deed": (N_("Line {line}: there is no such deed."), N_("It can be read or write."), _NAME_ONE),
    "policy-not-recipient": (
        N_("Line {line}: that role has no key of that section."),
        N_("Under [sections] the role is not one of its recipients."),
        N_("Take the section out here, or add the role there."),
    ),
    "policy-team-role": (
        N_("Line {line}: only a coordinator has rights by the team."),
        N_("They hold while a household has no regisseur yet."),
        N_("Take team = true out, or name coordinator."),
    ),
    "policy-team-missing": (
        N_("Line {line}: a coordinator has rights by the team only."),
        N_("They hold while a household has no regisseur yet."),
        N_("Add team = true, or name another role."),
    ),
    "policy-team-section": (
        N_("Line {line}: by the team that section cannot be opened."),
        N_("A team right is about voorblad and aanmeld only."),
        N_("Take the section out."),
    ),
}
