"""How records lie in a page: whole ones are read, a torn one at the end is passed over."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laying import lay, records, team

from dossier.errors import IntegrityError
from dossier.log.merkle import EMPTY_ROOT
from dossier.log.note import key_id
from dossier.log.records import Record, origin, signature_of, split, text_of
from keys.encoding import to_base64
from keys.primitives import sign_public

NAME = origin("0123456789abcdef" * 2)
PUBLIC = sign_public(bytes(32))
KEY = key_id(NAME, PUBLIC)
TEXT = text_of(NAME, 7, EMPTY_ROOT)
LINE = f"\u2014 {NAME} ".encode()
GOOD = TEXT + b"\n" + LINE + to_base64(KEY + bytes(64)).encode() + b"\n"

BAD_NOTES = {
    "another text": GOOD.replace(b"\n7\n", b"\n8\n"),
    "no signature": TEXT + b"\n",
    "another key": TEXT + b"\n" + LINE + to_base64(bytes(68)).encode() + b"\n",
    "another name": GOOD.replace(NAME.encode() + b" ", b"someone "),
    "short": TEXT + b"\n" + LINE + to_base64(KEY + bytes(63)).encode() + b"\n",
    "not base64": TEXT + b"\n" + LINE + b"!\n",
    "not ASCII": TEXT + b"\n" + LINE + b"\xff\n",
    "no last line feed": GOOD[:-1],
}


def test_whole_records_come_back() -> None:
    store = lay(team())
    found = records(store)
    assert b"".join(one.write() for one in found) == store.page(0)
    assert split(store.page(0)) == (found, len(store.page(0)))


@given(st.data())
def test_a_torn_record_is_passed_over(data: st.DataObject) -> None:
    whole = [Record(b"entry", b"a\nb\nc\n\nd\n"), Record(b"other", b"e\nf\ng\n\nh\n")]
    page = b"".join(one.write() for one in whole)
    cut = data.draw(st.integers(0, len(page)))
    found, length = split(page[:cut])
    ends = [0, len(whole[0].write()), len(page)]
    assert length == max(end for end in ends if end <= cut)
    assert found == whole[: ends.index(length)]


def test_the_signature_of_a_checkpoint_is_found() -> None:
    assert signature_of(GOOD, TEXT, NAME, KEY) == bytes(64)


@pytest.mark.parametrize("name", BAD_NOTES)
def test_a_note_that_is_not_this_checkpoint_is_refused(name: str) -> None:
    with pytest.raises(IntegrityError, match="bad-checkpoint"):
        signature_of(BAD_NOTES[name], TEXT, NAME, KEY)
