"""What the figures are held against: bare work of the libraries, and programs that others wrote."""

import os
from collections.abc import Callable
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256, Hash
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PrivateKey, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from tinydb import TinyDB, where

from keys.sealing import open_sealed, seal

ENCRYPTED_TINYDB = "tinydb-encrypted-jsonstorage"
RECORDS = 1000


class BareRead:
    """The least that a read comes to: a line appended and synced, and its cryptography, all keys at hand."""

    def __init__(self, folder: Path, line: bytes, content: bytes) -> None:
        self._line = line
        self._fd = os.open(folder / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._member, self._log = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
        self._suite = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
        halves = MLKEM768PrivateKey.generate(), X25519PrivateKey.generate()
        self._private = MLKEM768X25519PrivateKey(*halves)
        self._box = self._suite.encrypt(os.urandom(32), self._private.public_key(), info=b"box")
        self._key = AESGCM(os.urandom(32))
        self._wrap = self._key.encrypt(bytes(12), os.urandom(32), b"wrap")
        self._sealed = self._key.encrypt(bytes(12), content, None)

    def __call__(self) -> None:
        """Do it once."""
        self._member.sign(self._line)
        self._log.sign(self._line[-128:])
        os.write(self._fd, self._line)
        os.fsync(self._fd)
        self._suite.decrypt(self._box, self._private, info=b"box")
        part = self._key.decrypt(bytes(12), self._wrap, b"wrap")
        for _ in range(2):
            HKDF(algorithm=SHA256(), length=32, salt=None, info=b"part").derive(part)
        self._key.decrypt(bytes(12), self._sealed, None)
        digest = Hash(SHA256())
        digest.update(self._sealed)
        digest.finalize()


def encrypted_tinydb(folder: Path, text: str) -> Callable[[], Any] | None:
    """Give one update of a TinyDB in an encrypted file, of 1,000 records; None where it is not installed."""
    try:
        storage = import_module("tinydb_encrypted_jsonstorage").EncryptedJSONStorage
    except ImportError:
        return None
    path = str(folder / "peer.json")
    db = TinyDB(encryption_key="vijf blauwe stoelen", path=path, storage=storage)
    db.insert_multiple({"number": number, "text": text} for number in range(RECORDS))
    return lambda: db.update({"text": text}, where("number") == RECORDS // 2)


def verifications(number: int, message: bytes) -> Callable[[], None]:
    """Give as many verifications of Ed25519 signatures, the key at hand."""
    private = Ed25519PrivateKey.generate()
    public, signature = private.public_key(), private.sign(message)

    def verify() -> None:
        for _ in range(number):
            public.verify(signature, message)

    return verify


class Sealing:
    """A large content, sealed and opened in chunks as a section is, and in one call of the library."""

    def __init__(self, size: int) -> None:
        self._key, self._context = os.urandom(32), b"content"
        self._plain = os.urandom(size)
        sealed = BytesIO()
        seal(self._key, self._context, BytesIO(self._plain), sealed)
        self._sealed = sealed.getvalue()
        self._aead = AESGCM(self._key)
        self._encrypted = self._aead.encrypt(bytes(12), self._plain, self._context)

    def seal(self) -> None:
        """Seal."""
        seal(self._key, self._context, BytesIO(self._plain), BytesIO())

    def open(self) -> None:
        """Open."""
        open_sealed(self._key, self._context, BytesIO(self._sealed), BytesIO())

    def encrypt(self) -> None:
        """Encrypt in one call."""
        self._aead.encrypt(bytes(12), self._plain, self._context)

    def decrypt(self) -> None:
        """Decrypt in one call."""
        self._aead.decrypt(bytes(12), self._encrypted, self._context)
