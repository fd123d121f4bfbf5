"""An event asked for in the words of Space Cloud's queue, by its two paths."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ensue.domain.errors import EnsueError
from ensue.domain.intake import Limits
from ensue.domain.schedule import DAY, format_time
from ensue.domain.spacecloud import Path, is_synchronous, queue_intake, queue_members, queue_request

NOW = 1_700_000_000_000
OBJECTS = st.dictionaries(st.text(max_size=5), st.none() | st.text() | st.floats() | st.integers(), max_size=3)
PATHS: tuple[Path, ...] = ("first", "second")


def asked(path: Path, **fields: Any) -> tuple[Any, Any]:
    """What a request of these fields asks for."""
    return queue_request(queue_members(msgspec.json.encode({"type": "my_type"} | fields)), path, NOW)


def runs_at(path: Path, **fields: Any) -> tuple[int, int | None]:
    """The event's time, and when it is due (None: at once)."""
    members = queue_members(msgspec.json.encode({"type": "my_type"} | fields))
    intake = queue_intake(members, path, "prj", Limits(), NOW)
    return intake.event.time, intake.due_at


@pytest.mark.parametrize("path", PATHS)
def test_nothing_but_a_type_is_an_event_of_now(path: Path) -> None:
    """All but the type may be left out or null."""
    draft, extras = asked(path, timestamp=None, delay=0, options=None)
    assert (draft.type, bytes(draft.data), extras.moment, draft.send_at, extras.attributes) == (
        "my_type",
        b"",
        None,
        None,
        {},
    )
    assert runs_at(path) == (NOW, None)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("key", ["data", "payload", "Payload"])
def test_data_and_payload_are_one(path: Path, key: str) -> None:
    """Either key on both paths, in any case, any JSON, as it was written."""
    request = b'{"type": "t", "%s": {"a":  12345678901234567890}}' % key.encode()
    assert bytes(queue_request(queue_members(request), path, NOW)[0].data) == b'{"a":  12345678901234567890}'


@pytest.mark.parametrize(("path", "wins"), [("first", b"1"), ("second", b"2")])
def test_of_both_keys_that_of_the_path_wins(path: Path, wins: bytes) -> None:
    """A null gives way to the other one."""
    assert bytes(asked(path, data=1, payload=2)[0].data) == wins
    assert bytes(asked(path, data=None, payload=2)[0].data) == b"2"
    assert bytes(asked(path, data=1, payload=None)[0].data) == b"1"
    assert bytes(asked(path, payload=None)[0].data) == b"null"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("timestamp", "moment"),
    [
        (1_700_000_060, NOW + 60_000),
        (1_700_000_060.5, NOW + 60_500),
        (1_700_000_060_000, NOW + 60_000),
        (99_999_999_999, None),
        (100_000_000_000, 100_000_000_000),
        ("2023-11-14T22:14:20Z", NOW + 60_000),
        ("2023-11-14T23:14:20.123456789+01:00", NOW + 60_123),
        ("2023-11-14T22:12:20Z", NOW - 60_000),
        (0, 0),
    ],
)
def test_a_timestamp_is_seconds_milliseconds_or_text(path: Path, timestamp: Any, moment: int | None) -> None:
    """Numbers below 10^11 are seconds; a past time stays the event's time and means at once."""
    if moment is None:
        with pytest.raises(EnsueError, match="days ahead"):
            runs_at(path, timestamp=timestamp)
    else:
        assert runs_at(path, timestamp=timestamp) == (moment, moment if moment > NOW else None)


UNREADABLE: list[Any] = [True, [], {}, "", "soon", "2023-11-14", "1700000060", "2023-11-14T22:14:20", 1e300, -1e15]


@pytest.mark.parametrize("timestamp", UNREADABLE)
def test_an_unreadable_timestamp(timestamp: Any) -> None:
    """It is refused by name on the first path, and is now on the second."""
    with pytest.raises(EnsueError) as refused:
        asked("first", timestamp=timestamp)
    assert (refused.value.code, refused.value.field) == ("invalid", "timestamp")
    assert runs_at("second", timestamp=timestamp) == (NOW, None)


@pytest.mark.parametrize(("path", "unit"), [("first", 1_000), ("second", 1)])
def test_a_delay_counts_from_the_timestamp(path: Path, unit: int) -> None:
    """Seconds on the first path, milliseconds on the second, added to the timestamp as given, even a past one."""
    assert runs_at(path, delay=90) == (NOW + 90 * unit, NOW + 90 * unit)
    past = format_time(NOW - 30 * unit)
    assert runs_at(path, delay=90, timestamp=past) == (NOW + 60 * unit, NOW + 60 * unit)
    assert runs_at(path, delay=10, timestamp=past) == (NOW - 20 * unit, None)
    assert runs_at(path, delay=-5) == (NOW, None)


