"""The rules about a store that was put back from a copy, and about a clock that was wrong."""

from datetime import timedelta

from scribe import Scribe
from wording import DAY, HOME, OTHER_HOME, PLAN, but

from dossier.entry import Entry
from dossier.model import BookName, Deed, Handle, Reason, Request, Role, Seen
from dossier.register.fold import fold
from dossier.register.members import LIFETIME, LOOK_BACK
from dossier.statements import Statement

ANNA, BEN, BOB, JAN, SARA = (Handle(name) for name in ("anna", "ben", "bob", "jan", "sara"))
MILLISECOND = timedelta(milliseconds=1)


def team() -> Scribe:
    """Two households of jan's, coordinators anna and ben, sara and bob; a month ago."""
    s = Scribe().admit("ben", Role.COORDINATOR).admit("jan", Role.REGISSEUR).admit("sara", Role.SPECIALIST)
    return s.admit("bob", Role.BEHEERDER).open().open(household=OTHER_HOME).wait(days=31)


def reopened(s: Scribe, statement: Statement | None = None) -> Scribe:
    """Let anna and ben reopen the store: nothing was lost of the second household."""
    s.agree("anna", statement or s.reopening(behind=[HOME]), by="ben")
    return s


def shut(s: Scribe) -> list[str]:
    return [name for name, household in s.register.households.items() if s.register.shut(household)]


# A store that was put back.


def test_a_reopening_is_noted_with_the_checkpoint_that_it_names() -> None:
    s = team()
    size = len(s.log)
    entry = s.agree("anna", s.reopening(behind=[HOME]), by="ben")
    restored = s.register.restored
    assert restored is not None
    assert (restored.size, restored.position, restored.at) == (size, entry.index, entry.at)
    assert (restored.leaf, restored.rotated) == (entry.leaf, None)
    assert s.register.behind == {HOME: entry.index}


def test_the_checkpoint_named_is_the_one_that_its_signers_client_saw() -> None:
    s = team()
    statement = s.reopening()
    assert s.verdict("anna", but(statement, size=statement["size"] - 1)) is Reason.CHECKPOINT_WRONG
    assert s.verdict("anna", but(statement, root=bytes(32))) is Reason.CHECKPOINT_WRONG
    seen = s.seen
    s.seen = Seen(seen.size, bytes(32))
    assert s.verdict("anna", s.proposal(statement)) is Reason.CHECKPOINT_WRONG
    s.seen = seen
    waits = s.say("anna", s.proposal(statement))
    s.say("ben", s.approval(waits))
    assert s.register.restored is not None


def test_the_checkpoint_that_was_known_is_no_earlier_and_the_same_when_as_large() -> None:
    s = team()
    statement, size = s.reopening(), s.seen.size
    same = but(statement, known_size=size, known_root=s.seen.root)
    assert s.verdict("anna", same) is Reason.NEEDS_APPROVAL
    assert s.verdict("anna", but(same, known_root=bytes(32))) is Reason.CHECKPOINT_WRONG
    assert s.verdict("anna", but(same, known_size=size - 1)) is Reason.CHECKPOINT_WRONG
    assert s.verdict("anna", but(statement, known_size=size + 1)) is Reason.NEEDS_APPROVAL


def test_whoever_is_not_confirmed_is_suspended_by_it() -> None:
    s = team()
    reopened(s, s.reopening("anna", "ben", "bob"))
    members = s.register.members
    assert [handle for handle, member in members.items() if member.active] == [ANNA, BEN, BOB]
    assert set(s.register.to_rotate_out) == {JAN, SARA}


def test_whoever_was_suspended_before_keeps_that_moment() -> None:
    s = team()
    since = s.say("anna", s.suspension("sara")).at
    reopened(s)
    assert s.register.members[SARA].standings[-1].since == since


def test_what_a_member_who_is_not_confirmed_had_proposed_is_over() -> None:
    s = team()
    waits = s.say("ben", s.proposal(s.adoption()))
    proposal = s.say("anna", s.proposal(s.reopening("anna", "bob")))
    s.say("ben", s.approval(proposal))
    assert waits.index not in s.register.proposals


