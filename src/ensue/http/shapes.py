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
        return _twin(kind)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is None or origin is Literal:
        return kind
    inner = tuple(argument if argument is Ellipsis else shape(argument) for argument in arguments)
    return reduce(or_, inner) if origin in _UNIONS else origin[inner]


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
        forbid_unknown_fields=config.forbid_unknown_fields,
    )


def _field(known: msgspec.structs.FieldInfo, hint: Any) -> tuple[Any, Any]:
    """A field's type and default in the twin."""
    if hint is Raw and known.default is not NODEFAULT:
        return Raw | UnsetType, UNSET
    if known.default_factory is not NODEFAULT:
        return shape(hint), msgspec.field(default_factory=known.default_factory)
    return shape(hint), msgspec.field() if known.default is NODEFAULT else known.default
