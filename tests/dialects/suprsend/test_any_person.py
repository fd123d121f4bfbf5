"""Calls about people put together by chance: whatever comes, it is answered, never by a fault, and stays readable."""

import random
from typing import Any

import msgspec

from tests.dialects.suprsend.client import Workspace

CHANNELS = ("$email", "$sms", "$whatsapp", "$androidpush", "$iospush", "$webpush", "$slack", "$ms_teams", "$inbox")
NAMES = (
    *CHANNELS,
    *("$timezone", "$locale", "$preferred_language", "$id_provider", "$bundle_id", "name", "n", "l", "", "ss_x", "$x"),
    *("tenant_name", "logo", "timezone", "blocked_channels", "primary_color", "social_links", "properties", "website"),
    *("list_id", "list_name", "track_user_entry", "distinct_ids", "token", "provider", "endpoint", "keys", "auth"),
    *("p256dh", "access_token", "email", "user_id", "channel", "incoming_webhook", "url", "tenant_id", "service_url"),
)
VERBS = ("$set", "$set_once", "$add", "$increment", "$append", "$remove", "$unset", "$nope")
VALUES: tuple[Any, ...] = (
    *("", "x", "u1", "vips", "a@example.com", "+14155550100", "Europe/Paris", "en-GB", "xoxb-1", "U1", "é", "y" * 300),
    *("https://x.example/a", "#fff", "fcm", *NAMES),
    *(0, -1, 1.5, 1e308, 2**64, 10**400, True, False, None, [], {}),
)
CALLS = (
    ("POST", "/v1/user/u1/"),
    ("PATCH", "/v1/user/u1/"),
    ("DELETE", "/v1/bulk/user/"),
    ("POST", "/v1/tenant/acme/"),
    ("POST", "/v1/brand/acme/"),
    ("POST", "/v1/subscriber_list/"),
    ("POST", "/v1/subscriber_list/vips/subscriber/add/"),
    ("POST", "/v1/subscriber_list/vips/subscriber/remove/"),
)
READ = ("/v1/user/", "/v1/user/u1/", "/v1/tenant/acme/", "/v1/brand/", "/v1/subscriber_list/vips/subscriber/")


def value(chance: random.Random, depth: int = 0) -> Any:
    """Any JSON."""
    drawn = chance.random()
    if drawn < 0.6 or depth > 3:
        return chance.choice(VALUES)
    if drawn < 0.75:
        return [value(chance, depth + 1) for _ in range(chance.randint(0, 3))]
    return {chance.choice(NAMES): value(chance, depth + 1) for _ in range(chance.randint(0, 4))}


def body(chance: random.Random, url: str) -> Any:
    """Something like what is sent there."""
    fields = {chance.choice(NAMES): value(chance) for _ in range(chance.randint(0, 2))}
    if url.endswith(("/add/", "/remove/", "/bulk/user/")):
        return {"distinct_ids": chance.choice([["u1"], ["u1", "u2"], value(chance)])}
    if url == "/v1/user/u1/":
        return fields | {"operations": [{chance.choice(VERBS): chance.choice([fields, list(fields), value(chance)])}]}
    if url == "/v1/subscriber_list/":
        return {"list_id": "vips"} | fields
    return {"tenant_name": "Acme"} | fields


async def test_nothing_is_a_fault(hub: Workspace) -> None:
    """Done, or refused with a reason; whatever was done, everybody can still be read."""
    chance = random.Random(3)  # the same each time
    counts = {"done": 0, "refused": 0}
    for _ in range(1_500):
        method, url = chance.choice(CALLS)
        said = body(chance, url)
        got = await hub(url, msgspec.json.encode(said), method)
        assert got.status in {201, 202, 204, 400, 404}, (url, said, got.body)
        counts["done" if got.status < 300 else "refused"] += 1
    assert min(counts.values()) > 200
    await hub("/v1/user/u1/", {})
    await hub("/v1/subscriber_list/vips/subscriber/add/", {"distinct_ids": ["u1"]})
    for url in READ:
        assert (await hub(url, method="GET")).status == 200
