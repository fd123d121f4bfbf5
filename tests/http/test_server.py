"""The life of the server: ready when it is, stopped when everybody has finished, or when the grace is over."""

import asyncio
import resource
import socket

import pytest

from ensue.http.limits import HttpLimits
from ensue.http.server import make_room, serve
from tests.http.fakes import FakeEngine, application, running
from tests.http.wire import connected, request


async def test_it_says_where_it_is() -> None:
    """Port 0 is any; the one that was taken is told, and the engine has started by then."""
    async with running() as server:
        assert server.port > 0
        assert server.engine.life == ["start"]


async def test_the_engine_is_stopped_last() -> None:
    """When `serve` returns, all is over."""
    async with running() as server:
        pass
    assert server.engine.life == ["start", "stop"]


async def test_a_port_that_is_taken() -> None:
    """An error that says so, before the engine is started."""
    engine = FakeEngine()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            await serve(application(engine), "127.0.0.1", port, HttpLimits(), asyncio.Event(), 1.0)
    assert engine.life == []


async def test_an_engine_that_cannot_start() -> None:
    """Its error comes out; the port is free again."""

    class Broken(FakeEngine):
        async def start(self) -> None:
            raise RuntimeError("no store")

    with pytest.raises(RuntimeError, match="no store"):
        await serve(application(Broken()), "127.0.0.1", 0, HttpLimits(), asyncio.Event(), 1.0)


async def test_a_stop_ends_streams_and_idle_connections_at_once() -> None:
    """Readers get a proper end, so that they come back; nobody waits for the grace."""
    async with running(grace=600) as server, connected(server.port) as reader, connected(server.port) as idle:
        assert (await idle.request("GET", "/api/v1/open")).status == 200
        await reader.send(request("GET", "/api/v1/stream"))
        assert (await reader.response()).status == 200
        assert await reader.chunk() == b"id: 1\ndata: {}\n\n"
        server.begin_stop()
        assert await reader.chunk() == b""
        assert await reader.closed() == b""
        assert await idle.closed() == b""
        await server.stopped()


@pytest.mark.parametrize(("method", "path"), [("POST", "/api/v1/wait"), ("GET", "/api/v1/slow")])
async def test_a_stop_lets_requests_finish(method: str, path: str) -> None:
    """The answer comes, with word that the connection ends; new connections are not taken."""
    async with running(grace=600) as server, connected(server.port) as wire:
        await wire.send(request(method, path))
        await server.engine.entered.wait()
        server.begin_stop()
        while True:
            try:
                async with connected(server.port):
                    await asyncio.sleep(0)
            except ConnectionRefusedError:
                break
        server.engine.release.set()
        answer = await wire.response()
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        await server.stopped()


@pytest.mark.parametrize(("method", "path"), [("POST", "/api/v1/wait"), ("GET", "/api/v1/slow")])
async def test_a_stop_waits_no_longer_than_its_grace(method: str, path: str) -> None:
    """A request that does not finish is cut."""
    async with running(grace=0.05) as server, connected(server.port) as wire:
        await wire.send(request(method, path))
        await server.engine.entered.wait()
        await server.stopped()
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await wire.response()


async def test_a_half_sent_request_does_not_hold_up_a_stop() -> None:
    """Headers that are not complete are nobody's request yet."""
    async with running(grace=600) as server, connected(server.port) as wire, connected(server.port) as later:
        await wire.send(b"POST /api/v1/events HTTP/1.1\r\n")
        assert (await later.request("GET", "/api/v1/open")).status == 200
        await server.stopped()
        assert await wire.closed() == b""


def test_connections_need_files(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """The process takes the files that it may have; where these are too few it says so, and takes fewer clients."""
    held = [(256, 20_000)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: held[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: held.append(limits))
    assert (make_room(10_000), held[-1]) == (10_000, (11_500, 20_000))
    assert caplog.text == ""
    held.append((256, 4_000))
    assert (make_room(10_000), held[-1]) == (2_500, (4_000, 4_000))
    assert "ulimit" in caplog.text


@pytest.mark.parametrize(
    ("proxies", "given", "client"),
    [
        ((), "203.0.113.9", "127.0.0.1"),
        (("127.0.0.0/8",), "203.0.113.9", "203.0.113.9"),
        (("127.0.0.1",), "203.0.113.9, 127.0.0.1", "203.0.113.9"),
        (("127.0.0.1",), "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        (("127.0.0.1",), "6.6.6.6, nonsense", "127.0.0.1"),
        (("10.0.0.0/8", "::1"), "203.0.113.9", "127.0.0.1"),
        (("127.0.0.1",), "2001:db8::1", "2001:db8::1"),
    ],
)
async def test_who_the_client_is(proxies: tuple[str, ...], given: str, client: str) -> None:
    """`X-Forwarded-For` is believed from trusted proxies only, and from the right, on both ways."""
    async with running(proxies=proxies) as server, connected(server.port) as wire:
        assert (await wire.request("GET", "/api/v1/open", x_forwarded_for=given)).json["client"] == client
        await wire.request("POST", "/api/v1/events", b"{}", x_forwarded_for=given)
        assert server.engine.calls[-1].client == client


async def test_these_tests_run_on_the_loop_of_the_server() -> None:
    """Sockets behave differently on other loops, so that tests on another would say little."""
    assert type(asyncio.get_running_loop()).__module__.startswith("uvloop")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/v1/events", b"{}"),
        ("POST", "/api/v1/busy", b"{}"),
        ("GET", "/api/v1/events/1", b""),
        ("GET", "/api/v1/stream", b""),
        ("GET", "/nowhere", b""),
        ("OPTIONS", "/api/v1/events", b""),
        ("GET", "/" + "x" * 40_000, b""),
    ],
)
async def test_no_answer_is_taken_for_something_else(method: str, path: str, body: bytes) -> None:
    """By the short way, the long one, live, and what the port refuses by itself: a browser may not guess a type."""
    async with running() as server, connected(server.port) as wire:
        answer = await wire.request(method, path, body)
        assert answer.headers["x-content-type-options"] == "nosniff"
