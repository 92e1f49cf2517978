"""Floors and doors: which module may import which, read from the imports themselves."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

_ROOT = Path(__file__).parent.parent
# From low to high: a module imports only from the floors below its own. A name that ends in a dot is a room:
# in it siblings meet. Elsewhere no two modules of one floor do.
_FLOORS = (
    ("keys", "keys.errors"),
    ("keys.encoding", "keys.private"),
    ("keys.primitives",),
    ("keys.identity", "keys.sealing", "keys.passphrase", "keys.cost"),
    ("keys.locks", "keys.tokenbytes"),
    ("keys.token",),
    ("dossier", "dossier.errors"),
    ("dossier.model",),
    ("dossier.contexts",),
    tuple(f"dossier.storage{name}" for name in ("", ".base")),
    tuple(f"dossier.storage.:{name}" for name in ("names", "durable", "layout", "locking", "sign")),
    ("dossier.shapes",),
    ("dossier.statements",),
    ("dossier.entry",),
    ("dossier.book",),
    ("dossier.strict_toml",),
    ("dossier.toml_lines", "dossier.purposes"),
    ("dossier.policydoc",),
    ("dossier.register.",),
    ("dossier.policy",),
    ("dossier.refusals", "dossier.timing"),
    ("dossier.log.",),
    ("dossier.memory",),
    tuple(f"dossier.storage.:{name}" for name in ("tiny", "contents", "pages", "volatile", "files", "probe")),
    ("dossier.receipt",),
    ("dossier.gate.",),
    ("dossier.desk",),
    ("dossier.team",),
    ("dossier.vault",),
    ("dossier.actions.",),
    ("dossier.data",),
    ("dossier.cli.",),
    ("dossier.__main__",),
)
