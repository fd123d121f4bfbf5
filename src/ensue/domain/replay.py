"""Hides what a replay is: what happened once, chosen anew and owed again, step after step (design section 5).

Either events are chosen by how their deliveries stand (`state`), or as they came, whatever became of them. Each is owed
to one trigger, once for each replay. Scheduled events and pressed buttons are never replayed.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, Literal, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ensue.domain import ids
from ensue.domain.delivery import Delivery
from ensue.domain.document import Document
from ensue.domain.errors import EnsueError
from ensue.domain.event import Event, encode_event
from ensue.domain.filter import compile_filter
from ensue.domain.finding import is_sought, sought
from ensue.domain.plan import Index
from ensue.domain.schedule import parse_time
from ensue.domain.trigger import Trigger, check_pattern
from ensue.domain.words import asked

REPLAY: Final = "replay"
"""The kind of the documents that keep replays."""

REPLAY_MARK: Final = "@replay"
"""How the lane ends in which the replayed deliveries of a trigger stand: fresh ones never wait behind them."""

PREFIX: Final = "rpl_"

Replayable = Literal["dead", "cancelled", "delivered"]
Progress = Literal["running", "done", "cancelled", "failed"]

Ask = Callable[[str, Event], bool]
"""Whether a filter, given as text, lets an event through; the engine's, since it times them."""

Known = Callable[[str | None], Trigger | None]
"""The trigger of that id as it is now, None when it is gone."""


class Wanted(Struct, frozen=True, omit_defaults=True):
    """What is replayed, and to whom.

    With `state`: events whose last delivery to a trigger (`trigger`, or any) stands so, `since` and `until` bounding
    when that was made and `ended_since` and `ended_until` when it ended; owed to the same trigger, or to the trigger
    `to`. Without: events of the log by their `time`,
    those that `trigger` would fire on, or any where only `to` is given. `type` is a pattern and `filter` a CEL
    expression over the event. `words` are those of a question: of the delivery with `state`, else of the event. Times
    are milliseconds UTC, since included.
    """

    trigger: str | None = None
    type: str | None = None
    state: Replayable | None = None
    since: int | None = None
    until: int | None = None
    filter: str | None = None
    to: str | None = None
    words: tuple[str, ...] = ()
    ended_since: int | None = None
    ended_until: int | None = None


class Found(NamedTuple):
    """An event of the past; where it was looked for by how its deliveries stand, with the trigger of the delivery and
    the reason why that did not arrive."""

    event: Event
    trigger: str | None = None
    reason: str | None = None


class ReplayDraft(Struct, frozen=True, forbid_unknown_fields=True):
    """A replay as it is asked for; `since` and `until` are RFC 3339, as are `ended_since` and `ended_until`, which say
    when deliveries in a `state` ended; `q` is words as in lists. With `dry_run` it is only counted."""

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
    dry_run: bool = False


