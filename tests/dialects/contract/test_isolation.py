"""The wall around a project, for every route of every dialect: another's ids are refused, and change nothing there."""

from typing import Any

import pytest

from ensue.engine.keys import NewKey
from ensue.http.exchange import Route
from tests.dialects.contract.tables import ended, filled, naming, routes_of
from tests.dialects.contract.voices import BY_DIALECT, JSON, SECOND, SUPRSEND, Request, Voice, call, new_key
from tests.dialects.edge import Edge, Got

DIALECT = pytest.mark.parametrize("dialect", BY_DIALECT)
SECRET = "only-mine"
"""What stands in each thing of the project that a stranger asks for."""

BODIES: tuple[bytes, ...] = (
    b"",
    b"{}",
    b'{"name":"n","enabled":false,"type":"t","url":"https://hooks.example/in"}',
    b'{"id":"t","rule":"allow"}',
    b'{"distinct_ids":["mine"],"subscribers":["mine"],"tenant_ids":["mine"]}',
    b'{"operations":[{"$unset":["name"]}],"distinct_ids":["mine"],"name":"taken"}',
)


def everything(api: Edge, project: str) -> list[Any]:
    """All that the store has of a project, whatever it is."""
    state = api.house.store._state  # type: ignore[attr-defined]
    documents = [one for one in state.documents.values() if one.project == project]
    deliveries = [one for one in state.deliveries.values() if one.project == project]
    return [documents, deliveries, [one for one in state.log.values() if one.project == project]]


async def furnished(api: Edge) -> tuple[NewKey, dict[str, str]]:
    """A key of the project `default`, and the ids of all kinds of things that stand there, made in each tongue."""
    mine = await new_key(api)
    trigger = await api.trigger(enabled=False, name=SECRET)
    event = await api.send(data={"said": SECRET}, subject="mine", card={"title": SECRET, "actions": [BUTTON]})
    (delivery,) = await api.items(f"/api/v1/deliveries?event={event}")
    scheduled = await api.send(delay=3600, data={"said": SECRET})
    for voice, method, path, body in FURNITURE:
        got = await call(api, voice.sign(Request(method, path, body, {"content-type": JSON}), mine))
        assert got.status < 300, (path, got.body)
    ids = {"trigger": trigger["id"], "event": event, "delivery": delivery["id"], "scheduled": scheduled}
    return mine, ids | {"key": mine.key.id, "project": mine.project.id, "named": "mine"}


BUTTON = {"key": "go", "label": "Go", "url": "https://hooks.example/go"}
CONFIG = "/v1/config/projects/default/eventing"
FURNITURE: tuple[tuple[Voice, str, str, bytes], ...] = (
    (SECOND, "POST", f"{CONFIG}/triggers/mine", b'{"type":"only-mine","url":"https://hooks.example/only-mine"}'),
    (SECOND, "POST", f"{CONFIG}/rules/mine", b'{"rule":"deny"}'),
    (SECOND, "POST", f"{CONFIG}/schema/mine", b'{"schema":"type mine { said: String! }"}'),
    (SUPRSEND, "POST", "/v1/user/mine/", b'{"name":"only-mine"}'),
    (SUPRSEND, "POST", "/v1/tenant/mine/", b'{"tenant_name":"only-mine"}'),
    (SUPRSEND, "POST", "/v1/subscriber_list/", b'{"list_id":"mine","list_name":"only-mine"}'),
)


async def asked(api: Edge, voice: Voice, route: Route, path: str, stranger: NewKey) -> list[Got]:
    """The answers to a stranger, with bodies of every kind."""
    requests = [Request(route.method, path, body, {"content-type": JSON}) for body in BODIES]
    return [await call(api, voice.sign(one, stranger)) for one in requests]


@DIALECT
async def test_another_projects_ids_change_nothing_there(api: Edge, dialect: str) -> None:
    """Every route, every kind of id, many bodies, by an admin of another project: no word of it, no change to it."""
    mine, ids = await furnished(api)
    stranger = await new_key(api, "stranger")
    voice = BY_DIALECT[dialect]
    before = everything(api, mine.project.id)
    for route in ended(dialect):
        for kind, name in ids.items():
            path = filled(route, name, project="stranger", workspace=stranger.key.id)
            with naming(f"{route.method} {path} ({kind})"):
                for got in await asked(api, voice, route, path, stranger):
                    assert SECRET.encode() not in got.body
                    assert got.status < 400 or voice.told(got)
                    if dialect == "native" and "{" in route.path:
                        people_only = route.personal or (route.role is not None and route.scope is None)
                        assert got.status in ((403,) if people_only else (404, 400)), got.body
                assert everything(api, mine.project.id) == before
            if "{" not in route.path:
                break


@DIALECT
async def test_another_projects_name_opens_nothing(api: Edge, dialect: str) -> None:
    """Where a path or a credential names a project, that of another is refused, by slug, by id and by key."""
    mine, ids = await furnished(api)
    stranger = await new_key(api, "stranger")
    voice = BY_DIALECT[dialect]
    before = everything(api, mine.project.id)
    named = [route for route in routes_of(dialect) if "{project}" in route.path or "{workspace}" in route.path]
    for route in named:
        for project in ("default", mine.project.id):
            path = filled(route, "mine", project=project, workspace=mine.key.id)
            with naming(route.path):
                for got in await asked(api, voice, route, path, stranger):
                    assert got.status >= 400, got.body
                    assert SECRET.encode() not in got.body
                    assert voice.told(got)
                assert everything(api, mine.project.id) == before
    assert bool(named) == (dialect in ("spacecloud", "suprsend"))
    assert ids["named"] == "mine"


@DIALECT
async def test_lists_show_ones_own(api: Edge, dialect: str) -> None:
    """What the owner sees in a list, a stranger does not."""
    mine, _ = await furnished(api)
    stranger = await new_key(api, "stranger")
    voice = BY_DIALECT[dialect]
    seen = 0
    for route in [route for route in ended(dialect) if route.method == "GET"]:
        for key, project in ((mine, "default"), (stranger, "stranger")):
            got = await call(api, voice.sign(Request("GET", filled(route, "mine", project=project)), key))
            seen += key is mine and SECRET.encode() in got.body
            assert key is mine or SECRET.encode() not in got.body, route.path
    assert seen > 0 or dialect == "operational"
