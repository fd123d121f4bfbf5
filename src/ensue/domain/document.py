"""Hides how configured things are kept: a document with a revision, whatever it is (design section 3)."""

from typing import Final

from msgspec import Struct

RULES: Final = frozenset(
    {"trigger", "project", "key", "event_rule", "event_schema", "eventing"}
    | {"account", "members", "device", "push_wishes"}
)
"""Kinds whose changes are numbered, so that every process hears of them: planning depends on triggers and projects
(design section 5, plans are never stale), a revoked key must be forgotten, and so must who is a member and who is
signed in (the end of a session travels with a change of its account); what a project asks of queued events, and which
devices are to hear of an event, is looked up in memory."""


class Document(Struct, frozen=True, kw_only=True):
    """A configured thing of one project: a trigger, a key, a project, a button's state.

    `body` is its JSON; empty when it was deleted. `alias` is a second name, unique within `kind` over all projects
    (a project's slug, the hash of a key's token). `revision` is 1 at creation and +1 at each change, as the store
    keeps it. `change` is the place in the order of changes to rules, 0 for other kinds; stores set it.
    """

    kind: str
    project: str
    id: str
    body: bytes
    alias: str | None = None
    revision: int = 0
    change: int = 0

    @property
    def deleted(self) -> bool:
        """Whether this is the mark that a deleted rule leaves, so that other processes hear of it."""
        return not self.body


class Put(Struct, frozen=True, kw_only=True):
    """A change of a document that travels with an entry or an outcome.

    `expected` is the revision that it must have now: 0 for one that must not exist, None for any.
    An empty `document.body` deletes.
    """

    document: Document
    expected: int | None = None
