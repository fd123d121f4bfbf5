"""Hides the calls about lists of users: made, read, filled, emptied, removed in two ways (their reference, 3.12)."""

from typing import Final

from ensue.dialects.suprsend.identity_paging import Query, cursor_page, offset_page
from ensue.dialects.suprsend.identity_reading import distinct_ids, object_body
from ensue.dialects.suprsend.identity_views import list_view, user_view
from ensue.domain.errors import EnsueError
from ensue.engine.engine import Engine
from ensue.http.exchange import Answer, Call, Route, json_answer

LIST_BYTES: Final = 64 * 1024
IDS_BYTES: Final = 1024 * 1024
"""Ids are many at once: clients do not split them."""

_NAMES: Final = {
    "list_name": "name",
    "list_description": "description",
    "track_user_entry": "track_entry",
    "track_user_exit": "track_exit",
}


async def page(engine: Engine, call: Call) -> Answer:
    """`GET /v1/subscriber_list/`."""
    query = Query(call)
    found = await engine.subscriber_lists.list(call.project, query.offset(), query.limit())
    return offset_page(query, await engine.subscriber_lists.count(call.project), [list_view(one) for one in found])


async def create(engine: Engine, call: Call) -> Answer:
    """`POST /v1/subscriber_list/`: a new list, or one that there is changed."""
    body = object_body(call)
    list_id = body.get("list_id")
    if not isinstance(list_id, str):
        raise EnsueError("invalid", "list_id: it is required, and must be a string", "list_id")
    fields = {_NAMES[name]: value for name, value in body.items() if name in _NAMES}
    return json_answer(201, list_view(await engine.subscriber_lists.create(call.project, list_id, fields)))


async def read(engine: Engine, call: Call) -> Answer:
    """`GET /v1/subscriber_list/{id}/`."""
    return json_answer(200, list_view(await engine.subscriber_lists.get(call.project, call.parameters["id"])))


async def delete(engine: Engine, call: Call) -> Answer:
    """`DELETE /v1/subscriber_list/{id}/` and `PATCH /v1/subscriber_list/{id}/delete/`."""
    await engine.subscriber_lists.delete(call.project, call.parameters["id"])
    return json_answer(200, {"success": True})


async def members(engine: Engine, call: Call) -> Answer:
    """`GET /v1/subscriber_list/{id}/subscriber/`."""
    place, list_id = Query(call).place(), call.parameters["id"]
    known = await engine.subscriber_lists.get(call.project, list_id)
    found = await engine.subscriber_lists.members(call.project, list_id, place)
    return cursor_page(found, place, known.members, user_view)


async def add(engine: Engine, call: Call) -> Answer:
    """`POST /v1/subscriber_list/{id}/subscriber/add/`: users that are new are made."""
    count = await engine.subscriber_lists.add(call.project, call.parameters["id"], distinct_ids(call))
    return json_answer(201, {"success": True, "affected_count": count})


async def remove(engine: Engine, call: Call) -> Answer:
    """`POST /v1/subscriber_list/{id}/subscriber/remove/`."""
    count = await engine.subscriber_lists.remove(call.project, call.parameters["id"], distinct_ids(call))
    return json_answer(201, {"success": True, "affected_count": count})


ROUTES: Final = (
    Route(
        method="GET",
        path="/v1/subscriber_list",
        handler=page,
        name="list_subscriber_lists",
        summary="List lists",
        scope="events:read",
        documented=False,
    ),
    Route(
        method="POST",
        path="/v1/subscriber_list",
        handler=create,
        name="create_subscriber_list",
        summary="Make or change a list",
        scope="events:write",
        body_limit=LIST_BYTES,
        documented=False,
    ),
    Route(
        method="GET",
        path="/v1/subscriber_list/{id}",
        handler=read,
        name="read_subscriber_list",
        summary="Read a list",
        scope="events:read",
        documented=False,
    ),
    Route(
        method="DELETE",
        path="/v1/subscriber_list/{id}",
        handler=delete,
        name="delete_subscriber_list",
        summary="Remove a list",
        scope="events:write",
        body_limit=LIST_BYTES,
        documented=False,
    ),
    Route(
        method="PATCH",
        path="/v1/subscriber_list/{id}/delete",
        handler=delete,
        name="patch_subscriber_list_delete",
        summary="Remove a list, as some clients do",
        scope="events:write",
        body_limit=LIST_BYTES,
        documented=False,
    ),
    Route(
        method="GET",
        path="/v1/subscriber_list/{id}/subscriber",
        handler=members,
        name="list_members",
        summary="List who is on a list",
        scope="events:read",
        documented=False,
    ),
    Route(
        method="POST",
        path="/v1/subscriber_list/{id}/subscriber/add",
        handler=add,
        name="add_members",
        summary="Put users on a list",
        scope="events:write",
        body_limit=IDS_BYTES,
        documented=False,
    ),
    Route(
        method="POST",
        path="/v1/subscriber_list/{id}/subscriber/remove",
        handler=remove,
        name="remove_members",
        summary="Take users off a list",
        scope="events:write",
        body_limit=IDS_BYTES,
        documented=False,
    ),
)
