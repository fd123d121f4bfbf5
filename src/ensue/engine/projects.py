"""Hides how projects are made, named and ended: a deleted one is refused at once, and what it held goes in steps."""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from msgspec.structs import replace

from ensue.domain import ids
from ensue.domain.document import Document, Put
from ensue.domain.errors import EnsueError
from ensue.domain.key import key_document, key_of
from ensue.domain.member import MEMBERS, Seat, Seats, members_document, reaches
from ensue.domain.project import Project, check_slug, project_document, project_of
from ensue.engine.clock import Clock
from ensue.engine.members import Members
from ensue.engine.paging import every
from ensue.engine.repeated import put, repeated
from ensue.store.base import Store

MAX_NAME: Final = 100

Known = Callable[[str], Project | None]
"""The project of a slug or id, if it is at hand."""

_OTHER: Final = re.compile(r"[^a-z0-9]+")


class Projects:
    """All projects. `changed` is awaited after each change, so that this process knows of it at once; `known` has
    those that need no look into the store."""

    def __init__(
        self, store: Store, clock: Clock, members: Members, changed: Callable[[], Awaitable[None]], known: Known
    ) -> None:
        self._store = store
        self._clock = clock
        self._members = members
        self._changed = changed
        self._known = known
        self._doomed: Callable[[], None] = lambda: None

    def on_delete(self, told: Callable[[], None]) -> None:
        """Whom to tell that a project is to be cleared away."""
        self._doomed = told

    async def find(self, name: str) -> Project | None:
        """The project of that slug or id, None for one that was deleted."""
        known = self._known(name)
        if known is not None:
            return known
        document = await self._store.find("project", name) or await self._store.get("project", name, name)
        project = None if document is None else project_of(document)
        return None if project is None or project.deleted_at is not None else project

    async def create(self, account: str, name: str, slug: str | None = None) -> Project:
        """A new project with `account` as its owner; without a slug one is made of the name.

        EnsueError `invalid`, `forbidden` for who is neither owner nor admin of another, `conflict` for a taken slug.
        """
        called = check_project_name(name)
        if slug is not None:
            check_slug(slug, "slug")
        if not any(reaches(one.role, "admin") for one in await self._members.of(account)):
            raise EnsueError("forbidden", "Only owners and admins of a project make new ones.")

        async def attempt() -> Project:
            now = self._clock()
            chosen = await self._free_slug(called) if slug is None else await self._untaken(slug)
            project = Project(id=ids.prefixed_id("prj_", now), slug=chosen, name=called, created_at=now)
            owned = members_document(project.id, Seats({account: Seat("owner", now)}))
            await put(
                self._store, [Put(document=project_document(project), expected=0), Put(document=owned, expected=0)]
            )
            return project

        project = await repeated(attempt)
        await self._changed()
        return project

    async def _untaken(self, slug: str) -> str:
        if await self._store.find("project", slug) is not None:
            raise EnsueError("conflict", f"There is a project {slug!r} already; choose another slug.", "slug")
        return slug

    async def _free_slug(self, name: str) -> str:
        slug = _OTHER.sub("-", name.lower()).strip("-")[:50].strip("-") or "project"
        for number in range(1, 100):
            numbered = slug if number == 1 else f"{slug}-{number}"
            if await self._store.find("project", numbered) is None:
                return numbered
        raise EnsueError("conflict", f"There are many projects called {slug!r} already; give a slug.", "slug")

    async def rename(self, project: str, name: str) -> Project:
        """Give a project (its id) another name; its slug stays. EnsueError `invalid`, `not_found`."""
        called = check_project_name(name)

        async def attempt() -> Project:
            document, known = await self._there(project)
            renamed = replace(known, name=called)
            await put(self._store, [Put(document=project_document(renamed), expected=document.revision)])
            return renamed

        renamed = await repeated(attempt)
        await self._changed()
        return renamed

    async def delete(self, project: str, confirm: str) -> None:
        """End a project (its id): its keys, members and triggers at once, all else soon. `confirm` is its slug.

        EnsueError `invalid` for another word, `not_found`, `conflict` for the last project.
        """

        async def attempt() -> None:
            document, known = await self._there(project)
            if confirm != known.slug:
                raise EnsueError(
                    "invalid", f"To delete this project for good, write its slug {known.slug!r}.", "confirm"
                )
            another = await self._another(project)
            if another is None:
                raise EnsueError("conflict", "This is the last project; make another one first.")
            doomed = Put(
                document=project_document(replace(known, deleted_at=self._clock())), expected=document.revision
            )
            stays = Put(document=another, expected=another.revision)  # else both of two could go at once
            await put(self._store, [doomed, stays, *await self._ends(project)])

        await repeated(attempt)
        await self._changed()
        self._doomed()

    async def _there(self, project: str) -> tuple[Document, Project]:
        document = await self._store.get("project", project, project)
        if document is None or project_of(document).deleted_at is not None:
            raise EnsueError("not_found", f"There is no project {project[:80]!r}.")
        return document, project_of(document)

    async def _another(self, project: str) -> Document | None:
        """Some other project that was not deleted."""
        documents = await every(self._store, "project")
        return next((one for one in documents if one.id != project and project_of(one).deleted_at is None), None)

    async def _ends(self, project: str) -> Sequence[Put]:
        """What ends every right in a project."""
        now = self._clock()
        keys = [key for key in map(key_of, await every(self._store, "key", project)) if key.revoked_at is None]
        members = await self._store.get(MEMBERS, project, project)
        gone = [] if members is None else [Put(document=replace(members, body=b""))]
        return [*(Put(document=key_document(replace(key, revoked_at=now))) for key in keys), *gone]


def check_project_name(text: str) -> str:
    """A project's name, 1 to 100 printable characters. Raises EnsueError `invalid`."""
    name = text.strip()
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise EnsueError("invalid", f"'name' is 1 to {MAX_NAME} printable characters.", "name")
    return name
