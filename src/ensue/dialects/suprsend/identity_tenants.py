"""Hides the calls about tenants, by this name and by the former one, brands (their reference, 3.10)."""

from collections.abc import Callable
from typing import Any, Final

from ensue.dialects.suprsend.identity_paging import Query, offset_page
from ensue.dialects.suprsend.identity_reading import object_body
from ensue.dialects.suprsend.identity_views import brand_view, tenant_view
from ensue.domain.tenant import Tenant
from ensue.engine.engine import Engine
from ensue.http.exchange import Answer, Call, Handler, Route, json_answer

TENANT_BYTES: Final = 128 * 1024

View = Callable[[Tenant], dict[str, Any]]

_OTHER_NAMES: Final = {
    "tenant_name": "name",
    "brand_name": "name",
    "preference_page_url": "embedded_preference_url",
}
"""What a field is called in a body and in the domain; `name` itself means nothing to them."""


def _paged(view: View) -> Handler:
    async def page(engine: Engine, call: Call) -> Answer:
        query = Query(call)
        found = await engine.tenants.list(call.project, query.offset(), query.limit())
        return offset_page(query, await engine.tenants.count(call.project), [view(tenant) for tenant in found])

    return page


def _read(view: View) -> Handler:
    async def read(engine: Engine, call: Call) -> Answer:
        return json_answer(200, view(await engine.tenants.get(call.project, call.parameters["id"])))

    return read


def _upserted(view: View) -> Handler:
    async def upsert(engine: Engine, call: Call) -> Answer:
        given = object_body(call)
        given.pop("name", None)
        fields = {_OTHER_NAMES.get(name, name): value for name, value in given.items()}
        return json_answer(201, view(await engine.tenants.upsert(call.project, call.parameters["id"], fields)))

    return upsert


async def delete(engine: Engine, call: Call) -> Answer:
    """`DELETE /v1/tenant/{id}/`."""
    await engine.tenants.delete(call.project, call.parameters["id"])
    return Answer(204, content_type=None)


def _routes(word: str, view: View) -> tuple[Route, ...]:
    path = f"/v1/{word}"
    return (
        Route(
            method="GET",
            path=path,
            handler=_paged(view),
            name=f"list_{word}s",
            summary=f"List {word}s",
            scope="events:read",
            documented=False,
        ),
        Route(
            method="GET",
            path=path + "/{id}",
            handler=_read(view),
            name=f"read_{word}",
            summary=f"Read a {word}",
            scope="events:read",
            documented=False,
        ),
        Route(
            method="POST",
            path=path + "/{id}",
            handler=_upserted(view),
            name=f"upsert_{word}",
            summary=f"Make or change a {word}",
            scope="events:write",
            body_limit=TENANT_BYTES,
            documented=False,
        ),
        Route(
            method="DELETE",
            path=path + "/{id}",
            handler=delete,
            name=f"delete_{word}",
            summary=f"Remove a {word}",
            scope="events:write",
            body_limit=TENANT_BYTES,
            documented=False,
        ),
    )


ROUTES: Final = (*_routes("tenant", tenant_view), *_routes("brand", brand_view))
