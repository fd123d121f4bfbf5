"""Hides what is counted: events by the hour of their time, deliveries by the hour of their end, and how they end.

Hours and days are of UTC, each by its number since the epoch. What is not in the store any more is not counted.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, Literal

from msgspec import Struct

from ensue.domain.delivery import SCHEDULED, Delivery
from ensue.domain.event import Event
from ensue.domain.schedule import HOUR

Subject = Literal["events", "deliveries"]
Dimension = Literal["hour", "day", "type", "category", "trigger", "result"]
Result = Literal["delivered", "delivered_after_retries", "dead", "cancelled"]

DIMENSIONS: Final[dict[Subject, tuple[Dimension, ...]]] = {
    "events": ("hour", "day", "type", "category"),
    "deliveries": ("hour", "day", "trigger", "result"),
}
"""By what each is counted."""

GROUPS: Final = 100
HOURLY: Final = 10
"""So many groups are told apart, the largest ones; where hours or days are, fewer. What is beyond is counted
together."""

MOST_HOURS: Final = 31 * 24
MOST_DAYS: Final = 400
"""So long is a range by hour, and by day."""

EventKey = tuple[str, int, str, str, bool, bool]
"""Where an event is counted: project, hour, type, category ("" for none), whether it is a test, and whether muted."""

DeliveryKey = tuple[str, int, str, str]
"""Where a delivery is counted: project, hour, trigger ("" for none), and result."""


class TallyQuery(Struct, frozen=True, kw_only=True):
    """What to count of a project, by what: the hours from `first` to before `end`, None is any. `test` and `muted` are
    of events. The `most` largest groups are told apart, as `bounded` does; None: all."""

    project: str
    of: Subject
    by: tuple[Dimension, ...] = ()
    first: int | None = None
    end: int | None = None
    test: bool | None = None
    muted: bool | None = None
    most: int | None = None


class Tally(Struct, frozen=True, omit_defaults=True):
    """How many. What is not asked for is None; an empty text is a group of its own: no category, no trigger."""

    count: int
    hour: int | None = None
    day: int | None = None
    type: str | None = None
    category: str | None = None
    trigger: str | None = None
    result: str | None = None
    other: bool = False

    @property
    def span(self) -> tuple[int | None, int | None]:
        """The hour and the day that it counts."""
        return (self.hour, self.day)

    @property
    def group(self) -> tuple[str | None, ...]:
        """What it counts, whenever that was."""
        return (self.type, self.category, self.trigger, self.result)


def hour_of(moment: int) -> int:
    """The hour of a moment (ms)."""
    return moment // HOUR


def event_key(event: Event) -> EventKey:
    """Where an event is counted."""
    return (event.project, hour_of(event.time), event.type, event.category or "", event.is_test, event.is_muted)


def delivery_key(delivery: Delivery) -> DeliveryKey | None:
    """Where a delivery is counted: not before it has ended, and not where it is an event that waits for its time."""
    if delivery.state == "pending" or delivery.kind == SCHEDULED or delivery.ended_at is None:
        return None
    result: str = delivery.state
    if result == "delivered" and delivery.tries > 1:
        result = "delivered_after_retries"
    return (delivery.project, hour_of(delivery.ended_at), delivery.trigger or "", result)


def bounded(tallies: Iterable[Tally], most: int | None) -> Sequence[Tally]:
    """The `most` largest groups over all hours (None: all), in no order; all other groups as one, marked `other`."""
    told = list(tallies)
    sizes: Counter[tuple[str | None, ...]] = Counter()
    for one in told:
        sizes[one.group] += one.count
    kept = set(sorted(sizes, key=lambda group: (-sizes[group], [name or "" for name in group]))[:most])
    rest: Counter[tuple[int | None, int | None]] = Counter()
    for one in told:
        if one.group not in kept:
            rest[one.span] += one.count
    rows = [one for one in told if one.group in kept]
    return rows + [Tally(count, hour=hour, day=day, other=True) for (hour, day), count in rest.items()]


def ordered(tallies: Iterable[Tally]) -> Sequence[Tally]:
    """The latest hour or day first, then by size, what is together last."""
    return sorted(
        tallies,
        key=lambda one: (-(one.day or 0), -(one.hour or 0), one.other, -one.count, [name or "" for name in one.group]),
    )
