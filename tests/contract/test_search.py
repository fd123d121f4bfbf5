"""The contract of every store: events are found by their words, whatever else is asked, and by nobody else."""

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec import Raw
from msgspec.structs import replace

from ensue.domain.event import Action, Card, Content, Context
from ensue.domain.words import asked
from ensue.store.base import EventQuery, Store
from tests.contract.builders import NOW, OTHER, PROJECT, append, entry


async def caught_up(store: Store, limit: int = 1_000) -> None:
    """Search knows all that was committed."""
    while (await store.catch_up(limit)).done or await store.behind():
        pass


async def found(store: Store, question: str, **fields: Any) -> list[str]:
    """The subjects of the events that answer, newest first, over all pages."""
    subjects: list[str] = []
    query = EventQuery(**{"project": PROJECT, "words": asked(question), "limit": 2, **fields})
    while True:
        page = await store.page(query)
        subjects += [event.subject or "" for event in page.items]
        if page.next is None:
            return subjects
        query = replace(query, before=page.next)


async def told(store: Store, *data: str, **fields: Any) -> None:
    """An event for each of `data`; the subjects are `s0`, `s1` and so on."""
    made = [entry(NOW + n, subject=f"s{n}", data=Raw(text.encode()), **fields) for n, text in enumerate(data)]
    await append(store, *made)
    await caught_up(store)


async def test_every_part_is_searched(store: Store) -> None:
    """Type, subject, title, content and data; not the keys of data, nor who sent it."""
    card = Card(title="Refund asked", category="billing", content=Content("text", Raw(b'"please hurry"')))
    made = entry(subject="s-77", type="order.paid", card=card, source="elsewhere", data=Raw(b'{"amount": "twelve"}'))
    await append(store, made)
    await caught_up(store)
    for question in ("order", "paid", "77", "refund", "hurry", "TWELVE", "order.paid", "refund twelve hur"):
        assert await found(store, question) == ["s-77"], question
    for question in ("amount", "elsewhere", "billing", "wel", "refun twelve", "refund nothing"):
        assert await found(store, question) == [], question


async def test_newest_first_over_pages(store: Store) -> None:
    """Each answer once, the newest first, however many pages it takes."""
    await told(store, *(['{"a": "apple"}', '{"a": "pear"}'] * 20))
    assert await found(store, "app") == [f"s{n}" for n in range(38, -1, -2)]
    assert await found(store, "") == [f"s{n}" for n in range(39, -1, -1)]


SHIP = (Action(key="ship", label="Ship", url="https://example.com/"),)
FILTERS: list[tuple[dict[str, Any], Sequence[str]]] = [
    ({"type": "order.paid"}, ["c", "b"]),
    ({"type": "order.*"}, ["d", "c", "b"]),
    ({"type": "**", "without": "order."}, ["a"]),
    ({"subject": "c"}, ["c"]),
    ({"category": "red"}, ["d", "b"]),
    ({"context": "story"}, ["d", "c"]),
    ({"tenant": "acme"}, ["a"]),
    ({"since": NOW + 2}, ["d", "c"]),
    ({"until": NOW + 1}, ["a"]),
    ({"test": True}, ["b"]),
    ({"test": False}, ["d", "c", "a"]),
    ({"muted": True}, ["a"]),
    ({"notify": True}, ["d"]),
    ({"actions": True}, ["c"]),
    ({"actions": False}, ["d", "b", "a"]),
    ({"actions": True, "feed": True, "type": "order.*"}, ["c"]),
    ({"feed": True}, ["c", "b", "a"]),
    ({"feed": True, "category": "red", "type": "order.*"}, ["b"]),
    ({"project": OTHER}, []),
]


