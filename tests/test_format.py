"""docs/format.md and the code agree: every table there that a second program would be written from."""

import ast
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dossier import contexts, model, shapes
from dossier.book import Head
from dossier.entry import Ruling, Signed, make_entry
from dossier.log.note import vkey
from dossier.memory import Memory
from dossier.model import STORE_BOOK, Deed, Handle, Place, Request, Role, Seen, StoreId
from dossier.statements import SHAPES, Statement
from keys.cost import PROFILES
from keys.encoding import context
from keys.identity import LocalIdentity
from keys.locks import content_key, gate_part, log_seed
from keys.primitives import _wrap_with, commit, sha256, sign_public
from keys.sealing import _seal_with
from keys.tokenbytes import Unlocked, write_token

_ROOT = Path(__file__).parent.parent
_FORMAT = (_ROOT / "docs" / "format.md").read_text("utf-8")
_OF_KEYS: dict[str, tuple[str, ...]] = dict.fromkeys(
    ("card", "mac-key", "token", "recovery-box", "recovery-sign"), ()
)
_PREFIX = b"dossier/v1"

STORE = StoreId("0123456789abcdef" * 2)
K, R = bytes(range(32)), bytes(range(1, 33))
PLACE = (STORE, "H-7KQ2M9XD", "intake", 1)
AT = datetime(2026, 11, 23, 18, 56, 39, 123000, UTC)
TEXT = b"Goedemorgen\n"


def table(name: str) -> list[list[str]]:
    """The rows of the table under `<!-- name -->`, without its head, a cell in back quotes without them."""
    lines = _FORMAT.partition(f"<!-- {name} -->\n")[2].partition("\n\n")[0].splitlines()
    return [[plain(cell.strip()) for cell in line.strip("|").split("|")] for line in lines[2:]]


def plain(cell: str) -> str:
    return cell[1:-1] if re.fullmatch("`[^`]*`", cell) else cell


def words(cell: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in cell.split(",") if word.strip())


def members(name: str) -> set[str]:
    return {row[0] for row in table(f"members: {name}")}


def noor() -> LocalIdentity:
    return LocalIdentity.new_with("noor", "Noor de Wit", "Wijkteam Oost", b"b" * 32, b"s" * 32)


# Contexts.


def documented_contexts() -> dict[str, tuple[str, ...]]:
    return {row[0]: words(row[1]) for row in table("table: contexts")}


def calls(module: str, source: str) -> Iterator[tuple[ast.Call, bool]]:
    """Every call that makes a context: by `keys.encoding`, or (True) by the table of `dossier.contexts`."""
    tree = ast.parse(source)
    local = (
        {"contexts": "dossier.contexts", "of": "dossier.contexts.of"} if module == "dossier.contexts" else {}
    )
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            local |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            owner, _, name = ast.unparse(node.func).rpartition(".")
            whole = f"{local.get(owner, owner)}.{name}" if owner else local.get(name, name)
            if whole in ("keys.encoding.context", "dossier.contexts.of"):
                yield node, whole == "dossier.contexts.of"


def flaws(module: str, source: str) -> list[str]:
    """The contexts that a module makes and that do not stand in the table."""
    known = contexts.TABLE | _OF_KEYS
    found = []
    for call, by_table in calls(module, source):
        text, label, fields = ast.unparse(call), (call.args or [ast.Constant(None)])[0], call.args[1:]
        if module == "dossier.contexts" and text == "context(label, *fields)":
            continue  # `of` itself, which looks the label up and counts the fields
        if not isinstance(label, ast.Constant) or label.value not in known or call.keywords:
            found.append(f"{module}: {text}: no label of the table")
        elif any(isinstance(field, ast.Starred) for field in fields):
            if not by_table:  # there the fields are counted when it is called
                found.append(f"{module}: {text}: fields that cannot be counted")
        elif len(fields) != len(known[label.value]):
            found.append(f"{module}: {text}: not the fields of the table")
    return found


