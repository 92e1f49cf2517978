"""A recovery secret and its shares: any few of them make it, fewer or others do not, and no message tells."""

import re
import subprocess
import sys
import traceback
from hashlib import sha256
from itertools import combinations

import pytest
import shamir_mnemonic
from hypothesis import given, settings
from hypothesis import strategies as st
from shamir_mnemonic.wordlist import WORDLIST

from keys import recovery
from keys.errors import (
    FewSharesError,
    RepeatedShareError,
    ShareError,
    SharesOfOtherError,
    WrongKeyError,
    WrongShareError,
)
from keys.recovery import Share, check, identity_of, join, new_secret, split

SECRET = sha256(b"recovery vector").digest()
# 3 of 5 of that secret, drawn once.
_SHARES = """\
forecast clay academic acne adult venture coastal buyer ancient mobile goat muscle deny august advance
salt exercise cricket process realize reunion acquire epidemic sympathy kitchen clinic editor paces
lyrics segment judicial losing friar

forecast clay academic agree airline physics echo identify parcel discuss threaten downtown skin dragon
impact wealthy rocky evil swing remind indicate sweater domestic early again avoid coastal package
custody hanger receiver miracle kitchen

forecast clay academic amazing aviation calcium center tricycle capacity pink grin cause pickup multiple
rhythm coding company beard photo thunder western amount theory require element bracelet browser
pleasure endless intimate quarter spark uncover

forecast clay academic arcade amount epidemic engage loud rapids advance teaspoon mason fluff payroll
smear calcium sprinkle iris spew trip depict spirit merchant focus dragon drove lawsuit plunge testify
stick knit security slavery

forecast clay academic axle amount rescue center emission source license cowboy exchange hairy photo
airport library coastal fact climate flea velvet swing curious formal zero mental national clock armed
rumor rhythm hamster remove
"""
SHARES = tuple(" ".join(words.split()) for words in _SHARES.split("\n\n"))


@st.composite
def splittings(draw: st.DrawFn) -> tuple[bytes, int, int]:
    shares = draw(st.integers(recovery.LEAST, 7))
    return draw(st.binary(min_size=32, max_size=32)), draw(st.integers(recovery.LEAST, shares)), shares


# What was split once opens for ever.


def test_the_fixed_shares_make_the_fixed_secret_whoever_brings_theirs() -> None:
    for some in combinations(SHARES, 3):
        assert join(some) == SECRET
    assert join(SHARES) == join(reversed(SHARES)) == SECRET


def test_the_fixed_secret_is_that_of_the_fixed_card() -> None:
    identity = identity_of(SECRET, "recovery-1", "Herstelkaart", "Team Noord")
    assert identity.card.fingerprint == "63Y4J-7BW0Z-C8YHT-99Y9K-7P7QT"
    assert identity.card.sign.hex() == "5461a1c7d7a70aec60f24d62b0d1f20a849b3ab213a1508d0a4732581a8da0cd"
    box = "1d47c8f27cda0a019b6cc0c95a23900965020222e8b84c8ddcd60fe24634eed4"
    assert sha256(identity.card.box).hexdigest() == box
    assert len({SECRET, *identity.seeds()}) == 3


def test_a_share_says_which_it_is() -> None:
    assert [check(words) for words in SHARES] == [Share(check(SHARES[0]).set, n, 3) for n in range(1, 6)]
    assert check(SHARES[0]).set == 11556


@pytest.mark.parametrize("change", [str.upper, str.title, lambda words: "\n  " + words.replace(" ", " \t\n")])
def test_a_share_may_be_typed_in_capitals_and_on_many_lines(change: "type[str]") -> None:
    assert check(change(SHARES[0])) == check(SHARES[0])
    assert join([change(words) for words in SHARES[:3]]) == SECRET


# Round trips.


@given(splittings(), st.data())
@settings(max_examples=25, deadline=None)
def test_any_so_many_make_the_secret_and_one_fewer_does_not(
    splitting: tuple[bytes, int, int], data: st.DataObject
) -> None:
    secret, threshold, shares = splitting
    made = split(secret, threshold, shares)
    assert [check(words)[1:] for words in made] == [(n, threshold) for n in range(1, shares + 1)]
    some = data.draw(st.permutations(made))
    assert join(some[:threshold]) == secret
    with pytest.raises(FewSharesError) as caught:
        join(some[: threshold - 1])
    assert (caught.value.given, caught.value.needed) == (threshold - 1, threshold if threshold > 1 else 2)


