"""Options of the whole suite. That this file is here also puts its folder on the path of imports."""

from collections import Counter
from collections.abc import Iterator

import pytest
from places import KINDS, choose, on_files, served

_TRIED = pytest.StashKey[Counter[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="run what takes minutes as well")
    parser.addoption("--on", choices=KINDS, default="files", help="where the stores of tests stand")


def pytest_configure(config: pytest.Config) -> None:
    choose(config.getoption("--on"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Pass over what is about files, where stores stand elsewhere; and what is `soak`, unless asked for."""
    for item in items:
        about_files = item.get_closest_marker("files_only")
        if about_files is not None and (served() or not on_files()):
            item.add_marker(pytest.mark.skip(reason=f"only on files: {about_files.args[0]}"))
        embedded = item.get_closest_marker("embedded_only")
        if embedded is not None and served():
            item.add_marker(pytest.mark.skip(reason=f"only without a gate: {embedded.args[0]}"))
    if config.getoption("--soak"):
        return
    for item in items:
        if "soak" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="only with --soak"))


@pytest.fixture(scope="session")
def tried(request: pytest.FixtureRequest) -> Counter[str]:
    """Count, by command, the points at which a fault was tried."""
    return request.config.stash.setdefault(_TRIED, Counter())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Tell at how many points a fault was tried."""
    counted = config.stash.get(_TRIED, Counter())
    if counted:
        terminalreporter.write_line(f"faults: {counted.total()} points tried, of {len(counted)} commands")


@pytest.fixture
def schema() -> Iterator[str]:
    """Give the place of a new schema of the database."""
    import postgres  # noqa: PLC0415 (where no database is asked for, none is needed)

    place = postgres.fresh()
    yield place
    postgres.drop(place)
