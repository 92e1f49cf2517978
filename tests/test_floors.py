"""Floors and doors: which module may import which, read from the imports themselves (docs/decisions)."""

import ast
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

_ROOT = Path(__file__).parent.parent
# From low to high: a module imports only from the floors below its own. `x.*` is all that is in a package;
# on a floor that begins with `meet`, siblings may import each other.
_FLOORS = [
    line.split()
    for line in """
    keys.errors
    keys.encoding keys.private
    keys.primitives
    keys.identity keys.sealing keys.passphrase keys.cost
    keys.locks keys.tokenbytes keys.agent_place
    keys.agent_wire
    keys.agent_service
    keys.token keys.recovery keys.agent keys.agent_process
    keys dossier dossier.errors
    dossier.model
    dossier.contexts
    dossier.storage dossier.storage.base
    dossier.storage.ground
    meet dossier.storage.names dossier.storage.durable dossier.storage.layout dossier.storage.locking
    meet dossier.storage.sign
    dossier.shapes
    dossier.statements
    dossier.entry
    dossier.book
    dossier.strict_toml
    dossier.toml_lines dossier.purposes
    dossier.policydoc
    meet dossier.register dossier.register.*
    dossier.policy
    dossier.refusals dossier.timing
    meet dossier.log dossier.log.*
    dossier.memory_parts
    dossier.memory
    dossier.memory_gate
    meet dossier.storage.tiny dossier.storage.contents dossier.storage.pages dossier.storage.probe
    meet dossier.storage.volatile dossier.storage.files dossier.storage.site dossier.storage.postgres*
    dossier.receipt
    meet dossier.gate dossier.gate.*
    dossier.desk
    dossier.team
    dossier.keying
    dossier.vault
    meet dossier.actions dossier.actions.*
    meet dossier.serve dossier.serve.*
    dossier.data
    meet dossier.cli dossier.cli.*
    dossier.__main__
    """.strip().splitlines()
]
# What comes from outside, and who alone opens the door to it. Whatever is not of Python and not here may not
# come in; `dataclasses` is, and costs every start of the program more than all that it would save us.
_DOORS = {
    "cryptography": ("keys.primitives",),
    "argon2": ("keys.primitives",),
    "shamir_mnemonic": ("keys.recovery",),
    "tinydb": ("dossier.storage.tiny",),
    "filelock": ("dossier.storage.locking",),
    "psycopg": ("dossier.storage.postgres*",),
    "starlette": ("dossier.serve.app",),
    "uvicorn": ("dossier.serve.service", "dossier.serve.connection"),
    "click": ("dossier.cli.*",),
    "dataclasses": (),
}
_TYPES_ONLY = {"_typeshed"}  # there for mypy, not for the program
# Names that only these may use: the concrete stores, and the one way to import what no import shows.
_NAMES = {
    "FileStore": (
        *("dossier.storage.files", "dossier.storage.site"),
        *("dossier.cli.backends",),
    ),
    "PostgresStore": ("dossier.storage.postgres*", "dossier.cli.backends"),
    "VolatileStore": ("dossier.storage.volatile",),
    "import_module": ("dossier.cli.app",),
    "__import__": (),
}
_MAKERS = {"Receipt": ("dossier.gate.*",)}  # who may call these


def floor(module: str) -> int | None:
    """The number of a module's floor: where it is named itself, else where its package is."""
    for fits in (str.__eq__, fnmatchcase):
        for number, names in enumerate(_FLOORS):
            if any(fits(module, name) for name in names):
                return number
    return None


def allowed(module: str, keepers: tuple[str, ...]) -> bool:
    return any(fnmatchcase(module, keeper) for keeper in keepers)


