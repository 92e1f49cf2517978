"""Card (the public half of a member), Identity (what one can do with the secret half), LocalIdentity."""

import re
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from keys.encoding import canonical_json, context, fingerprint, from_base64, parse_json, to_base64
from keys.errors import BadEncodingError
from keys.primitives import (
    BOX_PUBLIC_SIZE,
    SEED_SIZE,
    SIGN_PUBLIC_SIZE,
    box_public,
    check_box_public,
    check_public_keys,
    derive,
    mac,
    random_bytes,
    sha256,
    sign,
    sign_public,
    unbox,
    verify,
)

CARD_FORMAT = "dossier/card/1"
_CARD_KEYS = {"#", "box", "handle", "org", "person", "sign"}
_LARGEST_CARD = 4096  # bytes of a card file
_HANDLE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST_HANDLE = 32
_LONGEST_TEXT = 80


def is_handle(text: str) -> bool:
    """Tell whether this can be a handle: lower case letters, digits, single dashes; 32 at most."""
    return len(text) <= _LONGEST_HANDLE and bool(_HANDLE.fullmatch(text))


def is_person_text(text: str) -> bool:
    """Tell whether this can name a person or organisation: 1 to 80 printable characters, no blank edge."""
    return 0 < len(text) <= _LONGEST_TEXT and text.isprintable() and text == text.strip()


class Card(NamedTuple):
    """The public half of a member: who they are, and their two public keys.

    Made only by `Card.read` and `Identity.card`, so that each card held in memory has been checked.
    """

    handle: str
    person: str
    org: str
    box: bytes  # 1216 bytes
    sign: bytes  # 32 bytes

    @classmethod
    def of(cls, handle: Any, person: Any, org: Any, box: Any, signing: Any) -> "Card":
        """Make a card of five texts, the keys in base64.

        Raises:
            BadEncodingError: when a text cannot be what it should be.
            WeakKeyError: when a key has low order.
        """
        texts = (handle, person, org, box, signing)
        if not all(isinstance(text, str) for text in texts):
            raise BadEncodingError("card")
        if not (is_handle(handle) and is_person_text(person) and is_person_text(org)):
            raise BadEncodingError("card")
        card = cls(
            handle, person, org, from_base64(box, BOX_PUBLIC_SIZE), from_base64(signing, SIGN_PUBLIC_SIZE)
        )
        check_public_keys(card.box, card.sign)
        return card

    @classmethod
    def read(cls, data: bytes) -> "Card":
        """Read a card file (canonical JSON) that came from outside, and load its keys.

        Raises:
            BadEncodingError: when it is no card.
            WeakKeyError: when a key has low order, or is no key.
        """
        if len(data) > _LARGEST_CARD:
            raise BadEncodingError("card")
        fields = parse_json(data)
        if not isinstance(fields, dict) or set(fields) != _CARD_KEYS or fields["#"] != CARD_FORMAT:
            raise BadEncodingError("card")
        card = cls.of(fields["handle"], fields["person"], fields["org"], fields["box"], fields["sign"])
        check_box_public(card.box)
        return card

    def texts(self) -> list[str]:
        """Give the five texts that `of` takes."""
        return [self.handle, self.person, self.org, to_base64(self.box), to_base64(self.sign)]

    def write(self) -> bytes:
        """Write the card file."""
        handle, person, org, box, signing = self.texts()
        names = {"handle": handle, "person": person, "org": org}
        return canonical_json({"#": CARD_FORMAT, **names, "box": box, "sign": signing})

    @property
    def fingerprint(self) -> str:
        """25 Crockford characters over the whole card: handle, person, organisation and both keys."""
        return _fingerprint(self)


@lru_cache(maxsize=1024)  # of all members, several times in each command: writing a card takes its time
def _fingerprint(card: Card) -> str:
    return fingerprint(sha256(context("card") + card.write()))


def check_signature(card: Card, signature: bytes, message: bytes, context: bytes) -> None:
    """Check that the card's holder signed this message in this context.

    Raises:
        BadSignatureError: when they did not.
    """
    verify(card.sign, signature, context + message)


class Identity(Protocol):
    """What one can do with the secret half of a card, in this process or through an agent."""

    @property
    def card(self) -> Card:
        """The public half."""
        ...

    def unbox(self, sealed: bytes, context: bytes) -> bytes:
        """Open a box of a 32-byte secret. Raises DoesNotOpenError."""
        ...

    def sign(self, message: bytes, context: bytes) -> bytes:
        """Sign a message in a context; 64 bytes."""
        ...

    def mac(self, message: bytes, context: bytes) -> bytes:
        """Authenticate something for oneself only; 32 bytes."""
        ...


class LocalIdentity:
    """An identity whose two seeds (32 bytes each) are in this process."""

    __slots__ = ("_box_seed", "_sign_seed", "card")

    def __init__(self, card: Card, box_seed: bytes, sign_seed: bytes) -> None:
        self.card = card
        self._box_seed = box_seed
        self._sign_seed = sign_seed

    def __repr__(self) -> str:
        return f"LocalIdentity({self.card.handle})"

    @classmethod
    def new(cls, handle: str, person: str, org: str) -> "LocalIdentity":
        """Draw two seeds. Raises BadEncodingError for a handle, person or organisation that cannot be."""
        return cls.new_with(handle, person, org, random_bytes(SEED_SIZE), random_bytes(SEED_SIZE))

    @classmethod
    def new_with(
        cls, handle: str, person: str, org: str, box_seed: bytes, sign_seed: bytes
    ) -> "LocalIdentity":
        """Take given seeds: for tokens and vectors only."""
        box, signing = to_base64(box_public(box_seed)), to_base64(sign_public(sign_seed))
        return cls(Card.of(handle, person, org, box, signing), box_seed, sign_seed)

    def unbox(self, sealed: bytes, context: bytes) -> bytes:
        """Open a box of a 32-byte secret. Raises DoesNotOpenError."""
        return unbox(self._box_seed, sealed, context)

    def sign(self, message: bytes, context: bytes) -> bytes:
        """Sign context ‖ message; 64 bytes."""
        return sign(self._sign_seed, context + message)

    def mac(self, message: bytes, context: bytes) -> bytes:
        """HMAC-SHA256 over context ‖ message, under a key derived from both seeds."""
        return mac(derive(self._box_seed + self._sign_seed, b"", _MAC_KEY), context + message)

    def seeds(self) -> tuple[bytes, bytes]:
        """Give the two seeds, for the token file only."""
        return self._box_seed, self._sign_seed


_MAC_KEY = context("mac-key")
