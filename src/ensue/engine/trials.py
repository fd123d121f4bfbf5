"""Hides how a match is tried against what happened: which events it would let through, and why not the newest."""

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from msgspec import Struct

from ensue.domain.errors import EnsueError
from ensue.domain.event import Event
from ensue.domain.filter import Filter, activation, compile_filter, seen
from ensue.domain.plan import Index
from ensue.domain.trigger import Endpoint, Match, Trigger

RECENT: Final = 50
"""So many events are looked at, the newest."""

MAX_PATTERNS: Final = 10
"""Events of so many type patterns are looked for, those named first."""

BUDGET: Final = 0.25
"""Seconds of the processor for all of them; those that are left over then are not told."""

_PATH: Final = re.compile(r"\bevent(?:\.[A-Za-z_]\w*)+(?!\s*\()")
_TOKEN: Final = re.compile(r"""\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|&&|\|\||.""", re.DOTALL)
_MOST_VALUES: Final = 8
_MOST_CHARACTERS: Final = 120


class Miss(Struct, frozen=True):
    """Why an event is not let through: by which `part` of the match, by which of the filter's clauses between `&&`,
    with the values that it looks at (by path; what is absent is not there), or what the filter complained of."""

    event: Event
    part: str
    clause: str | None = None
    values: dict[str, Any] = {}
    error: str | None = None


class Trial(Struct, frozen=True):
    """For each event, newest first, whether it matches; `miss` is about the newest, if it does not. `complaint` is what
    the filter last complained of."""

    events: Sequence[Event]
    matched: Sequence[bool]
    miss: Miss | None = None
    complaint: str | None = None


async def tried(match: Match, events: Sequence[Event], timer: Callable[[], float] = time.thread_time) -> Trial:
    """`match` against `events`, newest first, in a thread of its own. EnsueError `invalid` for a wrong filter."""
    return await asyncio.to_thread(_tried, match, events, timer)


def _tried(match: Match, events: Sequence[Event], timer: Callable[[], float]) -> Trial:
    judge = _Judge(match.filter)
    index = Index([_trigger(match)])
    began = timer()
    matched: list[bool] = []
    for event in events:
        if matched and timer() - began > BUDGET:
            break
        matched.append(bool(index.matching(event, judge)))
    miss = _miss(match, events[0], index, judge) if matched and not matched[0] else None
    return Trial(events[: len(matched)], matched, miss, judge.complaint)


class _Judge:
    """The filter of the one trigger that is tried; remembers what it complained of."""

    def __init__(self, text: str | None) -> None:
        self.filter: Filter = compile_filter(text or "true")
        self.complaint: str | None = None

    def __call__(self, _trigger: Trigger, event: Event) -> bool:
        judgement = self.filter.judge(activation(event))
        self.complaint = judgement.error or self.complaint
        return judgement.matched


def _trigger(match: Match) -> Trigger:
    return Trigger(id="", project="", name="", match=match, endpoint=Endpoint(""), created_at=0, updated_at=0)


def _miss(match: Match, event: Event, index: Index, judge: _Judge) -> Miss:
    if not index.matching(event, lambda *_: True):
        return Miss(event, _part(match, event))
    error = judge.filter.judge(activation(event)).error
    clause = _failing(match.filter or "", event)
    return Miss(event, "filter", clause, _values(clause or match.filter or "", event), error)


def _part(match: Match, event: Event) -> str:
    """Which part but the filter keeps it out."""
    if event.is_test and not match.test:
        return "test"
    for name in ("subject", "tenant", "category"):
        wanted = getattr(match, name)
        if wanted is not None and wanted != getattr(event, name):
            return name
    without = Match(match.type, test=True, attributes=match.attributes)
    return "rule" if Index([_trigger(without)]).matching(event, lambda *_: True) else "attributes"


def _failing(text: str, event: Event) -> str | None:
    """The first clause between `&&` that does not hold, or errs; None where the filter has but one."""
    clauses = clauses_of(text)
    if len(clauses) < 2:
        return None
    for clause in clauses:
        try:
            if not compile_filter(clause).judge(activation(event)).matched:
                return clause
        except EnsueError:
            return None
    return None


def clauses_of(text: str) -> list[str]:
    """What stands between the `&&` outside of brackets and strings; the whole where `||` or `?` stands there, too."""
    parts = [""]
    depth = 0
    for piece in _TOKEN.findall(text):
        depth += (piece in "([{") - (piece in ")]}")
        if not depth and piece in ("||", "?"):
            return [text.strip()]
        if not depth and piece == "&&":
            parts.append("")
        else:
            parts[-1] += piece
    return [part.strip() for part in parts if part.strip()]


def _values(text: str, event: Event) -> dict[str, Any]:
    """What stands at the paths that `text` names; long values are cut, objects and lists are told by their size."""
    try:
        whole = seen(event)
    except OverflowError:
        return {}
    found: dict[str, Any] = {}
    for path in list(dict.fromkeys(_PATH.findall(text)))[:_MOST_VALUES]:
        value: Any = whole
        for name in path.split(".")[1:]:
            value = value.get(name, _ABSENT) if isinstance(value, dict) else _ABSENT
        if value is not _ABSENT:
            found[path] = _short(value)
    return found


_ABSENT: Final = object()


def _short(value: Any) -> Any:
    if isinstance(value, dict):
        return f"{{ {len(value)} keys }}"
    if isinstance(value, list):
        return f"[ {len(value)} items ]"
    if isinstance(value, str) and len(value) > _MOST_CHARACTERS:
        return value[:_MOST_CHARACTERS] + "…"
    return value
