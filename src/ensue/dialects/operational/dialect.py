"""Hides how the edge speaks with the dialect of Operational: its credentials, its refusals, its table of routes.

Their server takes the second word of `Authorization` for the key and does not look at the first; so do we.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from ensue.dialects.operational import answers
from ensue.dialects.operational.routes import ROUTES
from ensue.domain.errors import EnsueError
from ensue.domain.key import Key
from ensue.http.auth import ByToken
from ensue.http.dialect import Engine
from ensue.http.exchange import Answer, Call, Route

_LONGEST: Final = 1024
_AUTHORIZATION: Final = b"authorization"
_UNKNOWN: Final = "Apikey is invalid or disabled"
_TOO_LARGE: Final = "request entity too large"


class OperationalDialect(ByToken):
    """Operational."""

    name = "operational"
    prefixes = tuple(route.path for route in ROUTES)

    def routes(self, engine: Engine) -> Sequence[Route]:  # noqa: ARG002 - the protocol's shape
        """The table."""
        return ROUTES

    def known(self, engine: Engine, call: Call, route: Route) -> Key | None:  # noqa: ARG002 - as above
        """As `Dialect.known`."""
        token = _token_of(call)
        return engine.keys.known(token) if token else None

    async def authenticate(self, engine: Engine, call: Call, route: Route) -> Key:  # noqa: ARG002 - as above
        """As `Dialect.authenticate`, in their words."""
        token = _token_of(call)
        if token is None:
            raise EnsueError("unauthorized", "bearer token missing")
        if not token:
            raise EnsueError("unauthorized", "bearer token invalid")
        try:
            return engine.keys.known(token) or await engine.keys.authenticate(token)
        except EnsueError as error:
            raise EnsueError(error.code, _UNKNOWN if error.code == "unauthorized" else error.message) from None

    def problem(self, error: EnsueError, call: Call) -> Answer:
        """As `Dialect.problem`: their text, or JSON where only that is wanted."""
        return answers.refused(call, error.status, _TOO_LARGE if error.code == "too_large" else error.message)


def _token_of(call: Call) -> str | None:
    """The second word of `Authorization`; empty where there is none, None without the header."""
    for name, value in call.headers:
        if name == _AUTHORIZATION:
            return _second_word(value) if len(value) <= _LONGEST else ""
    return None


@lru_cache(maxsize=1024)  # the same few keys come with every request
def _second_word(value: bytes) -> str:
    words = value.decode("latin-1").split()
    return words[1] if len(words) > 1 and words[1].isascii() else ""
