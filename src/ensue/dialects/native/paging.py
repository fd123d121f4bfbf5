"""Hides how a list is asked for: query parameters that are checked, and a `next` that only says where to go on."""

import base64
import binascii
from typing import Final, TypeVar

from ensue.domain.errors import EnsueError
from ensue.domain.schedule import parse_time
from ensue.domain.words import asked
from ensue.http.exchange import Call, QueryParameter

MOST: Final = 200
USUAL: Final = 50
MAX_TEXT: Final = 255
MAX_NEXT: Final = 300

T = TypeVar("T")

LIMIT: Final = QueryParameter("limit", f"How many at most, 1 to {MOST}; {USUAL} if left out.", int)
NEXT: Final = QueryParameter("next", "The `next` of the page before; opaque.")


class Parameters:
    """The query parameters of one call, each read once and checked. Raises EnsueError `invalid` for unknown ones."""

    def __init__(self, call: Call, known: tuple[QueryParameter, ...]) -> None:
        self._values = call.query_values(*(parameter.name for parameter in known))

    def text(self, name: str) -> str | None:
        """1 to 255 characters, or None if left out."""
        value = self._values.get(name)
        if value is not None and not 0 < len(value) <= MAX_TEXT:
            raise EnsueError("invalid", f"The query parameter '{name}' is 1 to {MAX_TEXT} characters.", name)
        return value

    def words(self, name: str) -> tuple[str, ...]:
        """The words of a question; whatever it holds, it is no fault."""
        return asked(self._values.get(name, ""))

    def moment(self, name: str) -> int | None:
        """An RFC 3339 time as milliseconds UTC."""
        value = self._values.get(name)
        return None if value is None else parse_time(value, name)

    def flag(self, name: str) -> bool | None:
        """`true` or `false`."""
        value = self._values.get(name)
        if value is not None and value not in ("true", "false"):
            raise EnsueError("invalid", f"The query parameter '{name}' is 'true' or 'false'.", name)
        return None if value is None else value == "true"

    def choice(self, name: str, choices: tuple[T, ...]) -> T | None:
        """One of `choices`."""
        value = self._values.get(name)
        if value is None:
            return None
        for choice in choices:
            if choice == value:
                return choice
        named = ", ".join(str(choice) for choice in choices)
        raise EnsueError("invalid", f"The query parameter '{name}' is one of {named}.", name)

    def limit(self) -> int:
        """How many items to give."""
        value = self._values.get("limit", str(USUAL))
        if not (value.isascii() and value.isdigit() and len(value) <= 3 and 1 <= int(value) <= MOST):
            raise EnsueError("invalid", f"'limit' is a number from 1 to {MOST}.", "limit")
        return int(value)

    def before(self, of: str) -> str | None:
        """Where the page before ended, of a list of the kind `of`."""
        value = self._values.get("next")
        if value is None:
            return None
        try:
            padded = value + "=" * (-len(value) % 4)
            kind, place = base64.b64decode(padded, b"-_", validate=True).decode("ascii").split(":", 1)
        except (ValueError, binascii.Error):
            kind, place = "", ""
        if kind != of or not place or len(value) > MAX_NEXT or next_page(of, place) != value:
            raise EnsueError("invalid", "'next' is not one of this list; pass it on as it was given.", "next")
        return place


def next_page(of: str, place: str | None) -> str | None:
    """The `next` of a page of the kind `of` that ended at `place`; None at the end."""
    if place is None:
        return None
    return base64.urlsafe_b64encode(f"{of}:{place}".encode()).rstrip(b"=").decode()