class Replay(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A replay and how far it is. Times are milliseconds UTC.

    `after` is where the next step goes on (None at the start), `end` where the past ended when it began. `count` is how
    many deliveries there were to make, None where counting took too long; `made` how many were. `reason` says why it
    failed, `filter_error` what a filter last complained of.
    """

    id: str
    project: str
    wanted: Wanted
    created_at: int
    end: str
    after: str | None = None
    state: Progress = "running"
    count: int | None = None
    made: int = 0
    ended_at: int | None = None
    reason: str | None = None
    filter_error: str | None = None


def check_replay(draft: ReplayDraft) -> Wanted:
    """What `draft` wants, but for whether its triggers are there; EnsueError `invalid` with the field."""
    if draft.trigger is None and draft.to is None and draft.state is None:
        message = "Say what to replay: the deliveries in a 'state', the events of a 'trigger', or 'to' which trigger."
        raise EnsueError("invalid", message, "trigger")
    if draft.state is not None and draft.to is not None and draft.trigger is None:
        message = "With 'state' and 'to', say whose deliveries are meant: 'trigger'. An event may have gone to several."
        raise EnsueError("invalid", message, "trigger")
    since, until = _span(draft.since, draft.until, "")
    ended_since, ended_until = _span(draft.ended_since, draft.ended_until, "ended_")
    if draft.state is None and (ended_since is not None or ended_until is not None):
        raise EnsueError("invalid", "Events do not end; say which 'state' of deliveries is meant.", "state")
    return Wanted(
        draft.trigger,
        None if draft.type is None else check_pattern(draft.type, "type"),
        draft.state,
        since,
        until,
        _checked_filter(draft.filter),
        draft.to,
        _words(draft.q),
        ended_since,
        ended_until,
    )


def _words(text: str | None) -> tuple[str, ...]:
    """The words of a question. Signs alone narrow nothing, and would send everything again."""
    found = asked(text or "")
    if text and text.strip() and not found:
        raise EnsueError("invalid", "'q' holds no word to look for; leave it out to mean everything.", "q")
    return found


def _span(since: str | None, until: str | None, mark: str) -> tuple[int | None, int | None]:
    begin = None if since is None else parse_time(since, f"{mark}since")
    end = None if until is None else parse_time(until, f"{mark}until")
    if begin is not None and end is not None and begin >= end:
        message = f"'{mark}until' is not after '{mark}since'; nothing lies between them."
        raise EnsueError("invalid", message, f"{mark}until")
    return begin, end


def _checked_filter(text: str | None) -> str | None:
    if text is not None:
        try:
            compile_filter(text)
        except EnsueError as error:
            raise EnsueError("invalid", error.message, "filter") from None
    return text


def chosen(found: Sequence[Found], wanted: Wanted, known: Known, ask: Ask) -> Iterator[tuple[Event, Trigger]]:
    """Of events of the past, each with the trigger that it went to, those that are owed again, and to which trigger.

    A trigger that is gone is owed nothing; one that does not ask for test events gets none.
    """
    source = known(wanted.trigger) if wanted.state is None and wanted.trigger is not None else None
    index = None if source is None else Index([source])
    for event, before, reason in found:
        if wanted.words and not _answers(wanted, event, None if before is None else known(before), reason):
            continue
        receiver = known(wanted.to or wanted.trigger or before)
        if receiver is None or (event.is_test and not receiver.match.test):
            continue
        if index is not None and not index.matching(event, lambda one, event: ask(one.match.filter or "true", event)):
            continue
        if wanted.filter is None or ask(wanted.filter, event):
            yield event, receiver


def _answers(wanted: Wanted, event: Event, before: Trigger | None, reason: str | None) -> bool:
    triggers = {} if before is None else {before.id: (before.name, before.endpoint.url)}
    question = sought(wanted.words, triggers)
    return is_sought(question, None if before is None else before.id, reason, encode_event(event))


def pattern_of(wanted: Wanted, known: Known) -> str | None:
    """The pattern of types that is worth looking for; None for any type."""
    if wanted.type is not None or wanted.state is not None:
        return wanted.type
    source = known(wanted.trigger) if wanted.trigger is not None else None
    if source is None:
        return "**"
    return source.match.type[0] if len(source.match.type) == 1 else None


def missing(wanted: Wanted, known: Known) -> str | None:
    """The id of a trigger that is gone without which the replay means nothing any more."""
    named = [wanted.to or wanted.trigger]
    if wanted.state is None:
        named.append(wanted.trigger)
    return next((one for one in named if one is not None and known(one) is None), None)


def replay_lane(trigger: str) -> str:
    """The lane of a trigger's replayed deliveries."""
    return trigger + REPLAY_MARK


def fresh_lane(lane: str) -> str:
    """The lane with which this one shares its room: that of the trigger's fresh deliveries, else itself."""
    return lane.removesuffix(REPLAY_MARK)


def owed_again(replay: Replay, event: Event, trigger: Trigger, now: int) -> Delivery:
    """The delivery that a replay makes."""
    return Delivery(
        id=ids.prefixed_id("dlv_", now),
        project=replay.project,
        event_id=event.id,
        trigger=trigger.id,
        lane=replay_lane(trigger.id),
        created_at=now,
        due_at=now,
        replay=replay.id,
    )


def stepped(replay: Replay, after: str | None, made: int, filter_error: str | None, now: int) -> Replay:
    """`replay` after a step that made so many; it is done where there is nowhere to go on."""
    further = replace(replay, made=replay.made + made, filter_error=filter_error or replay.filter_error)
    return ended(further, "done", now) if after is None else replace(further, after=after)


def ended(replay: Replay, state: Progress, now: int, reason: str | None = None) -> Replay:
    """`replay` that makes nothing any more."""
    return replace(replay, state=state, ended_at=now, reason=reason)


def replay_document(replay: Replay) -> Document:
    """The document that keeps a replay."""
    return Document(kind=REPLAY, project=replay.project, id=replay.id, body=msgspec.json.encode(replay))


def replay_of(document: Document) -> Replay:
    """The replay that a document keeps."""
    return msgspec.json.decode(document.body, type=Replay)
