"""Hides how edits of a user are written in SuprSend: a list of objects, each an operator with its values."""

from collections.abc import Mapping
from typing import Any, Final, cast

from ensue.domain.errors import EnsueError
from ensue.domain.operation import Operation, Verb

OPERATORS: Final[dict[str, Verb]] = {
    "$set": "$set",
    "$set_once": "$set_once",
    "$add": "$add",
    "$increment": "$add",
    "$append": "$append",
    "$remove": "$remove",
    "$unset": "$unset",
}
"""The operators, each with the verb that it is. `$increment` is another spelling of `$add`."""


def read_operations(value: Any, field: str) -> list[Operation]:
    """The operations that `value` lists, in order; one object may hold several. Raises EnsueError `invalid`."""
    if not isinstance(value, list):
        raise EnsueError("invalid", f"'{field}' must be a list of operations.", field)
    found: list[Operation] = []
    for at, item in enumerate(value):
        where = f"{field}[{at}]"
        if not isinstance(item, dict) or not item:
            raise EnsueError("invalid", f"'{where}' must be an object with an operator, like $set.", where)
        found.extend(read_operators(cast("Mapping[str, Any]", item), where))
    return found


def read_operators(values: Mapping[str, Any], where: str) -> list[Operation]:
    """The operations of one object. Raises EnsueError `invalid` for a key that is no operator."""
    for name in values:
        if name not in OPERATORS:
            known = ", ".join(OPERATORS)
            raise EnsueError("invalid", f"'{where}' has no operator {name[:80]!r}; there are {known}.", where)
    return [Operation(OPERATORS[name], value) for name, value in values.items()]
