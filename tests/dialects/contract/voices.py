"""Hides how each dialect is spoken by its clients: one small adapter for each way in, for the suite that all must pass.

Bodies are put together from pieces of JSON text, so that a test can put anything into any place.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from ensue.domain.key import SCOPES, Scope
from ensue.engine.keys import NewKey
from tests.dialects.contract.ways import at_hand
from tests.dialects.edge import Edge, Got

KIB: Final = 1024
JSON: Final = "application/json"


class Request(Struct, frozen=True):
    """One request, before or after a credential was put on it."""

    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = {}

    def plus(self, **headers: str) -> "Request":
        """The same with more headers."""
        return replace(self, headers={**self.headers, **headers})


Signer = Callable[[Request, NewKey], Request]
Form = Callable[[Got], str]


class Voice(Struct, frozen=True, kw_only=True):
    """One way in, as a dialect's clients speak it.

    `body` makes an event of the JSON texts of type, subject and data; `sign` puts a credential on a request; `told`
    checks that a refusal has the dialect's form and gives its message. `wrong` are bodies of a wrong shape, `data` is
    where an event of this dialect keeps its data, `statuses` where they are not those of the native API.
    """

    name: str
    dialect: str
    path: str
    body: Callable[[bytes, bytes, bytes], bytes]
    sign: Signer
    told: Form
    accepted: int
    limit: int
    wrong: tuple[bytes, ...] = ()
    statuses: Mapping[str, int] = field(default_factory=dict)
    data: Callable[[dict[str, Any]], Any] = lambda event: event["data"]

    def event(self, kind: str = "order.paid", subject: str = "u1", data: Any = None) -> Request:
        """An event, without a credential."""
        texts = [msgspec.json.encode(one) for one in (kind, subject, {"n": 1} if data is None else data)]
        return self.raw(*texts)

    def raw(self, kind: bytes = b'"order.paid"', subject: bytes = b'"u1"', data: bytes = b'{"n":1}') -> Request:
        """An event of any pieces of JSON."""
        return self.sent(self.body(kind, subject, data))

    def sent(self, body: bytes) -> Request:
        """Any body, without a credential."""
        return Request("POST", self.path, body, {"content-type": JSON})

    def status(self, code: str) -> int:
        """The status of a refusal of that kind."""
        return self.statuses.get(code, NATIVE_STATUSES[code])


NATIVE_STATUSES: Final = {
    "missing": 401,
    "unknown": 401,
    "revoked": 401,
    "scope": 403,
    "public": 403,
    "invalid": 400,
    "too_large": 413,
    "not_found": 404,
    "not_allowed": 405,
}


async def call(api: Edge, request: Request) -> Got:
    """The answer to a request, held to what is asked of every answer of every dialect."""
    got = await api.with_token(None)(request.method, request.path, request.body, **request.headers)
    assert not 300 <= got.status < 400, "no answer is a redirect"
    assert "location" not in got.headers
    if request.method == "HEAD":
        assert got.body == b""
    elif got.body:
        assert got.headers.get("content-type"), "a body has a type"
    else:
        assert got.status in (204, 200)
    assert b"Traceback" not in got.body
    return got


async def new_key(api: Edge, project: str = "default", *scopes: Scope, public: bool = False) -> NewKey:
    """A key, with all scopes if none are given."""
    new = await api.house.engine.keys.create(project, scopes or (() if public else SCOPES), public=public)
    await at_hand(api, new)
    return new


async def events_of(api: Edge, project: str = "default") -> list[dict[str, Any]]:
    """Every event of a project, scheduled ones too, as the native API shows them."""
    reader = await api.with_key(project)
    return await reader.items("/api/v1/events") + await reader.items("/api/v1/events?state=scheduled")


def by_token(request: Request, new: NewKey) -> Request:
    """A bearer token."""
    return request.plus(authorization=f"Bearer {new.token}")


def by_jwt(request: Request, new: NewKey) -> Request:
    """A JWT that was signed with the key's secret; a public key has its token only."""
    return request.plus(authorization=f"Bearer {new.jwt or new.token}")


def by_signature(request: Request, new: NewKey) -> Request:
    """As SuprSend's SDKs sign: over method, body, type, date and target. A public key stands bare."""
    if not new.secret:
        return request.plus(authorization=new.token)
    date, kind = "Sat, 21 Nov 2026 20:40:33 GMT", "application/json; charset=utf-8"
    digest = hashlib.md5(request.body, usedforsecurity=False).hexdigest() if request.body else ""
    text = f"{request.method}\n{digest}\n{kind}\n{date}\n{request.path}"
    signature = base64.b64encode(hmac.digest(new.secret.encode(), text.encode(), "sha256")).decode()
    signed = {"content-type": kind, "date": date, "authorization": f"{new.key.id}:{signature}"}
    return replace(request, headers={**request.headers, **signed})