@pytest.mark.parametrize(("fields", "subjects"), FILTERS)
async def test_combined_with_every_filter(store: Store, fields: dict[str, Any], subjects: Sequence[str]) -> None:
    """Words and filters hold together."""
    story = Context("story")
    await append(
        store,
        entry(NOW, subject="a", type="other", tenant="acme", card=Card(title="Hello you", muted=True)),
        entry(NOW + 1, subject="b", type="order.paid", card=Card(title="Hello you", category="red", test=True)),
        entry(NOW + 2, subject="c", type="order.paid", card=Card(title="Hello you", actions=SHIP), context=story),
        entry(
            NOW + 3,
            subject="d",
            type="order.sent",
            card=Card(title="Hello you", category="red", notify=True),
            context=story,
        ),
        entry(NOW + 4, subject="e", type="order.paid", card=Card(title="Goodbye", category="red")),
        entry(NOW + 5, subject="f", project=OTHER, card=Card(title="Farewell")),
    )
    await caught_up(store)
    assert await found(store, "hello yo", **fields) == subjects


async def test_no_word_crosses_projects(store: Store) -> None:
    """What another project says is not found, as a word or as a beginning, and does not hide one's own."""
    await append(store, entry(subject="theirs", project=OTHER, data=Raw(b'"secretword"')), entry(subject="mine"))
    await caught_up(store)
    for question in ("secretword", "s", "theirs"):
        assert await found(store, question) == []
    assert await found(store, "secret", project=OTHER) == ["theirs"]
    assert await found(store, "mine") == ["mine"]


@pytest.mark.parametrize(
    "question",
    [
        '"',
        "'",
        '"apple',
        "apple*",
        "(apple",
        "apple AND",
        "NOT apple",
        "apple NEAR/2",
        "^apple",
        "-apple",
        "words:apple",
        "%",
        "\\",
    ],
)
async def test_operators_are_plain_words(store: Store, question: str) -> None:
    """Nothing that is asked is taken for a language: punctuation parts words, and AND, NOT, NEAR are words."""
    await told(store, '"apple and not near 2 words"')
    assert await found(store, question) == ([] if question == "words:pear" else ["s0"])


async def test_a_long_question(store: Store) -> None:
    """Ten kilobytes are as many words as count, no fault."""
    await told(store, '"apple"', '"pear"')
    assert await found(store, "apple " * 2_000) == ["s0"]
    assert await found(store, "x" * 10_000) == []
    assert await found(store, "\U0001f34e" * 5_000) == ["s1", "s0"]


async def test_words_of_other_scripts(store: Store) -> None:
    """Case, width and joiners make no difference; scripts without spaces are found by their characters."""
    await told(store, '"STRASSE \\uff21\\uff22\\uff23"', '"Gr\\u00fc\\u00dfe"', '"東京タワー"', '"नमस्ते"')
    for question, subject in (
        ("straße", "s0"),
        ("abc", "s0"),
        ("grüsse", "s1"),
        ("京", "s2"),
        ("東京", "s2"),
        ("नमस्", "s3"),
    ):
        assert await found(store, question) == [subject], question


async def test_what_is_removed_is_not_found(store: Store) -> None:
    """Removed and pruned events go, whether search knew them already or not; others stay."""
    known, unknown, old = entry(subject="known"), entry(subject="unknown"), entry(NOW - 10, subject="old")
    await append(store, known, old)
    await caught_up(store)
    await append(store, unknown, entry(subject="stays"))
    await store.remove(PROJECT, known.event.id, NOW)
    await store.remove(PROJECT, unknown.event.id, NOW)
    after: str | None = None
    while after := (await store.prune(PROJECT, NOW - 5, NOW - 5, after, 100)).next:
        pass
    assert await found(store, "kn") == await found(store, "old") == []
    await caught_up(store, 1)
    assert await found(store, "order") == ["stays"]
    assert await store.behind() == 0


async def test_made_anew_it_is_the_same(store: Store) -> None:
    """Search that was forgotten and made anew, in the smallest steps, answers as before."""
    await told(store, '"apple"', '"pear"', '"apple pie"')
    before = await found(store, "apple"), await found(store, "pi")
    await store.derive_anew()
    await caught_up(store, 1)
    assert (await found(store, "apple"), await found(store, "pi")) == before == (["s2", "s0"], ["s2"])
    assert (await store.catch_up(100)).done == 0
