"""Hides how triggers are made and changed: checked, sealed, stored with a revision, and known to the rules at once."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from msgspec import UNSET, Struct
from msgspec.structs import replace

from ensue.domain import ids
from ensue.domain.document import Put
from ensue.domain.errors import EnsueError
from ensue.domain.guard import Allowed
from ensue.domain.signature import check_secret
from ensue.domain.trigger import (
    MASKED,
    Endpoint,
    EndpointDraft,
    EndpointPatch,
    Secret,
    Trigger,
    TriggerDraft,
    TriggerPatch,
    check_concurrency,
    check_endpoint_url,
    check_headers,
    check_match,
    check_name,
    check_retry,
    check_timeout,
    rotated,
    trigger_document,
    trigger_of,
)
from ensue.engine.clock import Clock
from ensue.engine.rules import Rules
from ensue.engine.vault import Vault
from ensue.store.base import Store

Lookup = Callable[[str], Awaitable[str | None]]
"""Resolves a URL's host: None, or a warning that it does not resolve; EnsueError `invalid` if it may not be reached."""

_TRIES: Final = 5
"""How often a change is tried again when somebody else changed the trigger meanwhile."""


class Changed(Struct, frozen=True):
    """A trigger after a change, with warnings, and its secret where it is to be shown."""

    trigger: Trigger
    warnings: tuple[str, ...] = ()
    secret: str | None = None


