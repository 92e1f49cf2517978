"""Every context of a store: the label and the fields that bind a key, box or seal to its one place.

docs/format.md shows this table; a test draws the swaps from it: what was made for one place opens at no
other. `keys` has three labels of its own (card, mac-key, token).
"""

from dossier.model import HouseholdId, Role, SectionName, StoreId
from keys.encoding import context

TABLE: dict[str, tuple[str, ...]] = {
    "store-id": ("founder", "nonce"),
    "request": ("store",),
    "memory": ("store", "card"),
    "height": ("store", "card"),
    "call": ("store",),
    "answer": ("store", "card"),
    "gate-part-box": ("store", "household", "section", "version", "leaf", "card"),
    "coordination-seed": ("store", "number", "card"),
    "coordination-before": ("store", "number"),
    "epoch-box": ("store", "epoch", "card"),
    "epoch-commitment": ("store", "epoch"),
    "epoch-before": ("store", "epoch"),
    "log-key": ("store", "epoch"),
    "slot": ("store", "household", "section", "generation", "role", "card"),
    "coordination-slot": ("store", "household", "section", "generation", "number"),
    "section-key-commitment": ("store", "household", "section", "generation"),
    "role-part": ("store", "household", "section", "version", "generation"),
    "role-part-commitment": ("store", "household", "section", "version"),
    "gate-part": ("store", "household", "section", "version", "epoch", "leaf"),
    "content-key": ("store", "household", "section", "version"),
    "content": ("store", "household", "section", "version"),
}


def of(label: str, *fields: bytes | str | int) -> bytes:
    """Make a context that stands in the table, with as many fields as it has there."""
    if len(fields) != len(TABLE[label]):
        raise ValueError(label)
    return context(label, *fields)


def request(store: StoreId) -> bytes:
    """Bind a member's signature over a request."""
    return of("request", store)


def slot(
    store: StoreId, household: HouseholdId, section: SectionName, generation: int, role: Role, card: str
) -> bytes:
    """Bind a section key boxed to the holder of a role; `card` is the fingerprint of their card."""
    return of("slot", store, household, section, generation, str(role), card)
