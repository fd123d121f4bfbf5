"""The wheel: built from this tree, it serves the console by itself, without Node and without the tree."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.acceptance.conftest import MakeServer, make_server
from tests.acceptance.wire import Connection
from tests.browser.found import BUILT, ROOT

__all__ = ["MakeServer", "make_server"]

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(not BUILT.is_file(), reason="the console is not built: make web"),
]
_BUILD = "import sys, hatchling.build as build; print(build.build_wheel(sys.argv[1]))"


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    """The wheel as an installer lays it down."""
    built = subprocess.run(
        [sys.executable, "-c", _BUILD, str(tmp_path)], cwd=ROOT, check=True, capture_output=True, text=True
    )
    site = tmp_path / "site"
    with zipfile.ZipFile(tmp_path / built.stdout.split()[-1]) as wheel:
        wheel.extractall(site)
    return site


async def test_the_wheel_holds_the_console(
    unpacked: Path, make_server: MakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page, and the script that it names, come from the wheel; Node is nowhere on the path."""
    monkeypatch.setenv("PYTHONPATH", str(unpacked))
    monkeypatch.setenv("PATH", str(unpacked))
    mark = b"<svg><!-- this one --></svg>"
    (unpacked / "ensue" / "static" / "favicon.svg").write_bytes(mark)
    server = make_server()
    await server.start()
    page = await server.call("GET", "/triggers", accept="text/html")
    assert page.status == 200, page
    assert (await server.call("GET", "/favicon.svg")).body == mark, "it is served from elsewhere"
    script = page.body.decode().partition('type="module" crossorigin src="')[2].partition('"')[0]
    async with Connection(server.port) as connection:
        got = await connection.call("GET", script, b"", {"accept-encoding": "gzip"})
    assert (got.status, got.headers["content-encoding"]) == (200, "gzip")
    assert "immutable" in got.headers["cache-control"]
