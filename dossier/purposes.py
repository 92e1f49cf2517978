"""A purpose: why content may be opened or written, on which ground in law, and by whom."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from dossier.model import COVER, Deed, PurposeId, Role, SectionName
from dossier.strict_toml import FlawError, Spot

Recipients = Mapping[SectionName, tuple[Role, ...]]  # of each section, in the document's order

TEAM_SECTIONS = (COVER, SectionName("aanmeld"))  # what a team right can be about

_ROLES = {str(role): role for role in Role}
_NO_CONTENT = (Role.BEHEERDER, Role.TOEZICHTHOUDER)
_DEEDS = {"read": Deed.READ, "write": Deed.WRITE}
_GROUNDS = {letter: letter for letter in "abcdef"}  # AVG, article 6(1)
_SPECIALS = {letter: letter for letter in "abcdefghij"}  # AVG, article 9(2)
_ARTICLE = re.compile(r"(2[2-9]|30)(\([1-6]\))?(\([a-e]\))?")  # of the UAVG, paragraph 3.1
_MOST_ALLOWS = 32
_TITLE, _DESCRIPTION, _STATUTE, _ARTICLE_TEXT = 80, 480, 240, 20  # of texts, in characters
_SENTENCE, _SENTENCE_WORDS = 40, 6  # a description with less says nothing that could be tested


class Texts(NamedTuple):
    """A text in Dutch and in English."""

    nl: str
    en: str


class Allow(NamedTuple):
    """What one role may do for a purpose; with `team`, in every household that has no regisseur yet."""

    role: Role
    sections: tuple[SectionName, ...]
    deeds: tuple[Deed, ...]
    team: bool


class Purpose(NamedTuple):
    """One of the purposes that the policy knows."""

    id: PurposeId
    title: Texts
    description: Texts
    ground: str  # the letter in AVG, article 6(1)
    statute: Texts | None
    special: tuple[str, str] | None  # the letter in AVG, article 9(2), and the article of the UAVG
    allows: tuple[Allow, ...]
    needs_consent: bool


def read_texts(spot: Spot, most: int) -> Texts:
    """Read a text in both languages."""
    fields = spot.table(("nl", "en"))
    return Texts(fields["nl"].text(most), fields["en"].text(most))


def read_purpose(name: str, spot: Spot, recipients: Recipients) -> Purpose:
    """Read one purpose, and check it against the law and against the sections' recipients."""
    need = ("title", "description", "allows", "needs_consent")
    fields = spot.table(need, ("ground", "statute", "special"))
    consent = fields["needs_consent"].flag()
    return Purpose(
        PurposeId(name),
        read_texts(fields["title"], _TITLE),
        _description(fields["description"]),
        _ground(spot, fields, consent=consent),
        read_texts(fields["statute"], _STATUTE) if "statute" in fields else None,
        _special(fields["special"]) if "special" in fields else None,
        _allows(fields["allows"], recipients),
        consent,
    )


def _description(spot: Spot) -> Texts:
    """Refuse a purpose that is not described by at least a sentence (AVG, article 5(1)(b))."""
    texts = read_texts(spot, _DESCRIPTION)
    for language, text in texts._asdict().items():
        if len(text) < _SENTENCE or len(text.split()) < _SENTENCE_WORDS:
            raise FlawError("vague", (*spot.path, language))
    return texts


def _ground(spot: Spot, fields: Mapping[str, Spot], *, consent: bool) -> str:
    """Check the ground (AVG, article 6): letter f is not for authorities, c and e must lie in a statute."""
    if "ground" not in fields:
        spot.refuse("no-ground")
    ground = fields["ground"].choose(_GROUNDS, "bad-ground")
    if ground == "f":
        fields["ground"].refuse("ground-f")
    if ground in "ce" and "statute" not in fields:
        fields["ground"].refuse("no-statute")
    if ground == "a" and not consent:
        fields["needs_consent"].refuse("no-consent")
    return ground


def _special(spot: Spot) -> tuple[str, str]:
    """Read which exception lifts the ban on special categories of data."""
    fields = spot.table(("avg", "uavg"))
    if not _ARTICLE.fullmatch(fields["uavg"].text(_ARTICLE_TEXT)):
        fields["uavg"].refuse("bad-special")
    return fields["avg"].choose(_SPECIALS, "bad-special"), fields["uavg"].value


def _allows(spot: Spot, recipients: Recipients) -> tuple[Allow, ...]:
    """Read what each role may do. No line says again what another says."""
    said: set[tuple[Role, SectionName, Deed]] = set()
    lines = []
    for item in spot.items(0, _MOST_ALLOWS):
        line = _allow(item, recipients)
        says = {(line.role, section, deed) for section in line.sections for deed in line.deeds}
        if says & said:
            item.refuse("duplicate")
        said |= says
        lines.append(line)
    return tuple(lines)


def _allow(spot: Spot, recipients: Recipients) -> Allow:
    """Read what one role may do: only where it is a recipient, or for the team where that is allowed."""
    fields = spot.table(("role", "sections", "deeds"), ("team",))
    role = fields["role"].choose(_ROLES, "bad-role")
    if role in _NO_CONTENT:
        fields["role"].refuse("forbidden-role")
    team = "team" in fields and fields["team"].flag()
    if team and role is not Role.COORDINATOR:
        fields["team"].refuse("team-role")
    if role is Role.COORDINATOR and not team:
        fields["role"].refuse("team-missing")
    sections = fields["sections"].several({str(name): name for name in recipients}, "bad-section")
    for number, section in enumerate(sections):
        if team and section not in TEAM_SECTIONS:
            raise FlawError("team-section", (*spot.path, "sections", number))
        if not team and role not in recipients[section]:
            raise FlawError("not-recipient", (*spot.path, "sections", number))
    return Allow(role, sections, fields["deeds"].several(_DEEDS, "bad-deed"), team)
