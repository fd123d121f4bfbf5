"""When views follow: at the start, after news, to the end, and again after a fault."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ensue.domain.errors import EnsueError
from ensue.domain.intake import Draft, accept
from ensue.domain.words import asked
from ensue.engine import loop, views
from ensue.engine.views import Views
from ensue.store.base import EventQuery
from ensue.store.derived import Followed
from ensue.testing import PATIENCE, running
from tests.acceptance.server import eventually


class Behind:
    """A store that is behind as a test says; it tells when it was asked."""

    def __init__(self, *answers: Followed | EnsueError) -> None:
        self._answers = list(answers)
        self.asked = 0
        self.changed = asyncio.Condition()

    async def catch_up(self, limit: int) -> Followed:
        """The next answer; nothing to do when there are no more."""
        assert limit > 0
        async with self.changed:
            self.asked += 1
            self.changed.notify_all()
        answer = self._answers.pop(0) if self._answers else Followed(0, 0)
        if isinstance(answer, EnsueError):
            raise answer
        return answer

    async def until_asked(self, times: int) -> None:
        """Wait until it was asked so often."""
        async with asyncio.timeout(PATIENCE), self.changed:
            await self.changed.wait_for(lambda: self.asked >= times)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is gathered, and a fault is forgiven at once."""
    monkeypatch.setattr(views, "_GATHER", 0)
    monkeypatch.setattr(loop, "_PAUSE", 0)


@asynccontextmanager
async def following(store: Behind) -> AsyncIterator[Views]:
    """Views that follow."""
    made = Views(store)  # type: ignore[arg-type]
    made.start()
    yield made
    await made.stop()


async def test_what_is_behind_is_followed_at_once() -> None:
    """The start follows to the end, step by step; later news does so again, and nothing else before it."""
    store = Behind(Followed(4_000, 9_000), Followed(4_000, 5_000), Followed(1_000, 0))
    async with following(store) as made:
        await store.until_asked(3)
        made.wake()
        await store.until_asked(4)
    assert store.asked == 4


async def test_a_fault_ends_nothing() -> None:
    """A full disk stops it no longer than it lasts."""
    store = Behind(EnsueError("unavailable", "The disk is full."), Followed(1, 0))
    async with following(store) as made:
        await store.until_asked(1)
        made.wake()
        await store.until_asked(2)


async def test_being_made_anew_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """Whoever reads the log learns that search shows a part, and when it is whole again; a few events are no news."""
    caplog.set_level(logging.WARNING)
    few, many = Behind(Followed(4_000, 100), Followed(100, 0)), Behind(Followed(4_000, 90_000), Followed(90_000, 0))
    await Views(few).catch_up()  # type: ignore[arg-type]
    assert not caplog.messages
    await Views(many).catch_up()  # type: ignore[arg-type]
    assert ["90000" in told for told in caplog.messages] == [True, False]


async def test_a_commit_is_found_without_being_asked(tmp_path: Path) -> None:
    """In a house that runs, what was sent is found soon, and removed soon."""

    async def found() -> Sequence[str]:
        query = EventQuery(project=house.key.key.project, words=asked("refu"))
        return [event.id for event in (await house.engine.events(query)).items]

    async with running(tmp_path) as house:
        intake = accept(Draft(type="refund.asked"), house.key.key.project, house.engine.limits, house.engine.clock())
        sent = (await house.engine.ingest.submit(intake)).event_id
        assert await eventually(found, "the event is found") == [sent]
        await house.engine.remove_event(house.key.key.project, sent)
        assert await found() == []
