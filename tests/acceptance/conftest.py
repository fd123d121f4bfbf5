"""Servers for the tests of this directory: always ended at teardown, their log shown when a test fails."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from ensue.testing import Sink
from tests.acceptance.server import Server

MakeServer = Callable[..., Server]


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[MakeServer]:
    """Servers with data directories of their own, not started; settings are environment variables."""
    made: list[Server] = []

    def make(data: Path | None = None, **settings: str) -> Server:
        server = Server(data or tmp_path / f"data-{len(made)}", **settings)
        made.append(server)
        return server

    yield make
    for server in made:
        server.kill()
        print(server.log())  # noqa: T201 - shown when the test failed


@pytest.fixture
async def server(make_server: MakeServer) -> Server:
    """A server that runs, with a lease of one second."""
    made = make_server(ENSUE_LEASE="1s")
    await made.start()
    return made


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    """A receiver that takes everything, until it is given another script."""
    async with Sink() as receiver:
        yield receiver
