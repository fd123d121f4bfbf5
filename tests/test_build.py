"""What `make` does about the console, with Node and without, and what a test run says that has no browser."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.found import ROOT

NEEDED = "Node 20.19 or newer with npm is not installed"
SAMPLE = "tests/http/test_routing.py"


def make(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """What `make` says and ends with."""
    given = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")} | settings
    return subprocess.run(["make", *arguments], cwd=ROOT, env=given, capture_output=True, text=True, check=False)


def path_without(tmp_path: Path, *names: str) -> str:
    """A path on which everything is but these."""
    for directory in os.environ["PATH"].split(os.pathsep):
        for program in Path(directory).glob("*") if Path(directory).is_dir() else ():
            place = tmp_path / program.name
            if not program.name.startswith(names) and not place.is_symlink():
                place.symlink_to(program)
    return str(tmp_path)


def test_without_node_the_console_is_left_out_by_name(tmp_path: Path) -> None:
    """`make web` fails and says what is missing; what `make run` needs goes on, and says the same."""
    node = path_without(tmp_path, "node", "npm")
    web, console = make("web", PATH=node), make("console", PATH=node)
    assert web.returncode != 0
    assert console.returncode == 0
    for said in (web.stderr, console.stderr):
        assert NEEDED in said
        assert "the API works without" in said
    run = make("--dry-run", "run", PATH=node)
    assert run.returncode == 0, run.stderr
    assert run.stdout.index(NEEDED) < run.stdout.index("ensue serve")
    assert "npm run" not in run.stdout


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node to build with")
@pytest.mark.parametrize("target", ["web", "run", "shots"])
def test_with_node_the_console_is_built_when_it_changed(target: str) -> None:
    """Before the server is started, and only then."""
    changed = make("--dry-run", "--what-if=web/index.html", target)
    assert changed.returncode == 0, changed.stderr
    assert "npm run --silent build" in changed.stdout
    if target == "run":
        assert changed.stdout.index("npm run --silent build") < changed.stdout.index("ensue serve")


def test_nothing_built_is_committed() -> None:
    """Neither the console nor what is generated for it, nor packages of npm."""
    known = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if known.returncode:
        pytest.skip("this tree is no clone")
    assert "web/src/main.ts" in known.stdout
    built = ("src/ensue/static/", "web/src/generated/", "web/dist/", "build/", "dist/")
    assert not [name for name in known.stdout.splitlines() if name.startswith(built) or "node_modules/" in name]


def test_a_run_without_a_browser_says_what_it_leaves_out(tmp_path: Path) -> None:
    """In plain words, with the way out; the rest runs."""
    given = {name: value for name, value in os.environ.items() if name != "CHROMIUM" and not name.startswith("PYTEST")}
    given["PATH"] = path_without(tmp_path, "chromium", "google-chrome", "chrome")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2", "tests/browser", SAMPLE]
    ended = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout
    assert "LEFT OUT: tests/browser needs Chromium (Debian and Ubuntu: apt-get install chromium)" in ended.stdout
    assert " passed" in ended.stdout
