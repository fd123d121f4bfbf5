"""Edits of a subscriber: every operator, their order, what is rejected, and that nothing makes them stumble."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ensue.domain.channel_identity import CHANNELS
from ensue.domain.operation import MOST_ACTIVE, MOST_INACTIVE, Operation, apply, refusal
from ensue.domain.subscriber import Subscriber, new_subscriber

NOW = 1_800_000_000_000


def someone(**properties: Any) -> Subscriber:
    """Somebody with these properties."""
    return msgspec.structs.replace(new_subscriber("p", "u", "box", NOW), properties=properties)


def edited(*operations: tuple[Any, Any], before: Subscriber | None = None) -> Subscriber:
    """What becomes of somebody by operations of which none is rejected."""
    result = apply(before or someone(), [Operation(verb, values) for verb, values in operations], NOW + 1)
    assert result.rejected == ()
    return result.subscriber


def rejected(verb: Any, values: Any, before: Subscriber | None = None) -> tuple[str, str]:
    """The field and reason of the one thing that is rejected; nothing else has changed."""
    start = before or someone()
    result = apply(start, [Operation(verb, values)], NOW + 1)
    assert result.subscriber == start
    [one] = result.rejected
    return one.field, one.reason


@pytest.mark.parametrize(
    ("before", "verb", "values", "after"),
    [
        ({}, "$set", {"a": 1, "b": None, "c": {"d": [1]}}, {"a": 1, "b": None, "c": {"d": [1]}}),
        ({"a": 1}, "$set", {"a": "x"}, {"a": "x"}),
        ({"a": 1}, "$set_once", {"a": 2, "b": 3}, {"a": 1, "b": 3}),
        ({"a": None}, "$set_once", {"a": 2}, {"a": None}),
        ({"a": 1}, "$add", {"a": 2, "b": 0.5}, {"a": 3, "b": 0.5}),
        ({"a": 1}, "$add", {"a": -1.5}, {"a": -0.5}),
        ({"a": [1]}, "$append", {"a": 2, "b": "x"}, {"a": [1, 2], "b": ["x"]}),
        ({"a": [1]}, "$append", {"a": [2]}, {"a": [1, [2]]}),
        ({"a": [1, True, 1.0, "1", 1]}, "$remove", {"a": 1}, {"a": [True, 1.0, "1"]}),
        ({"a": [{"b": 1, "c": 2}, 1]}, "$remove", {"a": {"c": 2, "b": 1}}, {"a": [1]}),
        ({"a": [{"b": 1}, {"c": 1}]}, "$remove", {"a": {"b": 1}, "z": 1}, {"a": [{"c": 1}]}),
        ({"a": 1}, "$remove", {"a": 1}, {"a": 1}),
        ({"a": 1, "b": 2}, "$unset", ["a", "z"], {"b": 2}),
        ({"a": 1}, "$unset", "a", {}),
        ({"a": 1}, "$unset", {"a": ""}, {}),
    ],
)
def test_properties(before: Any, verb: Any, values: Any, after: Any) -> None:
    """What each operator makes of properties."""
    assert edited((verb, values), before=someone(**before)).properties == after


def test_operations_have_an_order() -> None:
    """Each finds what the one before it left."""
    done = edited(
        ("$set", {"n": 1}), ("$add", {"n": 2}), ("$unset", ["n"]), ("$set_once", {"n": 9}), ("$add", {"n": 1})
    )
    assert done.properties == {"n": 10}
    assert done.updated_at == NOW + 1


def test_without_a_change_the_time_stands() -> None:
    """What changes nothing is no update."""
    before = someone(a=1)
    assert (
        edited(("$set", {"a": 1}), ("$unset", ["b"]), ("$remove", {"$email": "x@example.com"}), before=before) == before
    )


def test_channels_gain_and_keep() -> None:
    """Set and append add to a channel; the same value twice is one; lists are taken one by one."""
    done = edited(
        ("$set", {"$email": ["a@example.com", "b@example.com"]}),
        ("$append", {"$email": "A@example.com"}),
        ("$set", {"$email": "c@example.com"}),
        ("$append", {"$androidpush": "tok", "$id_provider": "xiaomi", "$bundle_id": "com.app"}),
        ("$set_once", {"$email": "d@example.com", "$sms": "+14155550100"}),
    )
    assert [one.value for one in done.channels["email"]] == ["A@example.com", "b@example.com", "c@example.com"]
    [push] = done.channels["androidpush"]
    assert (push.provider, push.bundle_id) == ("xiaomi", "com.app")
    assert [one.value for one in done.reachable("sms")] == ["+14155550100"]
    assert [one.value for one in done.reachable("inbox")] == ["box"]
    assert done.properties == {}


def test_what_is_removed_is_inactive_until_it_is_appended_again() -> None:
    """Removing leaves a trace that says so; appending revives; unsetting leaves nothing."""
    removed = edited(("$set", {"$email": "a@example.com"}), ("$remove", {"$email": "A@example.com"}))
    assert [one.status for one in removed.channels["email"]] == ["inactive"]
    assert removed.reachable("email") == ()
    back = edited(("$append", {"$email": "a@example.com"}), before=removed)
    assert [one.status for one in back.channels["email"]] == ["active"]
    assert "email" not in edited(("$unset", ["$email"]), before=back).channels


def test_traces_are_bounded() -> None:
    """Whoever changes tokens for ever does not grow for ever; those removed last are remembered."""
    steps = [(verb, {"$iospush": f"t{at}"}) for at in range(MOST_INACTIVE + 5) for verb in ("$append", "$remove")]
    known = edited(*steps).channels["iospush"]
    assert [one.value for one in known] == [f"t{at}" for at in range(5, MOST_INACTIVE + 5)]


def test_active_ones_are_bounded() -> None:
    """There is a most; what stands there already may be given again."""
    full = edited(("$set", {"$iospush": [f"t{at}" for at in range(MOST_ACTIVE)]}))
    assert edited(("$append", {"$iospush": "t0"}), before=full) == full
    field, reason = rejected("$append", {"$iospush": "more"}, full)
    assert field == "$iospush"
    assert f"at most {MOST_ACTIVE}" in reason


def test_zone_and_language() -> None:
    """They are checked, set once, and cleared."""
    done = edited(("$set", {"$timezone": "Europe/Paris", "$locale": "en_GB", "$preferred_language": "en"}))
    assert (done.timezone, done.locale, done.language) == ("Europe/Paris", "en_GB", "en")
    same = edited(("$set_once", {"$timezone": "UTC"}), ("$remove", {"$locale": "de"}), before=done)
    assert (same.timezone, same.locale) == ("Europe/Paris", "en_GB")
    cleared = edited(
        ("$unset", ["$timezone"]), ("$set", {"$locale": None}), ("$remove", {"$preferred_language": "en"}), before=done
    )
    assert (cleared.timezone, cleared.locale, cleared.language) == (None, None, None)


@pytest.mark.parametrize(
    ("verb", "values", "field", "reason"),
    [
        (
            "$set",
            {"$sms": "12"},
            "$sms",
            "invalid value for channel 'sms': \"12\". error: error while parsing number to E164",
        ),
        ("$append", {"$email": "x"}, "$email", "invalid email address. must be 6 <= len(email) <= 320"),
        ("$remove", {"$slack": "general"}, "$slack", "value must be of dict/map type"),
        ("$add", {"$email": "a@example.com"}, "$email", "$append"),
        ("$set", {"$timezone": "Mars"}, "$timezone", "invalid timezone: Mars"),
        ("$set", {"$timezone": 5}, "$timezone", "string type"),
        ("$set", {"$locale": "english"}, "$locale", "invalid locale/language: 'english'"),
        ("$append", {"$locale": "en"}, "$locale", "use $set"),
        ("$set", {"$secret": 1}, "$secret", "reserved"),
        ("$set", {"ss_x": 1}, "ss_x", "reserved"),
        ("$set", {"": 1}, "", "1 to 255"),
        ("$add", {"n": "5"}, "n", "by a number only"),
        ("$add", {"n": True}, "n", "by a number only"),
        ("$add", {"text": 1}, "text", "no number"),
        ("$add", {"huge": 1.5}, "huge", "beyond what a number can hold"),
        ("$add", {"large": 1.7e308}, "large", "beyond what a number can hold"),
        ("$append", {"text": 1}, "text", "no list"),
        ("$set", ["a"], "$set", "must be an object"),
        ("$append", None, "$append", "must be an object"),
        ("$unset", 5, "$unset", "must be a list"),
        ("$unset", ["$who"], "$who", "reserved"),
        ("$unset", [5], "$unset", "must be a list"),
    ],
)
def test_what_is_rejected_is_named(verb: Any, values: Any, field: str, reason: str) -> None:
    """Wrong values change nothing, and say under which name they came and why."""
    before = someone(text="x", huge=10**400, large=1.7e308)
    found, why = rejected(verb, values, before)
    assert found == field
    assert reason in why


def test_a_refusal_names_each() -> None:
    """One error speaks of all that was rejected, the rest beyond ten as a number; its field is the first one's."""
    values = {"$email": [f"no{at}" for at in range(11)], "$sms": "12", "good": 1}
    result = apply(someone(), [Operation("$set", values)], NOW)
    error = refusal(result.rejected)
    assert (error.code, error.field) == ("invalid", "$email")
    assert error.message.count("invalid value for channel 'email'") == 10
    assert error.message.endswith("and 2 more")
    assert result.subscriber.properties == {"good": 1}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=8,
)
names = st.sampled_from([*(f"${channel}" for channel in CHANNELS), "$timezone", "$locale", "$id_provider", "a", "b"])
values = st.dictionaries(names | st.text(max_size=9), json_values, max_size=4)
verbs = st.sampled_from(["$set", "$set_once", "$add", "$append", "$remove", "$unset"])


@given(st.lists(st.tuples(verbs, values | json_values), max_size=6))
def test_no_json_makes_an_edit_stumble(steps: list[tuple[Any, Any]]) -> None:
    """Whatever is asked for, the answer is a subscriber that can be kept and read back, and reasons for the rest."""
    result = apply(someone(a=1, b=[2]), [Operation(verb, value) for verb, value in steps], NOW)
    kept = msgspec.json.encode(result.subscriber)
    assert msgspec.json.encode(msgspec.json.decode(kept, type=Subscriber)) == kept
    assert all(one.reason for one in result.rejected)


@given(values)
def test_setting_twice_is_setting_once(given_values: dict[str, Any]) -> None:
    """The second time changes nothing and rejects the same."""
    once = apply(someone(), [Operation("$set", given_values)], NOW)
    twice = apply(once.subscriber, [Operation("$set", given_values)], NOW + 1)
    assert twice == once
