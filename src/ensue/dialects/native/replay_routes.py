"""Hides the part of the native API's table that is about replays."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from ensue.dialects.native import replays
from ensue.domain.replay import ReplayDraft
from ensue.http.exchange import Handler, QueryParameter, Route

PATH: Final = "/api/v1/replays"
REPLAY_BYTES: Final = 16 * 1024
"""The most bytes of what is asked of a replay."""


def _route(
    method: str,
    path: str,
    handler: Handler,
    name: str,
    summary: str,
    responses: Mapping[int, Any],
    request: Any = None,
    query: tuple[QueryParameter, ...] = (),
) -> Route:
    return Route(
        method=method,
        path=PATH + path,
        handler=handler,
        name=name,
        summary=summary,
        scope="deliveries",
        body_limit=None if request is None else REPLAY_BYTES,
        request=request,
        responses=responses,
        query=query,
    )


_CREATE: Final = _route(
    "POST",
    "",
    replays.create,
    "createReplay",
    "Send again what happened, or count what would be sent.",
    {201: replays.ReplayView, 200: replays.ReplayCount},
    ReplayDraft,
)
_CANCEL: Final = _route(
    "POST",
    "/{id}/cancel",
    replays.cancel,
    "cancelReplay",
    "Make no more deliveries; with `deliveries` stop those too that did not arrive yet.",
    {200: replays.ReplayView},
    replays.CancelDraft,
)

REPLAYS: Final[tuple[Route, ...]] = (
    replace(
        _CREATE,
        description=(
            "With `state`: the events whose last delivery to a trigger (`trigger`, or any) is dead, cancelled or "
            "delivered, `since` and `until` bounding when it was made; each goes to the same trigger, or to the "
            "trigger `to`. Without: the events of the log by their time, those that `trigger` fires on as it is now, "
            "or any where only `to` is given. `type` is a pattern, `filter` a CEL expression, `q` words as in the list "
            "of deliveries (with `state`) or of events. New deliveries are made, marked with the replay, "
            "each event once to a trigger; test events only where the trigger takes them. "
            "With `dry_run` the answer is a count (200), and nothing is made."
        ),
    ),
    _route("GET", "", replays.page, "listReplays", "List replays.", {200: replays.ReplayPage}, query=replays.PAGE),
    _route(
        "GET",
        "/{id}",
        replays.read,
        "getReplay",
        "Read one replay: how far it is, and how its deliveries stand.",
        {200: replays.ReplayView},
    ),
    replace(_CANCEL, request_required=False),
)
"""Calls about replays."""
