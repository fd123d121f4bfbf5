"""Hides how a field is read whose type nobody promised: what JavaScript takes for true, and what counts as text."""

from typing import Any

from ensue.domain.errors import EnsueError


def is_truthy(value: Any) -> bool:
    """Whether JavaScript takes the value for true: empty arrays and objects are."""
    return isinstance(value, list | dict) or bool(value)


def string_of(value: Any, field: str) -> str | None:
    """Text, None where there is none. Raises EnsueError `invalid` for anything else."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise EnsueError("invalid", f"{field} field must be a string", field)
    return value.strip() or None


def text_of(value: Any, field: str) -> str | None:
    """The same; a number becomes text."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value)
    return string_of(value, field)
