"""Sealed contents: every size comes back, and every chunk that is not as it was sealed is noticed."""

import io
from itertools import pairwise

import pytest
from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from hypothesis import given, settings
from hypothesis import strategies as st

from keys import sealing
from keys.errors import DoesNotOpenError
from keys.primitives import ChunkCipher
from keys.sealing import CHUNK_SIZE, open_sealed, plain_size, seal, sealed_size

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
HERE, THERE = b"here", b"there"
HEADER = 24 + 32
SEALED_CHUNK = CHUNK_SIZE + 16
BLOCK = 16 * CHUNK_SIZE  # read at once

BORDERS = [
    n * CHUNK_SIZE + d for n in (0, 1, 2, 15, 16, 17, 32) for d in (-1, 0, 1) if n * CHUNK_SIZE + d >= 0
]
sizes = st.sampled_from(BORDERS) | st.integers(0, 3 * CHUNK_SIZE)


class Trickle(io.BytesIO):
    """A source that gives at most some bytes at a time."""

    def __init__(self, data: bytes, most: int) -> None:
        super().__init__(data)
        self._most = most

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(size or 0, self._most))


def content(size: int) -> bytes:
    return (b"0123456789abcdef-" * (size // 17 + 1))[:size]


def sealed(plain: bytes, key: bytes = KEY, context: bytes = HERE) -> bytes:
    sink = io.BytesIO()
    assert seal(key, context, io.BytesIO(plain), sink) == len(plain)
    return sink.getvalue()


def opened(data: bytes, key: bytes = KEY, context: bytes = HERE) -> bytes:
    sink = io.BytesIO()
    size = open_sealed(key, context, io.BytesIO(data), sink)
    assert size == len(sink.getvalue())
    return sink.getvalue()


def refused(data: bytes, key: bytes = KEY, context: bytes = HERE) -> bytes:
    """See that it does not open; give what was written before that was found."""
    sink = io.BytesIO()
    with pytest.raises(DoesNotOpenError):
        open_sealed(key, context, io.BytesIO(data), sink)
    return sink.getvalue()


def chunks(data: bytes) -> list[bytes]:
    body = data[HEADER:]
    return [body[i : i + SEALED_CHUNK] for i in range(0, len(body), SEALED_CHUNK)]


@pytest.fixture(scope="module")
def plain() -> bytes:
    return content(5 * CHUNK_SIZE + 100)


@pytest.fixture(scope="module")
def good(plain: bytes) -> bytes:
    return sealed(plain)


@settings(deadline=None)
@given(sizes)
def test_a_content_of_any_size_comes_back(size: int) -> None:
    data = sealed(content(size))
    assert len(data) == sealed_size(size)
    assert plain_size(len(data)) == size
    assert opened(data) == content(size)


@settings(deadline=None, max_examples=30)
@given(sizes, st.integers(1, 3 * CHUNK_SIZE))
def test_short_reads_change_nothing(size: int, most: int) -> None:
    most = max(most, size // 50 + 1)
    sink, back = io.BytesIO(), io.BytesIO()
    sealing._seal_with(KEY, HERE, Trickle(content(size), most), sink, b"s" * 24)
    whole = io.BytesIO()
    sealing._seal_with(KEY, HERE, io.BytesIO(content(size)), whole, b"s" * 24)
    assert sink.getvalue() == whole.getvalue()
    assert open_sealed(KEY, HERE, Trickle(sink.getvalue(), most), back) == size
    assert back.getvalue() == content(size)


@settings(deadline=None, max_examples=30)
@given(sizes)
def test_the_library_opens_what_we_seal_and_we_what_it_seals(size: int) -> None:
    theirs = Cobblestone256Decryptor(KEY, HERE)
    assert theirs.update(sealed(content(size))) + theirs.finalize() == content(size)
    sealer = Cobblestone256Encryptor(KEY, HERE)
    assert opened(sealer.update(content(size)) + sealer.finalize()) == content(size)


def test_the_last_chunk_is_always_shorter() -> None:
    for size, count in (
        (0, 1),
        (CHUNK_SIZE - 1, 1),
        (CHUNK_SIZE, 2),
        (CHUNK_SIZE + 1, 2),
        (2 * CHUNK_SIZE, 3),
    ):
        made = chunks(sealed(content(size)))
        assert len(made) == count
        assert len(made[-1]) < SEALED_CHUNK


def test_one_content_sealed_twice_differs_from_the_first_byte(plain: bytes, good: bytes) -> None:
    again = sealed(plain)
    assert again[:24] != good[:24]
    assert not set(chunks(again)) & set(chunks(good))


@pytest.mark.parametrize(("key", "context"), [(OTHER_KEY, HERE), (KEY, THERE), (KEY, b"")])
def test_nothing_is_written_under_another_key_or_context(good: bytes, key: bytes, context: bytes) -> None:
    assert refused(good, key, context) == b""


@pytest.mark.parametrize("at", [0, 23, 24, 55])
def test_nothing_is_written_under_an_altered_header(good: bytes, at: int) -> None:
    assert refused(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]) == b""


def test_the_commitment_is_compared_before_any_chunk_is_opened(
    good: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: bytes) -> bytes:
        raise AssertionError

    monkeypatch.setattr(ChunkCipher, "open", never)
    refused(good[:24] + bytes(32) + good[56:])


@pytest.mark.parametrize("number", range(6))
def test_an_altered_chunk_is_noticed_and_no_byte_of_it_written(
    plain: bytes, good: bytes, number: int
) -> None:
    start = HEADER + number * SEALED_CHUNK
    for at in (start, min(start + SEALED_CHUNK, len(good)) - 1):
        written = refused(good[:at] + bytes([good[at] ^ 0x80]) + good[at + 1 :])
        assert written == plain[: number * CHUNK_SIZE]


@pytest.mark.parametrize("number", range(6))
def test_a_dropped_chunk_is_noticed(plain: bytes, good: bytes, number: int) -> None:
    made = chunks(good)
    written = refused(good[:HEADER] + b"".join(made[:number] + made[number + 1 :]))
    assert written == plain[: number * CHUNK_SIZE]


@pytest.mark.parametrize("number", range(6))
def test_a_doubled_chunk_is_noticed(plain: bytes, good: bytes, number: int) -> None:
    made = chunks(good)
    written = refused(good[:HEADER] + b"".join(made[: number + 1] + made[number:]))
    assert written == plain[: min(number + 1, 5) * CHUNK_SIZE]


@pytest.mark.parametrize(("one", "other"), list(pairwise(range(6))))
def test_swapped_chunks_are_noticed(plain: bytes, good: bytes, one: int, other: int) -> None:
    made = chunks(good)
    made[one], made[other] = made[other], made[one]
    assert refused(good[:HEADER] + b"".join(made)) == plain[: one * CHUNK_SIZE]


@pytest.mark.parametrize("number", range(6))
def test_a_chunk_of_another_content_is_noticed(plain: bytes, good: bytes, number: int) -> None:
    made, others = chunks(good), chunks(sealed(plain))
    made[number] = others[number]
    assert refused(good[:HEADER] + b"".join(made)) == plain[: number * CHUNK_SIZE]


@settings(deadline=None)
@given(st.data())
def test_a_content_cut_anywhere_is_noticed(data: st.DataObject) -> None:
    plain = content(2 * CHUNK_SIZE + 40)
    whole = sealed(plain)
    borders = [0, HEADER, *(HEADER + n * SEALED_CHUNK + d for n in range(3) for d in (0, 15, 16, 17))]
    size = data.draw(st.sampled_from(borders) | st.integers(0, len(whole) - 1))
    written = refused(whole[:size])
    assert plain.startswith(written)
    assert len(written) == max(size - HEADER, 0) // SEALED_CHUNK * CHUNK_SIZE


@pytest.mark.parametrize("size", [0, 40, CHUNK_SIZE - 1, CHUNK_SIZE, 16 * CHUNK_SIZE])
@pytest.mark.parametrize("more", [1, 16, CHUNK_SIZE, SEALED_CHUNK])
def test_bytes_after_the_last_chunk_are_noticed(size: int, more: int) -> None:
    whole = sealed(content(size))
    assert refused(whole + bytes(more)) == content(size)[: size // CHUNK_SIZE * CHUNK_SIZE]
    assert refused(whole + whole[-more:]) == content(size)[: size // CHUNK_SIZE * CHUNK_SIZE]


def test_a_content_without_its_short_chunk_is_truncated() -> None:
    for count in (1, 16, 17):
        whole = sealed(content(count * CHUNK_SIZE))
        assert refused(whole[:-16]) == content(count * CHUNK_SIZE)


@pytest.mark.parametrize("size", [0, 1, 55])
def test_a_header_that_was_cut_is_noticed(good: bytes, size: int) -> None:
    assert refused(good[:size]) == b""


@given(st.integers(0, 2**52 - 1))
def test_sizes_go_both_ways(size: int) -> None:
    assert plain_size(sealed_size(size)) == size


@given(st.integers(-100, 4 * SEALED_CHUNK) | st.integers(2**52, 2**54))
def test_a_length_that_is_read_is_that_of_a_sealed_content(size: int) -> None:
    try:
        plain = plain_size(size)
    except DoesNotOpenError:
        return
    assert sealed_size(plain) == size


@pytest.mark.parametrize(
    "size", [-1, 0, 55, 56, 71, HEADER + SEALED_CHUNK, HEADER + SEALED_CHUNK + 15, sealed_size(2**52 - 1) + 1]
)
def test_an_impossible_length_is_refused(size: int) -> None:
    with pytest.raises(DoesNotOpenError):
        plain_size(size)


@pytest.mark.parametrize("size", [-1, 2**52])
def test_a_size_that_cannot_be_sealed_is_refused(size: int) -> None:
    with pytest.raises(DoesNotOpenError):
        sealed_size(size)


def test_more_chunks_than_the_counter_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = sealed(content(2 * CHUNK_SIZE))
    monkeypatch.setattr(sealing, "_MOST_CHUNKS", 2)
    assert opened(sealed(content(2 * CHUNK_SIZE - 1))) == content(2 * CHUNK_SIZE - 1)
    with pytest.raises(DoesNotOpenError):
        sealed(content(2 * CHUNK_SIZE))
    assert refused(whole) == content(2 * CHUNK_SIZE)


def test_no_more_than_a_block_is_held_at_once() -> None:
    asked: list[int] = []

    class Counting(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            asked.append(size or 0)
            return super().read(size)

    seal(KEY, HERE, Counting(content(3 * BLOCK)), io.BytesIO())
    assert set(asked) == {BLOCK}
