"""Custodians' shares: any few of them admit a coordinator, once; fewer, others, older or used ones nobody."""

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import pytest
from canaries import files, forms
from team import Team
from wording import COVER, INTAKE, person

from dossier import contexts
from dossier.actions import members, store
from dossier.actions.approvals import Stated
from dossier.actions.check import check
from dossier.actions.recovery import Split, in_force, restore, split, verify
from dossier.entry import Entry
from dossier.errors import (
    ConflictError,
    DossierError,
    IntegrityError,
    LockedError,
    RefusedError,
    UsageError,
    WaitsError,
)
from dossier.model import STORE_BOOK, Digest, Role
from dossier.statements import Statement
from dossier.team import digest_of, seed
from keys.encoding import fingerprint
from keys.errors import FewSharesError, KeysError, RepeatedShareError, SharesOfOtherError, WrongShareError
from keys.identity import Card
from keys.locks import box_to, new_key, seal_previous
from keys.primitives import box_public
from keys.recovery import Share, identity_of, join
from keys.recovery import check as check_share

CARLA = person("carla").card


def new_team(folder: Path, *, in_files: bool = False) -> Team:
    team = Team(folder, files=in_files)
    team.admit("jan", Role.REGISSEUR)
    team.admit("bob", Role.BEHEERDER)
    return team


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return new_team(tmp_path)


def shared(team: Team, by: str = "anna", second: str | None = None) -> list[str]:
    """Split 3 of 5, approved by a second person where one is named; give the shares."""
    made = split(team[by], 3, 5)
    team.settle(made.stated, second)
    return made.shares


def welcome(team: Team, entry: Entry, who: str = "carla") -> None:
    """Let whoever was admitted make first contact."""
    team.desks[who], _ = store.join(
        team.store, person(who), team.folder / who, team.clock, fingerprint(entry.leaf)
    )


def refused(team: Team, shares: Sequence[str], who: str = "jan") -> DossierError | KeysError:
    """See that shares admit nobody, and that nothing was written; give what was said."""
    before = team["anna"].gate.survey().opened.book.entries
    with pytest.raises((DossierError, KeysError)) as caught:
        restore(team[who], CARLA, shares)
    assert team["anna"].gate.survey().opened.book.entries == before
    assert "carla" not in team.register().members
    error = caught.value
    assert isinstance(error, (DossierError, KeysError))
    return error


# Any so many.


@pytest.mark.parametrize("some", [*combinations(range(5), 3)])
def test_any_three_of_five_custodians_admit_a_coordinator(team: Team, some: tuple[int, ...]) -> None:
    home = team.open(None)
    team.write("anna", home, COVER, "wie het zijn")
    shares = shared(team)
    welcome(team, restore(team["jan"], CARLA, [shares[n] for n in some]))
    assert team.read("carla", home, COVER) == "wie het zijn"
    team.admit("sara", Role.SPECIALIST, by="carla")
    assert team.register(who="carla").member("carla").holds(Role.COORDINATOR)


def test_the_last_coordinator_can_be_lost(tmp_path: Path) -> None:
    """Nobody is left who could do more than append, and all that was written is there again."""
    team = new_team(tmp_path, in_files=True)
    home = team.open("jan")
    team.write("jan", home, INTAKE, "wat er speelt")
    shares = shared(team)
    del team.desks["anna"]
    entry = restore(team["bob"], CARLA, shares)
    recovery = team.register(who="bob").recovery
    assert recovery is not None
    assert (entry.signed.actor, entry.signed.card) == ("recovery-1", recovery.fingerprint)
    welcome(team, entry)
    team.admit("sara", Role.SPECIALIST, by="carla")
    team.grant("sara", home, INTAKE, by="carla")
    assert team.read("sara", home, INTAKE) == "wat er speelt"
    report = check(team.store, person("anna").card.fingerprint, deep=True)
    assert (report.ok, report.findings, report.leftovers) == (True, (), ())


def test_more_shares_than_needed_do_as_well(team: Team) -> None:
    restore(team["jan"], CARLA, shared(team))
    assert team.register().member("carla").holds(Role.COORDINATOR)


def test_a_new_team_card_is_due_afterwards_and_a_new_splitting(team: Team) -> None:
    shares = shared(team)
    entry = restore(team["jan"], CARLA, shares)
    register = team.register()
    assert register.coordination_due
    assert not register.recoverable()
    assert register.recovery is not None
    assert register.recovery.used == entry.index
    again = split(team["anna"], 2, 2)
    assert again.stated.entry.signed.statement is not None
    assert again.stated.entry.signed.statement["card"].handle == "recovery-2"
    assert verify(team["jan"], again.shares).trouble is None


