"""Hides how the routes of every installed dialect are found, and how a template becomes a path."""

import re
from importlib.metadata import entry_points
from typing import Final

from ensue.http.exchange import Route
from tests.dialects.contract.voices import BY_DIALECT

ROUTES: Final[tuple[tuple[str, Route], ...]] = tuple(
    (name, route)
    for name in sorted(BY_DIALECT)
    for route in entry_points(group="ensue.dialects")[name].load()().routes(None)
)
"""Each route with the name of its dialect."""

NAMES: Final = [f"{name} {route.method} {route.path}" for name, route in ROUTES]


def filled(route: Route, value: str = "x", **named: str) -> str:
    """The route's path, with `value` for each parameter that is not `named`; a project is `default`."""
    return re.sub(
        r"\{(\w+)(?:\.\.\.)?\}", lambda found: ({"project": "default"} | named).get(found[1], value), route.path
    )
