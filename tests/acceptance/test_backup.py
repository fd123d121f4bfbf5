"""Copies and old data: a backup beside a live server opens and serves, and so does a file of the first schema."""

import asyncio
import shutil
import stat
from pathlib import Path

from standardwebhooks import Webhook

from ensue.testing import Sink
from tests.acceptance.commands import ensue
from tests.acceptance.conftest import MakeServer
from tests.acceptance.server import Server
from tests.acceptance.wire import Connection, request
from tests.data.make_first_house import INSTANCE_KEY, WHSEC
from tests.data.make_first_house import TARGET as OLD


def restored(server: Server, make_server: MakeServer, copy: Path, directory: Path) -> Server:
    """A server, not started, on a data directory made of a backup and the instance key."""
    directory.mkdir(mode=0o700)
    shutil.copy(copy, directory / "ensue.db")
    shutil.copy(server.data / "instance.key", directory)
    shutil.copy(server.data / "first-key", directory)
    return make_server(directory)


async def read_stream(server: Server, until: bytes, **headers: str) -> bytes:
    """What a stream says until it has said `until`."""
    async with Connection(server.port) as connection:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        await connection.send(request("GET", "/api/v1/stream", b"", server.headers() | named))
        said = b""
        async with asyncio.timeout(30):
            while until not in said:
                said += await connection.reader.read(65_536)
    return said


def last_cursor(said: bytes) -> str:
    """The last cursor in what a stream said."""
    return said.split(b"\nid: ")[-1].split(b"\n")[0].decode()


async def test_a_backup_beside_a_live_server_serves(
    server: Server, make_server: MakeServer, sink: Sink, tmp_path: Path
) -> None:
    """A snapshot made under load has whatever was accepted before, its triggers sign and send, and only its owner may
    read it."""
    await server.trigger(sink.url, match={"type": "later.*"})
    before = {await server.send() for _ in range(20)}
    loading = [asyncio.create_task(server.send()) for _ in range(50)]
    copy = tmp_path / "copy.db"
    made = (await ensue(server, "backup", str(copy), "--json")).json
    during = set(await asyncio.gather(*loading))
    assert made["bytes"] == copy.stat().st_size
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert (await ensue(server, "backup", str(copy))).code != 0, "an existing file is not written over"
    second = restored(server, make_server, copy, tmp_path / "restored")
    await second.start()
    there = {event["id"] for event in await second.items("/api/v1/events?limit=200")}
    assert before <= there <= before | during
    await second.send("later.on")
    assert (await sink.wait_for(1))[0].headers["webhook-signature"].startswith("v1,")


async def test_a_restored_log_says_that_there_is_a_gap(server: Server, make_server: MakeServer, tmp_path: Path) -> None:
    """The log of a copy goes on differently, so a cursor of the first is not one of the second: it hears of a gap."""
    said_by = asyncio.create_task(read_stream(server, b'"type":"a.b"'))
    while not said_by.done():
        await server.send("a.b")
        await asyncio.wait([said_by], timeout=0.05)
    cursor = last_cursor(said_by.result())
    copy = tmp_path / "copy.db"
    assert (await ensue(server, "backup", str(copy))).code == 0
    await server.send("a.c")
    assert b"event: gap" not in await read_stream(server, b'"type":"a.c"', last_event_id=cursor)
    second = restored(server, make_server, copy, tmp_path / "restored")
    await second.start()
    await second.send("a.d")
    said = await read_stream(second, b'"type":"a.d"', last_event_id=cursor)
    assert b"event: gap" in said
    assert b'"type":"a.c"' not in said


async def test_data_of_the_first_schema_is_served(make_server: MakeServer, sink: Sink, tmp_path: Path) -> None:
    """A data file that the first release wrote opens: its events are read, its secrets sign, its debts are paid."""
    directory = tmp_path / "old"
    directory.mkdir(mode=0o700)
    shutil.copy(OLD, directory / "ensue.db")
    server = make_server(directory, ENSUE_SECRET_KEY=INSTANCE_KEY)
    await server.start()
    token = (await ensue(server, "keys", "create", "--json")).json["token"]
    (directory / "first-key").write_text(token, "ascii")
    subjects = [event.get("subject") for event in await server.items("/api/v1/events?type=old.**")]
    assert subjects == ["waits", "died", "arrived"]
    assert [one["subject"] for one in await server.items("/api/v1/events?state=scheduled")] == ["scheduled"]
    states = sorted(one["state"] for one in await server.items("/api/v1/deliveries?limit=50"))
    assert states == ["dead", "delivered", "pending"]
    trigger = (await server.items("/api/v1/triggers?limit=50"))[0]
    path = f"/api/v1/triggers/{trigger['id']}"
    assert (await server.get(f"{path}/secret"))["secret"] == WHSEC
    assert (await server.call("PATCH", path, {"endpoint": {"url": sink.url}})).status == 200
    assert (await server.call("POST", f"{path}/enable")).status == 200
    received = await sink.wait_for(1)
    assert received[0].headers["x-token"] == "sealed-value"
    assert Webhook(WHSEC).verify(received[0].body, received[0].headers)
