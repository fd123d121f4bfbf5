"""Hides how credentials are made, found and revoked: tokens are looked up by hash, and remembered (design section 8).

A known key is looked up again only when some key was changed, and an unknown token never: tokens are not chosen.
Revocation by another process holds within a second.
"""

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from ensue.domain import ids
from ensue.domain.document import Put
from ensue.domain.errors import EnsueError
from ensue.domain.key import (
    SCOPES,
    Key,
    Scope,
    check_origins,
    hash_token,
    key_document,
    key_of,
    public_scopes,
)
from ensue.domain.project import Project, check_slug, project_document, project_of
from ensue.engine import tokens
from ensue.engine.clock import Clock
from ensue.engine.holding import Holding, Holds
from ensue.engine.key_uses import NOTED_EVERY, KeyUses
from ensue.engine.paging import every
from ensue.engine.tokens import Identity, Token
from ensue.engine.vault import Vault
from ensue.store.base import Store

_UNKNOWN: Final = "This key is not known here, or was revoked; make one with `ensue keys create`."
_REMEMBERED: Final = 10_000
_REMEMBERED_TOKENS: Final = 1_000
"""How many verified tokens of up to 8 KiB are remembered, with their claims."""

_TRIED: Final = 100
"""How many keys are tried for a token that does not name its own."""

_ID: Final = re.compile(r"key_[0-9a-z]{1,60}")


class NewKey(Struct, frozen=True):
    """A key as it is shown once: with its token, its secret, and a JWT for Space Cloud's clients.

    `secret` and `jwt` are empty for a key that has none: a public one, or one with a verifier.
    """

    key: Key
    project: Project
    token: str
    secret: str
    jwt: str


