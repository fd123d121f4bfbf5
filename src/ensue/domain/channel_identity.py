"""Hides by what a person is reached on each channel, and when two ways to reach them are the same one."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, NoReturn, cast, get_args

from msgspec import Struct

from ensue.domain.contact import check_email, check_phone
from ensue.domain.errors import EnsueError
from ensue.domain.guard import check_link

Channel = Literal["email", "sms", "whatsapp", "androidpush", "iospush", "webpush", "inbox", "slack", "ms_teams"]

CHANNELS: Final[tuple[Channel, ...]] = get_args(Channel)

PROVIDERS: Final[Mapping[str, tuple[str, ...]]] = {
    "androidpush": ("fcm", "xiaomi", "oppo"),
    "iospush": ("apns",),
    "webpush": ("vapid",),
}
"""Who carries a push; the first is meant where none is named."""

MAX_TOKEN: Final = 4096
MAX_NAME: Final = 255
SECRETS: Final = frozenset({"access_token"})
"""What is sealed where it is kept, and masked where it is shown."""

HOOK: Final = "incoming_webhook"
"""A URL that posts to one channel of a chat, as `{"url"}`: a secret too."""

_SLACK_USER: Final = re.compile(r"[UW][A-Za-z0-9]{1,40}")
_SLACK_CHANNEL: Final = re.compile(r"[CGD][A-Za-z0-9]{1,40}")
_SLACK_WAYS: Final = ("email", "user_id", "channel_id")
_TEAMS_WAYS: Final = ("conversation_id", "user_id")
_ABOUT: Final = ("bundle_id", "device_id")
_OTHER_NAMES: Final[Mapping[str, str]] = {"channel": "channel_id", "email_id": "email"}

Value = str | dict[str, Any]


class ChannelIdentity(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One way to reach somebody: an address, a number, a token, or what a chat or a browser asks for, as an object.

    One that was removed stays for a while as `inactive`: what was sent to it can still be explained.
    """

    value: Value
    provider: str | None = None
    bundle_id: str | None = None
    device_id: str | None = None
    status: Literal["active", "inactive"] = "active"

    def key(self, channel: Channel) -> str:
        """What is the same for two of a channel that reach the same place, whatever their tokens."""
        if isinstance(self.value, str):
            return self.value.lower() if channel == "email" else self.value
        hook = self.value.get(HOOK)
        if isinstance(hook, dict):
            return f"{HOOK} {hook.get('url')}"
        ways = ("endpoint", *_SLACK_WAYS, *_TEAMS_WAYS)
        return " ".join(f"{way} {self.value[way]}" for way in ways if way in self.value)


def check_identity(channel: Channel, value: Any, about: Mapping[str, Any]) -> ChannelIdentity:
    """`value` as a way to reach somebody on `channel`; `about` may hold provider, bundle_id and device_id.

    Raises ValueError with what is wrong.
    """
    return _CHECKS[channel](channel, value, about)


def _text(channel: Channel, value: Any, _about: Mapping[str, Any]) -> ChannelIdentity:
    if not isinstance(value, str):
        _refuse("value must be of string type")
    if channel == "email":
        return ChannelIdentity(value=check_email(value))
    if channel == "inbox":
        return ChannelIdentity(value=_name(value, "value", MAX_NAME))
    return ChannelIdentity(value=check_phone(value))


def _push(channel: Channel, value: Any, about: Mapping[str, Any]) -> ChannelIdentity:
    if isinstance(value, dict):
        about = {**about, **{name: value[name] for name in ("provider", *_ABOUT) if name in value}}
        value = value.get("token")
    if not isinstance(value, str):
        _refuse("value must be of string type, or an object with 'token'")
    token = value.strip()
    if not 0 < len(token) <= MAX_TOKEN or not token.isprintable() or " " in token:
        raise ValueError(f"a push token has 1 to {MAX_TOKEN} characters and no blanks")
    return _with_about(channel, token, about)


def _webpush(channel: Channel, value: Any, about: Mapping[str, Any]) -> ChannelIdentity:
    if not isinstance(value, dict):
        _refuse("invalid webpush subscription: it must be of dict/map type")
    keys = value.get("keys")
    if not isinstance(keys, dict) or not all(_is_text(keys.get(name)) for name in ("auth", "p256dh")):
        raise ValueError("invalid webpush subscription: it needs 'keys' with 'auth' and 'p256dh'")
    try:
        endpoint = _url(value.get("endpoint"), "endpoint")
    except ValueError as error:
        raise ValueError(f"invalid webpush subscription: {error}") from None
    kept = {"endpoint": endpoint, "keys": {name: keys[name] for name in ("auth", "p256dh")}}
    return _with_about(channel, kept, about)


