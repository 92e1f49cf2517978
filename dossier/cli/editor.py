"""The user's own editor, on a memory file system only, told to keep nothing."""

import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

from dossier.errors import UnreachableError, UsageError

# What is told to an editor so that it keeps no swap, undo, backup or history of a content.
_QUIET = {
    "vim": ["-n", "-i", "NONE", "--cmd", "set nobackup nowritebackup noswapfile noundofile viminfo="],
    "vi": ["-n"],
    "nvim": ["-n", "-i", "NONE", "--cmd", "set nobackup nowritebackup noswapfile noundofile shada="],
    "nano": ["--ignorercfiles", "--nohelp"],
}


def edited(before: bytes) -> bytes:
    """Let the user edit a text; give what it became.

    Raises:
        UsageError: "no-memory-folder" where there is no file system in memory; "no-editor".
        UnreachableError: "editor-failed" when the editor went wrong: nothing was written.
    """
    command, place = _editor(), _memory_folder()
    try:
        with tempfile.TemporaryDirectory(prefix="dossier-", dir=place, ignore_cleanup_errors=True) as folder:
            path = Path(folder) / "text.txt"
            path.write_bytes(before)
            path.chmod(0o600)
            if subprocess.run([*command, str(path)], check=False).returncode != 0:
                raise UnreachableError("editor-failed")
            return path.read_bytes()
    except OSError as e:  # no room there, or the editor took the file away
        raise UnreachableError("editor-failed") from e


def _memory_folder() -> str:
    """Find a folder that is never on a disk."""
    for place in (os.environ.get("XDG_RUNTIME_DIR"), "/dev/shm"):  # noqa: S108 (that it is in memory is the point)
        if place and os.access(place, os.W_OK) and _in_memory(place):
            return place
    raise UsageError("no-memory-folder")


def _in_memory(place: str) -> bool:
    """Tell whether a folder is on a memory file system, as the kernel lists it."""
    best, kind = "", ""
    try:
        lines = Path("/proc/mounts").read_text("utf-8").splitlines()
    except OSError:
        return False
    for line in lines:
        _device, mount, fstype, *_rest = line.split(" ")
        inside = place == mount or place.startswith(mount.rstrip("/") + "/")
        if inside and len(mount) >= len(best):
            best, kind = mount, fstype
    return kind in ("tmpfs", "ramfs")


def _editor() -> list[str]:
    """Give the user's editor with what it must not keep."""
    try:
        chosen = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "")
    except ValueError as e:  # a quotation mark that nothing closes
        raise UsageError("no-editor") from e
    if not chosen:
        chosen = [found for name in ("nano", "vim", "vi") if (found := shutil.which(name))][:1]
    if not chosen or not shutil.which(chosen[0]):
        raise UsageError("no-editor")
    return chosen[:1] + _QUIET.get(Path(chosen[0]).name, []) + chosen[1:]
