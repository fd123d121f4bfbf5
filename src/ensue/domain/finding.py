"""Hides by which words a delivery is found: those of its event, of what was last said of it, and of its trigger."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from msgspec import Struct

from ensue.domain.words import answers, terms, unanswered, words

_KNOWN: Final = 20_000
"""So many names and addresses are remembered as words."""


class Sought(Struct, frozen=True):
    """A question about deliveries: its words, the last one as a beginning, and by which words triggers are known that
    answer some of them, by id. All words must be answered, by whatever."""

    words: Sequence[str]
    triggers: Mapping[str, Sequence[str]] = {}


@lru_cache(_KNOWN)
def trigger_words(name: str, url: str) -> tuple[str, ...]:
    """The words by which a trigger is known: of its name, and of its address but for the scheme."""
    return tuple(words(f"{name} {url.partition('://')[2]}"))


def sought(asked_for: Sequence[str], triggers: Mapping[str, tuple[str, str]]) -> Sought:
    """A question with what of the names and addresses of `triggers` may answer it."""
    wanted = terms(asked_for)
    known = {one: trigger_words(*label) for one, label in triggers.items()}
    return Sought(asked_for, {one: told for one, told in known.items() if len(unanswered(wanted, told)) < len(wanted)})


def is_sought(question: Sought, trigger: str | None, reason: str | None, body: bytes | None) -> bool:
    """Whether a delivery to `trigger` is meant, with the `reason` why it did not arrive, of an event as `encode_event`
    wrote it, None where that was removed."""
    left = terms(question.words)
    if reason is not None:
        left = unanswered(left, words(reason))
    if left and trigger is not None:
        left = unanswered(left, question.triggers.get(trigger, ()))
    return not left or (body is not None and answers(left, body))
