"""Who may say what in a household's book: a check and an effect for each statement (STATEMENTS.md)."""

from datetime import timedelta

from dossier.model import Deed, GrantId, Handle, HouseholdId, PurposeId, Reason, Role, SectionName
from dossier.policydoc import Policy, allows
from dossier.register.households import Grant, Household, Version
from dossier.register.register import Act, Fault, Register
from dossier.register.rules_keying import check_keyings
from dossier.register.signers import signer
from dossier.register.writing import may_write

_DAY = timedelta(days=1)
_LONGEST_DAY = timedelta(hours=25)  # the one on which summer time ends


def household_of(register: Register, act: Act) -> Household:
    """Give the household that the statement is about. Raises Fault(NO_HOUSEHOLD)."""
    found = register.households.get(HouseholdId(act.statement["household"]))
    if found is None:
        raise Fault(Reason.NO_HOUSEHOLD)
    return found


def policy_of(register: Register) -> Policy:
    """Give the policy in force. Raises Fault(POLICY_INVALID) before the first is adopted."""
    if register.policy is None:
        raise Fault(Reason.POLICY_INVALID)
    return register.policy


def check_opened(register: Register, act: Act) -> None:
    """By a regisseur for themselves, or by a coordinator who names another regisseur or none yet."""
    statement = act.statement
    regisseur = statement["regisseur"]
    member = signer(register, act, Role.REGISSEUR, Role.COORDINATOR)
    if HouseholdId(statement["household"]) in register.households:
        raise Fault(Reason.OPENED_TWICE)
    own = regisseur == act.signer
    if own and Role.REGISSEUR not in member.roles:
        raise Fault(Reason.ABOUT_YOURSELF)
    if not own and Role.COORDINATOR not in member.roles:
        raise Fault(Reason.NOT_YOUR_ROLE)
    if regisseur is not None and not register.member(regisseur).holds(Role.REGISSEUR):
        raise Fault(Reason.NOT_FOR_ROLE)
    household = Household(HouseholdId(statement["household"]), act.signer, act.at)
    household.regisseur = regisseur
    check_keyings(register, household, act, set(policy_of(register).sections))


def open_household(register: Register, act: Act) -> None:
    """The household is there, with a first key for every section."""
    household = Household(HouseholdId(act.statement["household"]), act.signer, act.at)
    household.assign(act.statement["regisseur"], act.signer, act.at)
    household.key(act.statement.keyings(), act.at, act.position)
    register.households[household.household] = household


def check_assigned(register: Register, act: Act) -> None:
    """By a coordinator, never to themselves, with a new key for every section."""
    signer(register, act, Role.COORDINATOR)
    household = household_of(register, act)
    if act.statement["handle"] == act.signer:
        raise Fault(Reason.ABOUT_YOURSELF)
    if not register.member(act.statement["handle"]).holds(Role.REGISSEUR):
        raise Fault(Reason.NOT_FOR_ROLE)
    regisseur = Handle(act.statement["handle"])
    check_keyings(register, household, act, set(household.sections), regisseur=regisseur)


def assign(register: Register, act: Act) -> None:
    """The regisseur changes and the old one's boxes are gone."""
    household = household_of(register, act)
    household.assign(Handle(act.statement["handle"]), act.signer, act.at)
    household.key(act.statement.keyings(), act.at, act.position)


def check_keyed(register: Register, act: Act) -> None:
    """By a coordinator: a rekey, or the first key of a section that a policy added."""
    signer(register, act, Role.COORDINATOR)
    household = household_of(register, act)
    named = {keying.section for keying in act.statement.keyings()}
    if not named or not named <= {*household.sections, *policy_of(register).sections}:
        raise Fault(Reason.SECTIONS_WRONG)
    check_keyings(register, household, act, named)


def key(register: Register, act: Act) -> None:
    """The new keys are in force."""
    household_of(register, act).key(act.statement.keyings(), act.at, act.position)


def check_slot(register: Register, act: Act) -> None:
    """By a coordinator, or the member to their own card: boxes that a right asks for and are not there."""
    statement = act.statement
    own = act.signer == statement["handle"]
    signer(register, act) if own else signer(register, act, Role.COORDINATOR)
    household = household_of(register, act)
    slots = {(role, name) for role, name, _, _ in statement["boxes"]}
    if len(slots) != len(statement["boxes"]):  # one of the boxes may be for someone else
        raise Fault(Reason.STRANGER_BOXED)
    for role, name, generation, _ in statement["boxes"]:
        section = household.sections.get(name)
        if section is None:
            raise Fault(Reason.SECTIONS_WRONG)
        if generation != section.generation:
            raise Fault(Reason.GENERATION_WRONG)
        pair = (role, Handle(statement["handle"]))
        if pair in section.boxes or pair not in register.rights(household, name, act.at):
            raise Fault(Reason.STRANGER_BOXED)


def box_slot(register: Register, act: Act) -> None:
    """The member has these section keys again."""
    household = household_of(register, act)
    for role, name, _, box in act.statement["boxes"]:
        household.sections[name].boxes[role, Handle(act.statement["handle"])] = box


