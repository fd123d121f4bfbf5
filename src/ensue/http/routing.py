"""Hides how a path finds its route: a tree of segments, matched on the raw path and decoded one by one.

So a `%2F` inside an id stays in the id, a literal segment wins over a parameter, a trailing slash is the same path,
and nothing is ever redirected. `{rest...}` at a template's end is whatever follows, where nothing else is.
"""

from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote_to_bytes

from msgspec import Struct, field

from ensue.http.dialect import Dialect
from ensue.http.exchange import Route

REST: Final = "...}"
"""How a parameter ends that takes all further segments."""


class Bound(Struct, frozen=True):
    """A route with the dialect that it belongs to."""

    route: Route
    dialect: Dialect


class Found(Struct, frozen=True):
    """A path that exists, by method; `parameters` are the segments that each route's template names."""

    methods: dict[str, Bound]
    segments: tuple[str, ...]

    @property
    def allow(self) -> tuple[str, ...]:
        """The methods that the path has; HEAD comes with GET."""
        heads = ("HEAD",) if "GET" in self.methods and "HEAD" not in self.methods else ()
        return (*self.methods, *heads, "OPTIONS")

    def bound(self, method: str) -> Bound | None:
        """The route for `method`."""
        if method == "HEAD" and "HEAD" not in self.methods:
            method = "GET"
        return self.methods.get(method)

    def parameters(self, route: Route) -> dict[str, str]:
        """The values of the template's parameters."""
        names = [part[1:-1].removesuffix("...") for part in route.path.split("/") if part.startswith("{")]
        return dict(zip(names, self.segments, strict=True))


class _Node(Struct):
    literals: dict[str, "_Node"] = field(default_factory=dict)
    parameter: "_Node | None" = None
    rest: "_Node | None" = None
    methods: dict[str, Bound] = field(default_factory=dict)


class Router:
    """All routes of all dialects. Raises ValueError for two with the same method and path."""

    def __init__(self, bounds: Sequence[Bound]) -> None:
        self._root = _Node()
        for bound in bounds:
            self._add(bound)

    def _add(self, bound: Bound) -> None:
        node = self._root
        for part in _segments(bound.route.path):
            if part.endswith(REST):
                node.rest = node.rest or _Node()
                node = node.rest
            elif part.startswith("{"):
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.literals.setdefault(part, _Node())
        if bound.route.method in node.methods:
            raise ValueError(f"Two routes for {bound.route.method} {bound.route.path}")
        node.methods[bound.route.method] = bound

    def find(self, raw_path: bytes) -> Found | None:
        """The path's methods and parameters; None where nothing is, or where it is not UTF-8."""
        try:
            parts = [_decode(part) for part in _segments(raw_path.decode("ascii"))]
        except UnicodeError:
            return None
        return _match(self._root, parts, 0, ())


def _segments(path: str) -> list[str]:
    """The path without its first and one trailing slash, split; the root has none."""
    inner = path[1:].removesuffix("/")
    return inner.split("/") if inner else []


def _decode(part: str) -> str:
    return unquote_to_bytes(part).decode("utf-8") if "%" in part else part


def _match(node: _Node, parts: list[str], at: int, taken: tuple[str, ...]) -> Found | None:
    if at == len(parts):
        return Found(node.methods, taken) if node.methods else None
    literal = node.literals.get(parts[at])
    if literal is not None:
        found = _match(literal, parts, at + 1, taken)
        if found is not None:
            return found
    if node.parameter is not None and parts[at]:
        found = _match(node.parameter, parts, at + 1, (*taken, parts[at]))
        if found is not None:
            return found
    return Found(node.rest.methods, (*taken, "/".join(parts[at:]))) if node.rest is not None else None
