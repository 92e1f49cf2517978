"""The policy document: for which purposes who may do what, and within which limits."""

from collections.abc import Mapping
from datetime import tzinfo
from typing import NamedTuple

from dossier.errors import UsageError
from dossier.model import COVER, Deed, PurposeId, Role, SectionName
from dossier.purposes import Allow, Purpose, Recipients, Texts, read_purpose, read_texts
from dossier.strict_toml import FlawError, Spot, read

__all__ = [  # with the nouns of `purposes`, for they are the policy's
    "FLAWS",
    "MOST_BYTES",
    "Allow",
    "Limits",
    "Policy",
    "PolicyError",
    "Purpose",
    "Texts",
    "allows",
    "parse",
    "resolve_timezone",
]

MOST_BYTES = 32 * 1024
# Every code that a refused document can have: the words for people are looked up by them.
FLAWS = tuple(
    "policy-" + flaw
    for flaw in (
        *("too-large", "not-utf8", "unprintable", "line-too-long", "syntax"),
        *("unknown-key", "missing-key", "wrong-type", "bad-text", "out-of-bounds", "bad-name"),
        *("empty", "too-many", "duplicate", "unknown-timezone", "no-cover", "bad-recipient"),
        *("vague", "no-ground", "bad-ground", "ground-f", "no-statute", "no-consent", "bad-special"),
        *("bad-role", "forbidden-role", "bad-section", "bad-deed", "not-recipient"),
        *("team-role", "team-missing", "team-section", "no-timezone-data"),
    )
)

# A closed list, not what this computer's time zone data knows: whether a policy stands may not differ from
# one computer to the next.
_TIMEZONES = ("Europe/Amsterdam", "Europe/Brussels", "America/Kralendijk", "America/Curacao", "UTC")
_RECIPIENTS = {str(role): role for role in (Role.REGISSEUR, Role.SPECIALIST)}
_LIMITS = {
    "longest_grant_days": (1, 366),
    "session_idle_minutes": (1, 60),
    "session_hours": (1, 24),
    "epoch_days": (1, 1096),
    "generation_days": (1, 1827),
    "quiet_days": (1, 92),
}
_LAST_VERSION = 1_000_000
_MOST_SECTIONS, _MOST_PURPOSES, _MOST_REASONS = 32, 64, 64
_REASON, _LINE = 80, 240  # of texts, in characters


class PolicyError(UsageError):
    """The document is no policy. `data` has the `line`, counted from 1, and the `key` it is about."""

    code = "policy"


class Limits(NamedTuple):
    """How long what lasts at most."""

    longest_grant_days: int
    session_idle_minutes: int
    session_hours: int
    epoch_days: int
    generation_days: int
    quiet_days: int


class Policy(NamedTuple):
    """All that a policy document says, and the document as adopted."""

    version: int
    decision: str
    controller: str
    timezone: str
    limits: Limits
    reasons: Mapping[str, Texts]
    sections: Recipients
    purposes: Mapping[PurposeId, Purpose]
    text: str


def parse(text: str | bytes) -> Policy:
    """Read a policy document. Nothing of this computer goes into the answer: others must come to the same.

    Raises:
        PolicyError: at the first flaw, with one of `FLAWS`, and `line` and `key`.
    """
    document = ""
    try:
        document, root = read(text, MOST_BYTES)
        return _policy(document, root)
    except FlawError as e:
        line = e.line or _line_of(document, *e.path)
        raise PolicyError("policy-" + e.code, line=line, key=e.key, **e.data) from e


def allows(
    policy: Policy, purpose: PurposeId, role: Role, section: SectionName, deed: Deed, *, team: bool
) -> bool:
    """Tell whether the policy gives a role this deed on this section for this purpose.

    With `team`, by a team right; without, by a grant or as the household's regisseur.
    """
    known = policy.purposes.get(purpose)
    return known is not None and any(
        allow.role == role and allow.team == team and section in allow.sections and deed in allow.deeds
        for allow in known.allows
    )


def resolve_timezone(policy: Policy) -> tzinfo:
    """Give the time zone in which the policy's days end.

    Raises:
        PolicyError: when this computer has no data about it.
    """
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415 (heavy; few commands name a day)

    try:
        return ZoneInfo(policy.timezone)
    except ZoneInfoNotFoundError as e:
        line = _line_of(policy.text, "timezone")
        raise PolicyError("policy-no-timezone-data", line=line, key="timezone") from e


def _policy(text: str, root: Spot) -> Policy:
    """Read the whole document."""
    need = ("version", "decision", "controller", "limits", "reasons", "sections", "purposes")
    top = root.table(need, ("timezone",))
    zone = top.get("timezone", Spot(_TIMEZONES[0]))
    sections = _sections(top["sections"])
    purposes = top["purposes"].entries(_MOST_PURPOSES)
    return Policy(
        version=top["version"].number(1, _LAST_VERSION),
        decision=top["decision"].text(_LINE),
        controller=top["controller"].text(_LINE),
        timezone=zone.choose({name: name for name in _TIMEZONES}, "unknown-timezone"),
        limits=_limits(top["limits"]),
        reasons={code: read_texts(spot, _REASON) for code, spot in top["reasons"].entries(_MOST_REASONS)},
        sections=sections,
        purposes={PurposeId(name): read_purpose(name, spot, sections) for name, spot in purposes},
        text=text,
    )


def _limits(spot: Spot) -> Limits:
    """Read the limits, each within its bounds."""
    fields = spot.table(tuple(_LIMITS))
    return Limits(**{name: fields[name].number(low, high) for name, (low, high) in _LIMITS.items()})


def _sections(spot: Spot) -> Recipients:
    """Read the recipients of each section; the cover is always one of them."""
    sections = {}
    for name, item in spot.entries(_MOST_SECTIONS):
        recipients = item.table(("recipients",))["recipients"]
        sections[SectionName(name)] = recipients.several(_RECIPIENTS, "bad-recipient")
    if COVER not in sections:
        spot.refuse("no-cover")
    return sections


def _line_of(text: str, *path: str | int) -> int:
    """Give the line of a path in the document."""
    from dossier.toml_lines import line_of  # noqa: PLC0415 (every command reads a policy, few refuse one)

    return line_of(text, path)
