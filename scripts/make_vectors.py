"""Write the fixed vectors of `keys` to tests/vectors/keys, one file each, named by what it shows.

Each has `expect`: `opens`, or the code of the error. Everything is hexadecimal but the token and card files,
which stand as they are. HPKE draws its own randomness, so box.json was drawn once and is only read here.
"""

import io
import json
import sys
from pathlib import Path
from typing import Any

from keys import cost, identity, primitives, sealing, tokenbytes
from keys.encoding import canonical_json, to_base64

FOLDER = Path(__file__).parent.parent / "tests" / "vectors" / "keys"
KEY, OTHER_KEY = bytes(range(32)), bytes(range(1, 33))
SALT, NONCE = bytes(range(100, 124)), bytes(range(200, 212))
CONTEXT, OTHER_CONTEXT = b"a place", b"another place"
PASSPHRASE = "zes woorden caf\u00e9 met een accent"  # noqa: S105 (a vector's)
BOX_SEED, SIGN_SEED = b"b" * 32, b"s" * 32
OPENS = "opens"
NOT_HERE = "does-not-open"

Vector = dict[str, Any]


def flipped(data: bytes, at: int) -> bytes:
    """Alter one bit."""
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def plain(size: int) -> bytes:
    """Make a plaintext: byte i is i modulo 251."""
    return bytes(i % 251 for i in range(size))


def sealed(size: int) -> bytes:
    """Seal a plaintext with the fixed key, context and salt."""
    sink = io.BytesIO()
    sealing._seal_with(KEY, CONTEXT, io.BytesIO(plain(size)), sink, SALT)  # noqa: SLF001 (what it is for)
    return sink.getvalue()


def sealings() -> dict[str, Vector]:
    """Sealed contents; of the large ones only the digest."""
    good = sealed(100)
    spoilt = {
        "header_cut": good[:55],
        "no_chunk": good[:56],
        "last_chunk_without_room_for_its_tag": good[:71],
        "tag_cut": good[:-1],
        "byte_after_the_end": good + b"\0",
        "salt_altered": flipped(good, 0),
        "commitment_altered": flipped(good, 24),
        "chunk_altered": flipped(good, 56),
        "tag_altered": flipped(good, len(good) - 1),
    }
    made = {name: _sealing(data, NOT_HERE) for name, data in spoilt.items()}
    made["another_key"] = _sealing(good, NOT_HERE) | {"key": OTHER_KEY.hex()}
    made["another_context"] = _sealing(good, NOT_HERE) | {"context": OTHER_CONTEXT.hex()}
    for size in (0, 100):
        made[f"good_{size}"] = _sealing(sealed(size), OPENS) | {"salt": SALT.hex(), "plain_size": size}
    for size in (16383, 16384, 16385, 32768, 300000):
        digest = primitives.sha256(sealed(size)).hex()
        whole = _sealing(b"", OPENS) | {"salt": SALT.hex(), "plain_size": size, "sealed_sha256": digest}
        del whole["sealed"]
        made[f"good_{size}"] = whole
    return made


def _sealing(data: bytes, expect: str) -> Vector:
    return {"expect": expect, "key": KEY.hex(), "context": CONTEXT.hex(), "sealed": data.hex()}


def wraps() -> dict[str, Vector]:
    """Keys wrapped under a key."""
    good = primitives._wrap_with(KEY, OTHER_KEY, CONTEXT, NONCE)  # noqa: SLF001 (what it is for)
    spoilt = {"nonce_altered": flipped(good, 0), "tag_altered": flipped(good, 59), "cut": good[:-1]}
    base = {"key": KEY.hex(), "context": CONTEXT.hex()}
    made: dict[str, Vector] = {
        name: base | {"expect": NOT_HERE, "wrapped": data.hex()} for name, data in spoilt.items()
    }
    whole = base | {"wrapped": good.hex()}
    made["another_context"] = whole | {"expect": NOT_HERE, "context": OTHER_CONTEXT.hex()}
    made["good"] = whole | {"expect": OPENS, "secret": OTHER_KEY.hex()}
    return made


def boxes() -> dict[str, Vector]:
    """What is wrong with the one box that was drawn."""
    drawn = json.loads((FOLDER / "box_good.json").read_text("ascii"))
    box = bytes.fromhex(drawn["box"])
    spoilt = {
        "mlkem_altered": flipped(box, 0),
        "x25519_altered": flipped(box, 1088),
        "x25519_of_low_order": box[:1088] + bytes(32) + box[1120:],
        "tag_altered": flipped(box, len(box) - 1),
        "cut": box[:-1],
        "longer": box + b"\0",
    }
    made: dict[str, Vector] = {
        name: {"expect": NOT_HERE, "seed": drawn["seed"], "context": drawn["context"], "box": data.hex()}
        for name, data in spoilt.items()
    }
    return made | {"good": drawn, "another_context": drawn | {"expect": NOT_HERE, "context": b"no".hex()}}


def member() -> identity.LocalIdentity:
    """Make the member whose token and card these are."""
    return identity.LocalIdentity.new_with("noor", "Noor de Wit", "Wijkteam Oost", BOX_SEED, SIGN_SEED)


