"""Hides how a browser keeps a session: one cookie that no script reads and that other sites' requests do not carry."""

from typing import Final

from ensue.domain.errors import EnsueError
from ensue.http.exchange import Call, Headers

NAME: Final = "ensue_session"

_LONGEST: Final = 100


def session_token(call: Call) -> str | None:
    """The token of the session, None without one.

    EnsueError `unauthorized` where there are two: one of them was planted, and nobody can tell which.
    """
    found = {value for line in call.header_values("cookie") for name, value in _pairs(line) if name == NAME and value}
    if len(found) > 1:
        raise EnsueError("unauthorized", "There are two session cookies; remove this site's cookies and sign in again.")
    return next((value for value in found if len(value) <= _LONGEST), None)


def _pairs(line: str) -> list[tuple[str, str]]:
    parts = (part.partition("=") for part in line.split(";"))
    return [(name.strip(), value.strip().strip('"')) for name, _, value in parts]


def set_session(token: str, seconds: int, *, secure: bool) -> Headers:
    """What makes a browser keep `token` for so long."""
    return ((b"set-cookie", _cookie(token, seconds, secure=secure)),)


def clear_session(*, secure: bool) -> Headers:
    """What makes a browser forget it."""
    return ((b"set-cookie", _cookie("", 0, secure=secure)),)


def _cookie(token: str, seconds: int, *, secure: bool) -> bytes:
    attributes = f"{NAME}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax"
    return (attributes + ("; Secure" if secure else "")).encode("ascii")
