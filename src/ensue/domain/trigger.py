"""Hides what a trigger is and what is asked of one: when an event like this happens, that (sections 8 and 10)."""

import re
from typing import Final, Literal

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType
from msgspec.structs import replace

from ensue.domain.delivery import JITTER, Retry
from ensue.domain.document import Document
from ensue.domain.errors import EnsueError
from ensue.domain.event import EMPTY
from ensue.domain.filter import compile_filter
from ensue.domain.guard import Allowed, check_header, check_url
from ensue.domain.rule import FILTER_ROOTS, Rule, check_rule
from ensue.domain.schedule import DAY

Format = Literal["cloudevents", "cloudevents-binary", "plain", "spacecloud", "spacecloud-1.0-rc1"]

CONVERSING: Final[frozenset[Format]] = frozenset({"spacecloud", "spacecloud-1.0-rc1"})
"""The formats whose receivers may answer with more than a status: an error, events, a response."""

MAX_ATTEMPTS: Final = 100
MAX_WAITS: Final = 50
MAX_WAIT: Final = 604_800
MAX_TIMEOUT: Final = 60_000
MAX_CONCURRENCY: Final = 1_000
MAX_HEADERS: Final = 50
MAX_HEADER_BYTES: Final = 8_192
MAX_PATTERNS: Final = 100
MAX_ATTRIBUTES: Final = 20
MAX_ATTRIBUTE_VALUES: Final = 4_096
OLD_SECRET_FOR: Final = DAY
"""How long the secret before a rotation still signs (ms)."""
_OLD_SECRETS: Final = 9
"""So many old secrets sign beside the present one, however often it is rotated in a day."""

MASKED: Final = "***"
"""How a secret header is shown; sent back as it was shown, it keeps its value."""

_OURS: Final = frozenset({"content-type", "accept-encoding"})
_OUR_PREFIXES: Final = ("webhook-", "ensue-", "ce-")

_SEGMENT: Final = re.compile(r"[^.]+")


class Match(Struct, frozen=True, omit_defaults=True):
    """Which events: by type patterns (any of them), exact tenant, subject and category, and a CEL filter.

    `test` lets test events in too; without it they never match. `attributes`: the event has each of these, with one of
    the values that stand between commas. `rule` is a filter in Space Cloud's language; it is not asked where the event
    has no data.
    """

    type: tuple[str, ...] = ("**",)
    tenant: str | None = None
    subject: str | None = None
    category: str | None = None
    test: bool = False
    filter: str | None = None
    attributes: dict[str, str] = {}
    rule: Rule | None = None


class Secret(Struct, frozen=True, omit_defaults=True):
    """A signing secret, sealed by the instance key; it signs until `until` (ms), None for as long as it stands."""

    sealed: str
    until: int | None = None


class Endpoint(Struct, frozen=True, omit_defaults=True):
    """Where a trigger sends. `secret_headers` are sealed; `secrets` has the present one first."""

    url: str
    headers: dict[str, str] = {}
    secret_headers: dict[str, str] = {}
    secrets: tuple[Secret, ...] = ()


