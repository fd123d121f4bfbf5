"""Hides by which words a delivery is found: those of its event, of what was last said of it, and of its trigger."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from msgspec import Struct

from ensue.domain.words import answers, terms, unanswered, words

_KNOWN: Final = 20_000
"""So many names and addresses are remembered as words."""


class Sought(Struct, frozen=True):
    """A question about deliveries: its words, the last one as a beginning, and by which words triggers are known, by
    id; none where these answer nothing. All words must be answered, by whatever."""

    words: Sequence[str]
    triggers: Mapping[str, Sequence[str]] = {}


@lru_cache(_KNOWN)
def trigger_words(name: str, url: str) -> tuple[str, ...]:
    """The words by which a trigger is known: of its name, and of its address but for the scheme."""
    return tuple(words(f"{name} {url.partition('://')[2]}"))


class Names:
    """By which words triggers are known, given by id with name and address; laid out so that a question costs as much
    whether there are ten of them or ten thousand."""

    def __init__(self, triggers: Mapping[str, tuple[str, str]]) -> None:
        self._told = {one: trigger_words(*label) for one, label in triggers.items()}
        self._words = sorted({word for told in self._told.values() for word in told})

    def sought(self, asked_for: Sequence[str]) -> Sought:
        """A question with what the names and addresses may answer of it."""
        return Sought(asked_for, self._told if any(map(self._is_there, terms(asked_for))) else {})

    def _is_there(self, term: str) -> bool:
        """Whether some name or address answers a term."""
        word = term.removesuffix("*")
        place = bisect_left(self._words, word)
        nearest = self._words[place] if place < len(self._words) else ""
        return nearest.startswith(word) if word != term else nearest == word


def sought(asked_for: Sequence[str], triggers: Mapping[str, tuple[str, str]]) -> Sought:
    """A question with what of the names and addresses of few `triggers` may answer it."""
    return Names(triggers).sought(asked_for)


def is_sought(question: Sought, trigger: str | None, reason: str | None, body: bytes | None) -> bool:
    """Whether a delivery to `trigger` is meant, with the `reason` why it did not arrive, of an event as `encode_event`
    wrote it, None where that was removed."""
    left = terms(question.words)
    if reason is not None:
        left = unanswered(left, words(reason))
    if left and trigger is not None:
        left = unanswered(left, question.triggers.get(trigger, ()))
    return not left or (body is not None and answers(left, body))
