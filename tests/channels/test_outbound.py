"""Holds that a request goes to a vetted address or nowhere, once, and with nothing in it that we did not put there."""

import asyncio
import socket
from collections.abc import Sequence
from pathlib import Path

import pytest
import uvloop

from ensue.channels.outbound import Outbound, Reply, Request
from ensue.channels.resolver import SystemResolver
from ensue.domain.errors import EnsueError
from ensue.domain.guard import Allowed
from tests.channels.receiver import LOOPBACK, OK, Ask, failed, outbound, post, receiver, replied


async def test_a_request_arrives_as_it_was_meant() -> None:
    """Method, path, headers and body arrive; nothing is added but what HTTP needs."""
    async with receiver() as sink, outbound() as client:
        reply = replied(await client.send(post(sink.url(path="/a?b=c"), b'{"a":1}', content_type="a/b", x_one="1")))
        assert (reply.status, reply.body, reply.truncated) == (200, b"ok", False)
        assert reply.headers == (("Content-Length", "2"),)
        head, _, body = sink.requests[0].partition(b"\r\n\r\n")
        assert body == b'{"a":1}'
        assert head.decode().split("\r\n") == [
            "POST /a?b=c HTTP/1.1",
            f"Host: 127.0.0.1:{sink.port}",
            "User-Agent: Ensue",
            "Accept: */*",
            "Accept-Encoding: gzip",
            "content-type: a/b",
            "x-one: 1",
            "Content-Length: 7",
        ]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_every_method_works_on_a_used_handle(method: str) -> None:
    """A handle that sent one method sends the next one cleanly."""
    async with receiver(b"HTTP/1.1 204 No Content\r\n\r\n") as sink, outbound() as client:
        for name in ("POST", method, "POST", "GET", method):
            assert replied(await client.send(Request(name, sink.url(), (), b"abc", 10_000))).status == 204
        bodies = [request.partition(b"\r\n\r\n")[2] for request in sink.requests]
        assert [request.split(b" ")[0].decode() for request in sink.requests] == ["POST", method, "POST", "GET", method]
        own = b"" if method in {"GET", "HEAD"} else b"abc"
        assert bodies == [b"abc", own, b"abc", b"", own]
        assert all(b"form-urlencoded" not in request for request in sink.requests)


async def test_connections_are_used_again() -> None:
    """Twenty sends one after the other are one connection, by literal and by name."""
    async with receiver() as sink, outbound(names={"hook.test": ["127.0.0.1"]}) as client:
        for host in ("127.0.0.1", "hook.test"):
            for _ in range(20):
                assert replied(await client.send(post(sink.url(host)))).status == 200
        assert (sink.connections, len(sink.requests)) == (2, 40)


