"""The eight promises of an embedded store (PROMISES.md). Each names the one-line change that breaks it.

The keys are tried by `keyring`, which knows the format and takes no side; the rest as members would.
"""

import errno
import json
import os
from pathlib import Path

import pytest
from canaries import CANARIES, leaking_files
from cli_team import DAY, NOBODY, SECTIONS, Team, build
from keyring import Files, Keyring, files_of

from dossier.desk import Desk
from dossier.model import Deed, HouseholdId, PurposeId, Request, SectionName
from dossier.policy import Permit, Refusal
from dossier.receipt import Receipt
from keys.identity import LocalIdentity

PLAN, INTAKE = SectionName("plan"), SectionName("intake")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Team:
    return build(tmp_path_factory.mktemp("promises") / "t")


@pytest.fixture
def team(template: Team, tmp_path: Path) -> Team:
    return template.copy(tmp_path / "t")


def identity(team: Team, who: str) -> LocalIdentity:
    found = team.desk(who).identity
    assert isinstance(found, LocalIdentity)
    return found


def versions(files: Files, household: str, *sections: str) -> set[tuple[str, str, int]]:
    return {
        (p.household, p.section, p.version)
        for p in files.places
        if (p.household, p.section) in {(household, section) for section in sections}
    }


def page(team: Team) -> Path:
    return team.store / "log" / "000000.log"


# 1. Without a token and its passphrase the files give no word of any content, and no name of a client.


def test_1_the_files_give_no_word_of_any_content(team: Team) -> None:
    """Breaks when `sealing._seal_with` writes `chunk` where it writes `cipher.seal(nonce, chunk)`."""
    team.write("jan", team.house, "intake", " ".join(CANARIES))
    assert not leaking_files(team.root)


# 2. The program opens only what was granted, in time; a member's keys reach only what was once granted.


def test_2_a_members_keys_reach_only_what_was_granted(team: Team) -> None:
    """Breaks when `team._Maker.key` makes `bytes(32)` of each key: then one opens every section."""
    files = files_of(team)
    everything = versions(files, team.house, *SECTIONS) | versions(files, team.loose, "voorblad")
    assert Keyring(identity(team, "anna")).open(files) == everything
    assert Keyring(identity(team, "jan")).open(files) == versions(files, team.house, *SECTIONS)
    assert Keyring(identity(team, "sara")).open(files) == versions(files, team.house, "intake")


GRANTS = (
    ("--section", "aanmeld,intake", "--purpose", "aanmelding-beoordelen,intakegesprek,crisis"),
    ("--section", "plan", "--purpose", "plan-opstellen"),
)
# Each refusal is one for which the rest of the grants and of the policy would have been enough.
ASKED = {
    "as granted": ("intake", "read", "intakegesprek", 0, 0),
    "another section": ("plan", "read", "crisis", 0, 6),
    "another deed": ("plan", "write", "plan-opstellen", 0, 6),
    "another purpose": ("intake", "read", "plan-opstellen", 0, 6),
    "not in the policy": ("intake", "read", "aanmelding-beoordelen", 0, 6),
    "too late": ("intake", "read", "intakegesprek", 16 * DAY, 6),
}


@pytest.mark.parametrize("name", ASKED)
def test_2_the_program_opens_only_what_was_granted_and_in_time(team: Team, name: str) -> None:
    """Breaks, case by case, when a line of `policy._Right.lacks` goes, or `grant.live(at)` in `_rights`."""
    for grant in GRANTS:
        give = ("grant", "give", team.house, "sara", "--role", "specialist", *grant, "--until", "14d")
        team.ask("anna", *give)
    section, deed, purpose, shift, code = ASKED[name]
    answer = team.run("sara", deed, team.house, section, "--purpose", purpose, stdin=b"Nieuw.", shift=shift)
    assert (answer.code, bool(answer.out)) == (code, code == 0)


