"""The nouns: ids, roles, deeds, requests and grants, and how each is written."""

import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, NewType

from dossier.errors import UsageError
from keys.encoding import crockford
from keys.identity import is_handle

StoreId = NewType("StoreId", str)  # 32 hexadecimal digits
HouseholdId = NewType("HouseholdId", str)  # H- and 8 Crockford characters; says nothing
GrantId = NewType("GrantId", str)  # G- and 8 Crockford characters
Handle = NewType("Handle", str)
SectionName = NewType("SectionName", str)
PurposeId = NewType("PurposeId", str)
BookName = NewType("BookName", str)  # "store", or a household's id
Digest = NewType("Digest", str)  # SHA-256 of sealed bytes, 64 hexadecimal digits

STORE_BOOK = BookName("store")
COVER = SectionName("voorblad")


class Role(StrEnum):
    """What a member does in the team. Domain nouns stay Dutch."""

    REGISSEUR = "regisseur"
    SPECIALIST = "specialist"
    COORDINATOR = "coordinator"
    BEHEERDER = "beheerder"
    TOEZICHTHOUDER = "toezichthouder"


class Deed(StrEnum):
    """All that a log entry can be about. A closed list: a new deed is a new entry version."""

    READ = "read"
    WRITE = "write"
    LOOK = "look"  # at a household's sections, holders and history; never at content
    STATE = "state"
    LOG_SHOW = "log-show"
    EXPORT = "export"


CONTENT_DEEDS = (Deed.READ, Deed.WRITE)

# A closed list, so that no words can hide in a media type.
MEDIA_TYPES = (
    "text/plain",
    "text/markdown",
    "text/html",
    "application/json",
    "application/pdf",
    "application/octet-stream",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "image/jpeg",
    "image/png",
)

