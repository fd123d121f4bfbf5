"""From a request to its answer: routes, refusals, keys, whoever carried the request."""

import asyncio
import logging
from typing import Any

import pytest

from ensue.http.app import Application
from ensue.http.exchange import Route
from tests.http.fakes import NOW, FakeDialect, FakeEngine, application, running, take
from tests.http.wire import connected, request


async def test_a_hot_and_a_cold_route_answer() -> None:
    """Both ways bring the same call to the same kind of handler."""
    async with running() as server, connected(server.port) as wire:
        hot = await wire.request("POST", "/api/v1/events", b"{}")
        cold = await wire.request("POST", "/api/v1/batch", b"[]")
        assert (hot.status, cold.status) == (202, 202)
        assert hot.json == cold.json == {"size": 2, "key": "key_good", "query": ""}
        assert [call.now for call in server.engine.calls] == [NOW, NOW]
        assert [call.client for call in server.engine.calls] == ["127.0.0.1", "127.0.0.1"]


@pytest.mark.parametrize("path", ["/api/v1/events", "/api/v1/batch"])
async def test_the_headers_of_an_answer(path: str) -> None:
    """Type, not to be guessed, length, date, not to be kept; and nothing about the server."""
    async with running() as server, connected(server.port) as wire:
        answer = await wire.request("POST", path, b"{}")
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["date"].endswith(" GMT")
        named = {"content-type", "content-length", "cache-control", "date", "x-content-type-options"}
        assert set(answer.headers) == named


@pytest.mark.parametrize("path", ["/api/v1/events/", "/api/v1/events/x/"])
async def test_a_trailing_slash_is_the_same_path(path: str) -> None:
    """No redirect, which clients follow with another method."""
    async with running() as server, connected(server.port) as wire:
        answer = await wire.request("GET" if "x" in path else "POST", path)
        assert answer.status in {200, 202}


async def test_a_query_reaches_the_handler_of_a_hot_route() -> None:
    """A query makes a hot request unusual, not wrong."""
    async with running() as server, connected(server.port) as wire:
        assert (await wire.request("POST", "/api/v1/events?a=1", b"{}")).json["query"] == "YT0x"


async def test_an_escaped_slash_stays_in_the_id() -> None:
    """Ids are segments, decoded after matching."""
    async with running() as server, connected(server.port) as wire:
        assert (await wire.request("GET", "/api/v1/events/a%2Fb%20c")).json["parameters"] == {"id": "a/b c"}


@pytest.mark.parametrize(
    ("path", "body"), [("/api/v1/nothing", "fake"), ("/api/v1", "fake"), ("/api/v10", "error"), ("/other", "error")]
)
async def test_a_path_that_is_nowhere(path: str, body: str) -> None:
    """404 in the words of whoever owns the path, else in the native form."""
    async with running() as server, connected(server.port) as wire:
        answer = await wire.request("GET", path)
        assert answer.status == 404
        assert body in answer.json


async def test_a_method_that_is_not_done() -> None:
    """405 with what is, on hot paths too."""
    async with running() as server, connected(server.port) as wire:
        for method in ("GET", "PUT", "TRACE", "DELETE"):
            answer = await wire.request(method, "/api/v1/events")
            assert (answer.status, answer.json["fake"]) == (405, "not_allowed")
            assert answer.headers["allow"] == "POST, OPTIONS"


async def test_head_is_get_without_a_body() -> None:
    """The length is that of the body that GET has; a live answer is not begun."""
    async with running() as server, connected(server.port) as wire:
        head = await wire.request("HEAD", "/api/v1/open")
        assert (head.status, head.body) == (200, b"")
        assert head.headers["content-length"] == (await wire.request("GET", "/api/v1/open")).headers["content-length"]
        assert (await wire.request("HEAD", "/api/v1/stream")).headers["content-type"] == "text/event-stream"


async def test_options_says_what_there_is() -> None:
    """Without a preflight's headers, OPTIONS lists the methods and opens nothing."""
    async with running() as server, connected(server.port) as wire:
        answer = await wire.request("OPTIONS", "/api/v1/events")
        assert (answer.status, answer.headers["allow"]) == (204, "POST, OPTIONS")
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", ["/api/v1/fail", "/api/v1/events/x/cold-fail"])
async def test_a_bug_is_logged_and_not_told(path: str, caplog: pytest.LogCaptureFixture) -> None:
    """500 `internal`: the traceback is in the log, its words are not in the answer."""
    async with running() as server, connected(server.port) as wire:
        with caplog.at_level(logging.ERROR, logger="ensue"):
            answer = await wire.request("GET" if "cold" in path else "POST", path)
        assert (answer.status, answer.json["fake"]) == (500, "internal")
        assert b"secret reason" not in answer.body
        assert "secret reason" in caplog.text
        assert (await wire.request("GET", "/api/v1/open")).status == 200


