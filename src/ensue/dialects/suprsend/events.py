"""Hides how events come in SuprSend's words: one, many with a record for each, or many of which all are taken or none.

Edits of users come by the same paths. An array to `/event/` is all or nothing, since the clients that send it read
nothing but the status.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar, cast

import msgspec
from msgspec import Raw

from ensue.dialects.suprsend import answers
from ensue.dialects.suprsend.intake import read
from ensue.domain import ids
from ensue.domain.decoding import check_json
from ensue.domain.errors import EnsueError
from ensue.domain.intake import Intake
from ensue.domain.key import Key
from ensue.domain.operation import Edit
from ensue.domain.slices import cut
from ensue.engine.engine import Engine
from ensue.http.exchange import Answer, Call
from ensue.store.base import Receipt

Judged = Intake | Edit | EnsueError
"""One of many: what it says, or why it is refused."""

T = TypeVar("T")

_log: Final = logging.getLogger("ensue")
_list: Final = msgspec.json.Decoder(list[Raw])


async def track(engine: Engine, call: Call) -> Answer:
    """`POST /v2/event/`: one event, on disk before this answers, or one edit."""
    return await _one(engine, call)


async def track_any(engine: Engine, call: Call) -> Answer:
    """`POST /event/`: one, or an array of which all are taken or none."""
    if not is_array(call.body):
        return await _one(engine, call)
    key = cast("Key", call.key)
    items = items_of(call, engine)
    clean = is_clean(call.body)
    said = await _each(items, lambda at, item: read(item, key, engine.limits, call.now, f"[{at}].", checked=clean))
    edits = [one for one in said if isinstance(one, Edit)]
    intakes = [one for one in said if isinstance(one, Intake)]
    if edits:
        if intakes:
            engine.ingest.check_room(len(intakes))  # these are two commits: no first one where the second cannot be
        await engine.subscribers.edit_many(key.project, edits, call.now)
    stored = iter(await store(engine, intakes))
    ends = [next(stored) if isinstance(one, Intake) else one for one in said]
    for end in ends:
        if isinstance(end, Exception):
            raise end
    return answers.records([_record(end, call.now) for end in ends])


async def track_many(engine: Engine, call: Call) -> Answer:
    """`POST /v2/bulk/event/`: each is judged on its own, and has its record."""
    key = cast("Key", call.key)
    items = items_of(call, engine)
    clean = is_clean(call.body)
    judged = await _each(items, lambda _, item: _judge(engine, call, key, item, clean=clean))
    stored = iter(await store(engine, [one for one in judged if isinstance(one, Intake)]))
    found = []
    for one in judged:
        end: Any = next(stored) if isinstance(one, Intake) else one
        found.append(_record(await _edited(engine, call, end) if isinstance(end, Edit) else end, call.now))
    return answers.records(found)


async def _each(items: Sequence[bytes], look: Callable[[int, bytes], T]) -> Sequence[T]:
    """What `look` finds in each. An edit may hold thousands of operations: after each, others have their turn."""
    found = []
    for at, item in enumerate(items):
        found.append(look(at, item))
        if isinstance(found[-1], Edit):
            await asyncio.sleep(0)
    return found


def _judge(engine: Engine, call: Call, key: Key, item: bytes, *, clean: bool) -> Judged:
    try:
        return read(item, key, engine.limits, call.now, checked=clean)
    except EnsueError as error:
        return error


async def _one(engine: Engine, call: Call) -> Answer:
    said = read(call.body, cast("Key", call.key), engine.limits, call.now)
    if isinstance(said, Edit):
        await engine.subscribers.edit_many(call.project, [said], call.now)
        return answers.accepted(_message_id(said, call.now))
    receipt = await engine.ingest.submit(said)
    return answers.accepted(message_id(receipt))


async def _edited(engine: Engine, call: Call, edit: Edit) -> Edit | EnsueError:
    try:
        await engine.subscribers.edit_many(call.project, [edit], call.now)
    except EnsueError as error:
        return error
    return edit


def message_id(receipt: Receipt) -> str:
    """The id of the event that was stored, now or the first time. Raises EnsueError `conflict`."""
    if receipt.status in ("stored", "duplicate"):
        return receipt.event_id
    raise EnsueError("conflict", "Something that this event depends on was changed meanwhile; send it again.")


def _message_id(edit: Edit, now: int) -> str:
    """Edits leave no event: their answer names the id that the sender gave, or none that stands for anything."""
    return edit.once or ids.event_id(now)


def _record(end: Receipt | Edit | Exception, now: int) -> answers.Record:
    if isinstance(end, Edit):
        return answers.good(_message_id(end, now))
    return record(end)


def record(end: Receipt | Exception) -> answers.Record:
    """The record of an event that the store answered for, or that was refused."""
    if isinstance(end, Receipt):
        try:
            return answers.good(message_id(end))
        except EnsueError as error:
            return answers.bad(error)
    if not isinstance(end, EnsueError):
        _log.error("an event of many could not be planned", exc_info=end)
        end = EnsueError("internal", "Something went wrong here; the server's log says what.")
    return answers.bad(end)


async def store(engine: Engine, intakes: Sequence[Intake]) -> Sequence[Receipt | Exception]:
    """What became of each, in order; all are one commit. Raises what refuses them all."""
    if not intakes:
        return ()  # edits alone ask for no room in the log
    waiting = engine.ingest.submit_many(intakes)
    ends = await asyncio.gather(*waiting, return_exceptions=True)
    if ends and all(isinstance(end, BaseException) for end in ends):
        raise cast("BaseException", ends[0])
    return cast("Sequence[Receipt | Exception]", ends)


def is_array(body: bytes) -> bool:
    """Whether a body is an array, and no object."""
    return body.lstrip(b" \t\r\n")[:1] == b"["


def is_clean(body: bytes) -> bool:
    """Whether nothing in all of the body needs a look of its own: then no item does."""
    try:
        check_json(body)
    except EnsueError:
        return False
    return True


def items_of(call: Call, engine: Engine) -> Sequence[bytes]:
    """The items of an array, not looked into yet. Raises EnsueError `invalid`, `too_large`."""
    items = _items(call.body)
    most = engine.limits.batch_events
    if len(items) > most:
        raise EnsueError("too_large", f"The array has {len(items):,} items; the limit is {most:,}. Send several.")
    if not items:
        raise EnsueError("invalid", "(root): must contain at least 1 item")
    return items


def _items(body: bytes) -> Sequence[bytes]:
    try:
        return [bytes(item) for item in _list.decode(body)]
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        pieces = cut(body, None)
        if pieces is None:
            raise EnsueError("invalid", f"The body is not an array of JSON objects: {error}.") from None
        return pieces