def sources() -> dict[str, str]:
    paths = [path for top in ("keys", "dossier") for path in (_ROOT / top).rglob("*.py")]
    return {".".join(p.relative_to(_ROOT).with_suffix("").parts): p.read_text("utf-8") for p in paths}


def test_the_table_of_contexts_is_that_of_the_code() -> None:
    assert documented_contexts() == contexts.TABLE | _OF_KEYS


def test_every_field_of_a_context_is_explained() -> None:
    explained = {name for row in table("table: fields") for name in words(row[0])}
    assert explained == {field for fields in documented_contexts().values() for field in fields}


def test_no_code_makes_a_context_that_is_not_in_the_table() -> None:
    assert [flaw for module, text in sources().items() for flaw in flaws(module, text)] == []


def test_every_label_of_keys_is_used_there() -> None:
    made = [
        call for name, text in sources().items() if name.startswith("keys.") for call, _ in calls(name, text)
    ]
    assert {ast.unparse(call.args[0]).strip("'") for call in made} == set(_OF_KEYS)


def test_only_one_function_writes_what_every_context_begins_with() -> None:
    assert [name for name, text in sources().items() if _PREFIX in constants(text)] == ["keys.encoding"]


def constants(source: str) -> set[object]:
    return {node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)}


@pytest.mark.parametrize(
    "text",
    [
        "from keys.encoding import context\ncontext('elsewhere')",
        "from keys.encoding import context as c\nc('card', 1)",
        "from keys.encoding import context\ncontext('request', *place)",
        "from keys import encoding\nencoding.context(label)",
        "from dossier import contexts\ncontexts.of('slot', store)",
        "from dossier import contexts\ncontexts.of(label, store)",
        "from dossier.contexts import of\nof('elsewhere', *place)",
    ],
)
def test_a_context_that_is_not_in_the_table_is_noticed(text: str) -> None:
    assert flaws("dossier.anywhere", text)


def test_a_context_with_too_many_fields_is_not_made() -> None:
    with pytest.raises(ValueError, match="request"):
        contexts.of("request", STORE, "more")


# Statements and entries.


def kind_of(node: ast.expr) -> str:
    """The name of a kind as format.md writes it, from the expression that makes it."""
    if isinstance(node, ast.Name):
        return node.id.lower().replace("_", "-")
    assert isinstance(node, ast.Call)
    how = ast.unparse(node.func)
    least = any(key.arg == "least" and ast.unparse(key.value) == "1" for key in node.keywords)
    return kind_of(node.args[0]) + {"maybe": "?", "many": "+" if least else "*"}[how]


def shapes_as_written() -> dict[str, list[tuple[str, str]]]:
    tree = ast.parse((_ROOT / "dossier" / "statements.py").read_text("utf-8"))
    found: list[ast.expr] = [
        node.value
        for node in tree.body
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "SHAPES" and node.value
    ]
    made: Any = found[0]
    return {
        tag.value: [(name.value, kind_of(kind)) for name, kind in zip(shape.keys, shape.values, strict=True)]
        for tag, shape in zip(made.keys, made.values, strict=True)
    }


def test_the_table_of_statements_is_that_of_the_code() -> None:
    rows = {
        tag: [tuple(field.split()) for field in words(fields)] for tag, fields in table("table: statements")
    }
    assert rows == shapes_as_written()
    assert {tag: [name for name, _ in fields] for tag, fields in rows.items()} == {
        tag: list(shape) for tag, shape in SHAPES.items()
    }


def test_every_kind_of_field_is_explained() -> None:
    rows = dict(table("table: kinds"))
    used = {kind.rstrip("?*+") for fields in shapes_as_written().values() for _, kind in fields}
    assert used | {"slot"} == set(rows)  # a slot stands in a keying only
    for kind, names in {"keying": shapes.Keying._fields, "boxed": shapes.Boxed._fields}.items():
        fields = [field.split()[0] for field in words(rows[kind].partition(": ")[2])]
        assert fields == list(names)


