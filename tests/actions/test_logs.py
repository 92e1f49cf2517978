"""Looking into the log: written down first, only what one may see, and nothing that was altered."""

from datetime import timedelta
from pathlib import Path

import pytest
from desks import Office, new_office
from wording import INTAKE

from dossier.actions import households, logs, members
from dossier.entry import Entry
from dossier.errors import IntegrityError, LockedError, NotFoundError, RefusedError
from dossier.gate import local
from dossier.log.note import open_note, read_vkey
from dossier.log.records import Record, split
from dossier.model import Deed, Handle, HouseholdId, Role


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return new_office(tmp_path)


def lines(office: Office) -> list[bytes]:
    """Give every entry as it lies in the store."""
    pages = [split(office.store.page(number))[0] for number in sorted(office.store._pages)]
    return [record.line for page in pages for record in page]


def indexes(entries: list[Entry]) -> list[int]:
    return [entry.index for entry in entries]


def alter(office: Office, position: int, old: bytes, new: bytes) -> None:
    """Alter an entry in its page."""
    number = position // 256
    records, _ = split(office.store.page(number))
    record = records[position % 256]
    records[position % 256] = Record(record.line.replace(old, new), record.note)
    assert records[position % 256] != record
    office.store._pages[number] = b"".join(one.write() for one in records)


# Who sees what.


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_a_toezichthouder_sees_all(office: Office) -> None:
    found = logs.show(office.desk("tess"))
    assert [entry.line for entry in found] == lines(office)


def test_looking_is_logged_before_anything_is_shown(office: Office) -> None:
    found = logs.show(office.desk("tess"), office.home)
    asked = found[-1].signed
    assert (asked.actor, asked.request.deed, asked.request.household) == ("tess", Deed.LOG_SHOW, office.home)
    assert found[-1].ruling.permitted


