"""Reference pages say what the code says: those that are written from it are as it would write them now."""

import re

import pytest

from docs.generate import PAGES, ROOT, commands
from ensue.cli.program import build_parser
from ensue.config import SETTINGS
from ensue.telemetry import METRICS, Telemetry


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_is_what_the_code_says(name: str) -> None:
    """A page that nobody wrote again after a change of the code is refused; `python -m docs.generate` repairs it."""
    path = ROOT / name
    assert path.is_file(), f"docs/{name} is missing; run `python -m docs.generate`"
    assert path.read_text(encoding="utf-8") == PAGES[name](), f"docs/{name} is old; run `python -m docs.generate`"


def test_every_setting_names_its_variable() -> None:
    """The settings page has a row for each setting, with its name in the environment."""
    page = PAGES["reference/settings.md"]()
    assert re.findall(r"^\| `(ENSUE_\w+)` \|", page, flags=re.MULTILINE) == [setting.variable for setting in SETTINGS]


def test_every_metric_on_the_page_is_exposed() -> None:
    """What the metrics page names is what Prometheus gets, and nothing of ours is missing there."""
    gauges = {row.name: {"x": 1.0} if row.label else 1.0 for row in METRICS if row.type == "gauge"}
    del gauges["ensue_build_info"]
    text = Telemetry("0").exposition(gauges)
    exposed = set(re.findall(r"^# TYPE (ensue_\w+)", text, flags=re.MULTILINE))
    assert exposed == {row.name for row in METRICS}


def test_every_command_is_on_the_page() -> None:
    """The page has a chapter for each command, those of groups included."""
    page = PAGES["reference/cli.md"]()
    names = [parser.prog for parser in commands(build_parser())]
    assert len(names) > 20
    assert [name for name in names if f"\n## {name}\n" not in page] == []
