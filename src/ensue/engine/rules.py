"""Hides how the rules of now are known: triggers and projects in memory, learned from the documents that changed.

They are learned in two places. In the writer's turn, when planning, from what that very transaction sees: it may yet
fail, so what was learned there counts as tentative until `confirm`. And in the event loop, from what is committed. A
lock keeps the two apart, and what readers get is never changed under them.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from ensue.domain.document import Document
from ensue.domain.errors import EnsueError
from ensue.domain.event import Event
from ensue.domain.eventing import KINDS, Admission
from ensue.domain.filter import Activation, Filter, activation, compile_filter
from ensue.domain.plan import Index
from ensue.domain.project import Project, project_of
from ensue.domain.push import KINDS as PUSH_KINDS
from ensue.domain.push import Audience, Device, Listener
from ensue.domain.trigger import Trigger, trigger_of
from ensue.store.base import Changes, Store

SLOW: Final = 0.010
"""A filter that takes longer than this (seconds of the processor, so that a busy machine is not held against it) …"""
SLOW_RUNS: Final = 3
"""… so many times is switched off until it is changed (design section 10)."""

_COMPILED: Final = 20_000

_NONE: Final[Mapping[str, Trigger]] = {}
_NOTHING_ASKED: Final = Admission()
"""What a project asks of queued events that configured nothing; never changed."""


class Fault(msgspec.Struct, frozen=True):
    """What a filter complained of, to be noted on its trigger; `off` when it was switched off for being slow."""

    error: str
    off: bool = False


class _Known:
    """What is known of projects and triggers. A trigger is replaced in place: it is never missing meanwhile."""

    def __init__(self) -> None:
        self.projects: dict[str, Project] = {}
        self.slugs: dict[str, str] = {}
        self.triggers: dict[str, dict[str, Trigger]] = {}
        self.by_id: dict[str, Trigger] = {}
        self.revisions: dict[str, int] = {}
        self.indexes: dict[str, Index] = {}
        self.admissions: dict[str, Admission] = {}
        self.audience = Audience()

    def learn(self, documents: Sequence[Document]) -> None:
        """Take in changes, in their order."""
        for project in {document.project for document in documents if document.kind == "trigger"}:
            self.triggers[project] = dict(self.triggers.get(project, {}))
            self.indexes.pop(project, None)
        for project in {document.project for document in documents if document.kind in KINDS}:
            self.admissions[project] = self.admissions.get(project, _NOTHING_ASKED).copied()
        for document in documents:
            if document.kind == "trigger":
                self._learn_trigger(document)
            elif document.kind == "project":
                self._learn_project(document)
            elif document.kind in KINDS:
                self.admissions[document.project].learn(document)
            elif document.kind in PUSH_KINDS:
                self.audience.learn(document)

    def _learn_trigger(self, document: Document) -> None:
        triggers = self.triggers[document.project]
        if document.deleted:
            for known in (triggers, self.by_id, self.revisions):
                known.pop(document.id, None)
        else:
            trigger = trigger_of(document)
            triggers[trigger.id] = self.by_id[trigger.id] = trigger
            self.revisions[trigger.id] = document.revision

    def _learn_project(self, document: Document) -> None:
        known = self.projects.get(document.id)
        if known is not None:
            self.slugs.pop(known.slug, None)
        project = None if document.deleted else project_of(document)
        if project is None or project.deleted_at is not None:
            self.projects.pop(document.id, None)
        else:
            self.projects[project.id] = project
            self.slugs[project.slug] = project.id


class Rules:
    """The triggers and projects of all projects, as of `revision`.

    `base` is what the default source of a project begins with; `timer` counts the seconds that filters use.
    """

    def __init__(
        self,
        max_filter_event_bytes: int = 16 * 1024,
        base: str = "urn:ensue:",
        timer: Callable[[], float] = time.thread_time,
    ) -> None:
        self.revision = 0
        self._committed = 0
        self._tentative: Sequence[Document] = ()
        self._lock = threading.Lock()
        self._known = _Known()
        self._filters: dict[str, Filter] = {}
        self._slow: dict[str, int] = {}
        self._faults: dict[str, Fault] = {}
        self._activation: tuple[Event, Activation] | None = None
        self._max_filter_event_bytes = max_filter_event_bytes
        self._timer = timer
        self._base = base
        self._told: list[tuple[frozenset[str], Callable[[], None]]] = []

    def on_change(self, kinds: frozenset[str], told: Callable[[], None]) -> None:
        """Whom to tell that a document of one of these kinds changed; called from any thread."""
        self._told.append((kinds, told))

    # learning

    async def refresh(self, store: Store) -> bool:
        """Learn what is committed and not known yet; True when something was new."""
        before = self.revision
        while True:
            after = self._committed
            if self._learn_committed(after, await store.changes(after)):
                return self.revision != before

    def _learn_committed(self, after: int, documents: Sequence[Document]) -> bool:
        """Take in `documents`, all that is committed after the revision `after`; False to be asked anew."""
        with self._lock:
            if after != self._committed:
                return False
            if not documents:
                return True
            if any(one != other for one, other in zip(documents, self._tentative, strict=False)):
                self._begin_anew()
                return False
            self._take_in(documents)
            self._committed = documents[-1].change
            self._tentative = [one for one in self._tentative if one.change > self._committed]
            return True

    def catch_up(self, changes: Changes) -> None:
        """In the writer's turn: learn the rules as this transaction sees them, also those that it changes itself."""
        documents = changes(self._committed)
        if not documents and not self._tentative:
            return
        with self._lock:
            if list(documents[: len(self._tentative)]) != list(self._tentative):
                self._begin_anew()  # a transaction that we learned from was rolled back: what it told never was
                documents = changes(0)
            self._take_in(documents)
            self._tentative = documents

    def confirm(self, revision: int) -> None:
        """The transaction in whose turn `revision` was learned is committed."""
        if revision == self._committed:
            return
        with self._lock:
            if self._committed < revision <= self.revision:
                self._committed = revision
                self._tentative = [one for one in self._tentative if one.change > revision]

    def _begin_anew(self) -> None:
        """What is known stays until all that is true was asked for."""
        self.revision = self._committed = 0
        self._tentative = ()

    def _take_in(self, documents: Sequence[Document]) -> None:
        fresh = [document for document in documents if document.change > self.revision]
        if not self.revision:
            known = _Known()
            known.learn(fresh)
            self._known = known
        elif fresh:
            self._known.learn(fresh)
        if not fresh:
            return
        self.revision = fresh[-1].change
        for document in fresh:
            self._slow.pop(document.id, None)
        changed = {document.kind for document in fresh}
        for kinds, told in self._told:
            if kinds & changed:
                told()

    # asking

    def project(self, name: str) -> Project | None:
        """The project of that id or slug."""
        return self._known.projects.get(name) or self._known.projects.get(self._known.slugs.get(name, ""))

    def source(self, project: str) -> str:
        """The CloudEvents source of events of `project` (an id) whose sender gave none; projects differ by it."""
        known = self._known.projects.get(project)
        return self._base + (known.slug if known is not None else project)

    def projects(self) -> Sequence[Project]:
        """All projects."""
        with self._lock:
            return list(self._known.projects.values())

    def triggers(self, project: str) -> Sequence[Trigger]:
        """The triggers of a project, newest first."""
        with self._lock:
            found = list(self._known.triggers.get(project, {}).values())
        return sorted(found, key=lambda trigger: trigger.id, reverse=True)

    def triggers_by_id(self, project: str) -> Mapping[str, Trigger]:
        """The triggers of a project; another mapping as soon as one of them changed, and never changed itself."""
        with self._lock:
            return self._known.triggers.get(project, _NONE)

    def trigger(self, trigger_id: str | None) -> Trigger | None:
        """The trigger of that id, in whatever project; None when it is gone."""
        return self._known.by_id.get(trigger_id or "")

    def trigger_revision(self, trigger_id: str) -> int:
        """The revision of the trigger's document, for a change that expects it."""
        return self._known.revisions[trigger_id]

    def count(self, project: str) -> int:
        """How many triggers a project has."""
        return len(self._known.triggers.get(project, ()))

    def admission(self, project: str) -> Admission:
        """What a project (its id) asks of queued events."""
        return self._known.admissions.get(project, _NOTHING_ASKED)

    def index(self, project: str) -> Index | None:
        """The project's triggers, laid out for planning; None when there are none."""
        known = self._known
        found = known.indexes.get(project)
        if found is None:
            with self._lock:
                triggers = known.triggers.get(project)
                if not triggers:
                    return None
                found = known.indexes[project] = Index(triggers.values())
        return found

    def listeners(self, project: str) -> Sequence[Listener]:
        """The devices that are to hear of what a project (its id) pushes."""
        audience = self._known.audience
        found = audience.known(project)
        if found is None:
            with self._lock:
                found = audience.work_out(project)
        return found

    def device(self, device_id: str) -> Device | None:
        """The device of that id; None when it is gone."""
        return self._known.audience.devices.get(device_id)

    def names(self, project: str, kind: str) -> bool:
        """Whether some trigger of a project is meant for events of this type, and not for whatever comes."""
        index = self.index(project)
        return index is not None and index.names(kind)

    # judging, in the writer's turn

    def judge(self, trigger: Trigger, event: Event) -> bool:
        """Whether the trigger's filter lets the event through; one that errs does not, and it is noted.

        Called in the writer's turn only. The clock is looked at here since the domain has none; preparing the event,
        whose cost is the event's, is not held against the filter.
        """
        if trigger.filter_off or self._slow.get(trigger.id, 0) >= SLOW_RUNS:
            return False
        expression = self._filter(trigger)
        if expression is None:
            return False
        if self._activation is None or self._activation[0] is not event:
            self._activation = (event, activation(event))
        prepared = self._activation[1]
        if expression.most is None or prepared.size <= expression.most:
            prepared.prepare()
        began = self._timer()
        judgement = expression.judge(prepared)
        if self._timer() - began > SLOW:
            self._note_slow(trigger)
        elif judgement.error is not None and judgement.error != trigger.filter_error:
            self._faults[trigger.id] = Fault(judgement.error)
        return judgement.matched

    def _filter(self, trigger: Trigger) -> Filter | None:
        text = trigger.match.filter or "true"
        found = self._filters.get(text)
        if found is None:
            if len(self._filters) >= _COMPILED:
                self._filters.clear()
            try:
                found = self._filters[text] = compile_filter(text, self._max_filter_event_bytes)
            except EnsueError as error:
                if error.message != trigger.filter_error:
                    self._faults[trigger.id] = Fault(error.message)
        return found

    def _note_slow(self, trigger: Trigger) -> None:
        runs = self._slow[trigger.id] = self._slow.get(trigger.id, 0) + 1
        if runs >= SLOW_RUNS:
            text = f"switched off: it took more than {SLOW * 1000:.0f} ms {SLOW_RUNS} times; make it simpler"
            self._faults[trigger.id] = Fault(text, off=True)

    def take_faults(self) -> dict[str, Fault]:
        """What filters complained of since the last call, by trigger; safe while the writer notes more."""
        found: dict[str, Fault] = {}
        while self._faults:
            trigger_id, fault = self._faults.popitem()
            found.setdefault(trigger_id, fault)
        return found

    def put_back(self, trigger_id: str, fault: Fault) -> None:
        """A fault that could not be noted; it is handed out again unless there is a newer one."""
        self._faults.setdefault(trigger_id, fault)
