"""Hides in which form an answer is said: plain text as Operational's clients know it, JSON where only that is wanted.

Clients such as axios accept JSON, text and all else alike; they get the text that they always got.
"""

from functools import lru_cache
from typing import Final

import msgspec
from msgspec import Struct

from ensue.http.exchange import Answer, Call

TEXT: Final = "text/plain; charset=utf-8"
_RANGES: Final = frozenset(("application/json", "application/*", "text/plain", "text/*", "*/*"))


class Accepted(Struct, frozen=True):
    """The event's id."""

    id: str


class Refused(Struct, frozen=True):
    """Why nothing was stored."""

    message: str


def accepted(call: Call, event_id: str) -> Answer:
    """`success`, or the id as JSON; the id is a header too."""
    headers = ((b"x-event-id", event_id.encode("ascii")),)
    if wants_json(call):
        return Answer(201, msgspec.json.encode(Accepted(event_id)), headers)
    return Answer(201, b"success", headers, TEXT)


def refused(call: Call, status: int, message: str) -> Answer:
    """Why not, in one line."""
    if wants_json(call):
        return Answer(status, msgspec.json.encode(Refused(message)))
    return Answer(status, message.encode(), (), TEXT)


def wants_json(call: Call) -> bool:
    """Whether the header `Accept` prefers JSON to text."""
    accept = call.header("accept")
    return accept is not None and _prefers_json(accept[:1024])


@lru_cache(maxsize=256)
def _prefers_json(accept: str) -> bool:
    weights = _weights(accept)
    json = _weight(weights, "application/json", "application/*", "*/*")
    return json > _weight(weights, "text/plain", "text/*", "*/*")


def _weights(accept: str) -> dict[str, float]:
    """The weight of each range of `_RANGES` (RFC 9110, 12.5.1); what cannot be read has none."""
    weights = {}
    for part in accept.split(","):
        media, *parameters = [piece.strip().lower() for piece in part.split(";")]
        if media in _RANGES:
            weights[media] = next((_quality(one) for one in parameters if one.startswith("q=")), 1.0)
    return weights


def _quality(parameter: str) -> float:
    try:
        return float(parameter.removeprefix("q="))
    except ValueError:
        return 0.0


def _weight(weights: dict[str, float], *ranges: str) -> float:
    """That of the most specific range that is given."""
    return next((weights[one] for one in ranges if one in weights), 0.0)
