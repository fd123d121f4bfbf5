"""Hides how a command is run beside a server: `ensue …` as its own process, with the settings of the server."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from tests.acceptance.server import PATIENCE, PROGRAM, Server, environment


class Ran(Struct, frozen=True):
    """How a command ended."""

    code: int
    out: str
    error: str

    @property
    def json(self) -> Any:
        """Its output, decoded; fails where it did not end well."""
        assert self.code == 0, (self.out, self.error)
        return json.loads(self.out)


async def ensue(server: Server, *arguments: str, **settings: str) -> Ran:
    """Run `ensue` with the settings of `server`, and others over them."""
    return await ran([str(PROGRAM), *arguments], environment(server.settings | settings))


async def shell(server: Server, text: str) -> Ran:
    """Paste `text` into a shell."""
    return await ran(["sh", "-c", text], environment(server.settings))


async def ran(command: Sequence[str], variables: dict[str, str], patience: float = PATIENCE) -> Ran:
    """Run a command to its end, or kill it when that does not come."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, env=variables, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe
    )
    try:
        out, error = await asyncio.wait_for(process.communicate(), patience)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Ran(process.returncode or 0, out.decode(), error.decode())
