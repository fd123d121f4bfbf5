"""Each field of an event: its limit at its value and one beyond, its default, what it becomes."""

from typing import Any

import pytest

from tests.dialects.edge import EVENTS, Edge
from tests.dialects.operational.sender import LOG, Sender

FAMILY = "👨‍👩‍👧‍👦"
FLAG = "🇩🇪"


async def test_a_name_is_type_and_title(log: Sender) -> None:
    """Alone, it is all that an event needs."""
    event = await log.event({"name": "  user signed up "})
    assert event["type"] == "user signed up"
    assert event["card"] == {"title": "user signed up"}
    assert {"subject", "context", "data", "tenant", "idempotency_key"} & event.keys() == set()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("n" * 48, "n" * 48),
        ("n" * 49, "n" * 48),
        ("n" * 5_000, "n" * 48),
        ("n" * 47 + FLAG, "n" * 47),
        ("n" * 46 + FLAG + "n", "n" * 46 + FLAG),
        ("n" * 47 + " n", "n" * 47),
        ("e" + "\u0301" * 60, "e" + "\u0301" * 47),
    ],
    ids=["48", "49", "very long", "half a flag", "a flag", "blank at the cut", "one long sign"],
)
async def test_names_are_cut_at_48(log: Sender, name: str, kept: str) -> None:
    """Type and title alike, and never within a sign where that can be helped."""
    event = await log.event({"name": name})
    assert (event["type"], event["card"]["title"]) == (kept, kept)


async def test_control_characters_in_a_name_are_blanks_in_the_type(log: Sender) -> None:
    """The type is printable; the title keeps its lines."""
    event = await log.event({"name": "first\r\nsecond\tthird"})
    assert (event["type"], event["card"]["title"]) == ("first second third", "first\r\nsecond\tthird")


async def test_content_alone_is_a_message(log: Sender) -> None:
    """One of name and content is needed; without a name the type is that of plain text in the native API."""
    event = await log.event({"content": "the disk is full"})
    assert event["type"] == "message"
    assert event["card"] == {"content": {"type": "text", "value": "the disk is full"}}


@pytest.mark.parametrize(
    ("avatar", "kept"),
    [
        ("🤖", "🤖"),
        (" a critical", "a"),
        (FAMILY + FLAG, FAMILY),
        (FLAG + FLAG, FLAG),
        ("👍🏽👍", "👍🏽"),
        ("❤️x", "❤️"),
        ("1️⃣2", "1️⃣"),
        ("e\u0301a", "e\u0301"),
        ("https://cdn.example/" + "a" * 300 + ".png", "https://cdn.example/" + "a" * 300 + ".png"),
        ("HTTP://cdn.example/a.png", "HTTP://cdn.example/a.png"),
        ("ftp://cdn.example/a.png", "f"),
        ("", None),
        (None, None),
        (7, None),
        (["🤖"], None),
    ],
)
async def test_avatars_are_one_sign_or_an_address(log: Sender, avatar: Any, kept: str | None) -> None:
    """Joined emoji, flags, skin tones and combined letters are one sign; what is no text is left out."""
    assert (await log.card(avatar=avatar)).get("avatar") == kept


@pytest.mark.parametrize(("length", "kept"), [(24, 24), (25, 24), (300, 24)])
async def test_categories_are_cut_at_24(log: Sender, length: int, kept: int) -> None:
    """The rest is dropped."""
    assert (await log.card(category="c" * length))["category"] == "c" * kept


@pytest.mark.parametrize("category", [None, "", "  "])
async def test_no_category_is_none(log: Sender, category: Any) -> None:
    """Blank is nothing."""
    assert "category" not in await log.card(category=category)


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        ("u1", "u1"),
        (42, "42"),
        (0, "0"),
        (-7, "-7"),
        (3.0, "3"),
        (1.5, "1.5"),
        (2**63, str(2**63)),
        ("", None),
        (None, None),
    ],
)
async def test_numbers_become_text(log: Sender, sent: Any, text: str | None) -> None:
    """User and context are often numbers in the sender's database."""
    event = await log.event({"name": "an event", "userId": sent, "contextId": sent})
    assert event.get("subject") == text
    assert event.get("context", {}).get("id") == text


@pytest.mark.parametrize("field", ["userId", "contextId"])
async def test_ids_have_255_characters(log: Sender, field: str) -> None:
    """One more is refused, and the field is called as the sender calls it."""
    assert (
        await log.refusal({"name": "an event", field: "i" * 256}) == f"'{field}' has 256 characters; the limit is 255."
    )
    event = await log.event({"name": "an event", field: "i" * 255})
    assert "i" * 255 in (event.get("subject"), event.get("context", {}).get("id"))


