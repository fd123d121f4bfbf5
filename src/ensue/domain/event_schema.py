"""Hides how the shape of an event's payload is written and checked: a subset of GraphQL's type language, one type each.

    type order_paid {
      id: ID!
      amount: Float!
      tags: [String]
      buyer: buyer!
    }
    type buyer { name: String! }

The texts of misfits are Space Cloud's own (design section 9), since its clients read them. Where its server let through
what the schema forbids (fractions as Integer, types of one field, anything but a list for a list), this one does not.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct

from ensue.domain.errors import EnsueError
from ensue.domain.schedule import parse_time

FIELD: Final = "schema"

MAX_LENGTH: Final = 16 * 1024
MAX_FIELDS: Final = 500
MAX_LISTS: Final = 4

SCALARS: Final = ("String", "Integer", "Float", "Boolean", "DateTime", "ID", "JSON")
FILLED: Final = ("default", "createdAt", "updatedAt")
"""Directives of a field that a database would fill in: it may be left out of the payload."""

_TOKEN: Final = re.compile(
    r'(?P<skip>[\s,\ufeff]+|#[^\n\r]*|"""(?:[^"]|"{1,2}(?!"))*"""|"(?!"")(?:[^"\\\n]|\\.)*")'
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)|(?P<mark>[{}\[\]():!@])|(?P<other>-?[0-9][0-9.eE+-]*|.)",
    re.ASCII,
)
_END: Final = ""


class Kind(Struct, frozen=True):
    """The kind of a field: a scalar or another type by `name`, `lists` times a list of it.

    `required` says of each level, the outermost first, whether null is refused there. `filled`: may be left out.
    """

    name: str
    lists: int
    required: tuple[bool, ...]
    filled: bool = False

    def __str__(self) -> str:
        return "[" * self.lists + self.name + "]" * self.lists


class Schema(Struct, frozen=True):
    """What payloads of events of one type look like: fields by type, the event's own type first."""

    name: str
    types: dict[str, dict[str, Kind]]


class Misfit(Struct, frozen=True):
    """Why a payload does not fit. `unknown` is for a field that the schema does not have."""

    message: str
    unknown: bool = False


def parse_schema(text: str, name: str) -> Schema:
    """The schema that `text` means for events of type `name`. Raises EnsueError `invalid`, field `schema`."""
    if len(text) > MAX_LENGTH:
        raise _wrong(f"the schema has {len(text)} characters; the limit is {MAX_LENGTH}")
    types = _Reader(text).types()
    if name not in types:
        there = ", ".join(types) or "nothing"
        raise EnsueError("invalid", f"Collection/Table ({name}) not found in schema: it has {there[:200]}.", FIELD)
    for fields in types.values():
        for field, kind in fields.items():
            if kind.name not in SCALARS and kind.name not in types:
                raise _wrong(
                    f"the field '{field}' is of a type '{kind.name}' that is not here; "
                    f"there are {', '.join(SCALARS)}, and the types that the schema itself has"
                )
    return Schema(name, types)


