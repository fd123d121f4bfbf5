"""A match tried over the native API: which recent events it lets through, and why not the newest."""

from typing import Any

import pytest

from ensue.engine.trials import clauses_of
from tests.dialects.edge import Edge

CHECK = "/api/v1/triggers/check"


async def checked(api: Edge, **match: Any) -> dict[str, Any]:
    """What a trial told."""
    got = await api("POST", CHECK, {"match": match})
    assert got.status == 200, got.body
    told: dict[str, Any] = got.json
    return told


async def test_each_of_the_last_events_is_told(api: Edge) -> None:
    """Newest first, those of the type only, and no more than fifty."""
    for total in (900, 100):
        await api.send(data={"total": total})
    await api.send(type="refund.made")
    told = await checked(api, type="order.*", filter="event.data.total > 500")
    assert (told["count"], told["matched"], told["events"]) == (2, 1, [False, True])
    for _ in range(55):
        await api.send(data={"total": 501})
    assert (await checked(api, type="order.paid"))["count"] == 50
    assert await checked(api, type="other") == {"count": 0, "matched": 0, "events": [], "newest": None, "error": None}


async def test_the_failing_clause_is_named_with_its_values(api: Edge) -> None:
    """Of several between `&&`, the first that does not hold, and what stands at its paths."""
    event = await api.send(data={"total": 1284, "country": "NO", "items": [1, 2]})
    told = await checked(api, type="order.paid", filter='event.data.total > 500 && event.data.country != "NO"')
    assert told["newest"] | {"time": ""} == {
        "event": event,
        "time": "",
        "part": "filter",
        "clause": 'event.data.country != "NO"',
        "values": {"event.data.country": "NO"},
    }


async def test_what_a_filter_complains_of_is_told(api: Edge) -> None:
    """A value that is not there is an error of the filter, not a silent miss."""
    await api.send(data={})
    told = await checked(api, type="order.paid", filter="event.data.amount > 1")
    assert "amount" in told["error"]
    assert told["newest"]["error"] == told["error"]
    assert "values" not in told["newest"]


@pytest.mark.parametrize(
    ("match", "part"),
    [
        ({"subject": "other"}, "subject"),
        ({"tenant": "other"}, "tenant"),
        ({"category": "other"}, "category"),
        ({"attributes": {"db": "a"}}, "attributes"),
        ({"rule": {"rule": "match", "type": "number", "eval": "==", "f1": "args.data.a", "f2": 2}}, "rule"),
    ],
)
async def test_the_part_that_keeps_it_out_is_named(api: Edge, match: dict[str, Any], part: str) -> None:
    """Not only filters keep events out."""
    await api.send(data={"a": 1})
    assert (await checked(api, type="order.paid", **match))["newest"]["part"] == part


async def test_a_wrong_filter_is_refused_at_its_field(api: Edge) -> None:
    """As it would be when the trigger is made."""
    got = await api("POST", CHECK, {"match": {"type": "order.paid", "filter": "event.data."}})
    assert got.error == (400, "invalid", "match.filter")


async def test_test_events_count_where_they_are_taken(api: Edge) -> None:
    """As in planning."""
    await api.send(card={"test": True})
    assert (await checked(api, type="order.paid"))["count"] == 0
    assert (await checked(api, type="order.paid", test=True))["matched"] == 1


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("a && b", ["a", "b"]),
        ("(a && b) && c", ["(a && b)", "c"]),
        ('a == "x && y" && b', ['a == "x && y"', "b"]),
        ("a && b || c", ["a && b || c"]),
        ("a ? b : c && d", ["a ? b : c && d"]),
        (r'a == "\"&&" && b', [r'a == "\"&&"', "b"]),
        ("", []),
    ],
)
def test_clauses_are_what_stands_between(text: str, clauses: list[str]) -> None:
    """Brackets and strings are left whole."""
    assert clauses_of(text) == clauses
