"""Hides on which event loop tests with a browser run: on one for all, as a browser belongs to that which started it."""

from functools import partial
from typing import Final

import pytest
import pytest_asyncio

fixture: Final = partial(pytest_asyncio.fixture, loop_scope="session")
"""What each asynchronous fixture of these tests is made with."""


def put(item: pytest.Item) -> None:
    """Let a test run there."""
    if pytest_asyncio.is_async_test(item):
        item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
