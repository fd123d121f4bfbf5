"""Clients that half-send, trickle, flood, pipeline or speak no HTTP: a clear answer, and nobody else notices."""

import asyncio
import json
import resource
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest

from tests.acceptance.conftest import MakeServer
from tests.acceptance.server import Server
from tests.acceptance.wire import Answered, Connection, request

EVENT = b'{"type": "a.b"}'
MIB = 1024 * 1024


@pytest.fixture
async def steady(make_server: MakeServer) -> AsyncIterator[Server]:
    """A server; afterwards it serves, and has stumbled over nothing."""
    server = make_server()
    await server.start()
    yield server
    await server.send("still.serving")
    assert "Traceback" not in server.log()


@pytest.fixture
async def strict(make_server: MakeServer) -> AsyncIterator[Server]:
    """The same with short patience, which a client on a busy machine may try: for those alone who are to lose it."""
    server = make_server(ENSUE_HEADER_TIMEOUT="1s", ENSUE_BODY_PAUSE="1s", ENSUE_BODY_TIMEOUT="2s")
    await server.start()
    yield server
    await server.send("still.serving")
    assert "Traceback" not in server.log()


async def stored(server: Server) -> int:
    """How many events there are."""
    return len(await server.items("/api/v1/events?limit=200"))


def post(server: Server, body: bytes = EVENT, **headers: str) -> bytes:
    """A request that sends an event, as bytes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return request("POST", "/api/v1/events", body, server.headers() | named)


async def sent_and_answered(connection: Connection, data: bytes) -> Answered:
    """Send without reading, as simple clients do, then read; a reset of what was left to send is no matter."""
    with suppress(ConnectionError):
        await connection.send(data)
    return await connection.answer()


async def test_half_sent_headers_are_answered_408(strict: Server) -> None:
    """Who stops in the middle of the headers is told so, and the connection ends."""
    async with Connection(strict.port) as connection:
        await connection.send(post(strict)[:60])
        answered = await connection.answer()
        assert (answered.status, answered.code) == (408, "timeout")
        assert await connection.ended() == b""


async def test_a_body_that_pauses_is_answered_408(strict: Server) -> None:
    """Who stops in the middle of the body is told so; nothing is stored."""
    async with Connection(strict.port) as connection:
        await connection.send(post(strict)[:-1])
        answered = await connection.answer()
    assert (answered.status, answered.code) == (408, "timeout")
    assert await stored(strict) == 0


async def test_a_body_that_trickles_is_answered_408(strict: Server) -> None:
    """Who never pauses, but takes too long in all, is told so too."""
    async with Connection(strict.port) as connection:
        await connection.send(post(strict, content_length="100000"))
        answer = asyncio.create_task(connection.answer())
        while not answer.done():
            await asyncio.wait([answer], timeout=0.2)
            with suppress(ConnectionError):
                await connection.send(b" ")
        assert (answer.result().status, answer.result().code) == (408, "timeout")


async def test_a_connection_that_says_nothing_is_closed(strict: Server) -> None:
    """A client that never speaks is let go without an answer."""
    async with Connection(strict.port) as connection:
        assert await connection.ended() == b""


def resident(pid: int) -> int:
    """The memory that a process has (bytes)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize()


async def test_20_mb_of_headers_are_refused(steady: Server) -> None:
    """They are answered 413 and not kept; the same for one line without an end."""
    before = resident(steady.pid)
    many = b"GET /healthz HTTP/1.1\r\nhost: x\r\n" + b"".join(b"x-%07d: 0123456789\r\n" % n for n in range(900_000))
    for head in (many, b"GET /" + b"a" * 20_000_000):
        async with Connection(steady.port) as connection:
            answered = await asyncio.gather(connection.answer(), connection.send(head), return_exceptions=True)
            assert isinstance(answered[0], Answered), answered
            assert (answered[0].status, answered[0].code) == (413, "too_large")
    assert resident(steady.pid) - before < 10 * MIB


LARGE = [
    ("/api/v1/events", 300 * 1024),
    ("/api/v1/events", 5 * MIB),
    ("/api/v1/events", 9 * MIB),
    ("/api/v1/events/batch", 9 * MIB),
    ("/api/v1/triggers", 5 * MIB),
]


@pytest.mark.parametrize(("path", "size"), LARGE)
async def test_a_large_body_still_gets_its_413(steady: Server, path: str, size: int) -> None:
    """A client that sends all of its body before it reads gets its answer, not a reset."""
    body = b'{"events": [{"type": "a.b"}], "type": "a.b", "data": "' + b"x" * size + b'"}'
    async with Connection(steady.port) as connection:
        answered = await sent_and_answered(connection, request("POST", path, body, steady.headers()))
    assert (answered.status, answered.code) == (413, "too_large")
    assert await stored(steady) == 0


@pytest.mark.parametrize(
    ("method", "path", "key", "expected"),
    [
        ("POST", "/api/v1/nothing", "", (404, "not_found")),
        ("PUT", "/api/v1/events", "", (405, "not_allowed")),
        ("POST", "/api/v1/events", "Bearer ens_unknown", (401, "unauthorized")),
        ("GET", "/healthz", "", (200, "")),
    ],
)
async def test_a_large_body_that_nobody_reads_still_gets_its_answer(
    steady: Server, method: str, path: str, key: str, expected: tuple[int, str]
) -> None:
    """Where a body is of no use it is dropped, and the answer arrives all the same."""
    headers = steady.headers() | ({"authorization": key} if key else {})
    async with Connection(steady.port) as connection:
        answered = await sent_and_answered(connection, request(method, path, bytes(5 * MIB), headers))
    assert (answered.status, answered.code if expected[1] else "") == expected


