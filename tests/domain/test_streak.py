"""When a trigger is given up."""

import pytest

from ensue.domain.schedule import DAY, HOUR
from ensue.domain.streak import ENOUGH, FEWEST, Streak, given_up, joined

MINUTE = HOUR // 60


@pytest.mark.parametrize(
    ("count", "span", "over"),
    [
        (ENOUGH, HOUR, "an hour"),
        (ENOUGH - 1, HOUR, None),
        (ENOUGH, HOUR - 1, None),
        (5_000, HOUR - MINUTE, None),
        (ENOUGH, 3 * HOUR + MINUTE, "3 hours"),
        (FEWEST, 5 * DAY, "5 days"),
        (FEWEST - 1, 60 * DAY, None),
        (99, 5 * DAY - 1, None),
        (150, 2 * DAY, "2 days"),
    ],
)
def test_it_takes_many_over_an_hour_or_five_days(count: int, span: int, over: str | None) -> None:
    """A hundred in a row that span an hour, or ten that span five days; the cause says how many, how long, what."""
    cause = given_up(Streak("trg", count, 7, 7 + span), "status 500")
    assert cause == (over and f"{count} tries in a row failed over {over}; the last said: status 500")


def test_a_long_error_is_cut() -> None:
    """The cause stays readable."""
    assert len(given_up(Streak("trg", FEWEST, 0, 6 * DAY), "x" * 10_000) or "") < 400


def test_streaks_join() -> None:
    """Counts add up, the first and the latest moments stay."""
    first = joined(None, Streak("trg", 1, 5, 5))
    assert joined(first, Streak("trg", 2, 3, 9)) == Streak("trg", 3, 3, 9)