class Triggers:
    """The triggers of all projects, for those who change them."""

    def __init__(
        self, store: Store, rules: Rules, vault: Vault, clock: Clock, allowed: Allowed, lookup: Lookup, most: int
    ) -> None:
        self._store = store
        self._rules = rules
        self._vault = vault
        self._clock = clock
        self._allowed = allowed
        self._lookup = lookup
        self._most = most
        self._changed: Callable[[], None] = lambda: None

    def on_change(self, changed: Callable[[], None]) -> None:
        """Whom to tell when rules changed: lanes may have room now."""
        self._changed = changed

    async def create(self, project: str, draft: TriggerDraft) -> Changed:
        """A new trigger. EnsueError `invalid` that names the field, `conflict` when the project has too many."""
        if self._rules.count(project) >= self._most:
            raise EnsueError("conflict", f"This project has {self._most} triggers, the most there can be; delete one.")
        secret = draft.endpoint.secret or ids.new_secret()
        check_secret(secret)
        now = self._clock()
        trigger = Trigger(
            id=ids.prefixed_id("trg_", now),
            project=project,
            name=check_name(draft.name),
            match=check_match(draft.match),
            endpoint=self._endpoint(draft.endpoint, secret),
            created_at=now,
            updated_at=now,
            format=draft.format,
            retry=check_retry(draft.retry),
            timeout_ms=check_timeout(draft.timeout_ms),
            concurrency=check_concurrency(draft.concurrency),
            enabled=draft.enabled,
        )
        warnings = await self._warnings(trigger.endpoint.url)
        await self._put(trigger, 0)
        return Changed(trigger, warnings, secret)

    def _endpoint(self, draft: EndpointDraft, secret: str) -> Endpoint:
        return Endpoint(
            url=check_endpoint_url(draft.url, self._allowed),
            headers=check_headers(draft.headers, "endpoint.headers"),
            secret_headers=self._sealed(check_headers(draft.secret_headers, "endpoint.secret_headers")),
            secrets=(Secret(self._vault.seal(secret.encode())),),
        )

    def _sealed(self, headers: dict[str, str]) -> dict[str, str]:
        return {name: self._vault.seal(value.encode()) for name, value in headers.items()}

    async def _warnings(self, url: str) -> tuple[str, ...]:
        try:
            warning = await self._lookup(url)
        except EnsueError as error:
            raise EnsueError("invalid", error.message, "endpoint.url") from None
        return () if warning is None else (warning,)

    def get(self, project: str, trigger_id: str) -> Trigger:
        """One trigger of a project. EnsueError `not_found`."""
        trigger = self._rules.trigger(trigger_id)
        if trigger is None or trigger.project != project:
            raise EnsueError("not_found", f"There is no trigger {trigger_id[:80]!r} in this project.")
        return trigger

    def list(self, project: str, before: str | None, limit: int) -> Sequence[Trigger]:
        """Up to `limit` triggers of a project, newest first, those with an id below `before`."""
        found = self._rules.triggers(project)
        return [trigger for trigger in found if before is None or trigger.id < before][:limit]

    def secret(self, trigger: Trigger) -> str:
        """The secret that signs now, open."""
        return self._vault.open(trigger.endpoint.secrets[0].sealed).decode()

    async def update(self, project: str, trigger_id: str, patch: TriggerPatch) -> Changed:
        """Change what `patch` gives; of another endpoint failures count anew. EnsueError `invalid`, `not_found`,
        `conflict`."""
        warnings: tuple[str, ...] = ()
        if isinstance(patch.endpoint, EndpointPatch) and isinstance(patch.endpoint.url, str):
            warnings = await self._warnings(check_endpoint_url(patch.endpoint.url, self._allowed))
        if patch.endpoint is not UNSET or patch.enabled is True:
            self._patched(self.get(project, trigger_id), patch)  # nothing is forgiven for a change that is refused
            await self._store.forgive(trigger_id)
        return Changed(await self._change(project, trigger_id, lambda now: self._patched(now, patch)), warnings)

    def _patched(self, trigger: Trigger, patch: TriggerPatch) -> Trigger:
        changes: dict[str, object] = {}
        if patch.name is not UNSET:
            changes["name"] = check_name(patch.name)
        if patch.match is not UNSET:
            changes |= {"match": check_match(patch.match), "filter_error": None, "filter_off": False}
        if patch.endpoint is not UNSET:
            changes["endpoint"] = self._patched_endpoint(trigger.endpoint, patch.endpoint)
        if patch.format is not UNSET:
            changes["format"] = patch.format
        if patch.retry is not UNSET:
            changes["retry"] = check_retry(patch.retry)
        if patch.timeout_ms is not UNSET:
            changes["timeout_ms"] = check_timeout(patch.timeout_ms)
        if patch.concurrency is not UNSET:
            changes["concurrency"] = check_concurrency(patch.concurrency)
        if patch.enabled is not UNSET:
            changes |= {"enabled": patch.enabled, "disabled_reason": None}
        return replace(trigger, **changes)

    def _patched_endpoint(self, endpoint: Endpoint, patch: EndpointPatch) -> Endpoint:
        """A secret header that comes back as it was shown, masked, keeps its value."""
        changes: dict[str, object] = {}
        if patch.url is not UNSET:
            changes["url"] = check_endpoint_url(patch.url, self._allowed)
        if patch.headers is not UNSET:
            changes["headers"] = check_headers(patch.headers, "endpoint.headers")
        if patch.secret_headers is not UNSET:
            checked = check_headers(patch.secret_headers, "endpoint.secret_headers")
            old = {name: endpoint.secret_headers.get(name) for name, value in checked.items() if value == MASKED}
            fresh = {name: value for name, value in checked.items() if old.get(name) is None}
            kept = {name: sealed for name, sealed in old.items() if sealed is not None}
            changes["secret_headers"] = self._sealed(fresh) | kept
        return replace(endpoint, **changes)

    async def enable(self, project: str, trigger_id: str, *, enabled: bool) -> Trigger:
        """Switch a trigger on or off; what waited goes out when it is on again, and failures count anew."""
        if enabled:  # first: cut off in between, it would be on with all that made it go off
            await self._store.forgive(self.get(project, trigger_id).id)
        return await self._change(
            project, trigger_id, lambda trigger: replace(trigger, enabled=enabled, disabled_reason=None)
        )

    async def rotate(self, project: str, trigger_id: str, given: str | None) -> Changed:
        """A new secret, `given` or made; the old one signs for another day beside it."""
        secret = given or ids.new_secret()
        check_secret(secret)
        sealed = Secret(self._vault.seal(secret.encode()))

        def changed(trigger: Trigger) -> Trigger:
            secrets = rotated(trigger.endpoint.secrets, sealed, self._clock())
            return replace(trigger, endpoint=replace(trigger.endpoint, secrets=secrets))

        return Changed(await self._change(project, trigger_id, changed), (), secret)

    async def note_fault(self, trigger: Trigger, error: str, *, off: bool) -> None:
        """Say on the trigger what its filter complained of."""
        await self._change(
            trigger.project, trigger.id, lambda now: replace(now, filter_error=error, filter_off=off or now.filter_off)
        )

    async def delete(self, project: str, trigger_id: str) -> None:
        """Remove a trigger; what is owed to it ends cancelled when it is looked at."""
        for _ in range(_TRIES):
            document = await self._store.get("trigger", project, trigger_id)
            if document is None:
                raise EnsueError("not_found", f"There is no trigger {trigger_id[:80]!r} in this project.")
            gone = replace(document, body=b"", alias=None)
            if await self._stored(Put(document=gone, expected=document.revision)):
                await self._store.forgive(trigger_id)
                return
        raise _busy(trigger_id)

    async def _change(self, project: str, trigger_id: str, change: Callable[[Trigger], Trigger]) -> Trigger:
        """Compare and set: `change` is asked again when somebody else changed the trigger meanwhile."""
        for _ in range(_TRIES):
            document = await self._store.get("trigger", project, trigger_id)
            if document is None:
                raise EnsueError("not_found", f"There is no trigger {trigger_id[:80]!r} in this project.")
            trigger = replace(change(trigger_of(document)), updated_at=self._clock())
            if await self._stored(Put(document=trigger_document(trigger), expected=document.revision)):
                return trigger
        raise _busy(trigger_id)

    async def _put(self, trigger: Trigger, expected: int) -> None:
        await self._store.put([Put(document=trigger_document(trigger), expected=expected)])
        await self._learn()

    async def _stored(self, put: Put) -> bool:
        try:
            await self._store.put([put])
        except EnsueError as error:
            if error.code != "conflict":
                raise
            return False
        await self._learn()
        return True

    async def _learn(self) -> None:
        if await self._rules.refresh(self._store):
            self._changed()


def _busy(trigger_id: str) -> EnsueError:
    return EnsueError("conflict", f"The trigger {trigger_id[:80]!r} is being changed by others; try again.")
