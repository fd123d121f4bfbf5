"""Hides how the bodies of identity calls are read: one JSON object, with lists of ids where these are asked for."""

from typing import Any, cast

from ensue.domain.decoding import decode
from ensue.domain.errors import EnsueError
from ensue.http.exchange import Call


def object_body(call: Call) -> dict[str, Any]:
    """The body, which is one object. Raises EnsueError `invalid`."""
    if not call.body.strip():
        raise EnsueError("invalid", "Request body must not be empty")
    value = decode(call.body, cast("type[Any]", Any))
    if not isinstance(value, dict):
        raise EnsueError("invalid", "Request body must only contain a single JSON object")
    return value


def distinct_ids(call: Call) -> list[str]:
    """The ids that the body names, at least one. Raises EnsueError `invalid`."""
    value = object_body(call).get("distinct_ids")
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise EnsueError("invalid", "distinct_ids: it must be a list of strings", "distinct_ids")
    if not value:
        raise EnsueError("invalid", "distinct_ids: must contain at least 1 item", "distinct_ids")
    return [one.strip() for one in value]