@pytest.mark.parametrize("path", ["/api/v1/torn", "/api/v1/torn?cold"])
async def test_a_header_cannot_be_torn(path: str, caplog: pytest.LogCaptureFixture) -> None:
    """A handler that puts a line break into a header breaks its own answer, not the next one; the log says so."""
    async with running() as server, connected(server.port) as wire:
        await wire.send(request("POST", path))
        assert b"injected" not in await wire.closed()
        assert "cannot be sent" in caplog.text


async def test_a_refusal_says_when_to_come_back() -> None:
    """`Retry-After` is the error's, in seconds."""
    async with running() as server, connected(server.port) as wire:
        answer = await wire.request("POST", "/api/v1/busy")
        assert (answer.status, answer.headers["retry-after"]) == (503, "7")


@pytest.mark.parametrize("path", ["/api/v1/events", "/api/v1/batch"])
async def test_an_encoded_body_is_not_read(path: str) -> None:
    """415 for gzip; identity is no encoding."""
    async with running() as server, connected(server.port) as wire:
        assert (await wire.request("POST", path, b"{}", content_encoding="gzip")).status == 415
        assert (await wire.request("POST", path, b"{}", content_encoding="identity")).status == 202


@pytest.mark.parametrize(("path", "limit"), [("/api/v1/events", 20_000), ("/api/v1/batch", 1_000_000)])
async def test_the_body_limit(path: str, limit: int) -> None:
    """At the limit it is taken, one byte beyond it is not; by length, and chunked."""
    async with running() as server, connected(server.port) as wire:
        assert (await wire.request("POST", path, b"x" * limit)).json["size"] == limit
        assert (await wire.request("POST", path, b"x" * (limit + 1))).status == 413
        chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (limit + 1, b"x" * (limit + 1))
        assert (await wire.request("POST", path, chunked, transfer_encoding="chunked")).status == 413
        assert (await wire.request("POST", path, b"{}")).status == 202


async def test_a_body_that_nobody_wants_is_dropped() -> None:
    """A GET may have a body; the next request on the connection is read where it begins."""
    async with running() as server, connected(server.port) as wire:
        assert (await wire.request("GET", "/api/v1/open", b"x" * 300_000)).status == 200
        assert (await wire.request("GET", "/api/v1/open")).status == 200


@pytest.mark.parametrize("path", ["/signed/hot", "/signed/cold"])
async def test_a_dialect_may_sign_bodies(path: str) -> None:
    """Its credential is judged when the body is there, on both ways."""
    async with running() as server, connected(server.port) as wire:
        assert (await wire.request("POST", path, b"12345", signature="5")).json["key"] == "key_signed"
        assert (await wire.request("POST", path, b"12345", signature="4")).status == 401


@pytest.mark.parametrize("path", ["/signed/hot", "/signed/cold"])
@pytest.mark.parametrize("named", [{}, {"signature": "stranger"}])
async def test_a_stranger_is_refused_before_the_body(path: str, named: dict[str, str]) -> None:
    """Where bodies are signed too: whoever names no key that holds is answered while the body is still to come."""
    async with running() as server, connected(server.port) as wire:
        head = request("POST", path, b"", {"content_length": "500", **named})
        await wire.send(head)
        assert (await wire.response()).status == 401


async def test_a_key_that_is_not_at_hand_is_waited_for() -> None:
    """The hot route takes the long way for it."""
    async with running() as server, connected(server.port) as wire:
        assert (await wire.request("POST", "/api/v1/events", b"{}", token="cold")).json["key"] == "key_cold"


@pytest.mark.parametrize("changes", [{"method": "GET"}, {"path": "/{id...}"}, {"body_limit": None}])
def test_what_cannot_be_hot(changes: dict[str, Any]) -> None:
    """A hot route is a POST with a body and a path that ends: a mistake in a table is found at the start."""

    class Wrong(FakeDialect):
        def routes(self, engine: object) -> list[Route]:
            values = {"method": "POST", "path": "/hot", "body_limit": 1, **changes}
            return [Route(handler=take, name="n", summary="s", hot=True, **values)]

    with pytest.raises(ValueError, match="cannot be hot"):
        application(FakeEngine(), Wrong())


async def test_lifespan_starts_and_stops_the_engine() -> None:
    """Under any ASGI server, the engine lives as long as the server."""
    engine = FakeEngine()
    app: Application = application(engine)
    incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    outgoing: asyncio.Queue[Any] = asyncio.Queue()
    task = asyncio.create_task(app({"type": "lifespan"}, incoming.get, outgoing.put))
    await incoming.put({"type": "lifespan.startup"})
    assert (await outgoing.get())["type"] == "lifespan.startup.complete"
    assert engine.life == ["start"]
    await incoming.put({"type": "lifespan.shutdown"})
    assert (await outgoing.get())["type"] == "lifespan.shutdown.complete"
    await task
    assert engine.life == ["start", "stop"]