def test_who_was_restored_approves_nothing_for_thirty_days(team: Team) -> None:
    team.admit("otto", Role.COORDINATOR)
    shares = shared(team)
    team.clock.wait(days=31)
    welcome(team, restore(team["jan"], CARLA, shares))
    stated = admitted(team, "nina", "anna")
    with pytest.raises(RefusedError, match="not-eligible"):
        team.settle(stated, "carla")
    team.settle(stated, "otto")
    team.clock.wait(days=30)
    stated = admitted(team, "tom", "otto")
    team.settle(stated, "carla")
    assert team.register().member("tom").active


def admitted(team: Team, handle: str, by: str) -> Stated:
    """Have a coordinator's admission stated."""
    card = person(handle).card
    return members.admit(team[by], card.write(), [Role.COORDINATOR], card.fingerprint)[0]


# Fewer, others, older, used.


@pytest.mark.parametrize("some", [(), (0,), (3,), *combinations(range(5), 2)])
def test_fewer_admit_nobody(team: Team, some: tuple[int, ...]) -> None:
    shares = shared(team)
    error = refused(team, [shares[n] for n in some])
    assert isinstance(error, FewSharesError)
    assert error.given == len(some)


def test_a_share_given_twice_makes_no_third(team: Team) -> None:
    shares = shared(team)
    assert isinstance(refused(team, [shares[0], shares[1], shares[0]]), RepeatedShareError)


def test_a_wrong_word_admits_nobody(team: Team) -> None:
    first, second, third, *_ = shared(team)
    words = third.split()
    assert isinstance(
        refused(team, [first, second, " ".join([*words[:-2], words[-1], words[-2]])]), WrongShareError
    )
    assert isinstance(refused(team, [first, second, "geen woorden van ons"]), WrongShareError)


def test_shares_of_another_store_admit_nobody(team: Team, tmp_path: Path) -> None:
    shares, other = shared(team), shared(new_team(tmp_path / "other"))
    assert isinstance(refused(team, [*shares[:2], other[2]]), SharesOfOtherError)
    error = refused(team, other[:3])
    assert isinstance(error, LockedError)
    assert error.code == "shares-not-here"


def test_shares_of_an_older_splitting_admit_nobody(team: Team) -> None:
    old, new = shared(team), shared(team)
    assert refused(team, old[:3]).code == "recovery-superseded"
    assert isinstance(refused(team, [*old[:2], new[2]]), SharesOfOtherError)
    restore(team["jan"], CARLA, new[:3])


def test_a_recovery_card_admits_once(team: Team) -> None:
    shares = shared(team)
    restore(team["jan"], person("eerst").card, shares[:3])
    error = refused(team, shares[1:4])
    assert (error.code, error.exit_code) == ("recovery-used", 6)
    with pytest.raises(RefusedError, match="recovery-used"):
        in_force(team["jan"])


def test_where_nothing_was_split_nothing_is_restored(team: Team, tmp_path: Path) -> None:
    assert refused(team, shared(new_team(tmp_path / "other"))).code == "no-recovery"
    with pytest.raises(RefusedError, match="no-recovery"):
        in_force(team["jan"])


def renew(team: Team, by: str, *, recovery: bool) -> None:
    """Renew the team's card, boxed to the coordinators and, or not, to the recovery card."""
    register, new, store = team.register(who=by), new_key(), team.store.store_id
    number, objects = register.number + 1, dict[Digest, bytes]()

    def boxed(card: Card) -> Digest:
        box = box_to(card, new, contexts.of("coordination-seed", store, number, card.fingerprint))
        objects[digest_of(box)] = box
        return digest_of(box)

    assert register.recovery is not None
    before = contexts.of("coordination-before", store, number)
    statement = Statement(
        "coordination.renewed/1",
        number=number,
        coordination=box_public(new),
        before=seal_previous(new, seed(team[by], register), before),
        boxes=tuple((m.handle, boxed(m.card)) for m in register.holders(Role.COORDINATOR)),
        recovery_box=boxed(register.recovery.card) if recovery else None,
    )
    team[by].gate.enact(statement, objects)


def test_a_recovery_card_of_a_former_coordinator_falls_with_the_next_team_card(team: Team) -> None:
    team.admit("otto", Role.COORDINATOR)
    shares = shared(team)
    team.suspend("anna", by="otto")
    renew(team, "otto", recovery=False)
    team.desks["anna"] = team["otto"]
    assert refused(team, shares[:3]).code == "recovery-outdated"
    with pytest.raises(LockedError, match="recovery-outdated"):
        in_force(team["jan"])


