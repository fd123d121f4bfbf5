"""Hides how the API is described: OpenAPI 3.1 out of the table of routes and the types that msgspec checks."""

import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from ensue.domain.errors import STATUS
from ensue.http.cookies import NAME
from ensue.http.exchange import JSON, Problem, Route, least_role
from ensue.http.shapes import shape

Document = dict[str, Any]

_REFERENCE: Final = "#/components/schemas/{name}"
_REASONS: Final = {
    200: "Done.",
    201: "Created.",
    202: "Accepted: it is on disk.",
    204: "Done; there is nothing to say.",
    207: "Each item has its own result.",
}


def describe(routes: Sequence[Route], version: str) -> Document:
    """The OpenAPI document of the routes that are to be documented."""
    documented = [route for route in routes if route.documented]
    types = _types(documented)
    schemas, components = msgspec.json.schema_components([shape(kind) for kind in types], ref_template=_REFERENCE)
    by_type = dict(zip(types, schemas, strict=True))
    paths: dict[str, Document] = {}
    for route in documented:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, by_type)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Ensue",
            "version": version,
            "description": "Something happens. Ensue makes the rest follow.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": NAME},
            },
        },
    }


def _types(routes: Sequence[Route]) -> dict[Any, None]:
    """Every type that a route speaks of, once, in order."""
    found: dict[Any, None] = {Problem: None}
    for route in routes:
        spoken = (route.request, *route.responses.values(), *(parameter.kind for parameter in route.query))
        found.update(dict.fromkeys(kind for kind in spoken if kind is not None))
    return found


def _operation(route: Route, schemas: dict[Any, Any]) -> Document:
    operation: Document = {
        "operationId": route.name,
        "summary": route.summary,
        "parameters": _parameters(route, schemas),
        "responses": _responses(route, schemas),
    }
    if route.description:
        operation["description"] = route.description
    if route.authenticated:
        operation["security"] = [*([{"key": []}] if route.scope is not None else []), {"session": []}]
        operation.update(_rights(route))
    if route.body_limit is not None:
        operation["requestBody"] = _body(route, schemas)
    return operation


def _rights(route: Route) -> Document:
    """The scope that a key needs, and the least role of a member."""
    rights = {"x-ensue-scope": route.scope, "x-ensue-role": least_role(route)}
    return {name: right for name, right in rights.items() if right is not None}


def _parameters(route: Route, schemas: dict[Any, Any]) -> list[Document]:
    in_path: list[Document] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in re.findall(r"\{(\w+)\}", route.path)
    ]
    in_query: list[Document] = [
        {
            "name": parameter.name,
            "in": "query",
            "required": parameter.required,
            "description": parameter.summary,
            "schema": schemas[parameter.kind],
        }
        for parameter in route.query
    ]
    return in_path + in_query


def _body(route: Route, schemas: dict[Any, Any]) -> Document:
    content: Document = {}
    for media in route.request_media:
        typed = route.request is not None and media == JSON
        content[media] = {"schema": schemas[route.request] if typed else {}}
    return {"required": route.request is not None and route.request_required, "content": content}


def _responses(route: Route, schemas: dict[Any, Any]) -> Document:
    responses: Document = {}
    for status, kind in route.responses.items():
        responses[str(status)] = {"description": _REASONS.get(status, "Done.")}
        if kind is not None:
            responses[str(status)]["content"] = {route.response_media: {"schema": schemas[kind]}}
    refusal = {JSON: {"schema": schemas[Problem]}}
    for code in _refusals(route):
        responses.setdefault(str(STATUS[code]), {"description": f"Refused: {code}.", "content": refusal})
    return responses


def _refusals(route: Route) -> list[str]:
    """The codes that the route can refuse with, in the order of their status."""
    codes = {"invalid", "timeout", "internal", "unavailable", "not_allowed"}
    if route.authenticated or route.body_limit is not None:
        codes |= {"unauthorized", "forbidden", "rate_limited", "not_found"}
    if "{" in route.path:
        codes |= {"conflict"}
    if route.body_limit is not None:
        codes |= {"too_large", "unsupported", "mismatch", "conflict"}
    return [code for code in STATUS if code in codes]