@pytest.mark.parametrize("delay", ["5", True, [], {}])
def test_an_unreadable_delay(delay: Any) -> None:
    """It is refused on the first path, and none on the second."""
    with pytest.raises(EnsueError) as refused:
        asked("first", delay=delay)
    assert refused.value.field == "delay"
    assert runs_at("second", delay=delay) == (NOW, None)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("delay", [1e300, 10**18, 366 * DAY])
def test_too_far_ahead_is_refused(path: Path, delay: float) -> None:
    """Beyond the horizon, or beyond all times, on both paths."""
    with pytest.raises(EnsueError) as refused:
        runs_at(path, delay=delay)
    assert refused.value.code == "invalid"


def test_options_become_attributes() -> None:
    """Names as they are; texts, truths and whole numbers keep their type."""
    options = {"db": "postgres", "my col": "a,b", "n": 5, "yes": True}
    assert asked("second", options=options)[1].attributes == options


@pytest.mark.parametrize("value", [None, 1.5, [], {}, 2**63])
def test_other_options_are_unreadable(value: Any) -> None:
    """Empty on the second path, as its servers have it; refused on the first."""
    assert asked("second", options={"a": value})[1].attributes == {"a": ""}
    with pytest.raises(EnsueError) as refused:
        asked("first", options={"a": value})
    assert refused.value.field == "options.a"


@pytest.mark.parametrize("options", [[], "x", 5])
def test_options_that_are_no_object(options: Any) -> None:
    """None on the second path, refused on the first."""
    assert asked("second", options=options)[1].attributes == {}
    with pytest.raises(EnsueError):
        asked("first", options=options)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("options", [{str(at): "" for at in range(101)}, {"n" * 256: ""}])
def test_options_have_limits(path: Path, options: dict[str, str]) -> None:
    """A hundred names of 255 characters."""
    with pytest.raises(EnsueError):
        asked(path, options=options)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "body",
    [b"", b"nope", b"[]", b"null", b'"x"', b'{"type": 5}', b"{}", b'{"type": null}', b'{"type": "\\u0000"}', b"\xff"],
)
def test_what_is_no_request_is_refused(path: Path, body: bytes) -> None:
    """No JSON, no object, or no type."""
    with pytest.raises(EnsueError) as refused:
        queue_request(queue_members(body), path, NOW)
    assert refused.value.code == "invalid"


def test_names_are_read_in_any_case_and_the_last_wins() -> None:
    """As the servers that its clients know read them."""
    members = queue_members(b'{"Type": "a", "TYPE": "b", "isSynchronous": true, "unknown": 1}')
    assert queue_request(members, "second", NOW)[0].type == "b"
    assert is_synchronous(members)
    assert not is_synchronous(queue_members(b'{"isSynchronous": "true"}'))


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("sign", ["", "-"])
def test_a_number_beyond_all_numbers(path: Path, sign: str) -> None:
    """Read as infinite: no moment; as a delay it leads beyond all times, or is none."""
    huge = f"{sign}1{'0' * 400}".encode()
    members = queue_members(b'{"type": "t", "timestamp": %s}' % huge)
    if path == "first":
        with pytest.raises(EnsueError, match="beyond all times"):
            queue_intake(members, path, "prj", Limits(), NOW)
    else:
        assert queue_request(members, path, NOW)[0].type == "t"
    members = queue_members(b'{"type": "t", "delay": %s}' % huge)
    if sign:
        assert queue_request(members, path, NOW)[0].type == "t"
    else:
        with pytest.raises(EnsueError, match="beyond all times"):
            queue_request(members, path, NOW)


@given(
    st.dictionaries(
        st.sampled_from(["type", "payload", "data", "timestamp", "delay", "options"]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.none(), max_size=1) | OBJECTS,
    ),
    st.sampled_from(PATHS),
)
def test_no_request_breaks_anything(fields: dict[str, Any], path: Path) -> None:
    """It is an event, or refused by name."""
    codes = []
    try:
        queue_intake(queue_members(json.dumps({"type": "t"} | fields).encode()), path, "prj", Limits(), NOW)
    except EnsueError as error:
        codes.append(error.code)
    assert codes in ([], ["invalid"])
