"""Hides how tests of the engine get an event with buttons, press them, and see how they stand."""

from typing import Any

from msgspec import Raw

from ensue.domain.card import ActionDraft, CardDraft
from ensue.domain.event import Event
from ensue.domain.press import Button, Presser, button_id
from ensue.engine.actions import Pressed
from ensue.store.base import EventQuery
from tests.engine.stage import URL, Stage

ANNA = Presser("key_anna", "Anna")


async def shown(stage: Stage, *actions: ActionDraft, kind: str = "user.flagged", **fields: Any) -> str:
    """The id of an event that shows these buttons."""
    card = CardDraft(title="A user", actions=list(actions), **fields.pop("card", {}))
    return (await stage.send(kind, card=card, **fields)).event_id


def button(key: str = "ban", **fields: Any) -> ActionDraft:
    """A button as it is sent; `meta` is JSON text."""
    meta = Raw(fields.pop("meta", '{"id":1}').encode())
    return ActionDraft(**({"key": key, "label": "Ban", "url": URL, "meta": meta} | fields))


async def press(stage: Stage, event_id: str, key: str = "ban", by: Presser = ANNA) -> Pressed:
    """Press a button of the project."""
    return await stage.engine.actions.press(stage.project, event_id, key, by)


async def standing(stage: Stage, event_id: str, key: str = "ban") -> Button | None:
    """How the button stands, as everybody sees it."""
    events = await stage.store.events(stage.project, [event_id])
    found = await stage.engine.actions.buttons(stage.project, events)
    return found.get(button_id(event_id, key))


async def told(stage: Stage) -> list[Event]:
    """What the platform told about buttons, oldest first."""
    page = await stage.engine.events(EventQuery(project=stage.project, type="ensue.action.*", limit=500))
    return list(page.items)[::-1]