class _Reader:
    """A text of the type language, read from its beginning to its end."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._next = next(self._tokens, _END)
        self._fields = 0

    def types(self) -> dict[str, dict[str, Kind]]:
        """All types, in order."""
        types: dict[str, dict[str, Kind]] = {}
        while self._next != _END:
            if self._next != "type":
                raise _wrong(f"only 'type' is understood, not {self._next[:40]!r}")
            self._take()
            name = self._name("the name of a type")
            if name in types or name in SCALARS:
                raise _wrong(f"the type '{name}' is there already")
            types[name] = self._members(name)
        return types

    def _members(self, name: str) -> dict[str, Kind]:
        self._expect("{", f"after 'type {name}'")
        members: dict[str, Kind] = {}
        while self._next != "}":
            field = self._name(f"a field of '{name}', or '}}'")
            if field in members:
                raise _wrong(f"the type '{name}' has the field '{field}' twice")
            self._fields += 1
            if self._fields > MAX_FIELDS:
                raise _wrong(f"there are more than {MAX_FIELDS} fields")
            self._expect(":", f"after the field '{field}'")
            kind, required = self._kind(field)
            members[field] = Kind(kind, len(required) - 1, required, self._directives(field))
        self._take()
        return members

    def _kind(self, field: str, deep: int = 0) -> tuple[str, tuple[bool, ...]]:
        """The innermost type, and what is required at each level."""
        inner: tuple[bool, ...] = ()
        if self._next == "[":
            if deep == MAX_LISTS:
                raise _wrong(f"the field '{field}' is a list more than {MAX_LISTS} deep")
            self._take()
            name, inner = self._kind(field, deep + 1)
            self._expect("]", f"after the type of the field '{field}'")
        else:
            name = self._name(f"the type of the field '{field}'")
        required = self._next == "!"
        if required:
            self._take()
        return name, (required, *inner)

    def _directives(self, field: str) -> bool:
        """Whether one of them lets the field be left out."""
        filled = False
        while self._next == "@":
            self._take()
            name = self._name(f"a directive of the field '{field}'")
            if name not in FILLED:
                there = ", ".join(f"@{known}" for known in FILLED)
                raise _wrong(
                    f"the field '{field}' has the directive @{name}, which says nothing of events; there are {there}"
                )
            filled = True
            self._skip_arguments(field)
        return filled

    def _skip_arguments(self, field: str) -> None:
        if self._next != "(":
            return
        while self._next != ")":
            if self._next == _END:
                raise _wrong(f"a ')' is missing after the field '{field}'")
            self._take()
        self._take()

    def _name(self, what: str) -> str:
        name = self._next
        if not name[:1].isidentifier():
            raise _wrong(f"{what} is expected, not {name[:40]!r}" if name else f"it ends where {what} is expected")
        self._take()
        return name

    def _expect(self, mark: str, where: str) -> None:
        if self._next != mark:
            raise _wrong(f"{mark!r} is expected {where}, not {self._next[:40]!r}")
        self._take()

    def _take(self) -> None:
        self._next = next(self._tokens, _END)


def _tokens(text: str) -> Iterator[str]:
    for found in _TOKEN.finditer(text):
        if found.lastgroup != "skip":
            yield found[0]


def _wrong(reason: str) -> EnsueError:
    return EnsueError("invalid", f"The schema cannot be used: {reason}.", FIELD)


def misfit(schema: Schema, payload: Any) -> Misfit | None:
    """Why `payload` (decoded JSON) does not fit `schema`, None where it does. Never raises."""
    if not isinstance(payload, dict):
        got = _NAMES.get(type(payload), "Object")
        return Misfit(f"invalid type received for payload in collection {schema.name} - wanted Object got {got}")
    return _Fitting(schema).members(schema.name, payload, "")


_NAMES: Final[dict[type, str]] = {
    str: "String",
    bool: "Bool",
    int: "Integer",
    float: "Float",
    list: "Array",
    type(None): "Null",
}


class _Fitting:
    """One payload being held against one schema. As deep as the payload, which is bounded."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._of = schema.name

    def members(self, name: str, value: dict[str, Any], prefix: str) -> Misfit | None:
        fields = self._schema.types[name]
        for given in value:
            if given not in fields:
                return Misfit(f"The field {prefix}{given} is not present in schema of {self._of}", unknown=True)
        for field, kind in fields.items():
            wrong = self._field(prefix + field, field in value, value.get(field), kind)
            if wrong is not None:
                return wrong
        return None

    def _field(self, field: str, given: bool, value: Any, kind: Kind) -> Misfit | None:  # noqa: FBT001 - a fact of it
        if given:
            return self._value(field, value, kind, 0)
        if not kind.required[0] or kind.filled or (kind.name == "ID" and not kind.lists):
            return None
        return Misfit(f"required field ({field}) from table/colection ({self._of}) not present in request")

    def _value(self, field: str, value: Any, kind: Kind, level: int) -> Misfit | None:
        if value is None:
            if not kind.required[level]:
                return None
            return Misfit(f"no matching type found for field {field} in collection {self._of}")
        if level < kind.lists:
            if not isinstance(value, list):
                return self._wrong(field, kind, value)
            return next((bad for one in value if (bad := self._value(field, one, kind, level + 1)) is not None), None)
        if kind.name in self._schema.types:
            if isinstance(value, dict):
                return self.members(kind.name, value, f"{field}.")
            return self._wrong(field, kind, value)
        return self._scalar(field, value, kind)

    def _scalar(self, field: str, value: Any, kind: Kind) -> Misfit | None:
        if kind.name == "DateTime" and isinstance(value, str):
            return self._moment(field, value)
        return None if _is_scalar(value, kind.name) else self._wrong(field, kind, value)

    def _moment(self, field: str, value: str) -> Misfit | None:
        try:
            parse_time(value, field)
        except EnsueError:
            message = f"invalid datetime format recieved for field {field} in collection {self._of}"
            return Misfit(f"{message} - use RFC3339 fromat")
        return None

    def _wrong(self, field: str, kind: Kind, value: Any) -> Misfit:
        if isinstance(value, list):
            return Misfit(f"invalid type (array) received for field {field} in collection {self._of}")
        got = _NAMES.get(type(value), "Object")
        wanted = "Object" if kind.name in self._schema.types and not kind.lists else str(kind)
        return Misfit(f"invalid type received for field {field} in collection {self._of} - wanted {wanted} got {got}")


def _is_scalar(value: Any, name: str) -> bool:
    """Whether a value that is not null is of that scalar; a float without a fraction is an integer, as in JSON."""
    if name == "JSON":
        return True
    if name in ("String", "ID"):
        return isinstance(value, str)
    if isinstance(value, bool) or name == "Boolean":
        return isinstance(value, bool) and name == "Boolean"
    if name == "Integer":
        return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return isinstance(value, int | float)
