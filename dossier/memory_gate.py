"""GateMemory: what a served gate has verified, who was ever named in which household, and how far it came.

How far it came is written at each turn, in one small file: the rest is saved now and then, and on stopping. A
database that is behind it was put back.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from dossier import contexts
from dossier.errors import IntegrityError
from dossier.memory import Memory
from dossier.model import Handle, HouseholdId, Seen, StoreId
from dossier.storage.durable import read, translated
from keys.encoding import canonical_json, from_base64, parse_json, to_base64
from keys.errors import BadEncodingError
from keys.identity import Identity
from keys.primitives import same

_LARGEST = 256  # bytes of the small file
_NAMED = 3  # the place of the handles in a household's row


class GateMemory(Memory):
    """The memory of a served gate, in a folder outside the database. One process has it at a time."""

    kind = "served.memory"  # beside what the same card knows as a client

    def __init__(self, folder: Path, identity: Identity, store: StoreId) -> None:
        """Nothing known yet: `load` reads what is kept."""
        self._owner = identity
        self._height_path = folder / store / f"{identity.card.handle}.served.height"
        self._height_context = contexts.of("height", store, identity.card.fingerprint)
        super().__init__(folder, identity, store)

    def _reset(self) -> None:
        super()._reset()
        self.reached: Seen | None = None  # how far the log came, as it was last written
        self._named: dict[Handle, set[HouseholdId]] = {}

    def load(self) -> bool:
        """Read what is kept, and see how far this gate came since.

        Raises:
            IntegrityError: "memory-altered" when it is not what this gate wrote.
        """
        loaded, reached = super().load(), self._height()
        if reached is not None and reached.size > self.verified.size:
            self.must_pass = reached
        if not loaded:
            return False
        for household, row in self.parts.each():
            for handle in row[_NAMED] if len(row) > _NAMED else ():
                self._named.setdefault(Handle(handle), set()).add(household)
        return True

    @property
    def lock_path(self) -> Path:
        """The file that the one process with this memory holds."""
        return self._path.with_suffix(".running")

    def named(self, handle: Handle) -> frozenset[HouseholdId]:
        """Give the households in whose books a member was ever named: where they may have a right."""
        return frozenset(self._named.get(handle, ()))

    def _more(self, household: HouseholdId, named: Handle | None) -> list[Any]:
        """Keep who was ever named in a household."""
        row = self.parts.row(household)
        handles = set(row[_NAMED]) if row is not None and len(row) > _NAMED else set()
        if named is not None:
            handles.add(named)
            self._named.setdefault(named, set()).add(household)
        return [sorted(handles)]

    # How far it came.

    def reach(self, seen: Seen) -> None:
        """Write how far the log came, before anything of it is told: it survives the end of this process.

        Raises:
            UnreachableError: when it cannot be written.
        """
        body = canonical_json([seen.size, to_base64(seen.root)])
        data = body + b"\n" + to_base64(self._owner.mac(body, self._height_context)).encode("ascii")
        with translated():
            if not self._height_path.parent.exists():
                self._height_path.parent.mkdir(mode=0o700, parents=True)
            fd = os.open(self._height_path, os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
            try:
                os.write(fd, data.ljust(_LARGEST, b" "))
            finally:
                os.close(fd)
        self.reached = seen

    def _height(self) -> Seen | None:
        """Read how far this gate came, None where it never wrote that. Raises IntegrityError."""
        data = read(self._height_path, _LARGEST)
        if data is None or not data.strip(b" \0"):
            return None  # never written, or cut off by the end of the power
        body, _, mac = data.rstrip(b" ").partition(b"\n")
        with suppress(BadEncodingError, UnicodeDecodeError, ValueError, TypeError):
            good = same(self._owner.mac(body, self._height_context), from_base64(mac.decode("ascii"), 32))
            size, root = parse_json(body)
            if good and isinstance(size, int):
                return Seen(size, from_base64(root, 32))
        raise IntegrityError("memory-altered")
