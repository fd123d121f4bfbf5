"""Schemas of payloads: what is read of the type language, and what a payload is told that does not fit."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ensue.domain.errors import EnsueError
from ensue.domain.event_schema import misfit, parse_schema

ORDER = '''
"""An order."""
type order {
  id: ID!
  name: String!   # who
  count: Integer
  price: Float, paid: Boolean
  at: DateTime
  more: JSON
  tags: [String!]
  grid: [[Integer]]
  buyer: buyer
  lines: [line!]!
  made: DateTime! @createdAt
  state: String! @default(value: "new")
}
type buyer { name: String! parent: buyer }
type line { sku: String! }
'''

GOOD: dict[str, Any] = {
    "id": "1",
    "name": "Ann",
    "count": 3,
    "price": 3,
    "paid": False,
    "at": "2026-11-21T09:30:00Z",
    "more": [1, {"a": None}],
    "tags": ["a"],
    "grid": [[1, None], None],
    "buyer": {"name": "Bo", "parent": {"name": "Cy"}},
    "lines": [{"sku": "x"}],
}


def told(payload: Any) -> str | None:
    """Why a payload does not fit an order."""
    found = misfit(parse_schema(ORDER, "order"), payload)
    return None if found is None else found.message


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"price": 3.5, "count": 3.0},
        {"at": 1587902400000, "count": None, "buyer": None, "tags": None},
        {"tags": [], "lines": [], "grid": []},
        {"made": "2026-11-21T09:30:00+01:00", "state": "old"},
        {"more": "text"},
    ],
)
def test_a_payload_that_fits(changes: dict[str, Any]) -> None:
    """Every kind of field; null where nothing is required; what a database would fill in may be left out."""
    assert told(GOOD | changes) is None


def test_only_what_is_required_need_be_there() -> None:
    """An ID that is required would be made by their server: it may be left out too."""
    assert told({"name": "Ann", "lines": []}) is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x": 1}, "The field x is not present in schema of order"),
        ({"buyer": {"name": "Bo", "x": 1}}, "The field buyer.x is not present in schema of order"),
        ({"buyer": {}}, "required field (buyer.name) from table/colection (order) not present in request"),
        ({"name": 5}, "invalid type received for field name in collection order - wanted String got Integer"),
        ({"name": None}, "no matching type found for field name in collection order"),
        ({"count": 1.5}, "invalid type received for field count in collection order - wanted Integer got Float"),
        ({"count": True}, "invalid type received for field count in collection order - wanted Integer got Bool"),
        ({"count": "1"}, "invalid type received for field count in collection order - wanted Integer got String"),
        ({"price": "1"}, "invalid type received for field price in collection order - wanted Float got String"),
        ({"paid": 1}, "invalid type received for field paid in collection order - wanted Boolean got Integer"),
        ({"id": 1}, "invalid type received for field id in collection order - wanted ID got Integer"),
        ({"name": ["a"]}, "invalid type (array) received for field name in collection order"),
        ({"name": {}}, "invalid type received for field name in collection order - wanted String got Object"),
        ({"buyer": "Bo"}, "invalid type received for field buyer in collection order - wanted Object got String"),
        ({"tags": "a"}, "invalid type received for field tags in collection order - wanted [String] got String"),
        ({"tags": [None]}, "no matching type found for field tags in collection order"),
        ({"grid": [1]}, "invalid type received for field grid in collection order - wanted [[Integer]] got Integer"),
        ({"lines": None}, "no matching type found for field lines in collection order"),
        ({"at": True}, "invalid type received for field at in collection order - wanted DateTime got Bool"),
        (
            {"at": "yesterday"},
            "invalid datetime format recieved for field at in collection order - use RFC3339 fromat",
        ),
    ],
)
def test_a_payload_that_does_not_fit_is_told_why(changes: dict[str, Any], message: str) -> None:
    """In the words that clients know."""
    assert told(GOOD | changes) == message


def test_what_is_missing_is_named() -> None:
    """A required field; only an unknown one is marked as unknown."""
    assert told({"lines": []}) == "required field (name) from table/colection (order) not present in request"
    found = misfit(parse_schema(ORDER, "order"), {"x": 1})
    assert found is not None
    assert found.unknown


@pytest.mark.parametrize("payload", [None, [], "text", 5, True, 1.5])
def test_a_payload_that_is_no_object_does_not_fit(payload: Any) -> None:
    """Not even a schema without fields takes it."""
    assert "wanted Object" in (told(payload) or "")
    assert misfit(parse_schema("type t { }", "t"), payload) is not None


def test_types_of_few_fields_are_held_to_them() -> None:
    """No field, one field: their server does not look at these."""
    assert misfit(parse_schema("type t { }", "t"), {"a": 1}) is not None
    one = parse_schema("type t { a: Integer! }", "t")
    assert misfit(one, {"a": 1}) is None
    assert misfit(one, {"a": "1"}) is not None
    assert misfit(one, {}) is not None


def test_a_type_may_have_dots_in_its_name() -> None:
    """As event types do; in GraphQL they could not."""
    assert misfit(parse_schema("type order.paid { a: Integer }", "order.paid"), {"a": 1}) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "(t) not found"),
        ("type other { a: String }", "(t) not found in schema: it has other"),
        ("type t { a: Text }", "String, Integer, Float, Boolean, DateTime, ID, JSON"),
        ("type t { a: String @primary }", "@primary"),
        ("type t { a: String @default(value: 1 }", "')'"),
        ("type t { a: String a: Integer }", "twice"),
        ("type t { a: String } type t { b: String }", "already"),
        ("type String { a: Integer } type t { b: String }", "already"),
        ("type t { a }", "':'"),
        ("type t { a: [String }", "']'"),
        ("type t { a: [[[[[String]]]]] }", "deep"),
        ("type t { a: String", "ends"),
        ("type t", "'{'"),
        ("type { a: String }", "the name of a type"),
        ("type t { a(b: Integer): String }", "':'"),
        ("enum t { A B }", "only 'type'"),
        ("type t implements node { a: String }", "'{'"),
        ('type t { a: String } "', "only 'type'"),
        ("type t { 5: String }", "a field"),
        ("type t { " + " ".join(f"f{number}: ID" for number in range(501)) + " }", "500"),
        ("#" * 16_385, "16384"),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused_with_what_there_is(text: str, words: str) -> None:
    """At configuration, not at the first event."""
    with pytest.raises(EnsueError) as refused:
        parse_schema(text, "t")
    assert (refused.value.code, refused.value.field) == ("invalid", "schema")
    assert words in refused.value.message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*GOOD, "x"]), inner, max_size=4),
    max_leaves=10,
)


@given(JSON)
def test_looking_at_a_payload_never_raises(payload: Any) -> None:
    """Whatever it is, it fits or is told why not; what stands in place of a member is told by that member's name."""
    found = told(payload)
    assert found is None or found
    assert told(GOOD | {"more": payload}) is None
    if payload is not None and not isinstance(payload, list):
        assert "tags" in (told(GOOD | {"tags": payload}) or "")


@given(st.text(alphabet='type {}[]!:@#"\n abcString()', max_size=60))
def test_reading_a_schema_refuses_or_reads(text: str) -> None:
    """Never another error, and never without end."""
    for wrong in (text, "type t {" + text + "}"):
        try:
            read = parse_schema(wrong, "t")
        except EnsueError:
            continue
        assert "t" in read.types
