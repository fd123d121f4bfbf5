"""Hides what a CloudEvents attribute may be, and how one travels in an HTTP header.

Sources: CloudEvents 1.0.2, section 3 (types and names); HTTP protocol binding 1.0.2, section 3.1.3.2 (headers).
"""

import re
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote, unquote_to_bytes

from ensue.domain.errors import EnsueError
from ensue.domain.event import AttributeValue

NAME: Final = re.compile(r"[a-z0-9]+", re.ASCII)

_NONCHARACTERS: Final = "".join(chr(plane + code) for plane in range(0, 0x110000, 0x10000) for code in (0xFFFE, 0xFFFF))
_CONTROLS: Final = re.compile(f"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef{_NONCHARACTERS}]")
_URI_LETTERS: Final = r"(?:[A-Za-z0-9._~:/?@!$&'()*+,;=\[\]-]|%[0-9A-Fa-f]{2})"
_REFERENCE: Final = re.compile(rf"{_URI_LETTERS}*(?:#{_URI_LETTERS}*)?", re.ASCII)
_ABSOLUTE: Final = re.compile(rf"[A-Za-z][A-Za-z0-9+.-]*:{_URI_LETTERS}+(?:#{_URI_LETTERS}*)?", re.ASCII)
_BARE_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_SAFE: Final = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')


def check_name(name: str) -> None:
    """Refuse a name that is not lower-case letters and digits; EnsueError `invalid`."""
    if not NAME.fullmatch(name):
        message = (
            f"The attribute name {name[:40]!r} is not allowed; CloudEvents names are lower-case letters and digits."
        )
        raise EnsueError("invalid", message, name[:40])


def check_value(name: str, value: Any) -> AttributeValue:
    """`value` if it has a type that attributes have: string, boolean, or integer of 32 bits; else `invalid`."""
    if isinstance(value, str):
        return check_text(name, value)
    if isinstance(value, bool) or (isinstance(value, int) and -(2**31) <= value < 2**31):
        return value
    raise EnsueError("invalid", f"The attribute '{name}' is not a string, a boolean or an integer of 32 bits.", name)


def check_text(name: str, value: Any, *, empty: bool = True) -> str:
    """`value` if it is a string without control characters, and not empty unless `empty`; else `invalid`."""
    if not isinstance(value, str):
        raise EnsueError("invalid", f"The attribute '{name}' is a string.", name)
    if not value and not empty:
        raise EnsueError("invalid", f"The attribute '{name}' is empty.", name)
    if _CONTROLS.search(value):
        message = f"The attribute '{name}' holds control characters or codes that are no characters; leave them out."
        raise EnsueError("invalid", message, name)
    return value


def without_controls(value: AttributeValue) -> AttributeValue:
    """`value` as CloudEvents can say it: text loses its control characters and the codes that are no characters."""
    return _CONTROLS.sub("", value) if isinstance(value, str) else value


def is_reference(text: str) -> bool:
    """Whether `text` is a URI-reference (RFC 3986) and not empty."""
    return bool(text) and _REFERENCE.fullmatch(text) is not None


def is_absolute(text: str) -> bool:
    """Whether `text` is a URI with a scheme (RFC 3986)."""
    return _ABSOLUTE.fullmatch(text) is not None


@lru_cache(maxsize=256)
def as_reference(text: str) -> str:
    """`text` as a URI-reference: itself if it is one, else percent-encoded."""
    return text if is_reference(text) else quote(text, safe="/:?@!$&'()*+,;=")


def to_header(value: AttributeValue) -> str:
    """An attribute as a header's value: blank, quote, percent and what is not printable ASCII are percent-encoded."""
    return quote(canonical(value), safe=_SAFE)


def canonical(value: AttributeValue) -> str:
    """An attribute as text: `true`, `false`, decimal digits, or itself."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def from_header(name: str, value: bytes) -> str:
    """A header's value as an attribute: double quotes undone first, then one round of percent-decoding.

    Raises EnsueError `invalid` for an open quote, a bare percent sign or what is not UTF-8.
    """
    try:
        text = value.decode("utf-8").strip(" \t")
        if '"' in text:
            text = _unquoted(name, text)
        if "%" not in text:
            return text
        if _BARE_PERCENT.search(text):
            raise EnsueError("invalid", f"The header 'ce-{name}' has a bare '%'; write it as '%25'.", name)
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError:
        raise EnsueError("invalid", f"The header 'ce-{name}' is not valid UTF-8.", name) from None


def _unquoted(name: str, text: str) -> str:
    if '"' in _QUOTED.sub("", text):
        raise EnsueError("invalid", f"The header 'ce-{name}' has an open double quote; write it as '%22'.", name)
    return _QUOTED.sub(lambda found: re.sub(r"\\(.)", r"\1", found[1]), text)
