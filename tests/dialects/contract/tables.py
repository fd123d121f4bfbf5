"""Hides how the routes of every installed dialect are found, and how a template becomes a path."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points
from typing import Final

from ensue.http.exchange import Route
from tests.dialects.contract.voices import BY_DIALECT

_DIALECTS: Final = {name: entry_points(group="ensue.dialects")[name].load()() for name in sorted(BY_DIALECT)}

PREFIXES: Final[dict[str, tuple[str, ...]]] = {name: tuple(one.prefixes) for name, one in _DIALECTS.items()}
"""The paths that are each dialect's own."""

ROUTES: Final[tuple[tuple[str, Route], ...]] = tuple(
    (name, route) for name, dialect in _DIALECTS.items() for route in dialect.routes(None)
)
"""Each route with the name of its dialect."""


def routes_of(dialect: str) -> list[Route]:
    """The table of one dialect."""
    return [route for name, route in ROUTES if name == dialect]


def filled(route: Route, value: str = "x", **named: str) -> str:
    """The route's path, with `value` for each parameter that is not `named`; a project is `default`."""
    return re.sub(
        r"\{(\w+)(?:\.\.\.)?\}", lambda found: ({"project": "default"} | named).get(found[1], value), route.path
    )


def ended(dialect: str) -> list[Route]:
    """The routes whose answers end."""
    return [route for route in routes_of(dialect) if route.name != "stream"]


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Tell in a failure which of many it was."""
    try:
        yield
    except Exception as error:
        error.add_note(name)
        raise
