"""Lists while they are edited: in order, equal ones found, at the same cost however long they are."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ensue.domain import items
from ensue.domain.items import Items
from ensue.domain.operation import Operation, apply
from ensue.domain.subscriber import new_subscriber

values = st.sampled_from([0, 1, 1.0, True, None, "1", [], [1], {"a": 1, "b": 2}, {"b": 2, "a": 1}])
steps = st.lists(st.tuples(st.sampled_from(["append", "remove"]), values), max_size=20)


def same(one: Any, other: Any) -> bool:
    """Whether two are the same JSON, by another road: 1 is neither true nor 1.0."""
    return type(one) is type(other) and one == other and repr(one).count("True") == repr(other).count("True")


@given(st.lists(values, max_size=10), steps)
def test_as_a_plain_list_would_be(begun: list[Any], taken: list[tuple[str, Any]]) -> None:
    """Whatever is added and removed, in whatever order."""
    found, plain = Items(begun), list(begun)
    for verb, value in taken:
        if verb == "append":
            found.append(value)
            plain.append(value)
        else:
            found.remove(value)
            plain = [one for one in plain if not same(one, value)]
    assert repr(found.values()) == repr(plain)


def test_many_edits_of_a_long_list_look_at_each_item_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request of a hundred thousand bytes with thousands of operations must not hold up everybody else."""
    looked: list[Any] = []
    said = items._said

    def watched(value: Any) -> bytes:
        looked.append(value)
        return said(value)

    monkeypatch.setattr(items, "_said", watched)
    before = apply(new_subscriber("p", "u", "i", 1), [Operation("$set", {"a": list(range(1_000))})], 1).subscriber
    after = apply(before, [Operation("$remove", {"a": at}) for at in range(500)], 1).subscriber
    assert after.properties["a"] == list(range(500, 1_000))
    assert len(looked) == 1_500
