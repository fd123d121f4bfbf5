"""A client of SuprSend's dialect, in-process: signs as their SDKs do."""

from typing import Any

import msgspec
from msgspec import Struct

from ensue.domain.key import SCOPES, Scope
from ensue.domain.signed_request import SignedRequest, sign_request
from tests.dialects.edge import Edge, Got

TYPE = "application/json; charset=utf-8"
DATE = "Sat, 21 Nov 2026 20:40:33 GMT"


class Workspace(Struct):
    """A key of one project, by its id and secret. `api` speaks natively with the same project."""

    api: Edge
    id: str
    secret: str
    token: str
    project: str

    def signature(self, url: str, content: bytes = b"", method: str = "POST") -> str:
        """What a client signs such a request with."""
        path, _, query = url.partition("?")
        request = SignedRequest(method.encode(), path.encode(), query.encode(), TYPE.encode(), DATE.encode(), content)
        return sign_request(request, self.secret.encode()).decode()

    async def __call__(self, url: str, body: Any = b"", method: str = "POST", **headers: str) -> Got:
        """One signed request; a body that is not bytes is sent as JSON. A header that is empty is left out."""
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        signed = f"{self.id}:{self.signature(url, content, method)}"
        sent = {"Authorization": signed, "Content_Type": TYPE, "Date": DATE} | headers
        stranger = self.api.with_token(None)
        return await stranger(method, url, content, **{name: value for name, value in sent.items() if value})

    async def events(self) -> list[dict[str, Any]]:
        """What stands in the project's log, oldest first."""
        return (await self.api.items("/api/v1/events"))[::-1]

    async def event(self, **query: str) -> dict[str, Any]:
        """The only event there is."""
        (found,) = await self.events()
        return found


async def workspace(api: Edge, project: str = "default", *scopes: Scope) -> Workspace:
    """A new key of that project."""
    made = await api.house.engine.keys.create(project, scopes or SCOPES)
    return Workspace(api.with_token(made.token), made.key.id, made.secret, made.token, made.project.id)


def sent(**changes: Any) -> dict[str, Any]:
    """An event as an SDK sends it."""
    values: dict[str, Any] = {
        "$time": 1_795_293_633_461,
        "event": "order_placed",
        "env": "key_0123456789abcdefghij",
        "distinct_id": "u1",
        "properties": {"amount": 10},
    }
    return {name: value for name, value in (values | changes).items() if value is not ...}


def refused(got: Got) -> tuple[int, str]:
    """Status and message of a refusal, once every part of its body was looked at."""
    body = got.json
    assert got.headers["content-type"] == "application/json"
    assert body["code"] == got.status
    assert body["status"] == "error"
    assert body["records"] == []
    assert body["error"] == {"message": body["message"], "type": body["error_code"]}
    assert body["detail"].startswith(body["message"])
    assert body["type"]
    return got.status, body["message"]