@pytest.mark.parametrize(
    ("value", "truth"),
    [
        (True, True),
        (1, True),
        ("false", True),
        ([], True),
        ({}, True),
        (False, False),
        (0, False),
        (0.0, False),
        ("", False),
        (None, False),
    ],
)
async def test_flags_are_what_javascript_takes_for_true(log: Sender, value: Any, truth: bool) -> None:  # noqa: FBT001
    """`notify`, `test`, `muted` and `contextStart`."""
    flags = dict.fromkeys(("notify", "test", "muted", "contextStart"), value)
    event = await log.event({"name": "an event", "contextId": "job_1"} | flags)
    assert [event["card"].get(flag, False) for flag in ("notify", "test", "muted")] == [truth] * 3
    assert event["context"] == {"id": "job_1"} | ({"start": True} if truth else {})


async def test_unknown_fields_are_ignored(log: Sender) -> None:
    """`type`, `data` or an id of the native API mean nothing here."""
    event = await log.event({"name": "an event", "data": {"a": 1}, "id": "x", "createdAt": "then", "subject": "s"})
    assert {"data", "subject", "sender_id"} & event.keys() == set()


@pytest.mark.parametrize("field", ["name", "category", "userId", "contextId"])
@pytest.mark.parametrize("value", [True, ["x"], {"x": 1}])
async def test_texts_are_texts(log: Sender, field: str, value: Any) -> None:
    """Anything else is refused with the name of the field; only ids may be numbers."""
    assert await log.refusal({"content": "c", field: value}) == f"{field} field must be a string"


@pytest.mark.parametrize("field", ["name", "category"])
async def test_names_are_no_numbers(log: Sender, field: str) -> None:
    """Theirs refuses them too."""
    assert await log.refusal({"content": "c", field: 7}) == f"{field} field must be a string"


@pytest.mark.parametrize("name", ["ensue.action.done", " ensue.x", "\u0001ensue.x", "ensue." + "x" * 100])
async def test_our_own_types_are_refused(log: Sender, name: str) -> None:
    """What begins with `ensue.` is said by the platform alone."""
    assert "Types that begin with 'ensue.' are Ensue's own" in await log.refusal({"name": name})


@pytest.mark.parametrize(
    "body", [{}, {"name": ""}, {"name": None, "content": None}, {"avatar": "🤖"}, {"content": ""}, {"type": "rows"}]
)
async def test_one_of_name_and_content_is_needed(log: Sender, body: Any) -> None:
    """An event that says nothing is none."""
    assert await log.refusal(body) == "content field is required"


async def test_events_can_be_chosen_by_what_was_sent(log: Sender, api: Edge) -> None:
    """Category, subject, context, test and muted are filters of the feed."""
    await log({"name": "other"})
    full = {"name": "paid", "category": "orders", "userId": 7, "contextId": "job_1", "test": True, "muted": True}
    sent = (await log(full)).headers["x-event-id"]
    for chosen in ("category=orders", "subject=7", "context=job_1", "test=true", "muted=true", "type=paid"):
        assert [one["id"] for one in await api.items(f"{EVENTS}?{chosen}")] == [sent], chosen


async def test_the_older_path_is_the_same(log: Sender) -> None:
    """`/api/v1/ingest` of older clients, and both with a slash at the end."""
    for path in ("/api/v1/ingest", "/api/v1/ingest/", f"{LOG}/"):
        got = await log({"name": "an event"}, path=path)
        assert (got.status, got.body) == (201, b"success"), path


async def test_triggers_hear_of_it(log: Sender, api: Edge) -> None:
    """By type, by category, by a filter that looks at the card; a test event fires only what asks for tests."""
    matches = ({"type": "order paid"}, {"category": "orders"}, {"filter": "event.card.content.value == 'ok'"})
    triggers = [(await api.trigger(match=match))["id"] for match in matches]
    full = {"name": "order paid", "category": "orders", "content": "ok"}
    sent = (await log(full)).headers["x-event-id"]
    owed = await api.items(f"/api/v1/deliveries?event={sent}")
    assert sorted(one["trigger"] for one in owed) == sorted(triggers)
    test = (await log(full | {"test": True})).headers["x-event-id"]
    assert await api.items(f"/api/v1/deliveries?event={test}") == []
