"""Hides what a request and its answer are between files: frozen values, the same for every dialect and every route.

`Call` comes in, `Answer` or `Stream` goes out, `Route` says which function stands between them. The table of routes is
the one source for routing, the OpenAPI page, the tests of the docs and the test of isolation.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct, field

from ensue.domain.errors import EnsueError
from ensue.domain.key import Key, Scope
from ensue.domain.member import LEAST, Role

Headers = tuple[tuple[bytes, bytes], ...]
"""Header names in lower case with their values, in order."""

JSON: Final = "application/json"
MAX_QUERY_PARAMETERS: Final = 100

_encode = msgspec.json.Encoder().encode


class Call(Struct, frozen=True, kw_only=True):
    """One request, read whole.

    `path` is decoded; `raw_path` is as it came, without the query. `parameters` are the decoded segments that the
    route's template names; a `%2F` inside one is part of it. `query` is raw. Header names are lower case. `key` is None
    on routes without authentication. `now` is milliseconds UTC. `client` is the address of the peer, or of the client
    that a trusted proxy names.
    """

    method: str
    path: str
    raw_path: bytes
    headers: list[tuple[bytes, bytes]]
    now: int
    client: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    query: bytes = b""
    body: bytes = b""
    key: Key | None = None

    def header(self, name: str) -> str | None:
        """The first value of a header (`name` in lower case), its bytes read as Latin-1."""
        wanted = name.encode("ascii")
        for found, value in self.headers:
            if found == wanted:
                return value.decode("latin-1")
        return None

    def has_header(self, name: bytes) -> bool:
        """Whether there is a header of that name (in lower case)."""
        for found, _ in self.headers:  # noqa: SIM110 - every request asks, and a generator costs more than this
            if found == name:
                return True
        return False

    def header_values(self, name: str) -> list[str]:
        """All values of a header, in order."""
        wanted = name.encode("ascii")
        return [value.decode("latin-1") for found, value in self.headers if found == wanted]

    @property
    def project(self) -> str:
        """The project of the key. Raises EnsueError `unauthorized` on a route that asks for none."""
        if self.key is None:
            raise EnsueError("unauthorized", "This needs a key; send it as 'Authorization: Bearer <token>'.")
        return self.key.project

    def query_pairs(self) -> list[tuple[str, str]]:
        """The query's parameters in order, blank ones too. Raises `invalid` where it cannot be read."""
        if not self.query:
            return []
        try:
            return parse_qsl(
                self.query.decode("ascii"),
                keep_blank_values=True,
                errors="strict",
                max_num_fields=MAX_QUERY_PARAMETERS,
            )
        except UnicodeError:
            raise EnsueError("invalid", "The query of the URL is not percent-encoded UTF-8.") from None
        except ValueError:
            raise EnsueError("invalid", f"The query has more than {MAX_QUERY_PARAMETERS} parameters.") from None

    def query_values(self, *known: str) -> dict[str, str]:
        """The query's parameters by name. Raises `invalid` for one that is not among `known`, or comes twice."""
        values: dict[str, str] = {}
        for name, value in self.query_pairs():
            if name not in known:
                there = f"there are {', '.join(known)}" if known else "there are none here"
                raise EnsueError("invalid", f"There is no query parameter {name[:40]!r}; {there}.", name[:40])
            if name in values:
                raise EnsueError("invalid", f"The query parameter '{name}' is given twice; give it once.", name)
            if "\0" in value:
                raise EnsueError("invalid", f"The query parameter '{name}' holds the character NUL.", name)
            values[name] = value
        return values


class Answer(Struct, frozen=True):
    """A complete response. `content-length`, `date` and `x-content-type-options` are added to it, and `cache-control:
    no-store` where it says nothing of that."""

    status: int
    body: bytes = b""
    headers: Headers = ()
    content_type: str | None = JSON


class Stream(Struct, frozen=True):
    """A response that goes on until its chunks end, the client goes, or the server stops (`aclose` on the iterator)."""

    status: int
    chunks: AsyncIterator[bytes]
    headers: Headers = ()
    content_type: str = "text/event-stream"


Handler = Callable[[Any, Call], Awaitable[Answer | Stream]]
"""`handler(engine, call)`. Raises EnsueError for a refusal, which its dialect words."""


class QueryParameter(Struct, frozen=True):
    """One parameter of a query, for the OpenAPI page. `kind` is a type that msgspec can describe."""

    name: str
    summary: str
    kind: Any = str
    required: bool = False


class Route(Struct, frozen=True, kw_only=True):
    """One row of a dialect's table.

    `path` is a template: `/api/v1/events/{id}`, `/v1/object/{rest...}` (all that follows, if nothing else is there).
    `scope` None asks for a key but no right; `authenticated=False` for no
    key at all, `anonymous` for one that may be missing or may not hold: the handler decides. `role` is the least that a
    member needs, where `scope` does not say it (`http/auth.py`); with a role and no scope the route is for people only,
    and so is a `personal` one, which is of no project. `project` is the path's parameter that names the project, where
    one does. `body_limit` is bytes; None reads no body (one that comes is dropped). `form`: with a session, the body is
    that of a form of ours, not JSON. `public` lets public keys in, and browsers from other origins. A `hot` route has
    no query, takes a body, and never answers with a Stream: it may skip ASGI.
    `request` is the type of a body, which may be left out where not `request_required`. `responses` gives the type of
    each success, None for an empty body.
    """

    method: str
    path: str
    handler: Handler
    name: str
    summary: str
    description: str = ""
    scope: Scope | None = None
    role: Role | None = None
    personal: bool = False
    project: str = ""
    authenticated: bool = True
    anonymous: bool = False
    body_limit: int | None = None
    form: bool = False
    public: bool = False
    hot: bool = False
    request: Any = None
    request_required: bool = True
    request_media: tuple[str, ...] = (JSON,)
    responses: Mapping[int, Any] = field(default_factory=dict)
    response_media: str = JSON
    query: tuple[QueryParameter, ...] = ()
    documented: bool = True


class ErrorBody(Struct, frozen=True, omit_defaults=True):
    """What went wrong: `code` for programs, `message` for people, `field` where one is wrong."""

    code: str
    message: str
    field: str | None = None


class Problem(Struct, frozen=True):
    """The one error body of the native API (design section 10)."""

    error: ErrorBody


def least_role(route: Route) -> Role | None:
    """The least role that a member needs for a route; None where it is not of a project, or for keys alone."""
    if route.role is not None or route.scope is None:
        return route.role
    return LEAST[route.scope][route.method not in {"GET", "HEAD"}]


def json_answer(status: int, value: Any, headers: Headers = ()) -> Answer:
    """`value` as JSON, encoded by msgspec."""
    return Answer(status, _encode(value), headers)


def problem_answer(error: EnsueError) -> Answer:
    """The native form of a refusal; what nobody else owns answers in it too."""
    return json_answer(error.status, Problem(ErrorBody(error.code, error.message, error.field)))
