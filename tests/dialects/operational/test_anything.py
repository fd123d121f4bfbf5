"""Whatever JSON comes: an event within the limits, or a refusal that says why; never a fault of ours."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from ensue.dialects.operational.intake import CATEGORY, NAME, read
from ensue.domain.errors import EnsueError
from ensue.domain.event import Event
from ensue.domain.intake import Limits
from ensue.domain.key import Key
from ensue.http.exchange import Call

KEY = Key(id="key_1", project="prj_1", scopes=("events:write",), created_at=0, token_hash="", secret="")
LIMITS = Limits()
NOW = 1_800_000_000_000

texts = st.text(max_size=80) | st.sampled_from(
    ["text", "rows", "json", "image", "map", "https://shop.example/x", "🇩🇪👍🏽"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)
rows = st.lists(
    st.fixed_dictionaries({}, optional={"type": texts, "label": values, "content": values}) | values, max_size=4
)
buttons = st.fixed_dictionaries(
    {"url": st.just("https://shop.example/ban") | values, "buttonText": texts, "key": texts | values},
    optional=dict.fromkeys(("external", "expireIn", "meta", "repeat", "type"), values),
)
bodies = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(("avatar", "category", "userId", "notify", "test", "muted", "contextId"), values)
    | {
        "name": texts | values,
        "type": texts | values,
        "content": texts | rows | values,
        "actions": st.lists(buttons | values, max_size=4) | values,
        "contextStart": values,
    },
)


def call(body: bytes, content_type: bytes) -> Call:
    """A request with that body."""
    headers = [(b"content-type", content_type)]
    return Call(method="POST", path="/api/v1/log", raw_path=b"", headers=headers, now=NOW, body=body, key=KEY)


def judged(request: Call) -> Event | EnsueError:
    """What became of it; anything else that is raised is a fault of ours."""
    try:
        return read(request, LIMITS).event
    except EnsueError as error:
        return error


def check(found: Event | EnsueError) -> None:
    """An event that a store can keep, or a refusal in words of the sender's."""
    if isinstance(found, EnsueError):
        assert found.code in {"invalid", "too_large"}
        assert found.message
        assert "card." not in (found.field or "")
        return
    assert 0 < len(found.type) <= NAME
    assert found.card is not None
    assert len(found.card.category or "") <= CATEGORY
    assert msgspec.json.decode(msgspec.json.encode(found.card))


@settings(max_examples=150, deadline=None)
@given(bodies | values)
def test_any_json(body: Any) -> None:
    """Each field of any type, and bodies that are no objects."""
    try:
        sent = msgspec.json.encode(body)
    except UnicodeEncodeError:
        return
    check(judged(call(sent, b"application/json")))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes(body: bytes) -> None:
    """As JSON and as text."""
    check(judged(call(body, b"application/json")))
    check(judged(call(body, b"text/plain; charset=utf-8")))
