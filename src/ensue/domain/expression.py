"""Hides how much a compiled CEL expression may cost: read from its syntax tree, so that no text can deceive us.

The expression library bounds rounds of a loop, neither time nor memory, and holds the interpreter meanwhile: eight
thousand rounds that each join two lists end in gigabytes, a pattern in a loop is built anew each round. So a loop's
body may read in full only what the loop itself brings; then a filter's cost is its length times the event's size.

The tree is a `cel.expr.CheckedExpr` (cel-spec, `syntax.proto` and `checked.proto`) in protobuf's wire format, of which
the few lines that are needed stand at the end.
"""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

MAX_JOINS: Final = 4
"""So many additions whose sides may be text or lists; each makes a copy as large as the event's data."""

MAX_PATTERNS: Final = 8
"""So many calls of `matches`."""

COMPARE: Final = frozenset(("_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_", "contains", "startsWith", "endsWith"))
"""Cost no more than the shorter side."""

NUMERIC: Final = frozenset(("_-_", "_*_", "_/_", "_%_", "-_"))
LOGICAL: Final = frozenset(("_&&_", "_||_", "!_", "@not_strictly_false"))
"""Read no value that could be long."""

NUMBERS: Final = frozenset(
    (
        "add_int64", "add_double", "add_uint64",
        "add_duration_duration", "add_duration_timestamp", "add_timestamp_duration",
    )
)  # fmt: skip
"""What `+` may mean without joining anything."""


class Refusal(Struct, frozen=True):
    """Why an expression is not accepted, and where: `offset` counts characters from its start."""

    reason: str
    offset: int


class Shape(Struct, frozen=True):
    """What an expression may cost: how many nodes of it stand in loops (0: it has none)."""

    looped: int


class _Refused(Exception):  # noqa: N818 - control flow within this module
    def __init__(self, reason: str, node: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.node = node


Loop = str | None
"""The variable of the innermost loop, None outside of loops."""


def shape_of(serialized: bytes) -> Shape | Refusal:
    """What the expression that `Expression.serialize` wrote may cost, or why it may not be used."""
    checked = _only(_read(serialized), 2)
    fields = list(_read(checked))
    walk = _Walk({_number(entry, 1): _overloads(entry) for entry in _each(fields, 2)})
    try:
        walk.node(_only(fields, 4), None)
    except _Refused as refused:
        return Refusal(refused.reason, _offset(_only(fields, 5), refused.node))
    return Shape(walk.looped)


class _Walk:
    """One pass over the tree. A method gives back whether its value may be long and is not the loop's own."""

    def __init__(self, overloads: dict[int, frozenset[str]]) -> None:
        self.overloads = overloads
        self.looped = 0
        self.joins = 0
        self.patterns = 0

    def node(self, body: bytes, loop: Loop) -> bool:
        fields = list(_read(body))
        name = _number_in(fields, 2)
        self.looped += loop is not None
        for number, value in fields:
            if not isinstance(value, bytes):
                continue
            if number == 4:
                return self.name(value, loop)
            if number == 5:
                return self.select(list(_read(value)), loop)
            if number == 6:
                return self.call(list(_read(value)), name, loop)
            if number in (7, 8):
                return self.literal(number, value, loop)
            if number == 9:
                return self.comprehension(list(_read(value)), name, loop)
        return False

    def name(self, body: bytes, loop: Loop) -> bool:
        name = _only(_read(body), 1).decode()
        return name != loop and not name.startswith("@")

    def select(self, fields: list[tuple[int, int | bytes]], loop: Loop) -> bool:
        outer = self.node(_only(fields, 1), loop)
        return outer and not _number_in(fields, 3)  # has(…) is a boolean

    def literal(self, number: int, body: bytes, loop: Loop) -> bool:
        parts = list(_each(_read(body), 1))
        if number == 8:
            parts = [part for entry in _each(_read(body), 2) for at in (3, 4) for part in _each(_read(entry), at)]
        outer = [self.node(part, loop) for part in parts]
        return any(outer)

    def call(self, fields: list[tuple[int, int | bytes]], node: int, loop: Loop) -> bool:
        function = _only(fields, 2).decode()
        operands = [*_each(fields, 1), *_each(fields, 3)]
        outer = [self.node(operand, loop) for operand in operands]
        self.count(function, node, loop)
        if function in LOGICAL | NUMERIC or loop is None:
            return False
        if function == "_?_:_":
            return any(outer[1:])
        if function == "_[_]":
            self.refuse(function, node, refused=outer[1])
            return outer[0]
        if function == "@in":
            self.refuse(function, node, refused=outer[1])
        elif function in COMPARE:
            self.refuse(function, node, refused=all(outer))
        elif function != "_+_":
            self.refuse(function, node, refused=any(outer))
        return False

    def count(self, function: str, node: int, loop: Loop) -> None:
        joins = function == "_+_" and not self.overloads.get(node, frozenset(("?",))) <= NUMBERS
        self.joins += joins
        self.patterns += function == "matches"
        if loop is not None and joins:
            reason = "in a loop '+' adds numbers only; write double(…) or int(…) around what it adds"
            raise _Refused(reason, node)
        if loop is not None and function == "matches":
            raise _Refused("'matches' cannot be used in a loop; use startsWith, endsWith or contains", node)
        if self.joins > MAX_JOINS:
            reason = f"'+' may join text or lists {MAX_JOINS} times; write double(…) or int(…) around numbers"
            raise _Refused(reason, node)
        if self.patterns > MAX_PATTERNS:
            raise _Refused(f"'matches' may be used {MAX_PATTERNS} times; join the patterns with '|'", node)

    def refuse(self, function: str, node: int, *, refused: bool) -> None:
        if refused:
            word = function.strip("_@") if function != "_[_]" else "[…]"
            reason = f"in a loop '{word}' may read only the loop's own variable, and values from outside by comparison"
            raise _Refused(reason, node)

    def comprehension(self, fields: list[tuple[int, int | bytes]], node: int, loop: Loop) -> bool:
        outer = self.node(_only(fields, 2), loop)
        if loop is not None and outer:
            raise _Refused("a loop within a loop may only go through the outer loop's own variable", node)
        variable = _only(fields, 1).decode()
        for part in (4, 5, 6, 7):
            self.node(_only(fields, part), variable)
        return False


def _overloads(entry: bytes) -> frozenset[str]:
    return frozenset(name.decode() for name in _each(_read(_only(_read(entry), 2)), 3))


def _offset(source: bytes, node: int) -> int:
    return next((_number(entry, 2) for entry in _each(_read(source), 4) if _number(entry, 1) == node), 0)


Fields = Iterator[tuple[int, int | bytes]] | list[tuple[int, int | bytes]]


def _read(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a protobuf message: number and value, bytes or a number."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        wire = key & 7
        if wire == 0:
            value, at = _varint(message, at)
            yield key >> 3, value
            continue
        length = {1: 8, 5: 4}.get(wire)
        if length is None:
            length, at = _varint(message, at)
        yield key >> 3, message[at : at + length]
        at += length


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at += 1
        shift += 7
        if byte < 0x80:
            return value, at


def _each(fields: Fields, number: int) -> Iterator[bytes]:
    return (value for at, value in fields if at == number and isinstance(value, bytes))


def _only(fields: Fields, number: int) -> bytes:
    return next(_each(fields, number), b"")


def _number_in(fields: Fields, number: int) -> int:
    return next((value for at, value in fields if at == number and isinstance(value, int)), 0)


def _number(message: bytes, number: int) -> int:
    return _number_in(_read(message), number)
