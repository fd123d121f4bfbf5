"""Hides how counts are spoken of in the native API: what is counted, by what, and in which hours."""

import asyncio
from collections.abc import Sequence
from typing import Final, get_args

from msgspec import Struct
from msgspec.structs import replace

from ensue.dialects.native.paging import Parameters
from ensue.domain.errors import EnsueError
from ensue.domain.member import Caller
from ensue.domain.schedule import DAY, HOUR, format_time
from ensue.domain.tally import (
    DIMENSIONS,
    GROUPS,
    HOURLY,
    MOST_DAYS,
    MOST_HOURS,
    Dimension,
    Subject,
    Tally,
    TallyQuery,
    hour_of,
    ordered,
)
from ensue.engine.engine import Engine
from ensue.http.exchange import Answer, Call, QueryParameter, json_answer

OF: Final = QueryParameter("of", "What is counted: `events` or `deliveries`.", Subject, required=True)
QUERY: Final = (
    OF,
    QueryParameter(
        "by",
        "By what, a comma list: hour, day, type, category for events; hour, day, trigger, result for deliveries.",
    ),
    QueryParameter("since", "From the hour of this moment on (RFC 3339)."),
    QueryParameter("until", "Up to this moment, its hour included unless it just begins (RFC 3339)."),
    QueryParameter("test", "Only test events, or none.", bool),
    QueryParameter("muted", "Only muted events, or none.", bool),
)


class TallyView(Struct, frozen=True, omit_defaults=True):
    """How many. `hour` and `day` are their beginnings. `other` marks all groups beyond the largest ones, together."""

    count: int
    hour: str | None = None
    day: str | None = None
    type: str | None = None
    category: str | None = None
    trigger: str | None = None
    result: str | None = None
    other: bool = False


class Tallies(Struct, frozen=True):
    """All groups of which there are any: the latest hour or day first, then the largest."""

    items: Sequence[TallyView]


async def show(engine: Engine, call: Call) -> Answer:
    """`GET /stats`."""
    parameters = Parameters(call, QUERY)
    of = parameters.choice("of", get_args(Subject))
    if of is None:
        raise EnsueError("invalid", "Say what to count: 'of' is events or deliveries.", "of")
    key = call.key
    if of == "deliveries" and key is not None and not isinstance(key, Caller) and not key.may("deliveries"):
        raise EnsueError("forbidden", f"The key {key.id} lacks the scope 'deliveries'; use one that has it.")
    since, until = parameters.moment("since"), parameters.moment("until")
    flags = {name: parameters.flag(name) for name in ("test", "muted")}
    for name, flag in flags.items():
        if of == "deliveries" and flag is not None:
            raise EnsueError("invalid", f"Only events are counted by '{name}'.", name)
    by = _by(of, parameters)
    query = TallyQuery(
        project=call.project,
        of=of,
        by=by,
        first=None if since is None else hour_of(since),
        end=None if until is None else hour_of(until - 1) + 1,
        most=HOURLY if {"hour", "day"} & set(by) else GROUPS,
        **flags,
    )
    tallies = await engine.tallies(_within(query, call.now))
    return json_answer(200, Tallies([_view(one) for one in await asyncio.to_thread(ordered, tallies)]))


def _by(of: Subject, parameters: Parameters) -> tuple[Dimension, ...]:
    asked = {name for name in (parameters.text("by") or "").split(",") if name}
    known = DIMENSIONS[of]
    if not asked <= set(known):
        raise EnsueError("invalid", f"'by' is a comma list of {', '.join(known)} for {of}.", "by")
    return tuple(name for name in known if name in asked)


def _within(query: TallyQuery, now: int) -> TallyQuery:
    """By hour or day, a range that is not too long: the last days if none is given."""
    if not {"hour", "day"} & set(query.by):
        return query
    most, unit = (MOST_HOURS, "hour") if "hour" in query.by else (24 * MOST_DAYS, "day")
    end = query.end if query.end is not None else hour_of(now) + 1
    if query.first is None:
        return replace(query, first=end - most, end=end)
    if end - query.first > most:
        raise EnsueError("invalid", f"By {unit}, 'since' and 'until' are at most {most // 24} days apart.", "since")
    return query


def _view(tally: Tally) -> TallyView:
    return TallyView(
        count=tally.count,
        hour=None if tally.hour is None else format_time(tally.hour * HOUR),
        day=None if tally.day is None else format_time(tally.day * DAY),
        type=tally.type,
        category=tally.category or None,
        trigger=tally.trigger or None,
        result=tally.result,
        other=tally.other,
    )