def imported(tree: ast.AST) -> Iterator[str]:
    """Every module that is imported, inside functions too; `.` for one that is named from where it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            from_ = node.module if node.module and not node.level else "."
            wholes = [f"{from_}.{alias.name}" for alias in node.names]  # a name, or a module of a package
            yield from (from_ if floor(whole) is None else whole for whole in wholes)


def named(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
                yield name


def called(tree: ast.AST) -> Iterator[str]:
    yield from (name for node in ast.walk(tree) if isinstance(node, ast.Call) for name in named(node.func))


def violations(module: str, source: str) -> list[str]:
    """Everything that a module's text does against the floors and doors."""
    tree, own = ast.parse(source), floor(module)
    if own is None:
        return [f"{module} has no floor"]
    found = []
    for other in imported(tree):
        top, there = other.split(".")[0], floor(other)
        if there is not None:
            if there > own or (there == own and "meet" not in _FLOORS[own]):
                found.append(f"{module} imports {other}, which is no floor below it")
        elif top in _DOORS:
            if not allowed(module, _DOORS[top]):
                found.append(f"{module} imports {top}, whose door it does not keep")
        elif top not in sys.stdlib_module_names and top not in _TYPES_ONLY:
            found.append(f"{module} imports {other}, for which there is no door")
    for names, rule in ((named(tree), _NAMES), (called(tree), _MAKERS)):
        found += [f"{module} uses {name}" for name in names if not allowed(module, rule.get(name, (module,)))]
    return found


def sources() -> dict[str, str]:
    """The text of every module of the product."""
    paths = [path for top in ("keys", "dossier") for path in (_ROOT / top).rglob("*.py")]
    names = [".".join(path.relative_to(_ROOT).with_suffix("").parts) for path in paths]
    return {n.removesuffix(".__init__"): p.read_text("utf-8") for n, p in zip(names, paths, strict=True)}


def test_every_module_keeps_to_its_floor_and_its_doors() -> None:
    assert [wrong for module, text in sources().items() for wrong in violations(module, text)] == []


def test_no_floor_names_what_is_not_there() -> None:
    modules = set(sources())
    named_here = {name for names in _FLOORS for name in names if name != "meet"}
    assert {name for name in named_here if not any(fnmatchcase(module, name) for module in modules)} == set()


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("dossier.entry", "from dossier.log.tree import Tree"),  # a floor above
        ("dossier.policy", "from dossier import gate"),  # the same, as a name of its package
        ("dossier.book", "def f():\n    import dossier.memory"),  # the same, inside a function
        ("keys.sealing", "from keys.identity import Card"),  # a sibling on a floor where they do not meet
        ("keys.token", "from dossier.model import Handle"),  # keys know no dossier
        ("dossier.storage.locking", "from dossier.storage import probe"),  # the low storage, the high
        ("dossier.errors", "from . import model"),  # no relative imports
        ("dossier.elsewhere", ""),  # a module that nobody placed
        ("dossier.vault", "from cryptography.hazmat.primitives import hashes"),
        ("keys.cost", "import argon2.low_level"),
        ("dossier.actions.recovery", "from shamir_mnemonic import combine_mnemonics"),
        ("dossier.storage.files", "import tinydb"),
        ("dossier.memory", "from filelock import FileLock"),
        ("dossier.actions.members", "import click"),
        ("dossier.model", "from dataclasses import dataclass"),
        *(("dossier.cli.render", f"import {name}") for name in ("jsonschema", "yaml", "httpx", "rich")),
        ("dossier.actions.store", "def f(store):\n    return store.FileStore(1)"),
        ("dossier.cli.context", "from dossier.storage.volatile import VolatileStore"),
        ("dossier.vault", "from importlib import import_module"),
        ("dossier.vault", "from dossier.receipt import Receipt\nReceipt()"),
        ("dossier.actions.contents", "from dossier import receipt\nreceipt.Receipt()"),
    ],
)
def test_a_violation_is_noticed(module: str, text: str) -> None:
    assert violations(module, text)


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("dossier.log.tree", "from dossier.log.merkle import node_hash"),
        ("dossier.cli.app", "from dossier import __version__"),
        ("dossier.gate.handing", "from dossier.receipt import Receipt\nReceipt()"),
        ("dossier.vault", "from dossier.receipt import Receipt"),
        ("dossier.cli.render", "import click, json"),
    ],
)
def test_what_is_allowed_is_let_through(module: str, text: str) -> None:
    assert violations(module, text) == []
