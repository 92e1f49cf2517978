"""The token file: written once, replaced whole, opened with a passphrase. Its format: `keys.tokenbytes`."""

from pathlib import Path
from typing import NamedTuple

from keys import private
from keys.cost import PROFILES, Cost
from keys.errors import NotATokenError, TokenExistsError
from keys.identity import Card, LocalIdentity
from keys.tokenbytes import Contact, Unlocked, open_token, read_header, write_token

__all__ = ["PROFILES", "Contact", "TokenHeader", "Unlocked", "peek", "rewrite", "unlock", "write_new"]

_LARGEST = 16 * 1024  # bytes of a token file


class TokenHeader(NamedTuple):
    """What a token shows without its passphrase."""

    card: Card
    cost: Cost
    too_open: bool  # whether others on this computer may read or write the file


def write_new(path: Path, identity: LocalIdentity, passphrase: str, profile: str) -> None:
    """Write a token that has had no contact yet, mode 0600.

    Raises:
        TokenExistsError: when anything stands there already.
        OSError: when it cannot be written.
    """
    data = write_token(Unlocked(identity, None), passphrase, PROFILES[profile])
    try:
        private.create(path, data)
    except FileExistsError as e:
        raise TokenExistsError from e


def peek(path: Path) -> TokenHeader:
    """Read what a token shows without its passphrase.

    Raises:
        NotATokenError: when it is no token, or a damaged one.
        CostRefusedError: when unlocking it would ask too much.
        OSError: when there is none, or it cannot be read.
    """
    data, too_open = _read(path)
    header = read_header(data)
    return TokenHeader(header.card, header.cost, too_open)


def unlock(path: Path, passphrase: str) -> Unlocked:
    """Open a token.

    Raises:
        WrongPassphraseError: when the passphrase is not this token's.
        NotATokenError, CostRefusedError, OSError: as `peek`.
    """
    return open_token(_read(path)[0], passphrase)


def rewrite(path: Path, unlocked: Unlocked, passphrase: str, profile: str | None = None) -> None:
    """Replace a token in one step: for a contact, or another passphrase. Without a profile its cost stays.

    Raises:
        NotATokenError, CostRefusedError, OSError: as `peek`.
    """
    cost = peek(path).cost if profile is None else PROFILES[profile]
    private.replace(path, write_token(unlocked, passphrase, cost))


def _read(path: Path) -> tuple[bytes, bool]:
    """Read a file that can be a token, and tell whether it is too open."""
    found = private.read(path, _LARGEST)
    if found is None:
        raise NotATokenError("file")
    return found
