"""Hides how credentials are made, found and revoked: tokens are looked up by hash, and remembered (design section 8).

A known key is looked up again only when some key was changed, and an unknown token never: tokens are not chosen.
Revocation by another process holds within a second.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ensue.domain import ids
from ensue.domain.document import Put
from ensue.domain.errors import EnsueError
from ensue.domain.key import SCOPES, Key, Scope, hash_token, key_document, key_of
from ensue.domain.project import Project, check_slug, project_document, project_of
from ensue.engine.clock import Clock
from ensue.engine.vault import Vault
from ensue.store.base import Store

_UNKNOWN: Final = "This key is not known here, or was revoked; make one with `ensue keys create`."
_REMEMBERED: Final = 10_000


class NewKey(Struct, frozen=True):
    """A key as it is shown once: with its token, its secret, and a JWT for Space Cloud's clients."""

    key: Key
    project: Project
    token: str
    secret: str
    jwt: str


class Keys:
    """The credentials of all projects."""

    def __init__(self, store: Store, vault: Vault, clock: Clock) -> None:
        self._store = store
        self._vault = vault
        self._clock = clock
        self._known: dict[str, Key] = {}
        self._unknown: set[str] = set()
        self._changes = 0

    def known(self, token: str) -> Key | None:
        """The key of `token` if it was looked up before and nothing changed since; for the hot path."""
        return self._known.get(token)

    def forget(self) -> None:
        """A key was changed, here or by another process: look them up again. May be called from any thread."""
        self._changes += 1
        self._known.clear()

    async def authenticate(self, token: str) -> Key:
        """The key of `token`. EnsueError `unauthorized` when it is unknown or revoked."""
        found = self._known.get(token)
        if found is not None:
            return found
        token_hash = hash_token(token)
        changes = self._changes
        document = None if token_hash in self._unknown else await self._store.find("key", token_hash)
        key = None if document is None else key_of(document)
        if key is None or key.revoked_at is not None:
            self._remember_unknown(token_hash)
            raise EnsueError("unauthorized", _UNKNOWN)
        if changes == self._changes:  # else it may have been revoked while we read it
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[token] = key
        return key

    def _remember_unknown(self, token_hash: str) -> None:
        if len(self._unknown) >= _REMEMBERED:
            self._unknown.clear()
        self._unknown.add(token_hash)

    async def create(self, project: str, scopes: Sequence[Scope] = (), name: str = "") -> NewKey:
        """A new key of `project` (slug or id; made if it is new), with all scopes if none are given."""
        owner = await self.ensure_project(project)
        now = self._clock()
        token, secret = ids.new_token(), ids.new_secret()
        key = Key(
            id=ids.prefixed_id("key_", now),
            project=owner.id,
            scopes=tuple(scopes) or SCOPES,
            created_at=now,
            token_hash=hash_token(token),
            secret=self._vault.seal(secret.encode()),
            name=name,
        )
        await self._store.put([Put(document=key_document(key), expected=0)])
        return NewKey(key, owner, token, secret, _jwt(key, secret))

    async def list(self, project: str, before: str | None = None, limit: int = 50) -> Sequence[Key]:
        """The keys of a project, newest first, revoked ones too."""
        return [key_of(document) for document in await self._store.list("key", project, before, limit)]

    async def get(self, project: str, key_id: str) -> Key:
        """One key of a project. EnsueError `not_found`."""
        document = await self._store.get("key", project, key_id)
        if document is None:
            raise EnsueError("not_found", f"There is no key {key_id[:80]!r} in this project.")
        return key_of(document)

    async def revoke(self, project: str, key_id: str) -> Key:
        """End a key for good; a second time changes nothing. EnsueError `not_found`."""
        document = await self._store.get("key", project, key_id)
        if document is None:
            raise EnsueError("not_found", f"There is no key {key_id[:80]!r} in this project.")
        key = key_of(document)
        if key.revoked_at is None:
            key = replace(key, revoked_at=self._clock())
            await self._store.put([Put(document=key_document(key), expected=document.revision)])
        self.forget()
        return key

    async def find_project(self, name: str) -> Project | None:
        """The project of that slug or id."""
        document = await self._store.find("project", name) or await self._store.get("project", name, name)
        return None if document is None else project_of(document)

    async def ensure_project(self, name: str) -> Project:
        """The project of that slug or id, made if there is none. EnsueError `invalid` for what cannot be a slug."""
        found = await self.find_project(name)
        if found is not None:
            return found
        now = self._clock()
        project = Project(id=ids.prefixed_id("prj_", now), slug=check_slug(name), created_at=now)
        try:
            await self._store.put([Put(document=project_document(project), expected=0)])
        except EnsueError as error:
            found = await self.find_project(name)
            if error.code != "conflict" or found is None:
                raise
            return found
        return project


def _jwt(key: Key, secret: str) -> str:
    """A JSON Web Token (RFC 7519) by HS256 with the key's secret; `kid` is the key's id (design section 11)."""
    claims = {"id": key.id} | ({"role": "admin"} if "admin" in key.scopes else {})
    parts = [_base64({"alg": "HS256", "kid": key.id, "typ": "JWT"}), _base64(claims)]
    signature = hmac.new(secret.encode(), ".".join(parts).encode(), hashlib.sha256).digest()
    return ".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=").decode()])


def _base64(value: dict[str, str]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(value)).rstrip(b"=").decode()
