"""Hides how a message is posted: signed by Standard Webhooks, tried once, and what is kept of the try.

What a body looks like and what an answer means is the channel's own affair.
"""

import re
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Final

from msgspec import Struct

from ensue.channels.base import Destination, Message
from ensue.channels.outbound import Failure, Outbound, Reply, Request
from ensue.domain.delivery import Exchange
from ensue.domain.signature import sign

MASK: Final = "***"
KEPT_BODY: Final = 16_384
"""How much of an answer's body is kept with the attempt (bytes)."""

_CREDENTIALS: Final = re.compile(r"[A-Za-z]+ +(\S{8,})")
"""A scheme and its credentials (RFC 9110, section 11.4); what is shorter is no secret, and may be a word."""

Headers = tuple[tuple[str, str], ...]


class Posted(Struct, frozen=True, gc=False):
    """What came of one POST, and what is kept of it."""

    answer: Reply | Failure
    exchange: Exchange


async def post(
    outbound: Outbound, message: Message, to: Destination, content: tuple[Headers, bytes], held: Callable[[], bool]
) -> Posted | None:
    """One signed POST of `content`, its own headers and its body; None when the claim was lost before it was
    written."""
    headers, body = content
    headers += _signed(message, to, body)
    headers += tuple(to.headers.items()) + tuple(to.secret_headers.items())
    request = Request("POST", to.url, headers, body, to.timeout_ms, outbound.connect_timeout_ms)
    answer = await outbound.send(request, held)
    if isinstance(answer, Failure) and answer.kind == "stale":
        return None
    return Posted(answer, _exchange(request, to.secret_headers, answer))


def _signed(message: Message, to: Destination, body: bytes) -> Headers:
    return (
        ("webhook-id", message.id),
        ("webhook-timestamp", str(message.sent_at)),
        ("webhook-signature", sign(to.secrets, message.id, message.sent_at, body)),
        ("ensue-event-id", message.event.id),
        ("ensue-attempt", str(message.attempt)),
        *((("ensue-replay", message.replay),) if message.replay is not None else ()),
    )


def _exchange(request: Request, secret: Mapping[str, str], answer: Reply | Failure) -> Exchange:
    """What is kept of the try; secret headers are masked here, also where the receiver sends them back to us."""
    if not secret:
        return _plain_exchange(request, answer)
    sent = {name: MASK if name in secret else value for name, value in request.headers}
    if isinstance(answer, Failure):
        return Exchange(method=request.method, url=request.url, request_headers=sent)
    return Exchange(
        method=request.method,
        url=request.url,
        request_headers=sent,
        status=answer.status,
        response_headers={name: masked(value, secret) for name, value in answer.headers},
        response_body=masked(answer.body.decode("utf-8", "replace"), secret)[:KEPT_BODY],
        truncated=answer.truncated or len(answer.body) > KEPT_BODY,
    )


def _plain_exchange(request: Request, answer: Reply | Failure) -> Exchange:
    """The same where nothing is secret."""
    if isinstance(answer, Failure):
        return Exchange(method=request.method, url=request.url, request_headers=dict(request.headers))
    return Exchange(
        method=request.method,
        url=request.url,
        request_headers=dict(request.headers),
        status=answer.status,
        response_headers=dict(answer.headers),
        response_body=answer.body[:KEPT_BODY].decode("utf-8", "replace"),
        truncated=answer.truncated or len(answer.body) > KEPT_BODY,
    )


def masked(text: str, secret: Mapping[str, str]) -> str:
    """`text` without the values of secret headers, nor what follows a scheme in one (the token of `Bearer <token>`,
    which receivers like to repeat); the longest first, since one may be part of another."""
    values = [value for value in map(str.strip, secret.values()) if value]
    credentials = [found[1] for value in values if (found := _CREDENTIALS.fullmatch(value))]
    for value in sorted(values + credentials, key=len, reverse=True):
        text = text.replace(value, MASK)
    return text


def retry_after(reply: Reply, sent_at: int) -> int | None:
    """Seconds to wait by `Retry-After` (RFC 9110, section 10.2.3: seconds or a date); None if absent or unreadable."""
    text = next((value for name, value in reply.headers if name.lower() == "retry-after"), "").strip()
    if text.isascii() and text.isdigit():
        return int(text[:9])
    try:
        return max(0, int(parsedate_to_datetime(text).timestamp()) - sent_at)
    except (ValueError, OverflowError):
        return None
