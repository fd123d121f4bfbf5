"""The commands and the client against the real server: what one sends, another sees, and a receiver gets."""

import asyncio
import re

from ensue.client import Client, NewEvent, Streamed
from ensue.telemetry import METRICS
from ensue.testing import Sink
from tests.acceptance.commands import ensue
from tests.acceptance.server import Server, eventually


async def test_a_trigger_made_by_hand_sends_what_is_sent_by_hand(server: Server, sink: Sink) -> None:
    """`triggers create`, `send` and `deliveries` find server and key by themselves, and the webhook arrives."""
    made = (await ensue(server, "triggers", "create", "--name", "n", "--endpoint", sink.url, "--json")).json
    sent = (await ensue(server, "send", "order.paid", "--data", '{"n": 1.10}', "--subject", "ada", "--json")).json
    assert sent["duplicate"] is False
    received = await sink.wait_for(1)
    assert b'"data":{"n": 1.10}' in received[0].body

    async def delivered() -> bool:
        listed = await ensue(server, "deliveries", "list", "--state", "delivered", "--event", sent["id"], "--json")
        return len(listed.json["items"]) == 1

    await eventually(delivered, "the delivery is settled")
    tested = await ensue(server, "triggers", "test", made["id"], "--json")
    assert tested.json["state"] == "delivered"
    updated = (await ensue(server, "triggers", "update", made["id"], "--type", "a.*", "--attempts", "2", "--json")).json
    assert (updated["match"]["type"], updated["retry"]["attempts"]) == (["a.*"], 2)
    assert (await ensue(server, "triggers", "disable", made["id"], "--json")).json["enabled"] is False
    assert (await ensue(server, "triggers", "test", made["id"])).code == 4
    assert (await ensue(server, "triggers", "delete", made["id"])).code == 0
    assert (await ensue(server, "triggers", "list", "--json")).json == {"items": []}


async def test_a_doctor_finds_nothing_wrong(server: Server) -> None:
    """Beside a server that works every check is ok."""
    examined = (await ensue(server, "doctor", "--json")).json
    assert [check["check"] for check in examined["checks"] if check["ok"]] == [
        "data",
        "store",
        "lanes",
        "views",
        "server",
    ]


async def test_tail_prints_what_happens(server: Server) -> None:
    """`tail` ends after the events that it was asked for, of the type that it was asked for."""
    tail = asyncio.create_task(ensue(server, "tail", "--type", "order.*", "--count", "2", "--json"))

    async def seen() -> bool:
        await server.send("user.left")
        await server.send("order.paid", subject="ada")
        return tail.done()

    await eventually(seen, "tail has seen two events")
    assert tail.result().code == 0
    lines = tail.result().out.splitlines()
    assert len(lines) == 2
    assert all('"type": "order.paid"' in line for line in lines)


async def test_a_stream_outlasts_a_restart(server: Server) -> None:
    """The client sees every event once and in order, though the server was killed in between."""
    seen: list[Streamed] = []

    def watch() -> None:
        with Client(server.url, server.key) as client:
            for streamed in client.stream(first):
                seen.append(streamed)
                if streamed.event is not None and streamed.event["type"] == "last":
                    return

    first = await _cursor(server)
    watching = asyncio.create_task(asyncio.to_thread(watch))
    sent = [await server.send("a") for _ in range(3)]
    await eventually(lambda: len(seen) == 3, "the first three are seen")
    await server.restart()
    sent += [await server.send(kind) for kind in ("b", "last")]
    await watching
    assert [streamed.event and streamed.event["id"] for streamed in seen] == sent


