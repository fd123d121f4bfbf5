"""Hides what counts as one sign to a reader: an extended grapheme cluster (Unicode, UAX #29), emoji and flags too."""

import re
from functools import lru_cache
from typing import Final

from wcwidth import iter_graphemes

_EMOJI: Final = re.compile(
    "[\u231a\u231b\u23e9-\u23fa\u25fb-\u25fe\u2600-\u27bf\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\U0001f000-\U0001faff]"
    "|.*[\ufe0f\u20e3]",
    re.DOTALL,
)
"""Signs that stand for a picture by themselves, or that a variation selector or a keycap makes one."""


_LONGEST: Final = 64
"""Characters of one sign; the longest emoji of Unicode 17 has ten."""


def first(text: str) -> str:
    """The first sign of `text`, empty if there is none."""
    return _first(text[:_LONGEST])


@lru_cache(maxsize=1024)  # the same few avatars come with every event
def _first(text: str) -> str:
    return next(iter_graphemes(text), "")


def cut(text: str, limit: int) -> str:
    """`text` cut to at most `limit` characters, between two signs where one ends within them."""
    if len(text) <= limit:
        return text
    end = 0
    for sign in iter_graphemes(text[: limit + 1]):
        if end + len(sign) > limit:
            break
        end += len(sign)
    return text[: end or limit]


def split_emoji(text: str) -> tuple[str | None, str]:
    """The emoji that `text` begins with, and what follows it, trimmed; None and `text` where it begins with none."""
    sign = first(text)
    if not _EMOJI.match(sign):
        return None, text
    return sign, text[len(sign) :].strip()