def cards() -> dict[str, Vector]:
    """Card files."""
    card = member().card
    fields = json.loads(card.write())
    low_box = to_base64(card.box[:1184] + bytes(32))
    spoilt = {
        "handle_in_capitals": ("bad-encoding", {"handle": "Noor"}),
        "person_with_a_line": ("bad-encoding", {"person": "Noor\nde Wit"}),
        "org_empty": ("bad-encoding", {"org": ""}),
        "org_as_a_number": ("bad-encoding", {"org": 1}),
        "unknown_field": ("bad-encoding", {"role": "beheerder"}),
        "another_format": ("bad-encoding", {"#": "dossier/card/2"}),
        "box_key_cut": ("bad-encoding", {"box": to_base64(card.box[:-1])}),
        "box_key_of_low_order": ("weak-key", {"box": low_box}),
        "box_key_not_reduced": ("weak-key", {"box": to_base64(b"\xff" * 1184 + card.box[1184:])}),
        "sign_key_of_low_order": ("weak-key", {"sign": to_base64(bytes(32))}),
    }
    made: dict[str, Vector] = {
        name: {"expect": code, "file": canonical_json(fields | change).decode()}
        for name, (code, change) in spoilt.items()
    }
    good = card.write().decode()
    made["spaced"] = {"expect": "bad-encoding", "file": good.replace(",", ", ")}
    seeds = {"box_seed": BOX_SEED.hex(), "sign_seed": SIGN_SEED.hex()}
    made["good"] = {"expect": OPENS, "file": good, "fingerprint": card.fingerprint} | seeds
    return made


def tokens() -> dict[str, Vector]:
    """Token files, at the cheapest cost."""
    known = tokenbytes.Contact("0123456789abcdef" * 2, member().card.fingerprint, KEY)
    good, greeted = _token(None), _token(known)
    damaged = to_base64(bytes(80))
    spoilt = {
        "another_format": ("token-damaged", _mended({"#": "dossier/token/2"})),
        "unknown_field": ("token-damaged", _mended({"role": "beheerder"})),
        "body_damaged": ("token-damaged", canonical_json(json.loads(good) | {"body": damaged}).decode()),
        "body_altered_and_check_mended": ("wrong-passphrase", _mended({"body": damaged})),
        "nonce_altered_and_check_mended": ("wrong-passphrase", _mended({"nonce": to_base64(bytes(12))})),
        "body_shorter_than_its_tag": ("token-damaged", _mended({"body": to_base64(bytes(15))})),
        "passes_21": ("token-cost", _mended({"kdf": cost.write_cost(cost.Cost(64, 21, 1))})),
        "memory_over_1_gib": ("token-cost", _mended({"kdf": cost.write_cost(cost.Cost(2**20 + 1, 1, 1))})),
        "lanes_17": ("token-cost", _mended({"kdf": cost.write_cost(cost.Cost(1024, 1, 17))})),
        "memory_under_the_least": ("token-cost", _mended({"kdf": cost.write_cost(cost.Cost(31, 1, 4))})),
        "spaced": ("token-damaged", good.replace(",", ", ")),
        "cut": ("token-damaged", good[:-1]),
    }
    made: dict[str, Vector] = {
        name: {"expect": code, "passphrase": PASSPHRASE, "file": file}
        for name, (code, file) in spoilt.items()
    }
    whole = {
        "expect": OPENS,
        "passphrase": PASSPHRASE,
        "box_seed": BOX_SEED.hex(),
        "sign_seed": SIGN_SEED.hex(),
    }
    contact = {"store": known.store, "root": known.root, "leaf": known.leaf.hex()}
    made["good"] = whole | {"file": good, "contact": None}
    made["good_with_contact"] = whole | {"file": greeted, "contact": contact}
    made["another_passphrase"] = {"expect": "wrong-passphrase", "passphrase": PASSPHRASE + "s", "file": good}
    decomposed = PASSPHRASE.replace("\u00e9", "e\u0301")
    made["good_with_the_passphrase_decomposed"] = made["good"] | {"passphrase": decomposed}
    return made


def _token(contact: tokenbytes.Contact | None) -> str:
    unlocked = tokenbytes.Unlocked(member(), contact)
    write = tokenbytes._write_with  # noqa: SLF001 (what it is for)
    return write(unlocked, PASSPHRASE, cost.PROFILES["cheapest"], SALT[:16], NONCE).decode()


def _mended(change: Vector) -> str:
    """Alter a good token, and make its check fit."""
    fields: Vector = json.loads(_token(None)) | change
    del fields["check"]
    return canonical_json(fields | {"check": tokenbytes._check(fields)}).decode()  # noqa: SLF001 (likewise)


def vectors() -> dict[str, Vector]:
    """Make all vectors: file name to content."""
    kinds = {"sealing": sealings(), "wrap": wraps(), "box": boxes(), "card": cards(), "token": tokens()}
    return {f"{kind}_{name}.json": made for kind, named in kinds.items() for name, made in named.items()}


def written(vector: Vector) -> str:
    """Give the text of a vector's file."""
    return json.dumps(vector, indent=1) + "\n"


def main() -> None:
    """Write every file."""
    made = vectors()
    for name, vector in made.items():
        (FOLDER / name).write_text(written(vector), "ascii")
    sys.stdout.write(f"{len(made)} vectors\n")


if __name__ == "__main__":
    main()
