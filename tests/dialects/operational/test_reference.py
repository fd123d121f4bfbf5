"""The page about the dialect against the dialect: its routes, and the texts of its refusals."""

from pathlib import Path

import pytest

from ensue.dialects.operational import OperationalDialect
from ensue.dialects.operational.routes import ROUTES
from tests.dialects.operational.sender import Sender
from tests.dialects.operational.test_actions import BAN

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "reference" / "dialects" / "operational.md").read_text(encoding="utf-8")

REFUSED = [
    {},
    {"content": "x" * 6_001},
    {"type": "rows", "content": []},
    {"type": "rows", "content": [{"type": "rows"}]},
    {"type": "rows", "content": [{"type": "x"}]},
    {"name": "x", "actions": {}},
    {"name": "x", "actions": [{}]},
    {"name": "x", "actions": [BAN | {"buttonText": ""}]},
    {"name": "x", "actions": [BAN | {"buttonText": "b" * 49}]},
    {"name": "x", "actions": [BAN | {"key": ""}]},
]


def test_every_route_is_told() -> None:
    """As `METHOD path`; and each path is the dialect's own."""
    assert len(ROUTES) == 3
    assert [route.path for route in ROUTES if f"`{route.method} {route.path}`" not in PAGE] == []
    assert {route.path for route in ROUTES} == set(OperationalDialect.prefixes)


@pytest.mark.parametrize("body", REFUSED)
async def test_every_text_is_told(log: Sender, body: object) -> None:
    """What is refused in their words stands in the table of answers, word by word."""
    assert f"`{await log.refusal(body)}`" in PAGE
