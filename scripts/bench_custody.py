"""The figures of keys: rotating, rekeying, revoking, an unlocked session, and checking a whole store."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import bench_bare as bare
from bench_figures import started
from bench_ground import Ground
from bench_rounds import Figure, Timed, timed
from bench_team import (
    ADMIN,
    COORDINATOR,
    INTAKE,
    INTAKEGESPREK,
    OTHER,
    PASSPHRASE,
    REGISSEUR,
    SECTION,
    THIRD,
    Team,
    unsynced,
)

from dossier.actions import check, grants, rotation
from dossier.model import Deed, GrantId, Handle, HouseholdId, Role

VERSIONS = 5  # of the section that is rekeyed
AGE = "pyrage"
_SIGNATURES = 2  # of an entry


def rotating(ground: Ground) -> Iterator[Figure]:
    """A rotation of the gate's key where there are many households, against one where there are few."""
    sizes = ground.sizes
    name = f"gate rotation, {sizes.many_households:,} households"
    figure = Figure(name, f"{sizes.few_households:,}", 1.2, least=False)
    yield figure.measured(_rotation(ground.many().team), _rotation(ground.few().team), sizes.seldom * 3)


def _rotation(team: Team) -> Timed:
    """Time a rotation by an admin whose client knows the log so far."""

    def rotate() -> float:
        desk = team.desk(ADMIN)
        desk.gate.survey()
        return timed(lambda: rotation.rotate(desk))()

    return rotate


def rekeying(ground: Ground) -> Iterator[Figure]:
    """A rekey of one section, against opening and sealing a file of 3 KB anew for three recipients."""
    figure = Figure(
        f"rekey of a section of {VERSIONS} versions", _against("a file of 3 KB"), None, least=False
    )
    again = _sealed_again(1)
    if again is None:
        yield figure._replace(missing=AGE)
        return
    team, household = _shared(ground, "rekeying", VERSIONS)
    desk = team.desk(COORDINATOR)
    yield figure.measured(
        timed(lambda: rotation.rekey(desk, household, [INTAKE])), timed(again), ground.sizes.often
    )


def revoking(ground: Ground) -> Iterator[Figure]:
    """A revocation with its rekey, against opening and sealing all contents anew."""
    number = ground.sizes.versions
    figure = Figure(
        f"revoke and rekey, a household of {number} versions",
        _against(f"its {number} contents"),
        4,
        least=True,
    )
    again = _sealed_again(number)
    if again is None:
        yield figure._replace(missing=AGE)
        return
    team, household = _shared(ground, "revoking", number)
    yield figure.measured(_revocation(team, household), timed(again), ground.sizes.seldom)


def _against(what: str) -> str:
    return f"{AGE}: opening and sealing {what} anew for three recipients"


def _shared(ground: Ground, name: str, versions: int) -> tuple[Team, HouseholdId]:
    """Make a household that three members may read, with so many versions of a section."""
    team = Team(ground.folder / name)
    household = team.open_households(REGISSEUR, 1)[0]
    desk = team.desk(REGISSEUR)
    with unsynced():
        for _ in range(versions):
            team.wait()
            team.write(desk, household)
        for handle in (OTHER, THIRD):
            _give(team, household, handle)
    return team, household


def _give(team: Team, household: HouseholdId, handle: str) -> GrantId:
    until = team.clock() + timedelta(days=30)
    scope = (Role.REGISSEUR, (INTAKE,), (Deed.READ,), (INTAKEGESPREK,), until)
    return grants.give(team.desk(COORDINATOR), household, grants.Wish(Handle(handle), *scope))


def _revocation(team: Team, household: HouseholdId) -> Timed:
    """Time a revocation of a grant that was given just before."""

    def revoke() -> float:
        grant = _give(team, household, OTHER)
        desk = team.desk(COORDINATOR)
        return timed(lambda: grants.revoke(desk, household, grant, "doel-bereikt"))()

    return revoke


def _sealed_again(number: int) -> Callable[[], None] | None:
    """Give the opening and sealing of so many files by age's way; None where that is not installed."""
    try:
        age: Any = import_module(AGE)
    except ImportError:
        return None
    identities = [age.x25519.Identity.generate() for _ in range(3)]
    recipients = [identity.to_public() for identity in identities]
    files = [age.encrypt(SECTION, recipients) for _ in range(number)]

    def again() -> None:
        for file in files:
            age.encrypt(age.decrypt(file, identities[:1]), recipients)

    return again


