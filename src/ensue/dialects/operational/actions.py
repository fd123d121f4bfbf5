"""Hides what a button may say in Operational's words, and how it becomes an action of the card."""

from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from ensue.dialects.operational.fields import is_truthy, text_of
from ensue.domain.card import MAX_LABEL, ActionDraft
from ensue.domain.errors import EnsueError
from ensue.domain.event import EMPTY

DEFAULT_EXPIRY: Final = 10_080
"""Minutes in which a button can be pressed: seven days."""

MAX_EXPIRY: Final = 43_200
"""The most minutes: thirty days."""

_STYLES: Final = ("danger", "important")
_NOTHING: Final = (b"", b"[]", b"null", b"false", b"0", b'""')


class Button(Struct, frozen=True, rename="camel", gc=False):
    """A button as it is sent, its types not checked yet."""

    url: Any = None
    button_text: Any = None
    key: Any = None
    external: Any = None
    expire_in: Any = None
    meta: Raw = EMPTY
    repeat: Any = None
    type: Any = None


_buttons: Final = msgspec.json.Decoder(list[Button])


def actions_of(given: Raw) -> list[ActionDraft]:
    """The card's actions of the field `actions`. Raises EnsueError `invalid`."""
    if bytes(given) in _NOTHING:
        return []
    try:
        buttons = _buttons.decode(given)
    except msgspec.ValidationError:
        raise _not_buttons(given) from None
    return [_action(button, f"actions[{at}]") for at, button in enumerate(buttons)]


def _not_buttons(given: Raw) -> EnsueError:
    if isinstance(msgspec.json.decode(given), list):
        return EnsueError("invalid", "Action needs to have a valid url", "actions")
    return EnsueError("invalid", "actions should have at least 1 action", "actions")


def _action(button: Button, field: str) -> ActionDraft:
    """The action of a button. Theirs always asked first, in a dialog that was titled with the button's text."""
    external = is_truthy(button.external)
    url = _text(button.url, f"{field}.url", "Action needs to have a valid url")
    label = _text(button.button_text, f"{field}.buttonText", "Action needs to have buttonText")
    if len(label) > MAX_LABEL:
        message = f"buttonText is too long. Should be under {MAX_LABEL} chars"
        raise EnsueError("invalid", message, f"{field}.buttonText")
    minutes = _minutes(button.expire_in, f"{field}.expireIn", None if external else DEFAULT_EXPIRY)
    return ActionDraft(
        key=_key(button.key, f"{field}.key", external=external),
        label=label,
        url=url,
        external=external,
        expires_in=None if minutes is None else minutes * 60,
        meta=EMPTY if bytes(button.meta) == b"null" else button.meta,
        repeat=is_truthy(button.repeat),
        style=button.type if button.type in _STYLES else None,
        confirm=None if external else f"{label}?",
    )


def _text(value: Any, field: str, missing: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise EnsueError("invalid", missing, field)
    return value.strip()


def _key(value: Any, field: str, *, external: bool) -> str | None:
    """A link needs none, so that what cannot be one does no harm there."""
    key = None if isinstance(value, bool | list | dict) else text_of(value, field)
    if key is None and not external:
        raise EnsueError("invalid", "Action needs to have a key or be marked as external", field)
    return key


def _minutes(value: Any, field: str, default: float | None) -> float | None:
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise EnsueError("invalid", "expireIn should be a number of minutes", field)
    if not 0 < value <= MAX_EXPIRY:
        raise EnsueError("invalid", f"expireIn should be more than 0 and at most {MAX_EXPIRY} minutes", field)
    return value
