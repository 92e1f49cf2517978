"""The two locks: what was made for one place opens at no other, and a swapped key is found."""

import pytest

from keys import locks
from keys.errors import DoesNotOpenError, WrongKeyError
from keys.identity import LocalIdentity
from keys.primitives import WRAP_SIZE, box_public, commit

NOOR = LocalIdentity.new("noor", "Noor", "Wijkteam")
SEED = b"t" * 32
SECRET, OTHER = b"a" * 32, b"b" * 32
HERE, THERE, COMMITTED = b"here", b"there", b"committed"
COMMITMENT = commit(SECRET, COMMITTED)


def test_new_keys_differ() -> None:
    keys = {locks.new_key() for _ in range(10)}
    assert len(keys) == 10
    assert {len(key) for key in keys} == {32}


def test_a_box_opens_to_the_key_that_was_committed_to() -> None:
    box = locks.box_to(NOOR.card, SECRET, HERE)
    assert locks.open_box(NOOR, box, HERE, COMMITMENT, COMMITTED) == SECRET


def test_a_box_of_the_team_opens_with_its_seed() -> None:
    box = locks.box_to_public(box_public(SEED), SECRET, HERE)
    assert locks.open_box_of(SEED, box, HERE, COMMITMENT, COMMITTED) == SECRET
    with pytest.raises(DoesNotOpenError):
        locks.open_box_of(SEED, box, THERE, COMMITMENT, COMMITTED)
    with pytest.raises(DoesNotOpenError):
        locks.open_box_of(OTHER, box, HERE, COMMITMENT, COMMITTED)


def test_a_box_moved_elsewhere_does_not_open() -> None:
    box = locks.box_to(NOOR.card, SECRET, HERE)
    with pytest.raises(DoesNotOpenError):
        locks.open_box(NOOR, box, THERE, COMMITMENT, COMMITTED)


def test_a_box_of_a_key_that_nobody_committed_to_is_found() -> None:
    with pytest.raises(WrongKeyError):
        locks.open_box(NOOR, locks.box_to(NOOR.card, OTHER, HERE), HERE, COMMITMENT, COMMITTED)
    box = locks.box_to_public(box_public(SEED), OTHER, HERE)
    with pytest.raises(WrongKeyError):
        locks.open_box_of(SEED, box, HERE, COMMITMENT, COMMITTED)


def test_a_commitment_made_for_another_place_does_not_fit() -> None:
    box = locks.box_to(NOOR.card, SECRET, HERE)
    with pytest.raises(WrongKeyError):
        locks.open_box(NOOR, box, HERE, COMMITMENT, THERE)


def test_a_seed_is_that_of_its_public_half() -> None:
    locks.check_seed(SEED, box_public(SEED))
    with pytest.raises(WrongKeyError):
        locks.check_seed(OTHER, box_public(SEED))


def test_a_part_opens_to_what_was_committed_to() -> None:
    wrapped = locks.wrap_part(OTHER, SECRET, HERE)
    assert len(wrapped) == WRAP_SIZE
    assert locks.open_part(OTHER, wrapped, HERE, COMMITMENT, COMMITTED) == SECRET


def test_a_part_moved_or_under_another_key_does_not_open() -> None:
    wrapped = locks.wrap_part(OTHER, SECRET, HERE)
    for key, context in ((SECRET, HERE), (OTHER, THERE)):
        with pytest.raises(DoesNotOpenError):
            locks.open_part(key, wrapped, context, COMMITMENT, COMMITTED)


def test_a_part_that_nobody_committed_to_is_found() -> None:
    with pytest.raises(WrongKeyError):
        locks.open_part(OTHER, locks.wrap_part(OTHER, OTHER, HERE), HERE, COMMITMENT, COMMITTED)


def test_a_content_key_needs_both_parts_and_its_place() -> None:
    role, gate = b"r" * 32, b"g" * 32
    made = {
        locks.content_key(role, gate, HERE),
        locks.content_key(gate, role, HERE),
        locks.content_key(OTHER, gate, HERE),
        locks.content_key(role, OTHER, HERE),
        locks.content_key(role, gate, THERE),
    }
    assert len(made) == 5
    assert {len(key) for key in made} == {32}
    assert locks.content_key(role, gate, HERE) in made


def test_what_is_derived_from_an_epoch_secret_differs_by_place_and_epoch() -> None:
    made = {locks.gate_part(SECRET, HERE), locks.gate_part(SECRET, THERE), locks.gate_part(OTHER, HERE)}
    made |= {locks.log_seed(SECRET, b"log"), locks.log_seed(OTHER, b"log")}
    assert len(made) == 5
    assert SECRET not in made


def test_the_newest_epoch_secret_reaches_back_to_the_one_before() -> None:
    sealed = locks.seal_previous(SECRET, OTHER, HERE)
    assert locks.open_previous(SECRET, sealed, HERE) == OTHER
    for secret, context in ((OTHER, HERE), (SECRET, THERE)):
        with pytest.raises(DoesNotOpenError):
            locks.open_previous(secret, sealed, context)


def test_the_key_that_seals_the_previous_secret_is_not_the_secret_itself() -> None:
    with pytest.raises(DoesNotOpenError):
        locks.open_part(SECRET, locks.seal_previous(SECRET, OTHER, HERE), HERE, COMMITMENT, COMMITTED)


def test_a_wrap_is_seen_to_hold_the_part_it_should() -> None:
    """Breaks when `check_wrapped` only opens it: then a wrap of another part would be signed for."""
    wrapped = locks.wrap_part(SECRET, OTHER, HERE)
    locks.check_wrapped(SECRET, wrapped, OTHER, HERE)
    with pytest.raises(WrongKeyError):
        locks.check_wrapped(SECRET, wrapped, SECRET, HERE)
    with pytest.raises(DoesNotOpenError):
        locks.check_wrapped(SECRET, wrapped, OTHER, THERE)
