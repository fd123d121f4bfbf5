"""Filters: what they see, how JSON becomes CEL, and what is refused before it can cost anything."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw, json

from ensue.domain.errors import EnsueError
from ensue.domain.event import Action, Card, Content, Context, Event
from ensue.domain.filter import MAX_LENGTH, MAX_LOOPED, activation, compile_filter, seen

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "filters.md"
ROW = re.compile(r"^\| `(.+?)` \| `(\w+)` \| `(.+)` \| (true|false|error) \|$", re.MULTILINE)
ROWS = [
    (data, kind, text.replace("\\|", "|"), gives) for data, kind, text, gives in ROW.findall(PAGE.read_text("utf-8"))
]


def event(data: bytes = b"{}", **fields: object) -> Event:
    """An event with `data` and whatever else is told."""
    return Event(id="e1", project="p", type="order.paid", time=0, received_at=0, data=Raw(data), **fields)  # type: ignore[arg-type]


def matched(text: str, of: Event) -> bool:
    """Whether `text` matches; an error fails the test."""
    judgement = compile_filter(text).judge(activation(of))
    assert judgement.error is None
    return judgement.matched


def error(text: str, of: Event) -> str:
    """The error of judging `text`, which must not match."""
    judgement = compile_filter(text).judge(activation(of))
    assert not judgement.matched
    assert judgement.error is not None
    return judgement.error


def refusal(text: str) -> EnsueError:
    """How `text` is refused."""
    with pytest.raises(EnsueError) as caught:
        compile_filter(text)
    assert (caught.value.code, caught.value.field) == ("invalid", "match.filter")
    return caught.value


def test_the_page_has_its_table() -> None:
    """The rows below are read from the docs; none of them got lost on the way."""
    table = PAGE.read_text("utf-8").partition("## From JSON to CEL")[2].partition("\nSo:")[0]
    assert len(ROWS) == len([line for line in table.splitlines() if line.startswith("| `")]) > 50


@pytest.mark.parametrize(("data", "kind", "text", "gives"), ROWS)
def test_a_row_of_the_docs_holds(data: str, kind: str, text: str, gives: str) -> None:
    """JSON has the CEL type, and the expression the result, that the docs promise."""
    looked = activation(event(data.encode()))
    assert compile_filter(f"type(event.data) == {kind}").judge(looked).matched
    judgement = compile_filter(text).judge(looked)
    assert judgement.matched == (gives == "true")
    assert (judgement.error is not None) == (gives == "error")


def test_a_filter_sees_the_whole_event() -> None:
    """Every documented name is there, and has its value."""
    card = Card(
        title="Paid",
        category="money",
        muted=True,
        content=Content("text", Raw(b'"hi"')),
        actions=(Action("k", "l", "u"),),
    )
    full = event(
        sender_id="s1",
        subject="vip-1",
        source="/shop",
        tenant="acme",
        idempotency_key="once",
        context=Context("c1"),
        card=card,
        attributes={"region": "eu", "level": 3},
        content_type="application/json",
        schema="https://a.example/s",
    )
    shown = {"title": "Paid", "category": "money", "muted": True, "notify": False, "test": False}
    view = {
        "id": "s1",
        "type": "order.paid",
        "time": "1970-01-01T00:00:00.000Z",
        "attributes": {"region": "eu", "level": 3},
        "test": False,
        "muted": True,
        "subject": "vip-1",
        "source": "/shop",
        "tenant": "acme",
        "category": "money",
        "idempotency_key": "once",
        "content_type": "application/json",
        "schema": "https://a.example/s",
        "data": {},
        "context": {"id": "c1", "start": False},
        "card": {
            **shown,
            "content": {"type": "text", "value": "hi"},
            "actions": [{"key": "k", "label": "l", "url": "u"}],
        },
    }
    assert seen(full) == view
    assert matched("event.attributes.level == 3 && event.card.actions[0].key == 'k' && !event.context.start", full)


def test_what_is_absent_has_no_key() -> None:
    """`has` tells what was not given; the few names that are always there need no asking."""
    bare = Event(id="e1", project="p", type="t", time=0, received_at=0)
    assert sorted(seen(bare)) == ["attributes", "id", "muted", "test", "time", "type"]
    assert not matched("has(event.subject) || has(event.data) || has(event.card)", bare)
    assert matched("event.id == 'e1' && !event.test", bare)


def test_only_true_matches() -> None:
    """An error's value is a truthy string: it must not match."""
    assert error("event.data.absent", event()) == 'Key not found in map : "absent"'
    assert error("event.data.a", event(b'{"a": "true"}')) == "The filter gave string; it must give true or false."