@pytest.mark.parametrize("tag", [row[0] for row in table("table: statements")] + ["proposed/1"])
def test_what_may_be_said_of_a_statement_is_said_for_each(tag: str) -> None:
    assert tag.partition("/")[0] in {row[0] for row in table("table: rules")}


def entry(statement: Statement | None) -> Any:
    deed = Deed.READ if statement is None else Deed.STATE
    place = None if statement is None else Place(STORE_BOOK, 1, None)
    signed = Signed(
        store=STORE,
        actor=Handle("noor"),
        card=noor().card.fingerprint,
        role=Role.REGISSEUR,
        org="Wijkteam Oost",
        request=Request(deed),
        nonce=bytes(16),
        at=AT,
        seen=Seen(0, K),
        place=place,
        statement=statement,
    )
    ruling = Ruling(0, AT, True, None, "regisseur", 1, 1, bytes(16), bytes(8))
    return json.loads(make_entry(signed, signed.sign(noor()), ruling).line)


def test_an_entry_and_its_request_have_the_members_of_their_tables() -> None:
    read = entry(None)
    stated = entry(Statement("member.suspended/1", handle="noor", reason="verlof"))
    assert set(read) == set(stated) == members("entry")
    assert set(read["request"]) == members("request")
    assert set(stated["request"]) == members("request") | members("state")


def test_cards_tokens_and_memories_have_the_members_of_their_tables(tmp_path: Path) -> None:
    token = write_token(Unlocked(noor(), None), "zes woorden", PROFILES["cheapest"])
    memory = Memory(tmp_path, noor(), STORE)
    memory.store_head = Head(1, 0, K)
    memory.save()
    body, _, _ = (tmp_path / STORE / "noor.memory").read_bytes().partition(b"\n")
    assert set(json.loads(noor().card.write())) == members("card")
    assert set(json.loads(token)) == members("token")
    assert set(json.loads(body)) == members("memory")


def test_the_closed_lists_are_those_of_the_code() -> None:
    ids = {row[0]: row[1] for row in table("table: ids")}
    assert set(re.findall(r"`([a-z-]+)`", ids["role"])) == set(Role)
    assert set(re.findall(r"`([a-z-]+)`", ids["deed"])) == set(Deed)
    listed = _FORMAT.partition("Media types: ")[2].partition("\n\n")[0]
    assert tuple(re.findall(r"`(.*?)`", listed)) == model.MEDIA_TYPES


# The worked example.


def computed() -> list[str]:
    """What the example comes to, in the order of its table."""
    part = gate_part(K, contexts.of("gate-part", *PLACE, 1, K))
    key = content_key(R, part, contexts.of("content-key", *PLACE))
    seed = log_seed(K, contexts.of("log-key", STORE, 1))
    sealed = io.BytesIO()
    _seal_with(key, contexts.of("content", *PLACE), io.BytesIO(TEXT), sealed, bytes(range(100, 124)))
    wrap = _wrap_with(K, R, contexts.of("role-part", *PLACE, 1), bytes(range(200, 212)))
    return [
        context("card").hex(),
        contexts.of("content", *PLACE).hex(),
        noor().card.fingerprint,
        part.hex(),
        key.hex(),
        commit(R, contexts.of("role-part-commitment", *PLACE)).hex(),
        wrap.hex(),
        sealed.getvalue().hex(),
        seed.hex(),
        vkey(f"dossier/{STORE}", sign_public(seed)),
        noor().mac(TEXT, contexts.of("memory", STORE, noor().card.fingerprint)).hex(),
        noor().sign(b"{}", contexts.request(STORE)).hex(),
        sha256(b"\x00{}").hex(),
    ]


def test_the_worked_example_is_what_the_code_computes() -> None:
    assert [row[1] for row in table("table: example")] == computed()