def test_whoever_reopens_confirms_themselves_and_nobody_who_is_gone() -> None:
    s = team()
    assert s.verdict("anna", s.reopening("ben", "bob")) is Reason.ABOUT_YOURSELF
    assert s.verdict("anna", s.reopening("anna", "oscar")) is Reason.UNKNOWN_MEMBER
    s.say("anna", s.suspension("sara"))
    assert s.verdict("anna", s.reopening("anna", "sara")) is Reason.STATE_AS_IT_IS


def test_a_store_is_reopened_by_two() -> None:
    s = team()
    assert s.verdict("anna", s.reopening()) is Reason.NEEDS_APPROVAL
    assert s.verdict("bob", s.reopening()) is Reason.NOT_YOUR_ROLE
    waits = s.say("anna", s.proposal(s.reopening()))
    assert s.verdict("bob", s.approval(waits)) is Reason.NOT_ELIGIBLE
    assert s.verdict("anna", s.approval(waits)) is Reason.NOT_ELIGIBLE


def test_nothing_stands_between_a_reopening_and_its_rotation_but_what_leads_there() -> None:
    s = reopened(team())
    for statement in (
        s.admission("stan", Role.SPECIALIST),
        s.rekey(PLAN),
        s.grant(),
        s.leaving("sara"),
        s.team_renewal(),
        s.gate_box("jan"),
        s.adoption(),
    ):
        assert s.verdict("anna", statement) is Reason.STORE_RESTORED
        assert s.verdict("anna", s.proposal(statement)) is Reason.STORE_RESTORED
    assert s.verdict("anna", s.admission("boris", Role.BEHEERDER)) is Reason.STORE_RESTORED
    assert s.verdict("anna", s.suspension("sara")) is None
    assert s.verdict("anna", s.proposal(s.reopening())) is None
    assert s.verdict("bob", s.rotation()) is None


def test_a_reopening_confirms_one_who_can_rotate_where_there_is_one() -> None:
    s = team().admit("boris", Role.BEHEERDER)
    assert s.verdict("anna", s.reopening("anna", "ben")) is Reason.NOBODY_ROTATES
    assert s.verdict("anna", s.reopening("anna", "boris")) is Reason.NEEDS_APPROVAL
    s.say("anna", s.leaving("bob"))
    s.say("anna", s.leaving("boris"))
    assert s.verdict("anna", s.reopening("anna", "ben")) is Reason.NEEDS_APPROVAL


def test_where_nobody_is_left_to_rotate_one_who_can_is_admitted_and_nobody_else() -> None:
    s = reopened(team())
    s.say("anna", s.suspension("bob"))
    assert s.verdict("anna", s.admission("stan", Role.SPECIALIST)) is Reason.STORE_RESTORED
    assert s.verdict("anna", s.restoration("bob")) is Reason.STORE_RESTORED
    s.admit("boris", Role.BEHEERDER)
    assert s.verdict("anna", s.admission("berend", Role.BEHEERDER)) is Reason.STORE_RESTORED
    s.say("boris", s.rotation())
    s.admit("stan", Role.SPECIALIST)


def test_a_recovery_stands_before_the_rotation_too() -> None:
    s = team()
    s.agree("anna", s.split(), by="ben")
    reopened(s)
    s.say("recovery-1", s.recovery())
    assert s.register.members[Handle("vera")].holds(Role.COORDINATOR)


def test_a_household_that_fell_short_stays_shut_through_the_next_restore() -> None:
    s = reopened(team())
    s.say("bob", s.rotation())
    first, *others = s.household().sections
    s.say("anna", s.rekey(first))
    reopened(s, s.reopening())
    s.say("bob", s.rotation())
    assert shut(s) == [HOME]
    s.say("anna", s.rekey(*others))
    assert shut(s) == []


def test_a_household_that_fell_short_twice_needs_keys_of_after_the_last_time() -> None:
    s = reopened(team())
    s.say("bob", s.rotation())
    s.say("anna", s.rekey(*s.household().sections))
    reopened(s)
    s.say("bob", s.rotation())
    assert shut(s) == [HOME]
    assert s.register.keyed_before_restore(s.household())
    s.say("anna", s.rekey(*s.household().sections))
    assert not s.register.keyed_before_restore(s.household())


def test_no_version_stands_in_a_household_that_fell_short() -> None:
    s = reopened(team())
    s.say("bob", s.rotation())
    assert s.verdict("jan", s.version("jan", PLAN)) is Reason.NEEDS_REKEY
    s.say("anna", s.rekey(*s.household().sections))
    s.fill("jan", PLAN)


