"""What was made for one place opens at no other: the swaps are drawn from the table of contexts."""

import io
from collections.abc import Callable, Iterator
from itertools import permutations
from typing import NamedTuple

import pytest

from dossier import contexts
from keys.encoding import context
from keys.errors import KeysError
from keys.identity import LocalIdentity, check_signature
from keys.locks import content_key, gate_part, open_previous, seal_previous
from keys.primitives import box as make_box
from keys.primitives import box_public, commit, sha256
from keys.primitives import check_commitment as check
from keys.primitives import unbox as open_box
from keys.primitives import unwrap as open_wrap
from keys.primitives import wrap as make_wrap
from keys.sealing import open_sealed, seal

Field = str | int | bytes

KEY, SECRET = b"k" * 32, b"s" * 32
NOOR = LocalIdentity.new_with("noor", "Noor de Wit", "Wijkteam Oost", b"b" * 32, b"s" * 32)
PUBLIC = box_public(KEY)
OF_KEYS: dict[str, tuple[str, ...]] = {
    "card": (),
    "mac-key": (),
    "token": (),
    "recovery-box": (),
    "recovery-sign": (),
}
TABLE = contexts.TABLE | OF_KEYS

# Of each field, a value and another one that could stand there.
VALUES: dict[str, tuple[Field, Field]] = {
    "founder": (b"{}", b"[]"),
    "nonce": (bytes(32), b"\x01" * 32),
    "store": ("0123456789abcdef" * 2, "f" * 32),
    "card": ("B7ESF-1T7JC-H0X19-0J9J8-MQYRA", "B7ESF-1T7JC-H0X19-0J9J8-MQYRB"),
    "number": (1, 2),
    "epoch": (1, 2),
    "household": ("H-7KQ2M9XD", "H-7KQ2M9XE"),
    "section": ("intake", "plan"),
    "generation": (1, 2),
    "version": (1, 2),
    "role": ("regisseur", "specialist"),
    "leaf": (bytes(32), b"\x01" * 32),
}


class Use(NamedTuple):
    """How a context of a label is used: something is made in one, and taken back in one."""

    make: Callable[[bytes], bytes]
    take: Callable[[bytes, bytes], object]  # raises KeysError, or gives what it should not


def same(make: Callable[[bytes], bytes]) -> Use:
    """Of what is only computed: taking it back is computing it again."""

    def take(made: bytes, place: bytes) -> None:
        if make(place) != made:
            raise KeysError

    return Use(make, take)


def sealed(place: bytes) -> bytes:
    sink = io.BytesIO()
    seal(KEY, place, io.BytesIO(SECRET), sink)
    return sink.getvalue()


HASHED = same(lambda place: sha256(place + SECRET))
BOXED = Use(lambda place: make_box(PUBLIC, SECRET, place), lambda made, place: open_box(KEY, made, place))
WRAPPED = Use(lambda place: make_wrap(KEY, SECRET, place), lambda made, place: open_wrap(KEY, made, place))
COMMITTED = Use(lambda place: commit(SECRET, place), lambda made, place: check(SECRET, place, made))
BEFORE = Use(
    lambda place: seal_previous(KEY, SECRET, place),
    lambda made, place: open_previous(KEY, made, place),
)
DERIVED = same(lambda place: gate_part(SECRET, place))

SIGNED = Use(
    lambda place: NOOR.sign(SECRET, place),
    lambda made, place: check_signature(NOOR.card, made, SECRET, place),
)

USES = {
    "card": HASHED,
    "mac-key": DERIVED,
    "token": WRAPPED,
    "store-id": HASHED,
    "request": SIGNED,
    "call": SIGNED,
    "answer": SIGNED,
    "memory": same(lambda place: NOOR.mac(SECRET, place)),
    "height": same(lambda place: NOOR.mac(SECRET, place)),
    "coordination-seed": BOXED,
    "epoch-box": BOXED,
    "epoch-commitment": COMMITTED,
    "epoch-before": BEFORE,
    "coordination-before": BEFORE,
    "recovery-box": DERIVED,
    "recovery-sign": DERIVED,
    "log-key": DERIVED,
    "slot": BOXED,
    "coordination-slot": BOXED,
    "section-key-commitment": COMMITTED,
    "role-part": WRAPPED,
    "role-part-commitment": COMMITTED,
    "gate-part": DERIVED,
    "gate-part-box": BOXED,
    "content-key": same(lambda place: content_key(SECRET, KEY, place)),
    "content": Use(sealed, lambda made, place: open_sealed(KEY, place, io.BytesIO(made), io.BytesIO())),
}


def fields_of(label: str, other: int | None = None) -> list[Field]:
    """The fields of a label; the one at `other` has its other value."""
    return [VALUES[name][number == other] for number, name in enumerate(TABLE[label])]


def moved() -> Iterator[tuple[str, list[Field]]]:
    """Each label with each of its fields changed in turn."""
    for label, names in TABLE.items():
        yield from ((label, fields_of(label, number)) for number in range(len(names)))


def exchanged() -> Iterator[tuple[str, str]]:
    """Each two labels that have the same fields, or as many, both ways."""
    yield from (pair for pair in permutations(TABLE, 2) if len(TABLE[pair[0]]) == len(TABLE[pair[1]]))


def test_every_label_has_a_use_and_every_field_two_values() -> None:
    assert set(USES) == set(TABLE)
    assert set(VALUES) == {name for names in TABLE.values() for name in names}


@pytest.mark.parametrize("label", list(TABLE))
def test_what_was_made_for_a_place_opens_there(label: str) -> None:
    place, use = context(label, *fields_of(label)), USES[label]
    use.take(use.make(place), place)


@pytest.mark.parametrize(("label", "elsewhere"), list(moved()))
def test_what_was_made_for_a_place_opens_at_no_other_place(label: str, elsewhere: list[Field]) -> None:
    use = USES[label]
    made = use.make(context(label, *fields_of(label)))
    with pytest.raises(KeysError):
        use.take(made, context(label, *elsewhere))


@pytest.mark.parametrize(("one", "other"), list(exchanged()))
def test_what_was_made_for_one_use_serves_no_other(one: str, other: str) -> None:
    fields = fields_of(one)
    made = USES[one].make(context(one, *fields))
    for use in (USES[one], USES[other]):
        with pytest.raises(KeysError):
            use.take(made, context(other, *fields))


def test_no_context_is_another_or_the_beginning_of_one() -> None:
    every = [context(label, *fields_of(label)) for label in TABLE]
    every += [context(label, *fields) for label, fields in moved()]
    assert [(one, other) for one, other in permutations(every, 2) if other.startswith(one)] == []
