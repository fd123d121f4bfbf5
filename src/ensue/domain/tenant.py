"""Hides what is known of a customer inside a project: name, look, links and properties, changed field by field."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from ensue.domain.channel_identity import CHANNELS
from ensue.domain.document import Document
from ensue.domain.errors import EnsueError
from ensue.domain.guard import check_link
from ensue.domain.locale import check_timezone

KIND: Final = "tenant"
DEFAULT: Final = "default"
"""The tenant that every project has, and that cannot be deleted: what another leaves out is taken from it."""

MAX_ID: Final = 64
MAX_NAME: Final = 255
MAX_URL: Final = 2048
MAX_BYTES: Final = 64 * 1024
SOCIAL: Final = (
    "website",
    "facebook",
    "linkedin",
    "x",
    "instagram",
    "medium",
    "discord",
    "telegram",
    "youtube",
    "tiktok",
)

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_COLOUR: Final = re.compile(r"#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})")
_DOMAIN: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+")


class Tenant(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A customer of one project. Times are milliseconds UTC; colours are hex with `#`."""

    id: str
    project: str
    created_at: int
    updated_at: int
    name: str = ""
    logo: str | None = None
    timezone: str | None = None
    blocked_channels: tuple[str, ...] = ()
    embedded_preference_url: str | None = None
    hosted_preference_domain: str | None = None
    primary_color: str | None = None
    secondary_color: str | None = None
    tertiary_color: str | None = None
    social_links: dict[str, str] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)


def check_tenant_id(text: str) -> str:
    """The id: 1 to 64 letters, digits, `_` and `-`; or EnsueError `invalid`."""
    if not _ID.fullmatch(text):
        message = f"tenant_id {text[:80]!r} contains illegal characters; use 1 to {MAX_ID} of a-z, A-Z, 0-9, '_', '-'"
        raise EnsueError("invalid", message, "tenant_id")
    return text


def new_tenant(project: str, tenant_id: str, now: int) -> Tenant:
    """A tenant of which nothing is known but the id, which is the name of the `default` one too."""
    name = DEFAULT if tenant_id == DEFAULT else ""
    return Tenant(id=tenant_id, project=project, created_at=now, updated_at=now, name=name)


def changed(tenant: Tenant, fields: Mapping[str, Any], now: int) -> Tenant:
    """`tenant` with `fields` taken in; names that mean nothing are passed over, None and `""` clear a field.

    `social_links` and `properties` are taken in one by one. Raises EnsueError `invalid` that names the field.
    """
    given = {name: value for name, value in fields.items() if name in _CHECKS}
    checked = {name: _CHECKS[name](tenant, name, value) for name, value in given.items()}
    result = replace(tenant, **checked, updated_at=now)
    if not result.name:
        raise EnsueError("invalid", "tenant_name: missing value", "tenant_name")
    return result


def tenant_document(tenant: Tenant) -> Document:
    """The document that keeps a tenant. Raises EnsueError `too_large`."""
    body = msgspec.json.encode(tenant)
    if len(body) > MAX_BYTES:
        message = f"The tenant {tenant.id!r} would take {len(body)} bytes, {MAX_BYTES} is the most; shorten it."
        raise EnsueError("too_large", message)
    return Document(kind=KIND, project=tenant.project, id=tenant.id, body=body)


def tenant_of(document: Document) -> Tenant:
    """The tenant that a document keeps."""
    return msgspec.json.decode(document.body, type=Tenant)


def _name(_tenant: Tenant, _name: str, value: Any) -> str:
    if value is None or value == "":
        raise _wrong("tenant_name", "missing value")
    text = _text("tenant_name", value, MAX_NAME).strip()
    if not text or not text.isprintable():
        raise _wrong("tenant_name", "it must be printable characters")
    if "<" in text or ">" in text:
        raise _wrong("tenant_name", "it must not contain HTML; leave out '<' and '>'")
    return text


def _url(_tenant: Tenant, name: str, value: Any) -> str | None:
    return _link(name, value) if value not in (None, "") else None


def _link(name: str, value: Any) -> str:
    text = _text(name, value, MAX_URL).strip()
    try:
        check_link(text)
    except EnsueError as error:
        raise _wrong(name, f"it must be a URL. {error.message}") from None
    return text


def _timezone(_tenant: Tenant, name: str, value: Any) -> str | None:
    if value in (None, ""):
        return None
    try:
        return check_timezone(_text(name, value, MAX_NAME))
    except ValueError as error:
        raise _wrong(name, str(error)) from None


def _channels(_tenant: Tenant, name: str, value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(one in CHANNELS for one in value):
        raise _wrong(name, f"it must be a list of channels, of {', '.join(CHANNELS)}")
    return tuple(dict.fromkeys(value))


def _domain(_tenant: Tenant, name: str, value: Any) -> str | None:
    if value in (None, ""):
        return None
    text = _text(name, value, 253).strip().lower()
    if not _DOMAIN.fullmatch(text):
        raise _wrong(name, "it must be the name of a host, without a scheme or a path")
    return text


def _colour(_tenant: Tenant, name: str, value: Any) -> str | None:
    if value in (None, ""):
        return None
    text = _text(name, value, 9)
    if not _COLOUR.fullmatch(text):
        raise _wrong(name, "it must be a hex colour, such as #1a2b3c")
    return text


def _social(tenant: Tenant, name: str, value: Any) -> dict[str, str]:
    links = dict(tenant.social_links)
    for key, url in _object(name, value).items():
        which = key.lower()
        if which not in SOCIAL:
            raise _wrong(f"{name}.{key[:40]}", f"there is no such link; there are {', '.join(SOCIAL)}")
        if url in (None, ""):
            links.pop(which, None)
        else:
            links[which] = _link(f"{name}.{which}", url)
    return links


def _properties(tenant: Tenant, name: str, value: Any) -> dict[str, Any]:
    return {**tenant.properties, **_object(name, value)}


def _object(name: str, value: Any) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise _wrong(name, "it must be an object")
    return value


def _text(name: str, value: Any, most: int) -> str:
    if not isinstance(value, str):
        raise _wrong(name, "it must be a string")
    if len(value) > most:
        raise _wrong(name, f"it must be at most {most} characters")
    return value


def _wrong(name: str, reason: str) -> EnsueError:
    return EnsueError("invalid", f"{name}: {reason}", name)


_CHECKS: Final[dict[str, Callable[[Tenant, str, Any], Any]]] = {
    "name": _name,
    "logo": _url,
    "timezone": _timezone,
    "blocked_channels": _channels,
    "embedded_preference_url": _url,
    "hosted_preference_domain": _domain,
    "primary_color": _colour,
    "secondary_color": _colour,
    "tertiary_color": _colour,
    "social_links": _social,
    "properties": _properties,
}