def _with_about(channel: Channel, value: Value, about: Mapping[str, Any]) -> ChannelIdentity:
    providers = PROVIDERS[channel]
    provider = about.get("provider") or providers[0]
    if provider not in providers:
        raise ValueError(f"the provider is one of {', '.join(providers)}")
    bundle, device = (_name(about[name], name, MAX_NAME) if about.get(name) else None for name in _ABOUT)
    return ChannelIdentity(value=value, provider=cast("str", provider), bundle_id=bundle, device_id=device)


def _slack(_channel: Channel, value: Any, _about: Mapping[str, Any]) -> ChannelIdentity:
    given = _object(value)
    hook = _hook(given)
    if hook is not None:
        return hook
    ways = [way for way in _SLACK_WAYS if given.get(way)]
    if len(ways) != 1:
        raise ValueError(
            f"it needs an incoming_webhook with a url, or an access_token and one of {', '.join(_SLACK_WAYS)}"
        )
    token = given.get("access_token")
    if not isinstance(token, str) or not token.startswith("xox") or not _is_text(token):
        raise ValueError("the access_token must begin with 'xox'")
    return ChannelIdentity(value={ways[0]: _slack_target(ways[0], given[ways[0]]), "access_token": token.strip()})


def _slack_target(way: str, target: Any) -> str:
    if not isinstance(target, str):
        _refuse(f"{way} must be of string type")
    if way == "email":
        return check_email(target)
    chosen: str = target.strip()
    pattern, letters = (_SLACK_USER, "'U' or 'W'") if way == "user_id" else (_SLACK_CHANNEL, "'C', 'G' or 'D'")
    if not pattern.fullmatch(chosen):
        raise ValueError(f"{way} must begin with {letters}: it is the id, not the name")
    return chosen


def _teams(_channel: Channel, value: Any, _about: Mapping[str, Any]) -> ChannelIdentity:
    given = _object(value)
    hook = _hook(given)
    if hook is not None:
        return hook
    ways = [way for way in _TEAMS_WAYS if given.get(way)]
    if len(ways) != 1:
        raise ValueError(
            "it needs an incoming_webhook with a url, or tenant_id, service_url and one of conversation_id, user_id"
        )
    kept = {name: _name(given.get(name), name, MAX_NAME) for name in ("tenant_id", ways[0])}
    return ChannelIdentity(value={**kept, "service_url": _url(given.get("service_url"), "service_url")})


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        _refuse("value must be of dict/map type")
    given: dict[str, Any] = value
    return {_OTHER_NAMES.get(name, name): one for name, one in given.items()}


def _hook(given: Mapping[str, Any]) -> ChannelIdentity | None:
    hook = given.get(HOOK)
    if hook is None:
        return None
    url = hook.get("url") if isinstance(hook, dict) else None
    return ChannelIdentity(value={HOOK: {"url": _url(url, f"{HOOK}.url")}})


def _url(value: Any, name: str) -> str:
    if not isinstance(value, str):
        _refuse(f"{name} must be a URL")
    try:
        check_link(value.strip())
    except EnsueError as error:
        raise ValueError(f"{name} must be a URL: {error.message}") from None
    return value.strip()


def _name(value: Any, name: str, most: int) -> str:
    if not isinstance(value, str) or not 0 < len(value.strip()) <= most or not value.isprintable():
        raise ValueError(f"{name} must be 1 to {most} printable characters")
    return value.strip()


def _refuse(reason: str) -> NoReturn:
    """Refuse a value of a wrong type; it came from outside, so that this is no TypeError."""
    raise ValueError(reason)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) <= MAX_TOKEN and value.isprintable()


_CHECKS: Final[dict[str, Callable[[Channel, Any, Mapping[str, Any]], ChannelIdentity]]] = {
    "email": _text,
    "sms": _text,
    "whatsapp": _text,
    "inbox": _text,
    "androidpush": _push,
    "iospush": _push,
    "webpush": _webpush,
    "slack": _slack,
    "ms_teams": _teams,
}
