"""Where the log cannot be written, nothing opens: no content on stdout, in a file or in an editor; exit 9."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_team import CONTENTS, Answer, Team

pytestmark = pytest.mark.files_only("what becomes of a log's file")

Spoil = Callable[[Path, pytest.MonkeyPatch], None]


def becomes_a_folder(page: Path, _patch: pytest.MonkeyPatch) -> None:
    page.unlink()
    page.mkdir()


def is_removed(page: Path, _patch: pytest.MonkeyPatch) -> None:
    page.unlink()


def loses_its_folder(page: Path, _patch: pytest.MonkeyPatch) -> None:
    page.unlink()
    page.parent.rmdir()


def becomes_a_link_to_nothing(page: Path, _patch: pytest.MonkeyPatch) -> None:
    page.unlink()
    page.symlink_to(page.with_name("nowhere"))


def becomes_a_pipe(page: Path, _patch: pytest.MonkeyPatch) -> None:
    page.unlink()
    os.mkfifo(page)


def loses_its_store(page: Path, _patch: pytest.MonkeyPatch) -> None:
    page.parent.parent.rename(page.parent.parent.with_name("elsewhere"))


def is_of(fd: int, page: Path) -> bool:
    """Tell whether a descriptor is the page's."""
    return page.exists() and os.path.samestat(os.fstat(fd), page.stat())


def fails(call: str, number: int) -> Spoil:
    """Let a call of the operating system fail for the page, and for nothing else."""

    def spoil(page: Path, patch: pytest.MonkeyPatch) -> None:
        real = getattr(os, call)

        def failing(fd: int, *rest: bytes) -> int | None:
            if is_of(fd, page):
                raise OSError(number, os.strerror(number))
            done: int | None = real(fd, *rest)
            return done

        patch.setattr(os, call, failing)

    return spoil


def has_a_folder_that_does_not_sync(page: Path, patch: pytest.MonkeyPatch) -> None:
    """Let its name not be durable yet, and the disk fail when it is to be made so."""
    fails("fsync", errno.EIO)(page.parent, patch)


