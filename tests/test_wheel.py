"""Wheel and sdist: built from this tree they hold the console, and serve it without Node and without the tree."""

import re
import subprocess
import sys
import tarfile
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
_BUILD = "import sys, hatchling.build as build; print(getattr(build, 'build_' + sys.argv[1])(sys.argv[2]))"


def build(kind: str, tree: Path, into: Path) -> Path:
    """The wheel or sdist of a tree, as any installer has it built."""
    command = [sys.executable, "-c", _BUILD, kind, str(into)]
    return into / subprocess.run(command, cwd=tree, check=True, capture_output=True, text=True).stdout.split()[-1]


def install(wheel: Path, into: Path) -> Path:
    """The wheel, installed by pip where nothing else is; no script runs and nothing is fetched."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target", str(into)]
    subprocess.run([*command, str(wheel)], check=True, capture_output=True, env={"PATH": str(into)})
    return into


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    """The wheel as pip lays it down."""
    return install(build("wheel", ROOT, tmp_path), tmp_path / "site")


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
    scripts = re.findall(r'<script type="module"[^>]* src="([^"]+)"', page.body.decode())
    async with Connection(server.port) as connection:
        got = [await connection.call("GET", script, b"", {"accept-encoding": "gzip"}) for script in scripts]
    assert [one.status for one in got] == [200] * len(scripts)
    assert all("immutable" in one.headers["cache-control"] for one in got)
    assert "gzip" in [one.headers.get("content-encoding") for one in got], "none of them is packed"


def test_the_sdist_holds_the_console(tmp_path: Path) -> None:
    """The page and its source; a wheel that is made of it, without Node, has the page too. No packages of npm."""
    with tarfile.open(build("sdist", ROOT, tmp_path)) as packed:
        names = packed.getnames()
        packed.extractall(tmp_path, filter="data")
    tree = next(one for one in tmp_path.iterdir() if one.is_dir())
    inside = [name.partition("/")[2] for name in names]
    assert {"src/ensue/static/index.html", "web/src/main.ts", "web/package-lock.json"} <= set(inside)
    assert not [name for name in inside if "node_modules" in name or name.startswith("web/src/generated")]
    (tmp_path / "wheel").mkdir()
    site = install(build("wheel", tree, tmp_path / "wheel"), tmp_path / "site")
    assert (site / "ensue" / "static" / "index.html").read_bytes() == BUILT.read_bytes()
