"""Receipt: what the gate hands out once the entry is on disk, and the only thing the vault opens on."""

from typing import NamedTuple

from dossier.model import HouseholdId, Role, SectionName, StoreId
from dossier.register.households import Version
from dossier.register.register import Coordination
from dossier.shapes import Keying


class Lock(NamedTuple):
    """How its holder comes by a section's key: by their own slot, or through the team's card."""

    keying: Keying
    box: bytes  # of the section key
    seed_box: bytes | None = None  # of the coordination seed, for a team right
    coordinations: tuple[Coordination, ...] = ()  # from the card that `box` is boxed to, to the newest


class Receipt:
    """Leave to read or write one version, with the gate's part of its key. Made only in `gate`."""

    __slots__ = (
        *("basis", "card", "epoch", "gate_part", "household", "index", "leaf", "lock", "role", "section"),
        *("store", "version", "wrap", "written"),
    )

    def __init__(
        self,
        *,
        store: StoreId,
        household: HouseholdId,
        section: SectionName,
        version: int,
        role: Role,
        basis: str,
        card: str,
        index: int,
        leaf: bytes,
        epoch: int,
        gate_part: bytes,
        lock: Lock,
        written: Version | None = None,
        wrap: bytes | None = None,
    ) -> None:
        """`index` and `leaf` are those of its own entry; `written` and `wrap` come with leave to read."""
        self.store = store
        self.household = household
        self.section = section
        self.version = version
        self.role = role
        self.basis = basis
        self.card = card
        self.index = index
        self.leaf = leaf
        self.epoch = epoch
        self.gate_part = gate_part
        self.lock = lock
        self.written = written
        self.wrap = wrap

    def __repr__(self) -> str:
        return f"Receipt({self.household} {self.section} {self.version}, entry {self.index})"
