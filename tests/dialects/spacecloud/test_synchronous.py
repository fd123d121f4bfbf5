"""`isSynchronous`: the webhook's `response` comes back as `result`, or an error that says why not."""

import asyncio
from typing import Any

import pytest

from ensue.dialects.spacecloud import queue
from ensue.testing import Received, Reply, Sink
from tests.dialects.spacecloud.cloud import FIRST, SECOND, Cloud, told


async def asked(cloud: Cloud, sink: Sink, url: str = SECOND, **fields: Any) -> tuple[int, Any]:
    """Status and body of a synchronous call whose trigger sends to `sink`."""
    await cloud.trigger(url=sink.url)
    got = await cloud.queue(url, isSynchronous=True, **fields)
    return got.status, got.json


@pytest.mark.parametrize("url", [FIRST, SECOND])
@pytest.mark.parametrize("response", ['{"foo":"bar"}', "[1,2.50]", '"text"', "0", "false"])
async def test_the_response_comes_back(cloud: Cloud, url: str, response: str) -> None:
    """Any JSON but null."""
    async with Sink(lambda _: Reply(body=b'{"response":%b}' % response.encode())) as sink:
        await cloud.trigger(url=sink.url)
        got = await cloud.queue(url, isSynchronous=True)
    assert (got.status, got.body) == (200, b'{"result":%b}\n' % response.encode())
    assert len(await cloud.events()) == 1


@pytest.mark.parametrize("body", [b"{}", b'{"response":null}', b"text", b""])
async def test_an_answer_without_response_is_an_error(cloud: Cloud, body: bytes) -> None:
    """Said as soon as it is known; the event is stored and delivered."""
    async with Sink(lambda _: Reply(body=body)) as sink:
        status, told_ = await asked(cloud, sink)
    assert (status, told_["error"]) == (500, "context deadline exceeded")
    assert len(await cloud.events()) == 1


async def test_nobody_waits_for_longer_than_allowed(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """The receiver keeps its time; the event stays stored."""
    monkeypatch.setattr(queue, "PATIENCE", 0.05)
    silent = asyncio.Event()
    async with Sink(lambda _: Reply(body=b'{"response":1}', hold=silent.wait)) as sink:
        status, told_ = await asked(cloud, sink)
        silent.set()
    assert (status, told_["error"]) == (500, "context deadline exceeded")
    assert len(await cloud.events()) == 1


@pytest.mark.parametrize("url", [FIRST, SECOND])
async def test_without_a_trigger_it_is_said_at_once(cloud: Cloud, url: str) -> None:
    """Named, with how to make one; nothing is stored. Asynchronously, it is stored."""
    await cloud.trigger(type="another")
    status, error, raw = told(await cloud.queue(url, isSynchronous=True))
    assert status == 500
    assert "(my_type)" in error
    assert "/v1/config/projects/default/eventing/triggers/" in error
    assert raw
    assert not await cloud.events()
    assert (await cloud.queue(url)).status == 200
    assert len(await cloud.events()) == 1


async def test_the_first_response_wins(cloud: Cloud) -> None:
    """One trigger's receiver fails, another answers nothing: the third one's response counts."""

    def script(received: Received) -> Reply:
        if received.path.endswith("bad"):
            return Reply(status=500)
        return Reply(body=b'{"response":"it"}' if received.path.endswith("good") else b"{}")

    async with Sink(script) as sink:
        for name in ("bad", "silent"):
            await cloud.trigger(name, url=f"{sink.url}/{name}")
        status, body = await asked(cloud, Sunk(sink.url + "/good"))
    assert (status, body) == (200, {"result": "it"})


class Sunk(Sink):
    """A receiver known by its address alone."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url


async def test_rules_and_schemas_hold_for_it_too(cloud: Cloud) -> None:
    """Nothing is sent that may not be queued."""
    await cloud.set("schema/my_type", {"schema": "type my_type { a: Integer! }"})
    async with Sink(lambda _: Reply(body=b'{"response":1}')) as sink:
        await cloud.trigger(url=sink.url)
        assert (await cloud.queue(isSynchronous=True, payload={"a": "1"})).status == 500
        assert (await cloud.with_token(None).queue(isSynchronous=True, payload={"a": 1})).status == 500
        assert not sink.received
        assert (await cloud.queue(isSynchronous=True, payload={"a": 1})).status == 200
