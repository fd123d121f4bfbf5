"""Hides how a debt becomes a message: finds the trigger as it is now, opens its secrets, hands both to the channel."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from ensue.channels.base import Channel, Destination, Message
from ensue.domain.delivery import Delivery, Failed, Result, Skipped
from ensue.domain.errors import EnsueError
from ensue.domain.event import Event
from ensue.domain.plan import SCHEDULED_MARK
from ensue.domain.schedule import DAY
from ensue.domain.signature import check_secret
from ensue.domain.trigger import Secret, Trigger
from ensue.engine.clock import Clock
from ensue.engine.lanes import Room, Rooms
from ensue.engine.rules import Rules
from ensue.engine.vault import Vault

_REMEMBERED: Final = 10_000


class _Known(Struct, frozen=True):
    """Where a trigger, as it is now, sends until `until` (ms)."""

    trigger: Trigger
    until: int
    destination: Destination


class Perform:
    """Tries a delivery once; the result is a value, whatever happens."""

    def __init__(self, rules: Rules, channels: Mapping[str, Channel], vault: Vault, clock: Clock, rooms: Rooms) -> None:
        self._rules = rules
        self._channels = channels
        self._vault = vault
        self._clock = clock
        self._rooms = rooms
        self._hosts: dict[str, str] = {}
        self._known: dict[str, _Known] = {}

    def room(self, lane: str) -> Room:
        """What limits a lane now."""
        if lane.endswith(SCHEDULED_MARK):
            return Room(self._rooms.scheduled, counts=False)
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
        trigger = self._rules.trigger(delivery.trigger)
        if trigger is None:
            return Skipped("trigger deleted")
        if event is None:
            return Skipped("event removed")
        channel = self._channels[delivery.kind]
        now = self._clock()
        try:
            return await channel.send(self._message(delivery, event, now), self._destination(trigger, now), held)
        except EnsueError as error:
            return Failed(error.message)

    def _message(self, delivery: Delivery, event: Event, now: int) -> Message:
        return Message(
            id=delivery.id,
            event=event,
            attempt=delivery.tries + 1,
            sent_at=now // 1000,
            source=self._rules.source(event.project),
            replay=delivery.replay,
        )

    def _destination(self, trigger: Trigger, now: int) -> Destination:
        """Where a trigger sends now; made once for each state of it, and again when one of its secrets has ended."""
        known = self._known.get(trigger.id)
        if known is not None and known.trigger is trigger and now < known.until:
            return known.destination
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        secrets = [secret for secret in trigger.endpoint.secrets if secret.until is None or secret.until > now]
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
            secrets=tuple(check_secret(self._vault.open(secret.sealed).decode()) for secret in secrets),
            timeout_ms=trigger.timeout_ms,
        )
