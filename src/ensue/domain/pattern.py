"""Hides what a type pattern means: `*` is exactly one dotted segment, `**` any number, everything else is itself.

Types that begin with `ensue.` are matched only by patterns that name them, beginning with `ensue.` (invariant 8).
"""

from typing import Final

RESERVED: Final = "ensue."


def is_exact(pattern: str) -> bool:
    """Whether `pattern` can match one type only."""
    return "*" not in pattern or not any(segment in ("*", "**") for segment in pattern.split("."))


def matches(pattern: str, kind: str) -> bool:
    """Whether the type `kind` is one that `pattern` means."""
    if kind.startswith(RESERVED) and not pattern.startswith(RESERVED):
        return False
    if is_exact(pattern):
        return pattern == kind
    return _matches(pattern.split("."), kind.split("."))


def _matches(pattern: list[str], segments: list[str]) -> bool:
    """Greedy matching with one step back to the last `**`: linear in practice, quadratic at worst."""
    at, segment, anchor, resumed = 0, 0, -1, 0
    while segment < len(segments):
        if at < len(pattern) and pattern[at] == "**":
            anchor, resumed = at, segment
            at += 1
        elif at < len(pattern) and pattern[at] in ("*", segments[segment]):
            at += 1
            segment += 1
        elif anchor >= 0:
            resumed += 1
            at, segment = anchor + 1, resumed
        else:
            return False
    return all(rest == "**" for rest in pattern[at:])
