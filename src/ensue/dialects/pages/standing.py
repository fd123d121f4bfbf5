"""Hides how a button stands for whoever looks at its page: pressed, by whom, or why it cannot be."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from ensue.domain.event import Action, Event
from ensue.domain.press import Button, button_id, expires_at, rivals

Kind = Literal["external", "ready", "running", "done", "failed", "waits", "not chosen", "expired", "locked"]


class Standing(Struct, frozen=True, kw_only=True):
    """`button` is the press that counts: its own, or that of the `rival` that keeps it from being pressed. `since` is
    when it expired (ms)."""

    kind: Kind
    may_press: bool = False
    button: Button | None = None
    rival: Action | None = None
    since: int | None = None


def standing(event: Event, action: Action, buttons: Mapping[str, Button], now: int, *, may: bool) -> Standing:
    """How `action` stands; `buttons` are those of the event that were pressed, by `button_id`; `may`: whoever looks has
    the role to press."""
    if action.external:
        return Standing(kind="external")
    button, until = buttons.get(button_id(event.id, action.key)), expires_at(event, action)
    expired = until is not None and now >= until
    if button is not None and button.state == "running":
        return Standing(kind="running", button=button)
    if button is not None and button.state == "done" and (expired or not action.repeat):
        return Standing(kind="done", button=button)
    return _outdone(event, action, buttons) or _open(button, until if expired else None, may=may)


def _outdone(event: Event, action: Action, buttons: Mapping[str, Button]) -> Standing | None:
    for rival in rivals(event, action):
        button = buttons.get(button_id(event.id, rival.key))
        if button is not None and button.state != "failed":
            kind: Kind = "waits" if button.state == "running" else "not chosen"
            return Standing(kind=kind, button=button, rival=rival)
    return None


def _open(button: Button | None, expired: int | None, *, may: bool) -> Standing:
    if button is not None and button.state == "failed":
        return Standing(kind="failed", button=button, may_press=may and expired is None, since=expired)
    if expired is not None:
        return Standing(kind="expired", since=expired)
    if not may:
        return Standing(kind="locked", button=button)
    return Standing(kind="done" if button is not None else "ready", button=button, may_press=True)