@pytest.mark.parametrize(
    "text",
    ["timestamp('9999-12-31T23:59:59.999Z')", "duration('315576000000s')", "type(1)", "b'\\xff'", "[1][5]", "1.0/0.0"],
)
def test_any_value_can_come_out(text: str) -> None:
    """What a filter gives that is no boolean, or that our language cannot hold, is an error and never raised."""
    assert error(f"dyn({text})", event())


def test_one_huge_number_does_not_blind_a_filter() -> None:
    """Integers that CEL has not become doubles, wherever they stand; other fields are unaffected."""
    odd = event(b'{"a": [{"huge": 123456789012345678901234567890}], "b": "12345678901234567890", "c": 1}')
    assert matched("event.data.c == 1 && event.data.a[0].huge > 1e29 && event.data.b == '12345678901234567890'", odd)


def test_a_number_beyond_a_double_is_an_error() -> None:
    """What cannot be converted is told, not raised."""
    assert "cannot be given to a filter" in error("event.type == 'order.paid'", event(b'{"a": ' + b"9" * 400 + b"}"))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=12,
    )
)
@settings(max_examples=60)
def test_any_json_can_be_judged(data: object) -> None:
    """No JSON makes judging raise, and a value always equals itself."""
    assert matched("event.data == event.data", event(json.encode(data)))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1, column 1: Syntax error"),
        ("event.type ==", "line 1, column 14: Syntax error"),
        ("true &&\n  evnt.type == 'a'", "line 2, column 7: undeclared reference to 'evnt.type'"),
        ("'a' + 1 == 2", "line 1, column 5: found no matching overload"),
        ("1 + 1", "gives int; it must give true or false"),
        ("event.type + 'a'", "gives string"),
        ("event.data.map(x, x) == []", "line 1, column 15: 'map' is not available"),
        ("event.data.filter(x, x > 1) == []", "'filter' is not available"),
        ("(" * 1_000, "deeper than 32 levels"),
        ("event" + ".a" * 900, "deeper than 32 levels"),
        ("true" + " " * MAX_LENGTH, "2004 characters; the limit is 2000"),
        ("event.type == '\ud800'", "not valid Unicode"),
    ],
)
def test_a_filter_that_cannot_be_is_refused_with_the_place(text: str, says: str) -> None:
    """The message says where and what."""
    assert says in refusal(text).message


@pytest.mark.parametrize(
    "text", ["event.data.x == 'map'", "event.map == 1 || event.filter == 2", "event.type == 'a.all(x, x + x)'"]
)
def test_words_in_strings_and_fields_confuse_nothing(text: str) -> None:
    """The limits look at the syntax tree, not at the text."""
    assert compile_filter(text).most is None


@pytest.mark.parametrize(
    "text",
    [
        "event.data.items.exists(i, i.sku == event.data.main)",
        "event.data.orders.exists(o, o.items.all(i, i.sku == 'x'))",
        "event.data.tags.exists(t, t in ['a', 'b'] && size(t) == 1)",
        "event.data.tags.exists(t, 'x' in t.names)",
        "event.data.items.all(i, double(i.price) + 1.0 > 3.0 && i.count + 1 > 2)",
        "event.data.items.exists_one(event, event.a == event.a)",
        "event.data.all(key, event.data[key] == 1)",
        "event.data.items.all(i, has(i.a) ? i.a : i.b == event.type)",
    ],
)
def test_a_loop_over_its_own_is_allowed(text: str) -> None:
    """What costs no more than the event is long may be said; only small events are looked at."""
    assert compile_filter(text).most == MAX_LOOPED


