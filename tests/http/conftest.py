"""The tests of the edge run on uvloop, as the server does: sockets behave differently on other loops."""

import asyncio
from collections.abc import Callable, Mapping

import uvloop


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The one loop."""
    return {"uvloop": uvloop.new_event_loop}
