"""Hides how a match is tried over the native API, before a trigger is made of it."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from ensue.domain.decoding import decode
from ensue.domain.event import Event
from ensue.domain.pattern import RESERVED
from ensue.domain.schedule import format_time
from ensue.domain.trigger import Match, MatchDraft, check_match
from ensue.engine.engine import Engine
from ensue.engine.trials import MAX_PATTERNS, RECENT, Miss, tried
from ensue.http.exchange import Answer, Call, json_answer
from ensue.store.base import EventQuery


class TrialDraft(Struct, frozen=True, forbid_unknown_fields=True):
    """A match to be tried against what happened."""

    match: MatchDraft


class MissView(Struct, frozen=True, omit_defaults=True):
    """Why the newest event does not match: by which part of the match; where that is the filter, by which of its
    clauses between `&&`, the values at the paths that it names, and what it complained of."""

    event: str
    time: str
    part: str
    clause: str | None = None
    values: dict[str, Any] = {}
    error: str | None = None


class TrialView(Struct, frozen=True):
    """How many of the last 50 events of these types match: for each, newest first, whether it does. `newest` is there
    where the newest does not; `error` is what the filter last complained of."""

    count: int
    matched: int
    events: list[bool]
    newest: MissView | None = None
    error: str | None = None


async def check(engine: Engine, call: Call) -> Answer:
    """`POST /triggers/check`."""
    call.query_values()
    match = check_match(decode(call.body, TrialDraft).match)
    trial = await tried(match, await _recent(engine, call.project, match))
    shown = TrialView(len(trial.events), sum(trial.matched), list(trial.matched), _miss(trial.miss), trial.complaint)
    return json_answer(200, shown)


def _miss(miss: Miss | None) -> MissView | None:
    if miss is None:
        return None
    at = format_time(miss.event.received_at)
    return MissView(miss.event.id, at, miss.part, miss.clause, miss.values, miss.error)


async def _recent(engine: Engine, project: str, match: Match) -> Sequence[Event]:
    """The newest events of the match's types; test events only where it takes them, our own where they are named."""
    found: dict[str, Event] = {}
    for pattern in match.type[:MAX_PATTERNS]:
        query = EventQuery(
            project=project,
            type=pattern,
            test=None if match.test else False,
            without=None if pattern.startswith(RESERVED) else RESERVED,
            limit=RECENT,
        )
        found |= {event.id: event for event in (await engine.events(query)).items}
    events = list(found.values())
    if len(match.type) > 1:  # else the page has them in order already
        events.sort(key=lambda event: event.received_at, reverse=True)
    return events[:RECENT]
