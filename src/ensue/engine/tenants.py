"""Hides how tenants are kept: changed field by field, the `default` one always there."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec.structs import replace

from ensue.domain.document import Put
from ensue.domain.errors import EnsueError
from ensue.domain.tenant import (
    DEFAULT,
    KIND,
    Tenant,
    changed,
    check_tenant_id,
    new_tenant,
    tenant_document,
    tenant_of,
)
from ensue.engine.clock import Clock
from ensue.engine.paging import counted, skipped
from ensue.engine.turns import Turns
from ensue.store.base import Store

_TRIES: Final = 10


class Tenants:
    """The tenants of all projects. Another project's are `not_found`."""

    def __init__(self, store: Store, clock: Clock, turns: Turns) -> None:
        self._store = store
        self._clock = clock
        self._turns = turns

    async def get(self, project: str, tenant_id: str) -> Tenant:
        """One tenant. EnsueError `not_found`."""
        document = await self._store.get(KIND, project, tenant_id)
        if document is not None:
            return tenant_of(document)
        if tenant_id == DEFAULT:
            return await self._default(project)
        raise _unknown(tenant_id)

    async def list(self, project: str, offset: int, limit: int) -> Sequence[Tenant]:
        """Up to `limit` tenants by descending id, after the first `offset` ones."""
        await self.get(project, DEFAULT)
        return [tenant_of(document) for document in await skipped(self._store, KIND, project, offset, limit)]

    async def count(self, project: str) -> int:
        """How many tenants there are, the `default` one with them."""
        await self.get(project, DEFAULT)
        return await counted(self._store, KIND, project)

    async def upsert(self, project: str, tenant_id: str, fields: Mapping[str, Any]) -> Tenant:
        """Change `fields` of a tenant, made if it is new. EnsueError `invalid` that names the field, `too_large`."""
        check_tenant_id(tenant_id)
        async with self._turns.of([(KIND, project, tenant_id)]):
            for _ in range(_TRIES):
                document = await self._store.get(KIND, project, tenant_id)
                now = self._clock()
                before = tenant_of(document) if document is not None else new_tenant(project, tenant_id, now)
                tenant = changed(before, fields, now)
                if await self._stored(tenant, document.revision if document is not None else 0):
                    return tenant
        raise EnsueError("conflict", f"The tenant '{tenant_id}' is being changed by others; try again.")

    async def delete(self, project: str, tenant_id: str) -> None:
        """Remove a tenant. EnsueError `not_found`, `invalid` for the `default` one."""
        if tenant_id == DEFAULT:
            raise EnsueError("invalid", "default tenant cannot be deleted", "tenant_id")
        document = await self._store.get(KIND, project, tenant_id)
        if document is None:
            raise _unknown(tenant_id)
        await self._store.put([Put(document=replace(document, body=b""))])

    async def _default(self, project: str) -> Tenant:
        """Made when it is first looked for; others may have been quicker."""
        tenant = new_tenant(project, DEFAULT, self._clock())
        if await self._stored(tenant, 0):
            return tenant
        return await self.get(project, DEFAULT)

    async def _stored(self, tenant: Tenant, expected: int) -> bool:
        try:
            await self._store.put([Put(document=tenant_document(tenant), expected=expected)])
        except EnsueError as error:
            if error.code != "conflict":
                raise
            return False
        return True


def _unknown(tenant_id: str) -> EnsueError:
    return EnsueError("not_found", f"No tenant found for tenant_id {tenant_id[:80]}", "tenant_id")