class Trigger(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A rule of one project. `concurrency` is its own room, None for the instance's setting; times are ms UTC.

    `disabled_reason` says why it was switched off by itself. `filter_error` is what its filter last complained of;
    `filter_off` that the filter was too slow too often and matches nothing until it is changed.
    """

    id: str
    project: str
    name: str
    match: Match
    endpoint: Endpoint
    created_at: int
    updated_at: int
    format: Format = "cloudevents"
    retry: Retry = Retry()
    timeout_ms: int = 15_000
    concurrency: int | None = None
    enabled: bool = True
    disabled_reason: str | None = None
    filter_error: str | None = None
    filter_off: bool = False


class MatchDraft(Struct, frozen=True, forbid_unknown_fields=True):
    """A match as it is sent; `rule` is JSON."""

    type: str | list[str] = "**"
    tenant: str | None = None
    subject: str | None = None
    category: str | None = None
    test: bool = False
    filter: str | None = None
    attributes: dict[str, str] = {}
    rule: Raw = EMPTY


class EndpointDraft(Struct, frozen=True, forbid_unknown_fields=True):
    """An endpoint as it is sent; `secret` is the sender's own (`whsec_…`), else one is made."""

    url: str
    headers: dict[str, str] = {}
    secret_headers: dict[str, str] = {}
    secret: str | None = None


class RetryDraft(Struct, frozen=True, forbid_unknown_fields=True):
    """A retry policy as it is sent; what is left out is the default."""

    attempts: int = Retry().attempts
    schedule: list[float] | None = None
    jitter: float = JITTER


class TriggerDraft(Struct, frozen=True, forbid_unknown_fields=True):
    """A trigger as it is sent, in `POST /triggers`."""

    name: str
    endpoint: EndpointDraft
    match: MatchDraft = MatchDraft()
    format: Format = "cloudevents"
    retry: RetryDraft = RetryDraft()
    timeout_ms: int = 15_000
    concurrency: int | None = None
    enabled: bool = True


class EndpointPatch(Struct, frozen=True, forbid_unknown_fields=True):
    """Changes of an endpoint; header maps replace the old ones as a whole. The secret changes by rotation."""

    url: str | UnsetType = UNSET
    headers: dict[str, str] | UnsetType = UNSET
    secret_headers: dict[str, str] | UnsetType = UNSET


class TriggerPatch(Struct, frozen=True, forbid_unknown_fields=True):
    """Changes of a trigger, in `PATCH /triggers/{id}`: what is given replaces, the rest stays."""

    name: str | UnsetType = UNSET
    endpoint: EndpointPatch | UnsetType = UNSET
    match: MatchDraft | UnsetType = UNSET
    format: Format | UnsetType = UNSET
    retry: RetryDraft | UnsetType = UNSET
    timeout_ms: int | UnsetType = UNSET
    concurrency: int | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET


def signing(secrets: tuple[Secret, ...], now: int) -> tuple[Secret, ...]:
    """Those of `secrets` that sign at `now`, the present one first."""
    return tuple(secret for secret in secrets if secret.until is None or secret.until > now)


def rotated(secrets: tuple[Secret, ...], fresh: Secret, now: int) -> tuple[Secret, ...]:
    """`secrets` with `fresh` as the present one; those before it sign for another day beside it."""
    until = now + OLD_SECRET_FOR
    old = (replace(one, until=min(one.until or until, until)) for one in secrets)
    kept = [one for one in old if one.until is not None and one.until > now]
    return (fresh, *kept[:_OLD_SECRETS])


def check_name(name: str) -> str:
    """The trimmed name, 1 to 255 printable characters, or EnsueError `invalid`."""
    name = name.strip()
    if not 0 < len(name) <= 255 or not name.isprintable():
        raise EnsueError("invalid", "'name' is 1 to 255 printable characters.", "name")
    return name


def check_match(draft: MatchDraft) -> Match:
    """The match that `draft` means; the filter is compiled once, to refuse it now rather than at the first event."""
    patterns = [draft.type] if isinstance(draft.type, str) else draft.type
    if not 0 < len(patterns) <= MAX_PATTERNS:
        raise EnsueError("invalid", f"'match.type' is a pattern, or a list of 1 to {MAX_PATTERNS}.", "match.type")
    checked = tuple(dict.fromkeys(check_pattern(pattern) for pattern in patterns))
    for field, value in (("tenant", draft.tenant), ("subject", draft.subject), ("category", draft.category)):
        if value is not None and not 0 < len(value) <= 255:
            raise EnsueError("invalid", f"'match.{field}' is 1 to 255 characters, or left out.", f"match.{field}")
    if draft.filter is not None:
        compile_filter(draft.filter)
    return Match(
        checked,
        draft.tenant,
        draft.subject,
        draft.category,
        draft.test,
        draft.filter,
        _check_attributes(draft.attributes),
        _check_rule(draft.rule),
    )


def _check_attributes(attributes: dict[str, str]) -> dict[str, str]:
    field = "match.attributes"
    if len(attributes) > MAX_ATTRIBUTES:
        raise EnsueError("invalid", f"'{field}' has {len(attributes)} names; the limit is {MAX_ATTRIBUTES}.", field)
    if any(len(name) > 255 or len(values) > MAX_ATTRIBUTE_VALUES for name, values in attributes.items()):
        message = f"In '{field}' a name has up to 255 characters, and its values up to {MAX_ATTRIBUTE_VALUES} in all."
        raise EnsueError("invalid", message, field)
    return attributes


def _check_rule(raw: Raw) -> Rule | None:
    if bytes(raw) in (b"", b"null"):
        return None
    return check_rule(raw, FILTER_ROOTS, "match.rule")


def check_pattern(pattern: str, field: str = "match.type") -> str:
    """The trimmed pattern of types, or EnsueError `invalid`."""
    pattern = pattern.strip()
    if not 0 < len(pattern) <= 255 or not pattern.isprintable():
        raise EnsueError("invalid", "A type pattern is 1 to 255 printable characters, like 'order.*'.", field)
    if any("*" in segment and segment not in ("*", "**") for segment in _SEGMENT.findall(pattern)):
        message = f"In {pattern[:80]!r}, '*' and '**' stand for whole dotted segments, like 'order.*'."
        raise EnsueError("invalid", message, field)
    return pattern


def check_endpoint_url(url: str, allowed: Allowed) -> str:
    """The URL as it will be requested, or EnsueError `invalid`."""
    try:
        return check_url(url.strip(), allowed).url
    except EnsueError as error:
        raise EnsueError("invalid", error.message, "endpoint.url") from None


def check_headers(headers: dict[str, str], field: str) -> dict[str, str]:
    """The headers, or EnsueError `invalid` for one that the request needs itself, too many, or too much."""
    if len(headers) > MAX_HEADERS:
        raise EnsueError("invalid", f"'{field}' has {len(headers)} headers; the limit is {MAX_HEADERS}.", field)
    if sum(len(name) + len(value) for name, value in headers.items()) > MAX_HEADER_BYTES:
        raise EnsueError("invalid", f"'{field}' is more than {MAX_HEADER_BYTES} bytes in all.", field)
    for name, value in headers.items():
        if name.lower() in _OURS or name.lower().startswith(_OUR_PREFIXES):
            message = f"The header '{name[:80]}' is written by Ensue itself; leave it out."
            raise EnsueError("invalid", message, f"{field}.{name[:80]}")
        try:
            check_header(name, value)
        except EnsueError as error:
            raise EnsueError("invalid", error.message, f"{field}.{name[:80]}") from None
    return headers


def check_retry(draft: RetryDraft) -> Retry:
    """The retry policy, or EnsueError `invalid`; waits that no attempt reaches are dropped."""
    if not 1 <= draft.attempts <= MAX_ATTEMPTS:
        raise EnsueError("invalid", f"'retry.attempts' is a number from 1 to {MAX_ATTEMPTS}.", "retry.attempts")
    if not 0 <= draft.jitter <= 1:
        raise EnsueError("invalid", "'retry.jitter' is a share of the wait, from 0 to 1.", "retry.jitter")
    if draft.schedule is None:
        return Retry(draft.attempts, jitter=draft.jitter)
    if not 0 < len(draft.schedule) <= MAX_WAITS:
        raise EnsueError(
            "invalid", f"'retry.schedule' is a list of 1 to {MAX_WAITS} waits in seconds.", "retry.schedule"
        )
    if not all(0 <= wait <= MAX_WAIT for wait in draft.schedule):
        raise EnsueError("invalid", f"Each wait in 'retry.schedule' is 0 to {MAX_WAIT} seconds.", "retry.schedule")
    return Retry(draft.attempts, tuple(draft.schedule[: max(1, draft.attempts - 1)]), draft.jitter)


def check_timeout(timeout_ms: int) -> int:
    """Milliseconds for one try in all, 100 to 60,000, or EnsueError `invalid`."""
    if not 100 <= timeout_ms <= MAX_TIMEOUT:
        raise EnsueError(
            "invalid", f"'timeout_ms' is a number of milliseconds from 100 to {MAX_TIMEOUT}.", "timeout_ms"
        )
    return timeout_ms


def check_concurrency(concurrency: int | None) -> int | None:
    """How many tries at once, 1 to 1,000, None for the instance's setting; or EnsueError `invalid`."""
    if concurrency is not None and not 1 <= concurrency <= MAX_CONCURRENCY:
        raise EnsueError("invalid", f"'concurrency' is a number from 1 to {MAX_CONCURRENCY}, or null.", "concurrency")
    return concurrency


def trigger_document(trigger: Trigger, revision: int = 0) -> Document:
    """The document that keeps a trigger."""
    body = msgspec.json.encode(trigger)
    return Document(kind="trigger", project=trigger.project, id=trigger.id, body=body, revision=revision)


def trigger_of(document: Document) -> Trigger:
    """The trigger that a document keeps."""
    return msgspec.json.decode(document.body, type=Trigger)
