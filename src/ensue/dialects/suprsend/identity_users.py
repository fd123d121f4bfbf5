"""Hides the calls about users: made and changed, read, listed, forgotten (their reference, 3.8)."""

from typing import Final

from ensue.dialects.suprsend.identity_paging import Query, cursor_page
from ensue.dialects.suprsend.identity_reading import distinct_ids, object_body
from ensue.dialects.suprsend.identity_views import list_view, user_view
from ensue.dialects.suprsend.operations import read_operations
from ensue.domain.errors import EnsueError
from ensue.domain.tenant import DEFAULT
from ensue.engine.engine import Engine
from ensue.http.exchange import Answer, Call, Route, json_answer

USER_BYTES: Final = 128 * 1024
IDS_BYTES: Final = 256 * 1024

_EMPTY: Final = Answer(204, content_type=None)
_ID: Final = "distinct_id"


async def page(engine: Engine, call: Call) -> Answer:
    """`GET /v1/user/`."""
    query = Query(call)
    if query.text("tenant_id") not in (None, DEFAULT):
        raise EnsueError("not_implemented", "Users are not kept apart by tenant yet; leave out 'tenant_id'.")
    place = query.place()
    found = await engine.subscribers.list(call.project, place)
    return cursor_page(found, place, await engine.subscribers.count(call.project), user_view)


def _who(call: Call) -> str:
    """Whom the path names."""
    return call.parameters["id"].strip()


async def read(engine: Engine, call: Call) -> Answer:
    """`GET /v1/user/{id}/`."""
    return json_answer(200, user_view(await engine.subscribers.get(call.project, _who(call))))


async def upsert(engine: Engine, call: Call) -> Answer:
    """`POST /v1/user/{id}/`: what is given is set, the rest stays; `{}` makes a user of whom nothing is known."""
    values = object_body(call)
    values.pop(_ID, None)  # the path says who it is
    edited = await engine.subscribers.upsert(call.project, _who(call), values, call.now)
    return json_answer(201, user_view(edited.subscriber))


async def edit(engine: Engine, call: Call) -> Answer:
    """`PATCH /v1/user/{id}/`: all operations or none."""
    operations = read_operations(object_body(call).get("operations"), "operations")
    edited = await engine.subscribers.edit(call.project, _who(call), operations, call.now)
    return json_answer(202, user_view(edited.subscriber))


async def delete(engine: Engine, call: Call) -> Answer:
    """`DELETE /v1/user/{id}/`."""
    await engine.subscribers.delete(call.project, _who(call))
    return _EMPTY


async def delete_many(engine: Engine, call: Call) -> Answer:
    """`DELETE /v1/bulk/user/`: those that there are not, are passed over."""
    await engine.subscribers.delete_many(call.project, distinct_ids(call))
    return _EMPTY


async def lists(engine: Engine, call: Call) -> Answer:
    """`GET /v1/user/{id}/subscribed_to/list/`."""
    place, who = Query(call).place(), _who(call)
    found = await engine.subscriber_lists.of(call.project, who, place)
    return cursor_page(found, place, await engine.subscriber_lists.count_of(call.project, who), list_view)


ROUTES: Final = (
    Route(
        method="GET",
        path="/v1/user",
        handler=page,
        name="list_users",
        summary="List users",
        scope="events:read",
        documented=False,
    ),
    Route(
        method="GET",
        path="/v1/user/{id}",
        handler=read,
        name="read_user",
        summary="Read a user",
        scope="events:read",
        documented=False,
    ),
    Route(
        method="POST",
        path="/v1/user/{id}",
        handler=upsert,
        name="upsert_user",
        summary="Make or change a user",
        scope="events:write",
        body_limit=USER_BYTES,
        documented=False,
    ),
    Route(
        method="PATCH",
        path="/v1/user/{id}",
        handler=edit,
        name="edit_user",
        summary="Edit a user by operators",
        scope="events:write",
        body_limit=USER_BYTES,
        documented=False,
    ),
    Route(
        method="DELETE",
        path="/v1/user/{id}",
        handler=delete,
        name="delete_user",
        summary="Forget a user",
        scope="events:write",
        body_limit=USER_BYTES,
        documented=False,
    ),
    Route(
        method="DELETE",
        path="/v1/bulk/user",
        handler=delete_many,
        name="delete_users",
        summary="Forget up to 100 users",
        scope="events:write",
        body_limit=IDS_BYTES,
        documented=False,
    ),
    Route(
        method="GET",
        path="/v1/user/{id}/subscribed_to/list",
        handler=lists,
        name="list_lists_of_user",
        summary="List the lists that a user is on",
        scope="events:read",
        documented=False,
    ),
)
