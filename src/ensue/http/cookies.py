"""Hides how a browser keeps a session: one cookie that no script reads and that other sites' requests do not carry."""

from typing import Final

from ensue.domain.errors import EnsueError
from ensue.http.exchange import Call, Headers

NAME: Final = "ensue_session"
FORM: Final = "ensue_form"

_LONGEST: Final = 100


def session_token(call: Call) -> str | None:
    """The token of the session, None without one.

    EnsueError `unauthorized` where there are two: one of them was planted, and nobody can tell which.
    """
    found = _values(call, NAME)
    if len(found) > 1:
        raise EnsueError("unauthorized", "There are two session cookies; remove this site's cookies and sign in again.")
    return next((value for value in found if len(value) <= _LONGEST), None)


def form_secret(call: Call) -> str | None:
    """The secret of forms that are filled in before anybody is signed in; None without one, or where it is unclear."""
    found = _values(call, FORM)
    return next((value for value in found if len(found) == 1 and len(value) <= _LONGEST), None)


def _values(call: Call, wanted: str) -> set[str]:
    found = (pair for line in call.header_values("cookie") for pair in _pairs(line))
    return {value for name, value in found if name == wanted and value}


def _pairs(line: str) -> list[tuple[str, str]]:
    parts = (part.partition("=") for part in line.split(";"))
    return [(name.strip(), value.strip().strip('"')) for name, _, value in parts]


def set_session(token: str, seconds: int, *, secure: bool) -> Headers:
    """What makes a browser keep `token` for so long."""
    return ((b"set-cookie", _cookie(token, seconds, secure=secure)),)


def set_form_secret(secret: str, *, secure: bool) -> Headers:
    """What makes a browser keep the secret of forms until it is closed."""
    attributes = f"{FORM}={secret}; Path=/; HttpOnly; SameSite=Lax"
    return ((b"set-cookie", (attributes + ("; Secure" if secure else "")).encode("ascii")),)


def clear_session(*, secure: bool) -> Headers:
    """What makes a browser forget it."""
    return ((b"set-cookie", _cookie("", 0, secure=secure)),)


def _cookie(token: str, seconds: int, *, secure: bool) -> bytes:
    attributes = f"{NAME}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax"
    return (attributes + ("; Secure" if secure else "")).encode("ascii")
