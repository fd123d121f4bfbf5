"""Operational's events by `curl`: the lines of the how-to as they stand there, and each sample of the documents."""

import asyncio
import json
import re
from pathlib import Path

from tests.acceptance.server import PATIENCE, Server
from tests.dialects.clients.curl import Curled, answer, curl
from tests.dialects.operational.test_seeds import ACCEPTED, REFUSED

HOWTO = Path(__file__).resolve().parents[3] / "docs" / "howto" / "from-operational.md"
EVENTS = "/api/v1/events"
SAMPLES = [
    *[(body, 201, "success") for body, _ in ACCEPTED.values()],
    *[(body, 400, message) for body, message in REFUSED.values()],
]
"""Each sample of the documents, with what is answered."""


async def shell(server: Server, command: str) -> str:
    """What a line of shell printed; it knows `$ENSUE` and `$KEY`, as its reader's does."""
    process = await asyncio.create_subprocess_shell(
        command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"ENSUE": server.url, "KEY": server.key, "PATH": "/usr/bin:/bin:/usr/local/bin"},
    )
    async with asyncio.timeout(PATIENCE):
        out, error = await process.communicate()
    assert process.returncode == 0, error.decode()
    return out.decode()


async def logged(server: Server, body: str, content_type: str = "application/json", path: str = "log") -> Curled:
    """The answer to one event."""
    url, bearer = f"{server.url}/api/v1/{path}", f"Bearer {server.key}"
    return await curl(url, body, Authorization=bearer, Content_Type=content_type)


async def test_the_lines_of_the_how_to_work(server: Server) -> None:
    """In order, and what they say comes of it does."""
    blocks = re.findall(r"^```sh\n(curl .*?)^```$", HOWTO.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    printed = [await shell(server, block) for block in blocks]
    assert len(printed) == 5
    structured, text, listed, button, secret = printed
    assert (answer(structured).status, answer(structured).body) == (201, "success")
    assert answer(structured).headers["x-event-id"] == json.loads(listed)["items"][1]["id"]
    assert text == "success"
    assert [event["type"] for event in json.loads(listed)["items"]] == ["deployed v1", "user signed up"]
    assert answer(button).status == 201
    assert json.loads(secret)["secret"].startswith("whsec_")


async def test_every_sample_of_the_seeds(server: Server) -> None:
    """On both paths; what is accepted stands in the log, in order."""
    for path in ("log", "ingest"):
        for body, status, text in SAMPLES:
            got = await logged(server, json.dumps(body), path=path)
            assert (got.status, got.body) == (status, text)
    kept = [body["name"] for _ in range(2) for body, status, _ in SAMPLES if status == 201]
    assert [event["type"] for event in await server.items(f"{EVENTS}?limit=50")] == kept[::-1]


async def test_media_types(server: Server) -> None:
    """A sign of many code points arrives whole; the form that `curl -d` sends by default is named."""
    assert (await logged(server, "👨‍👩‍👧‍👦 family plan sold", "text/plain; charset=utf-8")).status == 201
    (event,) = await server.items(f"{EVENTS}?limit=50")
    assert event["card"] == {"title": "family plan sold", "avatar": "👨‍👩‍👧‍👦"}
    told = await logged(server, '{"name": "x"}', "application/x-www-form-urlencoded")
    assert told.status == 400
    assert told.body == "Missing or unacceptible content-type sent application/x-www-form-urlencoded"
