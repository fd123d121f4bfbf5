"""`ensue serve` and `ensue keys` as their users meet them: the first start, refusals to start, keys beside a server."""

import base64
import os
import stat
from pathlib import Path

from tests.acceptance.commands import ensue, shell
from tests.acceptance.conftest import MakeServer
from tests.acceptance.server import Server, eventually


def mode(path: Path) -> int:
    """Who may do what with a file."""
    return stat.S_IMODE(path.stat().st_mode)


async def said_of(server: Server, since: int = 0) -> str:
    """What the server has said since that place in its log, its last line about the start included."""
    await eventually(lambda: "order.paid" in server.log()[since:], "the server says how to send a first event")
    return server.log()[since:]


def curl_line(said: str) -> str:
    """What the server said to paste."""
    lines = said[said.index("curl ") :].splitlines()
    count = next(number for number, line in enumerate(lines) if not line.endswith("\\"))
    return "\n".join(lines[: count + 1])


async def test_the_first_start_makes_everything(server: Server) -> None:
    """A data directory, a first project and its key, readable by the owner alone; and it says where all that is."""
    assert mode(server.data) == 0o700
    private = ("first-key", "instance.key", "ensue.db", "ensue.db-wal")
    assert {name: mode(server.data / name) for name in private} == dict.fromkeys(private, 0o600)
    assert server.key.startswith("ens_")
    said = await said_of(server)
    assert server.url in said
    assert server.key in said
    assert (await server.get("/api/v1/events"))["items"] == []


async def test_the_printed_line_works_as_pasted(server: Server) -> None:
    """The `curl` line sends a first event, at the first start (with the key) and later (with the key's file)."""
    first = await shell(server, curl_line(await said_of(server)))
    assert first.json["duplicate"] is False
    said_before = len(server.log())
    await server.stop()
    await server.start()
    said = await said_of(server, said_before)
    assert server.key not in said, "a journal collects no keys"
    second = await shell(server, curl_line(said))
    events = await server.items("/api/v1/events?limit=10")
    assert [event["id"] for event in events] == [second.json["id"], first.json["id"]]
    assert {event["type"] for event in events} == {"order.paid"}


async def test_a_second_server_on_the_same_data_is_refused(server: Server, make_server: MakeServer) -> None:
    """One process owns the data; another is told who does, and changes nothing."""
    second = make_server(server.data)
    ran = await ensue(second, "serve")
    assert ran.code == 1
    assert f"Another server (process {server.pid})" in ran.error
    assert "Traceback" not in ran.error
    await server.send()


async def test_a_port_that_is_taken_is_named(server: Server, make_server: MakeServer) -> None:
    """A server that cannot have its port says which one, and ends."""
    second = make_server(ENSUE_PORT=str(server.port))
    ran = await ensue(second, "serve")
    assert ran.code == 1
    assert str(server.port) in ran.error
    assert "Traceback" not in ran.error


async def test_the_wrong_instance_key_is_refused(server: Server) -> None:
    """Secrets that could not be opened are noticed at the start, not at the first delivery; nothing is spoilt by it."""
    await server.stop()
    other = base64.b64encode(os.urandom(32)).decode()
    ran = await ensue(server, "serve", ENSUE_SECRET_KEY=other)
    assert ran.code == 1
    assert "instance key" in ran.error.lower()
    assert other not in ran.error
    await server.start()
    await server.send()


async def test_a_key_made_beside_a_server_holds_at_once(server: Server) -> None:
    """`ensue keys create` makes a key, and a project if it is new, that the running server knows already."""
    made = (await ensue(server, "keys", "create", "--project", "second", "--json")).json
    assert set(made) == {"id", "token", "secret", "jwt", "project"}
    assert made["project"] == "second"
    answered = await server.call("POST", "/api/v1/events", {"type": "a.b"}, authorization=f"Bearer {made['token']}")
    assert answered.status == 202
    assert (await server.get("/api/v1/events"))["items"] == [], "nothing crosses the wall between projects"


async def test_a_key_revoked_beside_a_server_is_refused_within_a_second(server: Server) -> None:
    """`ensue keys revoke` holds for a running server that has used the key a moment ago; other keys stay."""
    made = (await ensue(server, "keys", "create", "--scopes", "events:write", "--json")).json
    bearer = f"Bearer {made['token']}"

    async def status() -> int:
        return (await server.call("POST", "/api/v1/events", {"type": "a.b"}, authorization=bearer)).status

    assert await status() == 202
    assert (await server.call("GET", "/api/v1/events", authorization=bearer)).status == 403
    assert (await ensue(server, "keys", "revoke", made["id"])).code == 0

    async def refused() -> bool:
        return await status() == 401

    await eventually(refused, "the revoked key is refused", patience=2)
    await server.send()
