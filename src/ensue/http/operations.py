"""Hides what operators and readers find at the root: liveness, readiness, metrics, and the pages about the API."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from ensue.domain.errors import EnsueError
from ensue.http.auth import ByToken, bearer_key
from ensue.http.dialect import Engine
from ensue.http.exchange import Answer, Call, Route, json_answer
from ensue.http.forwarded import is_loopback
from ensue.http.openapi import describe
from ensue.http.reading import page
from ensue.telemetry import CONTENT_TYPE

_PAGE_HEADERS: Final = (
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    (b"referrer-policy", b"same-origin"),
)

Readiness = Callable[[], Awaitable[list[str]]]
"""What keeps the server from serving, as sentences; empty when it is ready."""

Metrics = Callable[[], Awaitable[str]]
"""All metrics in Prometheus' text format."""


class Operations(ByToken):
    """The routes at the root, as a dialect that owns every path that no other owns.

    `documented` is the table that the OpenAPI page describes.
    """

    name = "operations"
    prefixes = ("",)

    def __init__(self, readiness: Readiness, metrics: Metrics, documented: Sequence[Route], version: str) -> None:
        self._readiness = readiness
        self._metrics = metrics
        self._documented = documented
        self._version = version

    def routes(self, engine: Engine) -> Sequence[Route]:  # noqa: ARG002 - what it needs came with the constructor
        """The root's table; none of it is part of the API that it describes."""
        return (
            _open("/healthz", self._health, "health", "Whether the process is alive."),
            _open("/readyz", self._ready, "ready", "Whether the server can serve, and what keeps it from that."),
            _open("/metrics", self._measure, "metrics", "Prometheus metrics, for this machine or with a key."),
            _open("/api/v1/openapi.json", self._describe, "openapi", "The native API as OpenAPI 3.1."),
            _open("/docs", self._read, "docs", "The native API, to read."),
        )

    async def _health(self, engine: Engine, call: Call) -> Answer:  # noqa: ARG002 - alive is alive
        return json_answer(200, {"status": "ok"})

    async def _ready(self, engine: Engine, call: Call) -> Answer:  # noqa: ARG002 - the callable knows
        problems = await self._readiness()
        return json_answer(
            503 if problems else 200, {"status": "not ready" if problems else "ok", "problems": problems}
        )

    async def _measure(self, engine: Engine, call: Call) -> Answer:
        forwarded = call.header("x-forwarded-for") or call.header("forwarded") or call.header("x-real-ip")
        if forwarded or not is_loopback(call.client):  # a proxy on this machine speaks for anybody
            key = await bearer_key(engine, call)
            if key.public:
                raise EnsueError("forbidden", f"The key {key.id} is public: it may only send events.")
        return Answer(200, (await self._metrics()).encode("utf-8"), (), CONTENT_TYPE)

    async def _describe(self, engine: Engine, call: Call) -> Answer:  # noqa: ARG002 - the same for everybody
        return json_answer(200, describe(self._documented, self._version))

    async def _read(self, engine: Engine, call: Call) -> Answer:  # noqa: ARG002 - as above
        text = page(describe(self._documented, self._version))
        return Answer(200, text.encode("utf-8"), _PAGE_HEADERS, "text/html; charset=utf-8")


def _open(path: str, handler: Callable[[Engine, Call], object], name: str, summary: str) -> Route:
    return Route(
        method="GET",
        path=path,
        handler=handler,  # type: ignore[arg-type]
        name=name,
        summary=summary,
        authenticated=False,
        documented=False,
    )
