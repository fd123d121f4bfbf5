"""How a path finds its route."""

import pytest

from ensue.domain.errors import EnsueError
from ensue.http.exchange import Answer, Call, Route
from ensue.http.routing import Bound, Router
from tests.http.fakes import FakeDialect


async def nothing(engine: object, call: Call) -> Answer:
    """No handler is called here."""
    raise EnsueError("internal", "never")


def router(*paths: str) -> Router:
    """A router of `METHOD path` rows."""
    rows = [row.split(" ") for row in paths]
    return Router(
        [
            Bound(Route(method=method, path=path, handler=nothing, name=path, summary=""), FakeDialect())
            for method, path in rows
        ]
    )


def found(routes: Router, method: str, path: bytes) -> tuple[str, dict[str, str]] | None:
    """The template that a path finds, and its parameters."""
    match = routes.find(path)
    bound = match.bound(method) if match else None
    return (bound.route.path, match.parameters(bound.route)) if match and bound else None


TABLE = router(
    "GET /",
    "POST /events",
    "GET /events",
    "GET /events/{id}",
    "POST /events/batch",
    "POST /events/{id}/actions/{key}",
    "GET /events/batch/status",
    "POST /{key}/trigger",
    "GET /files/{name}",
    "GET /files/{name}/info",
    "GET /files/{rest...}",
    "GET /files/{name}/{part...}",
)


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", b"/", ("/", {})),
        ("GET", b"/events", ("/events", {})),
        ("GET", b"/events/", ("/events", {})),
        ("GET", b"/%65vents", ("/events", {})),
        ("GET", b"/events/x", ("/events/{id}", {"id": "x"})),
        ("GET", b"/events/a%2Fb", ("/events/{id}", {"id": "a/b"})),
        ("GET", b"/events/a%20%C3%BC", ("/events/{id}", {"id": "a ü"})),
        ("GET", b"/events/..", ("/events/{id}", {"id": ".."})),
        ("HEAD", b"/events/x", ("/events/{id}", {"id": "x"})),
        ("POST", b"/events/batch", ("/events/batch", {})),
        ("POST", b"/events/batch/actions/go", ("/events/{id}/actions/{key}", {"id": "batch", "key": "go"})),
        ("POST", b"/ws/trigger", ("/{key}/trigger", {"key": "ws"})),
        ("GET", b"/files/a", ("/files/{name}", {"name": "a"})),
        ("GET", b"/files/a/info", ("/files/{name}/info", {"name": "a"})),
        ("GET", b"/files/a/b/c%2Fd/", ("/files/{name}/{part...}", {"name": "a", "part": "b/c/d"})),
        ("GET", b"/files//b", ("/files/{rest...}", {"rest": "/b"})),
    ],
)
def test_a_path_finds_its_route(method: str, path: bytes, expected: tuple[str, dict[str, str]]) -> None:
    """Literals before parameters, one trailing slash, escapes inside a segment."""
    assert found(TABLE, method, path) == expected


@pytest.mark.parametrize(
    "path",
    [
        b"/event",
        b"/events//",
        b"//events",
        b"/events//actions/go",
        b"/events/%ff",
        b"/events/\xff",
        b"/Events",
        b"/files",
    ],
)
def test_other_paths_find_nothing(path: bytes) -> None:
    """An empty segment, bytes that are no UTF-8, another case: nothing is there."""
    assert TABLE.find(path) is None


def test_a_path_knows_its_methods() -> None:
    """What a 405 lists: HEAD with GET, OPTIONS always."""
    events, batch = TABLE.find(b"/events"), TABLE.find(b"/events/batch")
    assert events is not None
    assert events.allow == ("POST", "GET", "HEAD", "OPTIONS")
    assert batch is not None
    assert batch.allow == ("POST", "OPTIONS")
    assert batch.bound("GET") is None


def test_two_routes_for_one_thing_are_refused() -> None:
    """Two dialects that want the same path is a mistake found at the start."""
    with pytest.raises(ValueError, match="Two routes"):
        router("GET /a/{id}", "GET /a/{name}")
