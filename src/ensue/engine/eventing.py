"""Hides how eventing is configured in Space Cloud's way: rules, schemas and triggers by name, put and deleted at will.

What is put replaces what was there; deleting what is not there changes nothing. All of it is known to the rules at
once, and to other processes as any change of rules is.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from ensue.domain.document import Document, Put
from ensue.domain.errors import EnsueError
from ensue.domain.eventing import (
    AUTHENTICATED,
    DEFAULT,
    MAX_EACH,
    Admission,
    EventingSettings,
    check_type,
    parsed,
    rule_document,
    schema_document,
    settings_document,
)
from ensue.domain.rule import SECURITY_ROOTS, Rule, check_rule
from ensue.domain.trigger import CONVERSING, EndpointPatch, Trigger, TriggerDraft, TriggerPatch
from ensue.engine.rules import Rules
from ensue.engine.triggers import Triggers
from ensue.engine.turns import Turns
from ensue.store.base import Store


class Eventing:
    """The eventing of all projects, for those who configure it. Projects are given by id."""

    def __init__(self, store: Store, rules: Rules, triggers: Triggers, turns: Turns) -> None:
        self._store = store
        self._rules = rules
        self._triggers = triggers
        self._turns = turns

    def admission(self, project: str) -> Admission:
        """What a project asks of queued events now; never waits."""
        return self._rules.admission(project)

    async def configure(self, project: str, settings: EventingSettings) -> None:
        """Switch eventing on or off."""
        await self._put(settings_document(project, settings))

    def rules(self, project: str) -> Mapping[str, Rule]:
        """The rules by event type, `default` always among them, sorted."""
        found = {DEFAULT: AUTHENTICATED} | self.admission(project).rules
        return dict(sorted(found.items()))

    async def put_rule(self, project: str, kind: str, raw: Any) -> None:
        """Set the rule for a type, or `default`. EnsueError `invalid` with the field, `conflict` for too many."""
        rule = check_rule(raw, SECURITY_ROOTS)
        _require_room(self.admission(project).rules, check_type(kind), "rules")
        await self._put(rule_document(project, kind, rule))

    async def delete_rule(self, project: str, kind: str) -> None:
        """Remove a rule; the type falls back to `default`."""
        await self._put(rule_document(project, check_type(kind), None))

    def schemas(self, project: str) -> Mapping[str, str]:
        """The texts of the schemas by event type, sorted."""
        return dict(sorted(self.admission(project).schemas.items()))

    async def put_schema(self, project: str, kind: str, text: str) -> None:
        """Set the schema of a type. EnsueError `invalid`, `conflict` for too many."""
        parsed(text, check_type(kind))
        _require_room(self.admission(project).schemas, kind, "schemas")
        await self._put(schema_document(project, kind, text))

    async def delete_schema(self, project: str, kind: str) -> None:
        """Remove a schema: any payload will do."""
        await self._put(schema_document(project, check_type(kind), ""))

    def triggers(self, project: str) -> Sequence[Trigger]:
        """The triggers that are known by name, those whose receivers converse; sorted."""
        found = (trigger for trigger in self._rules.triggers(project) if trigger.format in CONVERSING)
        return sorted(found, key=lambda trigger: (trigger.name, trigger.id))

    async def put_trigger(self, project: str, draft: TriggerDraft) -> None:
        """Make the trigger of that name, or replace it: id, secret and whether it is on stay. EnsueError `invalid`."""
        async with self._turn(project, draft.name):
            found = self._named(project, draft.name)
            if not found:
                await self._triggers.create(project, draft)
                return
            try:
                await self._triggers.update(project, found[0].id, _patch(draft))
            except EnsueError as error:
                if error.code != "not_found":
                    raise
                await self._triggers.create(project, draft)  # deleted meanwhile by its id

    async def delete_trigger(self, project: str, name: str) -> None:
        """Remove the trigger of that name."""
        async with self._turn(project, name):
            for trigger in self._named(project, name):
                try:
                    await self._triggers.delete(project, trigger.id)
                except EnsueError as error:
                    if error.code != "not_found":  # else it was deleted meanwhile by its id
                        raise

    def _turn(self, project: str, name: str) -> AbstractAsyncContextManager[None]:
        """Whose turn it is to say what has that name: looking up a host may take its time, and holds up nobody else."""
        return self._turns.of([("trigger", project, name.strip())])

    def _named(self, project: str, name: str) -> Sequence[Trigger]:
        return [trigger for trigger in self.triggers(project) if trigger.name == name.strip()]

    async def _put(self, document: Document) -> None:
        await self._store.put([Put(document=document, expected=None)])
        await self._rules.refresh(self._store)


def _patch(draft: TriggerDraft) -> TriggerPatch:
    """All that a draft of this kind says of a trigger that is there."""
    return TriggerPatch(
        endpoint=EndpointPatch(url=draft.endpoint.url),
        match=draft.match,
        format=draft.format,
        retry=draft.retry,
        timeout_ms=draft.timeout_ms,
    )


def _require_room(there: Mapping[str, Any], kind: str, what: str) -> None:
    if kind not in there and len(there) >= MAX_EACH:
        raise EnsueError("conflict", f"This project has {MAX_EACH} {what}, the most there can be; delete one.")
