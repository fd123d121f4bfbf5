"""Bodies put together by chance out of what clients send: whatever comes, it is answered, and never by a fault."""

import random
from typing import Any

import msgspec

from tests.dialects.suprsend.client import Workspace, sent

NAMES = (
    *("event", "distinct_id", "properties", "$insert_id", "$time", "$idempotency_key", "tenant_id", "brand_id"),
    *("$user_operations", "$set", "$unset", "$add", "$append", "$remove", "workflow", "recipients"),
    *("data", "actor", "metadata", "cancellation_key", "name", "template", "notification_category", "users"),
    *("delay", "trigger_at", "list_id", "channels", "$attachments", "$channels", "$email", "$sms"),
    *("$slack", "$context", "object_type", "id", "is_transient", "$object_subscriptions_query", "depth", "$timezone"),
    *("url", "$webpush", "$identified_id"),
)
VALUES: tuple[Any, ...] = (
    *("", "x", "u1", "$identify", "ab", "ensue.x", "\x01", "é", "x" * 300, "https://x.example/a", "a@b.example"),
    *("+14155550100", "1d", "9999-12-31T23:59:59-23:00", "0001-01-01T00:00:00+23:59", "YQ==", "email", "welcome"),
    *(0, -1, 1.5, 10**18, 2**63, 2**64, -(2**63), True, False, None, [], {}),
)
GOOD: tuple[dict[str, Any], ...] = (
    sent(),
    {"workflow": "welcome", "recipients": ["u1"]},
    {"distinct_id": "u1", "$user_operations": [{"$set": {"a": 1}}]},
    {"name": "a", "template": "t", "notification_category": "c", "users": ["u"], "data": {}},
    {"list_id": "a", "template": "t", "notification_category": "c", "data": {}},
)


def value(chance: random.Random, depth: int = 0) -> Any:
    """Any JSON."""
    drawn = chance.random()
    if drawn < 0.5 or depth > 3:
        return chance.choice(VALUES)
    if drawn < 0.7:
        return [value(chance, depth + 1) for _ in range(chance.randint(0, 3))]
    return {chance.choice(NAMES): value(chance, depth + 1) for _ in range(chance.randint(0, 5))}


def body(chance: random.Random) -> Any:
    """A request with some of it replaced, alone or in an array."""
    found = chance.choice(GOOD) | {chance.choice(NAMES): value(chance) for _ in range(chance.randint(0, 3))}
    return found if chance.random() < 0.7 else [found, value(chance)]


async def test_nothing_is_a_fault(hub: Workspace) -> None:
    """Taken, or refused with a reason; what was taken can be read."""
    await hub.api.trigger(match={"type": "workflow.**"})
    chance = random.Random(3)  # the same each time
    paths = ("/event/", "/v2/event", "/v2/bulk/event/", "/trigger/", f"/{hub.id}/trigger/", f"/{hub.id}/broadcast/")
    counts = {"taken": 0, "refused": 0}
    for _ in range(1_000):
        path, said = chance.choice(paths), body(chance)
        got = await hub(path, msgspec.json.encode(said))
        assert got.status in {202, 207, 400}, (path, said, got.body)
        assert all(record["status_code"] in {202, 400} for record in got.json.get("records", ())), (path, said)
        counts["taken" if got.status == 202 else "refused"] += 1
    assert min(counts.values()) > 50
    assert await hub.events()
