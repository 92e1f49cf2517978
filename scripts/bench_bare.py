"""What the figures are held against: bare work of the libraries, and programs that others wrote."""

import json
import os
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256, Hash
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PrivateKey, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

ENCRYPTED_TINYDB = "tinydb-encrypted-jsonstorage"
RECORDS = 1000


class BareRead:
    """The least that a read comes to: one line appended and synced, and its cryptography, all keys at hand."""

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
    """Give one update of a TinyDB in an encrypted file with 1,000 records; None where that is not installed."""
    if find_spec("tinydb_encrypted_jsonstorage") is None:
        return None
    from tinydb import TinyDB, where  # noqa: PLC0415 (with the peer)
    from tinydb_encrypted_jsonstorage import EncryptedJSONStorage  # noqa: PLC0415 (may be missing)

    path = str(folder / "peer.json")
    db = TinyDB(encryption_key="vijf blauwe stoelen", path=path, storage=EncryptedJSONStorage)
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
