"""Passphrases: six words without bias, and self-chosen ones that others would guess refused."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys import passphrase
from keys.errors import PassphraseRefusedError
from keys.passphrase import check_chosen, offer

HANDLE, PERSON = "noor-w2", "Zo\u00eb van der Wit"

SHORT = ["", "kort", "dertien-teken", "e\u0301" * 13]
COMMON = [
    "aaaaaaaaaaaaaa",
    "wachtwoord1234!",
    "Wachtwoord2024!!",
    "W@chtw00rd2024!",
    "welkom12345678",
    "Welkom2024Welkom2025",
    "zomer2024zomer2024",
    "qwertyuiopasdf",
    "1qaz2wsx3edc4rfv",
    "12345678901234",
    "98765432109876",
    "abcdefghijklmn",
    "abcabcabcabcabc",
    "11112222333344445555",
    "kameel kameel kameel",
    "fietspomp?fietspomp?",
    "fietspomp?fietspomp?fie",
    "correct horse battery staple",
    "Ik hou van jou 2024",
    "password password1",
    "gemeente utrecht 2024",
    "januari februari maart",
    "....wachtwoord....",
]
NAMED = [
    "de fiets van noor is rood",
    "NOOR-W2 heeft een rode fiets",
    "mijn naam is witte sneeuw",
    "zoe wandelt over de brug",
    "ZO\u00cb wandelt over de brug",
]
GOOD = [
    "paarse kamelen eten graag",
    "Mijn fiets staat scheef",
    "ik hou van koffie",
    "Xk3#pQz9!mVw2rT",
    "tuinslang kapitein",
    "paarse kamelen paarse kamelen",
    "van der zande naar den haag",
]


def why(text: str) -> str | None:
    try:
        check_chosen(text, HANDLE, PERSON)
    except PassphraseRefusedError as e:
        return e.why
    return None


@pytest.mark.parametrize("text", SHORT)
def test_a_passphrase_under_14_characters_is_refused(text: str) -> None:
    assert why(text) == "short"


@pytest.mark.parametrize("text", COMMON)
def test_a_passphrase_that_others_would_guess_is_refused(text: str) -> None:
    assert len(text) >= passphrase.SHORTEST
    assert why(text) == "common"


@pytest.mark.parametrize("text", NAMED)
def test_a_passphrase_that_holds_the_members_name_is_refused(text: str) -> None:
    assert why(text) == "name"


@pytest.mark.parametrize("text", GOOD)
def test_any_other_passphrase_of_14_characters_will_do(text: str) -> None:
    assert why(text) is None


def test_short_parts_and_particles_of_a_name_are_no_name() -> None:
    check_chosen("van der bo naar den haag al", "bo", "Al van der Bo")


@pytest.mark.parametrize("word", (passphrase._FOLDER / "common.txt").read_text("ascii").split())
def test_no_word_on_the_common_list_gets_by_with_digits_and_signs(word: str) -> None:
    assert why(f"{word.capitalize()}2026!!".ljust(14, "!")) in {"common", "name"}


@given(st.text(max_size=60))
def test_any_text_gets_an_answer(text: str) -> None:
    assert why(text) in {None, "short", "common", "name"}


@given(st.text("ab1!", min_size=1, max_size=6), st.integers(1, 20))
def test_a_repetition_is_refused(unit: str, extra: int) -> None:
    assert why((unit * 20)[: 13 + extra]) in {"common", "short"}


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_list_has_7776_plain_words(language: str) -> None:
    words = passphrase._read(f"{language}.txt")
    assert len(words) == len(set(words)) == 7776
    assert list(words) == sorted(words)
    assert all(re.fullmatch("[a-z]{4,9}", word) for word in words)
    assert passphrase.WORDS * math.log2(len(words)) >= 77


def test_the_common_list_is_sorted_and_folded() -> None:
    words = passphrase._read("common.txt")
    assert list(words) == sorted(set(words))
    assert all(re.fullmatch("[a-z0-9]{4,}", word) for word in words)


@pytest.mark.parametrize("language", ["nl", "en"])
def test_six_words_are_offered_and_no_two_offers_are_alike(language: str) -> None:
    words = set(passphrase._read(f"{language}.txt"))
    offers = [offer(language).split(" ") for _ in range(50)]
    assert all(len(made) == 6 and set(made) <= words for made in offers)
    assert len({tuple(made) for made in offers}) == 50


@pytest.mark.parametrize("language", ["nl", "en"])
def test_what_is_offered_could_be_chosen(language: str) -> None:
    for _ in range(50):
        check_chosen(offer(language), "zzz", "Xxx Yyy")


def test_there_is_no_list_for_another_language() -> None:
    with pytest.raises(KeyError):
        offer("../nl")


def test_a_draw_that_would_favour_some_words_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    last = 8 * 7776 - 1
    draws = iter([65535, last + 1, last, 0])
    monkeypatch.setattr(passphrase, "random_bytes", lambda size: next(draws).to_bytes(size, "big"))
    assert passphrase._draw(7776) == 7775
    assert passphrase._draw(7776) == 0


def test_every_word_is_as_likely_as_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = [0] * 7776
    for number in range(8 * 7776):
        monkeypatch.setattr(passphrase, "random_bytes", lambda size, n=number: n.to_bytes(size, "big"))
        drawn[passphrase._draw(7776)] += 1
    assert set(drawn) == {8}


def test_the_lists_are_read_only_when_they_are_needed() -> None:
    passphrase._read.cache_clear()
    with pytest.raises(PassphraseRefusedError):
        check_chosen("kort", HANDLE, PERSON)
    assert passphrase._read.cache_info().misses == 0
    offer("nl")
    assert passphrase._read.cache_info().misses == 1
