"""What the OpenAPI page promises is what the running server does: schemathesis asks, by a seed, about every call."""

import json
import re
import sys
from pathlib import Path

from ensue.testing import Sink
from tests.acceptance.commands import ensue, ran
from tests.acceptance.server import PATIENCE, Server, environment
from tests.acceptance.test_people import Page

PROGRAM = str(Path(sys.executable).parent / "schemathesis")
CONFIG = str(Path(__file__).parent / "schemathesis.toml")
LEFT_OUT = "positive_data_acceptance"
"""Not asked: that whatever fits the schema is accepted. What is refused beyond it (times that do not exist, texts of
blanks, URLs of inner networks) stands in descriptions."""


PEOPLES = "^/api/v1/(console|setup|session|sessions|password|members|invitations|projects|keys/first)(/|$)"
"""The paths of what is for people."""


async def examine(server: Server, known: dict[str, str], headers: dict[str, str], *options: str) -> str:
    """Run schemathesis against the live page; what it says, which must be well."""
    command = [
        PROGRAM,
        "--config-file",
        CONFIG,
        "run",
        f"{server.url}/api/v1/openapi.json",
        *(part for name, value in headers.items() for part in ("--header", f"{name}: {value}")),
    ]
    command += ["--seed", "2", "--workers", "1", "--no-color", "--exclude-path", "/api/v1/stream"]
    command += ["--request-timeout", "60"]  # filling a project with a demo takes its time on a busy machine
    variables = {"KNOWN_IDS": json.dumps(known), "SCHEMATHESIS_HOOKS": "tests.acceptance.schema_hooks"}
    result = await ran([*command, *options], environment(variables), 5 * PATIENCE)
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
    headers = {"Authorization": f"Bearer {server.key}"}
    options = ("--max-examples", "15", "--exclude-checks", LEFT_OUT, "--exclude-path-regex", PEOPLES)
    said = await examine(server, known, headers, *options)
    tested = re.search(r"Tested: +(\d+)", said)
    assert tested is not None, said
    assert int(tested[1]) > 20, said
    assert (await server.get(f"/api/v1/events/{scheduled}"))["state"] == "scheduled"
    await server.send("still.serving")
    assert "Traceback" not in server.log()


async def test_the_server_does_what_its_page_says_to_people(server: Server) -> None:
    """The same for what is for people, by somebody who is signed in, but for what would sign them out."""
    link = (await ensue(server, "members", "invite", "ada@example.com", "--role", "owner", "--json")).json["link"]
    page = Page(server)
    body = {"link": link.partition("#")[2], "name": "Ada", "password": "correct horse battery"}
    me = (await page("POST", "/api/v1/invitations/accept", body)).json["member"]["id"]
    headers = {"Cookie": page.cookie, "Origin": server.url, "Ensue-Project": "default"}
    kept = ("signOut", "endSession", "resetPassword")
    out = [part for name in kept for part in ("--exclude-operation-id", name)]
    given = f"{LEFT_OUT},ignored_auth,negative_data_rejection"  # these leave out the cookie, which is sent all the same
    options = ("--max-examples", "8", "--exclude-checks", given, "--include-path-regex", PEOPLES)
    said = await examine(server, {"members": me, "projects": "default"}, headers, *options, *out)
    tested = re.search(r"Tested: +(\d+)", said)
    assert tested is not None, said
    assert int(tested[1]) > 10, said
    assert (await page("GET", "/api/v1/session")).status == 200
    assert "Traceback" not in server.log()
