"""Hides how a debt becomes a message: finds the trigger as it is now, opens its secrets, hands both to the channel."""

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from ensue.channels.base import Channel, Destination, Message
from ensue.domain.delivery import Delivery, Failed, Result, Skipped
from ensue.domain.errors import EnsueError
from ensue.domain.event import Event
from ensue.domain.plan import SCHEDULED_MARK
from ensue.domain.signature import check_secret
from ensue.domain.trigger import Trigger
from ensue.engine.clock import Clock
from ensue.engine.lanes import Room, Rooms
from ensue.engine.rules import Rules
from ensue.engine.vault import Vault


class Perform:
    """Tries a delivery once; the result is a value, whatever happens."""

    def __init__(
        self, rules: Rules, channels: Mapping[str, Channel], vault: Vault, clock: Clock, rooms: Rooms, source: str
    ) -> None:
        self._rules = rules
        self._channels = channels
        self._vault = vault
        self._clock = clock
        self._rooms = rooms
        self._source = source
        self._hosts: dict[str, str] = {}

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
            if len(self._hosts) > 10_000:
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
        try:
            return await channel.send(self._message(delivery, event), self._destination(trigger), held)
        except EnsueError as error:
            return Failed(error.message)

    def _message(self, delivery: Delivery, event: Event) -> Message:
        return Message(
            id=delivery.id,
            event=event,
            attempt=delivery.tries + 1,
            sent_at=self._clock() // 1000,
            source=self._source,
            replay=delivery.replay,
        )

    def _destination(self, trigger: Trigger) -> Destination:
        now = self._clock()
        endpoint = trigger.endpoint
        secrets = [secret for secret in endpoint.secrets if secret.until is None or secret.until > now]
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
