"""Hides how the edge speaks with the dialect of Space Cloud: its credentials, its refusals, its table of routes."""

from collections.abc import Sequence
from typing import cast

from msgspec.structs import replace

from ensue.dialects.spacecloud.callers import admin, identity, known_identity, project_of, token_of
from ensue.dialects.spacecloud.queue import enabled
from ensue.dialects.spacecloud.routes import MANY, ONE, ROUTES
from ensue.dialects.spacecloud.words import problem
from ensue.domain.errors import EnsueError
from ensue.domain.key import Key
from ensue.engine.engine import Engine as WholeEngine
from ensue.http.auth import ByToken
from ensue.http.dialect import Engine
from ensue.http.exchange import Answer, Call, Route


class SpaceCloudDialect(ByToken):
    """Space Cloud. Who queues one event is looked at by the queue itself, since a rule may let anybody in."""

    name = "spacecloud"
    prefixes = ("/v1/api", "/v1/config")

    def routes(self, engine: Engine) -> Sequence[Route]:
        """The table, with the instance's own limits on what comes in."""
        if not isinstance(engine, WholeEngine):
            return ROUTES
        limits = dict.fromkeys(ONE, engine.limits.event_bytes) | {MANY: engine.limits.batch_bytes}
        return tuple(replace(route, body_limit=limits.get(route.name, route.body_limit)) for route in ROUTES)

    def known(self, engine: Engine, call: Call, route: Route) -> Key | None:  # noqa: ARG002 - the protocol's shape
        """The key of a token that was looked at before; asked for the routes that take one event."""
        whole = cast("WholeEngine", engine)
        project = whole.rules.project(call.parameters["project"])
        speaker = known_identity(whole, token_of(call), project) if project is not None else None
        return speaker.key if speaker is not None else None

    async def authenticate(self, engine: Engine, call: Call, route: Route) -> Key:
        """The key of an admin: of whoever configures, or queues many events at once; else of whoever has one."""
        whole = cast("WholeEngine", engine)
        project = await project_of(whole, call)
        if route.name in ONE:
            return (await identity(whole, token_of(call), project)).key
        if route.name == MANY:
            enabled(whole, project)
        return await admin(whole, call, project, 403 if route.name == MANY else 401)

    def problem(self, error: EnsueError, call: Call) -> Answer:
        """A refusal in its words."""
        return problem(error, call)
