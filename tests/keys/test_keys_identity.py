"""Cards and identities: what parses, what is refused, and that every context counts."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.encoding import canonical_json, parse_json, to_base64
from keys.errors import BadEncodingError, BadSignatureError, DoesNotOpenError, WeakKeyError
from keys.identity import Card, Identity, LocalIdentity, check_signature, is_handle, is_person_text
from keys.locks import box_to

BOX_SEED, SIGN_SEED = b"b" * 32, b"s" * 32
NOOR = LocalIdentity.new_with("noor", "Noor de Wit", "Wijkteam Oost", BOX_SEED, SIGN_SEED)
OTHER = LocalIdentity.new("bram", "Bram", "Wijkteam")
FIELDS: dict[str, Any] = parse_json(NOOR.card.write())
KEYS = {"#", "box", "handle", "org", "person", "sign"}


def changed(**change: Any) -> bytes:
    return canonical_json(FIELDS | change)


def test_a_card_comes_back() -> None:
    card = Card.read(NOOR.card.write())
    assert card == NOOR.card
    assert Card.of(*card.texts()) == card


def test_an_identity_is_its_seeds_and_a_new_one_has_others() -> None:
    again = LocalIdentity.new_with("noor", "Noor de Wit", "Wijkteam Oost", *NOOR.seeds())
    assert again.card == NOOR.card
    assert again.seeds() == (BOX_SEED, SIGN_SEED)
    one, two = (LocalIdentity.new("noor", "Noor de Wit", "Wijkteam Oost") for _ in range(2))
    assert len({*one.seeds(), *two.seeds()}) == 4


def test_an_identity_shows_no_seed() -> None:
    assert repr(NOOR) == "LocalIdentity(noor)"


def test_every_field_of_a_card_is_in_its_fingerprint() -> None:
    fields = {"handle": "nora", "person": "Nora", "org": "Wijkteam West"}
    others = [Card.read(changed(**{name: text})) for name, text in fields.items()]
    others.append(NOOR.card._replace(box=OTHER.card.box))
    others.append(NOOR.card._replace(sign=OTHER.card.sign))
    assert len({NOOR.card.fingerprint, *(card.fingerprint for card in others)}) == 6


@pytest.mark.parametrize("text", ["a", "noor", "noor-2", "n00r-de-wit", "a" * 32])
def test_a_handle(text: str) -> None:
    assert is_handle(text)
    assert Card.read(changed(handle=text)).handle == text


@pytest.mark.parametrize(
    "text", ["", "Noor", "-noor", "noor-", "no--or", "2noor", "no or", "no\u00f6r", "noor\n", "a" * 33]
)
def test_what_is_no_handle_makes_no_card(text: str) -> None:
    assert not is_handle(text)
    with pytest.raises(BadEncodingError):
        Card.read(changed(handle=text))


@pytest.mark.parametrize("text", ["N", "Noor de Wit", "Zo\u00eb", "\u674e", "x" * 80])
def test_a_person_or_organisation(text: str) -> None:
    assert is_person_text(text)
    card = Card.read(changed(person=text, org=text))
    assert (card.person, card.org) == (text, text)


@pytest.mark.parametrize(
    "text", ["", " ", " Noor", "Noor ", "No\nor", "No\tor", "\x1b[2J", "No\u200bor", "x" * 81]
)
@pytest.mark.parametrize("field", ["person", "org"])
def test_what_cannot_name_a_person_or_organisation_makes_no_card(field: str, text: str) -> None:
    assert not is_person_text(text)
    with pytest.raises(BadEncodingError):
        Card.read(changed(**{field: text}))


@pytest.mark.parametrize("field", sorted(KEYS))
@pytest.mark.parametrize("value", [None, 1, True, ["noor"], {"a": "b"}])
def test_a_field_that_is_no_text_makes_no_card(field: str, value: Any) -> None:
    with pytest.raises(BadEncodingError):
        Card.read(changed(**{field: value}))


@pytest.mark.parametrize("field", sorted(KEYS))
def test_a_field_that_is_missing_makes_no_card(field: str) -> None:
    with pytest.raises(BadEncodingError):
        Card.read(canonical_json({name: value for name, value in FIELDS.items() if name != field}))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"1",
        changed(role="beheerder"),
        changed(**{"#": "dossier/card/2"}),
        changed(box=to_base64(NOOR.card.box[:-1])),
        changed(box=to_base64(NOOR.card.box + b"\0")),
        changed(sign=to_base64(NOOR.card.sign[:-1])),
        changed(sign=to_base64(NOOR.card.sign)[:-1]),
        NOOR.card.write() + b"\n",
        NOOR.card.write().replace(b",", b", "),
        NOOR.card.write() + b" " * 4096,
    ],
)
def test_what_is_not_the_one_way_to_write_a_card_is_refused(data: bytes) -> None:
    with pytest.raises(BadEncodingError):
        Card.read(data)


@pytest.mark.parametrize(
    "change",
    [
        {"sign": to_base64(bytes(32))},
        {"box": to_base64(NOOR.card.box[:1184] + bytes(32))},
        {"box": to_base64(b"\xff" * 1184 + NOOR.card.box[1184:])},
    ],
)
def test_a_card_with_a_key_that_means_nothing_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(WeakKeyError):
        Card.read(changed(**change))


@given(
    st.binary(max_size=60) | st.sampled_from([NOOR.card.write()]), st.integers(0, 2000), st.integers(0, 255)
)
def test_a_card_that_is_read_is_written_the_same(data: bytes, at: int, byte: int) -> None:
    data = data[:at] + bytes([byte]) + data[at + 1 :]
    try:
        card = Card.read(data)
    except (BadEncodingError, WeakKeyError):
        return
    assert card.write() == data


def test_a_signature_holds_for_its_signer_message_and_context() -> None:
    identity: Identity = NOOR
    signature = identity.sign(b"message", b"context")
    check_signature(NOOR.card, signature, b"message", b"context")
    for card, message, context in (
        (OTHER.card, b"message", b"context"),
        (NOOR.card, b"massage", b"context"),
        (NOOR.card, b"message", b"contexts"),
    ):
        with pytest.raises(BadSignatureError):
            check_signature(card, signature, message, context)


def test_a_box_opens_for_its_card_and_in_its_context() -> None:
    box = box_to(NOOR.card, b"k" * 32, b"context")
    assert NOOR.unbox(box, b"context") == b"k" * 32
    for identity, context in ((OTHER, b"context"), (NOOR, b"contexts")):
        with pytest.raises(DoesNotOpenError):
            identity.unbox(box, context)


def test_a_mac_is_of_both_seeds_the_context_and_the_message() -> None:
    made = {
        NOOR.mac(b"message", b"context"),
        NOOR.mac(b"massage", b"context"),
        NOOR.mac(b"message", b"contexts"),
        LocalIdentity.new_with("noor", "Noor", "W", BOX_SEED, b"x" * 32).mac(b"message", b"context"),
        LocalIdentity.new_with("noor", "Noor", "W", b"x" * 32, SIGN_SEED).mac(b"message", b"context"),
    }
    assert len(made) == 5
    assert NOOR.mac(b"message", b"context") in made
