"""What Space Cloud's own JavaScript client was recorded to send gets the answers that it was recorded to get."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from ensue.testing import Reply, Sink
from tests.dialects.edge import edge
from tests.dialects.spacecloud.cloud import CONFIG, SECOND, Cloud

RECORDED: list[dict[str, Any]] = msgspec.json.decode((Path(__file__).parent / "space_api.json").read_bytes())

ALLOW = {"rule": "allow"}


async def replayed(tmp_path: Path, exchange: dict[str, Any], hook: str) -> tuple[Cloud, int, Any]:
    """The project that an exchange was sent to, set up as its answer tells, and status and body of our answer."""
    async with edge(tmp_path, max_schedule=3650 * 86_400) as opened:
        new = await opened.house.engine.keys.create("default")
        cloud = Cloud(opened.with_token(new.jwt), opened, new)
        await cloud.set("rules/default", ALLOW)
        await cloud.set("rules/deny", {"rule": "deny"})
        await cloud.trigger(url=hook)
        if exchange["status"] == 404:
            await cloud("POST", f"{CONFIG}/eventing/config/eventing-config", {"enabled": False})
        headers = {name.replace("-", "_"): value for name, value in exchange["headers"].items()}
        got = await cloud.with_token(None)("POST", SECOND, exchange["body"].encode(), **headers)
        assert got.headers["content-type"] == "application/json"
        assert got.headers["cache-control"] == "no-store"
        return cloud, got.status, got.json


def test_all_kinds_of_exchanges_are_there() -> None:
    """Queued, scheduled, delayed, awaited, without data, refused, switched off."""
    assert [exchange["status"] for exchange in RECORDED] == [200, 200, 200, 200, 200, 200, 500, 404]


@pytest.mark.parametrize("at", range(len(RECORDED)))
async def test_a_recorded_request_gets_the_recorded_answer(tmp_path: Path, at: int) -> None:
    """Status and body; only a refusal has other words, since here a rule is always set."""
    exchange = RECORDED[at]
    async with Sink(lambda _: Reply(body=b'{"response": {"foo": "bar"}}')) as sink:
        _, status, body = await replayed(tmp_path, exchange, sink.url)
    assert status == exchange["status"]
    if exchange["status"] == 500:
        assert set(body) == {"error", "rawError"}
        assert body["error"] == "Unable to parse token, token is malformed"
    else:
        assert body == exchange["answer"]
