"""The short way of hot routes: the same answers as the long way, in order, whatever is unusual."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable

import pytest

from ensue.http.exchange import Route
from ensue.http.hot import HotRoutes
from ensue.http.routing import Bound
from tests.http.fakes import FakeDialect, FakeEngine, application, running, take
from tests.http.wire import Wire, connected, request

LONG, SHORT = False, True


async def both(data: bytes) -> list[bytes]:
    """All that the server says to `data` until it closes: by the long way alone, and with the short one."""
    said = []
    for short in (LONG, SHORT):
        engine = FakeEngine()
        app = application(engine)
        if not short:
            app.hot = HotRoutes()
        async with running(app=app) as server, connected(server.port) as wire:
            await wire.send(data)
            said.append(re.sub(rb"date: [^\r]+", b"date", await wire.closed()))
    return said


def last(method: str = "POST", path: str = "/api/v1/events", body: bytes = b"{}", **headers: str) -> bytes:
    """A request after which the connection ends."""
    return request(method, path, body, {"connection": "close", **headers})


@pytest.mark.parametrize(
    "data",
    [
        last(),
        last(token="unknown"),
        last(token="cold"),
        last(token="reader"),
        last(path="/api/v1/fail"),
        last(path="/api/v1/busy"),
        last(path="/signed/hot", signature="2"),
        last(path="/signed/hot", signature="3"),
        last(path="/signed/hot", signature="stranger"),
        last(path="/signed/hot"),
        last(body=b""),
        last(body=b"x" * 20_000),
        last(body=b"x" * 20_001),
        last(content_encoding="gzip"),
        last(origin="https://shop.example", token="public"),
        last(path="/api/v1/events/"),
        last(path="/api/v1/at/home/events"),
        last(path="/api/v1/at/home/events/"),
        last(path="/api/v1/at/a%2Fb/events"),
        last(path="/api/v1/at//events"),
        last(path="/api/v1/events?a=b"),
        last(body=b"2\r\n{}\r\n0\r\n\r\n", transfer_encoding="chunked"),
        last(body=b"2\r\n{}\r\n0\r\nx-trailer: 1\r\n\r\n", transfer_encoding="chunked"),
        last(connection="Upgrade, HTTP2-Settings", upgrade="h2c"),
        last(method="GET", path="/api/v1/open", body=b"", connection="Upgrade", upgrade="websocket") + b"\x81\x00",
        last(method="GET", body=b""),
        request("POST", "/api/v1/events", b"{}") + last(),
        request("POST", "/api/v1/events", b"{}", {"connection": "keep-alive"}) * 5
        + last(method="GET", path="/nowhere"),
        last().replace(b"HTTP/1.1", b"HTTP/1.0"),
        request("POST", "/api/v1/events", b"{}").replace(b"HTTP/1.1", b"HTTP/1.0"),
        request("POST", "/api/v1/events", b"{}") + b"GARBAGE\r\n\r\n",
        request("POST", "/api/v1/wait", b"x" * 101) + last(),
    ],
)
async def test_both_ways_say_the_same(data: bytes) -> None:
    """Byte for byte but for the order of headers: whoever is on the other side cannot tell the ways apart."""
    long, short = await both(data)
    assert sorted(short.split(b"\r\n")) == sorted(long.split(b"\r\n"))
    assert short.startswith(b"HTTP/1.1 ")


async def test_the_short_way_is_taken() -> None:
    """A plain request to a hot route does without ASGI; else these tests would compare one thing with itself."""
    engine = FakeEngine()
    app = application(engine)
    app._http = None  # type: ignore[assignment, method-assign]
    async with running(app=app) as server, connected(server.port) as wire:
        assert (await wire.request("POST", "/api/v1/events", b"{}")).status == 202
        assert (await wire.request("POST", "/api/v1/at/home-1/events", b"{}")).status == 202
    assert engine.calls[1].parameters == {"place": "home-1"}
    assert engine.calls[1].path == "/api/v1/at/home-1/events"


@pytest.mark.parametrize(
    ("path", "method", "limit"),
    [
        ("/api/v1/{id}", "POST", 100),
        ("/api/v1/rest/{id...}", "POST", 100),
        ("/api/v1/x", "GET", 100),
        ("/api/v1/x", "POST", None),
    ],
)
def test_what_cannot_be_hot_is_refused(path: str, method: str, limit: int | None) -> None:
    """A path that another route has too, one that goes on without end, a method without a body, a body not read."""
    route = Route(method=method, path=path, handler=take, name="x", summary="X.", body_limit=limit, hot=True)
    with pytest.raises(ValueError, match="cannot be hot"):
        HotRoutes([*application(FakeEngine()).table, Bound(route, FakeDialect())])


@pytest.fixture
async def wire() -> AsyncIterator[tuple[Wire, FakeEngine]]:
    """A connection, and the engine behind it."""
    async with running() as server, connected(server.port) as opened:
        yield opened, server.engine


Pair = tuple[Wire, FakeEngine]


async def test_a_request_byte_by_byte(wire: Pair) -> None:
    """Wherever the network cuts it, a request is the same."""
    for byte in request("POST", "/api/v1/events", b'{"type":"a"}'):
        await wire[0].send(bytes([byte]))
        await asyncio.sleep(0)
    assert (await wire[0].response()).json["size"] == 12
    assert wire[1].calls[0].body == b'{"type":"a"}'


async def test_pipelined_answers_come_in_order(wire: Pair) -> None:
    """A slow first answer holds back quick later ones, by whichever way each goes."""
    later = request("POST", "/api/v1/events", b"1") + request("GET", "/api/v1/open") + request("POST", "/api/v1/busy")
    await wire[0].send(request("POST", "/api/v1/wait") + later + request("POST", "/api/v1/events", b"12345"))
    await wire[1].entered.wait()
    assert wire[1].calls == []
    wire[1].release.set()
    answers = [await wire[0].response() for _ in range(5)]
    assert [answer.status for answer in answers] == [200, 202, 200, 503, 202]
    assert (answers[1].json["size"], answers[4].json["size"]) == (1, 5)


async def test_pipelining_behind_a_cold_request(wire: Pair) -> None:
    """A hot request that arrives while a cold one is answered waits for its turn."""
    await wire[0].send(request("GET", "/api/v1/slow") + request("POST", "/api/v1/events", b"1"))
    await wire[1].entered.wait()
    wire[1].release.set()
    assert [(await wire[0].response()).status for _ in range(2)] == [200, 202]


async def test_garbage_behind_a_request_spoils_no_answer(wire: Pair) -> None:
    """The answer that is owed is given, then the connection ends."""
    await wire[0].send(request("POST", "/api/v1/wait") + b"NOT HTTP AT ALL\r\n\r\n")
    await wire[1].entered.wait()
    wire[1].release.set()
    assert (await wire[0].response()).json == {"released": True}
    assert await wire[0].closed() == b""


async def test_expect_continue(wire: Pair) -> None:
    """100 for a body that is wanted; a refusal without it for one that is not, and then the connection ends."""
    await wire[0].send(request("POST", "/api/v1/events", b"", {"expect": "100-continue", "content_length": "2"}))
    assert (await wire[0].response()).status == 100
    await wire[0].send(b"{}")
    assert (await wire[0].response()).status == 202
    await wire[0].send(request("POST", "/api/v1/events", b"", {"expect": "100-continue", "content_length": "99999"}))
    refused = await wire[0].response()
    assert (refused.status, refused.headers["connection"]) == (413, "close")
    assert await wire[0].closed() == b""


@pytest.mark.parametrize("path", ["/api/v1/events", "/api/v1/batch", "/api/v1/wait"])
async def test_a_client_that_says_no_more_gets_its_answer(wire: Pair, path: str) -> None:
    """Half-closing after the request is not leaving."""
    await wire[0].send(request("POST", path, b"{}"))
    wire[0].writer.write_eof()
    wire[1].release.set()
    assert (await wire[0].response()).status in {200, 202}
    assert await wire[0].closed() == b""


async def test_an_event_is_taken_though_its_sender_left(wire: Pair) -> None:
    """What was received in full is handled in full."""
    await wire[0].send(request("POST", "/api/v1/wait"))
    await wire[1].entered.wait()
    wire[0].writer.transport.abort()
    wire[1].release.set()


@pytest.mark.parametrize("make", [lambda n: b"x" * n, lambda n: b"\xff" * n], ids=["text", "bytes"])
async def test_a_large_answer_arrives(wire: Pair, make: Callable[[int], bytes]) -> None:
    """Two megabytes by the short way, then the next."""
    assert (await wire[0].request("POST", "/api/v1/big", make(100))).body == b"x" * 2_000_000
    assert (await wire[0].request("POST", "/api/v1/events", make(7))).json["size"] == 7
