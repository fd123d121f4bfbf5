"""Access that ends while somebody watches: a live stream stops with the role, the session, or the project."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from ensue.dialects.native import stream
from ensue.http.exchange import Call, Stream
from tests.dialects.edge import Edge
from tests.dialects.people import MEMBERS, PASSWORD, PROJECTS, SESSION, Browser, first, joined, seated

PATIENCE = 30.0


async def watching(browser: Browser) -> Stream:
    """A stream that a browser opened, past its first two chunks."""
    people = browser.api.house.engine.people
    caller = await people.caller(browser.cookie, "default")
    path = "/api/v1/stream"
    call = Call(method="GET", path=path, raw_path=path.encode(), headers=[], now=browser.api.clock(), key=caller)
    opened = await stream.follow(browser.api.house.engine, call)
    assert b"retry:" in await anext(opened.chunks)
    assert b"\nid: " in await anext(opened.chunks)
    return opened


async def following(api: Edge) -> Stream:
    """The same, opened by a program with its key."""
    engine = api.house.engine
    key = await engine.keys.authenticate(str(api.token))
    path = "/api/v1/stream"
    opened = await stream.follow(
        engine, Call(method="GET", path=path, raw_path=path.encode(), headers=[], now=api.clock(), key=key)
    )
    assert b"retry:" in await anext(opened.chunks)
    assert b"\nid: " in await anext(opened.chunks)
    return opened


async def ends(opened: Stream) -> bytes:
    """What a stream still said before it ended."""
    said = b""
    async with asyncio.timeout(PATIENCE):
        async for chunk in opened.chunks:
            said += chunk
    return said


async def _removed(owner: Browser, watcher: Browser) -> None:
    assert (await owner("DELETE", f"{MEMBERS}/{await watcher.id()}")).status == 204


async def _signed_out(owner: Browser, watcher: Browser) -> None:
    assert (await watcher("DELETE", SESSION)).status == 204


async def _ended_session(owner: Browser, watcher: Browser) -> None:
    session = (await watcher("GET", SESSION)).json["session"]["id"]
    assert (await watcher("DELETE", f"/api/v1/sessions/{session}")).status == 204


async def _deleted_project(owner: Browser, watcher: Browser) -> None:
    assert (await owner("POST", PROJECTS, {"name": "Other"})).status == 201
    assert (await owner("DELETE", f"{PROJECTS}/default", {"confirm": "default"})).status == 204


@pytest.mark.parametrize("how", [_removed, _signed_out, _ended_session, _deleted_project])
async def test_a_stream_ends_with_the_access(api: Edge, how: Callable[[Browser, Browser], Awaitable[None]]) -> None:
    """At once, though nothing happens on it; nothing that comes later is said."""
    owner = await seated(api, "ada@example.com", "owner")
    watcher = await seated(api, "bob@example.com", "viewer")
    opened, other = await watching(watcher), await watching(owner)
    waiting = asyncio.create_task(ends(opened))
    await how(owner, watcher)
    assert await waiting == b""
    if how is _deleted_project:
        assert await ends(other) == b""
        return
    event = await api.send()
    assert event.encode() in await anext(other.chunks)


async def test_a_stream_goes_on_when_others_change(api: Edge) -> None:
    """A new role that still reads, and whoever else comes and goes, cost nobody the stream."""
    owner = await seated(api, "ada@example.com", "owner")
    watcher = await seated(api, "bob@example.com", "admin")
    opened = await watching(watcher)
    reading = asyncio.ensure_future(anext(opened.chunks))
    assert (await owner("PATCH", f"{MEMBERS}/{await watcher.id()}", {"role": "viewer"})).status == 200
    other = await seated(api, "carl@example.com", "viewer")
    await _removed(owner, other)
    event = await api.send()
    assert event.encode() in await reading


async def test_another_process_takes_somebody_out(api: Edge) -> None:
    """What another process changed in the store is heard of by its rules, and ends sessions and streams here."""
    people, store = api.house.engine.people, api.house.store
    owner = await first(api)
    watcher = await joined(owner, "bob@example.com", "viewer")
    opened = await watching(watcher)
    waiting = asyncio.create_task(ends(opened))
    account = await people.accounts.find("bob@example.com")
    assert account is not None
    (project,) = await store.list("project", None, None, 2)
    document = await store.get("members", project.id, project.id)
    assert document is not None
    elsewhere = type(people.members)(store, api.clock, lambda: None)
    await elsewhere.remove(project.id, account.id, "owner")
    await api.house.engine.rules.refresh(store)
    assert await waiting == b""
    assert (await watcher("GET", "/api/v1/events")).error[:2] == (404, "not_found")
    assert (await watcher.sign_in("bob@example.com", PASSWORD)).json["projects"] == []


async def test_a_stream_ends_with_its_key(api: Edge) -> None:
    """Revoked, it hears nothing more, at once; other keys hear on, whatever happens to keys."""
    revoked, other = await api.with_key(), await api.with_key()
    opened, kept = await following(revoked), await following(other)
    waiting, reading = asyncio.create_task(ends(opened)), asyncio.ensure_future(anext(kept.chunks))
    key = await api.house.engine.keys.authenticate(str(revoked.token))
    assert (await api("DELETE", f"/api/v1/keys/{key.id}")).status == 200
    assert await waiting == b""
    event = await api.send()
    assert event.encode() in await reading


async def test_a_stream_ends_with_a_key_that_another_process_revokes(api: Edge) -> None:
    """The command line revokes beside the server: what a key watches ends when the rules hear of it."""
    engine, store = api.house.engine, api.house.store
    revoked = await api.with_key()
    opened = await following(revoked)
    waiting = asyncio.create_task(ends(opened))
    key = await engine.keys.authenticate(str(revoked.token))
    elsewhere = type(engine.keys)(store, engine.keys._vault, api.clock)
    await elsewhere.revoke(key.project, key.id)
    await engine.rules.refresh(store)
    assert await waiting == b""
