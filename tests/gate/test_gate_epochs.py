"""Epochs: a beheerder rotates blind; each checkpoint is of the epoch in force; who was left out is out."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from io import BytesIO
from pathlib import Path
from sys import modules
from typing import Any

import pytest
from team import Team, usual_purpose
from wording import AANMELD, COVER, INTAKE, PLAN, person

from dossier import contexts, vault
from dossier.actions import logs, rotation
from dossier.actions.check import check
from dossier.actions.dues import status
from dossier.desk import Desk
from dossier.errors import ConflictError, IntegrityError, LockedError
from dossier.gate.local import LocalGate
from dossier.gate.secrets import EpochSecrets
from dossier.log.note import open_checkpoint
from dossier.log.reading import entries
from dossier.log.records import origin
from dossier.model import STORE_BOOK, Deed, Digest, Handle, HouseholdId, Request, Role, SectionName
from dossier.statements import Statement
from dossier.team import digest_of, seed
from keys import primitives
from keys.locks import content_key, log_seed, open_part
from keys.primitives import ChunkCipher
from keys.sealing import open_sealed

SECTIONS = (COVER, AANMELD, INTAKE, PLAN)


@pytest.fixture
def team(tmp_path: Path) -> Team:
    team = Team(tmp_path)
    team.admit("jan", Role.REGISSEUR)
    team.admit("sara", Role.SPECIALIST)
    team.admit("bob", Role.BEHEERDER)
    return team


# A beheerder rotates blind.


class Recorder:
    """Stands around every primitive wherever it is used, and notes all bytes that go in or come out."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()

    def note(self, *values: object) -> None:
        """Note the bytes among these."""
        self.seen |= {bytes(value) for value in values if isinstance(value, (bytes, bytearray, memoryview))}

    def around(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """Give a primitive that is noted."""

        @wraps(real)
        def noted(*arguments: Any, **named: Any) -> Any:
            self.note(*arguments, *named.values())
            result = real(*arguments, **named)
            self.note(result)
            return result

        return noted

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Note what passes while this is open."""
        primitive = {
            value: self.around(value)
            for name, value in vars(primitives).items()
            if callable(value) and getattr(value, "__module__", "") == "keys.primitives"
            if not isinstance(value, type) and name != "probe"
        }
        with pytest.MonkeyPatch.context() as patch:
            for module in [m for n, m in modules.items() if n.split(".")[0] in ("keys", "dossier")]:
                for name, value in list(vars(module).items()):
                    if callable(value) and not isinstance(value, type) and value in primitive:
                        patch.setattr(module, name, primitive[value])
            for name in ("__init__", "seal", "open"):
                patch.setattr(ChunkCipher, name, self.around(getattr(ChunkCipher, name)))
            yield

    def saw(self, secret: bytes) -> bool:
        """Tell whether a secret passed, by itself or within something longer."""
        return any(secret in data for data in self.seen if len(data) >= len(secret))


def keys_of(team: Team, home: HouseholdId, name: SectionName) -> Iterator[bytes]:
    """Give all that opens a section, as jan's desk has it: its key, each role part and each content key."""
    desk = team["jan"]
    section = team.register(home, "jan").households[home].sections[name]
    for number, version in enumerate(section.versions, 1):
        receipt = desk.gate.enter(Request(Deed.READ, home, name, number, usual_purpose(name)))
        assert receipt is not None
        assert receipt.wrap is not None
        key = vault.section_key(desk, receipt, receipt.lock)
        place = (desk.store.store_id, home, name, number)
        part = open_part(
            key,
            receipt.wrap,
            contexts.of("role-part", *place, section.generation),
            version.commitment,
            contexts.of("role-part-commitment", *place),
        )
        content = content_key(part, receipt.gate_part, contexts.of("content-key", *place))
        with desk.store.get(version.content) as source:  # it is the one that opens it
            open_sealed(content, contexts.of("content", *place), source, BytesIO())
        yield from (key, part, content)


def secret_in_force(desk: Desk) -> bytes:
    """Give the secret of the epoch in force, as a member's gate opens it."""
    register = desk.gate.survey().register
    return EpochSecrets(desk.store, desk.identity)._secret(register, register.epoch)


@pytest.mark.parametrize("times", [100, pytest.param(1000, marks=pytest.mark.soak)])
def test_a_beheerder_who_rotates_never_holds_bytes_that_open_a_content(team: Team, times: int) -> None:
    recorder, bob = Recorder(), team["bob"]
    home = team.open("jan")
    secrets: set[bytes] = {seed(team["anna"], team.register())}
    for number in range(1, times + 1):
        if number % (times // 10) == 0:
            name = SECTIONS[number // (times // 10) % len(SECTIONS)]
            team.write("jan", home, name, f"versie {number}")
            secrets |= {*keys_of(team, home, name)}
            team.rekey(home)
        with recorder.at_work():
            assert rotation.rotate(bob).epoch == number + 1
            if number % (times // 5) == 0:
                rotation.plan(bob, [Handle("sara")])
                team.suspend("sara", by="bob")
                status(bob)
                assert check(bob.store, person("anna").card.fingerprint, deep=True, workers=1).ok
                assert logs.verify(bob.store, None).ok
        if number % (times // 5) == 0:
            team.restore("sara")
            with recorder.at_work():
                team.box("bob")
    for name in SECTIONS:
        secrets |= {*keys_of(team, home, name)}
    assert len(secrets) > 30
    assert recorder.saw(secret_in_force(bob))  # what it sees, it notes
    assert not [secret for secret in secrets if recorder.saw(secret)]


def test_the_recorder_sees_what_a_reader_holds(team: Team) -> None:
    """What the test above does not find would be found."""
    home = team.open("jan")
    team.write("jan", home, INTAKE, "wat er speelt")
    recorder = Recorder()
    with recorder.at_work():
        assert team.read("jan", home, INTAKE) == "wat er speelt"
    assert [recorder.saw(secret) for secret in keys_of(team, home, INTAKE)] == [True, True, True]


# Who was left out.


def append_under(team: Team, who: str, epoch: int) -> None:
    """Append an entry whose checkpoint is signed with the log key of an epoch, in force or not."""
    desk = team[who]
    gate = desk.gate
    assert isinstance(gate, LocalGate)
    with gate._sight.exclusive():
        situation = gate._sight.situation(None)
        secrets, register = gate._secrets, situation.register
        old = register.epochs[epoch - 1]
        context = contexts.of("log-key", desk.store.store_id, epoch)
        request = Request(Deed.LOG_SHOW)
        ruling = gate._decide(request, situation)
        entry = gate._scribe._entry(situation, request, ruling, None, desk.identity)
        gate._sight.log.append(entry, log_seed(secrets._secret(register, old), context))


@pytest.mark.parametrize("epoch", [1, 2])
def test_a_checkpoint_under_the_key_of_an_epoch_that_is_over_is_refused(team: Team, epoch: int) -> None:
    team.rotate()
    team.rotate()
    append_under(team, "jan", epoch)
    with pytest.raises(IntegrityError, match="bad-checkpoint") as caught:
        team["anna"].gate.survey()
    with pytest.raises(IntegrityError, match="bad-checkpoint"):
        logs.verify(team.store, None)
    assert caught.value.data == {"index": entries_before(team)}


def entries_before(team: Team) -> int:
    """Count the entries that bob's client took in: all but the forged one."""
    return team["bob"].memory.verified.size


def test_a_checkpoint_under_the_key_in_force_is_taken(team: Team) -> None:
    """What the test above does, but for the key."""
    team.rotate()
    append_under(team, "jan", 2)
    team["anna"].gate.survey()
    assert logs.verify(team.store, None).ok


def test_the_checkpoint_over_a_rotation_is_the_first_under_its_key(team: Team) -> None:
    size = team["bob"].memory.verified.size
    team.rotate()
    register = team.register()
    assert register.epoch.start == size
    assert [e.ruling.epoch for e in entries(team.store, team["anna"].memory.verified)[-1:]] == [1]
    note = logs.checkpoint(team["anna"])
    keys = logs.vkeys(team["anna"])
    assert len(keys) == 2

    name = origin(team.store.store_id)
    assert open_checkpoint(note, name, [(name, register.epochs[1].log_key)]).size == size + 1
    with pytest.raises(IntegrityError):
        open_checkpoint(note, name, [(name, register.epochs[0].log_key)])


def test_who_was_left_out_cannot_sign_for_what_comes_after(team: Team) -> None:
    secrets = EpochSecrets(team.store, person("sara"))
    team.rotate("sara")
    register = team.register()
    with pytest.raises(LockedError, match="no-gate-box"):
        secrets.log_seed(register)


def test_a_box_of_an_epoch_that_is_over_counts_for_nothing(team: Team) -> None:
    gate = team["anna"].gate
    epoch, box = gate.epoch_box(team["sara"].identity.card)
    team.rotate()
    statement = Statement("gate.boxed/1", epoch=epoch, handle=Handle("sara"), box=digest_of(box))
    with pytest.raises(ConflictError, match="epoch-wrong"):
        gate.enact(statement, {digest_of(box): box})


@pytest.mark.parametrize("field", ["log_key", "commitment"])
def test_a_key_of_before_does_not_come_back(team: Team, field: str) -> None:
    gate = team["bob"].gate
    first = team.register().epoch
    made, objects = gate.rotation()
    again = Statement(made.tag, **{**made.fields, field: getattr(first, field)})
    with pytest.raises(Exception, match="key-again"):
        gate.enact(again, objects)
    assert team.register().epoch == first


def test_a_rotation_without_one_of_its_boxes_is_not_made(team: Team) -> None:
    gate = team["bob"].gate
    made, objects = gate.rotation()
    first: Digest = made["gate_boxes"][0][1]
    with pytest.raises(IntegrityError, match="object-missing"):
        gate.enact(made, {d: data for d, data in objects.items() if d != first})
    assert team.register().epoch.number == 1
    assert set(team.store.objects(STORE_BOOK)) == {*team.register().objects()}