def test_nothing_is_shut_where_nothing_was_restored() -> None:
    s = team()
    assert shut(s) == []
    assert not s.register.keyed_before_restore(s.household())


def test_what_was_proposed_before_a_reopening_is_not_approved_before_the_rotation() -> None:
    s = team()
    waits = s.say("anna", s.proposal(s.admission("carla", Role.COORDINATOR)))
    reopened(s)
    assert s.verdict("ben", s.approval(waits)) is Reason.STORE_RESTORED
    assert s.verdict("ben", s.refusal(waits)) is None
    s.say("bob", s.rotation())
    s.say("ben", s.approval(waits))
    assert Handle("carla") in s.register.members


def test_after_its_rotation_a_reopened_store_goes_on() -> None:
    s = reopened(team())
    entry = s.say("bob", s.rotation())
    assert s.register.restored is not None
    assert s.register.restored.rotated == entry.index
    s.admit("stan", Role.SPECIALIST)
    s.say("bob", s.rotation())
    assert s.register.restored.rotated == entry.index


def test_a_household_that_fell_short_is_shut_until_every_section_has_another_key() -> None:
    s = reopened(team())
    s.say("bob", s.rotation())
    assert shut(s) == [HOME]
    first, *others = s.household().sections
    s.say("anna", s.rekey(first))
    assert shut(s) == [HOME]
    s.say("anna", s.rekey(*others))
    assert shut(s) == []


def test_keys_of_before_the_reopening_open_no_household_that_fell_short() -> None:
    s = team()
    s.say("anna", s.rekey(*s.household().sections))
    assert shut(s) == []
    s = reopened(s)
    s.say("bob", s.rotation())
    assert shut(s) == [HOME]
    s.say("anna", s.assignment("jan"))
    assert shut(s) == []


def test_a_fold_of_one_book_says_the_same_of_its_household() -> None:
    s = reopened(team())
    s.say("bob", s.rotation())
    folded = fold(s.register.root, s.book(BookName("store")), s.book(BookName(HOME)))
    assert folded.shut(folded.households[HOME])
    s.say("anna", s.rekey(*s.household().sections))
    folded = fold(s.register.root, s.book(BookName("store")), s.book(BookName(HOME)))
    assert not folded.shut(folded.households[HOME])


# A clock that was wrong.


def ahead(s: Scribe, days: int = 365) -> Entry:
    """Let sara look at a household while her clock is days ahead."""
    s.wait(days=days)
    entry = s.write("sara", request=Request(Deed.LOOK, HOME))
    s.wait(days=-days)
    return entry


def test_a_correction_names_the_first_entry_of_a_time_that_has_yet_to_come() -> None:
    s = team()
    before = s.log[-1]
    wrong = ahead(s)
    later = ahead(s, days=366)
    assert s.verdict("anna", s.proposal(s.correction(wrong))) is None
    for entry in (before, later, s.log[0]):
        assert s.verdict("anna", s.proposal(s.correction(entry))) is Reason.TIME_NOT_WRONG
    other = but(s.correction(wrong), leaf=later.leaf)
    assert s.verdict("anna", s.proposal(other)) is Reason.TIME_NOT_WRONG
    beyond = but(s.correction(wrong), index=len(s.log))
    assert s.verdict("anna", s.proposal(beyond)) is Reason.TIME_NOT_WRONG
    s.at = wrong.at
    assert s.verdict("anna", s.proposal(s.correction(wrong))) is Reason.TIME_NOT_WRONG
    s.at -= MILLISECOND
    assert s.verdict("anna", s.proposal(s.correction(wrong))) is None


def test_a_correction_is_of_two_and_is_judged_again_where_it_is_approved() -> None:
    s = team()
    wrong = ahead(s, days=1)
    assert s.verdict("anna", s.correction(wrong)) is Reason.NEEDS_APPROVAL
    assert s.verdict("bob", s.correction(wrong)) is Reason.NOT_YOUR_ROLE
    waits = s.say("anna", s.proposal(s.correction(wrong)))
    assert s.verdict("ben", s.approval(waits)) is None
    s.at = wrong.at
    assert s.verdict("ben", s.approval(waits)) is Reason.TIME_NOT_WRONG


