"""Ways to reach somebody: each channel's good and bad values, and when two are one."""

from typing import Any

import pytest

from ensue.domain.channel_identity import Channel, ChannelIdentity, check_identity

HOOK = {"incoming_webhook": {"url": "https://hooks.example/T1/B1/x"}}
TEAMS = {"tenant_id": "t", "service_url": "https://smba.trafficmanager.net/amer"}
BROWSER = {"endpoint": "https://push.example/1", "keys": {"auth": "a", "p256dh": "p"}}

GOOD: list[tuple[Channel, Any, Any]] = [
    ("email", " a@Example.com ", "a@example.com"),
    ("sms", "+1 415 555 0100", "+14155550100"),
    ("whatsapp", "+14155550100", "+14155550100"),
    ("inbox", "box-1", "box-1"),
    ("androidpush", " token:1 ", "token:1"),
    ("iospush", {"token": "token"}, "token"),
    ("webpush", {**BROWSER, "expirationTime": None}, BROWSER),
    (
        "slack",
        {"email": "a@Example.com", "access_token": "xoxb-1"},
        {"email": "a@example.com", "access_token": "xoxb-1"},
    ),
    ("slack", {"user_id": "U123", "access_token": "xoxp-1"}, {"user_id": "U123", "access_token": "xoxp-1"}),
    ("slack", {"channel": "C123", "access_token": "xoxb-1"}, {"channel_id": "C123", "access_token": "xoxb-1"}),
    ("slack", {"channel_id": "C123", "access_token": "xoxb-1"}, {"channel_id": "C123", "access_token": "xoxb-1"}),
    ("slack", HOOK, HOOK),
    ("ms_teams", {**TEAMS, "user_id": "29:1"}, {**TEAMS, "user_id": "29:1"}),
    ("ms_teams", {**TEAMS, "conversation_id": "19:x"}, {**TEAMS, "conversation_id": "19:x"}),
    ("ms_teams", HOOK, HOOK),
]

BAD: list[tuple[Channel, Any, str]] = [
    ("email", "nobody", "invalid email address"),
    ("email", 5, "string type"),
    ("email", None, "string type"),
    ("sms", "415-555-0100", "E164"),
    ("sms", 4155550100, "string type"),
    ("whatsapp", {"number": "+14155550100"}, "string type"),
    ("inbox", "", "printable"),
    ("inbox", "x" * 256, "printable"),
    ("androidpush", "", "push token"),
    ("androidpush", "two words", "push token"),
    ("androidpush", "x" * 4097, "push token"),
    ("androidpush", {"provider": "fcm"}, "'token'"),
    ("iospush", ["token"], "string type"),
    ("webpush", "token", "invalid webpush subscription"),
    ("webpush", {"endpoint": "https://push.example"}, "'auth' and 'p256dh'"),
    ("webpush", {**BROWSER, "keys": {"auth": "a", "p256dh": 1}}, "'auth' and 'p256dh'"),
    ("webpush", {**BROWSER, "endpoint": "javascript:alert(1)"}, "must be a URL"),
    ("webpush", {"keys": BROWSER["keys"]}, "must be a URL"),
    ("slack", "general", "dict/map"),
    ("slack", {}, "access_token"),
    ("slack", {"user_id": "U123"}, "xox"),
    ("slack", {"user_id": "U123", "access_token": "secret"}, "xox"),
    ("slack", {"user_id": "jane", "access_token": "xoxb-1"}, "the id, not the name"),
    ("slack", {"channel": "general", "access_token": "xoxb-1"}, "the id, not the name"),
    ("slack", {"email": "jane", "access_token": "xoxb-1"}, "invalid email address"),
    ("slack", {"email": "a@example.com", "user_id": "U1", "access_token": "xoxb-1"}, "one of"),
    ("slack", {"email": 5, "access_token": "xoxb-1"}, "string type"),
    ("slack", {"incoming_webhook": "https://hooks.example"}, "must be a URL"),
    ("ms_teams", "x", "dict/map"),
    ("ms_teams", {**TEAMS}, "one of"),
    ("ms_teams", {"tenant_id": "t", "user_id": "29:1"}, "service_url"),
    ("ms_teams", {"service_url": TEAMS["service_url"], "user_id": "29:1"}, "tenant_id"),
    ("ms_teams", {"incoming_webhook": {"url": "amer"}}, "must be a URL"),
]


@pytest.mark.parametrize(("channel", "value", "kept"), GOOD)
def test_what_reaches_somebody(channel: Channel, value: Any, kept: Any) -> None:
    """Each channel takes its own kind of value, and keeps what it needs of it."""
    assert check_identity(channel, value, {}).value == kept


@pytest.mark.parametrize(("channel", "value", "reason"), BAD)
def test_what_reaches_nobody(channel: Channel, value: Any, reason: str) -> None:
    """Everything else is refused with what is wrong."""
    with pytest.raises(ValueError, match=reason):
        check_identity(channel, value, {})


def test_a_push_has_a_provider() -> None:
    """The usual one, the one that stands beside the value, or the one inside it; no others."""
    assert check_identity("androidpush", "t", {}).provider == "fcm"
    assert check_identity("iospush", "t", {}).provider == "apns"
    assert check_identity("webpush", BROWSER, {}).provider == "vapid"
    about = {"provider": "xiaomi", "bundle_id": "com.app", "device_id": "d"}
    known = ChannelIdentity(value="t", provider="xiaomi", bundle_id="com.app", device_id="d")
    assert check_identity("androidpush", "t", about) == known
    assert check_identity("androidpush", {"token": "t", **about}, {}) == known
    wrong: Any
    for wrong in ("pigeon", 5, ["fcm"], {"a": 1}):
        assert _reason("androidpush", "t", {"provider": wrong}) == "the provider is one of fcm, xiaomi, oppo"
    assert "bundle_id" in _reason("iospush", "t", {"bundle_id": 5})


def _reason(channel: Channel, value: Any, about: dict[str, Any]) -> str:
    with pytest.raises(ValueError, match=r".") as refused:
        check_identity(channel, value, about)
    return str(refused.value)


@pytest.mark.parametrize(
    ("channel", "one", "other"),
    [
        ("email", "A@example.com", "a@EXAMPLE.com"),
        ("sms", "+1 415 5550100", "+14155550100"),
        ("slack", {"user_id": "U1", "access_token": "xoxb-1"}, {"user_id": "U1", "access_token": "xoxb-2"}),
        ("webpush", BROWSER, {**BROWSER, "keys": {"auth": "b", "p256dh": "q"}}),
        ("slack", HOOK, HOOK),
    ],
)
def test_two_are_one(channel: Channel, one: Any, other: Any) -> None:
    """What reaches the same place is the same, whatever its letters' case, its token or its keys."""
    assert check_identity(channel, one, {}).key(channel) == check_identity(channel, other, {}).key(channel)


def test_two_are_two() -> None:
    """A person and a channel of a chat are not the same because their tokens are."""
    values = [
        {"user_id": "U1", "access_token": "xoxb-1"},
        {"user_id": "U2", "access_token": "xoxb-1"},
        {"channel": "C1", "access_token": "xoxb-1"},
        {"email": "a@example.com", "access_token": "xoxb-1"},
        HOOK,
    ]
    assert len({check_identity("slack", value, {}).key("slack") for value in values}) == 5
