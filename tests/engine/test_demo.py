"""The demo: the same story for the same seed, a past with everything in it, kept as what really happened would be."""

import asyncio
import re
from collections import Counter
from collections.abc import Sequence

import msgspec
import pytest

from ensue.domain.errors import EnsueError
from ensue.domain.intake import Draft, Limits, accept
from ensue.domain.schedule import DAY, HOUR
from ensue.domain.tally import TallyQuery
from ensue.engine.demo import Filled
from ensue.engine.demo_past import Wish
from ensue.engine.demo_shop import RECEIVERS, at
from ensue.engine.demo_story import Happening, story
from ensue.engine.demo_story import Stage as Scenery
from ensue.store.base import DeliveryQuery, EventQuery
from tests.engine.stage import Stage

NOW = 1_767_323_045_678


def _story(seed: int, count: int) -> Sequence[Happening]:
    return story(seed, count, Scenery(NOW, "https://ensue.example", at(None)))


def test_a_seed_tells_one_story() -> None:
    """The same number tells the same one, another number another one."""
    assert _story(7, 60) == _story(7, 60)
    assert _story(7, 60) != _story(8, 60)


def test_a_story_is_as_long_as_asked_and_in_order() -> None:
    """Nothing happens after now; the more there is, the further back it goes."""
    times = [one.at for one in _story(3, 2400)]
    assert len(times) == 2400
    assert times == sorted(times)
    assert NOW - 9 * DAY < times[0] < NOW - 4 * DAY
    assert NOW - HOUR < times[-1] < NOW


def test_no_order_has_a_number_below_one() -> None:
    """However far back the story goes: a shop counts upwards."""
    subjects = [str(one.event.get("subject")) for one in _story(1, 20_000)]
    numbers = [int(found[1]) for subject in subjects if (found := re.match(r"(?:order|invoice)/(-?\d+)$", subject))]
    assert len(numbers) > 5_000
    assert min(numbers) >= 1


def test_every_event_is_one_that_is_taken() -> None:
    """By the rules of the server itself, with all that a feed can show."""
    told = _story(1, 900)
    drafts = (msgspec.json.decode(msgspec.json.encode(one.event), type=Draft) for one in told)
    cards = [accept(draft, "prj_1", Limits(), NOW).event.card for draft in drafts]
    contents = {card.content.type for card in cards if card is not None and card.content is not None}
    assert contents == {"text", "rows", "json", "image"}
    assert len({card.category for card in cards if card is not None}) >= 7
    for wanted in ("muted", "notify", "test", "actions"):
        assert any(getattr(card, wanted) for card in cards), wanted


async def _fill(stage: Stage, **wish: int | str) -> Filled:
    return await stage.engine.demo.fill(stage.project, msgspec.convert(wish, Wish))


async def test_a_project_has_a_past_of_everything(stage: Stage) -> None:
    """Deliveries of each kind, failures of yesterday, pressed buttons, threads, what is to come."""
    filled = await _fill(stage, count=900)
    assert filled.events == 900
    assert len(filled.triggers) == len(RECEIVERS)
    found = await stage.store.deliveries(DeliveryQuery(project=stage.project, limit=10_000))
    assert len(found.items) == filled.deliveries
    states = Counter(one.state for one in found.items if one.kind == "webhook")
    assert states["delivered"] > 300
    assert states["dead"] >= 2
    assert states["pending"] >= 2
    assert any(one.state == "delivered" and one.tries > 1 for one in found.items)
    assert not any(one.claimed_until for one in found.items)
    yesterday = stage.clock() - DAY + HOUR
    assert any(one.state == "dead" and (one.ended_at or 0) < yesterday for one in found.items)
    assert {one.state for one in found.items if one.kind == "action"} == {"delivered", "dead"}
    assert sum(one.kind == "event" for one in found.items) == 9

    page = await stage.store.page(EventQuery(project=stage.project, feed=True, limit=500))
    threads = await stage.engine.threads(stage.project, page.items)
    assert max(thread.count for thread in threads.values()) >= 4
    assert {one.state for one in (await stage.engine.actions.buttons(stage.project, page.items)).values()} == {
        "done",
        "failed",
    }


async def test_each_try_is_kept_and_counted_in_its_hour(stage: Stage) -> None:
    """As many attempts as tries, one after the other; what ended yesterday is counted then."""
    await _fill(stage, count=900)
    found = await stage.store.deliveries(DeliveryQuery(project=stage.project, state="dead", limit=5))
    for delivery in found.items:
        attempts = await stage.store.attempts(delivery.id)
        assert [one.number for one in attempts] == list(range(1, delivery.tries + 1))
        assert [one.claim for one in attempts] == list(range(1, delivery.claim + 1))
        assert [one.started_at for one in attempts] == sorted(one.started_at for one in attempts)
    tallies = await stage.store.tallies(TallyQuery(project=stage.project, of="deliveries", by=("hour",)))
    assert len({one.hour for one in tallies}) > 24


async def test_a_second_demo_makes_no_second_triggers(stage: Stage) -> None:
    """What is there is used again."""
    first, second = await _fill(stage, count=40), await _fill(stage, count=40, seed=2)
    assert first.triggers == second.triggers
    assert len(stage.engine.rules.triggers(stage.project)) == len(RECEIVERS)


async def test_who_asks_twice_gets_one_demo(stage: Stage) -> None:
    """A second click while the first one is at work is refused: one set of triggers, and nothing doubled."""
    told = await asyncio.gather(*(_fill(stage, count=40) for _ in range(3)), return_exceptions=True)
    refused = [one for one in told if isinstance(one, EnsueError)]
    assert [one.code for one in refused] == ["conflict"] * 2
    assert len(stage.engine.rules.triggers(stage.project)) == len(RECEIVERS)
    assert (await _fill(stage, count=40)).events == 40


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"count": 0}, "count"),
        ({"endpoints": "ftp://shop"}, "endpoints"),
        ({"endpoints": "https://shop.example/" + "x" * 2_020}, "endpoints"),
        ({"origin": "javascript:alert(1)"}, "origin"),
        ({"origin": "https://ensue.example/" + "x" * 2_020}, "origin"),
    ],
)
async def test_what_cannot_be_made_up_is_refused(stage: Stage, wish: dict[str, int | str], field: str) -> None:
    """A count out of bounds, receivers that may not be called, pictures of nowhere: nothing is kept."""
    with pytest.raises(EnsueError) as refused:
        await _fill(stage, **{"count": 300, **wish})
    assert refused.value.field == field
    assert not stage.engine.rules.triggers(stage.project)
