"""What is wrong with an event in SuprSend's words: each is a clear refusal, and nothing is stored."""

import base64
from typing import Any

import msgspec
import pytest

from tests.dialects.suprsend.client import Workspace, refused, sent

PATHS = ("/v2/event/", "/event/")
LIMIT = 100 * 1024
FIRST = 1_640_995_200_000


def attached(**fields: Any) -> dict[str, Any]:
    """An event with one attachment."""
    return sent(properties={"$attachments": [fields]})


WRONG: list[tuple[Any, str]] = [
    (sent(event="a"), "event"),
    (sent(event=" a "), "event"),
    (sent(event=""), "event"),
    (sent(event="x" * 256), "event"),
    (sent(event="a\tb"), "event"),
    (sent(event=12), "event"),
    (sent(event=["ab"]), "event"),
    (sent(event="$unknown"), "event"),
    (sent(event="ss_name"), "event"),
    (sent(event=" $name"), "event"),
    (sent(event="ensue.delivery.dead"), "event"),
    (sent(distinct_id=...), "distinct_id"),
    (sent(distinct_id=None), "distinct_id"),
    (sent(distinct_id=""), "distinct_id"),
    (sent(distinct_id="  "), "distinct_id"),
    (sent(distinct_id="x" * 256), "distinct_id"),
    (sent(distinct_id=7), "distinct_id"),
    (sent(event="$notification_clicked", distinct_id=""), "distinct_id"),
    (sent(event="$identify", distinct_id=...), "$identified_id"),
    (sent(event="$identify", distinct_id=..., properties={"$identified_id": 7}), "$identified_id"),
    (sent(event=...), "event or distinct_id"),
    (sent(event=..., distinct_id=...), "event or distinct_id"),
    (sent(properties=[]), "properties"),
    (sent(properties="x"), "properties"),
    (sent(properties={"$browser": 1}), "$browser"),
    (sent(properties={"ss_x": 1}), "ss_x"),
    (sent(properties={"$identified_id": "u"}), "$identified_id"),
    (sent(tenant_id="x" * 65), "tenant_id"),
    (sent(tenant_id="a b"), "tenant_id"),
    (sent(tenant_id="ä"), "tenant_id"),
    (sent(tenant_id=1), "tenant_id"),
    (sent(brand_id="a/b"), "brand_id"),
    (sent(**{"$time": FIRST - 1}), "$time"),
    (sent(**{"$time": FIRST // 1000}), "$time"),
    (sent(**{"$time": 10**18}), "$time"),
    (sent(**{"$time": -1}), "$time"),
    (sent(**{"$time": "2026-11-21"}), "$time"),
    (sent(**{"$insert_id": 1}), "$insert_id"),
    (sent(**{"$insert_id": "x" * 256}), "$insert_id"),
    (sent(**{"$idempotency_key": 1}), "$idempotency_key"),
    (sent(**{"$idempotency_key": "x" * 256}), "$idempotency_key"),
    (sent(**{"$idempotency_key": "  "}), "$idempotency_key"),
    (sent(properties={"$attachments": {}}), "$attachments"),
    (sent(properties={"$attachments": ["x"]}), "$attachments[0]"),
    (attached(), "$attachments[0]"),
    (attached(url=None, data=None), "$attachments[0]"),
    (attached(url=1), "$attachments[0].url"),
    (attached(url="ftp://x.example/a"), "$attachments[0].url"),
    (attached(url="/tmp/a.pdf"), "$attachments[0].url"),  # noqa: S108 - no file is meant
    (attached(url="http://169.254.169.254/latest"), "$attachments[0].url"),
    (attached(data="not base64!"), "$attachments[0].data"),
    (attached(data="YQ"), "$attachments[0].data"),
    (attached(url="https://x.example/a", ignore_if_error="no"), "ignore_if_error"),
    (sent(event=..., **{"$user_operations": {}}), "$user_operations"),
    (sent(event=..., **{"$user_operations": ["x"]}), "$user_operations[0]"),
    (sent(event=..., **{"$user_operations": [{"$what": {}}]}), "$what"),
    (sent(event=..., distinct_id="", **{"$set": {"a": 1}}), "distinct_id"),
    (b"", "empty"),
    (b" ", "JSON"),
    (b"[]", ""),
    (b"null", "body"),
    (b'"x"', "body"),
    (b"{", "JSON"),
    (b'{"event":"ab","distinct_id":"u"} x', "JSON"),
    (b'{"event":"ab","distinct_id":"\xff"}', "UTF-8"),
    (b'{"event":"ab","distinct_id":"u\\u0000"}', "NUL"),
    (b'{"event":"ab","distinct_id":"\\ud800"}', ""),
    (b'{"event":"ab","distinct_id":"u","properties":{"a":"\\ud800"}}', ""),
    (b'{"event":"ab","distinct_id":"u","properties":{"a":1e999}}', ""),
    (b'{"event":"ab","distinct_id":"u","properties":{"a":NaN}}', ""),
    (b'{"event":"ab","distinct_id":"u","properties":{"a":' + b"[" * 70 + b"]" * 70 + b"}}", "deep"),
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("body", "named"), WRONG, ids=[str(at) for at in range(len(WRONG))])
async def test_what_is_wrong_is_named(hub: Workspace, path: str, body: Any, named: str) -> None:
    """400 with the name that SuprSend gives the field; nobody else's event is touched, and none is stored."""
    status, message = refused(await hub(path, body))
    assert status == 400
    assert named in message
    assert await hub.events() == []


@pytest.mark.parametrize("path", PATHS)
async def test_the_size_of_an_event(hub: Workspace, path: str) -> None:
    """100 KiB pass, with an attachment in it; one byte more is refused."""
    body = msgspec.json.encode(sent(properties={"a": ""}))
    fitting = msgspec.json.encode(sent(properties={"a": "x" * (LIMIT - len(body))}))
    assert len(fitting) == LIMIT
    assert (await hub(path, fitting)).status == 202
    assert refused(await hub(path, fitting + b" "))[0] == 413
    data = base64.b64encode(b"x" * 80_000).decode()
    assert refused(await hub(path, attached(data=data)))[0] == 413
    assert len(await hub.events()) == 1


async def test_an_event_may_be_as_old_as_2022(hub: Workspace) -> None:
    """The first millisecond that is taken."""
    assert (await hub("/event/", sent(**{"$time": FIRST}))).status == 202
    assert (await hub.event())["time"] == "2022-01-01T00:00:00.000Z"


@pytest.mark.parametrize(
    "changes",
    [
        {"event": "ab"},
        {"event": "x" * 255},
        {"distinct_id": "x" * 255},
        {"tenant_id": "aZ09_-" + "x" * 58},
        {"$idempotency_key": " " + "x" * 255 + " "},
        {"$insert_id": "x" * 255},
        {"properties": {}},
        {"properties": {"a$": 1, "sss_": 2, "a": {"$b": 1, "ss_c": 2}}},
        {"properties": {"$attachments": []}},
    ],
)
async def test_what_is_just_right(hub: Workspace, changes: dict[str, Any]) -> None:
    """The longest and the shortest."""
    assert (await hub("/v2/event/", sent(**changes))).status == 202
