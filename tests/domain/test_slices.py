"""A batch that no strict decoder takes is still cut into its items, each exactly as it was sent."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ensue.domain.slices import cut

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(VALUES, max_size=5), st.sampled_from([None, 0, 2]))
def test_items_of_an_array(values: list[object], indent: int | None) -> None:
    """Every array that the standard library writes comes apart into the same values."""
    pieces = cut(json.dumps(values, indent=indent).encode(), None)

    assert pieces is not None
    assert [json.dumps(json.loads(piece)) for piece in pieces] == [json.dumps(value) for value in values]


def test_items_are_verbatim() -> None:
    """Blanks, number forms and escapes inside an item stay."""
    body = b'{"x": [1], "events": [ {"a" : 1.0e2} , "\\ud800",NaN ] }'

    assert cut(body, "events") == [b'{"a" : 1.0e2}', b'"\\ud800"', b"NaN"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[",
        b"[1,]",
        b"[1 2]",
        b"[1]x",
        b"[\xff]",
        b"[" * 20_000 + b"]" * 20_000,
        b'{"events": [1]',
        b'{"events": [1],}',
        b'{"events": {}}',
        b'{"other": [1]}',
        b"{events: [1]}",
        b"null",
    ],
)
def test_what_cannot_be_cut(body: bytes) -> None:
    """What is no JSON, or no batch, is told from a batch with bad items."""
    assert cut(body, "events" if body.startswith(b"{") else None) is None
