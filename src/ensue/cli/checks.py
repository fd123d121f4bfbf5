"""Hides of whom `ensue doctor` asks: the data directory, the store in it, and the server that should run."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from ensue.app import open_beside
from ensue.cli.exits import FailedError
from ensue.client.transport import ApiError, Transport
from ensue.config import Config, local_url
from ensue.domain.errors import EnsueError
from ensue.engine.examination import Finding, examine_lanes, examine_store, examine_views

_VIEWED: Final = 2_000


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
            await examine_lanes(beside.store, now),
            await examine_views(beside.store),
        ]
    finally:
        await beside.close()


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