def test_nothing_is_shown_where_the_look_cannot_be_written(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RefusedError("test")

    desk = office.desk("tess")
    monkeypatch.setattr(office.store, "append", fail)
    monkeypatch.setattr(local, "pages_from", fail)
    with pytest.raises(RefusedError):
        logs.show(desk)


def test_others_see_their_own_deeds(office: Office) -> None:
    office.give()
    office.read("sara")
    found = logs.show(office.desk("sara"))
    assert {entry.signed.actor for entry in found} == {"sara"}
    assert [entry.signed.request.deed for entry in found] == [Deed.READ, Deed.LOG_SHOW]


@pytest.mark.parametrize("who", ["anna", "bob"])
def test_neither_coordinator_nor_beheerder_sees_more_than_that(office: Office, who: str) -> None:
    found = logs.show(office.desk(who))
    assert {entry.signed.actor for entry in found} == {who}


def test_a_regisseur_sees_what_is_done_on_their_households(office: Office) -> None:
    office.give()
    office.read("sara")
    with pytest.raises(NotFoundError):
        office.read("bob")
    found = logs.show(office.desk("jan"))
    assert {entry.signed.actor for entry in found} == {"jan", "anna", "sara", "bob"}
    others = [entry for entry in found if entry.signed.actor != "jan"]
    assert {entry.signed.request.household for entry in others} == {office.home}


def test_a_regisseur_sees_nothing_more_of_a_household_that_went_to_another(office: Office) -> None:
    office.team.admit("ria", Role.REGISSEUR)
    households.assign(office.desk("anna"), office.home, Handle("ria"))
    office.write("drie", who="ria")
    assert {entry.signed.actor for entry in logs.show(office.desk("jan"))} == {"jan"}
    assert {entry.signed.actor for entry in logs.show(office.desk("ria"))} == {"jan", "anna", "ria"}


def test_who_stands_in_for_a_regisseur_sees_their_own_deeds(office: Office) -> None:
    office.team.admit("ria", Role.REGISSEUR)
    office.team.grant("ria", office.home, INTAKE, role=Role.REGISSEUR)
    office.read("ria")
    assert {entry.signed.actor for entry in logs.show(office.desk("ria"))} == {"ria"}


def test_who_is_regisseur_no_more_sees_their_own_deeds(office: Office) -> None:
    office.give()
    members.change_roles(office.desk("anna"), Handle("jan"), [Role.SPECIALIST], [Role.REGISSEUR])
    assert {entry.signed.actor for entry in logs.show(office.desk("jan"))} == {"jan"}


def test_a_household_that_is_not_there_looks_like_one_that_one_may_not_see(office: Office) -> None:
    other = office.team.open()
    shown = [logs.show(office.desk("sara"), household) for household in (other, HouseholdId("H-AAAAAAAA"))]
    assert [len(entries) for entries in shown] == [1, 1]  # their own look


def test_a_suspended_member_sees_nothing(office: Office) -> None:
    members.suspend(office.desk("anna"), Handle("sara"), "verlof")
    with pytest.raises(LockedError, match="not-active"):
        logs.show(office.desk("sara"))


# Filters.


def test_entries_are_filtered(office: Office) -> None:
    office.give()
    office.read("sara")
    found = logs.show(office.desk("tess"), office.home, Handle("sara"))
    assert [(entry.signed.actor, entry.signed.request.deed) for entry in found] == [("sara", Deed.READ)]


def test_entries_are_shown_from_a_moment_and_before_another(office: Office) -> None:
    office.fill(40)
    every = logs.show(office.desk("tess"))
    since, until = every[-9].at, every[-4].at
    found = logs.show(office.desk("tess"), since=since, until=until)
    assert indexes(found) == [entry.index for entry in every if since <= entry.at < until]
    assert len(found) == 5


@pytest.mark.files_only("reads or alters what a store in memory keeps")
@pytest.mark.parametrize("count", [255, 256, 257, 520])
def test_all_pages_are_gone_through(office: Office, count: int) -> None:
    office.fill(count)
    found = logs.show(office.desk("tess"))
    assert [entry.line for entry in found] == lines(office)


# What was altered.


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_an_altered_old_entry_is_not_shown(office: Office) -> None:
    office.fill(300)
    logs.show(office.desk("tess"))
    alter(office, 20, b'"decision":"permit"', b'"decision":"refuse"')
    with pytest.raises(IntegrityError, match="log-altered") as caught:
        logs.show(office.desk("tess"))
    assert caught.value.data["index"] == 20


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_an_old_entry_that_is_gone_is_not_passed_over(office: Office) -> None:
    office.fill(300)
    logs.show(office.desk("tess"))
    records, _ = split(office.store.page(0))
    office.store._pages[0] = b"".join(record.write() for record in records[1:])
    with pytest.raises(IntegrityError, match="log-short"):
        logs.show(office.desk("tess"))


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_who_asks_for_later_entries_does_not_read_the_old_ones(office: Office) -> None:
    office.fill(520)
    logs.show(office.desk("tess"))
    alter(office, 20, b'"decision":"permit"', b'"decision":"refuse"')
    assert logs.show(office.desk("tess"), since=office.team.clock.now - timedelta(seconds=2))


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_an_old_time_that_was_altered_hides_nothing(office: Office) -> None:
    """Put before `since`, it would end the reading: but what it is in has to be proven first."""
    office.fill(520)
    logs.show(office.desk("tess"))
    since = office.team.clock.now - timedelta(days=1)
    alter(office, 256, b'"at":"2026', b'"at":"2020')
    with pytest.raises(IntegrityError):
        logs.show(office.desk("tess"), since=since)


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_a_regisseur_is_not_shown_a_household_whose_book_was_altered(office: Office) -> None:
    entries, objects = office.store._books[office.home]  # type: ignore[index]
    office.store._books[office.home] = (entries[:-1], objects)  # type: ignore[index]
    with pytest.raises(IntegrityError, match="book-behind"):
        logs.show(office.desk("jan"))
    assert logs.show(office.desk("sara"))


# The whole log.


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_a_good_log_verifies_without_a_token(office: Office) -> None:
    office.give()
    report = logs.verify(office.store, office.root)
    assert report.ok
    assert (report.entries, report.households) == (len(lines(office)), 1)


def test_an_older_checkpoint_is_a_beginning_of_the_log(office: Office) -> None:
    note = logs.checkpoint(office.desk("sara"))
    office.read()
    assert logs.verify(office.store, office.root, against=note).ok


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_a_checkpoint_of_a_log_kept_apart_is_no_beginning(office: Office) -> None:
    pages = office.store._pages.copy()
    office.read("jan")
    note = logs.checkpoint(office.desk("jan"))
    office.store._pages = pages.copy()
    with pytest.raises(IntegrityError, match="log-short"):
        logs.verify(office.store, office.root, against=note)
    logs.show(office.desk("tess"))
    with pytest.raises(IntegrityError, match="log-altered"):
        logs.verify(office.store, office.root, against=note)


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_progress_is_told(office: Office) -> None:
    told: list[int] = []
    logs.verify(office.store, None, progress=told.append)
    assert told == [len(lines(office))]


def test_the_checkpoint_is_signed_under_the_last_vkey(office: Office) -> None:
    (vkey,) = logs.vkeys(office.desk("bob"))
    note = logs.checkpoint(office.desk("bob"))
    assert open_note(note, [read_vkey(vkey)]).startswith(f"dossier/{office.store.store_id}\n".encode())
    assert note == split(office.store.page(0))[0][-1].note


def test_a_checkpoint_over_a_full_page_is_found(office: Office) -> None:
    office.fill(256)
    assert b"\n256\n" in logs.checkpoint(office.desk("bob"))


def test_a_checkpoint_that_is_not_of_what_was_verified_is_not_given(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = office.store.page(0)
    records, _ = split(good)
    desk = office.desk("bob")
    desk.gate.survey()
    lies = {
        "bad-note": good.replace(b"\n\xe2\x80\x94 ", b"\n\xe2\x80\x94 x", len(records)),
        "bad-checkpoint": b"".join(
            one.write() for one in [*records[:-1], records[-1]._replace(note=records[-2].note)]
        ),
        "log-short": b"".join(one.write() for one in records[:-1]),
    }
    for code, page in lies.items():
        monkeypatch.setattr(office.store, "page", lambda _, start=0, page=page: b"" if start else page)
        with pytest.raises(IntegrityError, match=code):
            logs.checkpoint(desk)


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_every_entry_is_exported_byte_for_byte(office: Office) -> None:
    office.fill(300)
    assert list(logs.export(office.desk("tess"))) == lines(office)
    assert b'"deed":"export"' in lines(office)[-1]


@pytest.mark.files_only("reads or alters what a store in memory keeps")
@pytest.mark.parametrize("who", ["anna", "jan", "sara", "bob"])
def test_only_a_toezichthouder_exports(office: Office, who: str) -> None:
    with pytest.raises(RefusedError, match="not-your-role"):
        logs.export(office.desk(who))
    assert b'"decision":"refuse"' in lines(office)[-1]


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_an_altered_entry_is_not_exported(office: Office) -> None:
    office.fill(300)
    logs.show(office.desk("tess"))
    alter(office, 20, b'"decision":"permit"', b'"decision":"refuse"')
    with pytest.raises(IntegrityError, match="log-altered"):
        list(logs.export(office.desk("tess")))