async def test_many_sends_at_once_each_get_their_answer() -> None:
    """Concurrent sends do not mix: each answer belongs to its request."""
    async with receiver() as sink, outbound() as client:

        async def echo(writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n" + sink.requests[-1][-4:])

        sink.answer = echo
        results = await asyncio.gather(*(client.send(post(sink.url(), b"%04d" % n)) for n in range(60)))
        assert [replied(result).body for result in results] == [b"%04d" % n for n in range(60)]


def test_it_runs_on_uvloop() -> None:
    """The loop of production drives it as well as asyncio's own."""

    async def send() -> Reply:
        async with receiver() as sink, outbound(names={"hook.test": ["127.0.0.1"]}) as client:
            await asyncio.gather(*(client.send(post(sink.url())) for _ in range(50)))
            failed(await client.send(post("http://127.0.0.1:1/")), "connect")
            return replied(await client.send(post(sink.url("hook.test"))))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(send()).status == 200


@pytest.mark.parametrize(
    "url",
    ["http://10.0.0.1/", "http://169.254.169.254/latest/", "http://[::1]/", "http://u@h.test/", "ftp://h.test/", "x"],
)
async def test_a_refused_url_is_a_failure(url: str) -> None:
    """What the guard refuses never reaches the network, and says why."""
    async with outbound() as client:
        assert failed(await client.send(post(url)), "refused")


@pytest.mark.parametrize(
    "addresses",
    [
        ["10.0.0.1"],
        ["127.0.0.1", "10.0.0.1"],
        ["10.0.0.1", "127.0.0.1"],
        ["127.0.0.1", "::ffff:127.0.0.1"],
        ["127.0.0.1", "fe80::1%lo"],
        ["127.0.0.1", *(["127.0.0.2"] * 20), "169.254.169.254"],
    ],
)
async def test_one_refused_address_refuses_the_host(addresses: Sequence[str]) -> None:
    """A name with one public and one private record is refused whole; the public one gets no connection either."""
    async with receiver() as sink, outbound(names={"hook.test": addresses}) as client:
        message = failed(await client.send(post(sink.url("hook.test"))), "refused")
        assert "hook.test resolves to" in message
        assert sink.connections == 0


async def test_a_name_that_is_rebound_is_refused_and_its_connection_is_not_used() -> None:
    """Between two sends the name turns to a forbidden place: no byte goes anywhere, though a connection stands."""
    names = {"hook.test": ["127.0.0.1"]}
    async with receiver() as sink, receiver(host="127.0.0.2", port=sink.port) as inner:
        async with outbound(Allowed.parse("127.0.0.1"), names) as client:
            assert replied(await client.send(post(sink.url("hook.test")))).status == 200
            names["hook.test"] = ["127.0.0.2"]
            assert "127.0.0.2" in failed(await client.send(post(sink.url("hook.test"))), "refused")
            names["hook.test"] = ["127.0.0.1"]
            assert replied(await client.send(post(sink.url("hook.test")))).status == 200
        assert (len(sink.requests), sink.connections, inner.connections) == (2, 1, 0)


async def test_a_name_that_moved_is_followed() -> None:
    """A request goes to the address that was vetted for it, not to where an older connection leads."""
    names = {"hook.test": ["127.0.0.1"]}
    async with receiver() as old, receiver(host="127.0.0.2", port=old.port) as new, outbound(LOOPBACK, names) as client:
        for address in ("127.0.0.1", "127.0.0.2", "127.0.0.1", "127.0.0.2"):
            names["hook.test"] = [address]
            assert replied(await client.send(post(old.url("hook.test")))).status == 200
        assert (len(old.requests), len(new.requests), old.connections, new.connections) == (2, 2, 1, 1)


async def test_the_name_is_resolved_once_a_send() -> None:
    """There is no second resolution that could answer differently."""
    asked: list[str] = []

    async def resolve(host: str) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    async with receiver() as sink:
        client = Outbound(LOOPBACK, resolve=resolve)
        assert replied(await client.send(post(sink.url("hook.test")))).status == 200
        assert asked == ["hook.test"]
        failed(await client.send(post(sink.url("hook.test"))), "refused")
        assert (asked, len(sink.requests)) == (["hook.test", "hook.test"], 1)
        await client.close()


async def test_the_next_address_is_tried_where_none_listens() -> None:
    """A dead address costs no attempt: the request was not written; the good one is preferred from then on."""
    async with receiver() as sink, outbound(names={"hook.test": ["127.0.0.9", "127.0.0.1"]}) as client:
        ask = Ask()
        for _ in range(3):
            assert replied(await client.send(post(sink.url("hook.test")), ask)).status == 200
        assert (ask.times, sink.connections) == (3, 1)


@pytest.mark.parametrize("addresses", [[], None, ["not an address"]])
async def test_a_name_without_an_address_is_a_failure(addresses: Sequence[str] | None) -> None:
    """What does not resolve says so."""
    names = {} if addresses is None else {"hook.test": addresses}
    async with outbound(names=names) as client:
        assert "hook.test" in failed(await client.send(post("http://hook.test/")), "resolve")


async def test_a_name_that_nobody_can_have_is_told_as_such() -> None:
    """A receiver below `.example`, as the demo's are, is no fault of whoever looks for it."""
    async with outbound(names={}) as client:
        assert "for examples" in failed(await client.send(post("https://shop.fjord.example/")), "resolve")
        assert "for examples" not in failed(await client.send(post("https://hook.test/")), "resolve")


async def test_a_name_server_that_hangs_ends_with_the_time_out() -> None:
    """Waiting for a name counts against the time-out."""

    async def resolve(_host: str) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    client = Outbound(LOOPBACK, resolve=resolve)
    assert "in time" in failed(await client.send(post("http://hook.test/", timeout_ms=50)), "resolve")
    await client.close()


async def test_nobody_listens() -> None:
    """A refused connection is a failure of kind connect."""
    async with outbound() as client:
        assert "127.0.0.1" in failed(await client.send(post("http://127.0.0.1:1/")), "connect")
        assert failed(await client.send(post("http://[::1]:1/")), "refused")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(status: int) -> None:
    """A redirect, to wherever, is an answer like any other."""
    async with receiver() as inner, receiver() as sink, outbound() as client:
        sink.answer = f"HTTP/1.1 {status} X\r\nLocation: {inner.url()}\r\nContent-Length: 0\r\n\r\n".encode()
        reply = replied(await client.send(post(sink.url())))
        assert (reply.status, inner.connections) == (status, 0)
        assert ("Location", inner.url()) in reply.headers


async def test_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither a proxy nor a .netrc of the surroundings has a say."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    async with receiver(b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n") as proxy, receiver() as sink:
        monkeypatch.setenv("HOME", str(tmp_path))
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url(path=""))
        monkeypatch.setenv("no_proxy", "")
        async with outbound() as client:
            assert replied(await client.send(post(sink.url()))).status == 200
        assert proxy.connections == 0
        assert b"uthorization" not in sink.requests[0]


