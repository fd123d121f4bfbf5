"""Hides what a form without script sends, and the token by which we know that it is one of our own.

The token is made of a secret that only the browser has (its session, or a cookie for who is not signed in) and of what
the form does: no other site can guess it, and none holds for another session or another button.
"""

import hmac
from typing import Final
from urllib.parse import parse_qsl

from ensue.domain.errors import EnsueError
from ensue.http.exchange import Call

URLENCODED: Final = "application/x-www-form-urlencoded"
MAX_FORM_BYTES: Final = 8 * 1024
MAX_FIELDS: Final = 10


def media_type(call: Call) -> str:
    """What the body is said to be, in lower case and without parameters; empty where nothing is said."""
    return (call.header("content-type") or "").partition(";")[0].strip().lower()


def require_form(call: Call) -> None:
    """Let a body in that a form sends. Raises EnsueError `unsupported` for any other."""
    if media_type(call) != URLENCODED:
        raise EnsueError("unsupported", f"A form is sent as '{URLENCODED}'.")


def form_values(call: Call, *known: str) -> dict[str, str]:
    """The fields of a form by name, empty where one is missing. Raises EnsueError `invalid` for what no form of ours
    sends."""
    require_form(call)
    try:
        pairs = parse_qsl(call.body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError:  # not ASCII, not UTF-8, too many
        raise EnsueError("invalid", "This form cannot be read.") from None
    values = dict(pairs)
    if len(values) < len(pairs) or not values.keys() <= set(known) or any("\0" in value for value in values.values()):
        raise EnsueError("invalid", "This is not what the form sends.")
    return dict.fromkeys(known, "") | values


def form_token(secret: str, *purpose: str) -> str:
    """The token of the form that does `purpose`, for whoever has `secret`."""
    said = "".join(f"{len(part)}:{part}" for part in purpose)  # no two purposes read the same
    return hmac.new(secret.encode(), said.encode(), "sha256").hexdigest()


def fits(given: str, secret: str | None, *purpose: str) -> bool:
    """Whether `given` is that token."""
    return secret is not None and hmac.compare_digest(given.encode(), form_token(secret, *purpose).encode())
