"""The bench measures what it says, side by side, and names what it cannot measure. No time is judged here."""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

SCRIPTS = Path(__file__).parents[1] / "scripts"
PEER = "tinydb-encrypted-jsonstorage"


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import bench_rounds  # noqa: PLC0415 (a script beside the bench, not installed)

    return bench_rounds


def _bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPTS / "bench"), "--here", *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)


def test_every_figure_is_measured_or_what_it_lacks_is_named(tmp_path: Path) -> None:
    done = _bench("--quick", "--json", "--folder", str(tmp_path))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["schema"] == "dossier-bench/1"
    assert str(tmp_path) not in done.stdout
    assert {"processor", "cores", "load", "file_system", "python", "libraries"} < set(told["machine"])
    assert len(told["figures"]) == 18
    for figure in told["figures"]:
        if figure["missing"] is None:
            assert min(figure["ours"], figure["peer"], figure["ratio"]) > 0
        else:
            assert figure["ratio"] is figure["reached"] is None
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that the user of the database may pass, as whom it runs where we are root; tmp_path is not."""
    with TemporaryDirectory(prefix="bench-") as folder:
        yield Path(folder)


def test_every_figure_of_a_served_store_is_measured(open_folder: Path) -> None:
    done = _bench("--served", "--quick", "--json", "--folder", str(open_folder))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert str(open_folder) not in done.stdout
    assert {"PostgreSQL", "psycopg", "starlette", "uvicorn"} <= set(told["machine"]["libraries"])
    assert [figure["bound"] for figure in told["figures"]] == [0.5, 1, 1, None, None, 1, 1.2, None]
    for figure in told["figures"]:
        if figure["missing"] is None:
            assert min(figure["peer"], figure["rounds"]) > 0
            assert figure["ours"] > 0 or "more" in figure["name"]  # a difference, in so few rounds
        else:
            assert "processor time" in figure["name"]  # too short to be counted, or not told by the system
    assert list(open_folder.iterdir()) == []


@pytest.mark.skipif(find_spec("tinydb_encrypted_jsonstorage") is not None, reason="the peer is here")
def test_a_peer_that_is_not_installed_is_named(tmp_path: Path) -> None:
    done = _bench("--quick", "--folder", str(tmp_path), "writing")
    assert f"missing: {PEER}" in done.stdout


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import bench_clients  # noqa: PLC0415 (as above)

    return bench_clients


def _answering(status: bytes, connections: int) -> int:
    """Answer each call of four bytes on so many connections, in pieces."""
    listening = socket.create_server(("127.0.0.1", 0))
    pieces = (b"HTTP/1.1 " + status + b"\r\nContent-Len", b"gth: 6\r\n\r", b"\nabc", b"def")

    def answer() -> None:
        connection = listening.accept()[0]
        with connection:
            while connection.recv(4):
                for piece in pieces:
                    connection.sendall(piece)
                    time.sleep(0.002)

    def answer_all() -> None:
        with listening:
            threads = [threading.Thread(target=answer) for _ in range(connections)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    threading.Thread(target=answer_all).start()
    return int(listening.getsockname()[1])


def test_every_call_of_every_client_is_answered_whole(clients: Any) -> None:
    port = _answering(b"200 OK", 2)
    done = clients.run(port, [[b"call"] * 3, [b"call"] * 2])
    assert len(done.seconds) == 5
    assert done.last == [b"abcdef", b"abcdef"]
    assert max(done.seconds) <= done.elapsed


def test_an_answer_that_is_not_good_ends_the_round(clients: Any) -> None:
    port = _answering(b"503 Service Unavailable", 1)
    with pytest.raises(RuntimeError, match="503"):
        clients.run(port, [[b"call"]])


@pytest.mark.parametrize("asked", [("speed",), ("--served", "writing"), ("under_load",)])
def test_a_figure_that_there_is_not_is_refused(asked: tuple[str, ...]) -> None:
    done = _bench(*asked)
    assert done.returncode == 2
    assert asked[-1] in done.stderr


def test_the_ratio_is_the_median_of_the_rounds_of_both(rounds: Any) -> None:
    ours, peers = iter([9.0, 2.0, 4.0, 30.0]), iter([9.0, 1.0, 1.0, 10.0])
    figure = rounds.Figure("ours", "theirs", 3.0, least=False)
    measured = figure.measured(lambda: next(ours), lambda: next(peers), 3)
    assert (measured.ours, measured.peer, measured.ratio) == (4.0, 1.0, 3.0)


@pytest.mark.parametrize(
    ("least", "ratio", "reached"),
    [(False, 2.0, True), (False, 2.1, False), (True, 2.0, True), (True, 1.9, False), (True, None, None)],
)
def test_a_figure_is_reached_at_its_bound(
    rounds: Any, *, least: bool, ratio: float | None, reached: bool | None
) -> None:
    figure = rounds.Figure("ours", "theirs", 2.0, least=least, ratio=ratio)
    assert figure.reached is reached


def test_how_much_faster_is_theirs_by_ours(rounds: Any) -> None:
    figure = rounds.Figure("ours", "theirs", 20.0, least=True).measured(lambda: 1.0, lambda: 25.0, 2)
    assert figure.ratio == 25.0
    assert figure.reached
