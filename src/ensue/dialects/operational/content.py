"""Hides what an event may show below its name: each type that Operational knows as a content of the card.

`map`, which their check lets through and nothing draws, is kept as JSON. Rows are checked one by one.
"""

from typing import Any, Final

import msgspec
from msgspec import Raw

from ensue.dialects.operational.fields import is_truthy
from ensue.domain.card import ContentDraft
from ensue.domain.decoding import check_json
from ensue.domain.errors import EnsueError

LONGEST: Final = 6_000
"""Characters of a content as text."""

_ROW_TYPES: Final = ("text", "map", "image", "json")
_TYPES: Final = (*_ROW_TYPES, "rows")
_NAMED: Final = ",".join(_TYPES)
_NOTHING: Final = (b"", b"null", b'""')


def is_given(content: Raw) -> bool:
    """Whether there is a content at all."""
    return bytes(content) not in _NOTHING


def content_of(kind: Any, content: Raw) -> ContentDraft | None:
    """The card's content of the fields `type` and `content`. Raises EnsueError `invalid`."""
    kind = kind if is_truthy(kind) else "text"
    if kind not in _TYPES:
        shown = kind if isinstance(kind, str) else msgspec.json.encode(kind).decode()
        raise _refusal(
            "type", f"type field must include one of the following: {_NAMED} . Currently it has {shown[:80]}"
        )
    if not is_given(content):
        return None
    _refuse_long(content)
    value = msgspec.json.decode(content)
    if not isinstance(value, str | dict | list):
        raise _refusal("content", "content field must be a string, an object or an array")
    if kind == "text":
        return _text(value, content)
    if kind == "rows":
        return _rows(value, content)
    if kind == "image":
        return _image(value, content)
    return _json(value, content)


def _refuse_long(content: Raw) -> None:
    """Text is never longer than the bytes that it came in."""
    if len(content) <= LONGEST:
        return
    value = msgspec.json.decode(content)
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    if len(text) > LONGEST:
        raise _refusal("content", f"content length is more than {LONGEST} characters, trim the length")


def _text(value: Any, content: Raw) -> ContentDraft:
    """An object is shown as its text."""
    if isinstance(value, str):
        return ContentDraft("text", content)
    return ContentDraft("text", Raw(msgspec.json.encode(msgspec.json.encode(value).decode())))


def _json(value: Any, content: Raw) -> ContentDraft:
    """Text that is JSON itself was encoded twice by its sender; other text is kept as it is."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        inner = value.encode()
        try:
            check_json(inner)
            msgspec.json.decode(inner)
        except (EnsueError, msgspec.MsgspecError, ValueError, RecursionError):
            return ContentDraft("json", content)
        return ContentDraft("json", Raw(inner))
    return ContentDraft("json", content)


def _image(value: Any, content: Raw) -> ContentDraft:
    if not isinstance(value, str):
        raise _refusal("content", "content of type image must be the URL of an image")
    return ContentDraft("image", content)


def _rows(value: Any, content: Raw) -> ContentDraft:
    if not isinstance(value, list):
        raise _refusal("content", "content of type rows must be an array of rows")
    if not value:
        raise _refusal("content", "content needs to have some data")
    for at, row in enumerate(value):
        _check_row(row, f"content[{at}]")
    return ContentDraft("rows", content)


def _check_row(row: Any, field: str) -> None:
    """A row has a type, `text` by default; what it contains may be anything, 0 and false too."""
    if not isinstance(row, dict):
        raise _refusal(field, "each row of content must be an object with label and content")
    kind = row.get("type")
    kind = kind if is_truthy(kind) else "text"
    if kind == "rows":
        raise _refusal(f"{field}.type", "card's type shouldn't be rows")
    if kind not in _ROW_TYPES:
        raise _refusal(f"{field}.type", f"card's type should be one of {_NAMED}")


def _refusal(field: str, message: str) -> EnsueError:
    return EnsueError("invalid", message, field)
