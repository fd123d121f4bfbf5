"""Hides the clients that nobody here wrote: each of them as a sender, and as a reader of what we deliver."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from cloudevents.core.bindings.http import (
    HTTPMessage,
    from_http_event,
    to_binary_event,
    to_structured_event,
)
from cloudevents.core.v1.event import CloudEvent
from cloudevents.v1 import conversion
from cloudevents.v1.http import CloudEvent as OldCloudEvent
from cloudevents.v1.http import from_http

from ensue.testing import Received
from tests.acceptance.server import PATIENCE, Server
from tests.interop.samples import Meant, Sample, meaning

HERE = Path(__file__).parent
Message = tuple[dict[str, str], bytes]


def core_event(sample: Sample) -> CloudEvent:
    """A sample as the Python SDK 2 has it."""
    attributes: dict[str, Any] = dict(sample.attributes)
    if "time" in attributes:
        attributes["time"] = datetime.fromisoformat(attributes["time"])
    return CloudEvent(attributes, sample.data)


def _core_structured(sample: Sample) -> Message:
    message = to_structured_event(core_event(sample))
    return message.headers, message.body


def _core_binary(sample: Sample) -> Message:
    message = to_binary_event(core_event(sample))
    return message.headers, message.body


def _old_structured(sample: Sample) -> Message:
    headers, body = conversion.to_structured(OldCloudEvent(sample.attributes, sample.data))
    return headers, body


def _old_binary(sample: Sample) -> Message:
    """By default it would make JSON of everything, text too."""
    headers, body = conversion.to_binary(OldCloudEvent(sample.attributes, sample.data), _as_it_is)
    return headers, body or b""


def _as_it_is(data: Any) -> Any:
    return data if data is None or isinstance(data, str | bytes) else json.dumps(data).encode()


PYTHON_SENDERS: Mapping[str, Callable[[Sample], Message]] = {
    "core, structured": _core_structured,
    "core, binary": _core_binary,
    "v1, structured": _old_structured,
    "v1, binary": _old_binary,
}
"""The Python SDK, 2 and compatible to 1: from a sample to a request."""


def _read_core(received: Received) -> Meant:
    event = from_http_event(HTTPMessage(_event_headers(received), received.body))
    return meaning(event.get_attributes(), event.get_data())


def _read_old(received: Received) -> Meant:
    event = from_http(_event_headers(received), received.body)
    return meaning(event.get_attributes(), event.get_data())


def _event_headers(received: Received) -> dict[str, str]:
    return {name: value for name, value in received.headers.items() if name == "content-type" or name[:3] == "ce-"}


PYTHON_READERS: Mapping[str, Callable[[Received], Meant]] = {"core": _read_core, "v1": _read_old}
"""The Python SDK: from a webhook to what it means."""


async def send_by_npm(server: Server, mode: str, samples: Sequence[Sample]) -> list[Any]:
    """Have npm's client send the samples; the answers."""
    events = json.dumps([{"attributes": one.attributes, "data": _for_node(one.data)} for one in samples])
    process = await asyncio.create_subprocess_exec(
        *("node", "send.mjs", f"{server.url}/api/v1/events", server.key, mode),
        cwd=HERE,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, error = await asyncio.wait_for(process.communicate(events.encode()), PATIENCE)
    assert process.returncode == 0, error.decode()
    return [json.loads(line) for line in out.splitlines()]


def _for_node(data: Any) -> dict[str, Any] | None:
    if data is None:
        return None
    if isinstance(data, bytes):
        return {"bytes": base64.b64encode(data).decode()}
    return {"text": data} if isinstance(data, str) else {"object": data}


class NpmReceiver:
    """A receiver that npm's clients make: its address, and what it has read."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        self._out = process.stdout
        self.url = ""

    async def line(self) -> Any:
        """The next line that it says."""
        said = await asyncio.wait_for(self._out.readline(), PATIENCE)
        assert said, "the receiver has ended"
        return json.loads(said)

    async def read(self) -> Meant:
        """What it read from the next webhook, which it must have verified where it can."""
        said = await self.line()
        assert "error" not in said, said
        meant = meaning(said["event"]["attributes"], said["event"].get("data"))
        assert said["verified"] is True or (said["verified"] is None and isinstance(meant.data, bytes)), said
        return meant


@asynccontextmanager
async def npm_receiver(secret: str) -> AsyncIterator[NpmReceiver]:
    """Run it until the block ends."""
    process = await asyncio.create_subprocess_exec(
        *("node", "receive.mjs", secret), cwd=HERE, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        receiver = NpmReceiver(process)
        receiver.url = f"http://127.0.0.1:{await receiver.line()}/"
        yield receiver
    finally:
        process.kill()
        await process.communicate()
