"""The same servers and receivers as for acceptance; and the vendors' clients from npm, which must be there."""

import shutil
from pathlib import Path

import pytest

from tests.acceptance.conftest import make_server, server, sink

__all__ = ["make_server", "server", "sink"]

MODULES = Path(__file__).parent / "node_modules"
CLIENTS = ("@suprsend/node-sdk", "space-api", "fastify", "@fastify/formbody", "standardwebhooks")


@pytest.fixture(scope="session")
def npm() -> None:
    """Fail where the clients from npm are not installed: what they would show is not known then."""
    assert shutil.which("node"), "Node is not installed; on Debian and Ubuntu: apt-get install nodejs npm"
    missing = [name for name in CLIENTS if not (MODULES / name / "package.json").is_file()]
    assert not missing, f"{', '.join(missing)} from npm are not installed; run `make interop` (it needs Node and npm)"
