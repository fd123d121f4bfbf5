"""Hides how `curl` is run: one request as a reader of the documents would type it, and what came back."""

import asyncio
import json
from typing import Any

from msgspec import Struct

from tests.acceptance.server import PATIENCE


class Curled(Struct, frozen=True):
    """An answer, headers in lower case."""

    status: int
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


async def curl(url: str, body: str, **headers: str) -> Curled:
    """POST `body` with these headers, `_` in their names is `-`."""
    given = [word for name, value in headers.items() for word in ("-H", f"{name.replace('_', '-')}: {value}")]
    process = await asyncio.create_subprocess_exec(
        *("curl", "-sS", "-i", url, "--data-binary", body, *given), stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(PATIENCE):
        out, _ = await process.communicate()
    assert process.returncode == 0, out
    return answer(out.decode())


def answer(printed: str) -> Curled:
    """What `curl -i` printed."""
    head, _, body = printed.partition("\r\n\r\n")
    first, *lines = head.splitlines()
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return Curled(int(first.split()[1]), headers, body)
