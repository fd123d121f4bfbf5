"""Hides how the edge speaks with the dialect of SuprSend: its credentials, its refusals, its table of routes."""

from collections.abc import Sequence
from typing import cast

from ensue.dialects.suprsend import answers, credentials, events, identity, workflows
from ensue.dialects.suprsend.absent import absent_routes
from ensue.domain.errors import EnsueError
from ensue.domain.intake import Limits
from ensue.domain.key import Key
from ensue.engine.engine import Engine as WholeEngine
from ensue.engine.keys import Keys
from ensue.http.dialect import Engine
from ensue.http.exchange import Answer, Call, Handler, Route


class SuprSendDialect:
    """SuprSend."""

    name = "suprsend"
    prefixes = (
        "/event",
        "/trigger",
        "/v2",
        "/v1/user",
        "/v1/bulk",
        "/v1/tenant",
        "/v1/brand",
        "/v1/subscriber_list",
        "/v1/object",
        "/v1/message",
        "/v1/workflow_run",
        "/v1/broadcast_run",
        "/v1/template",
        "/v1/feed",
        "/v1/workspace",
    )
    signs_bodies = True

    def routes(self, engine: Engine) -> Sequence[Route]:
        """The table."""
        limits = engine.limits if isinstance(engine, WholeEngine) else Limits()
        return (*_event_routes(limits), *_workflow_routes(limits), *identity.ROUTES, *absent_routes())

    def known(self, engine: Engine, call: Call, route: Route) -> Key | None:  # noqa: ARG002 - the protocol's shape
        """As `Dialect.known`: by the id of a key, or by a token."""
        return credentials.at_hand(cast("Keys", engine.keys), call)

    async def authenticate(self, engine: Engine, call: Call, route: Route) -> Key:  # noqa: ARG002 - as above
        """As `Dialect.authenticate`."""
        keys = cast("Keys", engine.keys)
        return credentials.at_hand(keys, call) or await credentials.looked_up(keys, call)

    def verify(self, engine: Engine, call: Call) -> None:
        """As `Dialect.verify`: by the signature, where there is one."""
        credentials.proved(cast("Keys", engine.keys), call)

    def problem(self, error: EnsueError, call: Call) -> Answer:  # noqa: ARG002 - as above
        """As `Dialect.problem`."""
        return answers.refusal(error)


def _event_routes(limits: Limits) -> tuple[Route, ...]:
    return (
        _takes("/v2/event", events.track, "track", "One event.", limits.suprsend_event_bytes, hot=True),
        _takes("/event", events.track_any, "trackAny", "One event or several.", limits.batch_bytes, hot=True),
        _takes("/v2/bulk/event", events.track_many, "trackMany", "Events, each judged alone.", limits.batch_bytes),
    )


def _workflow_routes(limits: Limits) -> tuple[Route, ...]:
    one, many = limits.event_bytes, limits.batch_bytes
    return (
        _takes("/trigger", workflows.trigger, "trigger", "A workflow, or several.", many, public=False),
        _takes("/{workspace}/trigger", workflows.trigger_dynamic, "dynamic", "A whole workflow.", many, public=False),
        _takes("/{workspace}/broadcast", workflows.broadcast, "broadcast", "A template to a list.", one, public=False),
    )


def _takes(
    path: str, handler: Handler, name: str, summary: str, body_limit: int, *, public: bool = True, hot: bool = False
) -> Route:
    return Route(
        method="POST",
        path=path,
        handler=handler,
        name=name,
        summary=summary,
        scope="events:write",
        body_limit=body_limit,
        public=public,
        hot=hot,
        documented=False,
    )
