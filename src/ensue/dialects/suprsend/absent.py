"""Hides what SuprSend has and Ensue does not: it is refused with 501, and with the page that lists what is there."""

from typing import Final

from ensue.domain.errors import EnsueError
from ensue.http.exchange import Answer, Call, Handler, Route

PAGE: Final = "docs/reference/dialects/suprsend.md"

MOST_BYTES: Final = 1024 * 1024
"""How much of a body is read, to check its signature, before it is refused."""

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
_ABSENT: Final = (
    ("/v1/user/{id}/{rest...}", "merges, preferences, tenants and subscriptions of users"),
    ("/v1/bulk/{rest...}", "bulk preferences, bulk messages and bulk deletion of objects"),
    ("/v1/tenant/{id}/{rest...}", "preferences of tenants"),
    ("/v1/object/{rest...}", "objects and their subscriptions"),
    ("/v1/subscriber_list/{id}/{rest...}", "members and versions of lists"),
    ("/v1/message", "messages"),
    ("/v1/message/{rest...}", "messages"),
    ("/v1/workflow_run/{rest...}", "cancelling of workflows"),
    ("/v1/broadcast_run/{rest...}", "cancelling of broadcasts"),
    ("/v1/template", "templates"),
    ("/v1/template/{rest...}", "templates"),
    ("/v1/feed/{rest...}", "the inbox"),
    ("/v2/subscriber/{rest...}", "preferences, as browsers ask for them"),
)
"""Paths, and what they are for."""

_MANAGED: Final = (
    *("workflow", "schema", "event", "preference_category", "translation", "config"),
    *("ws_key", "ws_api_key", "ws_public_key", "ws_signing_key"),
)
_MANAGEMENT: Final = (
    "/v1/workspace",
    "/v1/workspace/{rest...}",
    *(f"/v1/{{workspace}}/{asset}" for asset in _MANAGED),
    *(f"/v1/{{workspace}}/{asset}/{{rest...}}" for asset in _MANAGED),
    "/v2/{workspace}/template",
    "/v2/{workspace}/template/{rest...}",
)
"""The paths of the management API. Its service tokens are nothing that could be known here: nobody is asked for one."""


def _refusing(what: str) -> Handler:
    """A handler that says that `what` is not there, and where to read what is."""

    async def refuse(engine: object, call: Call) -> Answer:  # noqa: ARG001 - the shape of a handler
        message = f"{call.method} {call.path[:200]} is not here: Ensue does not have {what}. {PAGE} lists what it has."
        raise EnsueError("not_implemented", message)

    return refuse


def absent_routes() -> tuple[Route, ...]:
    """A row for each path and method. A key is asked for where theirs could be one of ours, so that strangers hear of
    it first."""
    absent = [(path, what, True) for path, what in _ABSENT]
    absent += [(path, "the management API", False) for path in _MANAGEMENT]
    return tuple(
        Route(
            method=method,
            path=path,
            handler=_refusing(what),
            name=f"absent{method.capitalize()}{at}",
            summary=f"Not there: {what}.",
            authenticated=keyed,
            body_limit=MOST_BYTES if keyed and method != "GET" else None,
            documented=False,
        )
        for at, (path, what, keyed) in enumerate(absent)
        for method in _METHODS
    )
