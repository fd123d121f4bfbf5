"""The rule for words: what parts them, what is one, and how many of them count."""

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given
from msgspec import Raw

from ensue.domain.event import Card, Content, Event, encode_event
from ensue.domain.words import ASKED, LENGTH, MOST, PART, _first_words, are_in, asked, event_words, words


def said(data: str, **fields: object) -> list[str]:
    """The words of an event with that data."""
    event = Event(id="e", project="p", type="t", time=0, received_at=0, data=Raw(data.encode()), **fields)  # type: ignore[arg-type]
    return list(event_words(encode_event(event)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Order #4711, paid!", ["order", "4711", "paid"]),
        ("order.paid order_paid order-paid", ["order", "paid"] * 3),
        ("don't", ["don", "t"]),
        ("Straße GRÖSSE Ǆ", ["strasse", "grösse", "dž"]),
        ("\uff21\uff22 ﬁne ①", ["ab", "fine", "1"]),
        ("co\u00adop\u200berate e\u0301te\u0301", ["cooperate", "été"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("東京 tower", ["東", "京", "tower"]),
        ("★ 🍎 … ()", []),
        ("", []),
    ],
)
def test_words_of_a_text(text: str, expected: list[str]) -> None:
    """Letters, digits and marks in runs, in one form."""
    assert words(text) == expected


@given(st.text())
def test_words_are_words_of_themselves(text: str) -> None:
    """Each word is its own only word, short enough, and nothing that an index could take for anything else."""
    for word in words(text):
        assert words(word) == [word]
        assert not set(word) & set(" \t\n\"'*+-^:(){}·")


@given(st.recursive(st.text() | st.integers() | st.floats(allow_nan=False, allow_infinity=False), st.lists))
def test_any_data_has_words(data: object) -> None:
    """Whatever JSON was accepted, reading it is no fault, and its texts are found."""
    found = said(msgspec.json.encode(data).decode())
    assert found[0] == "t"
    if isinstance(data, str):
        assert set(found) == {"t", *words(data)}


def test_data_are_read_as_values() -> None:
    """Strings and numbers as they were written, however deep, escapes read; keys, booleans and null are not words."""
    data = '{"key": ["a\\u00e4\\n", {"other": 12.50}], "n": -1e5, "yes": true, "no": null, "b": false, "i": 7}'
    assert said(data) == ["t", "aä", "12", "50", "1e5", "7"]


def test_a_card_is_read() -> None:
    """Title and content in all of its types; neither category nor buttons."""
    card = Card(title="The title", category="cat", content=Content("rows", Raw(b'[{"k": "one"}, ["two"]]')))
    assert said("null", subject="sub-1", card=card) == ["t", "sub", "1", "the", "title", "one", "two"]


def test_bounds() -> None:
    """Only so many characters of a word, words of an event, and words of a question count."""
    assert asked("x" * 1_000) == ("x" * LENGTH,)
    many = said(msgspec.json.encode([f"w{n}" for n in range(5_000)] + ["x" * 1_000]).decode())
    assert len(many) == len(set(many)) == MOST
    assert said(msgspec.json.encode(["x" * 70_000, "x" * 80_000]).decode()) == ["t", "x" * LENGTH]
    assert len(asked("word " * 10_000)) == ASKED


@pytest.mark.parametrize(
    ("question", "answered"),
    [
        ("x" * 70, True),
        ("x" * 70 + " apple", True),
        ("x" * 60 + " apple", False),
        ("apple", True),
        ("app", True),
        ("apple pi", True),
        ("app pie", False),
        ("pie apple", True),
        ("y", False),
        ("", True),
    ],
)
def test_a_question(question: str, answered: bool) -> None:  # noqa: FBT001 - a parameter
    """All words, the last one as a beginning; nothing asked is always answered."""
    assert are_in(asked(question), ["apple", "pie", "x" * 66]) is answered


@given(
    st.text(alphabet=st.sampled_from("aA é́≠'\uff41\uff0c、。漢かがｶﾞ한ㄱ\n,ﬁſς\u200b-"), max_size=60), st.integers(1, 9)
)
def test_a_long_text_has_the_words_that_it_has_as_a_whole(text: str, part: int) -> None:
    """Wherever it is cut: no mark is torn from its letter, and no word in two."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("ensue.domain.words.PART", part)
        patched.setattr("ensue.domain.words.MOST", 12)
        assert _first_words(text) == tuple(dict.fromkeys(word[:LENGTH] for word in words(text)))[:12]


def test_what_is_behind_the_last_word_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text of many words costs what its first thousand do, and none of its parts is long."""
    sizes: list[int] = []

    def noted(text: str) -> list[str]:
        sizes.append(len(text))
        return words(text)

    monkeypatch.setattr("ensue.domain.words.words", noted)
    assert len(_first_words(" ".join(f"wört{n}" for n in range(50_000)))) == MOST
    assert sum(sizes) < 20_000
    assert _first_words("wört " * 30_000) == ("wört",)
    assert max(sizes) < 2 * PART
