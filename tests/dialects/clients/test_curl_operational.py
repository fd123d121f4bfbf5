"""Operational's events by `curl`: the lines of the how-to as they stand there, and each sample of the documents."""

import asyncio
import json
import re
from pathlib import Path

from tests.acceptance.server import PATIENCE, Server
from tests.dialects.operational.test_seeds import ACCEPTED, REFUSED

HOWTO = Path(__file__).resolve().parents[3] / "docs" / "howto" / "from-operational.md"
EVENTS = "/api/v1/events"
SAMPLES = [
    *[(body, "success 201") for body, _ in ACCEPTED.values()],
    *[(body, f"{message} 400") for body, message in REFUSED.values()],
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


async def logged(server: Server, body: str, content_type: str = "application/json", path: str = "log") -> str:
    """Status and text of the answer to one event."""
    process = await asyncio.create_subprocess_exec(
        *("curl", "-sS", "-w", " %{http_code}", f"{server.url}/api/v1/{path}", "--data-binary", body),
        *("-H", f"Authorization: Bearer {server.key}", "-H", f"Content-Type: {content_type}"),
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE):
        out, _ = await process.communicate()
    return out.decode()


async def test_the_lines_of_the_how_to_work(server: Server) -> None:
    """In order, and what they say comes of it does."""
    blocks = re.findall(r"^```sh\n(curl .*?)^```$", HOWTO.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    printed = [await shell(server, block) for block in blocks]
    assert len(printed) == 5
    structured, text, listed, button, secret = printed
    assert structured.startswith("HTTP/1.1 201")
    assert structured.endswith("success")
    assert re.search(r"^x-event-id: \S+", structured, flags=re.MULTILINE | re.IGNORECASE)
    assert text == "success"
    assert [event["type"] for event in json.loads(listed)["items"]] == ["deployed v1", "user signed up"]
    assert button.startswith("HTTP/1.1 201")
    assert json.loads(secret)["secret"].startswith("whsec_")


async def test_every_sample_of_the_seeds(server: Server) -> None:
    """On both paths; what is accepted stands in the log, in order."""
    for path in ("log", "ingest"):
        for body, answer in SAMPLES:
            assert await logged(server, json.dumps(body), path=path) == answer
    kept = [body["name"] for _ in range(2) for body, answer in SAMPLES if answer.endswith("201")]
    assert [event["type"] for event in await server.items(f"{EVENTS}?limit=50")] == kept[::-1]


async def test_plain_text(server: Server) -> None:
    """An emoji and a name; the sign of many code points arrives whole."""
    assert await logged(server, "👨‍👩‍👧‍👦 family plan sold", "text/plain; charset=utf-8") == "success 201"
    (event,) = await server.items(f"{EVENTS}?limit=50")
    assert event["card"] == {"title": "family plan sold", "avatar": "👨‍👩‍👧‍👦"}


async def test_the_default_of_curl_is_named(server: Server) -> None:
    """Without a content type, `curl -d` sends a form: the answer says so."""
    told = await logged(server, '{"name": "x"}', "application/x-www-form-urlencoded")
    assert told == "Missing or unacceptible content-type sent application/x-www-form-urlencoded 400"
