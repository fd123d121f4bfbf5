"""Hides how Space Cloud's servers answer: bodies of `{}`, `result` or `error` and `rawError`, each ended by a newline.

Statuses and texts are the recorded ones where clients read them (design section 9).
"""

from typing import Any, Final

import msgspec
from msgspec import Raw

from ensue.domain.errors import EnsueError
from ensue.http.exchange import Answer, Call

NOT_VALID: Final = "Unable to queue event validation failed"
"""What is said before the reason why an event may not be queued."""

_encode = msgspec.json.Encoder().encode
_AGAINST_RIGHTS: Final = frozenset({"unauthorized", "forbidden"})
_NO_ROUTE: Final = frozenset({"not_found", "not_allowed"})
_CONFIG: Final = "/v1/config"


class RefusedError(EnsueError):
    """A refusal whose status and words are Space Cloud's own; `raw` None leaves `rawError` out."""

    def __init__(self, status: int, message: str, raw: str | None = "") -> None:
        super().__init__("invalid", message)
        self._status = status
        self.raw = raw

    @property
    def status(self) -> int:
        """The status as it is sent."""
        return self._status


DONE: Final = Answer(200, b"{}\n")
"""Queued, saved or deleted."""


def result(value: Any) -> Answer:
    """`{"result": value}`; a `Raw` goes out as it is."""
    body = bytes(value) if isinstance(value, Raw) else _encode(value)
    return Answer(200, b'{"result":' + body + b"}\n")


def problem(error: EnsueError, call: Call) -> Answer:
    """A refusal as its clients read it. A path or method that is not there is a 400, as on their servers."""
    if isinstance(error, RefusedError):
        return _problem(error.status, error.message, error.raw)
    if error.code in _AGAINST_RIGHTS:
        return _problem(401 if call.path.startswith(_CONFIG) else 403, error.message)
    if error.code in _NO_ROUTE:
        host = call.header("host") or ""
        named = f"host ({host[:255]}), method ({call.method}) and url ({call.path[:200]})"
        return _problem(400, f"Route not found for provided {named}")
    return _problem(error.status, error.message)


def _problem(status: int, message: str, raw: str | None = "") -> Answer:
    told = {"error": message} if raw is None else {"error": message, "rawError": raw}
    return Answer(status, _encode(told) + b"\n")
