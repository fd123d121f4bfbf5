"""Hides how an engine is put on a stage: a store, a clock that a test turns, a channel that does as it is told."""

import asyncio
import contextlib
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from msgspec import Raw

from ensue import app
from ensue.channels.base import Destination, Message
from ensue.config import Config
from ensue.domain.delivery import ACTION, WEBHOOK, Attempt, Delivery, Result, Sent
from ensue.domain.intake import Draft, Extras, Intake, accept
from ensue.domain.trigger import EndpointDraft, MatchDraft, Trigger, TriggerDraft
from ensue.engine.engine import Parts
from ensue.engine.feed import Glimpse
from ensue.engine.lanes import Lanes
from ensue.store.base import DeliveryQuery, Receipt, Store
from ensue.testing import PATIENCE, Clock

Script = Callable[[Message], "Result | Awaitable[Result]"]
URL = "http://127.0.0.1:9/hook"


class Recorder:
    """A channel that sends nothing: it keeps what it was handed, and answers by `script`."""

    kind = "webhook"

    def __init__(self) -> None:
        self.script: Script = lambda _message: Sent()
        self.sent: list[tuple[Message, Destination]] = []
        self.changed = asyncio.Event()

    async def send(self, message: Message, to: Destination, held: Callable[[], bool]) -> Result | None:
        """As `Channel.send`."""
        await asyncio.sleep(0)  # resolving and connecting take their time
        if not held():
            return None
        self.sent.append((message, to))
        self.changed.set()
        answer = self.script(message)
        return await answer if inspect.isawaitable(answer) else answer

    async def close(self) -> None:
        """Nothing to close."""

    def types(self) -> list[str]:
        """The types of what was sent, in order."""
        return [message.event.type for message, _ in self.sent]


class Hold:
    """An answer that a test gives when it wants: `Recorder.script = hold`, later `hold.answer(Sent())`."""

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[Result]] = []

    def __call__(self, _message: Message) -> Awaitable[Result]:
        """The answer to wait for."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        return future

    def answer(self, result: Result) -> None:
        """Answer all that wait."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(result)

    @property
    def count(self) -> int:
        """How many wait."""
        return len([future for future in self._waiting if not future.done()])


class Stage:
    """A running engine with its parts within reach."""

    def __init__(self, house: app.House, clock: Clock, channel: Recorder, project: str) -> None:
        self.house = house
        self.engine = house.engine
        self.store: Store = house.store
        self.clock = clock
        self.channel = channel
        self.project = project

    @property
    def parts(self) -> Parts:
        """What the engine is made of."""
        return self.engine._parts

    @property
    def lanes(self) -> Lanes:
        """Whose turn it is."""
        return self.parts.worker._lanes

    async def trigger(self, kind: str | list[str] = "order.*", **fields: Any) -> Trigger:
        """A new trigger; `match` takes the other fields of a match, `url` where it sends."""
        match = MatchDraft(type=kind, **fields.pop("match", {}))
        endpoint = EndpointDraft(url=fields.pop("url", URL), **fields.pop("endpoint", {}))
        draft = TriggerDraft(name=fields.pop("name", "a trigger"), endpoint=endpoint, match=match, **fields)
        return (await self.engine.triggers.create(self.project, draft)).trigger

    def intake(self, kind: str = "order.paid", *, attributes: dict[str, Any] | None = None, **fields: Any) -> Intake:
        """An accepted event that is not stored yet; `data` is JSON text."""
        data = Raw(fields.pop("data", "{}").encode())
        body = fields.pop("body", b"")
        draft = Draft(type=kind, data=data, **fields)
        extras = Extras(attributes=attributes or {})
        return accept(draft, self.project, self.engine.limits, self.clock(), body=body, extras=extras)

    async def send(self, kind: str = "order.paid", **fields: Any) -> Receipt:
        """Store an event."""
        return await self.engine.ingest.submit(self.intake(kind, **fields))

    async def send_many(self, count: int, kind: str = "order.paid", **fields: Any) -> None:
        """Store many events in one commit."""
        await asyncio.gather(*self.engine.ingest.submit_many([self.intake(kind, **fields) for _ in range(count)]))

    async def deliveries(self, **query: Any) -> list[Delivery]:
        """Deliveries, oldest first."""
        page = await self.store.deliveries(DeliveryQuery(project=self.project, limit=10_000, **query))
        return list(page.items)[::-1]

    async def only(self, **query: Any) -> Delivery:
        """The one delivery there is."""
        (found,) = await self.deliveries(**query)
        return found

    async def attempts(self, delivery: Delivery) -> Sequence[Attempt]:
        """The attempts of a delivery."""
        return await self.store.attempts(delivery.id)

    async def until(self, holds: Callable[[], Any], patience: float = PATIENCE) -> None:
        """Return when `holds()`, awaited where it must be, is true; it is asked whenever something was sent."""
        async with asyncio.timeout(patience):
            while True:
                self.channel.changed.clear()
                found = holds()
                if await found if inspect.isawaitable(found) else found:
                    return
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.channel.changed.wait(), 0.01)

    async def settled(self, state: str, count: int = 1) -> list[Delivery]:
        """The webhook deliveries in that state, once there are so many."""

        async def there() -> bool:
            return len(await self.deliveries(state=state, kind="webhook")) >= count

        await self.until(there)
        return await self.deliveries(state=state, kind="webhook")

    async def retried(self, tries: int) -> Delivery:
        """The one delivery, once so many tries are settled."""

        async def there() -> bool:
            return (await self.only()).tries >= tries

        await self.until(there)
        return await self.only()

    async def idle(self) -> None:
        """Return when this process tries nothing and has settled all."""
        await self.until(lambda: not self.parts.worker.in_flight())


@contextlib.asynccontextmanager
async def staged(
    directory: Path, *, store: Store | None = None, clock: Clock | None = None, start: bool = True, **settings: Any
) -> AsyncIterator[Stage]:
    """An engine on `store` (SQLite in `directory` if None) that runs until the block ends, without a port."""
    values: dict[str, Any] = {"data": str(directory), "allow_networks": "127.0.0.0/8", "grace": 0.0}
    turned = clock or Clock()
    house = app.build(Config(**(values | settings)), clock=turned, store=store)
    turned.on_turn(house.engine.wake)
    await app.open_house(house)
    channel = Recorder()
    house.engine._parts.worker._perform._channels = dict.fromkeys((WEBHOOK, ACTION), channel)
    if start:
        await house.engine.start()
    else:
        await house.engine.rules.refresh(house.store)
    project = house.engine.rules.project("default")
    assert project is not None
    try:
        yield Stage(house, turned, channel, project.id)
    finally:
        await house.engine.stop()
        await house.store.close()


async def glimpse(following: AsyncIterator[Glimpse]) -> Glimpse:
    """The next thing that a follower sees, within patience."""
    await asyncio.sleep(0)  # the others have their turn too
    async with asyncio.timeout(PATIENCE):
        return await anext(following)