def check_written(register: Register, act: Act) -> None:
    """By whoever holds write: the next version, under the keys in force, for an entry that asked for it."""
    statement = act.statement
    signer(register, act)
    household = household_of(register, act)
    if register.shut(household):
        raise Fault(Reason.NEEDS_REKEY)
    if register.rotation_awaited:
        raise Fault(Reason.ROTATION_DUE)
    may_write(register, household, act.signer, SectionName(statement["section"]), act.at)
    section = household.sections.get(SectionName(statement["section"]))
    if section is None:
        raise Fault(Reason.SECTIONS_WRONG)
    if statement["version"] != len(section.versions) + 1:
        raise Fault(Reason.VERSION_WRONG)
    if statement["generation"] != section.generation:
        raise Fault(Reason.GENERATION_WRONG)
    if statement["epoch"] != register.epoch.number:
        raise Fault(Reason.EPOCH_WRONG)
    if not act.founded:
        raise Fault(Reason.WITHOUT_ENTRY)


def write(register: Register, act: Act) -> None:
    """The section has one version more."""
    s = act.statement
    section = household_of(register, act).sections[SectionName(s["section"])]
    section.versions.append(
        Version(
            number=s["version"],
            by=act.signer,
            at=act.at,
            position=act.position,
            epoch=s["epoch"],
            asked=s["index"],
            leaf=s["leaf"],
            commitment=s["commitment"],
            wrap=s["wrap"],
            content=s["content"],
            size=s["size"],
            media_type=s["media_type"],
        ),
    )


def check_given(register: Register, act: Act) -> None:
    """By a coordinator, not to themselves, to who holds the role, within the policy, with an end date."""
    s = act.statement
    signer(register, act, Role.COORDINATOR)
    household = household_of(register, act)
    policy = policy_of(register)
    if s["handle"] == act.signer:
        raise Fault(Reason.ABOUT_YOURSELF)
    if not register.member(s["handle"]).holds(s["role"]):
        raise Fault(Reason.NOT_FOR_ROLE)
    if s["grant"] in household.grants:
        raise Fault(Reason.GRANT_TAKEN)
    if s["reason"] is not None and s["reason"] not in policy.reasons:
        raise Fault(Reason.REASON_UNKNOWN)
    if s["until"] <= act.at:
        raise Fault(Reason.GRANT_IN_PAST)
    # A day is meant up to its end, so a grant of the longest length may run into the day after.
    if s["until"] > act.at + policy.limits.longest_grant_days * _DAY + _LONGEST_DAY:
        raise Fault(Reason.GRANT_TOO_LONG)
    _check_scope(policy, s["role"], s["sections"], s["deeds"], s["purposes"])
    if any(name not in household.sections for name in s["sections"]):
        raise Fault(Reason.SECTIONS_WRONG)
    expected = sorted((name, household.sections[name].generation) for name in s["sections"])
    if sorted((name, generation) for name, generation, _ in s["boxes"]) != expected:
        raise Fault(Reason.GENERATION_WRONG)


def _check_scope(
    policy: Policy,
    role: Role,
    sections: tuple[SectionName, ...],
    deeds: tuple[Deed, ...],
    purposes: tuple[PurposeId, ...],
) -> None:
    """Let a grant be no wider than what the policy allows that role for those purposes."""
    for name in sections:
        if role not in policy.sections.get(name, ()):
            raise Fault(Reason.NOT_A_RECIPIENT)
    cells = {
        (purpose, section, deed)
        for purpose in purposes
        for section in sections
        for deed in deeds
        if allows(policy, purpose, role, section, deed, team=False)
    }
    pairs = {(section, deed) for _, section, deed in cells}
    idle = set(purposes) - {purpose for purpose, _, _ in cells}
    if idle or any((section, deed) not in pairs for section in sections for deed in deeds):
        raise Fault(Reason.GRANT_TOO_WIDE)


def give(register: Register, act: Act) -> None:
    """The grantee has a box of each section key in force."""
    s = act.statement
    household = household_of(register, act)
    grant = Grant(
        grant=GrantId(s["grant"]),
        handle=Handle(s["handle"]),
        role=s["role"],
        sections=s["sections"],
        deeds=s["deeds"],
        purposes=s["purposes"],
        until=s["until"],
        reason=s["reason"],
        by=act.signer,
        at=act.at,
        position=act.position,
    )
    household.grants[grant.grant] = grant
    for name, _, box in s["boxes"]:
        household.sections[name].boxes[grant.role, grant.handle] = box


def check_revoked(register: Register, act: Act) -> None:
    """By a coordinator, with a new key for each section that it covered."""
    signer(register, act, Role.COORDINATOR)
    household = household_of(register, act)
    grant = household.grants.get(GrantId(act.statement["grant"]))
    if grant is None or grant.ended is not None:
        raise Fault(Reason.NO_SUCH_GRANT)
    if act.statement["reason"] not in policy_of(register).reasons:
        raise Fault(Reason.REASON_UNKNOWN)
    check_keyings(register, household, act, set(grant.sections), without=grant.grant)


def revoke(register: Register, act: Act) -> None:
    """The grant is over and its holder's boxes are gone."""
    household = household_of(register, act)
    household.grants[GrantId(act.statement["grant"])].ended = act.at
    household.key(act.statement.keyings(), act.at, act.position)
