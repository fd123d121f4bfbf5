"""What `.ci/run` installs on a machine that lacks something: tried with a path that hides it, and an apt-get that only
writes down what it was asked for."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.browser.found import ROOT

SYSTEM = ("bash", "dirname", "env")
PROGRAMS = ("make", "git", "curl", "strace", "node", "npm", "chromium", "python3", "id", "apt-get", "sudo")
NOTED = """#!/bin/sh
echo "{name} $*" >> "$NOTES"
{then}
"""
INSTALLS = 'for one in "$@"; do if [ -e "$HIDDEN/$one" ]; then cp "$HIDDEN/$one" "$BIN/"; fi; done'


class Machine:
    """A directory of programs that only note how they are called; what is `hidden` comes by apt-get alone."""

    def __init__(self, directory: Path, *hidden: str, user: int = 0, node: str = "exit 0", apt: str = INSTALLS) -> None:
        self.bin, self._hidden, self._notes = directory / "bin", directory / "hidden", directory / "notes"
        for made in (self.bin, self._hidden, directory / "clone" / ".ci"):
            made.mkdir(parents=True)
        shutil.copy(ROOT / ".ci" / "run", directory / "clone" / ".ci" / "run")
        self._run = directory / "clone" / ".ci" / "run"
        then = {"id": f"echo {user}", "apt-get": apt, "sudo": '"$@"', "node": node}
        for name in PROGRAMS:
            place = self._hidden if name in hidden else self.bin
            (place / name).write_text(NOTED.format(name=name, then=then.get(name, "exit 0")))
            (place / name).chmod(0o755)
        for name in (*SYSTEM, "cp"):
            (self.bin / name).symlink_to(str(shutil.which(name)))

    def run(self, **settings: str) -> tuple[int, list[str]]:
        """The exit code of `.ci/run`, and what was called, but for questions."""
        given = {"PATH": str(self.bin), "BIN": str(self.bin), "HIDDEN": str(self._hidden), "NOTES": str(self._notes)}
        ended = subprocess.run([str(self._run)], env=given | settings, capture_output=True, check=False, text=True)
        called = self._notes.read_text().splitlines() if self._notes.exists() else []
        return ended.returncode, [one for one in called if not one.startswith(("id ", "node -e", "python3 -c"))]


CHECKED = ["make check", "make test"]
UPDATED = "apt-get update -qq"
ASKED = "apt-get install -y -qq --no-install-recommends"


def test_a_machine_that_has_everything_installs_nothing(tmp_path: Path) -> None:
    """It checks and tests, in this order."""
    assert Machine(tmp_path).run() == (0, CHECKED)


@pytest.mark.parametrize(
    ("hidden", "asked"),
    [
        (["chromium"], "chromium"),
        (["node", "npm"], "nodejs npm"),
        (["npm"], "npm"),
        (["git", "curl", "strace", "node", "npm", "chromium"], "git curl strace nodejs npm chromium"),
    ],
)
def test_what_is_missing_is_installed_first(tmp_path: Path, hidden: list[str], asked: str) -> None:
    """By name, after the lists were read, and nothing else."""
    machine = Machine(tmp_path, *hidden, node="exit 0")
    if "node" in hidden:  # Debian's package is called otherwise than its program
        (tmp_path / "hidden" / "node").rename(tmp_path / "hidden" / "nodejs")
        (tmp_path / "bin" / "node").symlink_to(tmp_path / "bin" / "nodejs")
    assert machine.run() == (0, [UPDATED, f"{ASKED} {asked}", *CHECKED])


def test_a_python_without_venv_gets_one(tmp_path: Path) -> None:
    """Debian keeps it in a package of its own."""
    machine = Machine(tmp_path)
    (tmp_path / "bin" / "python3").write_text("#!/bin/sh\nexit 1\n")
    assert machine.run() == (0, [UPDATED, f"{ASKED} python3 python3-venv", *CHECKED])


def test_who_is_not_root_asks_by_sudo(tmp_path: Path) -> None:
    """Both calls of apt-get, and neither the checks nor the tests."""
    code, called = Machine(tmp_path, "chromium", user=1000).run()
    assert code == 0
    assert [one for one in called if one.startswith("sudo")] == [
        "sudo env DEBIAN_FRONTEND=noninteractive apt-get update -qq",
        f"sudo env DEBIAN_FRONTEND=noninteractive {ASKED} chromium",
    ]


def test_a_browser_that_is_named_is_enough(tmp_path: Path) -> None:
    """`CHROMIUM` says where it is, to the tests too."""
    assert Machine(tmp_path, "chromium").run(CHROMIUM="/opt/chrome") == (0, CHECKED)


def test_an_old_node_gets_a_newer_one_beside_it(tmp_path: Path) -> None:
    """Debian 12 has Node 18: without a newer one the console could not be built."""
    code, called = Machine(tmp_path, node="exit 1").run()
    assert (code, called) == (0, ["npm install --global --silent --no-audit --no-fund node@22", *CHECKED])


def test_nothing_is_checked_where_something_could_not_be_installed(tmp_path: Path) -> None:
    """The run fails, and says so by its code."""
    code, called = Machine(tmp_path, "chromium", apt="exit 100").run()
    assert (code, called) == (100, [UPDATED])


def test_it_is_a_program() -> None:
    """Whoever has cloned can run it."""
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