_HOUSEHOLD = re.compile(r"H-[0-9A-HJKMNP-TV-Z]{8}")
_GRANT = re.compile(r"G-[0-9A-HJKMNP-TV-Z]{8}")
_WORD = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_STORE = re.compile(r"[0-9a-f]{32}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_MAX_WORD = 40


def household_id(text: str) -> HouseholdId:
    """Read a household's id, in any case. Raises UsageError for anything else."""
    if not text.isascii() or not _HOUSEHOLD.fullmatch(text.upper()):
        raise UsageError("bad-household-id")
    return HouseholdId(text.upper())


def grant_id(text: str) -> GrantId:
    """Read a grant's id, in any case. Raises UsageError for anything else."""
    if not text.isascii() or not _GRANT.fullmatch(text.upper()):
        raise UsageError("bad-grant-id")
    return GrantId(text.upper())


def new_household_id(random: bytes) -> HouseholdId:
    """Make an id of 40 random bits."""
    return HouseholdId("H-" + crockford(random, 8))


def new_grant_id(random: bytes) -> GrantId:
    """Make an id of 40 random bits."""
    return GrantId("G-" + crockford(random, 8))


def handle(text: str) -> Handle:
    """Read a member's handle: lower case letters, digits and single dashes, 32 at most."""
    if not is_handle(text):
        raise UsageError("bad-handle")
    return Handle(text)


def section_name(text: str) -> SectionName:
    """Read a section's name, in any case; whether the policy has it is for others to say."""
    if len(text) > _MAX_WORD or not text.isascii() or not _WORD.fullmatch(text.lower()):
        raise UsageError("bad-section")
    return SectionName(text.lower())


def purpose_id(text: str) -> PurposeId:
    """Read a purpose's id, in any case; whether the policy has it is for others to say."""
    if len(text) > _MAX_WORD or not text.isascii() or not _WORD.fullmatch(text.lower()):
        raise UsageError("bad-purpose")
    return PurposeId(text.lower())


def is_store_id(text: str) -> bool:
    """Tell whether this is written as a store's id is."""
    return bool(_STORE.fullmatch(text))


def is_household_id(text: str) -> bool:
    """Tell whether this is written as a household's id is."""
    return bool(_HOUSEHOLD.fullmatch(text))


def is_grant_id(text: str) -> bool:
    """Tell whether this is written as a grant's id is."""
    return bool(_GRANT.fullmatch(text))


def is_digest(text: str) -> bool:
    """Tell whether this is written as a digest is."""
    return bool(_DIGEST.fullmatch(text))


def is_word(text: str) -> bool:
    """Tell whether this is written as a section, purpose or reason code is."""
    return len(text) <= _MAX_WORD and bool(_WORD.fullmatch(text))


def write_time(at: datetime) -> str:
    """Write a moment as ISO 8601 in UTC with milliseconds: 2026-11-23T18:56:39.123Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def read_time(text: str) -> datetime:
    """Read a moment written by `write_time`, and by nothing else. Raises ValueError otherwise."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None or write_time(at) != text:
        raise ValueError(text)
    return at


def whole_milliseconds(at: datetime) -> datetime:
    """Drop what `write_time` would not write."""
    return at.astimezone(UTC).replace(microsecond=at.microsecond // 1000 * 1000)


FAR_BEHIND = timedelta(minutes=10)  # a request further from its entry's time than this does not verify
FAR_AHEAD = timedelta(hours=24)  # a clock further ahead of the last entry than this asks its user
LOOK_BACK = timedelta(minutes=20)  # within which a repeated nonce can hide (2 x FAR_BEHIND)


class Seen(NamedTuple):
    """The checkpoint that a client had last verified: size of the tree, and its root (32 bytes)."""

    size: int
    root: bytes


class Place(NamedTuple):
    """Where a statement goes: its book, its number there, and index and leaf hash of the entry before it."""

    book: BookName
    number: int
    previous: tuple[int, bytes] | None


class Request(NamedTuple):
    """What a member asks of the gate, before it is signed and written down."""

    deed: Deed
    household: HouseholdId | None = None
    section: SectionName | None = None
    version: int | None = None
    purpose: PurposeId | None = None


class Reason(StrEnum):
    """Why a request is refused, or a statement does not stand. Each has words in nl and en."""

    # of a request for contents, or to look
    NO_ACCESS = "no-access"
    NOT_ACTIVE = "not-active"
    GONE = "gone"  # left for good
    NOT_FOR_ROLE = "not-for-role"
    SECTION_NOT_COVERED = "section-not-covered"
    DEED_NOT_COVERED = "deed-not-covered"
    PURPOSE_NOT_GRANTED = "purpose-not-granted"
    PURPOSE_NOT_ALLOWED = "purpose-not-allowed"
    GRANT_ENDED = "grant-ended"
    STORE_RESTORED = "store-restored"  # and not yet rotated
    NEEDS_REKEY = "needs-rekey"  # its book fell short in a restore
    # of a statement: who
    NOT_YOUR_ROLE = "not-your-role"
    ABOUT_YOURSELF = "about-yourself"
    UNKNOWN_MEMBER = "unknown-member"
    OTHER_CARD = "other-card"
    HANDLE_TAKEN = "handle-taken"
    CARD_TAKEN = "card-taken"
    OTHER_PERSON = "other-person"
    MEMBER_LEFT = "member-left"
    ROLES_EXCLUSIVE = "roles-exclusive"
    ROLE_AS_IT_IS = "role-as-it-is"
    STATE_AS_IT_IS = "state-as-it-is"
    LAST_COORDINATOR = "last-coordinator"
    # of a statement: which gate
    UNKNOWN_GATE = "unknown-gate"
    GATE_AS_IT_IS = "gate-as-it-is"
    GATE_BOX_WRONG = "gate-box-wrong"  # boxed while the store is served, or not while it is embedded
    NO_BEHEERDER = "no-beheerder"  # who could rotate after this
    ROTATION_DUE = "rotation-due"  # the store is served, or embedded again, and not yet rotated
    # of a statement: approval
    NEEDS_APPROVAL = "needs-approval"
    NO_SUCH_PROPOSAL = "no-such-proposal"
    NOT_ELIGIBLE = "not-eligible"
    APPROVED_LATE = "approved-late"
    NEEDS_NO_APPROVAL = "needs-no-approval"
    # of a statement: what
    FOUNDED_TWICE = "founded-twice"
    OTHER_BOOK = "other-book"
    NUMBER_WRONG = "number-wrong"
    BOX_MISSING = "box-missing"
    KEY_AGAIN = "key-again"
    SHARES_WRONG = "shares-wrong"
    NO_RECOVERY = "no-recovery"
    RECOVERY_USED = "recovery-used"
    CHECKPOINT_WRONG = "checkpoint-wrong"
    NOBODY_ROTATES = "nobody-rotates"
    TIME_NOT_WRONG = "time-not-wrong"
    POLICY_INVALID = "policy-invalid"
    REASON_UNKNOWN = "reason-unknown"
    OPENED_TWICE = "opened-twice"
    NO_HOUSEHOLD = "no-household"
    NEEDS_REGISSEUR = "needs-regisseur"
    NOT_A_RECIPIENT = "not-a-recipient"
    SECTIONS_WRONG = "sections-wrong"
    GENERATION_WRONG = "generation-wrong"
    HOLDER_MISSED = "holder-missed"
    STRANGER_BOXED = "stranger-boxed"
    WRAPS_WRONG = "wraps-wrong"
    VERSION_WRONG = "version-wrong"
    EPOCH_WRONG = "epoch-wrong"
    WITHOUT_ENTRY = "without-entry"
    GRANT_TAKEN = "grant-taken"
    NO_SUCH_GRANT = "no-such-grant"
    GRANT_TOO_LONG = "grant-too-long"
    GRANT_IN_PAST = "grant-in-past"
    GRANT_TOO_WIDE = "grant-too-wide"
