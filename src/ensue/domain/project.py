"""Hides what a project is: the wall around keys, events and rules, known by id and by slug."""

import re
from typing import Final

import msgspec
from msgspec import Struct

from ensue.domain.document import Document
from ensue.domain.errors import EnsueError
from ensue.domain.trigger import Secret

DEFAULT_SLUG: Final = "default"

_SLUG: Final = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?")


class Project(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A project; `retention` and `test_retention` are days, None for the instance's setting.

    `secrets` sign the requests of its pressed buttons, the present one first; none until the first is needed.
    `deleted_at`: it is refused everywhere since then (ms), and what it held is being cleared away.
    """

    id: str
    slug: str
    created_at: int
    name: str = ""
    retention: int | None = None
    test_retention: int | None = None
    secrets: tuple[Secret, ...] = ()
    deleted_at: int | None = None


def check_slug(slug: str, field: str = "project") -> str:
    """The slug: 1 to 63 of a-z, 0-9, `-` and `_`, a letter or digit at both ends; or EnsueError `invalid`."""
    if not _SLUG.fullmatch(slug):
        message = f"{slug[:70]!r} is no slug: 1 to 63 of a-z, 0-9, '-' and '_', a letter or digit at both ends."
        raise EnsueError("invalid", message, field)
    return slug


def project_document(project: Project, revision: int = 0) -> Document:
    """The document that keeps a project; its alias is the slug, which a deleted one leaves to others."""
    body, alias = msgspec.json.encode(project), project.slug if project.deleted_at is None else None
    return Document(kind="project", project=project.id, id=project.id, body=body, alias=alias, revision=revision)


def project_of(document: Document) -> Project:
    """The project that a document keeps."""
    return msgspec.json.decode(document.body, type=Project)
