"""Everything that can go wrong with keys, each kind an error of its own."""


class KeysError(Exception):
    """The base of all errors of this package. `code` is stable and language-neutral."""

    code = "keys"
    exit_code = 8


class BadEncodingError(KeysError):
    """Bytes that do not parse, or parse but are not the one way to write what they say."""

    code = "bad-encoding"


class DoesNotOpenError(KeysError):
    """A box, wrap or seal that does not open here: altered, moved, cut, or meant for another."""

    code = "does-not-open"


class BadSignatureError(KeysError):
    """A signature that is not the signer's over these bytes in this context."""

    code = "bad-signature"


class WrongKeyError(KeysError):
    """A key that opened, but is not the one that was committed to."""

    code = "wrong-key"


class WeakKeyError(KeysError):
    """A public key under which signatures or boxes mean nothing (low order, or no key at all)."""

    code = "weak-key"


class UnsupportedError(KeysError):
    """This build of `cryptography` lacks the hybrid KEM that every box needs."""

    code = "no-hybrid-kem"
    exit_code = 1


class TokenError(KeysError):
    """The base of what can be wrong with a token file."""

    code = "token"
    exit_code = 4


class NotATokenError(TokenError):
    """A file that is no token."""

    code = "not-a-token"


class DamagedTokenError(NotATokenError):
    """A file that was a token of this format, and is damaged."""

    code = "token-damaged"


class WrongPassphraseError(TokenError):
    """The passphrase does not open this token."""

    code = "wrong-passphrase"


class CostRefusedError(TokenError):
    """A token file that asks for more work than any of ours would."""

    code = "token-cost"


class TokenExistsError(TokenError):
    """A token would be written where a file stands already."""

    code = "token-exists"
    exit_code = 2


class PassphraseRefusedError(TokenError):
    """A self-chosen passphrase that is too short, too common, or holds the member's name."""

    code = "passphrase-refused"
    exit_code = 2

    def __init__(self, why: str) -> None:
        """`why` is one of `short`, `common`, `name`."""
        super().__init__(why)
        self.why = why


class ShareError(KeysError):
    """The base of what can be wrong with the shares of a recovery secret. No message has a word of one."""

    code = "share"
    exit_code = 4


class WrongShareError(ShareError):
    """Words that are no share, or shares that do not fit each other."""

    code = "share-wrong"

    def __init__(self, why: str, number: int | None = None) -> None:
        """`why` is one of `word` (`number` says which), `length`, `checksum`, `kind`, `apart`."""
        super().__init__(why)
        self.why = why
        self.number = number


class RepeatedShareError(ShareError):
    """One share given twice."""

    code = "share-twice"


class SharesOfOtherError(ShareError):
    """Shares of different splittings."""

    code = "shares-of-other"


class FewSharesError(ShareError):
    """Fewer shares than make the secret."""

    code = "shares-few"

    def __init__(self, given: int, needed: int) -> None:
        super().__init__(f"{given} of {needed}")
        self.given = given
        self.needed = needed
