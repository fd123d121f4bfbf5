"""What the pages on Space Cloud say is there, is there; and all that is there is said."""

import re
from pathlib import Path

from ensue.dialects.spacecloud.routes import ROUTES
from ensue.domain.event_schema import FILLED, SCALARS
from tests.dialects.spacecloud.cloud import Cloud

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGE = (DOCS / "reference" / "dialects" / "spacecloud.md").read_text(encoding="utf-8")
HOWTO = (DOCS / "howto" / "from-spacecloud.md").read_text(encoding="utf-8")


def test_every_path_has_its_row() -> None:
    """No more and no less."""
    told = set(re.findall(r"^\| `((?:GET|POST|DELETE) /v1/[^`]*)` \|", PAGE, flags=re.MULTILINE))
    assert told == {f"{route.method} {route.path}" for route in ROUTES}


def test_every_scalar_and_directive_is_told() -> None:
    """Those that a schema may use."""
    assert [name for name in (*SCALARS, *(f"@{name}" for name in FILLED)) if f"`{name}`" not in PAGE] == []


async def test_the_configuration_of_the_howto_is_accepted(cloud: Cloud) -> None:
    """Each body that it puts to the config API and to the queues, in order."""
    sent = re.findall(r'"\$ENSUE(/v1/[^"?]*)"((?: \\\n| )+.*?) -d \'(.*?)\'\n', HOWTO, flags=re.DOTALL)
    assert len(sent) == 6
    for path, _, body in sent:
        body = body.replace("http://127.0.0.1:8080", "https://hooks.example")  # noqa: PLW2901 - the same, elsewhere
        got = await cloud("POST", path, body.encode())
        assert (got.status, got.body) == (200, b"{}\n"), path
    assert len(await cloud.events()) == 1
    assert len(await cloud.scheduled()) == 1
