"""Holds that no receiver can cost us memory, time or an exception: whatever it says is a reply or a failure."""

import asyncio
import gzip
import tracemalloc
import zlib

import pytest

from ensue.channels.outbound import Failure, Reply
from ensue.channels.transfers import MAX_BODY
from tests.channels.receiver import OK, Answer, Ask, failed, listening, outbound, post, receiver, replied

SHORT_MS = 200


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """A whole answer with its length."""
    head = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(head).encode() + body


def endless(head: bytes, piece: bytes) -> Answer:
    """An answer that goes on until the other side has had enough."""

    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while True:
            writer.write(piece)
            await writer.drain()

    return say


def then_close(text: bytes) -> Answer:
    """Says this and hangs up."""

    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        await writer.drain()
        writer.close()

    return say


def then_wait(text: bytes) -> Answer:
    """Says this and nothing more."""

    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        await writer.wait_closed()

    return say


@pytest.mark.parametrize(("size", "truncated"), [(0, False), (1, False), (MAX_BODY, False), (MAX_BODY + 1, True)])
async def test_the_body_is_kept_to_its_cap(size: int, *, truncated: bool) -> None:
    """64 KiB are whole, one byte more is cut, and the status counts in any case."""
    async with receiver(answer(b"x" * size)) as sink, outbound() as client:
        reply = replied(await client.send(post(sink.url())))
        assert (reply.status, len(reply.body), reply.truncated) == (200, min(size, MAX_BODY), truncated)
        assert replied(await client.send(post(sink.url()))).status == 200


async def test_a_compressed_answer_is_read() -> None:
    """Gzip is announced and undone."""
    async with (
        receiver(answer(gzip.compress(b"hello" * 99, mtime=0), "Content-Encoding: gzip")) as sink,
        outbound() as client,
    ):
        reply = replied(await client.send(post(sink.url())))
        assert (reply.body, reply.truncated) == (b"hello" * 99, False)


async def test_a_bomb_is_not_unpacked() -> None:
    """A quarter of a gigabyte in 250 KB: the cap is counted after decompression and no memory is spent."""
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(b"\0" * 2**20) for _ in range(256)) + packer.flush()
    async with receiver(answer(bomb, "Content-Encoding: gzip")) as sink, outbound() as client:
        tracemalloc.start()
        reply = replied(await client.send(post(sink.url())))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert (reply.status, reply.body, reply.truncated) == (200, b"\0" * MAX_BODY, True)
        assert peak < 4 * 2**20


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"],
    ids=["no length", "length"],
)
async def test_an_endless_body_is_cut(head: bytes) -> None:
    """At the cap the reading stops; the receiver has answered."""
    async with receiver(endless(head, b"x" * 1000)) as sink, outbound() as client:
        reply = replied(await client.send(post(sink.url())))
        assert (reply.status, len(reply.body), reply.truncated) == (200, MAX_BODY, True)


async def test_an_endless_chunked_body_is_cut() -> None:
    """Chunks that never end, with extensions and all, end at the cap."""
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with receiver(endless(chunked, b"5;a=b\r\nhello\r\n")) as sink, outbound() as client:
        assert replied(await client.send(post(sink.url()))).truncated


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"HTTP/1.1",
        b"HTTP/1.1 200 OK\r\nX: y\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe",
    ],
)
async def test_an_answer_that_stalls_is_a_time_out(text: bytes) -> None:
    """Silent from wherever on: the status alone is not an answer."""
    async with receiver(then_wait(text)) as sink, outbound() as client:
        assert "answer" in failed(await client.send(post(sink.url(), timeout_ms=SHORT_MS)), "timeout")


async def test_a_body_that_drips_is_a_time_out() -> None:
    """A byte now and then does not keep us beyond the time-out."""

    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x")
            await asyncio.sleep(0.01)  # the pace of the drip, not a wait for something

    async with receiver(drip) as sink, outbound() as client:
        assert failed(await client.send(post(sink.url(), timeout_ms=SHORT_MS)), "timeout")


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"X-Flood: " + b"y" * 50 + b"\r\n"),
        (b"HTTP/1.1 200 OK\r\nX: ", b"y" * 1000),
        (b"", b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X-Trailer: y\r\n"),
    ],
    ids=["headers", "one header", "hints", "continue", "trailers"],
)
async def test_a_flood_of_headers_ends(head: bytes, piece: bytes) -> None:
    """Headers, interim answers and trailers without end are a failure after 64 KiB, long before the time-out."""
    async with receiver(endless(head, piece)) as sink, outbound() as client:
        result = await client.send(post(sink.url(), timeout_ms=60_000))
        assert isinstance(result, Failure)
        assert result.kind == "protocol"
        assert result.duration_ms < 60_000


