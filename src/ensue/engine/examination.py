"""Hides what is looked at when somebody asks whether the server is well, and the words for what was found.

`ensue doctor` asks beside the server, the console asks the server itself (`GET /api/v1/server`).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from ensue.domain.errors import EnsueError
from ensue.domain.plan import scheduled_lane
from ensue.domain.press import ACTION_MARK
from ensue.domain.push import PUSH_MARK
from ensue.domain.replay import fresh_lane
from ensue.domain.schedule import HOUR
from ensue.domain.trigger import Trigger, trigger_of
from ensue.engine.paging import every
from ensue.store.base import Store

_STEP: Final = 500


class Finding(Struct, frozen=True):
    """What came of one check; `detail` names the thing, and the way out where it is not ok."""

    check: str
    ok: bool
    detail: str

    def shown(self) -> dict[str, Any]:
        """As it is told."""
        return {"check": self.check, "ok": self.ok, "detail": self.detail}


async def examine_store(store: Store, now: int) -> Finding:
    """Whether it can be written, and has room to."""
    health = await store.health(now)
    detail = " ".join(health.problems) or f"can be written; {(health.bytes_used or 0) >> 20:,} MiB"
    return Finding("store", ok=health.writable and not health.problems, detail=detail)


async def examine_views(store: Store) -> Finding:
    """Whether search and counts can be read, and how far behind the log they are."""
    try:
        behind = await store.behind()
    except EnsueError as error:
        return Finding(
            "views", ok=False, detail=f"{error.message} Restart the server: it makes search and counts anew."
        )
    detail = "search and counts are up to date"
    if behind:
        detail = f"search and counts are {behind:,} events behind; a running server catches up"
    return Finding("views", ok=True, detail=detail)


async def examine_lanes(store: Store, now: int, project: str | None = None) -> Finding:
    """Whether something has been due for more than an hour; what waits for a disabled trigger is meant to.

    Lanes of other projects than `project` are not named, if it is given.
    """
    late: list[tuple[int, str]] = []
    lanes, after = 0, None
    while found := await store.lanes(after, _STEP):
        lanes, after = lanes + len(found), found[-1].lane
        late += [(now - one.due_at, one.lane) for one in found if now - one.due_at > HOUR]
    if late:
        triggers = await _triggers(store)
        late = [(age, lane) for age, lane in late if _is_meant_to_go(triggers.get(fresh_lane(lane)))]
    if not late:
        return Finding("lanes", ok=True, detail=f"{lanes} with something pending, none late")
    age, lane = max(late)
    detail = (
        f"{len(late)} of {lanes} lanes are late; the oldest, {_named(lane, triggers, project)}, has been due for "
        f"{age / HOUR:.1f} hours. "
        "Is the server running, and does that receiver answer? See `ensue deliveries list --state pending`."
    )
    return Finding("lanes", ok=False, detail=detail)


async def _triggers(store: Store) -> Mapping[str, Trigger]:
    """All triggers there are, by id."""
    return {document.id: trigger_of(document) for document in await every(store, "trigger")}


def _is_meant_to_go(trigger: Trigger | None) -> bool:
    return trigger is None or trigger.enabled


def _named(lane: str, triggers: Mapping[str, Trigger], project: str | None) -> str:
    """What a lane is called for `project`; for nobody's in particular where that is None."""
    trigger = triggers.get(fresh_lane(lane))
    if trigger is not None:
        replayed = "" if lane == trigger.id else ", replayed"
        ours = project in (None, trigger.project)
        return f"{trigger.id} ({trigger.name}){replayed}" if ours else "a trigger of another project"
    if project is None:
        return lane
    if lane.startswith(f"{project}|"):
        return f"buttons that call {lane.removeprefix(f'{project}|').removesuffix(ACTION_MARK)}"
    if lane == scheduled_lane(project):
        return "scheduled events"
    return "pushes to a device" if lane.endswith(PUSH_MARK) else "one that is not of this project"


async def examine_running(store: Store, now: int, project: str) -> Sequence[Finding]:
    """What a running server says of itself to an admin of `project`."""
    return [await examine_store(store, now), await examine_lanes(store, now, project), await examine_views(store)]
