"""Hides how a card looks from outside: as it was sent, with how its buttons stand beside them."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Raw, Struct

from ensue.domain.event import EMPTY, Action, Content, Event
from ensue.domain.press import Button, Presser, button_id, expires_at
from ensue.domain.schedule import format_time


class ButtonView(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """How a button stands that was pressed: running since `at`, or done or failed then. `by` pressed it last; `status`
    is what the receiver answered, `duration_ms` how long that took, `reason` why it failed."""

    state: Literal["running", "done", "failed"]
    at: str
    by: Presser
    delivery: str
    status: int | None = None
    duration_ms: int | None = None
    reason: str | None = None


class ActionView(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A button as it comes out. `state` is there where it was ever pressed (not in the stream), `expires_at` where it
    cannot be pressed for ever. Of those of one `group` one can be chosen; it is told by the `state` of the others."""

    key: str
    label: str
    url: str | None
    external: bool = False
    expires_in: float | None = None
    expires_at: str | None = None
    meta: Raw = EMPTY
    repeat: bool = False
    style: str | None = None
    confirm: str | None = None
    group: str | None = None
    state: ButtonView | None = None


class CardView(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A card as it comes out."""

    title: str | None = None
    avatar: str | None = None
    category: str | None = None
    content: Content | None = None
    actions: tuple[ActionView, ...] = ()
    muted: bool = False
    notify: bool = False
    test: bool = False


def card_view(event: Event, buttons: Mapping[str, Button]) -> CardView | None:
    """The card of an event, if it has one; `buttons` are those that were pressed, by `button_id`."""
    card = event.card
    if card is None:
        return None
    return CardView(
        title=card.title,
        avatar=card.avatar,
        category=card.category,
        content=card.content,
        actions=tuple(_action_view(event, action, buttons) for action in card.actions),
        muted=card.muted,
        notify=card.notify,
        test=card.test,
    )


def _action_view(event: Event, action: Action, buttons: Mapping[str, Button]) -> ActionView:
    pressed = buttons.get(button_id(event.id, action.key)) if buttons else None
    until = expires_at(event, action)
    return ActionView(
        key=action.key,
        label=action.label,
        url=action.url or None,
        external=action.external,
        expires_in=action.expires_in,
        expires_at=None if until is None else format_time(until),
        meta=action.meta or EMPTY,
        repeat=action.repeat,
        style=action.style,
        confirm=action.confirm,
        group=action.group,
        state=None if pressed is None else button_view(pressed),
    )


def button_view(button: Button) -> ButtonView:
    """How a button stands, as it comes out."""
    return ButtonView(
        state=button.state,
        at=format_time(button.at),
        by=button.by,
        delivery=button.delivery,
        status=button.status,
        duration_ms=button.duration_ms,
        reason=button.reason,
    )