async def test_a_thousand_idle_connections_cost_nobody_anything(server: Server) -> None:
    """While they are open, half of them in the middle of a request, others are served."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8_192), hard))
    try:
        async with AsyncExitStack() as stack:
            idle = [await stack.enter_async_context(Connection(server.port)) for _ in range(1_000)]
            for connection in idle[::2]:
                await connection.send(post(server)[:60])
            for _ in range(20):
                await server.send()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert await stored(server) == 20


async def test_connections_beyond_the_limit_are_told_so(make_server: MakeServer) -> None:
    """One more than the limit is answered 503; those within it are served; when one goes, another may come."""
    server = make_server(ENSUE_MAX_CONNECTIONS="10")
    await server.start()
    async with AsyncExitStack() as stack:
        within = [await stack.enter_async_context(Connection(server.port)) for _ in range(10)]
        for connection in within:
            assert (await connection.call("GET", "/healthz", b"", {})).status == 200
        async with Connection(server.port) as beyond:
            answered = await beyond.answer()
            assert (answered.status, answered.code) == (503, "unavailable")
        within[0].close()
        assert (await within[1].call("POST", "/api/v1/events", EVENT, server.headers())).status == 202


async def test_pipelined_requests_are_answered_in_order(steady: Server) -> None:
    """Several requests in one packet: as many answers, in order, a bad one among them included."""
    bodies = [json.dumps({"type": f"pipe.{number}"}).encode() for number in range(6)]
    bodies[3] = b"{not json"
    async with Connection(steady.port) as connection:
        await connection.send(b"".join(post(steady, body) for body in bodies))
        raw = b""
        while raw.count(b"HTTP/1.1 ") < 6 or not raw.endswith(b"}"):
            raw += await asyncio.wait_for(connection.reader.read(65_536), 30)
    statuses = [int(part[:3]) for part in raw.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [202, 202, 202, 400, 202, 202]
    types = [event["type"] for event in await steady.items("/api/v1/events?limit=10")]
    assert types == ["pipe.5", "pipe.4", "pipe.2", "pipe.1", "pipe.0"]


def chunked(*chunks: bytes) -> bytes:
    """A body in chunks."""
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))


CHUNKED = {"transfer_encoding": "chunked", "content_length": ""}


async def test_chunked_bodies_are_read(steady: Server) -> None:
    """A body in chunks, one byte each, with an extension and a trailer, is the body."""
    body = chunked(*(EVENT[number : number + 1] for number in range(len(EVENT))))
    body = body.replace(b"1\r\n", b"1;extension=x\r\n", 1).removesuffix(b"\r\n") + b"trailer: x\r\n\r\n"
    async with Connection(steady.port) as connection:
        await connection.send(post(steady, b"", **CHUNKED) + body)
        assert (await connection.answer()).status == 202
        assert (await connection.call("GET", "/healthz", b"", {})).status == 200
    assert await stored(steady) == 1


async def test_chunks_without_end_are_refused(steady: Server) -> None:
    """A chunked body beyond the limit is answered 413 while it is still coming."""
    async with Connection(steady.port) as connection:
        endless = post(steady, b"", **CHUNKED) + b"%x\r\n%b\r\n" % (MIB, b"x" * MIB) * 10
        answered = await sent_and_answered(connection, endless)
    assert (answered.status, answered.code) == (413, "too_large")


NO_HTTP = {
    "a TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
    "HTTP/0.9": b"GET /\r\n\r\n",
    "no such version": b"GET /healthz HTTP/9.9\r\n\r\n",
    "a blank in a header's name": b"GET /healthz HTTP/1.1\r\nbad name: x\r\n\r\n",
    "a folded header": b"GET /healthz HTTP/1.1\r\nx: a\r\n b\r\n\r\n",
    "a length that is no number": b"POST /api/v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 1x\r\n\r\n",
    "a negative length": b"POST /api/v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
    "two lengths": b"POST /api/v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
    "length and chunks": b"POST /api/v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n"
    b"transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "a chunk without a size": b"POST /api/v1/events HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
}


@pytest.mark.parametrize("name", NO_HTTP)
async def test_what_is_no_http_is_refused(steady: Server, name: str) -> None:
    """Bytes that are no request, or mean two, are answered 4xx in the one form, and the connection ends."""
    async with Connection(steady.port) as connection:
        await connection.send(NO_HTTP[name])
        answered = await connection.answer()
        assert 400 <= answered.status < 500
        assert answered.code in ("invalid", "unauthorized", "not_found")
        assert await connection.ended() == b""
    assert await stored(steady) == 0


async def test_clients_that_hang_up_store_nothing(steady: Server) -> None:
    """A body that never came in full is no event, however often."""
    for cut in (1, 5, len(EVENT)):
        for _ in range(20):
            async with Connection(steady.port) as connection:
                await connection.send(post(steady)[:-cut])
    assert await stored(steady) == 0
