"""Hides how lists are asked for in SuprSend: cursors that lead both ways, or an offset."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from ensue.domain.errors import EnsueError
from ensue.engine.paging import Page, Place
from ensue.http.exchange import Answer, Call, json_answer

USUAL: Final = 20
MOST: Final = 1000
MOST_OFFSET: Final = 100_000

T = TypeVar("T")


class Query:
    """The parameters of one call; those that mean nothing are passed over, as clients send more than is documented."""

    def __init__(self, call: Call) -> None:
        self._values = dict(call.query_pairs())

    def number(self, name: str, usual: int, least: int, most: int) -> int:
        """A whole number. Raises EnsueError `invalid`."""
        text = self._values.get(name) or str(usual)
        if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
            raise EnsueError("invalid", f"{name}: it must be a number from {least} to {most}", name)
        return int(text)

    def limit(self) -> int:
        """How many to give."""
        return self.number("limit", USUAL, 1, MOST)

    def offset(self) -> int:
        """How many to leave out."""
        return self.number("offset", 0, 0, MOST_OFFSET)

    def text(self, name: str) -> str | None:
        """As it was given, None without."""
        return self._values.get(name) or None

    def place(self) -> Place:
        """What `limit`, `after` and `before` ask for. Raises EnsueError `invalid`."""
        after, before = self._cursor("after"), self._cursor("before")
        if after is not None and before is not None:
            raise EnsueError("invalid", "'after' and 'before' lead opposite ways; give one of them", "after")
        return Place(self.limit(), before=after, after=before)

    def _cursor(self, name: str) -> str | None:
        text = self.text(name)
        if text is None:
            return None
        try:
            place = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True).decode("utf-8")
        except (ValueError, binascii.Error):
            place = ""
        if not place or not place.isprintable() or cursor(place) != text:
            raise EnsueError("invalid", f"'{name}' is no cursor of this list; pass it on as it was given", name)
        return place


def cursor(place: str) -> str:
    """What leads to the things behind `place`."""
    return base64.urlsafe_b64encode(place.encode()).rstrip(b"=").decode()


def cursor_page(page: Page[T], place: Place, count: int, shown: Callable[[T], Any]) -> Answer:
    """A page with cursors: `after` leads to lower ids, `before` back to higher ones; null where nothing is."""
    has_next = page.more if place.after is None else True
    has_previous = page.more if place.after is not None else place.before is not None
    items = page.items
    meta = {
        "count": count,
        "limit": place.limit,
        "has_prev": has_previous and bool(items),
        "before": cursor(items[0][0]) if has_previous and items else None,
        "has_next": has_next and bool(items),
        "after": cursor(items[-1][0]) if has_next and items else None,
    }
    return json_answer(200, {"meta": meta, "results": [shown(one) for _, one in items]})


def offset_page(query: Query, count: int, results: Sequence[Any]) -> Answer:
    """A page by offset."""
    meta = {"count": count, "limit": query.limit(), "offset": query.offset()}
    return json_answer(200, {"meta": meta, "results": results})
