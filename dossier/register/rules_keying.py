"""What a keying record must be: a box for every holder of a live right, and for nobody else (KEYS.md)."""

from dossier.model import GrantId, Handle, Reason, SectionName
from dossier.register.households import Household
from dossier.register.register import Act, Fault, Register
from dossier.shapes import Keying


def check_keyings(
    register: Register,
    household: Household,
    act: Act,
    sections: set[SectionName],
    *,
    regisseur: Handle | None = None,
    without: GrantId | None = None,
) -> None:
    """Check the keyings of a statement: these sections, the next generation each, boxed to whom they should.

    `regisseur` is the one from this statement on, `without` the grant that it ends.

    Raises:
        Fault: naming what is wrong.
    """
    keyings = act.statement.keyings()
    if len(keyings) != len(sections) or {k.section for k in keyings} != sections:
        raise Fault(Reason.SECTIONS_WRONG)
    for keying in keyings:
        _check_generation(household, keying)
        if keying.number != register.number:
            raise Fault(Reason.NUMBER_WRONG)
        expected = set(register.rights(household, keying.section, act.at, regisseur, without))
        boxed = [(slot.role, slot.handle) for slot in keying.slots]
        if expected - set(boxed):
            raise Fault(Reason.HOLDER_MISSED)
        if len(boxed) != len(expected):  # none is missed: whoever is more is a stranger, or boxed twice
            raise Fault(Reason.STRANGER_BOXED)


def _check_generation(household: Household, keying: Keying) -> None:
    """The first key of a section is generation 1 without wraps; a later one wraps every version so far."""
    section = household.sections.get(keying.section)
    if keying.generation != (1 if section is None else section.generation + 1):
        raise Fault(Reason.GENERATION_WRONG)
    if (keying.wraps is not None) != (section is not None and bool(section.versions)):
        raise Fault(Reason.WRAPS_WRONG)