async def test_cookies_are_not_kept() -> None:
    """An answer cannot plant state for the next request."""
    answer = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n"
    async with receiver(answer) as sink, outbound() as client:
        for _ in range(2):
            await client.send(post(sink.url()))
        assert b"ookie" not in sink.requests[1]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, "x") for name in ("Host", "Content-Length", "Transfer-Encoding", "Proxy-Authorization", "Connection")),
        *(("X", value) for value in ("a\r\nHost: b", "a\nb", "\x00")),
        *((name, "x") for name in ("X\r\nY", "X Y")),
    ],
)
async def test_a_header_that_smuggles_is_refused(name: str, value: str) -> None:
    """Checked here as well as when the trigger was made, also where the name was seen before."""
    async with receiver() as sink, outbound() as client:
        assert replied(await client.send(post(sink.url(), X="fine"))).status == 200
        assert failed(await client.send(Request("POST", sink.url(), ((name, value),), b"", 1000)), "refused")
        assert len(sink.requests) == 1


async def test_an_empty_header_and_one_that_overrides_go_out() -> None:
    """Libcurl reads an empty value as "leave it out"; ours goes out empty. User-Agent may be the user's own."""
    async with receiver() as sink, outbound() as client:
        await client.send(post(sink.url(), x_empty="", user_agent="mine", authorization="Bearer x"))
        head = sink.requests[0].decode()
        assert "x-empty:\r\n" in head
        assert "user-agent: mine\r\n" in head
        assert "Ensue" not in head


async def test_a_method_of_ones_own_is_refused() -> None:
    """A method cannot carry a second request line."""
    async with outbound() as client:
        request = Request("GET / HTTP/1.1\r\nX:", "http://127.0.0.1:1/", (), b"", 1000)
        assert "method" in failed(await client.send(request), "refused")


async def test_a_large_body_is_sent_without_waiting_for_a_continue() -> None:
    """No `Expect: 100-continue`, whatever the size."""
    async with receiver() as sink, outbound() as client:
        assert replied(await client.send(post(sink.url(), b"x" * 3_000_000))).status == 200
        assert b"xpect" not in sink.requests[0][:500]
        assert len(sink.requests[0]) > 3_000_000