@pytest.mark.parametrize(
    "text",
    [
        "event.l.exists(x, event.l + event.l == [])",
        "event.l.exists(x, x + 'a' == 'ba')",
        "event.l.exists(x, x in event.l)",
        "event.l.exists(x, event.l == event.l)",
        "event.l.exists(x, (true ? event.l : event.k) == event.l)",
        "event.l.exists(x, .event.l == .event.l)",
        "event.l.exists(x, {'a': event.l} == {'a': event.l})",
        "event.l.exists(x, [event.l, event.l] == [event.l, event.l])",
        "event.l.exists(x, event.k.exists(y, y == x))",
        "event.l.exists(x, x.all(y, x == x))",
        "event.l.exists(x, [event.l].all(y, y == y))",
        "event.l.exists(x, x.matches('a'))",
        "event.l.exists(x, size(event.s) > 1)",
        "event.l.exists(x, x[event.s] == 1)",
        "event.l.exists(x, string(event.s) == 'a')",
        "event.l.exists(x, event.s.contains(event.s))",
    ],
)
def test_a_loop_that_reads_from_outside_is_refused(text: str) -> None:
    """Such loops took gigabytes or seconds for an event of 16 KiB."""
    assert "loop" in refusal(text).message


def test_what_copies_or_searches_is_counted() -> None:
    """Additions of what may be long, and patterns, are few; additions of numbers are free."""
    assert "'+' may join" in refusal(" + ".join(["event.a"] * 6) + " == []").message
    assert "'matches' may be used 8 times" in refusal(" || ".join(["event.a.matches('a')"] * 9)).message
    assert compile_filter(" + ".join(["double(event.a)"] * 20) + " > 1.0").most is None
    assert matched("event.data.a + event.data.b > 100", event(b'{"a": 60, "b": 60}'))


def test_a_loop_sees_no_large_event() -> None:
    """Beyond the limit it errs and says the limit; without a loop there is none; the limit can be set."""
    large = event(b'{"a": [1], "b": "' + b"x" * MAX_LOOPED + b'"}')
    assert f"at most {MAX_LOOPED}" in error("event.data.a.exists(x, x == 1)", large)
    assert matched("event.data.a[0] == 1", large)
    assert compile_filter("event.data.a.exists(x, x == 1)", most=2 * MAX_LOOPED).judge(activation(large)).matched


def test_a_long_loop_sees_smaller_events() -> None:
    """Bytes times the loop's nodes are bounded, not bytes alone."""
    most = compile_filter("event.data.all(x, " + " && ".join(["x == 1"] * 190) + ")").most
    assert most is not None
    assert most < MAX_LOOPED / 8


def test_a_loop_without_end_is_an_error() -> None:
    """The library's budget of rounds is told in plain words."""
    text = "event.data.all(x, [1,2,3,4,5,6,7,8,9].all(y, [1,2,3,4,5,6,7,8,9].all(z, true)))"
    assert "went on for too long" in error(text, event(json.encode(list(range(1_000)))))


def test_many_filters_share_one_activation() -> None:
    """Judging does not use an activation up, and an error of one leaves the next alone."""
    looked = activation(event(b'{"a": 1}'))
    texts = ["event.data.a == 1", "event.data.x == 1", "event.data.a == 2", "event.data.a == 1"]
    judgements = [compile_filter(text).judge(looked) for text in texts]
    assert [judgement.matched for judgement in judgements] == [True, False, False, True]
    assert [judgement.error is None for judgement in judgements] == [True, False, True, True]
