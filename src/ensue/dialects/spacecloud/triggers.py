"""Hides how a trigger is written in Space Cloud's words: what of it a trigger of ours can say, and what is refused."""

from typing import Any, Final

from msgspec import Raw, Struct, field

from ensue.domain.decoding import decode
from ensue.domain.errors import EnsueError
from ensue.domain.event import EMPTY
from ensue.domain.rule import FILTER_ROOTS, check_rule
from ensue.domain.trigger import MAX_ATTEMPTS, EndpointDraft, Format, MatchDraft, RetryDraft, Trigger, TriggerDraft

RETRIES: Final = 3
TIMEOUT_MS: Final = 5_000
WAIT: Final = 5.0
"""Seconds between two attempts."""

_THEIR_NAMES: Final = {"name": "id", "timeout_ms": "timeout", "match.attributes": "options"}

_INSTEAD: Final = (
    "the format 'spacecloud' sends the whole event; for its data alone, or as CloudEvents, make a trigger by "
    "POST /api/v1/triggers with the format 'plain' or 'cloudevents'"
)


class TriggerBody(Struct, frozen=True):
    """A trigger as it is sent; null is as good as left out. Names that are not here are passed over."""

    type: str | None = None
    url: str | None = None
    retries: int | None = None
    timeout: int | None = None
    options: dict[str, str] | None = None
    filter: Raw = EMPTY
    template: str | None = None
    output_format: str | None = field(default=None, name="outputFormat")
    request_template: str | None = field(default=None, name="requestTemplate")
    claims: str | None = None


def read_trigger(body: bytes, name: str, kind: Format) -> TriggerDraft:
    """The trigger that a body means, under the name that the path gives. Raises EnsueError `invalid`."""
    sent = decode(body, TriggerBody)
    _refuse_templates(sent)
    if not sent.type or not sent.url:
        missing = "url" if sent.type else "type"
        raise EnsueError("invalid", f"'{missing}' is missing: a trigger sends events of a type to a URL.", missing)
    rule = sent.filter if bytes(sent.filter) not in (b"", b"null") else EMPTY
    if bytes(rule):
        check_rule(rule, FILTER_ROOTS, "filter")
    retries = sent.retries if sent.retries is not None and sent.retries > 0 else RETRIES
    if retries >= MAX_ATTEMPTS:
        raise EnsueError("invalid", f"'retries' is a number up to {MAX_ATTEMPTS - 1}.", "retries")
    return TriggerDraft(
        name=name,
        endpoint=EndpointDraft(url=sent.url),
        match=MatchDraft(type=[sent.type], attributes=sent.options or {}, rule=rule),
        format=kind,
        retry=RetryDraft(attempts=retries + 1, schedule=[WAIT], jitter=0),
        timeout_ms=sent.timeout or TIMEOUT_MS,
    )


def _refuse_templates(sent: TriggerBody) -> None:
    if sent.template not in (None, "", "go"):
        raise EnsueError("invalid", f"Invalid templating engine ({sent.template[:40]}) provided", "template")
    if sent.request_template:
        raise EnsueError("invalid", f"'requestTemplate' is not available here: {_INSTEAD}.", "requestTemplate")
    if sent.output_format not in (None, "", "yaml"):
        raise EnsueError("invalid", f"'outputFormat' is not available here: {_INSTEAD}.", "outputFormat")
    if sent.claims:
        message = (
            "Templates of 'claims' are not available here: the token's claims are fixed; give the receiver a header of "
            "its own by PATCH /api/v1/triggers/{id} with endpoint.secret_headers, or let it check webhook-signature."
        )
        raise EnsueError("invalid", message, "claims")


def in_their_words(error: EnsueError) -> EnsueError:
    """A refusal of a trigger that names the field as it was sent."""
    named = _THEIR_NAMES.get(error.field or "")
    if named is None:
        return error
    return EnsueError(error.code, error.message.replace(f"'{error.field}'", f"'{named}'"), named)


def shown_trigger(trigger: Trigger) -> dict[str, Any]:
    """A trigger as it is read back."""
    rule = trigger.match.rule
    return {
        "id": trigger.name,
        "type": trigger.match.type[0],
        "url": trigger.endpoint.url,
        "retries": trigger.retry.attempts - 1,
        "timeout": trigger.timeout_ms,
        "options": trigger.match.attributes,
        "filter": rule,
        "template": "go",
        "outputFormat": "yaml",
        "claims": "",
        "triggerType": "",
    }
