"""The register: what it names as needed, who has a right, and what a fold leaves alone."""

import pytest
from scribe import Scribe
from wording import COVER, GRANT, HOME, INTAKE, OTHER_GRANT, OTHER_HOME, PLAN, but

from dossier.errors import IntegrityError
from dossier.model import STORE_BOOK, BookName, Digest, Handle, Reason, Role
from dossier.register.fold import apply, fold, take
from dossier.register.register import Fault, act_of
from dossier.shapes import Keying
from keys.primitives import WRAP_SIZE


def team() -> Scribe:
    """Jan's household with a version of the plan, and a grant of sara's."""
    s = Scribe().admit("jan", Role.REGISSEUR).admit("sara", Role.SPECIALIST).open()
    return s.give().fill("jan", PLAN)


def keying(s: Scribe) -> Keying:
    return s.household().sections[PLAN].keying


def test_a_fold_of_the_books_is_what_following_the_log_came_to() -> None:
    s = team()
    folded = fold(s.register.root, s.book(STORE_BOOK), s.book(BookName(HOME)))
    assert folded.faults == []
    assert list(folded.objects()) == list(s.register.objects())
    assert list(folded.households[HOME].objects()) == list(s.household().objects())


def test_statements_of_a_household_are_judged_by_the_store_as_it_was_at_their_place() -> None:
    s = team()
    s.say("anna", s.suspension("jan"))
    folded = fold(s.register.root, s.book(STORE_BOOK), s.book(BookName(HOME)))
    assert folded.faults == []
    late = s.write("jan", s.version_on(s.ask("jan", PLAN, 2)))
    folded = fold(s.register.root, s.book(STORE_BOOK), s.book(BookName(HOME)))
    assert folded.faults == [(BookName(HOME), late.index, Reason.NOT_ACTIVE)]


def test_what_does_not_stand_leaves_the_rest_of_its_book_standing() -> None:
    s = team()
    bad = s.write("sara", s.rekey(PLAN))
    s.write("anna", s.rekey(PLAN))
    assert s.register.faults == [(BookName(HOME), bad.index, Reason.NOT_YOUR_ROLE)]
    assert s.household().sections[PLAN].generation == 2


def test_a_statement_in_a_book_that_is_not_its_own_is_named_and_nothing_more() -> None:
    s = team()
    entry = s.write("anna", s.rekey(PLAN))
    take(s.register, STORE_BOOK, act_of(entry))
    assert s.register.faults == [(STORE_BOOK, entry.index, Reason.OTHER_BOOK)]


def test_an_entry_that_states_nothing_counts_for_nothing_wherever_it_is_put() -> None:
    s = team()
    asked = s.ask("jan", PLAN, 2)
    store = s.book(STORE_BOOK)
    register = fold(s.register.root, store._replace(entries=(*store.entries, asked)))
    assert register.faults == []


def test_apply_raises_the_fault_and_changes_nothing() -> None:
    s = team()
    before = list(s.household().objects())
    entry = s.write("sara", s.rekey(PLAN))
    with pytest.raises(Fault, match="not-your-role"):
        apply(s.register, act_of(entry))
    assert list(s.household().objects()) == before


def test_the_rights_on_a_section_are_those_that_will_be_once_a_statement_stands() -> None:
    s = team().admit("rita", Role.REGISSEUR)
    s.give(grant=OTHER_GRANT, sections=(INTAKE,))
    home, jan = s.household(), (Role.REGISSEUR, "jan")
    sara, rita = (Role.SPECIALIST, "sara"), (Role.REGISSEUR, "rita")
    assert set(s.register.rights(home, PLAN, s.at)) == {jan, sara}
    assert set(s.register.rights(home, COVER, s.at)) == {jan}
    assert set(s.register.rights(home, PLAN, s.at, without=GRANT)) == {jan}
    assert set(s.register.rights(home, INTAKE, s.at, without=GRANT)) == {jan, sara}
    assert set(s.register.rights(home, PLAN, s.at, regisseur=Handle("rita"))) == {rita, sara}
    s.register.policy = None
    assert set(s.register.rights(home, PLAN, s.at)) == set()


def test_only_the_boxes_of_the_key_in_force_are_needed_and_every_wrap_since() -> None:
    s = team()
    old = keying(s)
    first = s.household().sections[PLAN].versions[0].wrap
    s.say("anna", s.rekey(PLAN))
    s.fill("jan", PLAN)
    second = s.household().sections[PLAN].versions[1].wrap
    needed, new = set(s.household().objects()), keying(s)
    assert {*(slot.box for slot in new.slots), new.coordination, new.wraps, second} <= needed
    assert not {*(slot.box for slot in old.slots), old.coordination, first} & needed


def test_a_wrap_is_found_as_written_until_a_rekey_wraps_it_anew() -> None:
    s = team()
    section = s.household().sections[PLAN]
    written = {section.versions[0].wrap: b"as written"}
    assert section.wrap_of(1, written) == b"as written"
    s.fill("jan", PLAN)
    assert section.wrap_of(2, {section.versions[1].wrap: b"as written too"}) == b"as written too"
    s.say("anna", s.rekey(PLAN))
    whole = bytes(WRAP_SIZE) + b"\x01" * WRAP_SIZE
    anew = {Digest(section.keying.wraps or ""): whole}
    assert [section.wrap_of(number, anew) for number in (1, 2)] == [bytes(WRAP_SIZE), b"\x01" * WRAP_SIZE]
    s.fill("jan", PLAN)
    with pytest.raises(IntegrityError, match="object-missing"):
        section.wrap_of(3, anew)


@pytest.mark.parametrize("length", [0, WRAP_SIZE - 1, WRAP_SIZE + 1, 2 * WRAP_SIZE])
def test_what_a_rekey_wrapped_is_as_long_as_its_versions_are_many(length: int) -> None:
    s = team()
    s.say("anna", s.rekey(PLAN))
    section = s.household().sections[PLAN]
    with pytest.raises(IntegrityError, match="object-missing"):
        section.wrap_of(1, {Digest(section.keying.wraps or ""): bytes(length)})


def test_a_proposal_keeps_the_objects_that_it_will_need() -> None:
    s = Scribe().admit("tom", Role.TOEZICHTHOUDER).wait(days=31)
    admission = s.admission("ben", Role.COORDINATOR)
    s.say("anna", s.proposal(admission))
    assert {admission["gate_box"], admission["coordination_box"]} <= set(s.register.objects())


def test_a_suspended_member_keeps_a_box_of_the_epoch_until_the_next() -> None:
    s = team()
    box = s.register.gate_boxes[Handle("sara")]
    s.say("anna", s.suspension("sara"))
    assert box in set(s.register.objects())


def test_a_statement_says_by_its_fields_which_book_it_is_for() -> None:
    s = team()
    assert s.admission("ben", Role.COORDINATOR).book == STORE_BOOK
    assert s.rekey(PLAN).book == BookName(HOME)
    assert s.proposal(s.rekey(PLAN)).book == BookName(HOME)
    assert but(s.rekey(PLAN), household=OTHER_HOME).book == BookName(OTHER_HOME)
