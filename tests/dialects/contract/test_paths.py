"""Every path of every dialect: how it answers where something is missing, wrong, or too much. New routes too."""

import re
from itertools import product
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.dialects.contract.tables import PREFIXES, ROUTES, ended, filled, naming, routes_of
from tests.dialects.contract.voices import (
    BY_DIALECT,
    JSON,
    KIB,
    VOICES,
    Request,
    Voice,
    by_token,
    call,
    events_of,
    new_key,
)
from tests.dialects.edge import EVENTS, Edge, edge

PAGES = Path(__file__).parents[3] / "docs/reference"
EACH = pytest.mark.parametrize("voice", VOICES, ids=[voice.name for voice in VOICES])
SPOKEN = pytest.mark.parametrize("voice", BY_DIALECT.values(), ids=list(BY_DIALECT))

NOWHERE = {
    "native": ["/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v1/events/x/nothing", "/api/v1//events"],
    "operational": ["/api/v1/log/x", "/api/v1/ingest/x/y", "/api/v1/log//"],
    "spacecloud": [
        "/v1/api",
        "/v1/api/default",
        "/v1/api/default/eventing",
        "/v1/config/projects/default/x",
        "/v1/config/x",
    ],
    "suprsend": ["/event/x", "/v2", "/v2/nothing", "/trigger/x/y", "/v2/event/x", "/v1/user/x/y/z"],
}
"""Paths that are a dialect's own, and where nothing is."""

ODD_NAMES = ("x", "%2F", "..%2F..", "%F0%9F%8E%89", "a%20b", "%25", "x" * 300, "%00", "%E2%80%AE", "-1", "null")
ODD_BODIES = (
    b"",
    b"[]",
    b"{}",
    b"null",
    b'"x"',
    b"[[[]]]",
    b'{"a":"\\ud800"}',
    b"\xff",
    b'[{"event":1}]',
    b'{"events":[1]}',
    b'{"type":{},"url":[],"rule":[],"name":{},"id":[],"users":{},"$user_operations":[{"$set":1}]}',
)


def documented(dialect: str) -> set[str]:
    """The paths that stand on the reference pages of a dialect."""
    pages = [PAGES / "api.md"] if dialect == "native" else sorted(PAGES.glob(f"dialects/{dialect}*.md"))
    assert pages, f"docs/reference/dialects/{dialect}.md is missing"
    text = "\n".join(one.read_text("utf-8") for one in pages)
    return {nameless(path) for path in re.findall(r"[`\s](/[^\s`]*)", text)}


def nameless(path: str) -> str:
    """A path whatever its parameters are called, without a slash at its end."""
    return re.sub(r"\{[\w-]+\}", "{}", path).rstrip("/")


DIALECT = pytest.mark.parametrize("dialect", BY_DIALECT)


@DIALECT
def test_every_route_is_documented(dialect: str) -> None:
    """Its path stands on a page of its dialect."""
    cut = "/api/v1" if dialect == "native" else ""
    told = documented(dialect) | {cut + path for path in documented(dialect)}
    assert sorted({route.path for route in routes_of(dialect) if nameless(route.path) not in told}) == []


@SPOKEN
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH"])
async def test_where_nothing_is(api: Edge, voice: Voice, method: str) -> None:
    """A refusal in the dialect's form, with a key and without; nothing is a redirect."""
    key = await new_key(api)
    for path in NOWHERE[voice.dialect]:
        request = Request(method, path, b"{}", {"content-type": JSON})
        for one in (request, voice.sign(request, key)):
            got = await call(api, one)
            assert got.status in (voice.status("not_found"), 401, 501), (path, got.body)
            assert voice.told(got)


@DIALECT
async def test_a_wrong_method(api: Edge, dialect: str) -> None:
    """Refused in the dialect's form, with the methods that there are."""
    voice, key = BY_DIALECT[dialect], await new_key(api)
    for route in routes_of(dialect):
        with naming(f"{route.method} {route.path}"):
            there = {one.method for name, one in ROUTES if name == dialect and filled(one) == filled(route)}
            for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "FOO"} - there - ({"GET"} & there):
                got = await call(api, voice.sign(Request(method, filled(route)), key))
                assert got.status == voice.status("not_allowed"), got.body
                assert there <= set(got.headers["allow"].split(", "))
                assert voice.told(got)
    assert await events_of(api) == []


@DIALECT
async def test_options_and_head(api: Edge, dialect: str) -> None:
    """OPTIONS names the methods; HEAD is GET without a body, or refused where there is no GET."""
    voice, key = BY_DIALECT[dialect], await new_key(api)
    for route in routes_of(dialect):
        with naming(f"{route.method} {route.path}"):
            options = await call(api, Request("OPTIONS", filled(route)))
            assert (options.status, options.body) == (204, b"")
            assert {route.method, "OPTIONS"} <= set(options.headers["allow"].split(", "))
            head = await call(api, voice.sign(Request("HEAD", filled(route)), key))
            if "HEAD" in options.headers["allow"].split(", "):
                if route.name != "stream":  # goes on for ever
                    got = await call(api, voice.sign(Request("GET", filled(route)), key))
                    assert head.status == got.status
                    if got.status < 400:  # else the words name the method
                        assert head.headers["content-length"] == str(len(got.body))
            else:
                assert head.status == voice.status("not_allowed")