def test_sixteen_custodians_can_hold_one_each() -> None:
    made = split(SECRET, 16, 16)
    assert join(made) == SECRET
    assert check(made[-1])[1:] == (16, 16)


@pytest.mark.parametrize("numbers", [(1, 1), (1, 3), (0, 3), (4, 3), (2, 17), (2, 1)])
def test_numbers_that_cannot_be_are_refused(numbers: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="threshold"):
        split(SECRET, *numbers)


def test_secrets_and_shares_are_drawn_anew_each_time() -> None:
    assert len({new_secret() for _ in range(5)}) == 5
    assert len(new_secret()) == 32
    assert not set(split(SECRET, 2, 3)) & set(split(SECRET, 2, 3))


def test_shares_that_do_not_make_the_secret_are_never_handed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shamir_mnemonic, "generate_mnemonics", lambda *_: [list(SHARES)])
    assert split(SECRET, 3, 5) == list(SHARES)
    with pytest.raises(WrongKeyError):
        split(bytes(32), 3, 5)


# What is no share.


def why(words: str) -> tuple[str, int | None]:
    with pytest.raises(WrongShareError) as caught:
        check(words)
    return caught.value.why, caught.value.number


@pytest.mark.parametrize("place", range(33))
def test_every_other_word_is_noticed_by_itself(place: int) -> None:
    words = SHARES[0].split()
    other = WORDLIST[(WORDLIST.index(words[place]) + 1) % len(WORDLIST)]
    assert why(" ".join([*words[:place], other, *words[place + 1 :]])) == ("checksum", None)
    assert why(" ".join([*words[:place], "fiets", *words[place + 1 :]])) == ("word", place + 1)


def test_words_swapped_left_out_or_too_many_are_noticed() -> None:
    words = SHARES[0].split()
    assert why(" ".join([words[1], words[0], *words[2:]])) == ("checksum", None)
    assert why(" ".join(words[:-1])) == ("length", 32)
    assert why(" ".join([*words, words[0]])) == ("length", 34)
    assert why("") == ("length", 0)


# Good shares of SLIP-0039, but not such as `split` makes, each of the secret above.
_OTHER_KINDS = """\
stretched: superior helpful academic acid amazing prevent emphasis flexible legal being eclipse rocky
pleasure ordinary stadium grownup provide spray often leaf extra provide general diminish manager cinema
gravity burden shrimp punish island hawk animal

not_extendable: trouble necklace academic acid airport busy ounce snapshot buyer curly firm response
snake temple exclude vegan satisfy symbolic ambition axis royal geology branch either filter public
client busy academic educate ecology usher crush

two_groups: exotic else academic echo arcade ceiling premium adequate pecan scatter pile triumph husband
exhaust darkness leaves bundle beaver lizard obesity bedroom declare single numb adequate orange slap
ticket mental quantity custody device client

one_of_one: western dramatic academic academic alcohol airline friar trend much ugly source analysis
identify graduate cylinder judicial tolerate hamster ultimate thumb elbow distance training mason swing
idle rich venture example adorn mobile very obesity
"""
OTHER_KINDS = {
    kind: " ".join(words.split())
    for kind, _, words in (text.partition(":") for text in _OTHER_KINDS.split("\n\n"))
}


@pytest.mark.parametrize("kind", sorted(OTHER_KINDS))
def test_a_share_of_another_kind_is_refused(kind: str) -> None:
    assert shamir_mnemonic.Share.from_mnemonic(OTHER_KINDS[kind])
    assert why(OTHER_KINDS[kind]) == ("kind", None)


def test_a_share_of_a_shorter_secret_is_refused() -> None:
    ((short, *_),) = shamir_mnemonic.generate_mnemonics(1, [(2, 3)], SECRET[:16], b"", True, 0)
    assert why(short) == ("length", 20)


# What does not go together.