def session(ground: Ground) -> Iterator[Figure]:
    """`dossier read` as a process while a session is unlocked, against `pass` with its agent warm.

    As its users have it: the key has a passphrase, which the agent was told. Beside it, a key that has none.
    """
    name, against = (
        "`dossier read`, a process, session unlocked",
        "`pass show` of the same text, gpg-agent warm",
    )
    figure = Figure(name, against, 4.5, least=False)
    bare_key = Figure("the same", "the same, of a key without a passphrase", None, least=False)
    if shutil.which("pass") is None or shutil.which("gpg") is None:
        yield figure._replace(missing="pass and gpg")
        yield bare_key._replace(missing="pass and gpg")
        return
    folder = ground.folder / "session"
    team = Team(folder, datetime.now(UTC) - timedelta(hours=3))
    household = team.open_households(REGISSEUR, 1)[0]
    team.write_first(household)
    token, passphrase = folder / "token", folder / "passphrase"
    team.write_token(token)
    passphrase.write_text(PASSPHRASE + "\n", "utf-8")
    passphrase.chmod(0o600)
    with tempfile.TemporaryDirectory(prefix="run-") as run:  # the name of a socket is short
        state = str(team.state(REGISSEUR).parent)
        own = {"XDG_STATE_HOME": state, "XDG_RUNTIME_DIR": run, "DOSSIER_SESSION": "bench"}
        ours = [*_program(), "--store", str(folder / "store"), "--token", str(token)]
        unlock = [*ours, "--passphrase-file", str(passphrase), "session", "unlock"]
        read = [*ours, "--no-input", "read", household, INTAKE, "--purpose", INTAKEGESPREK]
        _quietly(unlock, {**own, "DOSSIER_COST": "cheapest"})
        try:
            for one, secret in ((figure, PASSPHRASE), (bare_key, "")):
                with _pass(Path(run), secret) as (show, theirs):
                    yield one.measured(started(read, own), started(show, theirs), ground.sizes.often)
        finally:
            _quietly([*ours, "session", "lock"], own)


def _quietly(command: list[str], own: dict[str, str], stdin: bytes = b"") -> None:
    """Run a program of which only the success counts; `own` is what its environment has besides ours."""
    subprocess.run(command, env=os.environ | own, input=stdin, capture_output=True, check=True)


def _program() -> list[str]:
    program = Path(sys.executable).with_name("dossier")
    return [str(program)] if program.exists() else [sys.executable, "-m", "dossier"]


@contextmanager
def _pass(folder: Path, secret: str) -> Iterator[tuple[list[str], dict[str, str]]]:
    """Make a store of `pass` with one text, and warm its agent; give the command to show it."""
    home = folder / ("gpg" if secret else "bare")
    home.mkdir(mode=0o700)
    own = {"GNUPGHOME": str(home), "PASSWORD_STORE_DIR": str(home / "store")}
    told = ["gpg", "--batch", "--pinentry-mode", "loopback", "--passphrase", secret]
    _quietly([*told, "--quick-generate-key", "bench@example.org", "default", "default"], own)
    _quietly(["pass", "init", "bench@example.org"], own)
    _quietly(["pass", "insert", "--multiline", "intake"], own, SECTION)
    _quietly([*told, "--decrypt", str(home / "store" / "intake.gpg")], own)
    try:
        yield ["pass", "show", "intake"], own
    finally:
        _quietly(["gpgconf", "--kill", "all"], own)


def checking(ground: Ground) -> Iterator[Figure]:
    """`check --deep` of many households, against reading and hashing the same bytes and bare signatures."""
    number = ground.sizes.checked
    team = Team(ground.folder / "checking")
    with unsynced():
        for household in team.open_households(REGISSEUR, number):
            team.write(team.desk(REGISSEUR), household)
    signatures = bare.verifications(team.entries() * _SIGNATURES, team.last_line()[:600])

    def read_all() -> None:
        for path in sorted((ground.folder / "checking" / "store").rglob("*")):
            if path.is_file():
                hashlib.sha256(path.read_bytes()).digest()
        signatures()

    against = "reading and hashing the same bytes, and as many Ed25519 verifications"
    figure = Figure(f"`check --deep` of {number:,} households", against, 2, least=False)
    yield figure.measured(timed(lambda: _check(team)), timed(read_all), ground.sizes.seldom)


def _check(team: Team) -> None:
    report = check.check(team.store, None, deep=True)
    if report.findings:
        raise RuntimeError(report.findings)
