"""Hides how the names of triggers are at hand for a question: laid out in a thread, and again only when one changed."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from ensue.domain.finding import Names, Sought
from ensue.domain.trigger import Trigger
from ensue.engine.rules import Rules

_REMEMBERED: Final = 20
"""Projects whose names are at hand; of 10,000 triggers they take some megabytes."""


class _Laid(NamedTuple):
    """The names of triggers as they were."""

    triggers: Mapping[str, Trigger]
    names: Names


class Naming:
    """The names of the triggers of all projects."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._laid: dict[str, _Laid] = {}

    async def sought(self, project: str, words: Sequence[str]) -> Sought | None:
        """A question about the deliveries of a project (its id), with what its triggers' names and addresses answer;
        None without words."""
        if not words:
            return None
        triggers = self._rules.triggers_by_id(project)
        laid = self._laid.pop(project, None)
        if laid is None or laid.triggers is not triggers:
            laid = _Laid(triggers, await asyncio.to_thread(_names, triggers))
        self._laid[project] = laid  # at the end: the first is the one that was not asked for longest
        while len(self._laid) > _REMEMBERED:
            del self._laid[next(iter(self._laid))]
        return laid.names.sought(words)


def _names(triggers: Mapping[str, Trigger]) -> Names:
    return Names({one.id: (one.name, one.endpoint.url) for one in triggers.values()})