@DIALECT
async def test_no_key(api: Edge, dialect: str) -> None:
    """Every route asks for one, and says so in its dialect's form before it looks at anything else."""
    voice = BY_DIALECT[dialect]
    for route in routes_of(dialect):
        with naming(f"{route.method} {route.path}"):
            for authorization in (None, "Bearer ens_nobody", "Bearer a.b.c"):
                request = Request(route.method, filled(route), b"{}", {"content-type": JSON})
                got = await call(api, request if authorization is None else request.plus(authorization=authorization))
                if route.anonymous:
                    assert got.status == voice.status("invalid"), got.body
                elif not route.authenticated:  # for everybody, as getting in is; or there for nobody
                    assert got.status < 500 if dialect == "native" else got.status == 501, got.body
                else:
                    assert got.status in (401, 403), got.body
                assert got.status < 400 or voice.told(got)


@DIALECT
async def test_a_public_key_opens_what_is_public(api: Edge, dialect: str) -> None:
    """And nothing else, whether the route asks for a right or not."""
    voice, key = BY_DIALECT[dialect], await new_key(api, public=True)
    for route in ended(dialect):
        if route.authenticated and not route.public:
            with naming(f"{route.method} {route.path}"):
                got = await call(api, voice.sign(Request(route.method, filled(route), b"{}"), key))
                assert got.status in (401, 403), got.body
                assert voice.told(got)
    assert {route.scope for route in routes_of(dialect) if route.public} <= {"events:write", None}


@DIALECT
async def test_a_slash_at_the_end_is_the_same_path(api: Edge, dialect: str) -> None:
    """With and without: the same status, the same words."""
    voice, key = BY_DIALECT[dialect], await new_key(api)
    for route in ended(dialect):
        with naming(f"{route.method} {route.path}"):
            bare = filled(route).rstrip("/")
            answers = [
                await call(api, voice.sign(Request(route.method, path, b"[", {"content-type": JSON}), key))
                for path in (bare, bare + "/")
            ]
            assert answers[0].status == answers[1].status
            if answers[0].status >= 400:
                one, other = (voice.told(got).replace(bare + "/", bare) for got in answers)
                assert one == other


@DIALECT
async def test_whatever_comes_is_no_fault_of_ours(api: Edge, dialect: str) -> None:
    """Odd ids, odd queries and odd bodies are refused or taken, in the dialect's form, never a 500 of ours."""
    voice, key = BY_DIALECT[dialect], await new_key(api)
    for route in ended(dialect):
        with naming(f"{route.method} {route.path}"):
            for value, body in product(ODD_NAMES if "{" in route.path else ("",), ODD_BODIES):
                request = Request(route.method, filled(route, value), body, {"content-type": JSON})
                got = await call(api, voice.sign(request, key))
                assert got.status != 500 or b"Something went wrong" not in got.body, request
                assert got.status < 400 or voice.told(got), request
    assert (await call(api, by_token(Request("GET", EVENTS), key))).status == 200


@DIALECT
async def test_a_path_that_is_not_utf_8(api: Edge, dialect: str) -> None:
    """Is nowhere, in the dialect's form where its beginning is the dialect's."""
    voice, key = BY_DIALECT[dialect], await new_key(api)
    for route in routes_of(dialect):
        with naming(f"{route.method} {route.path}"):
            path = filled(route, "%FF%FE", project="%FF%FE")
            if path == route.path:
                path += "/%FF%FE"
            got = await call(api, voice.sign(Request(route.method, path), key))
            assert 400 <= got.status < 500 or got.status == 501, got.body
            begins = route.path.partition("{")[0]
            if any(begins.startswith(prefix) for prefix in PREFIXES[dialect]):
                assert voice.told(got)


@EACH
async def test_a_query_is_no_body(api: Edge, voice: Voice) -> None:
    """An event in the query, by GET or by POST, is none."""
    key = await new_key(api)
    query = "?type=t&name=t&event=t&distinct_id=u"
    for method in ("POST", "PUT", "DELETE"):
        got = await call(api, voice.sign(replace(voice.sent(b""), method=method, path=voice.path + query), key))
        assert got.status >= 400
        assert voice.told(got)
    assert await events_of(api) == []


@EACH
async def test_the_instances_own_limit(tmp_path: Path, voice: Voice) -> None:
    """`ENSUE_MAX_EVENT_BYTES`, and SuprSend's own, hold in every dialect."""
    async with edge(tmp_path, max_event_bytes=2 * KIB, max_suprsend_event_bytes=2 * KIB) as api:
        small, key = voice.event().body, await new_key(api)
        statuses = []
        for size in (2 * KIB, 2 * KIB + 1):
            got = await call(api, voice.sign(voice.sent(small + b" " * (size - len(small))), key))
            statuses.append(got.status)
        assert statuses == [voice.accepted, voice.status("too_large")]
        assert voice.told(got)
