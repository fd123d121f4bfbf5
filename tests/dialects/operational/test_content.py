"""What an event shows below its name: text, rows, JSON, an image; each checked as their server checks it, or better."""

import json
from typing import Any

import pytest

from tests.dialects.operational.sender import Sender

URL = "https://cdn.example/shot.png"
TYPES = "text,map,image,json,rows"


def content(kind: str, value: Any) -> dict[str, Any]:
    """A content as the native API shows it."""
    return {"type": kind, "value": value}


KEPT = {
    "text": ({"content": "hello"}, content("text", "hello")),
    "text, said": ({"type": "text", "content": "hello"}, content("text", "hello")),
    "text, type null": ({"type": None, "content": "hello"}, content("text", "hello")),
    "text, type empty": ({"type": "", "content": "hello"}, content("text", "hello")),
    "an object as text": ({"content": {"a": [1, "é"]}}, content("text", '{"a":[1,"é"]}')),
    "an array as text": ({"type": "text", "content": [1, 2]}, content("text", "[1,2]")),
    "json": ({"type": "json", "content": {"a": [1]}}, content("json", {"a": [1]})),
    "json, an array": ({"type": "json", "content": []}, content("json", [])),
    "json, encoded by the sender": ({"type": "json", "content": '{"a": 1}'}, content("json", {"a": 1})),
    "json, text": ({"type": "json", "content": "hello"}, content("json", "hello")),
    "json, nearly": ({"type": "json", "content": '{"a": '}, content("json", '{"a": ')),
    "map": ({"type": "map", "content": {"lat": 52.5}}, content("json", {"lat": 52.5})),
    "map, text": ({"type": "map", "content": "Berlin"}, content("json", "Berlin")),
    "image": ({"type": "image", "content": URL}, content("image", URL)),
    "rows": (
        {"type": "rows", "content": [{"label": "Plan", "content": "pro"}]},
        content("rows", [{"label": "Plan", "content": "pro"}]),
    ),
    "nothing": ({"content": None}, None),
    "empty": ({"content": ""}, None),
    "rows without content": ({"type": "rows"}, None),
    "rows with null": ({"type": "rows", "content": None}, None),
}


@pytest.mark.parametrize(("fields", "kept"), KEPT.values(), ids=KEPT)
async def test_each_type_is_kept(log: Sender, fields: dict[str, Any], kept: Any) -> None:
    """The card has it in the native form; `map` is kept as JSON."""
    assert (await log.card(**fields)).get("content") == kept


ROWS = [
    {"type": "text", "label": "Name", "content": "Shash"},
    {"type": "json", "label": "Cart", "content": {"items": [1, 2]}},
    {"type": "image", "label": "Photo", "content": URL},
    {"type": "map", "label": "Place", "content": "Berlin"},
    {"label": "No type", "content": "x"},
    {"type": None, "content": "no label"},
    {"label": "Zero", "content": 0},
    {"label": "False", "content": False},
    {"label": "Empty", "content": ""},
    {"label": "Null", "content": None},
    {"label": "Nothing"},
    {},
]


async def test_rows_stay_what_they_are(log: Sender) -> None:
    """Of every type, in order; 0, false and nothing are not made empty."""
    assert (await log.card(type="rows", content=ROWS))["content"] == content("rows", ROWS)


REFUSED = {
    "unknown type": (
        {"type": "video", "content": "x"},
        f"type field must include one of the following: {TYPES} . Currently it has video",
    ),
    "unknown type without content": (
        {"type": "Text"},
        f"type field must include one of the following: {TYPES} . Currently it has Text",
    ),
    "type is a number": (
        {"type": 7, "content": "x"},
        f"type field must include one of the following: {TYPES} . Currently it has 7",
    ),
    "type is an array": (
        {"type": ["rows"], "content": "x"},
        f'type field must include one of the following: {TYPES} . Currently it has ["rows"]',
    ),
    "type is an empty array": (
        {"type": []},
        f"type field must include one of the following: {TYPES} . Currently it has []",
    ),
    "rows are empty": ({"type": "rows", "content": []}, "content needs to have some data"),
    "rows are text": ({"type": "rows", "content": "x"}, "content of type rows must be an array of rows"),
    "rows are an object": ({"type": "rows", "content": {"a": 1}}, "content of type rows must be an array of rows"),
    "a row is text": (
        {"type": "rows", "content": [ROWS[0], "x"]},
        "each row of content must be an object with label and content",
    ),
    "a row is null": (
        {"type": "rows", "content": [None]},
        "each row of content must be an object with label and content",
    ),
    "rows within rows": (
        {"type": "rows", "content": [{"type": "rows", "content": []}]},
        "card's type shouldn't be rows",
    ),
    "unknown row type": (
        {"type": "rows", "content": [{"type": "video"}]},
        f"card's type should be one of {TYPES}",
    ),
    "row type is an object": (
        {"type": "rows", "content": [{"type": {"a": 1}}]},
        f"card's type should be one of {TYPES}",
    ),
    "content is a number": ({"content": 7}, "content field must be a string, an object or an array"),
    "content is zero": ({"content": 0}, "content field must be a string, an object or an array"),
    "content is true": ({"content": True}, "content field must be a string, an object or an array"),
    "row type is an empty object": (
        {"type": "rows", "content": [{"type": {}}]},
        f"card's type should be one of {TYPES}",
    ),
    "image is an object": (
        {"type": "image", "content": {"url": URL}},
        "content of type image must be the URL of an image",
    ),
}


@pytest.mark.parametrize(("fields", "message"), REFUSED.values(), ids=REFUSED)
async def test_what_is_wrong_is_refused(log: Sender, fields: dict[str, Any], message: str) -> None:
    """In their words where they have any; nothing is stored."""
    assert await log.refusal({"name": "an event"} | fields) == message


@pytest.mark.parametrize("url", ["shot.png", "javascript:alert(1)", "data:image/png;base64,AAAA", "http://"])
async def test_images_have_web_addresses(log: Sender, url: str) -> None:
    """Nothing but http and https is shown; the field is called `content`."""
    message = await log.refusal({"name": "an event", "type": "image", "content": url})
    assert "card." not in message


LONG = {
    "text": lambda length: {"content": "é" * length},
    "text as JSON": lambda length: {"type": "json", "content": "x" * length},
    "object": lambda length: {"type": "json", "content": {"a": "x" * (length - 8)}},
    "rows": lambda length: {"type": "rows", "content": [{"label": "x" * (length - 14)}]},
}


@pytest.mark.parametrize("made", LONG.values(), ids=LONG)
async def test_content_has_6000_characters(log: Sender, made: Any) -> None:
    """As text, without blanks; one more is a 400 that says so (theirs was a 401)."""
    message = "content length is more than 6000 characters, trim the length"
    assert await log.refusal({"name": "an event"} | made(6_001)) == message
    assert (await log.card(**made(6_000)))["content"]["value"]


async def test_blanks_and_escapes_do_not_count(log: Sender) -> None:
    """What is measured is the content as text, not how the sender wrote it."""
    spread = json.dumps({"name": "an event", "type": "json", "content": {"a": ["é" * 100] * 40}}, indent=20)
    assert len(spread) > 12_000
    assert (await log.event(spread.encode()))["card"]["content"]["value"] == {"a": ["é" * 100] * 40}
