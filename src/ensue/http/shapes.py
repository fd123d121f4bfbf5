"""Hides that a type may hold what no schema can say: fields of raw JSON have a default that JSON does not know.

So each type is shown by a twin with the same name, docstring and fields, in which such a field may be left out.
"""

import inspect
import types
from functools import cache, reduce
from operator import or_
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import NODEFAULT, UNSET, Raw, Struct, UnsetType

_UNIONS = (Union, types.UnionType)


@cache
def shape(kind: Any) -> Any:
    """The twin of `kind`: a struct, or whatever is made of structs; anything else is itself."""
    if isinstance(kind, type) and issubclass(kind, Struct):
        return _twin(kind) if _holds_raw(kind, set()) else kind
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is None or origin is Literal:
        return kind
    inner = tuple(argument if argument is Ellipsis else shape(argument) for argument in arguments)
    return reduce(or_, inner) if origin in _UNIONS else origin[inner]


def _holds_raw(kind: Any, seen: set[Any]) -> bool:
    """Whether raw JSON is anywhere in `kind`; what has none needs no twin, though it holds itself, as rules do."""
    if kind is Raw or kind in seen:
        return kind is Raw
    if isinstance(kind, type) and issubclass(kind, Struct):
        seen.add(kind)
        return any(_holds_raw(hint, seen) for hint in get_type_hints(kind).values())
    inner = () if get_origin(kind) is Literal else get_args(kind)
    return any(_holds_raw(argument, seen) for argument in inner if argument is not Ellipsis)


def _twin(kind: type[Struct]) -> type[Struct]:
    hints = get_type_hints(kind)
    fields: list[tuple[str, Any, Any]] = [
        (known.name, *_field(known, hints[known.name])) for known in msgspec.structs.fields(kind)
    ]
    config = kind.__struct_config__
    return msgspec.defstruct(
        kind.__name__,
        fields,
        module=kind.__module__,
        namespace={"__doc__": inspect.cleandoc(kind.__doc__ or "")},
        kw_only=True,
        frozen=True,
        forbid_unknown_fields=config.forbid_unknown_fields,
    )


def _field(known: msgspec.structs.FieldInfo, hint: Any) -> tuple[Any, Any]:
    """A field's type and default in the twin."""
    if hint is Raw and known.default is not NODEFAULT:
        return Raw | UnsetType, UNSET
    if known.default_factory is not NODEFAULT:
        return shape(hint), msgspec.field(default_factory=known.default_factory)
    return shape(hint), msgspec.field() if known.default is NODEFAULT else _default(known.default)


def _default(value: Any) -> Any:
    """A default in terms of twins."""
    if not isinstance(value, Struct) or shape(type(value)) is type(value):
        return value
    given = {name: _default(getattr(value, name)) for name in value.__struct_fields__}
    return shape(type(value))(**{name: one for name, one in given.items() if not isinstance(one, Raw)})
