"""Lies that no rule can see, in boxes, wraps and commitments: whoever opens them names them.

Each is told by a member with a program of their own, and stands in a book that is otherwise whole.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from team import Team, forge
from wording import COVER, INTAKE, PLAN, but, person

from dossier.actions import households, store
from dossier.errors import IntegrityError, LockedError, NotFoundError
from dossier.gate.secrets import EpochSecrets
from dossier.keying import Made, new_keys, slot_box
from dossier.model import (
    STORE_BOOK,
    BookName,
    Deed,
    Digest,
    Handle,
    HouseholdId,
    Place,
    PurposeId,
    Reason,
    Request,
    Role,
)
from dossier.shapes import Boxed, Keying
from dossier.statements import Statement
from dossier.team import digest_of, next_card
from keys.encoding import fingerprint
from keys.locks import new_key
from keys.primitives import box_public, sign_public


@pytest.fixture
def team(tmp_path: Path) -> Team:
    made = Team(tmp_path)
    made.admit("jan", Role.REGISSEUR)
    made.admit("sara", Role.SPECIALIST)
    return made


@pytest.fixture
def home(team: Team) -> HouseholdId:
    household = team.open("jan")
    for section in (COVER, INTAKE, PLAN):
        team.write("jan", household, section, f"eerste {section}")
    return household


def code_of(deed: Callable[[], object]) -> str:
    """Give the code of the alarm that a deed raises."""
    with pytest.raises(IntegrityError) as caught:
        deed()
    return caught.value.code


def garbled(objects: dict[Digest, bytes], name: Digest) -> tuple[Digest, dict[Digest, bytes]]:
    """Spoil one byte of an object, under the name of what it then is."""
    data = bytearray(objects.pop(name))
    data[-1] ^= 1
    return digest_of(bytes(data)), {**objects, digest_of(bytes(data)): bytes(data)}


def rekey(
    team: Team, home: HouseholdId, change: Callable[[Keying], Keying], objects: dict[Digest, bytes]
) -> None:
    """Have anna rekey the intake with a keying that is not what it should be."""
    made = made_of(team, home)
    statement = Statement("section.keyed/1", household=home, keyings=(change(made.keyings[0]),))
    forge(team["anna"], statement, {**made.objects, **objects})


def made_of(team: Team, home: HouseholdId) -> Made:
    situation = team["anna"].gate.survey(home)
    return new_keys(team["anna"], situation, situation.register.households[home], [INTAKE])


def test_the_team_of_these_tests_reads_and_writes(team: Team, home: HouseholdId) -> None:
    grant = team.grant("sara", home, INTAKE)
    assert team.read("sara", home, INTAKE) == "eerste intake"
    team.revoke(home, grant)
    with pytest.raises(NotFoundError):
        team.read("sara", home, INTAKE)
    team.again("jan")
    team.write("jan", home, INTAKE, "tweede")
    assert team.read("jan", home, INTAKE) == "tweede"
    assert team.read("jan", home, INTAKE, version=1) == "eerste intake"


def test_a_team_may_work_on_files_too(tmp_path: Path) -> None:
    team = Team(tmp_path, files=True)
    team.admit("jan", Role.REGISSEUR)
    home = team.open("jan")
    team.write("jan", home, PLAN, "op schijf")
    team.again("jan")
    assert team.read("jan", home, PLAN) == "op schijf"
    team.admit("ben", Role.COORDINATOR)
    team.clock.wait(days=31)
    team.admit("tom", Role.TOEZICHTHOUDER, second="ben")
    team.change_roles("jan", add=[Role.SPECIALIST])
    team.suspend("tom", second="ben")
    team.restore("tom", by="ben", second="anna")
    assert team.register().members[Handle("tom")].active


def test_a_forged_statement_is_in_the_book_and_does_not_stand(team: Team, home: HouseholdId) -> None:
    lie = Statement("member.suspended/1", handle=Handle("anna"), reason="verlof")
    entry = forge(team["sara"], lie, role=Role.SPECIALIST)
    for who in ("jan", "anna", "sara"):
        register = team.register(who=who)
        assert register.faults == [("store", entry.index, Reason.NOT_YOUR_ROLE)]
        assert register.members[Handle("anna")].active
    assert team.read("jan", home, INTAKE) == "eerste intake"


def test_whoever_joins_later_is_told_of_the_same_lie(team: Team) -> None:
    lie = Statement("member.suspended/1", handle=Handle("anna"), reason="verlof")
    entry = forge(team["jan"], lie, role=Role.REGISSEUR)
    team.admit("rita", Role.REGISSEUR)
    assert team.register(who="rita").faults == [("store", entry.index, Reason.NOT_YOUR_ROLE)]


def test_a_statement_that_follows_nothing_is_passed_over(team: Team) -> None:
    lie = Statement("member.suspended/1", handle=Handle("sara"), reason="verlof")
    head = team["anna"].memory.head(STORE_BOOK)
    forge(team["anna"], lie, place=Place(STORE_BOOK, 1, None))
    for who in ("anna", "jan"):
        register = team.register(who=who)
        assert register.members[Handle("sara")].active
        assert register.faults == []
        assert team[who].memory.head(STORE_BOOK) == head


@pytest.mark.parametrize("which", ["slots", "coordination"])
def test_a_garbled_box_of_a_section_key_is_named_by_who_opens_it(
    team: Team, home: HouseholdId, which: str
) -> None:
    made = made_of(team, home)
    keying = made.keyings[0]
    slot = keying.slots[0]
    spoilt, objects = garbled(dict(made.objects), slot.box if which == "slots" else keying.coordination)
    if which == "slots":
        keying = keying._replace(slots=(slot._replace(box=spoilt),))
    else:
        keying = keying._replace(coordination=spoilt)
    forge(team["anna"], Statement("section.keyed/1", household=home, keyings=(keying,)), objects)
    if which == "slots":
        assert code_of(lambda: team.read("jan", home, INTAKE)) == "content-altered"
        assert code_of(lambda: team.write("jan", home, INTAKE)) == "content-altered"
    else:
        assert team.read("jan", home, INTAKE) == "eerste intake"
        assert code_of(lambda: team.grant("sara", home, INTAKE)) == "section-box-altered"


def test_a_box_of_another_key_than_was_committed_to_is_named(team: Team, home: HouseholdId) -> None:
    other = slot_box(
        team.store.store_id, home, INTAKE, 2, Role.REGISSEUR, team["jan"].identity.card, new_key()
    )

    def change(keying: Keying) -> Keying:
        return keying._replace(slots=(keying.slots[0]._replace(box=digest_of(other)),))

    rekey(team, home, change, {digest_of(other): other})
    assert code_of(lambda: team.read("jan", home, INTAKE)) == "content-altered"


def test_a_commitment_that_fits_no_box_is_named_by_everyone(team: Team, home: HouseholdId) -> None:
    rekey(team, home, lambda keying: keying._replace(commitment=bytes(32)), {})
    assert code_of(lambda: team.read("jan", home, INTAKE)) == "content-altered"
    assert code_of(lambda: team.grant("sara", home, INTAKE)) == "section-box-altered"


def test_a_part_garbled_by_a_rekey_is_named_by_who_reads_and_by_who_rekeys(
    team: Team, home: HouseholdId
) -> None:
    made = made_of(team, home)
    assert made.keyings[0].wraps is not None
    spoilt, objects = garbled(dict(made.objects), made.keyings[0].wraps)
    keying = made.keyings[0]._replace(wraps=spoilt)
    forge(team["anna"], Statement("section.keyed/1", household=home, keyings=(keying,)), objects)
    assert code_of(lambda: team.read("jan", home, INTAKE)) == "content-altered"
    team.admit("rita", Role.REGISSEUR)
    assert code_of(lambda: households.assign(team["anna"], home, Handle("rita"))) == "part-altered"


def test_wraps_of_too_few_versions_are_named(team: Team, home: HouseholdId) -> None:
    rekey(team, home, lambda keying: keying._replace(wraps=digest_of(b"")), {digest_of(b""): b""})
    assert code_of(lambda: team.read("jan", home, INTAKE)) == "object-missing"


def restate(team: Team, home: HouseholdId, **changes: object) -> None:
    """Have jan write a second version of the intake, and state it once more as the third."""
    written = team.write("jan", home, INTAKE, "tweede").signed.statement
    request = Request(Deed.WRITE, home, INTAKE, None, PurposeId("intakegesprek"))
    receipt = team["jan"].gate.enter(request)
    assert receipt is not None
    assert written is not None
    third = but(written, version=3, index=receipt.index, leaf=receipt.leaf, **changes)
    forge(team["jan"], third, team.store.objects(BookName(home)), role=Role.REGISSEUR)


def test_a_version_moved_to_another_place_is_named(team: Team, home: HouseholdId) -> None:
    restate(team, home)
    assert code_of(lambda: team.read("jan", home, INTAKE)) == "content-altered"
    assert team.read("jan", home, INTAKE, version=2) == "tweede"


def test_a_writer_whose_commitment_is_to_another_part_is_found_by_the_first_who_reads(
    team: Team, home: HouseholdId
) -> None:
    restate(team, home, commitment=bytes(32))
    assert code_of(lambda: team.read("jan", home, INTAKE)) == "content-altered"


def test_a_grant_with_a_garbled_box_opens_nothing(team: Team, home: HouseholdId) -> None:
    grant = team.grant("sara", home, INTAKE)
    given = team.register(home).households[home].grants[grant]
    lie = Statement(
        "grant.given/1",
        household=home,
        grant="G-00000000",
        handle=given.handle,
        role=given.role,
        sections=given.sections,
        deeds=given.deeds,
        purposes=given.purposes,
        until=given.until,
        reason=None,
        boxes=((INTAKE, 1, digest_of(bytes(1168))),),
    )
    forge(team["anna"], lie, {digest_of(bytes(1168)): bytes(1168)})
    assert code_of(lambda: team.read("sara", home, INTAKE)) == "content-altered"


def test_a_garbled_box_of_the_epoch_stops_its_holder_only(team: Team, home: HouseholdId) -> None:
    box = bytes(1168)
    lie = Statement("gate.boxed/1", epoch=1, handle=Handle("sara"), box=digest_of(box))
    forge(team["anna"], lie, {digest_of(box): box})
    team.again("sara")
    assert code_of(lambda: team.read("sara", home, INTAKE)) == "gate-box-altered"
    assert team.read("jan", home, INTAKE) == "eerste intake"


def test_a_garbled_box_of_the_teams_seed_is_named_by_the_coordinator_who_opens_it(
    team: Team, home: HouseholdId
) -> None:
    team.admit("ben", Role.COORDINATOR)
    box = bytes(1168)
    lie = Statement("coordination.boxed/1", number=1, handle=Handle("ben"), box=digest_of(box))
    forge(team["anna"], lie, {digest_of(box): box})
    assert code_of(lambda: team.grant("sara", home, INTAKE, by="ben")) == "coordination-box-altered"
    assert team.read("jan", home, INTAKE) == "eerste intake"


def test_a_suspension_lifted_past_the_rules_stays(team: Team, home: HouseholdId) -> None:
    team.admit("bob", Role.BEHEERDER)
    lie = Statement("member.restored/1", handle=Handle("sara"), reason="terug")
    forge(team["bob"], lie, role=Role.BEHEERDER)
    team.suspend("sara")
    forge(team["bob"], lie, role=Role.BEHEERDER)
    with pytest.raises(LockedError, match="not-active"):
        team.read("sara", home, INTAKE)
    assert [reason for _, _, reason in team.register().faults] == [Reason.NOT_YOUR_ROLE] * 2


# Lies about the keys of the whole team.


def rotate(team: Team, change: Callable[[Statement, dict[Digest, bytes]], Statement]) -> None:
    """Have bob rotate with a statement, or objects, that are not what they should be."""
    team.admit("bob", Role.BEHEERDER)
    statement, given = team["bob"].gate.rotation()
    objects = dict(given)
    team["bob"].gate.enact(change(statement, objects), objects)


def test_a_rotation_that_does_not_reach_back_is_named_by_who_reads_what_is_older(
    team: Team, home: HouseholdId
) -> None:
    rotate(team, lambda statement, _: but(statement, before=bytes(60)))
    team.again("jan")
    assert code_of(lambda: team.read("jan", home, INTAKE)) == "gate-box-altered"
    team.write("jan", home, INTAKE, "tweede")
    assert team.read("jan", home, INTAKE) == "tweede"


def test_a_rotation_that_reaches_back_to_another_secret_is_named_by_who_reads_what_is_older(
    team: Team, home: HouseholdId
) -> None:
    team.admit("bob", Role.BEHEERDER)
    secrets = EpochSecrets(team.store, team["bob"].identity)
    secrets._opened[1] = new_key()  # sealed rightly, and not what was committed to
    statement, objects = secrets.rotation(team.register(who="bob"))
    team["bob"].gate.enact(statement, objects)
    team.again("jan")
    assert code_of(lambda: team.read("jan", home, INTAKE)) == "gate-box-altered"


def test_a_rotation_with_a_garbled_box_stops_its_holder_only(team: Team, home: HouseholdId) -> None:
    team.grant("sara", home, INTAKE)

    def change(statement: Statement, objects: dict[Digest, bytes]) -> Statement:
        own = dict(statement["gate_boxes"])
        own[Handle("sara")], spoilt = garbled(objects, own[Handle("sara")])
        objects.update(spoilt)
        return but(statement, gate_boxes=tuple(own.items()))

    rotate(team, change)
    assert code_of(lambda: team.read("sara", home, INTAKE)) == "gate-box-altered"
    assert team.read("jan", home, INTAKE) == "eerste intake"


def test_a_rotation_under_a_log_key_that_is_not_the_secrets_closes_the_log_there(
    team: Team, home: HouseholdId
) -> None:
    rotate(team, lambda statement, _: but(statement, log_key=sign_public(new_key())))
    assert code_of(lambda: team.read("jan", home, INTAKE)) == "bad-checkpoint"


def test_a_team_card_that_does_not_reach_back_is_named_by_who_opens_what_is_older(
    team: Team, home: HouseholdId
) -> None:
    team.admit("ben", Role.COORDINATOR)
    statement, objects = next_card(team["anna"], team.register())
    team["anna"].gate.enact(but(statement, before=bytes(60)), objects)
    assert code_of(lambda: team.grant("sara", home, INTAKE)) == "coordination-box-altered"
    assert code_of(lambda: team.grant("sara", home, INTAKE, by="ben")) == "coordination-box-altered"
    assert team.read("jan", home, INTAKE) == "eerste intake"


def test_a_team_card_whose_seed_is_another_is_named_by_every_coordinator(
    team: Team, home: HouseholdId
) -> None:
    team.admit("ben", Role.COORDINATOR)
    statement, objects = next_card(team["anna"], team.register())
    team["anna"].gate.enact(but(statement, coordination=box_public(new_key())), objects)
    assert code_of(lambda: team.grant("sara", home, INTAKE)) == "coordination-box-altered"
    assert code_of(lambda: team.grant("sara", home, INTAKE, by="ben")) == "coordination-box-altered"
    assert team.read("jan", home, INTAKE) == "eerste intake"


def test_a_garbled_box_after_a_renewal_is_named_by_who_opens_it(team: Team, home: HouseholdId) -> None:
    team.grant("sara", home, INTAKE)
    card, box = person("sara", 2).card, bytes(1168)
    epoch, gate_box = team["sara"].gate.epoch_box(card)
    boxed = {"gate_box": digest_of(gate_box), "number": None, "coordination_box": None}
    renewal = Statement("member.renewed/1", card=card, epoch=epoch, **boxed)
    entry = team["sara"].gate.enact(renewal, {digest_of(gate_box): gate_box})
    rows = (Boxed(Role.SPECIALIST, INTAKE, 1, digest_of(box)),)
    lie = Statement("slot.boxed/1", household=home, handle=Handle("sara"), boxes=rows)
    team["anna"].gate.enact(lie, {digest_of(box): box})
    team.desks["sara"], _ = store.join(
        team.store, person("sara", 2), team.folder / "sara 2", team.clock, fingerprint(entry.leaf)
    )
    assert code_of(lambda: team.read("sara", home, INTAKE)) == "content-altered"
    assert team.read("jan", home, INTAKE) == "eerste intake"
