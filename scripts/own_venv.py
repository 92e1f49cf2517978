"""A virtual environment of the checkout's own, made by the first command that needs it."""

import hashlib
import subprocess
import sys
import venv
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def ready(name: str, wanted: list[str], sources: list[str], notice: str) -> Path:
    """Give the Python of `.venv/NAME`, made anew unless its `sources` are as they were.

    `wanted` are the arguments of pip install. Leaves with pip's exit code when that does not succeed.
    """
    folder = ROOT / ".venv" / name
    python = folder / "bin" / "python"
    stamp, made_from = folder / "made-from", _digest(wanted, sources)
    if stamp.exists() and stamp.read_text("ascii") == made_from:
        return python
    print(notice, flush=True)
    has_ensurepip = find_spec("ensurepip") is not None  # Debian keeps it apart; there this pip reaches in
    venv.create(folder, clear=True, with_pip=has_ensurepip)
    own, outer = [str(python), "-m", "pip"], [sys.executable, "-m", "pip", "--python", str(python)]
    pip = own if has_ensurepip else outer
    done = subprocess.run([*pip, "install", "--quiet", *wanted], cwd=ROOT, check=False)
    if done.returncode != 0:
        sys.exit(done.returncode)
    stamp.write_text(made_from, "ascii")
    return python


def _digest(wanted: list[str], sources: list[str]) -> str:
    """Tell one state of the sources, of this Python and of this place from another."""
    hashing = hashlib.sha256(repr((sys.version, str(ROOT), wanted)).encode("utf-8"))
    for source in sources:
        place = ROOT / source
        files = sorted(place.rglob("*")) if place.is_dir() else [place]
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts:
                hashing.update(repr((str(file), file.read_bytes())).encode("utf-8"))
    return hashing.hexdigest()
