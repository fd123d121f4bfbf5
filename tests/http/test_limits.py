"""What a client may cost: sizes, times and numbers of connections, and that nobody else pays."""

import asyncio
import logging

import pytest
from uvicorn.server import ServerState

from ensue.http.limits import HttpLimits, Sweeper
from tests.http.fakes import running
from tests.http.wire import connected, request

HEAD = b"POST /api/v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer good\r\n"


def quick(**changes: float) -> HttpLimits:
    """Limits whose times are over at once; those that a test means are given."""
    values: dict[str, float] = {"sweep_seconds": 0.02, **changes}
    return HttpLimits(**values)  # type: ignore[arg-type]


async def test_headers_that_come_half() -> None:
    """408 in the words of whoever owns the path, then the connection ends."""
    async with running(quick(header_seconds=0.5)) as server, connected(server.port) as wire:
        await wire.send(HEAD)
        answer = await wire.response()
        assert (answer.status, answer.json["fake"]) == (408, "timeout")
        assert answer.headers["connection"] == "close"
        assert await wire.closed() == b""


async def test_a_connection_that_says_nothing() -> None:
    """It is closed without a word, which nobody would read."""
    async with running(quick(header_seconds=0.05)) as server, connected(server.port) as wire:
        assert await wire.closed() == b""


async def test_a_connection_that_is_kept_for_nothing() -> None:
    """After an answer there is more patience, and an end of it."""
    async with running(quick(header_seconds=9, keep_alive_seconds=0.05)) as server, connected(server.port) as wire:
        assert (await wire.request("GET", "/api/v1/open")).status == 200
        assert await wire.closed() == b""


@pytest.mark.parametrize("path", [b"/api/v1/events", b"/api/v1/batch"])
async def test_a_body_that_stops(path: bytes) -> None:
    """408 in the words of the path's owner; nothing reaches the handler."""
    async with running(quick(body_gap_seconds=0.05)) as server, connected(server.port) as wire:
        await wire.send(HEAD.replace(b"/api/v1/events", path) + b"content-length: 10\r\n\r\n12345")
        answer = await wire.response()
        assert (answer.status, answer.json["fake"]) == (408, "timeout")
        assert await wire.closed() == b""
        assert server.engine.calls == []


async def test_a_body_that_takes_for_ever() -> None:
    """Bytes that keep coming do not hold the connection beyond its time in all."""
    async with running(quick(body_seconds=0.1)) as server, connected(server.port) as wire:
        await wire.send(HEAD + b"content-length: 10000\r\n\r\n")
        answering = asyncio.create_task(wire.response())
        while not answering.done():
            await wire.send(b"x")
            await asyncio.wait({answering}, timeout=0.01)
        assert answering.result().status == 408


async def test_headers_beyond_their_size() -> None:
    """At the limit they are read, one byte beyond they are not: 413 before any handler."""
    async with running() as server:
        for size, status in ((32 * 1024, 202), (32 * 1024 + 1, 413)):
            plain = HEAD + b"content-length: 0\r\n"
            counted = len(b"/api/v1/events") + len(plain.split(b"\r\n", 1)[1])
            filling = b"x-filling: %b\r\n" % (b"x" * (size - counted - len(b"x-filling: \r\n")))
            async with connected(server.port) as wire:
                await wire.send(plain + filling + b"\r\n")
                assert (await wire.response()).status == status


