"""Hides what a card may hold: each field and button checked on the way in (design section 10)."""

from itertools import count
from typing import Final, Literal

import msgspec
from msgspec import Raw, Struct

from ensue.domain.errors import EnsueError
from ensue.domain.event import EMPTY, Action, Card, Content
from ensue.domain.guard import Allowed, check_link, check_url

MAX_TITLE: Final = 255
MAX_CATEGORY: Final = 64
MAX_LABEL: Final = 48
MAX_CONFIRM: Final = 500
MAX_TEXT: Final = 255
MAX_AVATAR: Final = 2_048
MAX_EXPIRY: Final = 30 * 86_400
"""A button can be pressed for thirty days at most (seconds)."""


class ContentDraft(Struct, frozen=True):
    """A card's content as it is sent."""

    type: Literal["text", "rows", "json", "image"]
    value: Raw


class ActionDraft(Struct, frozen=True):
    """A button as it is sent; `expires_in` is seconds. An `external` one, a link, may go without a key, any other
    without a `url`: its press calls nobody.

    `confirm` is what people are asked before they press it; of the buttons of one `group`, one can be chosen.
    """

    label: str
    url: str | None = None
    key: str | None = None
    external: bool = False
    expires_in: float | None = None
    meta: Raw = EMPTY
    repeat: bool = False
    style: str | None = None
    confirm: str | None = None
    group: str | None = None


class CardDraft(Struct, frozen=True):
    """A card as it is sent."""

    title: str | None = None
    avatar: str | None = None
    category: str | None = None
    content: ContentDraft | None = None
    actions: list[ActionDraft] = []
    muted: bool = False
    notify: bool = False
    test: bool = False


def card_of(draft: CardDraft, most_actions: int, allowed: Allowed) -> Card:
    """The card that `draft` means; raises EnsueError `invalid` that names the field."""
    if len(draft.actions) > most_actions:
        message = f"'card.actions' has {len(draft.actions)} buttons; the limit is {most_actions}."
        raise EnsueError("invalid", message, "card.actions")
    _refuse_repeated(keys := _keys(draft.actions))
    actions = tuple(
        _action(action, key, f"card.actions[{at}]", allowed)
        for at, (action, key) in enumerate(zip(draft.actions, keys, strict=True))
    )
    return Card(
        title=_short(draft.title, "card.title", MAX_TITLE),
        avatar=_short(draft.avatar, "card.avatar", MAX_AVATAR),
        category=_short(draft.category, "card.category", MAX_CATEGORY),
        content=None if draft.content is None else _content(draft.content),
        actions=actions,
        muted=draft.muted,
        notify=draft.notify,
        test=draft.test,
    )


def _short(text: str | None, field: str, limit: int) -> str | None:
    if text is None:
        return None
    text = text.strip()
    if len(text) > limit:
        raise EnsueError("invalid", f"'{field}' has {len(text)} characters; the limit is {limit}.", field)
    return text or None


def _required(text: str, field: str, limit: int) -> str:
    short = _short(text, field, limit)
    if short is None:
        raise EnsueError("invalid", f"'{field}' is empty.", field)
    return short


def _content(draft: ContentDraft) -> Content:
    value = msgspec.json.decode(draft.value)
    field = "card.content.value"
    if draft.type in ("text", "image") and not isinstance(value, str):
        raise EnsueError("invalid", f"'{field}' of type '{draft.type}' is a string.", field)
    if draft.type == "rows" and not isinstance(value, list):
        raise EnsueError("invalid", f"'{field}' of type 'rows' is an array.", field)
    if draft.type == "image":
        _checked_link(value, field)
    return Content(draft.type, draft.value)


def _keys(drafts: list[ActionDraft]) -> list[str]:
    """The keys of buttons in order; links without one are called `link-1` and so on, each by its own name."""
    given = [None if draft.key is None else draft.key.strip() for draft in drafts]
    free = (name for name in (f"link-{number}" for number in count(1)) if name not in given)
    return [
        key if key is not None else next(free) if draft.external else ""
        for key, draft in zip(given, drafts, strict=True)
    ]


def _action(draft: ActionDraft, key: str, field: str, allowed: Allowed) -> Action:
    if not draft.external:
        _refuse_step(key, f"{field}.key")
    if draft.expires_in is not None and not 0 < draft.expires_in <= MAX_EXPIRY:
        message = f"'{field}.expires_in' is a number of seconds above 0 and up to {MAX_EXPIRY}."
        raise EnsueError("invalid", message, f"{field}.expires_in")
    if draft.group is not None and (draft.repeat or draft.external):
        message = f"'{field}.group' is for buttons that are pressed once: not for links, nor for those that repeat."
        raise EnsueError("invalid", message, f"{field}.group")
    return Action(
        key=_required(key, f"{field}.key", MAX_TEXT),
        label=_required(draft.label, f"{field}.label", MAX_LABEL),
        url=_target(draft, f"{field}.url", allowed),
        external=draft.external,
        expires_in=draft.expires_in,
        meta=draft.meta,
        repeat=draft.repeat,
        style=_short(draft.style, f"{field}.style", MAX_LABEL),
        confirm=_short(draft.confirm, f"{field}.confirm", MAX_CONFIRM),
        group=_short(draft.group, f"{field}.group", MAX_TEXT),
    )


def _target(draft: ActionDraft, field: str, allowed: Allowed) -> str:
    """Where a link leads, or what a press calls; empty where it calls nobody."""
    if draft.external:
        if draft.url is None:
            raise EnsueError("invalid", f"'{field}' is missing: a link leads somewhere.", field)
        _checked_link(url := draft.url.strip(), field)
        return url
    return "" if draft.url is None else _checked_url(draft.url.strip(), field, allowed)


def _refuse_step(key: str, field: str) -> None:
    """It is pressed by an address, where browsers take these two for steps up the path, however they are written."""
    if key.strip() in {".", ".."}:
        raise EnsueError("invalid", f"'{field}' is {key!r}, which no address can name; give it another.", field)


def _checked_link(url: str, field: str) -> None:
    try:
        check_link(url)
    except EnsueError as error:
        raise EnsueError("invalid", error.message, field) from None


def _checked_url(url: str, field: str, allowed: Allowed) -> str:
    try:
        return check_url(url, allowed).url
    except EnsueError as error:
        raise EnsueError("invalid", error.message, field) from None


def _refuse_repeated(keys: list[str]) -> None:
    for at, key in enumerate(keys):
        if key and key in keys[:at]:
            message = f"Two buttons have the key '{key[:80]}'; keys are distinct within a card."
            raise EnsueError("invalid", message, f"card.actions[{at}].key")
