from io import BytesIO
from pathlib import Path

import pytest
from team import Team
from wording import COVER, INTAKE

from dossier import vault
from dossier.errors import ConflictError, IntegrityError
from dossier.model import BookName, Deed, Digest, HouseholdId, PurposeId, Request, Role
from dossier.receipt import Lock, Receipt
from dossier.register.households import Version
from keys.primitives import sha256

TALK = PurposeId("intakegesprek")


@pytest.fixture
def team(tmp_path: Path) -> Team:
    team = Team(tmp_path)
    team.admit("jan", Role.REGISSEUR)
    team.admit("sara", Role.SPECIALIST)
    return team


def receipt(team: Team, home: HouseholdId, deed: Deed = Deed.READ) -> Receipt:
    given = team["jan"].gate.enter(Request(deed, home, INTAKE, None, TALK))
    assert given is not None
    return given


def refuses(team: Team, given: Receipt, code: str = "content-altered") -> None:
    sink = BytesIO()
    with pytest.raises(IntegrityError, match=code):
        vault.read(team["jan"], given, sink)


def test_a_receipt_shows_no_key(team: Team) -> None:
    home = team.open("jan")
    team.write("jan", home, INTAKE)
    given = receipt(team, home)
    assert repr(given) == f"Receipt({home} intake 1, entry {given.index})"
    assert given.gate_part.hex() not in repr(given)


def test_a_receipt_for_writing_reads_nothing_and_the_reverse(team: Team) -> None:
    home = team.open("jan")
    team.write("jan", home, INTAKE)
    refuses(team, receipt(team, home, Deed.WRITE), "receipt-not-for-reading")
    with pytest.raises(IntegrityError, match="receipt-not-for-writing"):
        vault.write(team["jan"], receipt(team, home), BytesIO(b"x"), "text/plain")
    with pytest.raises(IntegrityError, match="receipt-not-for-writing"):
        vault.write(team["jan"], receipt(team, home, Deed.WRITE), BytesIO(b"x"), "text/geheim")


def test_a_receipt_for_one_version_opens_no_other(team: Team) -> None:
    home = team.open("jan")
    team.write("jan", home, INTAKE, "een")
    first = receipt(team, home)
    team.write("jan", home, INTAKE, "twee")
    second = receipt(team, home)
    for name in ("gate_part", "wrap", "written", "version"):
        mixed = receipt(team, home)
        setattr(mixed, name, getattr(first, name))
        refuses(team, mixed)
    sink = BytesIO()
    vault.read(team["jan"], second, sink)
    assert sink.getvalue() == b"twee"


def test_a_slot_or_commitment_that_is_not_right_opens_nothing(team: Team) -> None:
    home = team.open("jan")
    team.write("jan", home, INTAKE)
    given = receipt(team, home)
    keying, box = given.lock.keying, given.lock.box
    for lock in (
        Lock(keying, box[:-1]),
        Lock(keying, box[:-1] + bytes([box[-1] ^ 1])),
        Lock(keying._replace(commitment=bytes(32)), box),
        Lock(keying._replace(generation=2), box),
    ):
        given.lock = lock
        refuses(team, given)


def test_a_content_of_another_digest_is_never_good(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    home = team.open("jan")
    team.write("jan", home, INTAKE)
    given = receipt(team, home)
    assert given.written is not None
    data = team.store.get(given.written.content).read()
    monkeypatch.setattr(type(team.store), "get", lambda *_: BytesIO(data))
    given.written = given.written._replace(content=Digest("0" * 64))
    refuses(team, given)
    flipped = data[:-1] + bytes([data[-1] ^ 1])
    monkeypatch.setattr(type(team.store), "get", lambda *_: BytesIO(flipped))
    given.written = given.written._replace(content=Digest(sha256(flipped).hex()))
    refuses(team, given)


def test_a_team_right_opens_through_the_teams_card(team: Team) -> None:
    home = team.open(None, by="anna")
    team.write("anna", home, COVER, "wie")
    assert team.read("anna", home, COVER) == "wie"
    given = team["anna"].gate.enter(Request(Deed.READ, home, COVER, None, PurposeId("aanmelding-beoordelen")))
    assert given is not None
    other = given.lock.coordinations[-1]._replace(public=bytes(1216))
    given.lock = given.lock._replace(coordinations=(other,))
    with pytest.raises(IntegrityError, match="content-altered"):
        vault.read(team["anna"], given, BytesIO())


def test_a_rekey_while_writing_costs_only_the_wrap(team: Team) -> None:
    home = team.open("jan")
    grant = team.grant("sara", home, INTAKE)
    given = receipt(team, home, Deed.WRITE)
    team.revoke(home, grant)
    vault.write(team["jan"], given, BytesIO(b"nieuw"), "text/plain")
    assert team.read("jan", home, INTAKE) == "nieuw"


def test_rekeys_that_do_not_end_are_a_conflict(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    home = team.open("jan")
    grant = team.grant("sara", home, INTAKE)
    given = receipt(team, home, Deed.WRITE)
    team.revoke(home, grant)
    monkeypatch.setattr(type(team["jan"].gate), "lock_again", lambda _self, old: old.lock)
    with pytest.raises(ConflictError, match="generation-wrong"):
        vault.write(team["jan"], given, BytesIO(b"nieuw"), "text/plain")
    assert team.register(home).households[home].sections[INTAKE].versions == []


def test_a_key_that_does_not_open_writes_nothing(team: Team) -> None:
    home = team.open("jan")
    given = receipt(team, home, Deed.WRITE)
    given.lock = given.lock._replace(box=bytes(1168))
    with pytest.raises(IntegrityError, match="content-altered"):
        vault.write(team["jan"], given, BytesIO(b"nieuw"), "text/plain")
    assert list(team.store.copies(BookName(home)))
    assert team.register(home).households[home].sections[INTAKE].versions == []


def test_every_version_stays_readable_after_a_rekey(team: Team) -> None:
    home = team.open("jan")
    for text in ("een", "twee"):
        team.write("jan", home, INTAKE, text)
    grant = team.grant("sara", home, INTAKE)
    team.write("jan", home, INTAKE, "drie")
    team.revoke(home, grant)
    team.write("jan", home, INTAKE, "vier")
    found = [team.read("jan", home, INTAKE, version=number) for number in range(1, 5)]
    assert found == ["een", "twee", "drie", "vier"]
    assert isinstance(team.register(home).households[home].sections[INTAKE].versions[0], Version)
