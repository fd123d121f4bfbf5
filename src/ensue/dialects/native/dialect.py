"""Hides how the edge speaks with the native dialect: tokens or a session, one error body, one table of routes."""

from collections.abc import Sequence
from typing import Final, cast

from msgspec.structs import replace

from ensue.dialects.native.routes import BATCH_BYTES, ROUTES
from ensue.domain.errors import EnsueError
from ensue.domain.key import Key
from ensue.engine.engine import Engine as WholeEngine
from ensue.http.auth import ByToken, bearer_key
from ensue.http.cookies import session_token
from ensue.http.dialect import Engine
from ensue.http.exchange import Call, Route
from ensue.http.origin import require_same_origin

PROJECT: Final = "ensue-project"
"""The header by which a session says which project is meant."""


class NativeDialect(ByToken):
    """Dialect zero."""

    name = "native"
    prefixes = ("/api/v1",)

    def routes(self, engine: Engine) -> Sequence[Route]:
        """The table, with the instance's own limit on what comes in."""
        limit = engine.limits.batch_bytes if isinstance(engine, WholeEngine) else BATCH_BYTES
        return tuple(replace(route, body_limit=limit) if route.body_limit == BATCH_BYTES else route for route in ROUTES)

    async def authenticate(self, engine: Engine, call: Call, route: Route) -> Key:
        """As `Dialect.authenticate`: by the header Authorization, else by a session's cookie.

        EnsueError `forbidden` for a change by cookie that does not come from our own pages.
        """
        token = session_token(call) if call.header("authorization") is None else None
        if token is None:
            return await _by_key(engine, call, route)
        people = cast("WholeEngine", engine).people
        require_same_origin(call, people.post.public_url)
        if route.personal:
            return await people.person(token)
        return await people.caller(token, call.parameters[route.project] if route.project else call.header(PROJECT))


async def _by_key(engine: Engine, call: Call, route: Route) -> Key:
    if route.scope is None and call.header("authorization") is None:
        raise EnsueError("unauthorized", "You are not signed in; sign in first.")
    return await bearer_key(engine, call)
