"""Hides how Operational's clients speak: JSON or text to `/api/v1/log`, a key, and an answer that is text."""

from typing import Any

from ensue.http.exchange import JSON
from tests.dialects.edge import EVENTS, Edge, Got

LOG = "/api/v1/log"
TEXT = "text/plain"
SAID = {"key", "label", "url", "external", "expires_in", "meta", "repeat", "style"}
"""What a button is made of."""


class Sender:
    """Logs events by one key, and looks at what became of them."""

    def __init__(self, api: Edge) -> None:
        self.api = api

    async def __call__(self, body: Any, content_type: str = JSON, path: str = LOG, **headers: str) -> Got:
        """One request as it is answered."""
        return await self.api("POST", path, body, content_type=content_type, **headers)

    async def event(self, body: Any, content_type: str = JSON) -> dict[str, Any]:
        """The event that was accepted, as the native API shows it."""
        got = await self(body, content_type)
        assert (got.status, got.body) == (201, b"success"), got
        shown = await self.api("GET", f"{EVENTS}/{got.headers['x-event-id']}")
        event: dict[str, Any] = shown.json
        for action in event["card"].get("actions", ()):  # how it stands is shown beside what was said
            for name in action.keys() - SAID:
                del action[name]
        return event

    async def card(self, **fields: Any) -> dict[str, Any]:
        """The card of an event with a name and these fields."""
        card: dict[str, Any] = (await self.event({"name": "an event"} | fields))["card"]
        return card

    async def refusal(self, body: Any, content_type: str = JSON) -> str:
        """The text of a 400, after which nothing is stored."""
        got = await self(body, content_type)
        assert got.status == 400, got
        assert got.headers["content-type"] == "text/plain; charset=utf-8"
        assert await self.api.items(EVENTS) == []
        return got.body.decode()
