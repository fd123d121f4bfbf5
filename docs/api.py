"""Hides how the reference of the HTTP API is written: a chapter for each route of the table, a table for each type."""

import re
from collections.abc import Iterator
from typing import Any, Final

from ensue.dialects.native import ROUTES
from ensue.http.exchange import Route, least_role
from ensue.http.openapi import describe

_PAGE: Final = """\
# HTTP API

{made}

JSON over HTTP, under `/api/v1`. A running server describes it at `/docs` to people and at `/api/v1/openapi.json`
(OpenAPI 3.1) to programs. Errors: [errors.md](errors.md). Limits: [limits.md](limits.md).
CloudEvents: [cloudevents.md](cloudevents.md). Filters: [filters.md](filters.md).

## What holds everywhere

* **Keys.** `Authorization: Bearer ens_…`. A key is of one project, so no path names one; each call below names the
  scope that it needs, and `admin` includes the others. Whatever is of another project is a 404.
* **People** sign in instead ([accounts](../howto/accounts.md)): the cookie `ensue_session`, and the project (slug or
  id) in the header `Ensue-Project`. Each call names the least role that it needs: `viewer`, `member`, `admin`, `owner`.
  What changes something has to come from our own pages (`Origin`, `Sec-Fetch-Site`), as JSON.
* **Errors.** `{{"error": {{"code", "message", "field"?}}}}`, whatever was asked.
* **Times** are RFC 3339; those that come out are UTC with milliseconds. Durations say their unit.
* **Unknown fields** of an event are kept out and named in `warnings`; of everything else they are refused with 400,
  and so are unknown query parameters.
* **Lists** are `{{"items": […], "next": …}}`, newest first. Go on with `?next=` and the same query until it is null;
  a page may be short, or empty, and still have a `next`.
* **Repeats.** An event sent again with its `idempotency_key` (or the header `Idempotency-Key`) within 24 hours is
  answered with 200, `"duplicate": true` and the id of the first; with another body with 422. A CloudEvent with the
  same `source` and `id` is the same event, whatever its body.
* **Later.** `send_at` (a time) or `delay` (seconds): the event enters log, feed and stream when it is due, planned by
  the triggers of then. Until then its `state` is `scheduled`.
* Types that begin with `ensue.` are the platform's own; nobody can send them.

## Calls

{calls}
## The stream

```text
id: 2f1c.1042
data: {{"id":"019a5f0c-6f2e-7c1d-9b2a-4d0e6f8a1b3c","type":"order.paid","state":"recorded",…}}

: still here
id: 2f1c.1042

event: gap
data: {{"gap": true}}
```

A message without a name is an event. A heartbeat is a comment with an id: it raises nothing in a client, but moves
the place from which it goes on. `gap` says that what was between the cursor asked for and the next event is not there
any more (removed by retention, or the data was restored). A cursor is opaque.

## Types

A field without a default is required where the type is sent, and always there where it is answered. In answers, a
field that has its default is left out.

{types}"""


def api_page(made: str) -> str:
    """The page, with the remark `made` that says how it was made."""
    schemas = describe(ROUTES, "")["components"]["schemas"]
    calls = "\n".join(_call(route) for route in ROUTES)
    types = "\n".join(_type(name, schema) for name, schema in schemas.items())
    return _PAGE.format(made=made, calls=calls, types=types)


def _call(route: Route) -> str:
    parts = [f"### `{route.method} {route.path}`", route.summary]
    if route.description:
        parts.append(route.description)
    parts.append("\n".join(_facts(route)))
    if route.query:
        rows = [f"| `{one.name}` | {one.summary} |" for one in route.query]
        parts.append("\n".join(["| parameter | what it does |", "|---|---|", *rows]))
    return "\n\n".join(parts) + "\n"


def _facts(route: Route) -> Iterator[str]:
    if route.scope is not None:
        yield f"* Scope: `{route.scope}`" + ("; public keys may, too" if route.public else "")
    yield f"* {_who(route)}"
    if route.request is not None:
        media = ", ".join(f"`{one}`" for one in route.request_media)
        yield f"* Body: {_named(route.request)}" + (f" ({media})" if len(route.request_media) > 1 else "")
    for status, kind in route.responses.items():
        yield f"* {status}: {'nothing' if kind is None else _named(kind)}"


def _who(route: Route) -> str:
    """Which people may."""
    role = least_role(route)
    if role is not None:
        return f"Role: `{role}`" + ("" if route.scope is not None else "; for people only")
    return "For whoever is signed in" if route.authenticated else "For everybody"


def _named(kind: Any) -> str:
    return _link(kind.__name__)


def _link(name: str) -> str:
    return f"[{name}](#{name.lower()})"


def _type(name: str, schema: dict[str, Any]) -> str:
    text = " ".join(schema.get("description", "").split())
    required = schema.get("required", [])
    rows = [
        f"| `{field}` | {_kind(inner)} | {_default(field in required, inner)} |"
        for field, inner in schema["properties"].items()
    ]
    return "\n".join([f"### {name}", "", text, "", "| field | type | default |", "|---|---|---|", *rows, ""])


def _default(required: bool, schema: dict[str, Any]) -> str:  # noqa: FBT001 - a fact of the field
    if required:
        return ""
    value = schema.get("default")
    plain = isinstance(value, str | bool | int | float) and value != ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`" if plain else "–"


def _kind(schema: dict[str, Any]) -> str:
    """A schema in words."""
    if "$ref" in schema:
        return _link(re.sub(r".*/", "", schema["$ref"]))
    if "enum" in schema:
        return ", ".join(f"`{one}`" for one in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(_kind(one) for one in schema["anyOf"])
    match schema.get("type"):
        case "array":
            return f"list of {_kind(schema['items'])}" if schema.get("items") else "list"
        case "object":
            return (
                f"object of {_kind(schema['additionalProperties'])}" if "additionalProperties" in schema else "object"
            )
        case str(kind):
            return kind
        case _:
            return "any JSON"