def test_shares_of_another_splitting_are_refused() -> None:
    other = split(SECRET, 3, 5)
    for some in ([*SHARES[:2], other[2]], [SHARES[0], other[1]], [*SHARES[:3], other[3]]):
        with pytest.raises(SharesOfOtherError):
            join(some)


def test_a_share_given_twice_counts_for_no_two() -> None:
    for some in ([SHARES[0], SHARES[1], SHARES[1].upper()], [*SHARES, SHARES[4]]):
        with pytest.raises(RepeatedShareError):
            join(some)


def forged(words: str, **changes: object) -> str:
    """Give a share with other contents and a checksum that is right."""
    share = shamir_mnemonic.Share.from_mnemonic(words)
    return shamir_mnemonic.Share(**{**vars(share), **changes}).mnemonic()


def test_a_share_that_was_made_up_is_noticed_when_they_are_joined() -> None:
    made_up = forged(SHARES[2], value=bytes(32))
    assert check(made_up) == check(SHARES[2])
    for some in ([*SHARES[:2], made_up], [*SHARES[:2], made_up, *SHARES[3:]], [made_up, *SHARES[3:]]):
        with pytest.raises(WrongShareError) as caught:
            join(some)
        assert caught.value.why == "apart"


def test_a_share_too_many_is_tried_as_well() -> None:
    """Even where it goes with some of the others to make another secret."""
    other = bytes(32)
    ems = shamir_mnemonic.EncryptedMasterSecret.from_master_secret(other, b"", check(SHARES[0]).set, True, 0)
    (strangers,) = shamir_mnemonic.split_ems(1, [(3, 5)], ems)
    stranger = [share.mnemonic() for share in strangers]
    assert join(stranger[:3]) == other
    for some in ([*SHARES[:3], stranger[3]], [*SHARES[:3], *stranger[3:]], [*stranger[:3], *SHARES[3:]]):
        with pytest.raises(WrongShareError):
            join(some)


def test_shares_that_make_two_secrets_make_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """The checksum of SLIP-0039 over the joined secret has 4 bytes: someone may have found a second one."""
    monkeypatch.setattr(shamir_mnemonic, "combine_mnemonics", lambda _shares: new_secret())
    assert len(join(SHARES[:3])) == 32
    with pytest.raises(WrongShareError) as caught:
        join(SHARES[:4])
    assert caught.value.why == "apart"


def test_shares_that_only_claim_a_lower_threshold_make_nothing() -> None:
    """Two of three cannot pass for two of two."""
    claiming = [forged(words, member_threshold=2) for words in SHARES[:2]]
    with pytest.raises(WrongShareError):
        join(claiming)
    with pytest.raises(SharesOfOtherError):
        join([claiming[0], SHARES[1]])


def test_no_shares_are_too_few() -> None:
    with pytest.raises(FewSharesError) as caught:
        join([])
    assert (caught.value.given, caught.value.needed) == (0, 2)


# No word of a share in any message.


def test_no_error_has_a_word_of_a_share() -> None:
    first, *more = SHARES
    words = first.split()
    calls = [
        [" ".join([*words[:-1], words[0]])],
        [" ".join([*words[:4], "fiets", *words[5:]])],
        [" ".join(words[:-1])],
        [*OTHER_KINDS.values()],
        [first, more[0]],
        [first, first, more[0]],
        [first, *split(SECRET, 2, 3)],
        [first, more[0], forged(more[1], value=SECRET)],
    ]
    for call in calls:
        with pytest.raises(ShareError) as caught:
            join(call)
        error = caught.value
        shown = [str(error), repr(error), repr(vars(error))]
        shown += [line for line in traceback.format_exception(error) if not line.startswith(" ")]
        said = set(re.findall("[a-z]+", " ".join(shown).lower()))
        assert not said & {"fiets", *" ".join(call).lower().split()}, shown


def test_what_a_share_says_of_itself_shows_nothing_of_it() -> None:
    assert repr(check(SHARES[1])) == "Share(set=11556, number=2, threshold=3)"
    assert repr(identity_of(SECRET, "recovery-1", "x", "y")) == "LocalIdentity(recovery-1)"


def test_nobody_waits_for_the_words_who_needs_none() -> None:
    code = "import sys, keys.recovery; print('shamir_mnemonic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, encoding="utf-8")
    assert done.stdout == "False\n"