async def test_a_thousand_headers_within_the_bound_are_read() -> None:
    """Many small headers are no crime."""
    headers = [f"X-{n}: {n}" for n in range(1000)]
    async with receiver(answer(b"ok", *headers)) as sink, outbound() as client:
        reply = replied(await client.send(post(sink.url())))
        assert ("X-999", "999") in reply.headers
        assert len(reply.headers) == 1001


async def test_interim_answers_and_trailers_are_passed_over() -> None:
    """Only the headers of the final answer are kept."""
    text = b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n"
    async with receiver(text + b"2\r\nok\r\n0\r\nX-T: t\r\n\r\n") as sink, outbound() as client:
        reply = replied(await client.send(post(sink.url())))
        assert reply.body == b"ok"
        assert reply.headers == (("Transfer-Encoding", "chunked"), ("X-A", "b"))


async def test_a_folded_header_is_one() -> None:
    """An old way to write long values; the line break does not survive."""
    async with receiver(answer(b"", "X-A: b", "  c", "\td", "X-E:f")) as sink, outbound() as client:
        reply = replied(await client.send(post(sink.url())))
        assert reply.headers[:2] == (("X-A", "b c d"), ("X-E", "f"))


async def test_an_answer_without_length_ends_with_its_connection() -> None:
    """HTTP/1.0 manners: the close is the end."""
    async with receiver(then_close(b"HTTP/1.0 202 Accepted\r\nX:  y \r\n\r\nok")) as sink, outbound() as client:
        reply = replied(await client.send(post(sink.url())))
        assert (reply.status, reply.body, reply.headers) == (202, b"ok", (("X", "y"),))


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe",
    ],
)
async def test_a_connection_that_ends_too_soon_is_a_failure(text: bytes) -> None:
    """Half an answer is none."""
    async with receiver(then_close(text)) as sink, outbound() as client:
        assert failed(await client.send(post(sink.url())), "closed")


@pytest.mark.parametrize(
    "text",
    [
        b"hello\r\n",
        b"\x00\xff\xfe" * 50,
        b"<html>HTTP/0.9</html>",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"HTTP/1.1 xx OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"\x16\x03\x01\x00\x05hello",
        b"220 smtp ready\r\n",
    ],
    ids=ascii,
)
async def test_garbage_is_a_failure(text: bytes) -> None:
    """What is not HTTP is a failure, never an exception, and the client goes on."""
    async with receiver(then_close(text)) as sink, outbound() as client:
        result = await client.send(post(sink.url()))
        assert isinstance(result, Failure), result
        assert result.kind in {"protocol", "closed"}
        sink.answer = OK
        assert replied(await client.send(post(sink.url()))).status == 200


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("gzip", b"not gzip at all"), ("gzip", gzip.compress(b"x", mtime=0)[:10] + b"\xff" * 20), ("made-up", b"hello")],
)
async def test_a_body_that_cannot_be_read_is_still_an_answer(encoding: str, body: bytes) -> None:
    """The receiver has the request and said so; only its words are lost."""
    async with receiver(answer(body, f"Content-Encoding: {encoding}")) as sink, outbound() as client:
        reply = replied(await client.send(post(sink.url())))
        assert (reply.status, reply.truncated) == (200, True)


async def test_an_answer_before_the_body_is_read_counts() -> None:
    """A receiver that refuses after the headers is heard, though our body is still on its way."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer(b"too large", "Connection: close", status="413 Content Too Large"))
        while await reader.read(65536):
            pass

    async with listening(refuse) as port, outbound() as client:
        result = await client.send(post(f"http://127.0.0.1:{port}/", b"x" * 20_000_000))
        assert replied(result).status == 413


async def test_a_dead_connection_is_not_sent_to_twice() -> None:
    """A receiver that took the request on a reused connection and hung up sees it once: repeating is for the policy."""
    async with receiver(OK) as sink, outbound() as client:
        assert replied(await client.send(post(sink.url()))).status == 200
        sink.answer = then_close(b"")
        ask = Ask()
        assert failed(await client.send(post(sink.url()), ask), "closed")
        assert (ask.times, len(sink.requests)) == (1, 2)


async def test_an_idle_connection_that_was_closed_is_replaced() -> None:
    """A keep-alive that ran out on the other side costs no attempt."""
    closed = asyncio.Event()

    async def once(writer: asyncio.StreamWriter) -> None:
        writer.write(OK)
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        closed.set()

    async with receiver(once) as sink, outbound() as client:
        for count in (1, 2, 3):
            closed.clear()
            assert replied(await client.send(post(sink.url()))).status == 200
            await closed.wait()
            assert sink.connections == count


async def test_an_unasked_switch_of_protocols_is_no_success() -> None:
    """101 where nobody asked is an answer that is not 2xx, or a failure."""
    async with receiver(then_close(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\nxx")) as sink, outbound() as client:
        result = await client.send(post(sink.url()))
        assert not isinstance(result, Reply) or result.status == 101
