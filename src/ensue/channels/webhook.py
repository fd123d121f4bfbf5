"""Hides what a webhook looks like: body by format, Standard Webhooks signature, and what each answer means.

Success is any 2xx. 410 is permanent; 429 and 503 obey `Retry-After`; everything else is tried again (design section 8).
"""

from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Final

from ensue.channels.base import Destination, Message
from ensue.channels.outbound import Failure, Outbound, Reply, Request
from ensue.domain.cloudevents import binary, plain, structured
from ensue.domain.delivery import Exchange, Failed, Result, Sent
from ensue.domain.signature import sign

MASK: Final = "***"
KEPT_BODY: Final = 16_384
"""How much of an answer's body is kept with the attempt (bytes)."""

Headers = tuple[tuple[str, str], ...]


class WebhookChannel:
    """Sends events to endpoints, signed."""

    kind = "webhook"

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound

    async def send(self, message: Message, to: Destination, held: Callable[[], bool]) -> Result | None:
        """One POST; the answer as a Result, None when the claim was lost before it was written."""
        headers, body = _content(message, to.format)
        headers += _signed(message, to, body)
        headers += tuple(to.headers.items()) + tuple(to.secret_headers.items())
        request = Request("POST", to.url, headers, body, to.timeout_ms, self._outbound.connect_timeout_ms)
        answer = await self._outbound.send(request, held)
        if isinstance(answer, Failure) and answer.kind == "stale":
            return None
        return _result(answer, _exchange(request, to.secret_headers, answer), message.sent_at)

    async def close(self) -> None:
        """Close the connections."""
        await self._outbound.close()


def _content(message: Message, form: str) -> tuple[Headers, bytes]:
    if form == "cloudevents-binary":
        return binary(message.event, message.source)
    if form == "plain":
        content_type, body = plain(message.event)
        return (("Content-Type", content_type),), body
    return (("Content-Type", "application/cloudevents+json"),), structured(message.event, message.source)


def _signed(message: Message, to: Destination, body: bytes) -> Headers:
    return (
        ("webhook-id", message.id),
        ("webhook-timestamp", str(message.sent_at)),
        ("webhook-signature", sign(to.secrets, message.id, message.sent_at, body)),
        ("ensue-event-id", message.event.id),
        ("ensue-attempt", str(message.attempt)),
    )


def _result(answer: Reply | Failure, exchange: Exchange, sent_at: int) -> Result:
    if isinstance(answer, Failure):
        return Failed(f"{answer.kind}: {answer.message}", exchange)
    if 200 <= answer.status < 300:
        return Sent(exchange)
    if answer.status == 410:
        return Failed("410: the receiver wants no more of this", exchange, permanent=True)
    wait = _retry_after(answer, sent_at) if answer.status in (429, 503) else None
    return Failed(f"status {answer.status}", exchange, retry_after=wait)


def _retry_after(reply: Reply, sent_at: int) -> int | None:
    """Seconds to wait by `Retry-After` (RFC 9110, section 10.2.3: seconds or a date); None if absent or unreadable."""
    text = next((value for name, value in reply.headers if name.lower() == "retry-after"), "").strip()
    if text.isascii() and text.isdigit():
        return int(text[:9])
    try:
        return max(0, int(parsedate_to_datetime(text).timestamp()) - sent_at)
    except (ValueError, OverflowError):
        return None


def _exchange(request: Request, secret: Mapping[str, str], answer: Reply | Failure) -> Exchange:
    """What is kept of the try; secret headers are masked here, also where the receiver sends them back to us."""
    sent = {name: MASK if name in secret else value for name, value in request.headers}
    if isinstance(answer, Failure):
        return Exchange(method=request.method, url=request.url, request_headers=sent)
    return Exchange(
        method=request.method,
        url=request.url,
        request_headers=sent,
        status=answer.status,
        response_headers={name: _masked(value, secret) for name, value in answer.headers},
        response_body=_masked(answer.body.decode("utf-8", "replace"), secret)[:KEPT_BODY] if secret else _cut(answer),
        truncated=answer.truncated or len(answer.body) > KEPT_BODY,
    )


def _cut(answer: Reply) -> str:
    return answer.body[:KEPT_BODY].decode("utf-8", "replace")


def _masked(text: str, secret: Mapping[str, str]) -> str:
    """`text` without the values of secret headers; the longest first, since one may be part of another."""
    for value in sorted(filter(None, map(str.strip, secret.values())), key=len, reverse=True):
        text = text.replace(value, MASK)
    return text
