"""Hides how the edge speaks with the native dialect: bearer tokens, one error body, one table of routes."""

from collections.abc import Sequence

from msgspec.structs import replace

from ensue.dialects.native.routes import BATCH_BYTES, ROUTES
from ensue.engine.engine import Engine as WholeEngine
from ensue.http.auth import ByToken
from ensue.http.dialect import Engine
from ensue.http.exchange import Route


class NativeDialect(ByToken):
    """Dialect zero."""

    name = "native"
    prefixes = ("/api/v1",)

    def routes(self, engine: Engine) -> Sequence[Route]:
        """The table, with the instance's own limit on what comes in."""
        limit = engine.limits.batch_bytes if isinstance(engine, WholeEngine) else BATCH_BYTES
        return tuple(replace(route, body_limit=limit) if route.body_limit == BATCH_BYTES else route for route in ROUTES)
