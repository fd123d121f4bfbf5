"""What the OpenAPI page promises is what the running server does: schemathesis asks, by a seed, about every call."""

import json
import re
import sys
from pathlib import Path

from ensue.testing import Sink
from tests.acceptance.commands import ran
from tests.acceptance.server import Server, environment

PROGRAM = str(Path(sys.executable).parent / "schemathesis")
CONFIG = str(Path(__file__).parent / "schemathesis.toml")
LEFT_OUT = "positive_data_acceptance"
"""Not asked: that whatever fits the schema is accepted. What is refused beyond it (times that do not exist, texts of
blanks, URLs of inner networks) stands in descriptions."""


async def examine(server: Server, known: dict[str, str], *options: str) -> str:
    """Run schemathesis against the live page; what it says, which must be well."""
    command = [
        PROGRAM,
        "--config-file",
        CONFIG,
        "run",
        f"{server.url}/api/v1/openapi.json",
        "--header",
        f"Authorization: Bearer {server.key}",
    ]
    command += ["--seed", "2", "--workers", "1", "--no-color", "--exclude-path", "/api/v1/stream"]
    variables = {"KNOWN_IDS": json.dumps(known), "SCHEMATHESIS_HOOKS": "tests.acceptance.schema_hooks"}
    result = await ran([*command, *options], environment(variables))
    assert result.code == 0, result.out + result.error
    return result.out


async def test_the_server_does_what_its_page_says(server: Server, sink: Sink) -> None:
    """Every answer has a status, a media type and a body that the page names; nothing is a fault of ours; what the
    schemas forbid is refused."""
    trigger = (await server.trigger(sink.url, enabled=False))["id"]
    event = await server.send()
    scheduled = await server.send(delay=3600)
    delivery = (await server.items("/api/v1/deliveries?limit=1"))[0]["id"]
    key = (await server.items("/api/v1/keys?limit=1"))[0]["id"]
    spare = json.loads((await server.call("POST", "/api/v1/keys", {"name": "spare"})).body)["id"]
    known = {"triggers": trigger, "events": event, "deliveries": delivery, "keys": key, "spare": spare}
    said = await examine(server, known, "--max-examples", "15", "--exclude-checks", LEFT_OUT)
    tested = re.search(r"Tested: +(\d+)", said)
    assert tested is not None, said
    assert int(tested[1]) > 20, said
    assert (await server.get(f"/api/v1/events/{scheduled}"))["state"] == "scheduled"
    await server.send("still.serving")
    assert "Traceback" not in server.log()
