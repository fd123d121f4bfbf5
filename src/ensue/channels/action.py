"""Hides what the request of a pressed button looks like, and what its answer means: 200 or 201 is done, nothing else.

A button without a URL calls nobody: its press is done when its turn comes.

Nothing is tried again: whoever pressed sees why it failed, and may press again (design section 9).
"""

from collections.abc import Callable
from typing import Final

from ensue.channels.base import Destination, Message
from ensue.channels.outbound import Failure, Outbound
from ensue.channels.posting import post
from ensue.domain.delivery import Failed, Result, Sent, Skipped
from ensue.domain.press import action_body

_COMPLETE: Final = (200, 201)


class ActionChannel:
    """Sends presses to the URLs of their buttons, signed."""

    kind = "action"

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound

    async def send(self, message: Message, to: Destination, held: Callable[[], bool]) -> Result | None:
        """One POST; the answer as a Result, None when the claim was lost before it was written."""
        if message.press is None:
            return Skipped("nothing was pressed")
        if not to.url:
            return Sent() if held() else None
        content = (("Content-Type", "application/json"),), action_body(message.event, message.press)
        posted = await post(self._outbound, message, to, content, held)
        if posted is None:
            return None
        answer = posted.answer
        if isinstance(answer, Failure):
            return Failed(f"{answer.kind}: {answer.message}", posted.exchange)
        if answer.status in _COMPLETE:
            return Sent(posted.exchange)
        return Failed(f"status {answer.status}", posted.exchange)

    async def close(self) -> None:
        """Close the connections."""
        await self._outbound.close()
