"""How moments are read and written (design sections 6 and 8): RFC 3339 outside, milliseconds inside, a year ahead."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ensue.domain.errors import EnsueError
from ensue.domain.schedule import DAY, due_time, format_time, parse_time

NOW = 1_800_000_000_000
YEAR = 365 * DAY
FIRST = -62_135_596_800_000
LAST = 253_402_300_799_999


@given(st.integers(FIRST, LAST))
def test_what_is_written_can_be_read(moment: int) -> None:
    """Each millisecond from the year 1 to 9999."""
    assert parse_time(format_time(moment), "time") == moment


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)), st.integers(-1439, 1439))  # noqa: DTZ001 - UTC is added
def test_offsets_are_taken_off(moment: datetime, minutes: int) -> None:
    """The same moment, wherever it is said."""
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    local = (moment + timedelta(minutes=minutes)).replace(tzinfo=None).isoformat()
    assert parse_time(f"{local}{sign}{hours:02}:{rest:02}", "time") == int(moment.timestamp()) * 1000


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-11-21t09:30:00z", "2026-11-21T09:30:00Z"),
        ("2026-11-21 09:30:00Z", "2026-11-21T09:30:00Z"),
        ("2026-11-21T09:30:00.1239999Z", "2026-11-21T09:30:00.123Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
        ("2024-02-29T00:00:00-00:00", "2024-02-29T00:00:00Z"),
    ],
)
def test_forms_that_mean_the_same(text: str, same: str) -> None:
    """Lower case, a blank for the T, more decimals than we keep, a leap second."""
    assert parse_time(text, "time") == parse_time(same, "time")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "2026-11-21",
        "2026-11-21T09:30",
        "2026-11-21T09:30:00",
        "2026-11-21T09:30:00+1:00",
        "2026-11-21T09:30:00,5Z",
        "2026-02-30T00:00:00Z",
        "2023-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-11-21T24:00:00Z",
        "2026-11-21T09:60:00Z",
        "2026-11-21T09:30:60Z",
        "2026-11-21T09:30:61Z",
        "2026-11-21T09:30:00+24:00",
        "2026-11-21T09:30:00+00:60",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "9999-12-31T23:59:60Z",
        "٢٠٢٦-11-21T09:30:00Z",
        "2026-11-21T09:30:00Z\n",
    ],
)
def test_moments_that_do_not_exist(text: str) -> None:
    """Each a 400 that names the field."""
    with pytest.raises(EnsueError) as refused:
        parse_time(text, "send_at")
    assert (refused.value.code, refused.value.field) == ("invalid", "send_at")


def test_a_year_ahead_and_no_more() -> None:
    """The limit at its value and one beyond, both ways to say it."""
    assert due_time(NOW + YEAR, None, NOW, YEAR) == NOW + YEAR
    assert due_time(None, YEAR / 1000, NOW, YEAR) == NOW + YEAR
    for send_at, delay, field in ((NOW + YEAR + 1, None, "send_at"), (None, YEAR / 1000 + 0.001, "delay")):
        with pytest.raises(EnsueError) as refused:
            due_time(send_at, delay, NOW, YEAR)
        assert (refused.value.code, refused.value.field) == ("invalid", field)


@pytest.mark.parametrize("delay", [-0.001, -1, float("nan"), float("inf"), 1e308, 1e18])
def test_delays_that_cannot_be(delay: float) -> None:
    """Below nothing, not a number, or beyond all time: 400, never an error of ours."""
    with pytest.raises(EnsueError) as refused:
        due_time(None, delay, NOW, YEAR)
    assert (refused.value.code, refused.value.field) == ("invalid", "delay")


def test_both_are_one_too_many() -> None:
    """`send_at` and `delay` together are a 400."""
    with pytest.raises(EnsueError, match="not both"):
        due_time(NOW, 1, NOW, YEAR)


@pytest.mark.parametrize(("send_at", "delay"), [(None, None), (NOW, None), (NOW - 1, None), (None, 0), (FIRST, None)])
def test_what_is_due_at_once(send_at: int | None, delay: float | None) -> None:
    """Nothing given, now, or the past."""
    assert due_time(send_at, delay, NOW, YEAR) is None


@given(st.floats(0, YEAR / 1000))
def test_a_delay_is_never_cut_short(delay: float) -> None:
    """Rounded up to the next millisecond."""
    due = due_time(None, delay, NOW, YEAR) or NOW
    assert delay * 1000 <= due - NOW <= delay * 1000 + 1
