"""What a request must prove, on hot and cold routes."""

import pytest

from tests.http.fakes import running
from tests.http.wire import Wire, connected, request

BOTH = pytest.mark.parametrize("path", ["/api/v1/events", "/api/v1/batch"])
SHOP = "https://shop.example"


@BOTH
@pytest.mark.parametrize(
    "given",
    ["Bearer", "Bearer ", "Basic Z29vZDo=", "good", "Bearer good good", "Bearer g\xf6\xf6d", "Bearer " + "a" * 2000],
)
async def test_a_malformed_credential(path: str, given: str) -> None:
    """401 with how to do it, never a crash."""
    async with running() as server, connected(server.port) as wire:
        answer = await wire.request("POST", path, b"{}", token="", authorization=given)
        assert (answer.status, answer.headers["www-authenticate"]) == (401, 'Bearer realm="ensue"')
        assert answer.json["fake"] == "unauthorized"
        assert "Bearer" in answer.json["message"]


@BOTH
async def test_no_credential_and_an_unknown_one(path: str) -> None:
    """401 both; the engine is asked for the one that is well formed."""
    async with running() as server, connected(server.port) as wire:
        assert (await wire.request("POST", path, b"{}", token="")).status == 401
        assert server.engine.keys.asked == 0
        assert (await wire.request("POST", path, b"{}", token="unknown")).status == 401
        assert server.engine.keys.asked == 1


@BOTH
async def test_a_key_without_the_scope(path: str) -> None:
    """403 that names the scope; nothing reaches the handler."""
    async with running() as server, connected(server.port) as wire:
        answer = await wire.request("POST", path, b"{}", token="reader")
        assert (answer.status, answer.json["fake"]) == (403, "forbidden")
        assert "events:write" in answer.json["message"]
        assert server.engine.calls == []


async def test_the_scheme_is_in_any_case() -> None:
    """`bearer` is `Bearer` (RFC 9110, section 11.1)."""
    async with running() as server, connected(server.port) as wire:
        assert (
            await wire.request("POST", "/api/v1/events", b"{}", token="", authorization="bearer good")
        ).status == 202


@BOTH
async def test_nobody_without_a_key_makes_us_read(path: str) -> None:
    """The refusal comes before the body has, and the connection serves on when it has been dropped."""
    async with running() as server, connected(server.port) as wire:
        await wire.send(b"POST %b HTTP/1.1\r\nhost: x\r\ncontent-length: 10000\r\n\r\n" % path.encode())
        assert (await wire.response()).status == 401
        await wire.send(b"x" * 10_000)
        assert (await wire.request("POST", path, b"{}")).status == 202


async def public(wire: Wire, path: str, body: bytes = b"{}", origin: str = SHOP, method: str = "POST") -> int:
    """The status that a public key gets."""
    return (await wire.request(method, path, body, token="public", origin=origin)).status


async def test_a_public_key_may_only_send() -> None:
    """From its origins, to the routes that are public, small bodies."""
    async with running() as server, connected(server.port) as wire:
        assert await public(wire, "/api/v1/events") == 202
        assert await public(wire, "/api/v1/events", origin="https://other.example") == 403
        assert (await wire.request("POST", "/api/v1/events", b"{}", token="public")).status == 403
        assert await public(wire, "/api/v1/batch") == 403
        assert await public(wire, "/api/v1/events/x", b"", method="GET") == 403


@pytest.mark.parametrize("way", [{}, {"expect": "nothing-known"}])
async def test_the_body_of_a_public_key(way: dict[str, str]) -> None:
    """16 KiB, and not a byte more, on both ways."""
    async with running() as server, connected(server.port) as wire:
        for size, status in ((16 * 1024, 202), (16 * 1024 + 1, 413)):
            headers = {"token": "public", "origin": SHOP, **way}
            await wire.send(request("POST", "/api/v1/events", b"x" * size, headers))
            assert (await wire.response()).status == status


async def test_a_preflight() -> None:
    """A browser may send from any origin to public routes, and to no other."""
    async with running() as server, connected(server.port) as wire:
        asked = {"origin": SHOP, "access-control-request-method": "POST", "token": ""}
        await wire.send(request("OPTIONS", "/api/v1/events", b"", asked))
        answer = await wire.response()
        assert (answer.status, answer.headers["access-control-allow-origin"]) == (204, "*")
        assert answer.headers["access-control-allow-methods"] == "POST"
        assert "authorization" in answer.headers["access-control-allow-headers"]
        await wire.send(request("OPTIONS", "/api/v1/batch", b"", asked))
        closed = await wire.response()
        assert "access-control-allow-origin" not in closed.headers


async def test_a_browser_may_read_its_answer() -> None:
    """Also a refusal, so that a page can tell what is wrong."""
    async with running() as server, connected(server.port) as wire:
        for token, status in (("public", 202), ("unknown", 401)):
            answer = await wire.request("POST", "/api/v1/events", b"{}", token=token, origin=SHOP)
            assert (answer.status, answer.headers["access-control-allow-origin"]) == (status, "*")