async def test_about_to_write_has_the_last_word() -> None:
    """Asked once a send, on new and on reused connections; no means that not one byte is sent."""
    async with receiver() as sink, outbound() as client:
        yes, no = Ask(), Ask(answer=False)
        assert failed(await client.send(post(sink.url()), no), "stale")
        assert replied(await client.send(post(sink.url()), yes)).status == 200
        assert failed(await client.send(post(sink.url()), no), "stale")
        assert (yes.times, no.times, len(sink.requests)) == (1, 2, 1)


async def test_what_about_to_write_raises_reaches_the_caller() -> None:
    """A programmer's error is not swallowed, and nothing is sent."""
    async with receiver() as sink, outbound() as client:
        with pytest.raises(ZeroDivisionError):
            await client.send(post(sink.url()), lambda: bool(1 // 0))
        assert sink.requests == []
        assert replied(await client.send(post(sink.url()))).status == 200


async def test_a_cancelled_send_leaves_nothing_behind() -> None:
    """The connection ends with the send, and the client goes on."""
    gone = asyncio.Event()

    async def wait(writer: asyncio.StreamWriter) -> None:
        try:
            await writer.wait_closed()
        finally:
            gone.set()

    async with receiver(wait) as sink, outbound() as client:
        task = asyncio.create_task(client.send(post(sink.url())))
        await sink.arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        sink.answer = OK
        assert replied(await client.send(post(sink.url()))).status == 200
        assert client._driver is not None
        assert client._driver._running == {}


async def test_close_ends_what_is_under_way() -> None:
    """Each send gets its failure, and later ones too."""

    async def never(_writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async with receiver(never) as sink:
        client = Outbound(LOOPBACK)
        task = asyncio.create_task(client.send(post(sink.url())))
        await sink.arrived.wait()
        await client.close()
        assert failed(await task, "closed")
        assert failed(await client.send(post(sink.url())), "closed")


async def test_lookup_warns_or_refuses() -> None:
    """Making a trigger: unknown names are accepted with a warning, refused addresses are not."""
    names = {"ok.test": ["127.0.0.1"], "bad.test": ["127.0.0.1", "10.0.0.1"]}
    async with outbound(names=names) as client:
        assert await client.lookup("http://ok.test/") is None
        assert await client.lookup("http://127.0.0.1/") is None
        assert "gone.test does not resolve" in str(await client.lookup("http://gone.test/"))
        for url in ("http://bad.test/", "http://10.0.0.1/", "http://localhost.localdomain/"):
            with pytest.raises(EnsueError, match="ENSUE_ALLOW_NETWORKS") as refused:
                await client.lookup(url, "endpoint.url")
            assert (refused.value.code, refused.value.field) == ("invalid", "endpoint.url")


async def test_localhost_needs_no_dns() -> None:
    """Where loopback is allowed, localhost is that address, whatever the resolver would say."""
    async with receiver() as sink, outbound(names={"localhost": ["10.0.0.1"]}) as client:
        assert replied(await client.send(post(sink.url("localhost")))).status == 200
        assert f"Host: localhost:{sink.port}".encode() in sink.requests[0]


async def test_the_system_resolver_answers_and_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system is asked in threads: one lookup for many who ask at once, an OSError where there is no such name."""
    asked: list[str] = []

    def look_up(host: str, _port: None, **_hints: object) -> list[tuple[object, ...]]:
        asked.append(host)
        if host == "gone.test":
            raise socket.gaierror("Name or service not known")
        return [(2, 1, 6, "", ("127.0.0.1", 0)), (2, 1, 6, "", ("127.0.0.1", 0)), (10, 1, 6, "", ("::1", 0, 0, 0))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    resolver = SystemResolver()
    assert await asyncio.gather(*(resolver("a.test") for _ in range(10))) == [["127.0.0.1", "::1"]] * 10
    with pytest.raises(OSError, match="not known"):
        await resolver("gone.test")
    assert asked == ["a.test", "gone.test"]
    resolver.close()
