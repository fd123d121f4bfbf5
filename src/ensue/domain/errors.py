"""Hides how a refusal is said: one error type with a code, from the domain to every edge.

The tree is one node deep on purpose; a caller that acts differently looks at `code`:

    EnsueError
      invalid       the request is wrong; `field` names what
      unauthorized  no credential, or an unknown one
      forbidden     a known credential without the right
      not_found     no such thing in this project
      not_allowed   the path exists, the method does not
      timeout       the request did not arrive in time
      conflict      the thing is in a state that forbids it, or was changed meanwhile
      too_large     beyond a limit of size
      unsupported   a media type or event format that is not spoken here
      mismatch      an idempotency key that came back with another body
      rate_limited  too many at once; `retry_after` says when
      internal      our fault; the cause is in the log, never in the answer
      not_implemented  what another system's API has and Ensue's dialect of it does not
      unavailable   cannot be done now (store full, too busy); `retry_after` says when
"""

from typing import Final

STATUS: Final[dict[str, int]] = {
    "invalid": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "not_found": 404,
    "not_allowed": 405,
    "timeout": 408,
    "conflict": 409,
    "too_large": 413,
    "unsupported": 415,
    "mismatch": 422,
    "rate_limited": 429,
    "internal": 500,
    "not_implemented": 501,
    "unavailable": 503,
}
"""Each code and the HTTP status that it has in the native API (design section 10)."""


class EnsueError(Exception):
    """A refusal that names the thing and the way out.

    `code` is a key of `STATUS`; `field` is the dotted path of the wrong field, if one is; `retry_after` is seconds.
    """

    def __init__(self, code: str, message: str, field: str | None = None, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.retry_after = retry_after

    @property
    def status(self) -> int:
        """The HTTP status of the native API."""
        return STATUS[self.code]
