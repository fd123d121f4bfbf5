"""Hides how a batch that is not clean JSON as a whole is cut into items, so that a bad one costs the others nothing.

A lone surrogate, `NaN` or a deep value in one event makes strict decoders refuse the whole body. The standard library's
scanner passes over these; it only finds where each event begins and ends, and each is then judged as if it came alone.
"""

import json
import re
from typing import Final

_BLANK: Final = re.compile(r"[ \t\n\r]*")
_scan: Final = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # set in its constructor, not in its stub


def cut(body: bytes, field: str | None) -> list[bytes] | None:
    """The items of the array under `field` of an object, or of the array that `body` is where `field` is None; each as
    it was sent. None when the body cannot be cut: then it is no JSON at all.
    """
    try:
        text = body.decode("utf-8")
        at = _BLANK.match(text).end()  # type: ignore[union-attr]  # matches anything
        items, end = _array(text, at) if field is None else _member(text, at, field)
        return items if items is not None and _after(text, end) == len(text) else None
    except (ValueError, StopIteration, IndexError, RecursionError):
        return None


def _after(text: str, at: int) -> int:
    return _BLANK.match(text, at).end()  # type: ignore[union-attr]  # matches anything


def _array(text: str, at: int) -> tuple[list[bytes], int]:
    """The items of the array that begins at `at`, and where it ends."""
    _require(text[at] == "[")
    at = _after(text, at + 1)
    items: list[bytes] = []
    while text[at] != "]":
        _, end = _scan(text, at)
        items.append(text[at:end].encode("utf-8"))
        at = _after(text, end)
        if text[at] == ",":
            at = _after(text, at + 1)
            _require(text[at] != "]")
        else:
            _require(text[at] == "]")
    return items, at + 1


def _member(text: str, at: int, field: str) -> tuple[list[bytes] | None, int]:
    """The items of the array under `field` of the object that begins at `at`, and where the object ends."""
    _require(text[at] == "{")
    at = _after(text, at + 1)
    items: list[bytes] | None = None
    while text[at] != "}":
        _require(text[at] == '"')
        name, at = _scan(text, at)
        at = _after(text, at)
        _require(text[at] == ":")
        at = _after(text, at + 1)
        if name == field:
            items, at = _array(text, at)
        else:
            _, at = _scan(text, at)
        at = _after(text, at)
        if text[at] == ",":
            at = _after(text, at + 1)
            _require(text[at] == '"')
        else:
            _require(text[at] == "}")
    return items, at + 1


def _require(holds: bool) -> None:  # noqa: FBT001 - it is what is asked
    if not holds:
        raise ValueError("not JSON")
