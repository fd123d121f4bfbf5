"""Hides what a webhook looks like: body by format, Standard Webhooks signature, and what each answer means.

Success is any 2xx. 410 is permanent; 429 and 503 obey `Retry-After`; everything else is tried again (design section 8).
Receivers that know Space Cloud may say more in a 2xx: an error, which makes it a failure, events and a response.
Their other answers are failures and nothing more (design section 9).
"""

from collections.abc import Callable

from ensue.channels.base import Destination, Message
from ensue.channels.outbound import Failure, Outbound, Reply
from ensue.channels.posting import Headers, masked, post, retry_after
from ensue.domain.cloudevents import binary, plain, structured
from ensue.domain.conversation import MAX_COMPLAINT, heard, six_keys
from ensue.domain.delivery import Exchange, Failed, Result, Sent
from ensue.domain.trigger import CONVERSING


class WebhookChannel:
    """Sends events to endpoints, signed."""

    kind = "webhook"

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound

    async def send(self, message: Message, to: Destination, held: Callable[[], bool]) -> Result | None:
        """One POST; the answer as a Result, None when the claim was lost before it was written."""
        posted = await post(self._outbound, message, to, _content(message, to.format), held)
        if posted is None:
            return None
        if to.format in CONVERSING:
            return _said(posted.answer, posted.exchange, to)
        return _result(posted.answer, posted.exchange, message.sent_at)

    async def close(self) -> None:
        """Close the connections."""
        await self._outbound.close()


def _content(message: Message, form: str) -> tuple[Headers, bytes]:
    if form == "cloudevents-binary":
        return binary(message.event, message.source)
    if form == "plain":
        content_type, body = plain(message.event)
        return (("Content-Type", content_type),), body
    if form in CONVERSING:
        return (("Content-Type", "application/json"),), six_keys(message.event, form, message.source)
    return (("Content-Type", "application/cloudevents+json"),), structured(message.event, message.source)


def _result(answer: Reply | Failure, exchange: Exchange, sent_at: int) -> Result:
    if isinstance(answer, Failure):
        return Failed(f"{answer.kind}: {answer.message}", exchange)
    if 200 <= answer.status < 300:
        return Sent(exchange)
    if answer.status == 410:
        return Failed("410: the receiver wants no more of this", exchange, permanent=True)
    wait = retry_after(answer, sent_at) if answer.status in (429, 503) else None
    return Failed(f"status {answer.status}", exchange, retry_after=wait)


def _said(answer: Reply | Failure, exchange: Exchange, to: Destination) -> Result:
    """The answer of a receiver that knows Space Cloud. What was cut off means nothing."""
    if isinstance(answer, Failure):
        return Failed(f"{answer.kind}: {answer.message}", exchange)
    if not 200 <= answer.status < 300:
        return Failed(f"status {answer.status}", exchange)
    if answer.truncated:
        return Sent(exchange, note="the answer is too long to be read, so that nothing in it counts")
    said = heard(answer.body)
    if said.error is not None:
        return Failed(masked(said.error, to.secret_headers)[:MAX_COMPLAINT], exchange)
    return Sent(exchange, said.reply)