def takes_only_a_part(page: Path, patch: pytest.MonkeyPatch) -> None:
    """Let the disk be full half-way through a record."""
    real = os.write
    patch.setattr(os, "write", lambda fd, data: real(fd, data[: len(data) // 2] if is_of(fd, page) else data))


def is_unlinked_while_it_is_written(page: Path, patch: pytest.MonkeyPatch) -> None:
    """Let the file vanish under its writer: it still takes every byte."""
    real = os.write

    def unlinking(fd: int, data: bytes) -> int:
        if is_of(fd, page):
            page.unlink()
        return real(fd, data)

    patch.setattr(os, "write", unlinking)


def is_replaced_while_it_is_written(page: Path, patch: pytest.MonkeyPatch) -> None:
    """Let another file take the page's name."""
    real, copy = os.write, page.read_bytes()

    def replacing(fd: int, data: bytes) -> int:
        if is_of(fd, page):
            page.unlink()
            page.write_bytes(copy)
        return real(fd, data)

    patch.setattr(os, "write", replacing)


def opens_read_only(page: Path, patch: pytest.MonkeyPatch) -> None:
    """Let the file system be mounted read-only: a mode means nothing to root."""
    real = os.open

    def opening(path: str | Path, flags: int, *rest: int) -> int:
        if Path(path) == page and flags & os.O_ACCMODE != os.O_RDONLY:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        return real(path, flags, *rest)

    patch.setattr(os, "open", opening)


STANDING: tuple[Spoil, ...] = (
    becomes_a_folder,
    is_removed,
    loses_its_folder,
    becomes_a_link_to_nothing,
    becomes_a_pipe,
    loses_its_store,
    opens_read_only,
)
WRITING: dict[str, Spoil] = {
    **{
        f"{call} {errno.errorcode[n]}": fails(call, n)
        for call in ("write", "fdatasync")
        for n in (errno.ENOSPC, errno.EROFS, errno.EIO, errno.EDQUOT)
    },
    **{
        spoil.__name__: spoil
        for spoil in (
            has_a_folder_that_does_not_sync,
            takes_only_a_part,
            is_unlinked_while_it_is_written,
            is_replaced_while_it_is_written,
        )
    },
}
WAYS = {**{spoil.__name__: spoil for spoil in STANDING}, **WRITING}

READ = ("read", "{house}", "intake", "--purpose", "intakegesprek")
# Each command that could show content, with whoever runs it.
COMMANDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("jan", READ),
    ("jan", ("--json", *READ)),
    ("sara", READ),
    ("jan", (*READ, "--version", "1")),
    ("jan", (*READ, "--out", "{out}")),
    ("jan", ("--json", *READ, "--out", "{out}")),
    ("jan", ("edit", "{house}", "intake", "--purpose", "intakegesprek")),
    ("jan", ("household", "list", "--names", "--purpose", "caseload")),
    ("jan", ("--json", "household", "list", "--names", "--purpose", "caseload")),
    ("anna", ("household", "list", "--unassigned", "--names", "--purpose", "caseload")),
    ("anna", ("read", "{loose}", "voorblad", "--purpose", "aanmelding-beoordelen")),
)


WORDS = [word.encode() for text, _ in CONTENTS.values() for word in text.split() if len(word) > 6]


@pytest.fixture
def called(team: Team) -> Path:
    """Give the trace that the editor leaves of having been called."""
    trace = team.root / "called"
    (team.root / "editor.py").write_text(f"import pathlib; pathlib.Path({str(trace)!r}).touch()", "utf-8")
    return trace


def run(team: Team, number: int) -> Answer:
    who, form = COMMANDS[number]
    command = [word.format(**team.facts, out=team.root / "out.txt") for word in form]
    return team.run(who, *command, VISUAL=f"{sys.executable} {team.root / 'editor.py'}")


@pytest.mark.parametrize("number", range(len(COMMANDS)))
def test_each_command_shows_content_when_nothing_is_wrong(number: int, team: Team, called: Path) -> None:
    answer = run(team, number)
    shown = [answer.out, *(path.read_bytes() for path in team.root.glob("out.txt"))]
    assert any(word in text for text in shown for word in (*WORDS, b"Familie")) or called.exists()


@pytest.mark.parametrize("number", range(len(COMMANDS)))
@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_shown_when_the_log_cannot_be_written(
    way: str, number: int, team: Team, called: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    WAYS[way](team.store / "log" / "000000.log", monkeypatch)
    answer = run(team, number)
    assert (answer.code, answer.out) == (9, b"")
    assert not any(word in answer.err for word in WORDS)
    assert not called.exists()
    assert not (team.root / "out.txt").exists()


@pytest.mark.parametrize("way", WRITING)
def test_a_log_that_could_not_be_written_is_as_it_was(
    way: str, team: Team, called: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        WAYS[way](team.store / "log" / "000000.log", patch)
        assert run(team, 0).code == 9
    if way in ("is_unlinked_while_it_is_written", "is_replaced_while_it_is_written"):
        return  # that log is not there any more
    assert run(team, 0).code == 0
    assert not called.exists()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("who", "deed"), [("jan", "write"), ("sara", "write"), ("bob", "read"), ("tess", "read")]
)
def test_nothing_is_written_and_nobody_is_answered_either(
    way: str, who: str, deed: str, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = team.store / "households" / team.house[2:4] / f"{team.house}.json"
    before = book.read_bytes()
    WAYS[way](team.store / "log" / "000000.log", monkeypatch)
    answer = team.run(who, deed, team.house, "intake", "--purpose", "intakegesprek", stdin=b"Nieuw.")
    assert (answer.code, answer.out) == (9, b"")
    if book.exists():
        assert book.read_bytes() == before


def test_a_full_disk_stops_a_process_too(team: Team) -> None:
    """In a process of its own: a limit on the size of files, as a quota would be."""
    page = team.store / "log" / "000000.log"
    limit = page.stat().st_size + 100
    script = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}));"
        "from dossier.cli.app import main; main(sys.argv[1:])"
    )
    read = ("read", team.house, "intake", "--purpose", "intakegesprek")
    command = [sys.executable, "-c", script, *team.command("jan", *read)[3:]]
    done = subprocess.run(
        command, capture_output=True, check=False, env=team.environment("jan"), start_new_session=True
    )
    assert (done.returncode, done.stdout) == (9, b"")
    assert team.read("jan", team.house, "intake").code == 0
