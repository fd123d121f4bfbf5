"""Space Cloud's API without a port: both queue paths, the config API, and tokens of every kind."""

from typing import Any, Final

import msgspec

from ensue.domain.key import SCOPES, Scope
from ensue.engine import tokens
from ensue.engine.keys import NewKey
from tests.dialects.edge import EVENTS, HOOK, Edge, Got

FIRST: Final = "/v1/api/default/event-triggers/queue"
SECOND: Final = "/v1/api/default/eventing/queue"
MANY: Final = "/v1/api/default/eventing/admin-queue"
CONFIG: Final = "/v1/config/projects/default"


class Cloud:
    """Calls with one token; `native` speaks the native API of the same project, as an admin."""

    def __init__(self, edge: Edge, native: Edge, key: NewKey) -> None:
        self.edge = edge
        self.native = native
        self.key = key

    async def with_key(self, *scopes: Scope, project: str = "default") -> "Cloud":
        """Calls with the JWT of a new key; all scopes if none are given."""
        new = await self.native.house.engine.keys.create(project, scopes or SCOPES)
        return Cloud(self.edge.with_token(new.jwt), self.native, new)

    def with_token(self, token: str | None) -> "Cloud":
        """Calls with that token, or none."""
        return Cloud(self.edge.with_token(token), self.native, self.key)

    def claiming(self, **claims: Any) -> "Cloud":
        """Calls with these claims, signed with our key."""
        return self.with_token(tokens.mint(claims, self.key.key.id, self.key.secret))

    async def __call__(self, method: str, url: str, body: Any = b"", **headers: str) -> Got:
        """One request; its answer ends with a newline, as all of theirs."""
        got = await self.edge(method, url, body, **headers)
        assert got.body.endswith(b"\n") or not got.body
        return got

    async def queue(self, url: str = SECOND, **fields: Any) -> Got:
        """One event queued, of type `my_type` if nothing else is told."""
        return await self("POST", url, {"type": "my_type"} | fields)

    async def set(self, what: str, body: Any) -> None:
        """Something configured: `rules/default`, `triggers/mine`."""
        got = await self("POST", f"{CONFIG}/eventing/{what}", body)
        assert (got.status, got.json) == (200, {}), got.body

    async def get(self, what: str) -> Any:
        """What the config API reads."""
        got = await self("GET", f"{CONFIG}/eventing/{what}")
        assert got.status == 200, got.body
        return got.json["result"]

    async def trigger(self, name: str = "mine", **fields: Any) -> None:
        """A trigger made, for `my_type` if nothing else is told."""
        await self.set(f"triggers/{name}", {"type": "my_type", "url": HOOK} | fields)

    async def events(self) -> list[dict[str, Any]]:
        """All events in the log, newest first, as the native API shows them."""
        return await self.native.items(EVENTS)

    async def scheduled(self) -> list[dict[str, Any]]:
        """All events that are not due yet."""
        return await self.native.items(f"{EVENTS}?state=scheduled")


def told(got: Got) -> tuple[int, Any, Any]:
    """Status, `error` and `rawError` of a refusal."""
    body = msgspec.json.decode(got.body)
    return got.status, body["error"], body.get("rawError")
