"""Read and write sections, and list their versions."""

from typing import BinaryIO

from dossier import vault
from dossier.desk import Desk
from dossier.errors import UsageError
from dossier.model import Deed, HouseholdId, PurposeId, Request, SectionName
from dossier.receipt import Receipt
from dossier.register.households import Version


def read(
    desk: Desk,
    household: HouseholdId,
    section: SectionName,
    purpose: PurposeId,
    sink: BinaryIO,
    version: int | None = None,
) -> Receipt:
    """Open a version of a section, the last where none is named: ask the gate, then the vault."""
    receipt = desk.gate.enter(Request(Deed.READ, household, section, version, purpose))
    assert receipt is not None  # noqa: S101 (the gate gives one for every content)
    vault.read(desk, receipt, sink)
    return receipt


def history(desk: Desk, household_id: HouseholdId, name: SectionName) -> list[Version]:
    """List a section's versions: by whom, when, how large. No content."""
    household = desk.gate.survey(household_id).register.households[household_id]
    section = household.sections.get(name)
    if section is None:
        raise UsageError("unknown-section", section=name, sections=", ".join(household.sections))
    return list(section.versions)


def write(
    desk: Desk,
    household: HouseholdId,
    section: SectionName,
    purpose: PurposeId,
    source: BinaryIO,
    media_type: str,
    after: int | None = None,
) -> vault.Written:
    """Write the next version of a section; only after version `after` where that is given."""
    version = None if after is None else after + 1
    receipt = desk.gate.enter(Request(Deed.WRITE, household, section, version, purpose))
    assert receipt is not None  # noqa: S101 (as above)
    return vault.write(desk, receipt, source, media_type)
