"""Hides how deliveries are spoken of in the native API: listed, shown with their attempts, retried, stopped.

Scheduled events wait as deliveries too, but are spoken of as events (`GET /events?state=scheduled`): they are not here.
"""

from typing import Final, get_args

from msgspec.structs import replace

from ensue.dialects.native.last import last_attempt_view
from ensue.dialects.native.paging import LIMIT, NEXT, Parameters, next_page
from ensue.dialects.native.pushed import pushed_to
from ensue.dialects.native.render import DeliveryPage, DeliveryView, attempt_view, delivery_view
from ensue.domain.delivery import SCHEDULED, Delivery, State
from ensue.domain.errors import EnsueError
from ensue.engine.engine import Engine
from ensue.http.exchange import Answer, Call, QueryParameter, json_answer
from ensue.store.base import DeliveryQuery

STATES: Final[tuple[State, ...]] = get_args(State)
PAGE: Final = (
    QueryParameter(
        "q",
        "Words that its event, the reason why it did not arrive, and its trigger's name and address hold together; "
        "the last one as the beginning of a word.",
    ),
    QueryParameter("state", "pending, delivered, dead or cancelled.", State),
    QueryParameter("trigger", "The id of a trigger."),
    QueryParameter("event", "The id of an event."),
    QueryParameter("replay", "The id of the replay that made them."),
    QueryParameter("since", "Made from this time on (RFC 3339)."),
    QueryParameter("until", "Made before this time (RFC 3339)."),
    QueryParameter("ended_since", "Ended from this time on (RFC 3339)."),
    QueryParameter("ended_until", "Ended before this time (RFC 3339)."),
    QueryParameter(
        "details", "`true`: each with its event's type and title, whether that is a test, and its last attempt.", bool
    ),
    LIMIT,
    NEXT,
)
_OF: Final = "delivery"


async def page(engine: Engine, call: Call) -> Answer:
    """`GET /deliveries`."""
    parameters = Parameters(call, PAGE)
    query = DeliveryQuery(
        project=call.project,
        without=SCHEDULED,
        state=parameters.choice("state", STATES),
        trigger=parameters.text("trigger"),
        event_id=parameters.text("event"),
        replay=parameters.text("replay"),
        since=parameters.moment("since"),
        until=parameters.moment("until"),
        ended_since=parameters.moment("ended_since"),
        ended_until=parameters.moment("ended_until"),
        sought=await engine.sought(call.project, parameters.words("q")),
        before=parameters.before(_OF),
        limit=parameters.limit(),
    )
    found = await engine.deliveries(query)
    devices = await pushed_to(engine, call.project, found.items)
    views = [replace(delivery_view(one, call.now), device=devices.get(one.id)) for one in found.items]
    if parameters.flag("details"):
        views = [await _detailed(engine, call.project, view) for view in views]
    return json_answer(200, DeliveryPage(views, next_page(_OF, found.next)))


async def _detailed(engine: Engine, project: str, view: DeliveryView) -> DeliveryView:
    """With what a list shows beside it; an event that is removed has neither type nor title."""
    attempts = await engine.attempts(project, view.id) if view.tries else ()
    last = last_attempt_view(attempts[-1]) if attempts else None
    try:
        event = (await engine.event(project, view.event)).event
    except EnsueError:
        return replace(view, last=last)
    title = event.card.title if event.card else None
    return replace(view, type=event.type, title=title, test=event.is_test, last=last)


async def _there(engine: Engine, call: Call) -> Delivery:
    delivery = await engine.delivery(call.project, call.parameters["id"])
    if delivery.kind == SCHEDULED:
        raise EnsueError("not_found", f"There is no delivery {delivery.id!r} in this project.")
    return delivery


async def read(engine: Engine, call: Call) -> Answer:
    """`GET /deliveries/{id}`, with its attempts."""
    call.query_values()
    delivery = await _there(engine, call)
    attempts = [attempt_view(attempt) for attempt in await engine.attempts(call.project, delivery.id)]
    device = (await pushed_to(engine, call.project, [delivery])).get(delivery.id)
    return json_answer(200, replace(delivery_view(delivery, call.now, attempts), device=device))


async def retry(engine: Engine, call: Call) -> Answer:
    """`POST /deliveries/{id}/retry`."""
    call.query_values()
    delivery = await _there(engine, call)
    return json_answer(200, delivery_view(await engine.retry(call.project, delivery.id), call.now))


async def cancel(engine: Engine, call: Call) -> Answer:
    """`POST /deliveries/{id}/cancel`; `in_flight` says that it may arrive all the same."""
    call.query_values()
    delivery = await _there(engine, call)
    cancelled, in_flight = await engine.cancel(call.project, delivery.id)
    return json_answer(200, replace(delivery_view(cancelled, call.now), in_flight=in_flight))
