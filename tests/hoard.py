"""Hoard: all that ever lay in a store, and which key opens what of it, found by trying.

It takes no side, as `keyring` does not, but goes on from moment to moment: each card and each key is tried
once on each box, wrap and content. From what opened what follows, for anyone, what they come to with their
cards and the files that they have. What it opens, cryptography does not keep shut.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cache, partial
from io import BytesIO
from itertools import product
from typing import NamedTuple

from dossier import contexts
from dossier.entry import Entry
from dossier.model import Digest, Role
from dossier.statements import Statement
from dossier.storage.base import Store
from keys.errors import KeysError
from keys.identity import LocalIdentity
from keys.locks import content_key, gate_part, open_previous
from keys.primitives import KEY_SIZE, WRAP_SIZE, derive, unbox, unwrap
from keys.sealing import open_sealed

Item = bytes | str  # a key of 32 bytes, or the fingerprint of a card
Opened = tuple[str, str, int]  # a household, a section, a version
_context = cache(contexts.of)
_RECIPIENTS = (Role.REGISSEUR, Role.SPECIALIST)
_NOTHING = (b"", bytes(KEY_SIZE))


class Named(NamedTuple):
    """What a statement says, to everyone, that a box or wrap is for."""

    label: str
    place: tuple[str | int, ...]


class Version(NamedTuple):
    """What is written, for everyone, about a version."""

    opened: Opened
    epoch: int
    leaf: bytes
    sealed: bytes


class Hoard:
    """Everything of a store so far, with everyone's keys to try on it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._cards: dict[str, LocalIdentity] = {}
        self._named: dict[Digest, Named] = {}
        self._kept: dict[Digest, bytes] = {}
        self._before: list[tuple[bytes, bytes]] = []  # sealed under the next, and its context
        self._versions: list[Version] = []
        self._keys: set[bytes] = set()
        self._parts: set[bytes] = set()
        self._generations: dict[tuple[str, str], int] = {}  # the newest of each section
        self._tried: set[tuple[object, ...]] = set()
        self._opens: dict[Item, set[tuple[Digest | None, bytes]]] = {}
        self._ways: dict[Opened, set[frozenset[bytes]]] = {}

    def look(self, cards: Iterable[LocalIdentity], entries: Iterable[Entry]) -> set[Digest]:
        """Take in what is there now and what was stated since; try everything; name the objects there."""
        self._cards |= {identity.card.fingerprint: identity for identity in cards}
        for entry in entries:
            if entry.signed.statement is not None and entry.ruling.permitted:
                self._read(entry.signed.statement)
        there: dict[Digest, bytes] = {}
        for book in self._store.books():
            there |= self._store.objects(book)
        strange = there.keys() - self._named.keys()
        assert not strange, "what no statement names lies in the store"
        self._kept |= there
        while self._try():
            pass
        return set(there)

    @property
    def versions(self) -> list[Opened]:
        """Name every version there is."""
        return [version.opened for version in self._versions]

    def reach(self, cards: Iterable[LocalIdentity], files: Collection[Digest]) -> set[Opened]:
        """Tell what one comes to with these cards, these boxes and wraps, and what all may read."""
        known: set[Item] = {identity.card.fingerprint for identity in cards}
        to_do = list(known)
        while to_do:
            for digest, key in self._opens.get(to_do.pop(), ()):
                if key not in known and (digest is None or digest in files):
                    known.add(key)
                    to_do.append(key)
        return {opened for opened, ways in self._ways.items() if any(way <= known for way in ways)}

    # What is said of it.

    def _read(self, statement: Statement) -> None:
        if statement.kind == "proposed":
            self._read(statement["statement"])
            return
        self._named |= dict(_names(statement))
        store = self._store.store_id
        for keying in statement.keyings():
            self._generations[statement["household"], keying.section] = keying.generation
        if statement.kind == "gate.rotated":
            context = _context("epoch-before", store, statement["epoch"])
            self._before.append((statement["before"], context))
        elif statement.kind == "coordination.renewed":
            context = _context("coordination-before", store, statement["number"])
            self._before.append((statement["before"], context))
        elif statement.kind == "section.written":
            opened = (statement["household"], statement["section"], statement["version"])
            with self._store.get(statement["content"]) as sealed:
                version = Version(opened, statement["epoch"], statement["leaf"], sealed.read())
            self._versions.append(version)

    # Trying.

    def _try(self) -> bool:
        """Try what was not tried yet; tell whether there are new keys to try."""
        before = len(self._keys) + len(self._parts)
        self._try_boxes([(d, data) for d, data in self._kept.items() if len(data) % WRAP_SIZE])
        for (sealed, context), key in product(self._before, [*self._keys]):
            if self._first(sealed, key):
                self._take(key, None, partial(open_previous, key, sealed), context)
        wraps = [(d, data) for d, data in self._kept.items() if not len(data) % WRAP_SIZE]
        for (digest, data), key in product(wraps, [*self._keys]):
            self._unwrap(digest, data, key)
        for version in self._versions:
            self._open(version)
        return len(self._keys) + len(self._parts) > before

    def _try_boxes(self, boxes: list[tuple[Digest, bytes]]) -> None:
        """Try every card on every box, and every seed of the team's on those that are said to be for it."""
        for (digest, box), (card, identity) in product(boxes, self._cards.items()):
            if self._first(digest, card):
                for context in self._contexts(self._named[digest], card):
                    self._take(card, digest, partial(identity.unbox, box), context)
        for (digest, box), seed in product(boxes, self._of("coordination-seed")):
            named = self._named[digest]
            if named.label == "coordination-slot" and self._first(digest, seed):
                context = _context("coordination-slot", self._store.store_id, *named.place)
                self._take(seed, digest, partial(unbox, seed, box), context)

    def _first(self, *what: object) -> bool:
        """Tell whether this was not tried before."""
        new = what not in self._tried
        self._tried.add(what)
        return new

    def _contexts(self, named: Named, card: str) -> Iterator[bytes]:
        store = self._store.store_id
        if named.label in ("epoch-box", "coordination-seed"):
            yield _context(named.label, store, *named.place, card)
        elif named.label == "slot":
            yield from (_context("slot", store, *named.place, str(role), card) for role in _RECIPIENTS)

    def _take(self, by: Item, digest: Digest | None, opens: Callable[[bytes], bytes], context: bytes) -> None:
        try:
            key = opens(context)
        except KeysError:
            return
        self._keys.add(key)
        self._opens.setdefault(by, set()).add((digest, key))

    def _unwrap(self, digest: Digest, data: bytes, key: bytes) -> None:
        """Try a key on wraps of role parts, in the place of each version, under every generation."""
        household, section, first = self._named[digest].place
        newest = self._generations[str(household), str(section)]
        if not self._first(digest, key, newest):
            return
        for start in range(0, len(data), WRAP_SIZE):
            piece, number = data[start : start + WRAP_SIZE], int(first) + start // WRAP_SIZE
            for generation in range(1, newest + 1):
                context = _context("role-part", self._store.store_id, household, section, number, generation)
                try:
                    part = unwrap(key, piece, context)
                except KeysError:
                    continue
                self._parts.add(part)
                self._opens.setdefault(key, set()).add((digest, part))

    def _open(self, version: Version) -> None:
        """Try every part with every part, in the way of the format and in those of a sloppy one."""
        place = (self._store.store_id, *version.opened)
        gate = _context("gate-part", *place, version.epoch, version.leaf)
        own = _context("content-key", *place)
        gates = {key: gate_part(key, gate) for key in self._keys}
        epochs = {key: gates[key] for key in self._of("epoch-box")}
        for key in (*self._keys, *self._parts, *_NOTHING):
            for epoch, part in epochs.items():
                if self._first(version.opened, key, epoch):
                    self._test(version, content_key(key, part, own), {key, epoch})
            if self._first(version.opened, key):
                self._test(version, key, {key})
                self._test(version, derive(key, b"", own), {key})
        for key, part in gates.items():
            if self._first(version.opened, "gate", key):
                self._test(version, part, {key})
                self._test(version, derive(part, b"", own), {key})

    def _test(self, version: Version, key: bytes, way: set[bytes]) -> None:
        if len(key) != KEY_SIZE:
            return
        context = _context("content", self._store.store_id, *version.opened)
        try:
            open_sealed(key, context, BytesIO(version.sealed), BytesIO())
        except KeysError:
            return
        self._ways.setdefault(version.opened, set()).add(frozenset(way - {*_NOTHING}))

    def _of(self, label: str) -> set[bytes]:
        """Give the keys that came out of the boxes said to be for this, and those sealed under them."""
        named = {digest for digest, what in self._named.items() if what.label == label}
        found = {key for rows in self._opens.values() for digest, key in rows if digest in named}
        while more := {k for f in found for d, k in self._opens.get(f, ()) if d is None} - found:
            found |= more
        return found


