"""Hides what follows a try: a debt, its possible results, and `decide`, which makes one of the other."""

import math
from typing import Final, Literal

from msgspec import Raw, Struct
from msgspec.structs import replace

from ensue.domain.document import Put
from ensue.domain.event import EMPTY, Event
from ensue.domain.streak import Heard

State = Literal["pending", "delivered", "dead", "cancelled"]

WEBHOOK: Final = "webhook"
ACTION: Final = "action"
SCHEDULED: Final = "event"
"""The kinds of debt: a request to a trigger's endpoint, one to the URL of a pressed button, and an event that enters
the log when it is due."""

POISON: Final = 10
"""So many claims in a row without a settle or a release make a delivery dead: it brings down whoever tries it."""

MAX_RETRY_AFTER: Final = 86_400
"""A receiver may put us off for a day at most (seconds)."""

JITTER: Final = 0.2


class Delivery(Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """One thing that we owe for one event. Times are milliseconds UTC.

    `claim` is the fence: +1 at each claim, never reset. `tries` counts what settled as sent or failed. `lost` counts
    claims in a row that nobody settled or released. `allowed` replaces the trigger's attempts after a manual retry.
    A claimed delivery has `claimed_until`, and its `due_at` stands there too. `payload` is what it carries beside its
    event: a scheduled event as `encode_event` wrote it, or the press of a button.
    """

    id: str
    project: str
    event_id: str
    lane: str
    created_at: int
    due_at: int
    kind: str = WEBHOOK
    trigger: str | None = None
    state: State = "pending"
    claim: int = 0
    lost: int = 0
    tries: int = 0
    allowed: int | None = None
    claimed_until: int | None = None
    ended_at: int | None = None
    reason: str | None = None
    replay: str | None = None
    payload: Raw = EMPTY

    def in_flight(self, now: int) -> bool:
        """Whether somebody holds a claim on it that has not run out."""
        return self.claimed_until is not None and self.claimed_until > now


class Exchange(Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """What was said at one try; secrets are masked before it is made. Bodies are cut."""

    method: str
    url: str
    request_headers: dict[str, str] = {}
    status: int | None = None
    response_headers: dict[str, str] = {}
    response_body: str = ""
    truncated: bool = False


class Sent(Struct, frozen=True, gc=False, tag="sent"):
    """It arrived. `reply` is the answer's body where it has a meaning: a JSON object, for formats whose receivers may
    answer with events or a response. `note` says what of the answer did not count."""

    exchange: Exchange | None = None
    reply: Raw = EMPTY
    note: str | None = None


class Failed(Struct, frozen=True, gc=False, tag="failed"):
    """It did not arrive; `permanent` ends the tries and switches the trigger off (of a push:
    removes the device), `retry_after` is seconds."""

    error: str
    exchange: Exchange | None = None
    permanent: bool = False
    retry_after: int | None = None


class Later(Struct, frozen=True, tag="later"):
    """Not now, and no try used up: again at `until` (ms)."""

    until: int
    reason: str


class Skipped(Struct, frozen=True, tag="skipped"):
    """Nothing is owed any more."""

    reason: str


class Interrupted(Struct, frozen=True, tag="interrupted"):
    """We stopped before the answer came; due again at once."""

    reason: str = "stopped before the answer came"


class Poisoned(Struct, frozen=True, tag="poisoned"):
    """Claimed too often without a result."""

    reason: str = f"claimed {POISON} times in a row without a result"


Result = Sent | Failed | Later | Skipped | Interrupted | Poisoned


class Attempt(Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """One try of a delivery, as it is kept. `late` marks a result that came after its claim was lost."""

    delivery: str
    claim: int
    number: int
    result: str
    started_at: int
    duration_ms: int
    error: str | None = None
    exchange: Exchange | None = None
    late: bool = False


class Retry(Struct, frozen=True, omit_defaults=True):
    """How often and when: `schedule` are the waits in seconds before the second, third, … try; the last repeats.
    `jitter` is the share of a wait that may be added to it at random."""

    attempts: int = 10
    schedule: tuple[float, ...] = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
    jitter: float = JITTER

    def wait(self, tries: int) -> float:
        """Seconds to wait after `tries` tries (at least 1)."""
        return self.schedule[min(tries, len(self.schedule)) - 1]


class Once(Struct, frozen=True, gc=False):
    """A promise to accept something once: `digest` names it within its project, `body` is a hash of what was said.

    A repeat with another `body` is a mismatch; an empty `body` means that any repeat is the same.
    """

    digest: bytes
    body: bytes = b""


class Entry(Struct, frozen=True, gc=False):
    """An event with the deliveries that it owes and the documents that it changes: one commit.

    `staged` keeps the event itself out of the log; it stands in the payload of its delivery until it is due.
    """

    event: Event
    deliveries: tuple[Delivery, ...] = ()
    puts: tuple[Put, ...] = ()
    once: tuple[Once, ...] = ()
    staged: bool = False


class Outcome(Struct, frozen=True, gc=False):
    """What one try changes, as one value and one commit. `delivery.claim` is the fence it must still hold.

    `next` are further debts, `emits` the events that enter the log with it, planned in the writer's turn. `heard`
    is what it says of the trigger's receiver, where that counts.
    """

    delivery: Delivery
    attempt: Attempt | None = None
    next: tuple[Delivery, ...] = ()
    emits: tuple[Entry, ...] = ()
    puts: tuple[Put, ...] = ()
    heard: Heard | None = None


def decide(delivery: Delivery, result: Result, retry: Retry, now: int, jitter: float) -> Delivery:
    """The delivery after `result`: settled, or due again. Pure; `jitter` in [0, 1) is the share of the extra wait.

    Nothing is ever due early: the jitter only adds.
    """
    settled = replace(delivery, lost=0, claimed_until=None)
    match result:
        case Sent():
            return replace(settled, state="delivered", tries=delivery.tries + 1, ended_at=now, reason=None)
        case Failed():
            return _after_failure(replace(settled, tries=delivery.tries + 1), result, retry, now, jitter)
        case Later(until=until, reason=reason):
            return replace(settled, due_at=until, reason=reason)
        case Skipped(reason=reason):
            return replace(settled, state="cancelled", ended_at=now, reason=reason)
        case Interrupted():
            return replace(settled, due_at=now)
        case Poisoned(reason=reason):
            return replace(settled, state="dead", ended_at=now, reason=reason)


def _after_failure(delivery: Delivery, failed: Failed, retry: Retry, now: int, jitter: float) -> Delivery:
    allowed = delivery.allowed if delivery.allowed is not None else retry.attempts
    if failed.permanent or delivery.tries >= allowed:
        return replace(delivery, state="dead", ended_at=now, reason=failed.error)
    wait = retry.wait(delivery.tries)
    if failed.retry_after is not None:
        wait = max(wait, min(failed.retry_after, MAX_RETRY_AFTER))
    return replace(delivery, due_at=now + math.ceil(wait * (1 + retry.jitter * jitter) * 1000), reason=failed.error)


def record(delivery: Delivery, result: Result, started_at: int, ended_at: int) -> Attempt:
    """The attempt to keep of a try of `delivery`, as it was when it was claimed."""
    return Attempt(
        delivery=delivery.id,
        claim=delivery.claim,
        number=delivery.tries + 1,
        result=result.__struct_config__.tag,  # type: ignore[arg-type]
        started_at=started_at,
        duration_ms=max(0, ended_at - started_at),
        error=_said(result),
        exchange=result.exchange if isinstance(result, Sent | Failed) else None,
    )


def _said(result: Result) -> str | None:
    """Why it did not arrive, or what of the answer did not count."""
    match result:
        case Sent(note=note):
            return note
        case Failed(error=error):
            return error
    return result.reason
