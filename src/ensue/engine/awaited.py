"""Hides what is waited for: the first response that any of an event's deliveries brings, or that none of them will.

It is told of every try that ends, so that a later one counts too. Deliveries that somebody waits for are tried by this
process, so nothing has to be asked of the store.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence

from msgspec import Raw

from ensue.domain.conversation import response_of
from ensue.domain.delivery import Delivery, Result, Sent
from ensue.domain.errors import EnsueError
from ensue.domain.trigger import CONVERSING, Trigger


class Awaited:
    """One wait, for `deliveries`. `choose` is called in the writer's turn, all else in the event loop."""

    def __init__(self) -> None:
        self.deliveries: frozenset[str] = frozenset()
        self._left: set[str] = set()
        self._over: asyncio.Future[Raw | None] = asyncio.get_running_loop().create_future()

    def choose(self, deliveries: Iterable[Delivery], trigger_of: Callable[[str | None], Trigger | None]) -> None:
        """Wait for those of `deliveries` whose receivers may answer with a response, and are asked at all.

        EnsueError `not_found` when there are none.
        """
        self.deliveries = frozenset(one.id for one in deliveries if may_answer(trigger_of(one.trigger)))
        self._left = set(self.deliveries)
        if not self._left:
            raise nobody_answers()

    def wants(self, delivery: Delivery) -> bool:
        """Whether it is one of those."""
        return delivery.id in self.deliveries

    def told(self, delivery_id: str, delivery: Delivery | None, result: Result | None) -> None:
        """A try of it is settled: the delivery as it is now, None if it is not ours any more, and the result."""
        if delivery is not None and isinstance(result, Sent) and (response := response_of(result.reply)) is not None:
            self._end(response)
        if delivery is None or delivery.state != "pending":
            self._left.discard(delivery_id)
        if not self._left:
            self._end(None)

    def _end(self, response: Raw | None) -> None:
        if not self._over.done():
            self._over.set_result(response)

    def give_up(self, error: EnsueError) -> None:
        """Whoever waits gets `error`."""
        if not self._over.done():
            self._over.set_exception(error)
            self._over.exception()  # whoever waited may be gone

    @property
    def is_over(self) -> bool:
        """Whether nobody waits any more."""
        return self._over.done()

    async def over(self) -> Raw | None:
        """The response, or None when no delivery will bring one."""
        return await asyncio.shield(self._over)


def may_answer(trigger: Trigger | None) -> bool:
    """Whether a receiver may answer with a response, and is asked at all."""
    return trigger is not None and trigger.enabled and trigger.format in CONVERSING


def anybody_answers(triggers: Sequence[Trigger]) -> bool:
    """Whether one of them may."""
    return any(may_answer(trigger) for trigger in triggers)


def nobody_answers() -> EnsueError:
    """Said at once where no trigger matches: nothing is stored."""
    message = "No enabled trigger of the format 'spacecloud' matches this event, so nobody would answer; make one."
    return EnsueError("not_found", message)