def _names(statement: Statement) -> Iterator[tuple[Digest, Named]]:
    """Give each box and wrap that a statement names, with what it says that it is for."""
    if "household" in statement.fields:
        return _of_sections(statement, str(statement["household"]))
    return _of_store(statement)


def _of_sections(statement: Statement, household: str) -> Iterator[tuple[Digest, Named]]:
    for keying in statement.keyings():
        place = (household, keying.section, keying.generation)
        yield keying.coordination, Named("coordination-slot", (*place, keying.number))
        yield from ((slot.box, Named("slot", place)) for slot in keying.slots)
        if keying.wraps is not None:
            yield keying.wraps, Named("role-part", (household, keying.section, 1))
    for row in statement.fields.get("boxes", ()):
        section, generation, digest = row[-3:]  # of a grant; of a renewal, behind the role
        yield digest, Named("slot", (household, section, generation))
    if statement.kind == "section.written":
        place = (household, statement["section"], statement["version"])
        yield statement["wrap"], Named("role-part", place)


def _of_store(statement: Statement) -> Iterator[tuple[Digest, Named]]:
    fields = statement.fields
    epoch = Named("epoch-box", (fields.get("epoch") or 1,))
    team = Named("coordination-seed", (fields.get("number") or 1,))
    yield from ((digest, epoch) for _, digest in fields.get("gate_boxes", ()))
    yield from ((digest, team) for _, digest in fields.get("boxes", ()))
    named = {"gate_box": epoch, "coordination_box": team}
    named["box"] = epoch if statement.kind == "gate.boxed" else team
    yield from ((fields[name], what) for name, what in named.items() if fields.get(name) is not None)
