"""A gate reads nothing (PROMISES.md, 9): its memory, its folder and the store open no section together.

The image of its process is searched as it is; the keys are tried by `keyring`, which takes no side.
"""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from canaries import CANARIES, LATER, in_base64, leaking_files, leaks
from cli_team import CONTENTS, SECTIONS
from gate_process import GateProcess, build_served, identity_of, log_of
from keyring import Files, Keyring, files_of
from own_client import code_of
from test_killed import seats

from dossier.actions import contents
from dossier.cli.backends import open_at
from dossier.model import HouseholdId, PurposeId, SectionName

_MAPPING = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ (\d+) *(.*)")


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GateProcess]:
    """Give a gate through which every section was written and read, and the keys given anew."""
    root = tmp_path_factory.mktemp("nothing")
    process = GateProcess(build_served(root / "t"))
    assert process.start() == 0
    house = HouseholdId(process.team.house)
    [(_, jan), (_, sara)] = seats(process, root, "jan", "sara")
    for section, (_, purpose) in CONTENTS.items():
        where = (house, SectionName(section), PurposeId(purpose))
        contents.write(jan, *where, BytesIO(LATER + " ".join(CANARIES).encode()), "text/plain")
        contents.read(jan, *where, sink := BytesIO())
        assert sink.getvalue().startswith(LATER)
    contents.read(sara, house, SectionName("intake"), PurposeId("intakegesprek"), BytesIO())
    client = process.client("sara")
    client.sync()
    asking = client.sign(deed="read", household=house, section="plan", version=1, role="specialist")
    assert code_of(client.enter(asking)) is not None
    yield process
    process.close()


@pytest.fixture(scope="module")
def image(gate: GateProcess) -> bytes:
    """Give all that the gate's process wrote in its memory."""
    assert gate.process is not None
    found = bytearray()
    try:
        maps = Path(f"/proc/{gate.process.pid}/maps").read_text("ascii")
        with Path(f"/proc/{gate.process.pid}/mem").open("rb", 0) as memory:
            for start, end, rights, _, name in _MAPPING.findall(maps):
                if "w" not in rights or name.startswith(("[vvar", "[vsyscall")):
                    continue
                memory.seek(int(start, 16))
                found += memory.read(int(end, 16) - int(start, 16)) or b""
    except OSError:
        pytest.skip("this system lets nobody look into another process")
    return bytes(found)


@pytest.fixture(scope="module")
def files(gate: GateProcess) -> Files:
    return files_of(gate.team)


def ring_of(gate: GateProcess, files: Files, *who: str) -> tuple[Keyring, set[tuple[str, str, int]]]:
    """Try some people's keys on everything; give the keys that they came to, and what opened."""
    ring = Keyring(*(identity_of(gate.team, one) for one in who))
    return ring, ring.open(files)


def test_the_gates_keys_open_no_section_with_every_file_of_the_store(gate: GateProcess, files: Files) -> None:
    """Breaks when a section's key is boxed to the gate, or a content's key is the gate's part alone."""
    ring, opened = ring_of(gate, files, "poort")
    assert opened == set()
    assert len(ring.keys) >= files.epochs  # it did open what is its own: the secret of each epoch
    ours = [place for place in files.places if place.household == gate.team.house]
    assert len(ours) == 2 * len(SECTIONS)


def test_a_gate_and_a_beheerder_together_open_no_section(gate: GateProcess, files: Files) -> None:
    assert ring_of(gate, files, "poort", "bob")[1] == set()


def test_a_writers_keys_alone_open_nothing_and_with_the_gates_everything(
    gate: GateProcess, files: Files
) -> None:
    """Breaks when a content's key is the role part alone, or a rotation boxes to members."""
    assert ring_of(gate, files, "jan")[1] == set()
    _, together = ring_of(gate, files, "jan", "poort")
    assert {version for house, _, version in together if house == gate.team.house} == {1, 2}


def test_the_gates_process_holds_no_members_key(gate: GateProcess, files: Files, image: bytes) -> None:
    """Breaks when a client sends a key, a seed or a part of its own along."""
    own, _ = ring_of(gate, files, "poort")
    members, _ = ring_of(gate, files, "jan", "anna", "sara")
    secrets = {*members.keys, *members.parts} - own.keys
    for who in ("jan", "anna", "sara", "bob", "tess"):
        secrets |= set(identity_of(gate.team, who).seeds())
    assert len(secrets) > 20
    assert not [secret for secret in secrets if secret in image]
    assert not [secret for secret in secrets if any(form in image for form in in_base64(secret))]
    assert any(secret in image for secret in own.keys)  # it is looked for in the right place


def test_the_gates_process_holds_no_word_of_a_content(
    gate: GateProcess, image: bytes, request: pytest.FixtureRequest
) -> None:
    """Breaks when a client sends a content, or a name of a client, in the open."""
    if request.config.getoption("--soak"):
        assert leaks(image) == set()
    else:
        words = {word: (word.encode(), *in_base64(word.encode())) for word in CANARIES}
        assert not [word for word, forms in words.items() if any(form in image for form in forms)]
    assert gate.team.house.encode() in image  # it is looked for in the right place


def test_the_gates_folder_and_the_store_hold_no_word_of_a_content(gate: GateProcess) -> None:
    store = Path(gate.team.store)
    roots = [gate.state, gate.team.home("poort"), *([store] if store.exists() else [])]
    assert leaking_files(*roots) == {}
    assert b"poort" in b"".join(path.name.encode() for path in gate.state.rglob("*"))


def test_the_gates_journal_names_nobody(gate: GateProcess) -> None:
    """Breaks when a line of the journal has a handle, an id or a fingerprint of a member."""
    said = gate.journal()
    assert said.count('"call"') > 10
    cards = [identity_of(gate.team, who).card.fingerprint for who in ("jan", "sara")]
    named = [gate.team.house, gate.team.loose, *cards]
    assert not [name for name in (*named, "jan", "sara", "anna", "intake", "Stichting") if name in said]


def test_the_gate_tells_the_log_what_it_gave(gate: GateProcess) -> None:
    reads = [entry for entry in log_of(open_at(str(gate.team.store))) if entry.signed.request.deed == "read"]
    assert {entry.signed.actor for entry in reads if entry.ruling.permitted} == {"jan", "sara"}