def test_2_what_was_written_without_the_right_does_not_count(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when `rules_household.check_written` no longer asks `may_write`.

    sara has a program of her own that permits her everything.
    """
    with monkeypatch.context() as patch:
        patch.setattr("dossier.gate.local.decide", always)
        patch.setattr("dossier.gate.local.check", lambda *_: None)
        patch.setattr("dossier.gate.local.apply", lambda *_: None)
        assert team.write("sara", team.house, "intake", "Vervalst.")["version"] == 2
    assert b"Vervalst" not in team.read("jan", team.house, "intake").out
    assert len(team.ask("jan", "history", team.house, "intake")["versions"]) == 1
    faults = team.ask("jan", "household", "show", team.house)["not_standing"]
    assert [fault["reason"] for fault in faults] == ["no-access"]


def always(*_: object) -> Permit | Refusal:
    from dossier.model import Role  # noqa: PLC0415 (only here)

    return Permit(Role.SPECIALIST, "G-00000000")


# 3. No content is shown unless its entry is on disk first.


@pytest.mark.files_only("reads or alters the files themselves")
def test_3_the_entry_is_on_disk_before_a_key_is_touched(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    """Breaks when `pages._write` does not sync."""
    events: list[str] = []
    for call in ("write", "fdatasync"):
        monkeypatch.setattr(os, call, watched(call, events, page(team)))
    real = LocalIdentity.unbox

    def unbox(self: LocalIdentity, sealed: bytes, context: bytes) -> bytes:
        if b"intake" in context:
            last = json.loads(page(team).read_bytes().split(b"\n")[-7])
            events.append(f"unbox after {last['request']['actor']} {last['request']['deed']}")
        return real(self, sealed, context)

    monkeypatch.setattr(LocalIdentity, "unbox", unbox)
    assert team.read("jan", team.house, "intake").code == 0
    assert events == ["write", "fdatasync", "unbox after jan read"]


def watched(name: str, events: list[str], path: Path) -> object:
    real = getattr(os, name)

    def call(fd: int, *rest: bytes) -> object:
        if os.path.samestat(os.fstat(fd), path.stat()):
            events.append(name)
        return real(fd, *rest)

    return call


@pytest.mark.files_only("reads or alters the files themselves")
def test_3_where_the_log_cannot_be_written_no_key_is_touched(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaks when `Scribe.append` does not raise again what it catches."""
    touched: list[bytes] = []
    real, log = os.write, page(team).stat()

    def full(fd: int, data: bytes) -> int:
        if os.path.samestat(os.fstat(fd), log):
            raise OSError(errno.ENOSPC, "full")
        return real(fd, data)

    monkeypatch.setattr(os, "write", full)
    monkeypatch.setattr("dossier.vault.open_box", lambda *rest: touched.append(rest[1]))
    answer = team.read("jan", team.house, "intake")
    assert (answer.code, answer.out, touched) == (9, b"", [])


# 4. An admin with every file and every epoch secret opens no section.


@pytest.mark.parametrize("who", ["bob", "tess"])
def test_4_no_file_and_no_epoch_secret_opens_a_section(team: Team, who: str) -> None:
    """Breaks when `locks.content_key` derives from the gate part alone."""
    ring = Keyring(identity(team, who))
    assert ring.open(files_of(team)) == set()
    assert ring.keys  # the epoch secret: there is no more than that
    team.write("jan", team.house, "intake", "Nieuw.")
    assert ring.open(files_of(team)) == set()


# 5. After a revocation the leaver's keys open nothing written since, and nothing older from the store.


@pytest.fixture
def leaver(team: Team) -> tuple[Keyring, Keyring]:
    """Let sara keep all keys that she ever had, receipts too, used or not; then revoke both her grants.

    Gives a ring without the role parts that she might have copied, and one with them.
    """
    scope = ("--section", "plan", "--purpose", "plan-opstellen", "--deed", "read,write", "--until", "14d")
    grant = team.ask("anna", "grant", "give", team.house, "sara", "--role", "specialist", *scope)["grant"]
    team.write("sara", team.house, "plan", "Van sara.")
    desk = team.desk("sara")
    receipts = [
        enter(desk, team.house, *asked)
        for asked in (
            (Deed.READ, INTAKE, "intakegesprek"),
            (Deed.READ, PLAN, "plan-opstellen"),
            (Deed.WRITE, PLAN, "plan-opstellen"),
            (Deed.WRITE, PLAN, "plan-opstellen"),
        )
    ]
    ring = Keyring(identity(team, "sara"), gates=[receipt.gate_part for receipt in receipts])
    before = files_of(team)
    assert ring.open(before) == versions(before, team.house, "intake", "plan")
    for one in (grant, team.grant):
        team.ask("anna", "grant", "revoke", team.house, str(one), "--reason", "samenwerking-beeindigd")
    return Keyring(*ring.identities, keys=ring.keys, gates=ring.gates), ring


def enter(desk: Desk, household: str, deed: Deed, section: SectionName, purpose: str) -> Receipt:
    receipt = desk.gate.enter(Request(deed, HouseholdId(household), section, None, PurposeId(purpose)))
    assert receipt is not None
    return receipt


def test_5_a_leavers_keys_open_nothing_of_the_store_as_it_now_is(
    team: Team, leaver: tuple[Keyring, Keyring]
) -> None:
    """Breaks when `LocalGate._drop` leaves the old boxes and wraps there."""
    files = files_of(team)
    assert leaver[0].open(files) == set()
    assert Keyring(identity(team, "jan")).open(files) == versions(files, team.house, *SECTIONS)


def test_5_what_a_leaver_copied_opens_nothing_written_since(
    team: Team, leaver: tuple[Keyring, Keyring]
) -> None:
    """Breaks when `vault.write` takes a fixed part for `new_key()`: one would open every version."""
    old = files_of(team)
    for section in SECTIONS:
        team.write("jan", team.house, section, "Na het vertrek.")
    new = files_of(team)
    assert leaver[0].open(new) == set()
    assert leaver[1].open(new) == versions(old, team.house, "intake", "plan")
    assert Keyring(identity(team, "jan")).open(new) == versions(new, team.house, *SECTIONS)
    for section in SECTIONS:
        assert team.read("jan", team.house, section, "--version", "1").code == 0


def test_5_after_a_rotation_without_them_they_open_nothing_written_since(team: Team) -> None:
    """Breaks when `EpochSecrets._rotation_with` boxes to all members, or seals the next under the last.

    No section got another key: sara has that of the intake still, and every file that there was.
    """
    old = files_of(team)
    kept, bare = Keyring(identity(team, "sara")), Keyring(identity(team, "sara"))
    assert kept.open(old) == versions(old, team.house, "intake")
    team.ask("bob", "keys", "rotate", "--without", "sara", "--reason", "uit-dienst")
    for section in SECTIONS:
        team.write("jan", team.house, section, "Na het vertrek.")
    new = files_of(team)
    assert kept.open(new) == versions(old, team.house, "intake")  # what she could open before
    assert bare.open(new) == set()  # no more than a token, and the store as it now is
    for section in SECTIONS:
        assert team.read("jan", team.house, section, "--version", "1").code == 0


def test_5_a_coordinator_who_left_is_out(team: Team) -> None:
    """Breaks when `leaving.close` passes over the team's card, or over the rekey of what is under the old."""
    team.hire("otto", "coordinator")
    old = files_of(team)
    kept, bare = Keyring(identity(team, "otto")), Keyring(identity(team, "otto"))
    everything = versions(old, team.house, *SECTIONS) | versions(old, team.loose, "voorblad")
    assert kept.open(old) == everything
    team.ask("bob", "keys", "rotate", "--without", "otto", "--reason", "andere-functie")
    team.ask("anna", "member", "leave", "otto", "--reason", "andere-functie")
    team.write("jan", team.house, "intake", "Na het vertrek.")
    new = files_of(team)
    assert kept.open(new) == everything  # that he copied, opened role parts included
    assert Keyring(keys=kept.keys).open(new) == set()  # the team's seed of then, and all that it opened
    assert bare.open(new) == set()
    assert team.run("anna", "read", team.loose, "voorblad", "--purpose", "aanmelding-beoordelen").code == 0


def test_5_a_token_that_was_renewed_opens_nothing_of_what_is_keyed_since(team: Team) -> None:
    """Breaks when `keying._Maker.key` makes `bytes(32)` of each key: none is new then."""
    old = files_of(team)
    kept, bare = Keyring(identity(team, "jan")), Keyring(identity(team, "jan"))
    assert kept.open(old) == versions(old, team.house, *SECTIONS)
    team.ask("jan", "token", "renew")
    assert bare.open(files_of(team)) == set()
    team.ask("bob", "keys", "rotate")
    team.ask("anna", "keys", "rekey", team.house)
    team.write("jan", team.house, "intake", "Onder de nieuwe kaart.")
    new = files_of(team)
    assert kept.open(new) == versions(old, team.house, *SECTIONS)
    assert Keyring(keys=kept.keys).open(new) == set()
    assert Keyring(identity(team, "jan")).open(new) == versions(new, team.house, *SECTIONS)


def test_5_a_receipt_opens_the_one_version_that_it_names(team: Team) -> None:
    """Breaks when `EpochSecrets.gate_part` leaves version and leaf out of the context."""
    for text in ("Twee.", "Drie."):
        team.write("jan", team.house, "intake", text)
    files = files_of(team)
    whole = Keyring(identity(team, "jan"))
    whole.open(files)
    for number in (1, 2, 3):
        desk = team.desk("jan")
        asked = Request(Deed.READ, HouseholdId(team.house), INTAKE, number, PurposeId("intakegesprek"))
        receipt = desk.gate.enter(asked)
        assert receipt is not None
        ring = Keyring(gates=[receipt.gate_part])
        ring.parts = set(whole.parts)  # every role part there is, but of the gate only this
        assert ring.open(files) == {(team.house, "intake", number)}
    unused = enter(team.desk("jan"), team.house, Deed.WRITE, INTAKE, "intakegesprek")
    team.write("jan", team.house, "intake", "Vier, onder een ander ontvangstbewijs.")
    ring = Keyring(gates=[unused.gate_part])
    ring.parts = set(whole.parts)
    assert ring.open(files_of(team)) == set()


# 8. An unknown household and one that you may not see are answered alike. (6 and 7: test_promises_whole.)


@pytest.mark.parametrize("who", ["sara", "bob", "tess", "anna"])
def test_8_unknown_and_forbidden_are_answered_alike(team: Team, who: str) -> None:
    """Breaks when `policy._decide_content` has another reason for a household that is not there."""
    team.ask("anna", "grant", "revoke", team.house, team.grant, "--reason", "doel-bereikt")
    for deed in ("read", "write"):
        asked = ((deed, one, "intake", "--purpose", "intakegesprek") for one in (NOBODY, team.house))
        unknown, forbidden = (team.run(who, "--json", *command, stdin=b"Nieuw.") for command in asked)
        assert unknown == forbidden
        assert (unknown.code, unknown.out) == (5, b"")