@pytest.mark.parametrize("part", [b"x-many: 1\r\n", b"x"])
async def test_twenty_megabytes_of_headers(part: bytes) -> None:
    """Many headers or one endless: an answer, an end, and others are served meanwhile."""
    async with running() as server, connected(server.port) as wire, connected(server.port) as other:
        await wire.send(HEAD + b"x-endless: ")

        async def flood() -> None:
            for _ in range(20):
                await wire.send(part * (1024 * 1024 // len(part)))

        sending = asyncio.create_task(flood())
        answer = await wire.response()
        assert (answer.status, answer.json["fake"]) == (413, "too_large")
        assert (await other.request("POST", "/api/v1/events", b"{}")).status == 202
        await asyncio.wait({sending})


async def test_a_url_beyond_the_size_of_headers() -> None:
    """The first line counts."""
    async with running() as server, connected(server.port) as wire:
        assert (await wire.request("GET", "/api/v1/" + "x" * 40_000)).status == 413


@pytest.mark.parametrize("path", ["/api/v1/events", "/api/v1/batch"])
async def test_five_megabytes_get_their_refusal(path: str) -> None:
    """A client that sends all before it reads finds the answer, not a reset."""
    async with running() as server, connected(server.port) as wire:
        answer = await wire.request("POST", path, b"x" * 5_000_000)
        assert answer.status == 413
        assert (await wire.request("POST", path, b"{}")).status == 202


@pytest.mark.parametrize("path", ["/api/v1/events", "/api/v1/batch"])
async def test_four_times_the_largest_body_get_theirs(path: str) -> None:
    """As long as it is not beyond all measure, whoever sends too much is told so."""
    async with running(HttpLimits(dropped_seconds=60.0)) as server, connected(server.port) as wire:
        answer = await wire.request("POST", path, b"x" * 30_000_000)
        assert answer.status == 413
        assert (await wire.request("POST", path, b"{}")).status == 202


async def test_five_megabytes_on_a_connection_that_closes() -> None:
    """The same for a client that keeps no connection, and for one without a key."""
    async with running() as server:
        for token, status in (("good", 413), ("unknown", 401)):
            async with connected(server.port) as wire:
                body = b"x" * 5_000_000
                answer = await wire.request("POST", "/api/v1/events", body, token=token, connection="close")
                assert answer.status == status
                assert await wire.closed() == b""


async def test_what_is_dropped_has_its_limits() -> None:
    """Beyond 32 MiB (here less), or too slow, nothing more is read."""
    async with running(quick(dropped_bytes=100_000)) as server, connected(server.port) as wire:
        await wire.send(HEAD + b"content-length: 900000000\r\n\r\n")
        assert (await wire.response()).status == 413
        with pytest.raises(ConnectionError):
            await wire.flood(b"x" * 10_000)
    async with running(quick(dropped_seconds=0.05)) as server, connected(server.port) as wire:
        await wire.send(HEAD + b"content-length: 900000000\r\n\r\n")
        assert (await wire.response()).status == 413
        assert await wire.closed() == b""


async def test_chunks_of_nothing_but_framing() -> None:
    """A chunked body whose extensions outweigh it is refused."""
    async with running() as server, connected(server.port) as wire:
        await wire.send(HEAD + b"transfer-encoding: chunked\r\n\r\n")
        for _ in range(3):
            await wire.send(b"1;" + b"e" * 20_000 + b"\r\nx\r\n")
            await asyncio.sleep(0)
        assert (await wire.response()).status == 413


async def test_too_many_connections() -> None:
    """One beyond the limit is told so; when another goes there is room again."""
    async with (
        running(quick(connections=2)) as server,
        connected(server.port) as first,
        connected(server.port) as second,
    ):
        assert (await first.request("GET", "/api/v1/open")).status == 200
        assert (await second.request("GET", "/api/v1/open")).status == 200
        async with connected(server.port) as third:
            answer = await third.response()
            assert (answer.status, answer.json["error"]["code"]) == (503, "unavailable")
            assert answer.headers["retry-after"] == "1"
            assert await third.closed() == b""
        second.writer.close()
        await second.writer.wait_closed()
        assert (await first.request("GET", "/api/v1/open")).status == 200
        async with connected(server.port) as fourth:
            assert (await fourth.request("GET", "/api/v1/open")).status == 200


async def test_a_thousand_idle_connections_cost_nobody_else() -> None:
    """They wait; a client between them is served."""
    async with running() as server:
        idle = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", server.port) for _ in range(1000)))
        async with connected(server.port) as wire:
            assert (await wire.request("POST", "/api/v1/events", b"{}")).status == 202
        for _, writer in idle:
            writer.close()


NOT_HTTP = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET /\r\n\r\n",
    b"GET /api/v1/events/1 HTTP/0.9\r\n\r\n",
    b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
    b"GET /\xff HTTP/1.1\r\n\r\n",
    b"CONNECT example.org:443 HTTP/1.1\r\n\r\n",
    b"POST / HTTP/1.1\r\ncontent-length: x\r\n\r\n",
    b"POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
    b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n",
    HEAD + b"transfer-encoding: chunked\r\n\r\nzz\r\n",
]


@pytest.mark.parametrize("garbage", NOT_HTTP)
async def test_what_is_not_http(garbage: bytes) -> None:
    """400, and the end of the connection."""
    async with running() as server, connected(server.port) as wire:
        await wire.send(garbage)
        answer = await wire.response()
        assert answer.status == 400
        assert b'"invalid"' in answer.body
        assert await wire.closed() == b""


async def test_one_bad_connection_does_not_end_the_watch(caplog: pytest.LogCaptureFixture) -> None:
    """What goes wrong in looking at one connection is logged; the others are still looked at."""

    class Bad:
        def __init__(self) -> None:
            self.looked = 0

        def sweep(self, now: float) -> None:
            self.looked += 1
            raise RuntimeError(f"bad at {now > 0}")

    sweeper, bad = Sweeper(ServerState(), HttpLimits()), Bad()
    sweeper.joined(bad)
    sweeper.sweep()
    sweeper.sweep()
    assert bad.looked == 2
    assert "could not be swept" in caplog.text


async def test_a_client_that_reads_no_answer() -> None:
    """It is cut off, and does not hold up a stop."""
    async with running(quick(write_seconds=0.05)) as server, connected(server.port) as wire:
        wire.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await wire.send(request("POST", "/api/v1/big") * 20)
        with pytest.raises(ConnectionError):
            await wire.flood(b"x")


@pytest.mark.parametrize("path", ["/api/v1/big", "/api/v1/wait", "/api/v1/slow", "/api/v1/stream"])
async def test_a_client_that_leaves_is_no_error(path: str, caplog: pytest.LogCaptureFixture) -> None:
    """Whenever it goes, nothing is logged, and the handler comes to its end."""
    method = "GET" if path in {"/api/v1/slow", "/api/v1/stream"} else "POST"
    with caplog.at_level(logging.DEBUG):
        async with running() as server:
            async with connected(server.port) as wire:
                await wire.send(request(method, path))
                if path != "/api/v1/big":
                    await server.engine.entered.wait()
                wire.writer.transport.abort()
            if path == "/api/v1/stream":
                await server.engine.left.wait()
    assert [record for record in caplog.records if record.name != "asyncio"] == []


async def test_a_live_answer_ends_with_its_reader() -> None:
    """A reader that closes is noticed at once, not at the next event."""
    async with running() as server:
        async with connected(server.port) as wire:
            await wire.send(request("GET", "/api/v1/stream"))
            assert (await wire.response()).status == 200
            assert await wire.chunk() == b"id: 1\ndata: {}\n\n"
        await server.engine.left.wait()
        assert not server.engine.release.is_set()
