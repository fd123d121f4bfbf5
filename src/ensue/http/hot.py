"""Hides which hot route a POST to a raw path means: looked up as it is, by pattern where its path has parameters.

Only parameters that need no decoding are found; any other path takes the long way, which knows all of them.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from ensue.http.exchange import Route
from ensue.http.routing import Bound

Found = tuple[Bound, Mapping[str, str]]
"""A hot route, and the values of the parameters that its path names."""

_PARAMETER: Final = re.compile(r"\\{(\w+)\\}")
_PLAIN: Final = r"(?P<\1>[A-Za-z0-9_.~-]+)"
_NONE: Final[Mapping[str, str]] = {}


class HotRoutes:
    """The hot routes of a table. Raises ValueError for one that cannot be hot."""

    def __init__(self, table: Sequence[Bound] = ()) -> None:
        self._exact: dict[bytes, Found] = {}
        self._patterns: list[tuple[re.Pattern[bytes], Bound]] = []
        for bound in table:
            if bound.route.hot:
                self._add(bound, table)

    def _add(self, bound: Bound, table: Sequence[Bound]) -> None:
        route = bound.route
        if "{" not in route.path:
            for path in (route.path, f"{route.path}/"):
                self._exact[path.encode("ascii")] = (bound, _NONE)
        pattern = re.compile(_PARAMETER.sub(_PLAIN, re.escape(route.path)).encode("ascii") + b"/?")
        if route.method != "POST" or route.body_limit is None or not _is_alone(route, pattern, table):
            raise ValueError(f"{route.method} {route.path} cannot be hot")
        if "{" in route.path:
            self._patterns.append((pattern, bound))

    def find(self, raw_path: bytes) -> Found | None:
        """The hot route that a POST to `raw_path` means; None for any other."""
        found = self._exact.get(raw_path)
        if found is None:
            for pattern, bound in self._patterns:
                matched = pattern.fullmatch(raw_path)
                if matched is not None:
                    return bound, {name: value.decode("ascii") for name, value in matched.groupdict().items()}
        return found


def _is_alone(route: Route, pattern: re.Pattern[bytes], table: Sequence[Bound]) -> bool:
    """Whether no other route of the table has a path that `pattern` would take from it, and all of it is understood."""
    others = (bound.route for bound in table if bound.route is not route and bound.route.method == route.method)
    literal = (other.path.encode("ascii") for other in others if "{" not in other.path)
    return pattern.groups == route.path.count("{") and not any(pattern.fullmatch(path) for path in literal)
