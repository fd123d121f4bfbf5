"""Hides what `ensue doctor` asks, and of whom: the data directory, the store in it, and the server that should run."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from ensue.app import Beside, open_beside
from ensue.cli.exits import FailedError
from ensue.client.transport import ApiError, Transport
from ensue.config import Config, local_url
from ensue.domain.errors import EnsueError
from ensue.domain.trigger import trigger_of
from ensue.store.base import Store

HOUR: Final = 3_600_000
_STEP: Final = 500
_VIEWED: Final = 2_000


class Finding(Struct, frozen=True):
    """What came of one check; `detail` names the thing, and the way out where it is not ok."""

    check: str
    ok: bool
    detail: str

    def shown(self) -> dict[str, Any]:
        """As it is told."""
        return {"check": self.check, "ok": self.ok, "detail": self.detail}


def require_data(directory: Path) -> None:
    """Refuse to work on data that are not there, instead of making new ones; FailedError."""
    if not directory.is_dir():
        raise FailedError(f"There is no data directory {directory}; say which with --data, or run `ensue serve`.")


async def examine(config: Config, now: int) -> Sequence[Finding]:
    """All checks; one that cannot be made is a finding too."""
    return [*await _examine_data(config, now), examine_server(local_url(config.host, config.port))]


async def _examine_data(config: Config, now: int) -> Sequence[Finding]:
    try:
        require_data(config.directory)
        beside = await open_beside(config)
    except (EnsueError, FailedError) as error:
        return [Finding("data", ok=False, detail=str(error))]
    try:
        return [
            Finding("data", ok=True, detail=f"{config.directory.absolute()}: its schema and instance key fit"),
            await examine_store(beside.store, now),
            await examine_lanes(beside, now),
            await examine_views(beside.store),
        ]
    finally:
        await beside.close()


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


async def derive_anew(config: Config, told: Callable[[int, int], None]) -> int:
    """Make search and counts anew from the log, beside a running server too; how many events were taken in.

    `told(done, left)` hears of each step. EnsueError when the data cannot be opened, FailedError when there are none.
    """
    require_data(config.directory)
    beside = await open_beside(config)
    try:
        await beside.store.derive_anew()
        done = 0
        while True:
            followed = await beside.store.catch_up(_VIEWED)
            done += followed.done
            told(done, followed.left)
            if not followed.left:
                return done
    finally:
        await beside.close()


async def examine_lanes(beside: Beside, now: int) -> Finding:
    """Whether something has been due for more than an hour; what waits for a disabled trigger is meant to."""
    late: list[tuple[int, str]] = []
    lanes, after = 0, None
    while found := await beside.store.lanes(after, _STEP):
        lanes, after = lanes + len(found), found[-1].lane
        late += [(now - one.due_at, one.lane) for one in found if now - one.due_at > HOUR]
    if late:
        names = await _triggers(beside.store)
        late = [(age, names.get(lane, lane)) for age, lane in late if names.get(lane) != _DISABLED]
    if not late:
        return Finding("lanes", ok=True, detail=f"{lanes} with something pending, none late")
    age, name = max(late)
    detail = (
        f"{len(late)} of {lanes} lanes are late; the oldest, {name}, has been due for {age / HOUR:.1f} hours. "
        "Is the server running, and does that receiver answer? See `ensue deliveries list --state pending`."
    )
    return Finding("lanes", ok=False, detail=detail)


_DISABLED: Final = ""


async def _triggers(store: Store) -> Mapping[str, str]:
    """What the trigger of each lane is called; empty for a disabled one."""
    names: dict[str, str] = {}
    before: str | None = None
    while found := await store.list("trigger", None, before, _STEP):
        before = found[-1].id
        for document in found:
            trigger = trigger_of(document)
            names[trigger.id] = f"{trigger.id} ({trigger.name})" if trigger.enabled else _DISABLED
    return names


def examine_server(url: str) -> Finding:
    """Whether the server answers and is ready."""
    transport = Transport(url, None, timeout=5.0, retries=0)
    try:
        problems = transport.problems()
    except ApiError as error:
        return Finding("server", ok=False, detail=error.message)
    finally:
        transport.close()
    return Finding("server", ok=not problems, detail=" ".join(problems) or f"{url} answers and is ready")
