"""What a type pattern means (design section 10): exact, `*` one segment, `**` any number, `ensue.` only by name."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ensue.domain.pattern import is_exact, matches

SEGMENTS = st.sampled_from(["a", "b", "order", "*", "**", ""])
PATTERNS = st.lists(SEGMENTS, min_size=1, max_size=7).map(".".join)
TYPES = st.lists(st.sampled_from(["a", "b", "order", ""]), min_size=1, max_size=7).map(".".join)


@pytest.mark.parametrize(
    ("pattern", "kind", "fits"),
    [
        ("order.paid", "order.paid", True),
        ("order.paid", "order.paid.late", False),
        ("order.*", "order.paid", True),
        ("order.*", "order", False),
        ("order.*", "order.paid.late", False),
        ("order.**", "order", True),
        ("order.**", "order.paid.late", True),
        ("order.**", "orders", False),
        ("**", "anything at all", True),
        ("**.late", "order.paid.late", True),
        ("a.**.b", "a.b", True),
        ("a.**.b.**.c", "a.x.b.b.y.c", True),
        ("*", "one", True),
        ("*", "one.two", False),
        ("Order.*", "order.paid", False),
        ("**", "ensue.delivery.dead", False),
        ("*.delivery.dead", "ensue.delivery.dead", False),
        ("ensue.**", "ensue.delivery.dead", True),
        ("ensue.delivery.dead", "ensue.delivery.dead", True),
        ("**", "ensue", True),
        ("**", "ensued.it", True),
        ("a.c", "abc", False),
    ],
)
def test_what_a_pattern_means(pattern: str, kind: str, fits: bool) -> None:  # noqa: FBT001 - a column of the table
    """Each row is one sentence of the design."""
    assert matches(pattern, kind) is fits


def naive(pattern: str, kind: str) -> bool:
    """The meaning in other words: a regular expression over segments that each end in a dot."""
    parts = [
        "(?:[^.]*[.])*" if one == "**" else "[^.]*[.]" if one == "*" else re.escape(one + ".")
        for one in pattern.split(".")
    ]
    return re.fullmatch("".join(parts), kind + ".") is not None


@given(PATTERNS, TYPES)
def test_matching_is_what_it_says(pattern: str, kind: str) -> None:
    """Against the same meaning, said otherwise."""
    assert matches(pattern, kind) == naive(pattern, kind)


@given(TYPES)
def test_an_exact_pattern_means_itself(kind: str) -> None:
    """And nothing but itself."""
    assert is_exact(kind)
    assert matches(kind, kind)
    assert not matches(kind, kind + ".x")


def test_the_longest_pattern_is_quick() -> None:
    """A pattern of 255 characters cannot be made to cost seconds."""
    pattern = ("**.a." * 51)[:255]
    began = time.thread_time()
    assert not matches(pattern, ".".join("a" * 127) + ".b")
    assert time.thread_time() - began < 1.0
