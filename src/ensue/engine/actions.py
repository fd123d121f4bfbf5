"""Hides how buttons are pressed: once at a time whoever presses, tried at once, and waited for.

What a press means stands in `domain/press.py`; the secret that signs the requests of a project's buttons is made when
it is first needed, and kept on the project.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from ensue.domain import ids
from ensue.domain.delivery import Attempt
from ensue.domain.document import Put
from ensue.domain.errors import EnsueError
from ensue.domain.event import Event
from ensue.domain.press import (
    BUTTON,
    Button,
    Presser,
    Pressing,
    action_of,
    button_id,
    button_of,
    is_choice,
    press_of,
    pressing,
    refuse_press,
    refuse_rival,
    resolved,
    rivals,
    standing_ids,
)
from ensue.domain.project import Project, project_document, project_of
from ensue.domain.trigger import Secret, rotated
from ensue.engine.clock import Clock
from ensue.engine.ingest import Ingest
from ensue.engine.rules import Rules
from ensue.engine.vault import Vault
from ensue.engine.worker import Ended
from ensue.store.base import Store

_TRIES: Final = 5
"""How often a change of a project is tried again when somebody else changed it meanwhile."""


class Pressed(Struct, frozen=True):
    """What came of a press: how the button stands, and the try, if there was one.

    `running` where the server stopped before the answer came: it is tried again by whoever serves next.
    """

    button: Button
    attempt: Attempt | None = None


class Actions:
    """The buttons of all projects."""

    def __init__(self, store: Store, rules: Rules, ingest: Ingest, vault: Vault, clock: Clock) -> None:
        self._store = store
        self._rules = rules
        self._ingest = ingest
        self._vault = vault
        self._clock = clock

    async def press(self, project: str, event_id: str, key: str, by: Presser) -> Pressed:
        """Press a button, and wait for what comes of it.

        EnsueError `not_found` for an event of another project, one that has not happened, and a button that it does not
        have; `conflict` for one that is running, finished, expired, a link, or of a group of which another runs or was
        chosen; `unavailable` without room. Then nothing is stored.
        """
        event = await self._event(project, event_id)
        action = action_of(event, key)
        documents = await self._store.documents(BUTTON, project, standing_ids(event, action))
        buttons = {one.id: button_of(one) for one in documents if not is_choice(one)}
        now = self._clock()
        refuse_press(event, action, buttons.get(button_id(event_id, key)), now)
        for rival in rivals(event, action):
            refuse_rival(action, rival, buttons.get(button_id(event_id, rival.key)))
        await self._sign(project)
        revisions = {one.id: one.revision for one in documents}
        press = pressing(event, action, by, now, source=self._rules.source(project), revisions=revisions)
        receipt, flight = await self._ingest.submit_press(press)
        if flight is None or receipt.status != "stored":
            raise EnsueError("conflict", f"The action {key[:80]!r} was pressed by somebody else at this moment.")
        return await self._came_of(press, await flight.ended())

    async def _event(self, project: str, event_id: str) -> Event:
        found = await self._store.events(project, [event_id]) if ids.is_event_id(event_id) else ()
        for event in found:
            return event
        raise EnsueError("not_found", f"There is no event {event_id[:80]!r} in this project.")

    async def _came_of(self, pressing: Pressing, ended: Ended) -> Pressed:
        """What came of this press, whoever presses again meanwhile. Where the claim was lost, its event was removed or
        another process has it."""
        owed = pressing.delivery
        delivery = ended.delivery or await self._store.delivery(owed.project, owed.id)
        if delivery is None:
            event_id = pressing.shown_by.id
            raise EnsueError("not_found", f"The event '{event_id}' was removed while its button was pressed.")
        return Pressed(resolved(delivery, press_of(owed), ended.attempt), ended.attempt)

    async def buttons(self, project: str, events: Sequence[Event]) -> Mapping[str, Button]:
        """How the buttons of `events` stand that were ever pressed, by `button_id`; one look for all of them."""
        wanted = [
            button_id(event.id, action.key)
            for event in events
            if event.card is not None
            for action in event.card.actions
            if not action.external
        ]
        if not wanted:
            return {}
        return {document.id: button_of(document) for document in await self._store.documents(BUTTON, project, wanted)}

    # what signs

    async def secret(self, project: str) -> str:
        """The secret that signs the requests of the project's buttons now, open; made if there is none."""
        return self._vault.open((await self._sign(project)).secrets[0].sealed).decode()

    async def rotate(self, project: str) -> str:
        """A new secret; the old one signs for another day beside it."""
        secret = ids.new_secret()
        fresh = Secret(self._vault.seal(secret.encode()))
        await self._change(project, lambda known: replace(known, secrets=rotated(known.secrets, fresh, self._clock())))
        return secret

    async def _sign(self, project: str) -> Project:
        """The project, with a secret."""
        known = self._rules.project(project)
        if known is not None and known.secrets:
            return known
        made = Secret(self._vault.seal(ids.new_secret().encode()))
        return await self._change(project, lambda known: known if known.secrets else replace(known, secrets=(made,)))

    async def _change(self, project: str, change: Callable[[Project], Project]) -> Project:
        """Compare and set: `change` is asked again when somebody else changed the project meanwhile."""
        for _ in range(_TRIES):
            document = await self._store.get("project", project, project)
            if document is None:
                raise EnsueError("not_found", f"There is no project {project!r}.")
            known = project_of(document)
            changed = change(known)
            try:
                if changed is not known:
                    await self._store.put([Put(document=project_document(changed), expected=document.revision)])
            except EnsueError as error:
                if error.code != "conflict":
                    raise
            else:
                await self._rules.refresh(self._store)
                return changed
        raise EnsueError("conflict", "This project is being changed by others; try again.")
