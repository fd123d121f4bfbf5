"""Which tests may run beside each other: those that start servers share one worker, those that open windows another, as
either takes a core; and that no drawn example fails for being slow, as no test has a limit of milliseconds."""

from pathlib import Path

import pytest
from hypothesis import settings

from tests.browser.found import missing

settings.register_profile("ensue", deadline=None)
settings.load_profile("ensue")

PROCESS_DIRECTORIES = {"acceptance", "interop", "clients"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what starts servers into one group and what opens windows into another: each stays in one worker."""
    here = Path(__file__).parent
    for item in items:
        parts = item.path.relative_to(here).parts
        if "browser" in parts:
            item.add_marker(pytest.mark.xdist_group("windows"))
        elif PROCESS_DIRECTORIES & set(parts) or item.get_closest_marker("processes"):
            item.add_marker(pytest.mark.xdist_group("processes"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was left out for want of a browser."""
    lacks = missing()
    if lacks:
        terminalreporter.write_line(f"LEFT OUT: tests/browser needs {' and '.join(lacks)}.", yellow=True, bold=True)
