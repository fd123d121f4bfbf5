"""Hides how the engine tells how it is: whether it can serve, and the gauges of now."""

from collections.abc import Mapping, Sequence
from typing import Final

from ensue.engine.clock import Clock
from ensue.engine.examination import Finding, examine_running
from ensue.engine.feed import Feed
from ensue.engine.lanes import Lanes
from ensue.engine.worker import Worker
from ensue.store.base import Health, Store

_FRESH: Final = 1_000
"""For how long an answer of the store is good (ms): whoever asks often must not make it write often."""


class Condition:
    """How store and engine are."""

    def __init__(self, store: Store, lanes: Lanes, worker: Worker, feed: Feed, clock: Clock) -> None:
        self._store = store
        self._lanes = lanes
        self._worker = worker
        self._feed = feed
        self._clock = clock
        self._asked = 0
        self._health = Health(writable=False)

    async def problems(self) -> list[str]:
        """What keeps it from serving, as sentences; empty when it can. A warning of the store's keeps nothing."""
        health = await self._look()
        return [] if health.writable else list(health.problems)

    async def gauges(self) -> Mapping[str, float | Mapping[str, float]]:
        """What is measured now, by the names of `telemetry.METRICS`."""
        health = await self._look()
        oldest = self._lanes.oldest_due()
        return {
            "ensue_lanes": dict(self._lanes.counts()),
            "ensue_in_flight": len(self._worker.in_flight()),
            "ensue_oldest_due_seconds": 0 if oldest is None else max(0, self._clock() - oldest) / 1000,
            "ensue_store_writable": int(health.writable),
            "ensue_store_bytes": health.bytes_used or 0,
            "ensue_streams": self._feed.followers,
        }

    async def examine(self, project: str) -> Sequence[Finding]:
        """What a doctor would find, in words for an admin of `project`."""
        return await examine_running(self._store, self._clock(), project)

    async def _look(self) -> Health:
        now = self._clock()
        if now - self._asked >= _FRESH:
            self._health = await self._store.health(now)
            self._asked = now
        return self._health