def native_told(got: Got) -> str:
    """`{"error": {"code", "message"}}`."""
    assert got.headers["content-type"] == JSON
    error = got.json["error"]
    assert set(error) - {"field"} == {"code", "message"}
    return str(error["message"])


def operational_told(got: Got) -> str:
    """Plain text."""
    assert got.headers["content-type"] == "text/plain; charset=utf-8"
    return got.body.decode()


def spacecloud_told(got: Got) -> str:
    """`{"error", "rawError"}`, of which the second may be missing; a newline at the end."""
    assert got.headers["content-type"] == JSON
    assert got.body.endswith(b"}\n")
    assert {"error"} <= set(got.json) <= {"error", "rawError"}
    return " ".join(got.json.values())


def suprsend_told(got: Got) -> str:
    """One body in which every client finds what it looks for."""
    assert got.headers["content-type"] == JSON
    told = got.json
    assert (told["code"], told["status"], told["records"]) == (got.status, "error", [])
    assert told["message"] == told["error"]["message"]
    assert told["detail"]
    assert told["error_code"]
    assert told["type"]
    assert told["error"]["type"]
    return str(told["message"])


def _native(kind: bytes, subject: bytes, data: bytes) -> bytes:
    return b'{"type":%b,"subject":%b,"data":%b}' % (kind, subject, data)


def _operational(kind: bytes, subject: bytes, data: bytes) -> bytes:
    return b'{"name":%b,"userId":%b,"type":"json","content":%b}' % (kind, subject, data)


def _spacecloud(kind: bytes, subject: bytes, data: bytes) -> bytes:
    return b'{"type":%b,"subject":%b,"payload":%b}' % (kind, subject, data)


def _suprsend(kind: bytes, subject: bytes, data: bytes) -> bytes:
    return b'{"event":%b,"distinct_id":%b,"properties":%b}' % (kind, subject, data)


_SHAPES: Final = (b"null", b"1", b"true", b'"x"', b"{}")

NATIVE: Final = Voice(
    name="native",
    dialect="native",
    path="/api/v1/events",
    body=_native,
    sign=by_token,
    told=native_told,
    accepted=202,
    limit=256 * KIB,
    wrong=(*_SHAPES, b"[]", b'{"type":1}', b'{"type":"t","subject":1}', b'{"type":""}', b'{"type":"t","data":}'),
)
OPERATIONAL: Final = Voice(
    name="operational",
    dialect="operational",
    path="/api/v1/log",
    body=_operational,
    sign=by_token,
    told=operational_told,
    accepted=201,
    limit=100 * KIB,
    wrong=(*_SHAPES, b"[]", b'{"name":"n","type":"wrong","content":"x"}', b'{"name":"n","type":"rows","content":"x"}'),
    data=lambda event: event["card"]["content"]["value"],
)
INGEST: Final = replace(OPERATIONAL, name="operational-ingest", path="/api/v1/ingest")
SECOND: Final = Voice(
    name="spacecloud",
    dialect="spacecloud",
    path="/v1/api/default/eventing/queue",
    body=_spacecloud,
    sign=by_jwt,
    told=spacecloud_told,
    accepted=200,
    limit=256 * KIB,
    wrong=(*_SHAPES, b"[]", b'{"type":1,"payload":{}}', b'{"type":"","payload":{}}'),
    statuses={"missing": 500, "unknown": 500, "revoked": 500, "scope": 500, "not_found": 400, "not_allowed": 400},
)
FIRST: Final = replace(
    SECOND,
    name="spacecloud-first",
    path="/v1/api/default/event-triggers/queue",
    wrong=(*SECOND.wrong, b'{"type":"t","options":1}', b'{"type":"t","timestamp":"soon"}'),
    statuses={"missing": 403, "unknown": 403, "revoked": 403, "scope": 403, "not_found": 400, "not_allowed": 400},
)
TOKEN: Final = replace(SECOND, name="spacecloud-token", sign=by_token)
SUPRSEND: Final = Voice(
    name="suprsend",
    dialect="suprsend",
    path="/v2/event/",
    body=_suprsend,
    sign=by_signature,
    told=suprsend_told,
    accepted=202,
    limit=100 * KIB,
    wrong=(
        *_SHAPES,
        b'{"event":1,"distinct_id":"u"}',
        b'{"event":"ev","distinct_id":1}',
        b'{"event":"ev","distinct_id":"u","properties":1}',
        b'{"event":"","distinct_id":"u"}',
        b'{"event":"ev","distinct_id":" "}',
    ),
)
OLDER: Final = replace(SUPRSEND, name="suprsend-event", path="/event/")
BEARER: Final = replace(SUPRSEND, name="suprsend-bearer", sign=by_token)

VOICES: Final = (NATIVE, OPERATIONAL, INGEST, SECOND, FIRST, TOKEN, SUPRSEND, OLDER, BEARER)
"""Every way in."""

BY_DIALECT: Final = {one.dialect: one for one in (NATIVE, OPERATIONAL, SECOND, BEARER)}
"""The voice that stands for a dialect where any route of it is called."""