def test_a_recovery_card_goes_on_with_the_next_team_card(team: Team) -> None:
    """And opens what was written under the one before."""
    home, shares = team.open(None), shared(team)
    team.write("anna", home, COVER, "eerder")
    renew(team, "anna", recovery=True)
    later = team.open(None)
    welcome(team, restore(team["jan"], CARLA, shares[2:]))
    assert team.read("carla", home, COVER) == "eerder"
    team.write("carla", later, COVER, "later")
    assert team.read("anna", later, COVER) == "later"


def test_a_team_card_renewed_in_the_midst_of_it_is_a_conflict(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares, whole = shared(team), team["jan"].gate.epoch_box

    def epoch_box(card: Card) -> tuple[int, bytes]:
        renew(team, "anna", recovery=True)
        return whole(card)

    monkeypatch.setattr(team["jan"].gate, "epoch_box", epoch_box)
    with pytest.raises(ConflictError, match="number-wrong"):
        restore(team["jan"], CARLA, shares)
    monkeypatch.undo()
    restore(team["jan"], CARLA, shares)


def test_who_is_suspended_restores_nothing(team: Team) -> None:
    shares = shared(team)
    team.suspend("jan")
    assert refused(team, shares).code == "not-active"


@pytest.mark.parametrize("who", ["jan", "anna", "recovery-1"])
def test_a_handle_or_card_that_was_here_is_not_admitted_again(team: Team, who: str) -> None:
    shares = shared(team)
    with pytest.raises(UsageError, match="handle-taken"):
        restore(team["bob"], person(who).card, shares)
    assert team.register().recoverable()


# What stands in the store is not believed.


def test_a_recovery_box_that_is_gone_is_an_altered_store(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    shares = shared(team)
    monkeypatch.setattr(type(team.store), "objects", lambda _store, _book: {})
    with pytest.raises(IntegrityError, match="object-missing"):
        restore(team["jan"], CARLA, shares)


@pytest.mark.parametrize("kind", ["garbled", "of another seed", "of another place"])
def test_a_recovery_box_that_was_exchanged_is_an_altered_store(
    team: Team, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    shares = shared(team)
    recovery, number = team.register().recovery, team.register().number
    assert recovery is not None
    assert recovery.box is not None
    context = contexts.of("coordination-seed", team.store.store_id, number, recovery.fingerprint)
    whole = team.store.objects(STORE_BOOK)
    box = {
        "garbled": bytes(len(whole[recovery.box])),
        "of another seed": box_to(recovery.card, new_key(), context),
        "of another place": box_to(recovery.card, new_key(), context + b"\0"),
    }[kind]
    monkeypatch.setattr(type(team.store), "objects", lambda _store, _book: {**whole, recovery.box: box})
    found = verify(team["jan"], shares)
    assert found.trouble is not None
    assert found.trouble.code == "recovery-box-altered"
    with pytest.raises(IntegrityError, match="recovery-box-altered"):
        restore(team["jan"], CARLA, shares)


# The splitting.


def test_a_second_person_approves_a_splitting(team: Team) -> None:
    team.admit("tess", Role.TOEZICHTHOUDER)
    team.clock.wait(days=31)
    made = split(team["anna"], 2, 3)
    assert made.stated.waits
    number = made.stated.entry.index
    for some in (made.shares, made.shares[:2]):
        error = refused(team, some)
        assert isinstance(error, WaitsError)
        assert (error.code, error.data["number"]) == ("recovery-waits", number)
    team.settle(made.stated, "tess")
    assert verify(team["jan"], made.shares[:2]).trouble is None
    restore(team["jan"], CARLA, made.shares[1:])


def test_a_splitting_that_waits_leaves_the_one_before_in_force(team: Team) -> None:
    first = shared(team)
    team.admit("tess", Role.TOEZICHTHOUDER)
    team.clock.wait(days=31)
    second, third = (split(team["anna"], 2, 3) for _ in range(2))
    cards = [made.stated.entry.signed.statement for made in (second, third)]
    assert [s["statement"]["card"].handle for s in cards if s is not None] == ["recovery-2", "recovery-3"]
    assert verify(team["jan"], first).trouble is None
    team.settle(second.stated, "tess")
    assert refused(team, first).code == "recovery-superseded"
    assert refused(team, third.shares).code == "recovery-waits"
    restore(team["jan"], CARLA, second.shares)


def test_only_a_coordinator_splits_and_others_are_shown_no_share(team: Team) -> None:
    shown: list[Sequence[str]] = []
    size = team["bob"].memory.verified.size
    for who in ("jan", "bob"):
        with pytest.raises(RefusedError, match="not-your-role"):
            split(team[who], 3, 5, shown.append)
    assert not shown
    assert team["bob"].memory.verified.size == size + 2
    assert team.register().recovery is None


def test_shares_are_handed_out_before_their_card_counts(team: Team) -> None:
    """A splitting that is cut off replaces nothing."""
    before = shared(team)

    def cut_off(shares: Sequence[str]) -> None:
        assert len(shares) == 5
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        split(team["anna"], 3, 5, cut_off)
    assert verify(team["jan"], before).trouble is None
    shown: list[Sequence[str]] = []
    made = split(team["anna"], 3, 5, shown.append)
    assert shown == [made.shares]


def test_a_team_card_renewed_while_shares_are_handed_out_is_a_conflict(team: Team) -> None:
    shared(team)
    with pytest.raises(ConflictError, match="number-wrong"):
        split(team["anna"], 3, 5, lambda _shares: renew(team, "anna", recovery=True))


@pytest.mark.parametrize("numbers", [(1, 1), (1, 5), (0, 5), (6, 5), (2, 17), (-1, -1)])
def test_numbers_that_cannot_be_are_wrong_use(team: Team, numbers: tuple[int, int]) -> None:
    with pytest.raises(UsageError, match="recovery-numbers"):
        split(team["anna"], *numbers)


def test_no_member_gets_the_handle_of_a_recovery_card(team: Team) -> None:
    team.admit("recovery-1", Role.SPECIALIST)
    made: Split = split(team["anna"], 2, 2)
    statement = made.stated.entry.signed.statement
    assert statement is not None
    card = statement["card"]
    assert (card.handle, card.person, card.org) == ("recovery-2", "Herstelkaart", "Team Noord")


# Trying.


def test_trying_tells_of_each_share_and_of_all_together(team: Team) -> None:
    shares = shared(team)
    size = team["jan"].gate.survey().opened.book.entries[-1].index + 1
    for some in combinations(shares, 3):
        found = verify(team["jan"], some)
        assert found.shares == tuple(check_share(words) for words in some)
        assert (found.together, found.trouble) == (True, None)
    assert verify(team["jan"], shares).together
    assert team["jan"].memory.verified.size == size
    assert team.register().recoverable()


def test_too_few_are_tried_each_by_itself(team: Team) -> None:
    shares = shared(team)
    for some in (shares[:1], shares[3:]):
        found = verify(team["jan"], some)
        assert all(isinstance(share, Share) for share in found.shares)
        assert (found.together, found.trouble) == (False, None)
    assert verify(team["jan"], [])[1:] == (False, None)


def test_a_wrong_share_is_named_among_good_ones(team: Team) -> None:
    shares = shared(team)
    found = verify(team["jan"], [*shares[:2], "fiets", shares[3]])
    assert [isinstance(share, Share) for share in found.shares] == [True, True, False, True]
    assert not found.together
    assert isinstance(found.trouble, WrongShareError)


@pytest.mark.parametrize("count", [1, 3])
def test_trying_says_why_they_would_not_restore(team: Team, tmp_path: Path, count: int) -> None:
    other = shared(new_team(tmp_path / "other"))
    assert trouble(team, other[:count]) == "no-recovery"
    shares = shared(team)
    assert trouble(team, other[:count]) == ("shares-not-here" if count == 3 else None)
    assert trouble(team, [*other[:2], shares[4]]) == "shares-of-other"
    assert trouble(team, [other[0], shares[4]]) == "shares-of-other"
    assert trouble(team, [shares[4], shares[4]]) == "share-twice"
    restore(team["jan"], CARLA, shares)
    assert trouble(team, shares[:count]) == "recovery-used"


def trouble(team: Team, shares: Sequence[str]) -> str | None:
    error = verify(team["jan"], shares).trouble
    return None if error is None else error.code


def test_one_share_of_a_splitting_that_waits_reads_well(team: Team) -> None:
    team.admit("tess", Role.TOEZICHTHOUDER)
    team.clock.wait(days=31)
    made = split(team["anna"], 2, 3)
    assert verify(team["jan"], made.shares[:1])[1:] == (False, None)
    assert trouble(team, made.shares[:2]) == "recovery-waits"


# Nothing of it is kept.


@pytest.mark.files_only("reads or alters the files themselves")
def test_no_file_holds_a_share_or_a_seed(tmp_path: Path) -> None:
    team = new_team(tmp_path, in_files=True)
    shares = shared(team)
    secret = join(shares)
    seeds = identity_of(secret, "recovery-1", "x", "y").seeds()
    verify(team["jan"], shares)
    refused(team, shares[:2])
    restore(team["jan"], CARLA, shares[1:4])
    found = b"\n".join(path.read_bytes() for path in files(tmp_path))
    assert b"recovery.split/1" in found
    for words in shares:
        for some in (words, " ".join(words.split()[5:8]), " ".join(words.split()[-3:])):
            assert not [form for form in forms(some) if form in found]
    for key in (secret, *seeds):
        assert key not in found
        assert key.hex().encode() not in found
