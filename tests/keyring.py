"""Keyring: all keys that someone could come by, tried on everything that lies in a store.

It takes no side: it knows the format, and tries every identity on every box in every context, every key on
every wrap, every pair of parts on every content. What it opens, cryptography does not keep shut.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from io import BytesIO
from itertools import product
from typing import NamedTuple

from cli_team import SECTIONS, Team

from dossier import contexts
from dossier.cli.backends import open_at
from dossier.model import STORE_BOOK, BookName, HouseholdId, Role, SectionName, StoreId
from dossier.storage.base import Objects
from keys.errors import KeysError
from keys.identity import LocalIdentity
from keys.locks import content_key, gate_part, open_previous
from keys.primitives import KEY_SIZE, WRAP_SIZE, derive, unbox, unwrap
from keys.sealing import open_sealed

_GENERATIONS = range(1, 5)
Opened = tuple[str, str, int]  # a household, a section, a version


class Place(NamedTuple):
    """A version, and what its statement says about it to everyone."""

    household: HouseholdId
    section: SectionName
    version: int
    epoch: int
    leaf: bytes
    sealed: bytes


class Files(NamedTuple):
    """What lies in a store, for whoever has the folder."""

    store: StoreId
    objects: Objects
    places: tuple[Place, ...]
    before: tuple[tuple[bytes, bytes], ...]  # each secret sealed under the next of its kind, and its context
    epochs: int
    cards: int  # of the team


def files_of(team: Team) -> Files:
    """Gather every box, wrap and content of a store, and what its statements say."""
    store = open_at(str(team.store))
    gate = team.desk("anna").gate
    objects = dict(store.objects(STORE_BOOK))
    places = []
    for name in (HouseholdId(team.house), HouseholdId(team.loose)):
        objects |= store.objects(BookName(name))
        for section in gate.survey(name).register.households[name].sections.values():
            for v in section.versions:
                with store.get(v.content) as sealed:
                    places.append(Place(name, section.name, v.number, v.epoch, v.leaf, sealed.read()))
    register = gate.survey().register
    before = [
        *((e.before, contexts.of("epoch-before", store.store_id, e.number)) for e in register.epochs[1:]),
        *(
            (c.before, contexts.of("coordination-before", store.store_id, c.number))
            for c in register.coordinations[1:]
        ),
    ]
    counts = len(register.epochs), len(register.coordinations)
    return Files(store.store_id, objects, tuple(places), tuple(before), *counts)


class Keyring:
    """Keys of 32 bytes, whatever they are for, and identities. `open` adds what it comes by."""

    def __init__(
        self, *identities: LocalIdentity, keys: Iterable[bytes] = (), gates: Iterable[bytes] = ()
    ) -> None:
        self.identities = identities
        self.keys = set(keys)  # of sections and epochs, and seeds
        self.gates = set(gates)  # gate parts
        self.parts: set[bytes] = set()  # role parts

    def open(self, files: Files) -> set[Opened]:
        """Try everything; name the versions that opened."""
        boxes = [data for data in files.objects.values() if len(data) % WRAP_SIZE]
        for identity in self.identities:
            for box, context in product(boxes, _own_contexts(files, identity.card.fingerprint)):
                self._take(identity.unbox, box, context)
        tried: set[bytes] = set()
        while new := self.keys - tried:
            for key, (sealed, context) in product(new, files.before):
                self._take(partial(open_previous, key), sealed, context)
            for seed, box, context in product(new, boxes, _team_contexts(files)):
                self._take(partial(unbox, seed), box, context)
            tried |= new
        for data in files.objects.values():
            self._unwrap(files, data)
        return {(p.household, p.section, p.version) for p in files.places if self._opens(files, p)}

    def _take(self, unbox_: Callable[[bytes, bytes], bytes], box: bytes, context: bytes) -> None:
        try:
            self.keys.add(unbox_(box, context))
        except KeysError:
            return

    def _unwrap(self, files: Files, data: bytes) -> None:
        """Try every key on every wrap, for every version, under every generation."""
        if len(data) % WRAP_SIZE:
            return
        wraps = [data[start : start + WRAP_SIZE] for start in range(0, len(data), WRAP_SIZE)]
        for key, wrap, place, generation in product(self.keys, wraps, files.places, _GENERATIONS):
            where = (files.store, place.household, place.section, place.version)
            try:
                self.parts.add(unwrap(key, wrap, contexts.of("role-part", *where, generation)))
            except KeysError:
                continue

    def _opens(self, files: Files, place: Place) -> bool:
        """Try every part with every part, in the way of the format and in those of a sloppy one."""
        where = (files.store, place.household, place.section, place.version)
        context = contexts.of("gate-part", *where, place.epoch, place.leaf)
        gates = {*self.gates, *(gate_part(key, context) for key in self.keys)}
        nothing = {b"", bytes(KEY_SIZE)}
        own = contexts.of("content-key", *where)
        tried = {
            content_key(*pair, own) for pair in product({*self.parts, *self.keys, *gates, *nothing}, gates)
        }
        tried |= {derive(key, b"", own) for key in {*self.keys, *self.parts, *gates}}
        return any(
            _opens(key, contexts.of("content", *where), place.sealed) for key in tried | self.keys | gates
        )


def _opens(key: bytes, context: bytes, sealed: bytes) -> bool:
    try:
        open_sealed(key, context, BytesIO(sealed), BytesIO())
    except KeysError:
        return False
    return True


def _own_contexts(files: Files, card: str) -> Iterator[bytes]:
    for number in range(1, files.epochs + 1):
        yield contexts.of("epoch-box", files.store, number, card)
    for number in range(1, files.cards + 1):
        yield contexts.of("coordination-seed", files.store, number, card)
    houses = {place.household for place in files.places}
    for house, section, generation, role in product(houses, SECTIONS, _GENERATIONS, Role):
        yield contexts.slot(files.store, house, SectionName(section), generation, role, card)


def _team_contexts(files: Files) -> Iterator[bytes]:
    houses = {place.household for place in files.places}
    numbers = range(1, files.cards + 1)
    for house, section, generation, number in product(houses, SECTIONS, _GENERATIONS, numbers):
        yield contexts.of("coordination-slot", files.store, house, section, generation, number)
