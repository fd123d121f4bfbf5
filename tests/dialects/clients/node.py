"""Hides how programs in Node are run: clients that make calls and print what they got, receivers that print too."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.acceptance.server import PATIENCE, Server

HERE = Path(__file__).parent


async def new_key(server: Server, **fields: Any) -> dict[str, Any]:
    """A new key of the project `default`, as it is shown once."""
    answered = await server.call("POST", "/api/v1/keys", {"name": "client"} | fields)
    assert answered.status == 201, answered
    key: dict[str, Any] = answered.json
    return key


async def told(program: str, *arguments: str, steps: Sequence[Any]) -> list[Any]:
    """What a client printed for each step, decoded."""
    process = await asyncio.create_subprocess_exec(
        *("node", program, *arguments), cwd=HERE, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(PATIENCE):
            out, _ = await process.communicate(json.dumps(steps).encode())
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, out
    return [json.loads(line) for line in out.splitlines() if line.startswith(b"{")]


class Receiver:
    """A receiver that runs at `url`."""

    def __init__(self, process: asyncio.subprocess.Process, url: str) -> None:
        self._process = process
        self.url = url

    async def read(self) -> Any:
        """The next request that it printed."""
        return json.loads(await _line(self._process))


async def _line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE):
        return (await process.stdout.readline()).decode().strip()


@asynccontextmanager
async def receiver(program: str, *arguments: str) -> AsyncIterator[Receiver]:
    """Run a receiver until the block ends; it prints its URL first."""
    process = await asyncio.create_subprocess_exec(
        "node", program, *arguments, cwd=HERE, stdout=asyncio.subprocess.PIPE
    )
    try:
        yield Receiver(process, await _line(process))
    finally:
        process.kill()
        await process.communicate()
