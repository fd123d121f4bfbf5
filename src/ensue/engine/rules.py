"""Hides how the rules of now are known: triggers and projects in memory, learned from the documents that changed.

`learn` is called in the writer's turn (when planning), and in the event loop (after a change, or when another process
made one); a lock keeps the two apart, and what readers get is never changed under them.
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from ensue.domain.document import Document
from ensue.domain.errors import EnsueError
from ensue.domain.event import Event
from ensue.domain.filter import Activation, Filter, activation, compile_filter
from ensue.domain.plan import Index
from ensue.domain.project import Project, project_of
from ensue.domain.trigger import Trigger, trigger_of

SLOW: Final = 0.010
"""A filter that takes longer than this (seconds) …"""
SLOW_RUNS: Final = 3
"""… so many times is switched off until it is changed (design section 10)."""


class Fault(msgspec.Struct, frozen=True):
    """What a filter complained of, to be noted on its trigger; `off` when it was switched off for being slow."""

    error: str
    off: bool = False


class Rules:
    """The triggers and projects of all projects, as of `revision`."""

    def __init__(self, max_filter_event_bytes: int = 16 * 1024) -> None:
        self.revision = 0
        self.faults: dict[str, Fault] = {}
        self._lock = threading.Lock()
        self._projects: dict[str, Project] = {}
        self._slugs: dict[str, str] = {}
        self._triggers: dict[str, dict[str, Trigger]] = {}
        self._revisions: dict[str, int] = {}
        self._by_id: dict[str, Trigger] = {}
        self._indexes: dict[str, Index] = {}
        self._filters: dict[str, Filter] = {}
        self._slow: dict[str, int] = {}
        self._activation: tuple[Event, Activation] | None = None
        self._max_filter_event_bytes = max_filter_event_bytes
        self._forget_keys: Callable[[], None] = lambda: None

    def on_keys(self, forget: Callable[[], None]) -> None:
        """Whom to tell that a key changed; called from any thread."""
        self._forget_keys = forget

    def learn(self, documents: Sequence[Document]) -> bool:
        """Take in rules that changed; True when something was new.

        `documents` are all that changed after a revision that was ours once, in order: a list with holes would make
        us believe that we know what is in them.
        """
        if not documents:
            return False
        with self._lock:
            fresh = [document for document in documents if document.change > self.revision]
            for document in fresh:
                self._learn(document)
                self.revision = document.change
        return bool(fresh)

    def _learn(self, document: Document) -> None:
        if document.kind == "key":
            self._forget_keys()
            return
        if document.kind == "project":
            self._learn_project(document)
            return
        triggers = dict(self._triggers.get(document.project, {}))
        triggers.pop(document.id, None)
        self._by_id.pop(document.id, None)
        self._filters.pop(document.id, None)
        self._slow.pop(document.id, None)
        if not document.deleted:
            trigger = trigger_of(document)
            triggers[trigger.id] = self._by_id[trigger.id] = trigger
            self._revisions[trigger.id] = document.revision
        self._triggers[document.project] = triggers
        self._indexes.pop(document.project, None)

    def _learn_project(self, document: Document) -> None:
        known = self._projects.pop(document.id, None)
        if known is not None:
            self._slugs.pop(known.slug, None)
        if not document.deleted:
            project = project_of(document)
            self._projects[project.id] = project
            self._slugs[project.slug] = project.id

    def project(self, name: str) -> Project | None:
        """The project of that id or slug."""
        return self._projects.get(name) or self._projects.get(self._slugs.get(name, ""))

    def projects(self) -> Sequence[Project]:
        """All projects."""
        return list(self._projects.values())

    def triggers(self, project: str) -> Sequence[Trigger]:
        """The triggers of a project, newest first."""
        return sorted(self._triggers.get(project, {}).values(), key=lambda trigger: trigger.id, reverse=True)

    def trigger(self, trigger_id: str | None) -> Trigger | None:
        """The trigger of that id, in whatever project; None when it is gone."""
        return self._by_id.get(trigger_id or "")

    def trigger_revision(self, trigger_id: str) -> int:
        """The revision of the trigger's document, for a change that expects it."""
        return self._revisions[trigger_id]

    def count(self, project: str) -> int:
        """How many triggers a project has."""
        return len(self._triggers.get(project, ()))

    def index(self, project: str) -> Index | None:
        """The project's triggers, laid out for planning; None when there are none."""
        found = self._indexes.get(project)
        if found is None:
            with self._lock:
                triggers = self._triggers.get(project)
                if not triggers:
                    return None
                found = self._indexes[project] = Index(triggers.values())
        return found

    def judge(self, trigger: Trigger, event: Event) -> bool:
        """Whether the trigger's filter lets the event through; one that errs does not, and it is noted.

        Called in the writer's turn only. The clock is looked at here since the domain has none.
        """
        if trigger.filter_off or self._slow.get(trigger.id, 0) >= SLOW_RUNS:
            return False
        expression = self._filter(trigger)
        if expression is None:
            return False
        if self._activation is None or self._activation[0] is not event:
            self._activation = (event, activation(event))
            self._activation[1].prepare()  # so that the first filter does not pay for all
        began = time.perf_counter()
        judgement = expression.judge(self._activation[1])
        if time.perf_counter() - began > SLOW:
            self._note_slow(trigger)
        elif judgement.error is not None and judgement.error != trigger.filter_error:
            self.faults[trigger.id] = Fault(judgement.error)
        return judgement.matched

    def _filter(self, trigger: Trigger) -> Filter | None:
        found = self._filters.get(trigger.id)
        if found is None:
            try:
                found = self._filters[trigger.id] = compile_filter(
                    trigger.match.filter or "true", self._max_filter_event_bytes
                )
            except EnsueError as error:
                self.faults[trigger.id] = Fault(error.message)
        return found

    def _note_slow(self, trigger: Trigger) -> None:
        runs = self._slow[trigger.id] = self._slow.get(trigger.id, 0) + 1
        if runs >= SLOW_RUNS:
            text = f"switched off: it took more than {SLOW * 1000:.0f} ms {SLOW_RUNS} times; make it simpler"
            self.faults[trigger.id] = Fault(text, off=True)
