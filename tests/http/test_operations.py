"""What stands at the root, and the page about the API."""

from html.parser import HTMLParser

import pytest

from ensue.http.app import Application
from ensue.http.exchange import QueryParameter, Route
from ensue.http.openapi import describe
from ensue.http.operations import Operations
from tests.http.fakes import ROUTES, FakeDialect, FakeEngine, application, running, show
from tests.http.wire import connected


def app(problems: list[str]) -> Application:
    """An application with the root's routes; `problems` keep it from being ready."""

    async def readiness() -> list[str]:
        return problems

    async def metrics() -> str:
        return "ensue_events_total 7\n"

    operations = Operations(readiness, metrics, ROUTES, "1.2.3")
    return application(FakeEngine(), FakeDialect(), operations)


async def test_liveness_and_readiness() -> None:
    """Alive whatever is wrong; ready when nothing is."""
    problems: list[str] = []
    async with running(app=app(problems)) as server, connected(server.port) as wire:
        assert (await wire.request("GET", "/healthz", token="")).json == {"status": "ok"}
        assert (await wire.request("GET", "/readyz", token="")).json == {"status": "ok", "problems": []}
        problems.append("The disk is full.")
        assert (await wire.request("GET", "/healthz", token="")).status == 200
        answer = await wire.request("GET", "/readyz", token="")
        assert (answer.status, answer.json["problems"]) == (503, ["The disk is full."])


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"x_forwarded_for": "203.0.113.9"}, 401),
        ({"x_forwarded_for": "127.0.0.1"}, 401),
        ({"forwarded": "for=203.0.113.9"}, 401),
        ({"x_forwarded_for": "203.0.113.9", "authorization": "Bearer good"}, 200),
        ({"x_forwarded_for": "203.0.113.9", "authorization": "Bearer public"}, 403),
    ],
)
async def test_metrics_are_for_this_machine_or_a_key(headers: dict[str, str], status: int) -> None:
    """Through a proxy on this machine, anybody would be this machine; a public key is anybody's, too."""
    async with running(app=app([])) as server, connected(server.port) as wire:
        values = {"token": "", **headers}
        answer = await wire.request("GET", "/metrics", **values)  # type: ignore[arg-type]
        assert answer.status == status
        if status == 200:
            assert answer.body == b"ensue_events_total 7\n"
            assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")


async def test_what_nobody_owns_is_refused_natively() -> None:
    """The root's dialect owns the rest."""
    async with running(app=app([])) as server, connected(server.port) as wire:
        answer = await wire.request("GET", "/nowhere")
        assert (answer.status, answer.json["error"]["code"]) == (404, "not_found")


async def test_the_description_is_served() -> None:
    """OpenAPI 3.1, with each documented route; the root's own are not among them."""
    async with running(app=app([])) as server, connected(server.port) as wire:
        document = (await wire.request("GET", "/api/v1/openapi.json", token="")).json
        assert (document["openapi"], document["info"]["version"]) == ("3.1.0", "1.2.3")
        rows = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
        assert rows == {(route.method, route.path) for route in ROUTES}


def test_the_description_of_a_route() -> None:
    """Parameters, body, answers and refusals come from the table and the types."""
    document = describe(ROUTES, "1")
    send = document["paths"]["/api/v1/events"]["post"]
    assert send["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Sent"}
    assert send["security"] == [{"key": []}, {"session": []}]
    assert set(send["responses"]) >= {"202", "400", "401", "403", "413", "415", "500", "503"}
    refusal = send["responses"]["400"]["content"]["application/json"]["schema"]
    assert refusal == {"$ref": "#/components/schemas/Problem"}
    show_event = document["paths"]["/api/v1/events/{id}"]["get"]
    assert [item["name"] for item in show_event["parameters"]] == ["id"]
    assert "404" in show_event["responses"]
    assert "requestBody" not in show_event
    assert "security" not in document["paths"]["/api/v1/open"]["get"]
    assert document["components"]["schemas"]["Sent"]["required"] == ["type"]


def test_query_parameters_are_described() -> None:
    """With their types; a route that is hidden is left out."""
    query = (QueryParameter("limit", "How many.", int), QueryParameter("q", "What.", required=True))
    shown = Route(method="GET", path="/a", handler=show, name="a", summary="A.", query=query)
    hidden = Route(method="GET", path="/b", handler=show, name="b", summary="B.", documented=False)
    document = describe([shown, hidden], "1")
    assert list(document["paths"]) == ["/a"]
    limit, q = document["paths"]["/a"]["get"]["parameters"]
    assert (limit["schema"], limit["required"]) == ({"type": "integer"}, False)
    assert (q["schema"], q["required"]) == ({"type": "string"}, True)


class Reading(HTMLParser):
    """Collects the text and the elements of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.elements: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        self.elements.add(tag)
        assert not [name for name, _ in attrs if name.startswith("on") or name == "src"]

    def handle_data(self, data: str) -> None:
        """Text."""
        self.text += data


async def test_the_page_to_read() -> None:
    """Every route and type stands on it; it has no script and loads nothing."""
    async with running(app=app([])) as server, connected(server.port) as wire:
        answer = await wire.request("GET", "/docs", token="", accept="text/html")
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        page = Reading()
        page.feed(answer.body.decode())
        assert [route.path for route in ROUTES if route.path not in page.text] == []
        assert not {"script", "link", "img", "iframe"} & page.elements
