"""What is counted where, and which groups are told apart."""

from msgspec.structs import replace

from ensue.domain.schedule import HOUR
from ensue.domain.tally import GROUPS, HOURLY, Tally, bounded, delivery_key, event_key, hour_of, ordered
from tests.contract.builders import NOW, delivery, event


def test_hours_are_those_of_utc() -> None:
    """An hour holds its first millisecond and not that of the next; times before 1970 have theirs too."""
    assert [hour_of(moment) for moment in (0, HOUR - 1, HOUR, -1, -HOUR)] == [0, 0, 1, -1, -1]
    assert event_key(event(NOW, time=-1))[1] == -1


def test_a_delivery_counts_once_it_has_ended() -> None:
    """By how it ended; pending ones and events that wait for their time do not count."""
    ended = replace(delivery(), state="delivered", ended_at=NOW, tries=1)
    assert delivery_key(delivery()) is None
    assert delivery_key(replace(ended, kind="event")) is None
    results = [
        (delivery_key(one) or ("",))[-1]
        for one in (ended, replace(ended, tries=2), replace(ended, state="dead", tries=9))
    ]
    assert results == ["delivered", "delivered_after_retries", "dead"]


def test_the_largest_groups_are_told_apart() -> None:
    """By their size over all hours; nothing is lost in the sum."""
    sizes = [Tally(number + 1, type=f"t{number}") for number in range(GROUPS + 5)]
    told = ordered(bounded(sizes, GROUPS))
    assert [one.type for one in told[:2]] == [f"t{GROUPS + 4}", f"t{GROUPS + 3}"]
    assert (len(told), told[-1]) == (GROUPS + 1, Tally(1 + 2 + 3 + 4 + 5, other=True))
    hourly = [Tally(number + 1, hour=hour, type=f"t{number}") for number in range(HOURLY + 2) for hour in (1, 2)]
    told = ordered(bounded(hourly, HOURLY))
    assert [(one.hour, one.other) for one in told if one.other] == [(2, True), (1, True)]
    assert (told[0].hour, sum(one.count for one in told)) == (2, sum(one.count for one in hourly))
    days = [Tally(n + 1, day=day, result=f"r{n}") for n in range(HOURLY + 2) for day in (5, 6)]
    daily = ordered(bounded(days, HOURLY))
    assert [(one.day, one.other) for one in daily if one.other] == [(6, True), (5, True)]
    assert bounded(days, None) == days
    assert bounded([], GROUPS) == []
