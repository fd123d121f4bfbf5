"""Hides the table of Operational's API for senders; what it is read by in a browser is Ensue's own console."""

from typing import Final

from ensue.dialects.operational import events
from ensue.dialects.operational.identify import identify
from ensue.dialects.operational.intake import JSON_BYTES
from ensue.http.exchange import JSON, Handler, Route


def _route(path: str, handler: Handler, name: str, summary: str, *, public: bool) -> Route:
    return Route(
        method="POST",
        path=path,
        handler=handler,
        name=name,
        summary=summary,
        scope="events:write",
        body_limit=JSON_BYTES,
        public=public,
        hot=public,
        request_media=(JSON, "text/plain") if public else (JSON,),
        documented=False,
    )


ROUTES: Final = (
    _route("/api/v1/log", events.log, "logEvent", "Log one event.", public=True),
    _route("/api/v1/ingest", events.log, "ingestEvent", "The same, as older clients call it.", public=True),
    _route("/api/v1/identify", identify, "identifyUser", "Keep what is known of a user.", public=False),
)
"""Every path of the dialect."""
