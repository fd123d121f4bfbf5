"""Hides how the edge speaks with the native dialect: bearer tokens, one error body, one table of routes."""

from collections.abc import Sequence

from msgspec.structs import replace

from ensue.dialects.native.routes import BATCH_BYTES, ROUTES
from ensue.domain.errors import EnsueError
from ensue.domain.key import Key
from ensue.engine.engine import Engine as WholeEngine
from ensue.http.auth import bearer_key, known_bearer
from ensue.http.dialect import Engine
from ensue.http.exchange import Answer, Call, Route, problem_answer


class NativeDialect:
    """Dialect zero."""

    name = "native"
    prefixes = ("/api/v1",)
    signs_bodies = False

    def routes(self, engine: Engine) -> Sequence[Route]:
        """The table, with the instance's own limit on what comes in."""
        limit = engine.limits.batch_bytes if isinstance(engine, WholeEngine) else BATCH_BYTES
        return tuple(replace(route, body_limit=limit) if route.body_limit == BATCH_BYTES else route for route in ROUTES)

    def known(self, engine: Engine, call: Call, route: Route) -> Key | None:  # noqa: ARG002 - the protocol's shape
        """By token."""
        return known_bearer(engine, call)

    async def authenticate(self, engine: Engine, call: Call, route: Route) -> Key:  # noqa: ARG002 - as above
        """By token."""
        return await bearer_key(engine, call)

    def problem(self, error: EnsueError, call: Call) -> Answer:  # noqa: ARG002 - as above
        """The one error body."""
        return problem_answer(error)