def test_nothing_that_was_noted_counts_as_of_a_time_that_has_yet_to_come() -> None:
    s = Scribe().admit("ben", Role.COORDINATOR).admit("bob", Role.BEHEERDER).wait(days=31)
    s.wait(days=365)
    s.admit("carla", Role.SPECIALIST, by="ben")
    first = s.log[-1]
    s.say("ben", s.suspension("carla"))
    s.say("ben", s.restoration("carla"))
    s.wait(days=-365)
    s.agree("anna", s.correction(first), by="ben")
    carla = s.register.members[Handle("carla")]
    assert {standing.since for standing in carla.standings} == {s.at}
    assert [at for at, _ in carla.ties] == [s.at, s.at]
    assert s.register.latest == s.at


def test_a_correction_leaves_alone_what_was_noted_in_time() -> None:
    s = team()
    before = {h: (list(m.standings), list(m.ties)) for h, m in s.register.members.items()}
    s.agree("anna", s.correction(ahead(s)), by="ben")
    assert {h: (m.standings, m.ties) for h, m in s.register.members.items()} == before


def test_a_recovery_under_a_wrong_clock_counts_from_the_correction_on() -> None:
    s = Scribe()
    s.say("anna", s.split())
    s.wait(days=365)
    recovered = s.say("recovery-1", s.recovery())
    s.wait(days=-365)
    s.say("anna", s.correction(recovered))
    vera = s.register.members[Handle("vera")]
    assert vera.recovered_at == s.at
    s.at += LOOK_BACK - MILLISECOND
    assert s.verdict("anna", s.adoption()) is None
    s.at += MILLISECOND
    assert s.verdict("anna", s.adoption()) is Reason.NEEDS_APPROVAL


def test_a_recovery_in_time_keeps_its_moment() -> None:
    s = Scribe()
    s.say("anna", s.split())
    since = s.say("recovery-1", s.recovery()).at
    s.wait(days=1)
    s.say("anna", s.correction(ahead(s)))
    assert s.register.members[Handle("vera")].recovered_at == since


def test_a_proposal_under_a_wrong_clock_has_its_seven_days_from_the_correction_on() -> None:
    s = team()
    in_time = s.say("anna", s.proposal(s.admission("dirk", Role.COORDINATOR)))
    s.wait(days=365)
    waits = s.say("anna", s.proposal(s.admission("carla", Role.COORDINATOR)))
    s.wait(days=-365)
    s.agree("anna", s.correction(waits), by="ben")
    assert s.register.proposals[in_time.index].at == in_time.at
    corrected = s.at
    s.at = corrected + LIFETIME
    assert s.verdict("ben", s.approval(waits)) is None
    s.at += MILLISECOND
    assert s.verdict("ben", s.approval(waits)) is Reason.APPROVED_LATE


def test_while_a_clock_is_wrong_whoever_was_there_later_still_counts_as_second_person() -> None:
    s = Scribe().admit("bob", Role.BEHEERDER)
    s.wait(days=365)
    s.admit("tom", Role.TOEZICHTHOUDER).wait(days=31)
    late = s.admit("sara", Role.SPECIALIST).log[-1]
    s.wait(days=-300)
    assert s.verdict("anna", s.admission("ben", Role.COORDINATOR)) is Reason.NEEDS_APPROVAL
    assert s.verdict("anna", s.proposal(s.correction(s.log[-2]))) is None
    assert s.verdict("anna", s.correction(s.log[-2])) is Reason.NEEDS_APPROVAL
    assert s.register.latest == late.at


def test_nobody_gets_rid_of_the_second_person_by_a_clock_of_their_own() -> None:
    s = Scribe().admit("ben", Role.COORDINATOR).wait(days=31)
    s.say("anna", s.suspension("ben"))
    s.wait(days=31)
    wrong = s.admit("sara", Role.SPECIALIST).log[-1]
    s.wait(days=-31)
    assert s.verdict("anna", s.correction(wrong)) is Reason.NEEDS_APPROVAL
    s.wait(days=30)
    assert s.verdict("anna", s.correction(wrong)) is None


def test_one_alone_corrects_where_nobody_could_approve() -> None:
    s = Scribe().admit("sara", Role.SPECIALIST).open(None)
    wrong = ahead(s)
    assert s.verdict("anna", s.proposal(s.correction(wrong))) is Reason.NEEDS_NO_APPROVAL
    s.say("anna", s.correction(wrong))
    assert s.register.latest == s.at < wrong.at - 300 * DAY
