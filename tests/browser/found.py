"""Hides what a test in a browser needs, and whether this machine has it: Chromium, the built console, axe-core."""

import os
import shutil
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
AXE: Final = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
BUILT: Final = ROOT / "src" / "ensue" / "static" / "index.html"
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str | None:
    """The browser's program: `CHROMIUM` names it, else the system's."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in _NAMES if (path := shutil.which(name))), None)


def missing() -> list[str]:
    """What is not here, each with how it is had; empty where the tests can run."""
    lacks = []
    if chromium() is None:
        lacks.append("Chromium (Debian and Ubuntu: apt-get install chromium)")
    if not BUILT.is_file() or not AXE.is_file():
        lacks.append("the built console (make web; it needs Node 20.19 or newer)")
    return lacks
