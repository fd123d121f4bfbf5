"""Hides how replays are spoken of in the native API: counted, begun, watched, cancelled."""

from typing import Final

from msgspec import Struct

from ensue.dialects.native.paging import LIMIT, NEXT, Parameters, next_page
from ensue.domain.decoding import decode
from ensue.domain.replay import Progress, Replayable, ReplayDraft, Wanted, check_replay
from ensue.domain.schedule import format_time
from ensue.engine.engine import Engine
from ensue.engine.replays import Standing
from ensue.http.exchange import Answer, Call, json_answer

PAGE: Final = (LIMIT, NEXT)
_OF: Final = "replay"


class CancelDraft(Struct, frozen=True, forbid_unknown_fields=True):
    """How a replay is cancelled; `deliveries`: what it made and what did not arrive yet is stopped too."""

    deliveries: bool = False


class ReplayCount(Struct, frozen=True, omit_defaults=True):
    """What a dry run found. Not `exact`: time was up first, there are more. `filter_error` is what a filter last
    complained of; an event on which it errs is not replayed."""

    count: int
    exact: bool
    filter_error: str | None = None


class WantedView(Struct, frozen=True, omit_defaults=True):
    """What a replay was asked for."""

    trigger: str | None = None
    type: str | None = None
    state: Replayable | None = None
    since: str | None = None
    until: str | None = None
    filter: str | None = None
    to: str | None = None
    q: str | None = None
    ended_since: str | None = None
    ended_until: str | None = None


class ReplayedView(Struct, frozen=True, kw_only=True):
    """How the deliveries of a replay stand."""

    pending: int = 0
    delivered: int = 0
    dead: int = 0
    cancelled: int = 0


class ReplayView(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A replay as it comes out. `count` is how many deliveries there were to make, null where counting took too long;
    `done` how many are made, and `deliveries` how these stand. `reason` says why it failed."""

    id: str
    state: Progress
    count: int | None
    done: int
    deliveries: ReplayedView
    wanted: WantedView
    created_at: str
    ended_at: str | None = None
    reason: str | None = None
    filter_error: str | None = None


class ReplayPage(Struct, frozen=True):
    """Replays, newest first; `next` goes on, null at the end."""

    items: list[ReplayView]
    next: str | None = None


async def create(engine: Engine, call: Call) -> Answer:
    """`POST /replays`: begun, or counted only."""
    call.query_values()
    draft = decode(call.body, ReplayDraft)
    wanted = check_replay(draft)
    if draft.dry_run:
        counted = await engine.replays.count(call.project, wanted)
        return json_answer(200, ReplayCount(counted.count, counted.exact, counted.filter_error))
    begun = await engine.replays.begin(call.project, wanted)
    return json_answer(201, replay_view(Standing(begun, {})))


async def page(engine: Engine, call: Call) -> Answer:
    """`GET /replays`."""
    parameters = Parameters(call, PAGE)
    limit = parameters.limit()
    found = await engine.replays.list(call.project, parameters.before(_OF), limit + 1)
    shown = found[:limit]
    place = shown[-1].replay.id if len(found) > limit else None
    return json_answer(200, ReplayPage([replay_view(one) for one in shown], next_page(_OF, place)))


async def read(engine: Engine, call: Call) -> Answer:
    """`GET /replays/{id}`."""
    call.query_values()
    return json_answer(200, replay_view(await engine.replays.get(call.project, call.parameters["id"])))


async def cancel(engine: Engine, call: Call) -> Answer:
    """`POST /replays/{id}/cancel`."""
    call.query_values()
    await engine.replays.get(call.project, call.parameters["id"])
    draft = decode(call.body, CancelDraft) if call.body.strip() else CancelDraft()
    standing = await engine.replays.cancel(call.project, call.parameters["id"], deliveries=draft.deliveries)
    return json_answer(200, replay_view(standing))


def replay_view(standing: Standing) -> ReplayView:
    """A replay as it comes out."""
    replay = standing.replay
    return ReplayView(
        id=replay.id,
        state=replay.state,
        count=replay.count,
        done=replay.made,
        deliveries=ReplayedView(**{str(state): count for state, count in standing.states.items()}),
        wanted=_wanted_view(replay.wanted),
        created_at=format_time(replay.created_at),
        ended_at=None if replay.ended_at is None else format_time(replay.ended_at),
        reason=replay.reason,
        filter_error=replay.filter_error,
    )


def _wanted_view(wanted: Wanted) -> WantedView:
    moments = (wanted.since, wanted.until, wanted.ended_since, wanted.ended_until)
    since, until, *ended = (None if at is None else format_time(at) for at in moments)
    words = " ".join(wanted.words) or None
    return WantedView(wanted.trigger, wanted.type, wanted.state, since, until, wanted.filter, wanted.to, words, *ended)
