"""Hides how documents are paged through: from an id on, in either direction, by leaving out the first ones, or all."""

from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

from msgspec import Struct

from ensue.domain.document import Document
from ensue.store.base import Store

COUNTED: Final = 10_000
"""Beyond so many, a count says this many: to count costs 3 µs each, and every page tells a count."""

_STEP: Final = 500

T = TypeVar("T")


class Page(Struct, Generic[T], frozen=True):
    """Things by descending id, with the id of each; `more` is whether others follow in the direction asked for."""

    items: Sequence[tuple[str, T]]
    more: bool


class Span(Struct, frozen=True):
    """Documents of a kind and project; where ids begin with an owner's, between `first` and `end`, both excluded."""

    kind: str
    project: str
    first: str | None = None
    end: str | None = None


class Place(Struct, frozen=True):
    """From where on: just below the id `before`, just above the id `after`, or from the top. `limit` items."""

    limit: int
    before: str | None = None
    after: str | None = None


async def paged(store: Store, span: Span, place: Place, made: Callable[[Document], T]) -> Page[T]:
    """The documents at `place`, each as `made` of it."""
    upwards = place.after is not None
    found = await store.list(
        span.kind,
        span.project,
        place.before or span.end,
        place.limit + 1,
        after=place.after or span.first,
        upwards=upwards,
    )
    items = [(document.id, made(document)) for document in found[: place.limit]]
    return Page(items[::-1] if upwards else items, len(found) > place.limit)


async def counted(store: Store, kind: str, project: str, first: str | None = None, end: str | None = None) -> int:
    """How many documents there are, up to `COUNTED`."""
    return await store.count(kind, project, first, end, COUNTED)


async def skipped(store: Store, kind: str, project: str, offset: int, limit: int) -> Sequence[Document]:
    """Up to `limit` documents by descending id, after the first `offset` ones; read in steps."""
    before: str | None = None
    while offset > 0:
        step = await store.list(kind, project, before, min(offset, _STEP))
        if not step:
            return []
        before, offset = step[-1].id, offset - len(step)
    return await store.list(kind, project, before, limit)


async def every(store: Store, kind: str, project: str | None = None) -> Sequence[Document]:
    """All documents of a kind, by descending id, of a project or (None) of all; read in steps."""
    found: list[Document] = []
    step: Sequence[Document] | None = None
    while step is None or len(step) == _STEP:
        step = await store.list(kind, project, found[-1].id if found else None, _STEP)
        found += step
    return found
