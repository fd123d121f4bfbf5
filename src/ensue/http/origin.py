"""Hides how a request of our own pages is told from one that another site made a browser send.

Browsers say where a request comes from in `Origin` and `Sec-Fetch-Site`, which no page can forge. What changes things
by a cookie needs one of them to say that it comes from here, and a body that no plain form can send: JSON. Forms of our
own that work without script carry a token instead (`forms.py`).
"""

from typing import Final
from urllib.parse import urlsplit

from ensue.domain.errors import EnsueError
from ensue.http.exchange import Call
from ensue.http.forms import media_type, require_form

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})

_PORTS: Final = {"http": 80, "https": 443}


def require_same_origin(call: Call, public_url: str, *, form: bool = False) -> None:
    """Let a call with a cookie change something. EnsueError `forbidden` unless a browser says it comes from our pages,
    `unsupported` for a body that is not JSON, or for a `form` not that of one. `public_url` is our address; empty where
    none is set."""
    if call.method in SAFE:
        return
    origin, site = call.header("origin"), call.header("sec-fetch-site")
    if origin is None and site is None:
        raise EnsueError("forbidden", "The header Origin is missing; programs use a key instead of a session.")
    refuse_other_origins(call, public_url, form=form)


def refuse_other_origins(call: Call, public_url: str, *, form: bool = False) -> None:
    """The same for a call without a cookie, which may as well come from a program that names no origin."""
    origin, site = call.header("origin"), call.header("sec-fetch-site")
    if origin is not None and not _is_ours(origin, call, public_url):
        way = f"; open {public_url} instead." if public_url else ", not of this server."
        raise EnsueError("forbidden", f"This came from a page of {origin[:100]!r}{way}")
    if site is not None and site.strip().lower() != "same-origin":
        raise EnsueError("forbidden", "This came from a page of another site.")
    require_form(call) if form else _require_json(call)


def _is_ours(origin: str, call: Call, public_url: str) -> bool:
    """By the public address alone, where it is set: what a request calls the host is not to be trusted then."""
    if public_url:
        return _place(origin) is not None and _place(origin) == _place(public_url)
    host = call.header("host")
    place = _place(origin)
    return host is not None and place is not None and place == _place(f"{place[0]}://{host}")


def _place(url: str) -> tuple[str, str, int] | None:
    """Scheme, host and port; None for what has none."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        return None
    return (parts.scheme, parts.hostname, port) if parts.hostname else None


def _require_json(call: Call) -> None:
    length = call.header("content-length")
    if length in {None, "0"} and call.header("transfer-encoding") is None:
        return
    media = media_type(call)
    if not media.startswith("application/") or not media.endswith("json"):
        raise EnsueError("unsupported", "With a session, a body is JSON: send 'Content-Type: application/json'.")
