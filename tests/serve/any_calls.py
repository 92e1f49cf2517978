"""Any calls: what Hypothesis makes of every verb's body, and of every request and statement in it.

What is in them is now and then what there really is (an id, a handle, a digest), so that calls get far.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import strategies as st

from dossier.data import default_policy_text
from dossier.model import MEDIA_TYPES, Deed, Role

Any_ = st.SearchStrategy[Any]
_FORMAT = (Path(__file__).parent.parent.parent / "docs" / "format.md").read_text("utf-8")
TIMES = ("2026-01-05T09:00:00.000Z", "2026-01-05T09:00:00.001Z", "2036-01-05T09:00:00.000Z")
ODD_TIMES = (
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59.999-14:00",
    "2026-01-05",
    "",
    "0001-01-01T00:00:00.000Z",
)


class World(NamedTuple):
    """What there really is: values by kind, as format.md names the kinds."""

    values: Mapping[str, Sequence[Any]]

    def of(self, kind: str) -> Any_:
        """Give what there is of a kind, or something that reads as such."""
        real = st.sampled_from(list(self.values[kind])) if self.values.get(kind) else st.nothing()
        return real | _LIKE[kind]


def junk() -> Any_:
    """Give any JSON, of the kind that nobody asked for."""
    leaves = (
        st.none()
        | st.booleans()
        | st.integers()
        | st.sampled_from([2**31, 2**53, 2**63, -1, 10**40])
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=8)
        | st.sampled_from(["\x00", "\ud800", "store", "H-AAAAAAAA", "=" * 44, *ODD_TIMES])
    )
    return st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | _objects(inner), max_leaves=5)


def _objects(inner: Any_) -> Any_:
    return st.dictionaries(st.sampled_from(["seen", "books", "store", "digests", ""]), inner, max_size=3)


_B64 = {size: st.binary(min_size=size, max_size=size) for size in (32, 60, 1216)}
_WORDS = st.sampled_from(
    ["intake", "plan", "intakegesprek", "verlof", "uit-dienst", "doel-bereikt", "nergens"]
)


def _b64(size: int) -> Any_:
    from keys.encoding import to_base64  # noqa: PLC0415 (only here)

    return _B64[size].map(to_base64)


_LIKE: dict[str, Any_] = {
    "number": st.integers(1, 4) | st.sampled_from([2**53 - 1]),
    "size": st.integers(0, 30) | st.sampled_from([2**53 - 1]),
    "handle": st.sampled_from(["niemand", "a"]),
    "person-text": st.sampled_from(["Mens", "Stichting"]),
    "word": _WORDS,
    "household": st.sampled_from(["H-AAAAAAAA"]),
    "grant": st.sampled_from(["G-AAAAAAAA"]),
    "digest": st.sampled_from(["0" * 64]),
    "document": st.just("") | st.just(default_policy_text()),
    "media-type": st.sampled_from(MEDIA_TYPES),
    "hash": _b64(32),
    "box-public": _b64(1216),
    "wrap": _b64(60),
    "time": st.sampled_from(TIMES),
    "role": st.sampled_from([str(role) for role in Role]),
    "deed": st.sampled_from([str(deed) for deed in Deed]),
    "card": st.nothing(),
}
_ROWS = {
    "box": ("handle", "digest"),
    "slot": ("role", "handle", "digest"),
    "boxed": ("role", "word", "number", "digest"),
    "granted": ("word", "number", "digest"),
    "keying": ("word", "number", "hash", "slot*", "number", "digest", "digest?"),
}


def field(world: World, kind: str) -> Any_:
    """Give a field of a statement: of this kind, with `?`, `*` or `+` after it as in format.md."""
    if kind[-1] == "?":
        return st.none() | field(world, kind[:-1])
    if kind[-1] in "*+":
        return st.lists(field(world, kind[:-1]), min_size=kind[-1] == "+", max_size=3)
    if kind in _ROWS:
        return st.tuples(*(field(world, part) for part in _ROWS[kind])).map(list)
    return world.of(kind)


def shapes() -> dict[str, list[str]]:
    """Read which fields each statement has, from the table of format.md."""
    rows = _FORMAT.partition("<!-- table: statements -->\n")[2].partition("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    return {tag: [part.split()[1] for part in fields.split(", ")] for tag, fields in cells}


def statements(world: World) -> Any_:
    """Give any statement that can be read, true or not."""
    of_tag = [
        st.tuples(st.just(tag), *(field(world, kind) for kind in kinds)).map(list)
        for tag, kinds in shapes().items()
    ]
    plain = st.one_of(of_tag)
    return plain | plain.map(lambda statement: ["proposed/1", statement])


def requests(world: World) -> Any_:
    """Give what a request to enter says, less what every request says; most of them such as are made."""
    household = world.of("household")
    section = st.sampled_from(["intake", "intake", "plan", "voorblad", "nergens"])
    purpose = st.sampled_from(["intakegesprek", "intakegesprek", "plan-opstellen", "nergens"])
    version = st.sampled_from([1, 1, 2, 0, None, 2**53 - 1])
    contents = {
        "deed": st.sampled_from(["read", "read", "write"]),
        "household": household,
        "section": section,
        "version": version,
        "purpose": purpose,
    }
    looks = {
        "deed": st.sampled_from(["look", "log-show", "export"]),
        "household": st.none() | household,
        **dict.fromkeys(("section", "version", "purpose"), st.none()),
    }
    anything = {
        "deed": st.sampled_from([str(deed) for deed in Deed]),
        "household": st.none() | household,
        "section": st.none() | section,
        "version": version,
        "purpose": st.none() | purpose,
    }
    return st.one_of(*(st.fixed_dictionaries(shape) for shape in (contents, contents, looks, anything)))


def lies(world: World) -> Any_:
    """Give fields of a request that are not as they should be; mostly none."""
    one = st.fixed_dictionaries(
        {},
        optional={
            "role": _LIKE["role"],
            "org": st.just("Elders"),
            "seen": junk() | st.tuples(world.of("size"), world.of("hash")).map(list),
            "nonce": st.sampled_from(["AAAAAAAAAAAAAAAAAAAAAA==", "", 3]),
            "at": st.sampled_from([*TIMES, *ODD_TIMES]),
            "store": st.sampled_from(["0" * 32, None]),
            "book": junk(),
            "extra": junk(),
        },
    )
    return st.sampled_from([0, 0, 0, 1]).flatmap(lambda lying: one if lying else st.just({}))


def bodies(world: World, verb: str) -> Any_:
    """Give any body of a verb that is plain JSON."""
    return st.fixed_dictionaries({}, optional=_fields(world)[verb]) | junk()


def _fields(world: World) -> dict[str, dict[str, Any_]]:
    def some(kind: str) -> Any_:
        return world.of(kind) | junk()

    book = some("household") | st.just("store")
    sizes = st.integers(0, 3) | st.sampled_from([2**31, 2**63, 10**40]) | junk()
    times = st.sampled_from([*TIMES, *ODD_TIMES]) | junk()
    seen = st.tuples(world.of("size") | junk(), world.of("hash") | junk()).map(list)
    counts = st.dictionaries(
        world.of("household") | st.just("store") | st.text(max_size=3), sizes, max_size=4
    )
    have = {"have": st.fixed_dictionaries({"seen": seen | junk(), "books": counts | junk()}) | junk()}
    paged = {"page": sizes, "since": sizes | times}
    whose = {"member": some("handle"), "household": some("household"), "until": times}
    fields: dict[str, dict[str, Any_]] = {
        "sync": {},
        "objects": {"book": book, "digests": st.lists(some("digest"), max_size=4) | junk()},
        "households": {"all": st.booleans() | junk(), "after": some("household")},
        "epoch-box": {"handle": some("handle")},
        "content": {"household": some("household"), "digest": some("digest")},
        "entries": {**paged, **whose},
        "opened": {**paged, **whose, "basis": some("grant")},
        "page": {"page": sizes, "start": sizes},
        "copies": {"book": book},
        "books": {},
        "enter": {"request": junk(), "signature": junk(), "latest": junk()},
        "enact": {"request": junk(), "signature": junk(), "objects": junk()},
    }
    return {verb: {**named, **have} for verb, named in fields.items()}


def heads() -> st.SearchStrategy[bytes]:
    """Give bytes that may be the beginning of a request, or nothing like one."""
    lines = [
        *(b"GET /v1/gate HTTP/1.1\r\n", b"POST /v1/sync HTTP/1.1\r\n", b"POST /v1/put HTTP/1.0\r\n"),
        *(b"OPTIONS * HTTP/1.1\r\n", b"CONNECT a:1 HTTP/1.1\r\n", b"GET http://[ HTTP/1.1\r\n"),
        *(
            b"GET /%ff%00 HTTP/1.1\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"PRI * HTTP/2.0\r\n\r\n",
        ),
        *(
            b"Host: a\r\n",
            b"Content-Length: 5\r\n",
            b"Content-Length: -1\r\n",
            b"Content-Length: 99999999999999999999\r\n",
        ),
        *(b"Transfer-Encoding: chunked\r\n", b"Expect: 100-continue\r\n", b"Connection: close\r\n"),
        *(
            b"Connection: upgrade\r\nUpgrade: websocket\r\n",
            b"Dossier-Call: \xff.\xff\r\n",
            b"Dossier-Call: e30=.e30=\r\n",
        ),
        *(b"\r\n", b"5\r\nabcde\r\n", b"0\r\n\r\n", b"ffffffffffffffffff\r\n", b"{}", b"\x00"),
    ]
    piece = st.sampled_from(lines) | st.binary(max_size=20)
    return st.lists(piece, max_size=8).map(b"".join)
