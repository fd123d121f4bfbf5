"""Hides how an event and its times look on a page without script: all that was sent as text, nothing of it fetched."""

from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from ensue.dialects.pages import words
from ensue.dialects.pages.markup import Html, element, sentence
from ensue.domain.event import Card, Content, Event
from ensue.domain.schedule import format_time

MOST_TEXT: Final = 1_000
MOST_ROWS: Final = 12
_MINUTE: Final = 60_000
_WEEK: Final = 7 * 24 * 60


def title_of(event: Event) -> str:
    """What an event is called."""
    return (event.card.title if event.card is not None else None) or event.type


def host_of(url: str) -> str:
    """The host that a URL leads to."""
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url


def moment(at: int, now: int) -> Html:
    """A time as one reads it: for a week how long ago, which holds in every zone, then the UTC time."""
    return element("time", ago(at, now) or stamp(at), datetime=format_time(at), title=stamp(at))


def ago(at: int, now: int) -> str | None:
    """How long ago a time of the last week is; None for any other."""
    minutes = (now - at) // _MINUTE
    if not 0 <= minutes < _WEEK:
        return None
    if minutes < 1:
        return words.JUST_NOW
    if minutes < 60:
        return words.MINUTES.format(count=minutes)
    hours = minutes // 60
    if hours < 24:
        return words.HOURS.format(count=hours)
    return words.DAYS.format(count=hours // 24) if hours >= 48 else words.DAY


def stamp(at: int) -> str:
    """The whole time: `21 Nov 2026, 14:32 UTC`."""
    then = datetime.fromtimestamp(at / 1000, UTC)
    return f"{then.day} {words.MONTHS[then.month - 1]} {then.year}, {then:%H:%M} UTC"


def event_card(event: Event, project: str, now: int) -> Html:
    """What happened: title, category, project, time (how long ago, and in UTC), content."""
    card = event.card or Card()
    about = [element("bdi", part) for part in (card.category, project) if part]
    whole = stamp(event.time)
    since = ago(event.time, now)
    time = element("time", whole if since is None else f"{since}, {whole}", datetime=format_time(event.time))
    return element(
        "section",
        element("p", title_of(event), class_="title", dir="auto"),
        element("p", Html(" · ".join([*about, time])), class_="about"),
        None if card.content is None else _content(card.content),
        class_="event",
    )


def _content(content: Content) -> Html | None:
    value: Any = msgspec.json.decode(content.value)
    if content.type == "rows" and isinstance(value, list):
        return _rows(value)
    if content.type == "image":
        return element("p", sentence(words.IMAGE, host=host_of(str(value))), class_="text")
    if isinstance(value, str):
        return element("p", *_cut(value), class_="text", dir="auto")
    shown = msgspec.json.format(content.value, indent=2).decode("utf-8")
    return element("pre", *_cut(shown), tabindex="0")


def _cut(whole: str) -> tuple[str, str | None]:
    if len(whole) <= MOST_TEXT:
        return whole, None
    return whole[:MOST_TEXT], element("span", f" {words.CUT}", class_="quiet")


def _rows(rows: list[Any]) -> Html:
    shown = [pair for row in rows[:MOST_ROWS] for pair in _pairs(row)][:MOST_ROWS]
    entries = [
        element("div", element("dt", label, dir="auto"), element("dd", *_cut(value), dir="auto"))
        for label, value in shown
    ]
    more = element("p", words.CUT, class_="quiet") if len(rows) > MOST_ROWS else None
    return Html(element("dl", *entries) + (more or ""))


def _pairs(row: Any) -> list[tuple[str, str]]:
    """A row as labels and values, as the console reads it."""
    if isinstance(row, list):
        return [(_written(row[0]) if row else "", " · ".join(map(_written, row[1:])))]
    if not isinstance(row, dict):
        return [("", _written(row))]
    label = next((name for name in ("label", "name", "key", "title") if isinstance(row.get(name), str)), None)
    value = next((name for name in ("value", "content", "text") if name in row and name != label), None)
    if label and value:
        return [(row[label], _written(row[value]))]
    return [(name, _written(inner)) for name, inner in row.items()]


def _written(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode("utf-8")
