"""A deleted project is refused at once, and nothing of it is left in the end; others feel nothing of it."""

import ast
import asyncio
import importlib
from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from ensue.domain.document import Document, Put
from ensue.domain.project import Project, project_of
from ensue.engine import clearing
from ensue.store.base import Cancelled, DeliveryQuery, EventQuery, Selection
from tests.dialects.edge import EVENTS, Edge, edge
from tests.dialects.people import PROJECTS, Browser, seated

SOURCE = Path(clearing.__file__).parents[1]

BELONGS_TO_NO_PROJECT = {"device", "instance", "account", "session", "seen", "reset", "setup", "project"}


async def doomed(api: Edge) -> tuple[Browser, Edge, Project]:
    """A project with something of most kinds in it, deleted; its owner, a key of it, and what it was."""
    owner = await seated(api, "ada@example.com", "owner")
    assert (await owner("POST", PROJECTS, {"name": "Doomed"})).status == 201
    key = await api.with_key("doomed")
    await key.trigger(enabled=False)
    for _ in range(3):
        await key.send()
    await key.send(delay=60)
    owner.project = "doomed"
    await owner("POST", "/api/v1/invitations", {"email": "grace@example.com", "role": "viewer"})
    body = {"distinct_id": "u1", "event": "e", "properties": {}}
    assert (await key("POST", EVENTS, {"type": "t", "data": body})).status == 202
    project = await api.house.engine.people.projects.find("doomed")
    assert project is not None
    await api.house.engine.keys.uses.settled()
    return owner, key, project


async def left(api: Edge, project: str) -> list[str]:
    """The kinds of what the store still has of a project."""
    store = api.house.store
    found = [kind for kind in clearing.KINDS if await store.list(kind, project, None, 1)]
    found += ["event"] if (await store.page(EventQuery(project=project))).items else []
    found += ["delivery"] if (await store.deliveries(DeliveryQuery(project=project))).items else []
    return found


async def test_a_deleted_project_is_refused_at_once(api: Edge) -> None:
    """Its keys, its members and its name; the slug is free again, for another project."""
    owner, key, project = await doomed(api)
    wrong = await owner("DELETE", f"{PROJECTS}/doomed", {"confirm": "Doomed"})
    assert wrong.error == (400, "invalid", "confirm")
    assert (await key("GET", EVENTS)).status == 200
    assert (await owner("DELETE", f"{PROJECTS}/doomed", {"confirm": "doomed"})).status == 204
    assert (await key("POST", EVENTS, {"type": "t"})).error[:2] == (401, "unauthorized")
    assert (await owner("GET", EVENTS)).error[:2] == (404, "not_found")
    assert (await owner("DELETE", f"{PROJECTS}/{project.id}", {"confirm": "doomed"})).error[:2] == (404, "not_found")
    assert api.house.engine.rules.project("doomed") is None
    assert await api.house.engine.keys.find_project(project.id) is None
    again = await owner("POST", PROJECTS, {"name": "Doomed"})
    assert (again.json["slug"], again.json["id"] != project.id) == ("doomed", True)
    assert (await owner("GET", EVENTS)).json["items"] == []


@pytest.mark.parametrize("store", ["memory", "sqlite"])
async def test_nothing_is_left_in_the_end(tmp_path: Path, store: str) -> None:
    """All that it held goes in steps; its own trace a minute later; another project keeps everything."""
    async with edge(tmp_path, store=store) as api:
        await _cleared(api)


async def _cleared(api: Edge) -> None:
    owner, _, project = await doomed(api)
    mine = await api.send()
    assert len(await left(api, project.id)) > 5
    await owner("DELETE", f"{PROJECTS}/doomed", {"confirm": "doomed"})
    document = await api.house.store.get("project", project.id, project.id)
    assert document is not None
    marked = project_of(document)
    cleaner = clearing.Clearing(api.house.store, api.clock)
    assert await cleaner.clear(marked) is False
    assert await left(api, project.id) == []
    assert await cleaner.clear(marked) is False
    api.clock.turn(clearing.QUIET)
    assert await cleaner.clear(marked) is True
    assert await api.house.store.get("project", project.id, project.id) is None
    assert [one["id"] for one in await api.items(EVENTS)] == [mine]
    assert (await api("GET", "/api/v1/keys")).status == 200


async def test_what_others_owe_is_not_looked_at(api: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a deleted project owed is called off by name, page by page: the writer looks for nothing meanwhile."""
    owner, key, project = await doomed(api)
    await api.trigger(enabled=False)
    await api.send()
    await key.send()
    await owner("DELETE", f"{PROJECTS}/doomed", {"confirm": "doomed"})
    named: list[int] = []
    cancel = api.house.store.cancel

    async def noted(selection: Selection, reason: str, now: int) -> Cancelled:
        named.append(len(selection.ids or ()))
        return await cancel(selection, reason, now)

    monkeypatch.setattr(api.house.store, "cancel", noted)
    monkeypatch.setattr(clearing, "_PAGE", 2)
    await clearing.Clearing(api.house.store, api.clock).clear(replace(project, deleted_at=api.clock()))
    assert named == [2, 2, 2]
    assert await left(api, project.id) == []
    assert len(await api.items("/api/v1/deliveries?state=pending")) == 1


async def test_the_last_project_stays(api: Edge) -> None:
    """There is always one to be in."""
    owner = await seated(api, "ada@example.com", "owner")
    assert (await owner("DELETE", f"{PROJECTS}/default", {"confirm": "default"})).error[:2] == (409, "conflict")
    assert (await owner("GET", EVENTS)).status == 200


async def test_the_last_two_are_not_deleted_at_once(api: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is another one to the other: one of them stays, whoever deletes both at the same moment."""
    owner = await seated(api, "ada@example.com", "owner")
    assert (await owner("POST", PROJECTS, {"name": "Second"})).status == 201
    names = ("default", "second")
    both, put, arrived = asyncio.Event(), api.house.store.put, list[Sequence[Put]]()

    async def together(puts: Sequence[Put]) -> Sequence[Document]:
        arrived.append(puts)
        if len(arrived) > 1:
            both.set()
        await both.wait()
        return await put(puts)

    monkeypatch.setattr(api.house.store, "put", together)
    got = await asyncio.gather(*(owner("DELETE", f"{PROJECTS}/{name}", {"confirm": name}) for name in names))
    assert sorted(one.status for one in got) == [204, 409]
    owner.project = None
    assert len((await owner("GET", PROJECTS)).json["items"]) == 1


def _kinds() -> set[str]:
    """Every kind of document that the source makes."""
    found: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        module = ".".join(["ensue", *path.relative_to(SOURCE).with_suffix("").parts])
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Document":
                kind = next((one.value for one in node.keywords if one.arg == "kind"), None)
                if isinstance(kind, ast.Constant):
                    found.add(str(kind.value))
                elif isinstance(kind, ast.Name):
                    found.add(getattr(importlib.import_module(module), kind.id, ""))
    return found - {""}


def test_every_kind_is_cleared_or_of_no_project() -> None:
    """Whoever adds a kind of document says here whose it is."""
    kinds = _kinds()
    assert len(kinds) > 15
    assert kinds - set(clearing.KINDS) == BELONGS_TO_NO_PROJECT
