"""Hides how projects are spoken of in the native API: listed by their members, made, renamed, deleted."""

from typing import cast

from msgspec import Struct

from ensue.dialects.native.accounts import ProjectView, caller, project_view
from ensue.domain.decoding import decode
from ensue.domain.member import Role
from ensue.engine.engine import Engine
from ensue.http.exchange import Answer, Call, json_answer


class ProjectDraft(Struct, frozen=True, forbid_unknown_fields=True):
    """A project to be made; without a `slug` one is made of the name."""

    name: str
    slug: str | None = None


class ProjectPatch(Struct, frozen=True, forbid_unknown_fields=True):
    """A project's new name; its slug stays."""

    name: str


class ProjectEnd(Struct, frozen=True, forbid_unknown_fields=True):
    """That a project is to be deleted for good: its slug, written out."""

    confirm: str


class ProjectPage(Struct, frozen=True):
    """The projects that one is a member of, the oldest first; all of them are on one page."""

    items: list[ProjectView]
    next: str | None = None


async def page(engine: Engine, call: Call) -> Answer:
    """`GET /projects`."""
    call.query_values()
    found = await engine.people.members.of(caller(call).id)
    return json_answer(200, ProjectPage([project_view(one.project, one.role) for one in found]))


async def create(engine: Engine, call: Call) -> Answer:
    """`POST /projects`."""
    call.query_values()
    draft = decode(call.body, ProjectDraft)
    made = await engine.people.projects.create(caller(call).id, draft.name, draft.slug)
    return json_answer(201, project_view(made, "owner"))


async def rename(engine: Engine, call: Call) -> Answer:
    """`PATCH /projects/{id}`."""
    call.query_values()
    renamed = await engine.people.projects.rename(call.project, decode(call.body, ProjectPatch).name)
    return json_answer(200, project_view(renamed, cast("Role", caller(call).role)))


async def delete(engine: Engine, call: Call) -> Answer:
    """`DELETE /projects/{id}`: refused everywhere at once; what it held goes in steps."""
    call.query_values()
    await engine.people.projects.delete(call.project, decode(call.body, ProjectEnd).confirm)
    return Answer(204, content_type=None)
