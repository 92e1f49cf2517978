"""What was measured, as a table or as JSON, and on what machine: no names, no paths."""

import os
import platform
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from bench_rounds import Figure

LIBRARIES = (
    *("argon2-cffi", "click", "cryptography", "filelock", "tinydb"),
    *("tinydb-encrypted-jsonstorage", "pycryptodome", "pyrage"),
)


def machine(folder: Path) -> dict[str, Any]:
    """Describe the machine: processor, what else it is doing, file system, Python, libraries."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "system": f"{platform.system()} {platform.machine()}",
        "file_system": _file_system(folder),
        "python": platform.python_version(),
        "libraries": {name: _version(name) for name in LIBRARIES},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "?")


def _file_system(folder: Path) -> str:
    """Give the kind of the file system that a folder is on, as the kernel lists it."""
    best, kind = "", "?"
    try:
        mounts = Path("/proc/mounts").read_text("utf-8").splitlines()
    except OSError:
        return kind
    for mount in mounts:
        _, place, found, *_ = mount.split(" ")
        if folder.is_relative_to(place) and len(place) >= len(best):
            best, kind = place, found
    return kind


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def as_json(about: dict[str, Any], figures: Sequence[Figure], seconds: int) -> dict[str, Any]:
    """Give everything, times in seconds."""
    rows = [{**figure._asdict(), "reached": figure.reached} for figure in figures]
    return {"schema": "dossier-bench/1", "machine": about, "seconds": seconds, "figures": rows}


def as_table(about: dict[str, Any], figures: Sequence[Figure], seconds: int) -> Iterator[str]:
    """Give a table in Markdown, with the machine below it."""
    yield "| figure | against | ours | theirs | ratio | to reach | reached |"
    yield "|---|---|---|---|---|---|---|"
    for figure in figures:
        yield f"| {figure.name} | {figure.against} | {' | '.join(_cells(figure))} |"
    libraries = ", ".join(f"{name} {number}" for name, number in about["libraries"].items())
    yield ""
    yield f"{about['processor']}, {about['cores']} cores, load {about['load']} at the start;"
    yield f"{about['system']}; {about['file_system']}; Python {about['python']};"
    yield f"{libraries}. Took {seconds} seconds."


def _cells(figure: Figure) -> list[str]:
    if figure.bound is None:
        bound = "-"
    else:
        bound = f">= {figure.bound:g}x as fast" if figure.least else f"<= {figure.bound:g}x as long"
    if figure.ratio is None or figure.ours is None or figure.peer is None:
        return ["-", f"missing: {figure.missing}", "-", bound, "-"]
    reached = {True: "yes", False: "NO", None: "-"}[figure.reached]
    return [_time(figure.ours), _time(figure.peer), f"{figure.ratio:.2f}x", bound, reached]


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"
