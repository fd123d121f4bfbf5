"""Hides how the live end of the log is spoken of natively: server-sent events by the filters of `GET /events`."""

from collections.abc import AsyncIterator
from typing import Final

from ensue.dialects.native.events import FIELDS, fields_of, wanted
from ensue.dialects.native.paging import Parameters
from ensue.dialects.native.render import event_json
from ensue.domain.errors import EnsueError
from ensue.domain.member import Caller
from ensue.engine.engine import Engine
from ensue.engine.feed import Glimpse
from ensue.http.exchange import Call, QueryParameter, Stream
from ensue.http.live import live_stream, resume_cursor
from ensue.store.base import EventQuery

PARAMETERS: Final = (
    *FIELDS,
    QueryParameter("after", "A cursor: what was committed after it comes first. `Last-Event-ID` wins over it."),
)
_FORM: Final = "native"


async def follow(engine: Engine, call: Call) -> Stream:
    """`GET /stream`: from now, or after a cursor without loss or repeat."""
    if "application/x-ndjson" in (call.header("accept") or "").lower():
        raise EnsueError("unsupported", "Lines of JSON are not sent yet; ask for text/event-stream.", "accept")
    query = EventQuery(project=call.project, **fields_of(Parameters(call, PARAMETERS)))
    glimpses = engine.feed.follow(
        call.project, lambda event: wanted(query, event), resume_cursor(call), engine.heartbeat
    )
    return live_stream(_as_long_as_let_in(engine, call, glimpses), event_json, _FORM)


def _as_long_as_let_in(engine: Engine, call: Call, glimpses: AsyncIterator[Glimpse]) -> AsyncIterator[Glimpse]:
    """Revoking a key, or taking somebody out, ends what they watch."""
    if isinstance(call.key, Caller):
        people = engine.people
        return people.sessions.holding.while_holds(people.holds(call.key, "viewer"), glimpses)
    if call.key is not None:
        return engine.keys.holding.while_holds(engine.keys.holds(call.key), glimpses)
    return glimpses
