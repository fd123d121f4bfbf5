"""The whole way over HTTP, with a receiver on loopback: what it answers, and what is kept of that."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from ensue.channels.outbound import Outbound
from ensue.channels.posting import MASK
from ensue.channels.webhook import WebhookChannel
from ensue.domain.guard import Allowed
from ensue.store.base import EventQuery
from ensue.testing import PATIENCE, Received, Reply, Sink
from tests.engine.stage import Stage, staged


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    """A receiver that a test scripts."""
    async with Sink() as receiver:
        yield receiver


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """An engine that really sends."""
    async with staged(tmp_path) as running:
        channel = WebhookChannel(Outbound(Allowed.parse("127.0.0.0/8")))
        running.parts.worker._perform._channels = {"webhook": channel}
        yield running
        await channel.close()


@pytest.mark.parametrize(
    ("answer", "wait"),
    [
        (Reply(429, headers={"retry-after": "3600"}), 3_600_000),
        (Reply(503, headers={"Retry-After": " 3600 "}), 3_600_000),
        (Reply(503, headers={"retry-after": "Fri, 15 Jan 2027 09:00:00 GMT"}), 3_600_000),
        (Reply(503, headers={"retry-after": "99999999999999999999"}), 86_400_000),
        (Reply(503, headers={"retry-after": "-5"}), 5_000),
        (Reply(503, headers={"retry-after": "soon"}), 5_000),
        (Reply(500, headers={"retry-after": "3600"}), 5_000),
        (Reply(302, headers={"location": "http://127.0.0.1:1/"}), 5_000),
        (Reply(404), 5_000),
        (Reply(drop=True), 5_000),
    ],
)
async def test_what_an_answer_means(stage: Stage, sink: Sink, answer: Reply, wait: int) -> None:
    """Everything but a 2xx is tried again; only 429 and 503 may say when; the tests' clock stands at 08:00."""
    sink.script = lambda _: answer
    await stage.trigger(url=sink.url)
    await stage.send()
    delivery = await stage.retried(1)
    assert wait <= delivery.due_at - stage.clock() <= wait * 1.2 + 1
    assert (delivery.state, len(sink.received)) == ("pending", 1)


async def test_gone_is_gone(stage: Stage, sink: Sink) -> None:
    """410: dead at once, and the trigger off."""
    sink.script = lambda _: Reply(410)
    trigger = await stage.trigger(url=sink.url)
    await stage.send()
    await stage.settled("dead")
    # Not in the same moment: the process hears of the commit after it.
    await stage.until(lambda: not stage.engine.triggers.get(stage.project, trigger.id).enabled)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_any_2xx_is_success(stage: Stage, sink: Sink, status: int) -> None:
    """Signed so that a library of another hand verifies it."""
    sink.script = lambda _: Reply(status)
    trigger = await stage.trigger(url=sink.url)
    stage.clock.now = _now()
    await stage.send(data='{"ü": "\\u00fc"}')
    await stage.settled("delivered")
    (received,) = sink.received
    Webhook(stage.engine.triggers.secret(trigger)).verify(received.body, received.headers)


def _now() -> int:
    """The receiver's library compares with the wall clock."""
    import time  # noqa: PLC0415 - the one test that needs it

    return time.time_ns() // 1_000_000


async def test_secrets_are_masked_in_what_is_kept(stage: Stage, sink: Sink) -> None:
    """Also where a receiver sends everything back: nothing of a secret header stands in the attempt."""

    def echo(received: Received) -> Reply:
        said = received.headers["authorization"]
        return Reply(500, f"you said {said}".encode(), {"x-echo": said})

    sink.script = echo
    endpoint = {"secret_headers": {"Authorization": "Bearer hush-hush"}, "headers": {"x-plain": "seen"}}
    await stage.trigger(url=sink.url, endpoint=endpoint)
    await stage.send()
    (attempt,) = await stage.attempts(await stage.retried(1))
    assert attempt.exchange is not None
    assert sink.received[0].headers["authorization"] == "Bearer hush-hush"
    assert "hush" not in repr(attempt)
    assert attempt.exchange.request_headers["Authorization"] == MASK
    assert attempt.exchange.request_headers["x-plain"] == "seen"
    assert attempt.exchange.response_body == f"you said {MASK}"


async def test_a_receiver_that_knows_space_cloud_is_spoken_with(stage: Stage, sink: Sink) -> None:
    """It answers who asks, chains an event, and can tell who called; what is kept of it shows no token."""
    sink.script = lambda _: Reply(200, b'{"response": {"foo": "bar"}, "event": {"type": "next"}}')
    await stage.trigger("a", url=sink.url, format="spacecloud")
    response = await stage.engine.ask(stage.intake("a", data='{"n": 1}'), PATIENCE)
    assert bytes(response) == b'{"foo": "bar"}'
    (received,) = sink.received
    assert sorted(json.loads(received.body)) == ["data", "id", "source", "specversion", "time", "type"]
    scheme, token = received.headers["authorization"].split(" ")
    identity = await stage.engine.keys.verified(token, stage.project)
    assert (scheme, identity.claims["id"], identity.claims["role"]) == ("Bearer", "internal-sc-user", "SpaceCloud")
    page = await stage.engine.events(EventQuery(project=stage.project, limit=10))
    assert [one.type for one in page.items] == ["next", "a"]
    (attempt,) = await stage.attempts(await stage.only())
    assert attempt.exchange is not None
    sent = attempt.exchange.request_headers
    assert (sent["Authorization"], sent["X-Sc-Token"], sent["Content-Type"]) == (MASK, MASK, "application/json")
