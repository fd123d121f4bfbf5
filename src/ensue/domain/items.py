"""Hides how a long list is edited many times over: what is equal is found by what it says, not by looking at all."""

from collections.abc import Iterable
from typing import Any

import msgspec


class Items:
    """The items of a JSON list in their order; to add one and to remove all equal ones cost the same at any length."""

    def __init__(self, values: Iterable[Any] = ()) -> None:
        self._values: dict[int, Any] = dict(enumerate(values))
        self._next = len(self._values)
        self._places: dict[bytes, list[int]] | None = None

    def append(self, value: Any) -> None:
        """Add one at the end."""
        self._values[self._next] = value
        if self._places is not None:
            self._places.setdefault(_said(value), []).append(self._next)
        self._next += 1

    def remove(self, value: Any) -> None:
        """Take out all that are the same JSON: 1 is not true."""
        if self._places is None:
            self._places = {}
            for place, known in self._values.items():
                self._places.setdefault(_said(known), []).append(place)
        for place in self._places.pop(_said(value), ()):
            del self._values[place]

    def values(self) -> list[Any]:
        """The list as it is now."""
        return list(self._values.values())


def _said(value: Any) -> bytes:
    return msgspec.json.encode(value, order="sorted")
