"""The fixed vectors: each gives what it expects, and the script writes them again, byte for byte."""

import hashlib
import io
import json
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from keys import primitives, sealing, tokenbytes
from keys.errors import KeysError
from keys.identity import Card, LocalIdentity

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "tests" / "vectors" / "keys"
VECTORS = sorted(path.name for path in FOLDER.glob("*.json"))
OPENS = "opens"

Vector = dict[str, Any]


def _open_sealing(vector: Vector) -> None:
    key, context = bytes.fromhex(vector["key"]), bytes.fromhex(vector["context"])
    plain = bytes(i % 251 for i in range(vector.get("plain_size", 0)))
    sealed = bytes.fromhex(vector.get("sealed", ""))
    if vector["expect"] == OPENS:
        sink = io.BytesIO()
        sealing._seal_with(key, context, io.BytesIO(plain), sink, bytes.fromhex(vector["salt"]))
        sealed = sealed or sink.getvalue()
        assert sink.getvalue() == sealed
        assert (
            vector.get("sealed_sha256", hashlib.sha256(sealed).hexdigest())
            == hashlib.sha256(sealed).hexdigest()
        )
    back = io.BytesIO()
    sealing.open_sealed(key, context, io.BytesIO(sealed), back)
    assert back.getvalue() == plain


def _open_wrap(vector: Vector) -> None:
    key, wrapped, context = (bytes.fromhex(vector[name]) for name in ("key", "wrapped", "context"))
    assert primitives.unwrap(key, wrapped, context).hex() == vector["secret"]


def _open_box(vector: Vector) -> None:
    seed, box, context = (bytes.fromhex(vector[name]) for name in ("seed", "box", "context"))
    assert primitives.unbox(seed, box, context).hex() == vector["secret"]


def _open_card(vector: Vector) -> None:
    card = Card.read(vector["file"].encode())
    assert card.fingerprint == vector["fingerprint"]
    seeds = bytes.fromhex(vector["box_seed"]), bytes.fromhex(vector["sign_seed"])
    assert LocalIdentity.new_with(card.handle, card.person, card.org, *seeds).card == card


def _open_token(vector: Vector) -> None:
    identity, contact = tokenbytes.open_token(vector["file"].encode(), vector["passphrase"])
    assert [seed.hex() for seed in identity.seeds()] == [vector["box_seed"], vector["sign_seed"]]
    known = contact and {"store": contact.store, "root": contact.root, "leaf": contact.leaf.hex()}
    assert known == vector["contact"]


OPENERS: dict[str, Callable[[Vector], None]] = {
    "sealing": _open_sealing,
    "wrap": _open_wrap,
    "box": _open_box,
    "card": _open_card,
    "token": _open_token,
}


@pytest.mark.parametrize("name", VECTORS)
def test_a_vector_gives_what_it_expects(name: str) -> None:
    vector = json.loads((FOLDER / name).read_text("ascii"))
    opener = OPENERS[name.split("_", maxsplit=1)[0]]
    if vector["expect"] == OPENS:
        opener(vector)
        return
    with pytest.raises(KeysError) as caught:
        opener(vector)
    assert caught.value.code == vector["expect"]


def test_the_script_writes_the_vectors_that_stand_here() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "make_vectors.py"))
    made = {name: script["written"](vector) for name, vector in script["vectors"]().items()}
    assert made == {name: (FOLDER / name).read_text("ascii") for name in VECTORS}


def test_every_kind_has_a_vector_that_opens_and_some_that_do_not() -> None:
    expected = [
        (name.split("_")[0], json.loads((FOLDER / name).read_text("ascii"))["expect"]) for name in VECTORS
    ]
    for kind in OPENERS:
        assert (kind, OPENS) in expected
        assert any(of == kind and expect != OPENS for of, expect in expected)
