"""A recovery secret and its shares: words on paper for custodians, of whom a few together are a card.

A recovery secret is 32 random bytes. The two seeds of the recovery card are derived from it. Its shares are
those of SLIP-0039, always of one kind: one group, 2 to 16 shares, without a passphrase.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from keys.encoding import context
from keys.errors import (
    FewSharesError,
    RepeatedShareError,
    SharesOfOtherError,
    WrongKeyError,
    WrongShareError,
)
from keys.identity import LocalIdentity
from keys.primitives import KEY_SIZE, derive, random_bytes, same

if TYPE_CHECKING:
    import shamir_mnemonic

LEAST = 2  # a threshold of one would make every share the whole secret
MOST = 16  # shares of one secret (SLIP-0039, "Format of the share mnemonic")
WORDS = 33  # of a share of 32 bytes
# SLIP-0039 stretches the passphrase of its shares with PBKDF2, 10000 << exponent times. Here there is no
# passphrase and nothing to guess: the secret is 256 random bits. So the least that the format knows will do.
_EXPONENT = 0
_BOX_SEED, _SIGN_SEED = context("recovery-box"), context("recovery-sign")


class Share(NamedTuple):
    """What a share says of itself, without a word of what it holds."""

    set: int  # drawn at the splitting, the same for all shares of it
    number: int  # of this share, from 1
    threshold: int  # how many make the secret


def new_secret() -> bytes:
    """Draw a recovery secret; 32 bytes."""
    return random_bytes(KEY_SIZE)


def identity_of(secret: bytes, handle: str, person: str, org: str) -> LocalIdentity:
    """Derive the identity of the recovery card from its secret.

    Raises:
        BadEncodingError: for a handle, person or organisation that cannot be.
    """
    seeds = derive(secret, b"", _BOX_SEED), derive(secret, b"", _SIGN_SEED)
    return LocalIdentity.new_with(handle, person, org, *seeds)


def split(secret: bytes, threshold: int, shares: int) -> list[str]:
    """Split a secret into shares of 33 words each, of which `threshold` make it (SLIP-0039).

    1. Split. 2. Join what was made: every share is tried before anyone relies on it.

    Raises:
        ValueError: for numbers that cannot be: see LEAST and MOST.
        WrongKeyError: when the shares do not make the secret.
    """
    # Imported here: only recovery needs it, and it reads its list of words when it is.
    from shamir_mnemonic import generate_mnemonics  # noqa: PLC0415

    if not LEAST <= threshold <= shares <= MOST:
        raise ValueError("threshold")
    (made,) = generate_mnemonics(1, [(threshold, shares)], secret, b"", True, _EXPONENT)
    if not same(join(made), secret):
        raise WrongKeyError("shares")
    return made


def check(words: str) -> Share:
    """Check a share by itself: its words, its checksum, and that it is of the kind that `split` makes.

    Raises:
        WrongShareError: saying why, and of a word that cannot be which one it is, but never the word.
    """
    share = _read(words)
    return Share(share.identifier, share.index + 1, share.member_threshold)


def join(shares: Iterable[str]) -> bytes:
    """Join shares into their secret. Of more than are needed each is tried.

    Raises:
        WrongShareError: when one cannot be a share, or they do not fit each other.
        RepeatedShareError: when one is given twice.
        SharesOfOtherError: when they are of different splittings.
        FewSharesError: when there are fewer than are needed.
    """
    read = sorted((_read(words) for words in shares), key=lambda share: share.index)
    if len({(share.identifier, share.member_threshold) for share in read}) > 1:
        raise SharesOfOtherError
    if len({share.index for share in read}) < len(read):
        raise RepeatedShareError
    needed = read[0].member_threshold if read else LEAST
    if len(read) < needed:
        raise FewSharesError(len(read), needed)
    # Any `needed` of them make the secret, so each stands in one of these rows.
    first, *more = [_join(read[i : i + needed]) for i in range(len(read) - needed + 1)]
    if not all(same(first, other) for other in more):
        raise WrongShareError("apart")
    return first


def _read(words: str) -> "shamir_mnemonic.Share":
    """Read a share strictly: what it says is what it would be written as. Raises WrongShareError."""
    from shamir_mnemonic import MnemonicError, Share  # noqa: PLC0415 (as above)
    from shamir_mnemonic.wordlist import WORD_INDEX_MAP  # noqa: PLC0415

    given = words.lower().split()
    for place, word in enumerate(given, 1):
        if word not in WORD_INDEX_MAP:
            raise WrongShareError("word", place)
    if len(given) != WORDS:
        raise WrongShareError("length", len(given))
    plain = " ".join(given)
    try:
        share = Share.from_mnemonic(plain)
    except MnemonicError:
        raise WrongShareError("checksum") from None  # its message has words of the share
    one_group = (share.group_index, share.group_threshold, share.group_count) == (0, 1, 1)
    ours = one_group and share.extendable and share.iteration_exponent == _EXPONENT
    if not ours or share.member_threshold < LEAST or share.mnemonic() != plain:
        raise WrongShareError("kind")
    return share


def _join(shares: "Sequence[shamir_mnemonic.Share]") -> bytes:
    """Join exactly as many as are needed. Raises WrongShareError."""
    from shamir_mnemonic import MnemonicError, combine_mnemonics  # noqa: PLC0415 (as above)

    try:
        return combine_mnemonics([share.mnemonic() for share in shares])
    except MnemonicError:
        raise WrongShareError("apart") from None  # as above
