"""Hides how text becomes HTML: whatever is not markup of our own making is escaped, so that none can be forgotten."""

import string
from html import escape
from typing import Final

_VOID: Final = frozenset({"input", "link", "meta"})
_formatter: Final = string.Formatter()


class Html(str):
    """Text that is markup already; made by `element` and `sentence` only."""

    __slots__ = ()


def text(given: str) -> Html:
    """`given` as the text that it is."""
    return given if isinstance(given, Html) else Html(escape(given))


def element(tag: str, /, *children: str | None, **attributes: str | bool | None) -> Html:
    """An element. What is no `Html` among its children is text; a None is left out, as is an attribute that is None or
    False. A `_` at the end of an attribute's name is dropped, others are `-`."""
    given = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escape(str(value))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if tag in _VOID:
        return Html(f"<{tag}{given}>")
    return Html(f"<{tag}{given}>{''.join(text(child) for child in children if child is not None)}</{tag}>")


def sentence(pattern: str, **values: str) -> Html:
    """A sentence with `{values}` in it. What is no `Html` stands apart from the sentence's direction of writing."""
    parts: list[str] = []
    for said, name, _, _ in _formatter.parse(pattern):
        parts.append(escape(said))
        if name:
            value = values[name]
            parts.append(value if isinstance(value, Html) else element("bdi", value))
    return Html("".join(parts))


def document(title: str, style: str, *children: str | None) -> bytes:
    """A whole page, in UTF-8."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("title", title),
        element("meta", name="viewport", content="width=device-width, initial-scale=1, viewport-fit=cover"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="robots", content="noindex"),
        element("link", rel="icon", href="/favicon.svg", type="image/svg+xml"),
        element("link", rel="stylesheet", href=style),
    )
    page = element("html", head, element("body", element("main", *children)), lang="en")
    return ("<!doctype html>\n" + page + "\n").encode("utf-8")
