"""Hides how many events come in one request: each is judged on its own, and all that are accepted are one commit.

An item that is wrong costs the others nothing; its error names the field as if it had come alone (design section 10).
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final, cast

import msgspec
from msgspec import Raw, Struct

from ensue.dialects.native import intake
from ensue.domain.cloudevents import parse_batch
from ensue.domain.decoding import is_flat, is_plain
from ensue.domain.errors import EnsueError
from ensue.domain.intake import Draft, Intake, Limits
from ensue.domain.key import Key
from ensue.domain.slices import cut
from ensue.engine.engine import Engine
from ensue.http.exchange import Answer, Call, ErrorBody
from ensue.store.base import Receipt


class Batch(Struct, frozen=True):
    """Up to 1,000 events, each as in `POST /events`."""

    events: list[Draft]


class Envelope(Struct, frozen=True):
    """A batch whose events are not looked into yet."""

    events: list[Raw]


class StrictEnvelope(Envelope, frozen=True, forbid_unknown_fields=True):
    """A batch without unknown fields beside its events."""


class Item(Struct, frozen=True, omit_defaults=True):
    """What became of one event: `id` and `duplicate`, or `error`."""

    id: str | None = None
    duplicate: bool | None = None
    warnings: tuple[str, ...] = ()
    error: ErrorBody | None = None


class BatchAnswer(Struct, frozen=True, omit_defaults=True):
    """What became of a batch; `items` are in the order in which they were sent."""

    accepted: int
    duplicates: int
    failed: int
    items: list[Item]
    warnings: tuple[str, ...] = ()


class Judged(Struct):
    """One item of a batch on its way: accepted or refused, and then what the store said."""

    intake: Intake | None = None
    warnings: tuple[str, ...] = ()
    error: EnsueError | None = None


_log: Final = logging.getLogger("ensue")
_strict: Final = msgspec.json.Decoder(StrictEnvelope)
_lenient: Final = msgspec.json.Decoder(Envelope)


async def send(engine: Engine, call: Call) -> Answer:
    """`POST /events/batch`: native JSON, or a batch of CloudEvents by its content type."""
    if call.query:
        call.query_values()
    way, header_key = intake.way_of(call)
    if way == "batch":
        return await send_cloudevents(engine, call, header_key)
    if way != "json":
        raise EnsueError("unsupported", 'A batch is application/json: {"events": […]}.', "content-type")
    _refuse_header(header_key)
    items, warnings = _items(call.body)
    _refuse_many(len(items), engine.limits)
    plain = is_plain(call.body)  # then nothing in any event needs a look of its own, but for its depth
    key = cast("Key", call.key)
    return await _send(engine, [_judge(item, key, engine.limits, call.now, plain=plain) for item in items], warnings)


async def send_cloudevents(engine: Engine, call: Call, header_key: str | None) -> Answer:
    """A body of `application/cloudevents-batch+json`."""
    _refuse_header(header_key)
    items = parse_batch(call.body)
    _refuse_many(len(items), engine.limits)
    key = cast("Key", call.key)
    judged = []
    for at, item in enumerate(items):
        try:
            if isinstance(item, EnsueError):
                raise item
            judged.append(Judged(intake.accepted(intake.told(*item), key, engine.limits, call.now)))
        except EnsueError as error:
            error.field = error.field and (error.field.removeprefix(f"[{at}].") or None)
            judged.append(Judged(error=error))
    return await _send(engine, judged, ())


def _refuse_header(header_key: str | None) -> None:
    if header_key is not None:
        message = "A batch has no key of its own; give each event its 'idempotency_key'."
        raise EnsueError("invalid", message, "Idempotency-Key")


def _refuse_many(count: int, limits: Limits) -> None:
    if count > limits.batch_events:
        message = f"The batch has {count:,} events; the limit is {limits.batch_events:,}. Send several batches."
        raise EnsueError("too_large", message, "events")


def _items(body: bytes) -> tuple[Sequence[Raw | bytes], tuple[str, ...]]:
    """The events of a batch, not looked into yet, and warnings of unknown fields beside them."""
    try:
        return _strict.decode(body).events, ()
    except (msgspec.MsgspecError, ValueError, RecursionError):
        pass
    try:
        items = _lenient.decode(body).events
        unknown = sorted(set(msgspec.json.decode(body, type=dict[str, Raw])) - {"events"})
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        pieces = cut(body, "events")
        if pieces is None:
            raise EnsueError("invalid", f'The body is not a batch, {{"events": […]}}: {error}.', "events") from None
        return pieces, ()
    return items, intake.kept_out(unknown)


def _judge(item: Raw | bytes, key: Key, limits: Limits, now: int, *, plain: bool) -> Judged:
    body = bytes(item)
    try:
        if len(body) > limits.event_bytes:
            raise intake.too_large(limits)
        said = intake.read_json(body, checked=plain and is_flat(body))
        return Judged(intake.accepted(said, key, limits, now), said.warnings)
    except EnsueError as error:
        return Judged(error=error)


async def _send(engine: Engine, judged: list[Judged], warnings: tuple[str, ...]) -> Answer:
    waiting = engine.ingest.submit_many([one.intake for one in judged if one.intake is not None])
    ends = [await _end(receipt) for receipt in waiting]
    if ends and isinstance(ends[0], Exception) and not any(isinstance(end, Receipt) for end in ends):
        raise ends[0]  # nothing of the batch was stored, for one and the same reason
    following = iter(ends)
    items = [_item(one, next(following) if one.intake is not None else one.error) for one in judged]
    duplicates = sum(1 for item in items if item.duplicate)
    failed = sum(1 for item in items if item.error is not None)
    answer = BatchAnswer(len(items) - duplicates - failed, duplicates, failed, items, warnings)
    return Answer(207, msgspec.json.encode(answer))


async def _end(receipt: asyncio.Future[Receipt]) -> Receipt | Exception:
    """What became of one event; a failure is its own affair."""
    try:
        return await receipt
    except Exception as error:  # noqa: BLE001 - told in its item, or raised for the whole batch
        return error


def _item(one: Judged, end: Receipt | Exception | None) -> Item:
    if isinstance(end, Receipt):
        if end.status in ("stored", "duplicate"):
            return Item(end.event_id, end.status == "duplicate", one.warnings)
        end = end.refusal()
    if not isinstance(end, EnsueError):
        _log.error("an event of a batch could not be planned", exc_info=end)
        end = EnsueError("internal", "Something went wrong here; the server's log says what.")
    return Item(error=ErrorBody(end.code, end.message, end.field))
