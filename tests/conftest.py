"""Options of the whole suite. That this file is here also puts its folder on the path of imports."""

from collections import Counter

import pytest

_TRIED = pytest.StashKey[Counter[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="run what takes minutes as well")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Pass over what is marked `soak`, unless it was asked for."""
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