class Keys:
    """The credentials of all projects. `first_file` is where the token of the very first key was left, if it was."""

    def __init__(self, store: Store, vault: Vault, clock: Clock, first_file: Path | None = None) -> None:
        self._store = store
        self._vault = vault
        self._clock = clock
        self._first_file = first_file
        self._known: dict[str, Key] = {}
        self._ids: dict[str, Key] = {}
        self._live: dict[str, Sequence[Key]] = {}
        self._projects: dict[str, str] = {}
        self._verified: dict[tuple[str, str | None], tuple[Identity, float | None]] = {}
        self._unknown: set[str] = set()
        self._changes = 0
        self._renewal: asyncio.TimerHandle | None = None
        self.uses = KeyUses(store, clock)
        self.holding = Holding()

    def known(self, token: str) -> Key | None:
        """The key of `token` if it was looked up before and nothing changed since; for the hot path."""
        return self._known.get(token)

    def forget(self) -> None:
        """A key or project was changed, here or by another process: look them up again. May be called from any
        thread."""
        self._changes += 1
        self._projects.clear()
        self._known.clear()
        self._ids.clear()
        self._live.clear()
        self._verified.clear()
        self.holding.changed()

    def holds(self, key: Key) -> Holds:
        """Whether `key` is still none that was revoked, as a question."""

        async def still() -> bool:
            try:
                await self.by_id(key.id)
            except EnsueError as error:
                if error.code == "unauthorized":
                    return False
                raise
            return True

        return still

    async def authenticate(self, token: str) -> Key:
        """The key of `token`. EnsueError `unauthorized` when it is unknown or revoked."""
        found = self._known.get(token)
        if found is not None:
            return found
        token_hash = hash_token(token)
        changes = self._changes
        document = None if token_hash in self._unknown else await self._store.find("key", token_hash)
        return self._held(None if document is None else key_of(document), self._known, token, token_hash, changes)

    def known_id(self, key_id: str) -> Key | None:
        """The key of that id if it was looked up before and nothing changed since; never waits."""
        return self._ids.get(key_id)

    async def by_id(self, key_id: str) -> Key:
        """The key of that id, of whatever project. EnsueError `unauthorized` when it is unknown or revoked."""
        found = self._ids.get(key_id)
        if found is not None:
            return found
        changes = self._changes
        document = None
        if key_id not in self._unknown and _ID.fullmatch(key_id):
            # The newest id below one that sorts right behind it; the index of lists serves this as well.
            page = await self._store.list("key", None, key_id + "!", 1)
            document = page[0] if page and page[0].id == key_id else None
        return self._held(None if document is None else key_of(document), self._ids, key_id, key_id, changes)

    def _held(self, key: Key | None, known: dict[str, Key], name: str, unknown_name: str, changes: int) -> Key:
        """`key`, remembered by `name`; EnsueError `unauthorized` when there is none or it was revoked."""
        if key is None or key.revoked_at is not None:
            if len(self._unknown) >= _REMEMBERED:
                self._unknown.clear()
            self._unknown.add(unknown_name[:100])
            raise EnsueError("unauthorized", _UNKNOWN)
        if changes == self._changes:  # else it may have been revoked while we read it
            if len(known) >= _REMEMBERED:
                known.clear()
            known[name] = key
            self._renew_later()
        self.uses.note(key)
        return key

    def _renew_later(self) -> None:
        """Look every key up again once an hour, so that its use is noted at no cost to the calls between."""
        if self._renewal is None:
            self._renewal = asyncio.get_running_loop().call_later(NOTED_EVERY / 1000, self._renew)

    def _renew(self) -> None:
        self._renewal = None
        self.forget()

    def secret(self, key: Key) -> str:
        """The secret of a key, opened. EnsueError `unauthorized` for a key that has none."""
        if not key.secret:
            kind = "public" if key.public else "verified by RS256"
            raise EnsueError("unauthorized", f"The key {key.id} is {kind} and has no secret; use one that has.")
        return self._vault.open(key.secret).decode()

    def remembered(self, token: str, project: str | None) -> Identity | None:
        """As `verified`, if that was asked before and still holds; never waits, for the hot path."""
        found = self._verified.get((token, project))
        if found is None:
            return None
        identity, expires = found
        return identity if expires is None or self._clock() < expires else None

    async def verified(self, token: str, project: str | None) -> Identity:
        """Whose JWT this is and what it claims; `project` (slug or id) is the one asked for, None for any.

        Without a `kid` the newest live keys of `project` are tried, a hundred at most. EnsueError `unauthorized`.
        """
        found = self.remembered(token, project)
        if found is not None:
            return found
        changes = self._changes
        read = tokens.read(token)
        key = await self._signer_of(read, project)
        self.uses.note(key)
        claims = tokens.claims_of(read)
        expires = tokens.expiry_of(claims, self._clock())
        identity = Identity(key, claims)
        if changes == self._changes:
            if len(self._verified) >= _REMEMBERED_TOKENS:
                self._verified.clear()
            self._verified[token, project] = (identity, expires)
        return identity

    async def _signer_of(self, token: Token, project: str | None) -> Key:
        owner = None if project is None else await self._project_id(project)
        if token.key_id is not None:
            candidates: Sequence[Key] = [await self.by_id(token.key_id)]
        else:
            candidates = [] if owner is None else (await self._live_keys(owner))[:_TRIED]
        for key in candidates:
            secret = self.secret(key) if key.secret else None
            if owner in (None, key.project) and tokens.is_signed_by(token, key, secret):
                return key
        raise tokens.not_ours()

    async def _project_id(self, name: str) -> str:
        """The id of a project; remembered, since slugs change with a project's deletion only."""
        found = self._projects.get(name)
        if found is None:
            project = await self.find_project(name)
            if project is None:
                raise tokens.not_ours()
            if len(self._projects) >= _REMEMBERED:
                self._projects.clear()
            found = self._projects[name] = project.id
        return found

    async def _live_keys(self, project: str) -> Sequence[Key]:
        """The keys of a project (its id) that are not revoked, newest first."""
        found = self._live.get(project)
        if found is not None:
            return found
        changes = self._changes
        live = [key for key in map(key_of, await every(self._store, "key", project)) if key.revoked_at is None]
        if changes == self._changes:
            if len(self._live) >= _REMEMBERED_TOKENS:
                self._live.clear()
            self._live[project] = live
        return live

    async def signer(self, project: str) -> tuple[Key, str] | None:
        """The oldest live key of a project (its id) that has a secret, with it: whom outgoing JWTs are signed by."""
        for key in reversed(await self._live_keys(project)):
            if key.secret:
                return key, self.secret(key)
        return None

    async def create(
        self,
        project: str,
        scopes: Sequence[Scope] = (),
        name: str = "",
        *,
        public: bool = False,
        origins: Sequence[str] = (),
        verifier: str | None = None,
    ) -> NewKey:
        """A new key of `project` (slug or id; made if it is new), with all scopes if none are given.

        A `public` key may only send, from `origins` if there are any; `verifier` is the PEM of an RSA public key.
        EnsueError `invalid` that names the field.
        """
        rights = public_scopes(scopes) if public else tuple(scopes) or SCOPES
        from_where = check_origins(origins, public=public)
        checked = None if verifier is None else tokens.check_verifier(verifier)
        owner = await self.ensure_project(project)
        now = self._clock()
        token, secret = ids.new_token(), "" if public or verifier is not None else ids.new_secret()
        key = Key(
            id=ids.prefixed_id("key_", now),
            project=owner.id,
            scopes=rights,
            created_at=now,
            token_hash=hash_token(token),
            secret=self._vault.seal(secret.encode()) if secret else "",
            name=name,
            public=public,
            origins=from_where,
            verifier=checked,
        )
        await self._store.put([Put(document=key_document(key), expected=0)])
        self.forget()
        return NewKey(key, owner, token, secret, _first_jwt(key, secret))

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

    async def first(self, project: str) -> str | None:
        """The token of the very first key, if it is still there to be read, holds, and is of that project (its id)."""
        try:
            token = "" if self._first_file is None else self._first_file.read_text("ascii").strip()
            key = await self.authenticate(token)
        except (OSError, UnicodeDecodeError, EnsueError):
            return None
        return token if key.project == project else None

    async def find_project(self, name: str) -> Project | None:
        """The project of that slug or id; None for one that was deleted."""
        document = await self._store.find("project", name) or await self._store.get("project", name, name)
        project = None if document is None else project_of(document)
        return None if project is None or project.deleted_at is not None else project

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


def _first_jwt(key: Key, secret: str) -> str:
    """A JWT that stands for the key itself (design section 11)."""
    claims = {"id": key.id} | ({"role": "admin"} if "admin" in key.scopes else {})
    return tokens.mint(claims, key.id, secret) if secret else ""
