"""Hides how a debt becomes a message: finds the trigger or button as it is now, opens its secrets, and hands
both to the channel."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from ensue.channels.base import Channel, Destination, Message
from ensue.domain.delivery import ACTION, Delivery, Failed, Result, Skipped
from ensue.domain.errors import EnsueError
from ensue.domain.event import Event
from ensue.domain.plan import SCHEDULED_MARK
from ensue.domain.press import ACTION_MARK, TIMEOUT_MS, action_of, press_of
from ensue.domain.push import PUSH_MARK, WEBPUSH, device_in
from ensue.domain.replay import REPLAY_MARK, fresh_lane
from ensue.domain.schedule import DAY
from ensue.domain.signature import check_secret
from ensue.domain.trigger import CONVERSING, Secret, Trigger, signing
from ensue.engine.clock import Clock
from ensue.engine.lanes import Room, Rooms
from ensue.engine.passes import Passes
from ensue.engine.pushing import Pushing
from ensue.engine.rules import Rules
from ensue.engine.vault import Vault

_REMEMBERED: Final = 10_000
REPLAYED: Final = 4
"""Replayed deliveries have this part of their trigger's room, at least one."""


class _Known(Struct, frozen=True):
    """Where a trigger, as it is now, sends until `until` (ms)."""

    trigger: Trigger
    until: int
    destination: Destination


class Perform:
    """Tries a delivery once; the result is a value, whatever happens."""

    def __init__(
        self,
        rules: Rules,
        channels: Mapping[str, Channel],
        vault: Vault,
        clock: Clock,
        rooms: Rooms,
        passes: Passes,
        pushing: Pushing,
    ) -> None:
        self._rules = rules
        self._channels = channels
        self._vault = vault
        self._clock = clock
        self._rooms = rooms
        self._passes = passes
        self._pushing = pushing
        self._hosts: dict[str, str] = {}
        self._known: dict[str, _Known] = {}

    def room(self, lane: str) -> Room:
        """What limits a lane now."""
        if lane.endswith(SCHEDULED_MARK):
            return Room(self._rooms.scheduled, counts=False)
        if lane.endswith(ACTION_MARK):
            return Room(self._rooms.host, lane.removesuffix(ACTION_MARK))
        if lane.endswith(REPLAY_MARK):
            fresh = fresh_lane(lane)
            whole = self.room(fresh)
            return Room(-(-whole.lane // REPLAYED), whole.host, within=fresh, whole=whole.lane)
        if lane.endswith(PUSH_MARK):
            device = self._rules.device(device_in(lane))
            return Room(self._rooms.trigger, "" if device is None else f"{PUSH_MARK}|{self._host(device.endpoint)}")
        trigger = self._rules.trigger(lane)
        if trigger is None:
            return Room(self._rooms.trigger)
        if not trigger.enabled:
            return Room(0)
        return Room(trigger.concurrency or self._rooms.trigger, f"{trigger.project}|{self._host(trigger.endpoint.url)}")

    def _host(self, url: str) -> str:
        host = self._hosts.get(url)
        if host is None:
            if len(self._hosts) >= _REMEMBERED:
                self._hosts.clear()
            host = self._hosts[url] = urlsplit(url).hostname or ""
        return host

    async def __call__(self, delivery: Delivery, event: Event | None, held: Callable[[], bool]) -> Result | None:
        """The result of one try; None when `held()` said, just before the request was written, that the claim is not
        ours any more."""
        if event is None:
            return Skipped("event removed")
        now = self._clock()
        try:
            destination = await self._where(delivery, event, now)
            if destination is None:
                return Skipped("trigger deleted" if delivery.kind != WEBPUSH else "nobody listens there any more")
            if destination.format in CONVERSING:
                destination = await self._passes.added(destination, event.project, now)
            return await self._channels[delivery.kind].send(self._message(delivery, event, now), destination, held)
        except EnsueError as error:
            return Failed(error.message)

    async def _where(self, delivery: Delivery, event: Event, now: int) -> Destination | None:
        if delivery.kind == ACTION:
            return self._button(delivery, event, now)
        if delivery.kind == WEBPUSH:
            return await self._pushing.where(delivery, event, now)
        trigger = self._rules.trigger(delivery.trigger)
        return None if trigger is None else self._destination(trigger, now)

    def _button(self, delivery: Delivery, event: Event, now: int) -> Destination:
        """Where a pressed button sends: its own URL, signed with the secrets of its project."""
        project = self._rules.project(event.project)
        return Destination(
            url=action_of(event, press_of(delivery).key).url,
            format="action",
            secrets=self._keys(signing(project.secrets, now) if project is not None else ()),
            timeout_ms=TIMEOUT_MS,
        )

    def _message(self, delivery: Delivery, event: Event, now: int) -> Message:
        return Message(
            id=delivery.id,
            event=event,
            attempt=delivery.tries + 1,
            sent_at=now // 1000,
            source=self._rules.source(event.project),
            replay=delivery.replay,
            press=press_of(delivery) if delivery.kind == ACTION else None,
        )

    def _destination(self, trigger: Trigger, now: int) -> Destination:
        """Where a trigger sends now; made once for each state of it, and again when one of its secrets has ended."""
        known = self._known.get(trigger.id)
        if known is not None and known.trigger is trigger and now < known.until:
            return known.destination
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        secrets = signing(trigger.endpoint.secrets, now)
        until = min((secret.until for secret in secrets if secret.until is not None), default=now + DAY)
        destination = self._open(trigger, secrets)
        self._known[trigger.id] = _Known(trigger, until, destination)
        return destination

    def _open(self, trigger: Trigger, secrets: Sequence[Secret]) -> Destination:
        endpoint = trigger.endpoint
        return Destination(
            url=endpoint.url,
            format=trigger.format,
            headers=endpoint.headers,
            secret_headers={
                name: self._vault.open(sealed).decode() for name, sealed in endpoint.secret_headers.items()
            },
            secrets=self._keys(secrets),
            timeout_ms=trigger.timeout_ms,
        )

    def _keys(self, secrets: Sequence[Secret]) -> tuple[bytes, ...]:
        return tuple(check_secret(self._vault.open(secret.sealed).decode()) for secret in secrets)
