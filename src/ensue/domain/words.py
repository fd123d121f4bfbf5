"""Hides what a word is: the one rule by which events are found, in every store.

Text is brought to one form (NFKC, case folded) and cut into runs of letters, digits and the marks upon them; all else
only parts words. Scripts that are written without spaces (Han, Kana, Thai and their like) give a word for each
character. Of JSON the strings and numbers are read, unescaped, numbers as they were written; keys, `true`, `false` and
`null` are not, nor are data that are no text (`data_base64`). So an operator, a quote or a bracket in a question is
never more than what parts words.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Collection, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

MOST: Final = 1_000
"""Distinct words of one event that it is found by: the first ones of its type, subject, title, content and data."""

LENGTH: Final = 64
"""Characters that tell words apart: a longer one is asked for by its beginning."""

ASKED: Final = 32
"""Words of a question that count, the first ones."""

PART: Final = 4_096
"""Characters of a long text that are brought to one form at once."""

_GAP: Final = re.compile(r"[\x00-/:-@\[-`{-\x7f\u3001\u3002\uff0c]")
"""Where a text may be cut, just before one of these: they part words, and form nothing with what stands before them."""

_DENSE: Final = (0x0E00, 0x0F00, 0x1000, 0x10A0, 0x1780, 0x1800, 0x3040, 0x3100, 0x31F0, 0x3200, 0x3400, 0x4DC0)
_DENSER: Final = (0x4E00, 0xA000, 0xAA60, 0xAA80, 0xF900, 0xFB00, 0x20000, 0x32000)
_ALONE: Final = (*_DENSE, *_DENSER)
"""Where the ranges of characters that are words by themselves begin and end, in turns."""

_UNSEEN: Final = frozenset((0x00AD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF))
"""Hyphens and joiners that nobody sees part nothing."""


class _Letters(dict[int, str]):
    """What becomes of each character; learned as they come."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        if code in _UNSEEN:
            became = ""
        elif not letter.isalnum() and not unicodedata.category(letter).startswith("M"):
            became = " "
        else:
            became = f" {letter} " if bisect_right(_ALONE, code) % 2 else letter
        self[code] = became
        return became


_ASCII: Final = bytes(ord(chr(code).lower()) if chr(code).isalnum() else 32 for code in range(128)).ljust(256)
_letters: Final = _Letters()


def words(text: str) -> list[str]:
    """The words of a text, in order, repeated ones too."""
    if text.isascii():
        parted = text.encode().translate(_ASCII).decode()  # of bytes, which need no look at each character
    else:
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
        parted = folded.translate(_letters)
    return parted.split()


def asked(text: str) -> tuple[str, ...]:
    """The words of a question: all of them are meant, the last one as the beginning of a word. None: nothing is
    asked."""
    return tuple(word[:LENGTH] for word in words(text)[:ASKED])


class _Content(Struct, frozen=True, gc=False):
    value: Any = None


class _Card(Struct, frozen=True, gc=False):
    title: str | None = None
    content: _Content | None = None


class _Kept(Struct, frozen=True, gc=False):
    """Of an event as it is kept, what is searched."""

    type: str
    subject: str | None = None
    card: _Card | None = None
    data: Any = None


_decoder: Final = msgspec.json.Decoder(_Kept, float_hook=str)


def event_words(body: bytes) -> Sequence[str]:
    """The words of an event as `encode_event` wrote it, in order, at most `MOST` distinct ones; where they are few, as
    nearly always, some may be there twice, or longer than `LENGTH`: to look would cost as much as to find them."""
    try:
        event = _decoder.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return ()
    texts = [event.type]
    if event.subject is not None:
        texts.append(event.subject)
    card = event.card
    if card is not None:
        if card.title is not None:
            texts.append(card.title)
        if card.content is not None:
            _read(card.content.value, texts)
    if event.data is not None:
        _read(event.data, texts)
    text = " ".join(texts)
    if len(text) <= MOST:
        return words(text)
    return _first_words(text)


def _first_words(text: str) -> Sequence[str]:
    """The first `MOST` distinct words of a long text, part by part: what is behind them is not looked at, and no part
    is so long that others wait for it."""
    found: dict[str, None] = {}
    start = 0
    while start < len(text) and len(found) < MOST:
        gap = _GAP.search(text, start + PART)
        end = gap.start() if gap is not None else len(text)
        found |= dict.fromkeys(word[:LENGTH] for word in words(text[start:end]))
        start = end
    return tuple(found)[:MOST]


def _read(value: Any, texts: list[str]) -> None:
    """Add the strings and numbers within JSON, in order."""
    kind = type(value)
    if kind is str:
        texts.append(value)
    elif kind is dict or kind is list:
        for one in value.values() if kind is dict else value:
            inner = type(one)
            if inner is str:
                texts.append(one)
            elif inner is int:
                texts.append(str(one))
            elif inner is dict or inner is list:
                _read(one, texts)
    elif kind is int:
        texts.append(str(value))


def terms(wanted: Sequence[str]) -> tuple[str, ...]:
    """The words of a question, with a star behind each that is only the beginning of one: the last, and the longest."""
    last = len(wanted) - 1
    return tuple(f"{word}*" if at == last or len(word) == LENGTH else word for at, word in enumerate(wanted))


def unanswered(asked_for: Sequence[str], there: Collection[str]) -> tuple[str, ...]:
    """Those of some terms that none of the words `there` answers."""
    return tuple(term for term in asked_for if not _answers(term, there))


def _answers(term: str, there: Collection[str]) -> bool:
    if term.endswith("*"):
        return any(word.startswith(term[:-1]) for word in there)
    return term in there


def are_in(wanted: Sequence[str], there: Collection[str]) -> bool:
    """Whether an event with the words `there` answers the question `wanted`; one without words asks for nothing."""
    return not unanswered(terms(wanted), there)


def answers(asked_for: Sequence[str], body: bytes) -> bool:
    """Whether an event, as `encode_event` wrote it, answers all of some terms. Where the text is plain, a term that
    does not stand in it is missed at a glance."""
    if body.isascii() and b"\\u" not in body:
        lowered = body.lower()
        if any(term.rstrip("*").encode() not in lowered for term in asked_for):
            return False
    return not unanswered(asked_for, event_words(body))
