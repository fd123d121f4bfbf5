"""Hides how the past is asked for: oldest first, by what happened or by how its deliveries stand."""

from collections.abc import Sequence

from msgspec import Struct

from ensue.domain.delivery import State
from ensue.domain.replay import Found


class Past(Struct, frozen=True, kw_only=True):
    """What happened in one project, to be looked through oldest first. None means any; `type` is a pattern.

    Without `state`: the events of the log, `since` (included) and `until` bounding their `time`. With it: the events of
    deliveries to triggers that stand so and were made in that span, and ended in that of `ended_since` and
    `ended_until`; of several deliveries of an event to one trigger
    only the last one counts, whatever its state. Events that were removed are passed over.

    `after` is a `next` and `end` the `end` of an earlier stretch; without an `end` it is what is newest now.
    """

    project: str
    state: State | None = None
    trigger: str | None = None
    type: str | None = None
    since: int | None = None
    until: int | None = None
    ended_since: int | None = None
    ended_until: int | None = None
    after: str | None = None
    end: str | None = None
    limit: int = 1_000


class Stretch(Struct, frozen=True):
    """What was found, oldest first. `next` goes on (also where this is short: it scanned its share), None at the
    end."""

    found: Sequence[Found]
    next: str | None
    end: str
