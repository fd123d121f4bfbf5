"""The short way: a line of text is an event; the emoji that it begins with is the avatar."""

import pytest

from tests.dialects.operational.sender import TEXT, Sender

SPLIT = [
    ("🚀 deployed v1", "🚀", "deployed v1"),
    ("🚀deployed v1", "🚀", "deployed v1"),
    ("deployed v1", None, "deployed v1"),
    ("  🚀   deployed v1 \n", "🚀", "deployed v1"),
    ("👨‍👩‍👧‍👦 family plan", "👨‍👩‍👧‍👦", "family plan"),
    ("🇩🇪 new market", "🇩🇪", "new market"),
    ("🇩🇪🇫🇷 two markets", "🇩🇪", "🇫🇷 two markets"),
    ("👍🏽 approved", "👍🏽", "approved"),
    ("❤️ liked", "❤️", "liked"),
    ("❤ liked", "❤", "liked"),
    ("☁️ cloud", "☁️", "cloud"),
    ("⚡ fast", "⚡", "fast"),
    ("⭐ starred", "⭐", "starred"),
    ("⌚ late", "⌚", "late"),
    ("✅ done", "✅", "done"),
    ("1️⃣ first", "1️⃣", "first"),
    ("🏴󠁧󠁢󠁥󠁮󠁧󠁿 England", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "England"),
    ("🫠 melted", "🫠", "melted"),
    ("1 first", None, "1 first"),
    ("# heading", None, "# heading"),
    ("é accent", None, "é accent"),
    ("漢字", None, "漢字"),
    (":) user", None, ":) user"),
    ("© someone", None, "© someone"),
    ("🚀", "🚀", "🚀"),
    ("🚀 " + "n" * 60, "🚀", "n" * 48),
]


@pytest.mark.parametrize(("text", "avatar", "name"), SPLIT)
async def test_an_emoji_and_a_name(log: Sender, text: str, avatar: str | None, name: str) -> None:
    """Joined emoji, variation selectors, flags and skin tones are one sign; an emoji alone is the name too."""
    event = await log.event(text.encode(), TEXT)
    assert event["type"] == name
    assert event["card"] == {"title": name} | ({"avatar": avatar} if avatar else {})


async def test_json_in_text_is_text(log: Sender) -> None:
    """The content type decides."""
    assert (await log.event(b'{"name": "x"}', TEXT))["type"] == '{"name": "x"}'


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/plain; charset=utf-8", "🚀 größer".encode()),
        ("TEXT/Plain;charset=UTF-8", "🚀 größer".encode()),
        ("text/plain; charset=utf-16", "🚀 größer".encode("utf-16")),
        ("text/plain", b"\xef\xbb\xbf" + "🚀 größer".encode()),
    ],
)
async def test_charsets_are_understood(log: Sender, content_type: str, body: bytes) -> None:
    """And a byte order mark is no part of the name."""
    event = await log.event(body, content_type)
    assert (event["card"]["avatar"], event["type"]) == ("🚀", "größer")


@pytest.mark.parametrize("body", [b"", b"  \n", b"\xef\xbb\xbf"])
async def test_nothing_is_refused(log: Sender, body: bytes) -> None:
    """A name is needed."""
    assert await log.refusal(body, TEXT) == "content field is required"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"\xff\xfe", "not valid UTF-8"),
        (b"a\x00b", "NUL"),
        (b"\xed\xa0\x80", "not valid UTF-8"),
        (b"ensue.x", "Ensue's own"),
        ("🚀 ensue.x".encode(), "Ensue's own"),
    ],
)
async def test_what_cannot_be_a_name_is_refused(log: Sender, body: bytes, message: str) -> None:
    """With its reason."""
    assert message in await log.refusal(body, TEXT)


async def test_text_has_ten_kibibytes(log: Sender) -> None:
    """Of which 48 characters are kept."""
    assert (await log.event(b"x" * 10_240, TEXT))["type"] == "x" * 48
    got = await log(b"x" * 10_241, TEXT)
    assert (got.status, got.body) == (413, b"request entity too large")