async def _cursor(server: Server) -> str:
    """Where the log stands: before this, an event is sent and seen."""
    done = asyncio.Event()
    loop = asyncio.get_running_loop()

    def look() -> str:
        with Client(server.url, server.key) as client:
            for streamed in client.stream():
                loop.call_soon_threadsafe(done.set)
                return streamed.cursor
        raise AssertionError

    looking = asyncio.create_task(asyncio.to_thread(look))

    async def asked() -> bool:
        await server.send("mark")
        return done.is_set()

    await eventually(asked, "the stream has begun")
    await eventually(looking.done, "the cursor is known")
    later = await server.send("mark")

    def pass_by() -> str:
        with Client(server.url, server.key) as client:
            return next(one.cursor for one in client.stream(looking.result()) if one.event and one.event["id"] == later)

    return await asyncio.to_thread(pass_by)


async def test_the_client_speaks_every_verb(server: Server) -> None:
    """Events, batches, pages, schedules, triggers and keys, as the real API answers them."""

    def speak() -> None:
        with Client(server.url, server.key) as client:
            first = client.send("a", {"n": 1}, idempotency_key="k")
            assert client.send("a", {"n": 1}, idempotency_key="k").duplicate
            assert client.event(first.id)["data"] == {"n": 1}
            events: list[NewEvent] = [{"type": "b", "data": n} for n in range(250)]
            batch = client.send_batch([*events, {"type": "ensue.x"}])
            assert (batch.accepted, batch.duplicates, batch.failed) == (250, 0, 1)
            assert [event["data"] for event in client.events(type="b", limit=100)] == list(reversed(range(250)))
            later = client.send("later", delay=3600.0)
            assert client.cancel(later.id)["state"] == "cancelled"
            client.delete(first.id)
            key = client.keys.create(name="other", scopes=["events:read"])
            with Client(server.url, key["token"]) as reader:
                assert next(reader.events(most=1))["type"] == "b"
            assert client.keys.revoke(key["id"])["revoked_at"]
            made = client.triggers.create(name="n", endpoint={"url": "https://example.com"}, enabled=False)
            assert client.triggers.secret(made["id"])["secret"] == made["endpoint"]["secret"]
            assert client.triggers.rotate_secret(made["id"])["endpoint"]["secret"] != made["endpoint"]["secret"]
            assert client.triggers.enable(made["id"])["enabled"] is True
            assert [one["id"] for one in client.triggers.list()] == [made["id"]]
            assert list(client.deliveries.list()) == []

    await asyncio.to_thread(speak)


async def test_every_metric_is_exposed(server: Server) -> None:
    """What the metrics page names, a real server has, with values of what just happened."""
    await server.send()
    answered = await server.call("GET", "/metrics")
    text = answered.body.decode()
    assert set(re.findall(r"^# TYPE (ensue_\w+)", text, flags=re.MULTILINE)) == {row.name for row in METRICS}
    assert 'ensue_events_total{status="stored"} 1.0' in text
    assert "ensue_commit_entries_count 1.0" in text


async def test_log_lines_can_be_read_by_programs(server: Server, sink: Sink) -> None:
    """At info and as JSON an event and its delivery are a line each; neither holds the data or the key."""
    await server.stop()
    server.settings |= {"ENSUE_LOG_LEVEL": "info", "ENSUE_LOG_FORMAT": "json"}
    await server.start()
    await server.trigger(sink.url)
    event = await server.send("order.paid", data={"secret-word": 1})
    await eventually(lambda: "delivery.attempted" in server.log(), "the attempt is logged")
    log = server.log()
    assert f'"message": "event.received", "event": "{event}", "status": "stored"' in log
    assert '"result": "sent"' in log
    assert "secret-word" not in log


async def test_search_is_made_anew_beside_the_server(server: Server) -> None:
    """`doctor --reindex` beside a running server: both follow, and every event is found once."""
    sent = [await server.send("shop.refund", data={"number": number}) for number in range(20)]
    remade = await ensue(server, "doctor", "--reindex", "--json")
    assert remade.code == 0, remade
    found = await server.items("/api/v1/events?q=refund&limit=3")
    assert [one["id"] for one in found] == sent[::-1]
