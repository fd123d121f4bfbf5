"""Hides how a filter is judged: a CEL expression over one event, bounded in what it may cost (design section 10).

What a filter sees, and how JSON becomes CEL, is drawn up in docs/reference/filters.md. The library bounds neither time
nor memory, so what it is given is bounded: no macros `map` and `filter`, limits on loops (`domain/expression.py`) and
on the event's size. There is no clock here; the engine times `judge` from outside, after `Activation.prepare`.
"""

import re
from typing import Any, Final

import msgspec
from cel_expr_python import cel
from msgspec import Raw, Struct

from ensue.domain.errors import EnsueError
from ensue.domain.event import Card, Event
from ensue.domain.expression import Refusal, shape_of
from ensue.domain.schedule import format_time

FIELD: Final = "match.filter"

MAX_LENGTH: Final = 2_000
"""Characters of a filter."""

MAX_LOOPED: Final = 16 * 1024
"""Bytes of an event that a filter with `all`, `exists` or `exists_one` may see, where nothing else is told."""

MAX_WORK: Final = 64 * MAX_LOOPED
"""Bytes times nodes within loops: the longer a loop's body, the smaller the events that it may see."""

MAX_ERROR: Final = 300

_ENVIRONMENT: Final = """
stdlib:
  exclude_macros: [map, filter]
variables:
  - name: event
    type: dyn
"""
_environment: Final = cel.NewEnv(config=cel.NewEnvConfigFromYaml(_ENVIRONMENT))
_whole: Final = _environment.compile("event")
_BOOLEAN: Final = (cel.Type.BOOL, cel.Type.DYN)

_PLACED: Final = re.compile(r"<input>:(\d+):(\d+): (.*)")
_CODE: Final = re.compile(r"^[A-Z_]+: ")
_LONG_NUMBER: Final = re.compile(rb"[0-9]{19}")


class Judgement(Struct, frozen=True):
    """Whether the event matches; `error` is why that could not be told, and then it does not match."""

    matched: bool
    error: str | None = None


MATCHED: Final = Judgement(matched=True)
UNMATCHED: Final = Judgement(matched=False)


class Activation:
    """One event as filters see it, made when the first of them looks. Not for two threads at once."""

    __slots__ = ("_bound", "_event", "_size")

    def __init__(self, event: Event) -> None:
        self._event = event
        self._bound: cel.Activation | str | None = None
        self._size: int | None = None

    @property
    def size(self) -> int:
        """Bytes of the event, as it is kept."""
        if self._size is None:
            self._size = len(msgspec.json.encode(self._event))
        return self._size

    def prepare(self) -> cel.Activation | str:
        """The event as the library wants it, or why it cannot be had; the cost is here, not in the first filter.

        About 4 µs for a small event, milliseconds for one of 256 KiB.
        """
        if self._bound is None:
            try:
                self._bound = _environment.Activation({"event": seen(self._event)})
                _whole.eval(self._bound)
            except (ValueError, OverflowError, RuntimeError, msgspec.MsgspecError) as error:
                self._bound = f"The event cannot be given to a filter: {error}"[:MAX_ERROR]
        return self._bound


def activation(event: Event) -> Activation:
    """`event`, ready to be judged by any number of filters."""
    return Activation(event)


class Filter(Struct, frozen=True, eq=False):
    """A compiled filter; `text` is what it was made of, `most` the bytes of an event that it may see (None: any)."""

    text: str
    expression: Any
    most: int | None

    def judge(self, activation: Activation) -> Judgement:
        """Whether the event matches; never raises."""
        if self.most is not None and activation.size > self.most:
            reason = (
                f"The event has {activation.size} bytes; a filter with a loop like this one sees at most {self.most}."
            )
            return Judgement(matched=False, error=reason)
        bound = activation.prepare()
        if isinstance(bound, str):
            return Judgement(matched=False, error=bound)
        try:
            value = self.expression.eval(bound)
            result = value.value()
        except (RuntimeError, ValueError, OverflowError, TypeError) as error:
            return Judgement(matched=False, error=_cleaned(str(error)))
        if result is True:
            return MATCHED
        return UNMATCHED if result is False else _not_boolean(value.type(), result)


def compile_filter(text: str, most: int = MAX_LOOPED) -> Filter:
    """The filter that `text` means; `most` is the bytes of an event that it may see if it has loops.

    Raises EnsueError `invalid` with the place, field `match.filter`.
    """
    if len(text) > MAX_LENGTH:
        raise EnsueError("invalid", f"The filter has {len(text)} characters; the limit is {MAX_LENGTH}.", FIELD)
    try:
        text.encode()
        expression = _environment.compile(text)
    except UnicodeEncodeError:
        raise EnsueError("invalid", "The filter holds text that is not valid Unicode.", FIELD) from None
    except RuntimeError as error:
        raise _not_compiled(str(error)) from None
    if expression.return_type() not in _BOOLEAN:
        kind = expression.return_type().name().lower()
        raise EnsueError("invalid", f"The filter gives {kind}; it must give true or false.", FIELD)
    shape = shape_of(expression.serialize())
    if isinstance(shape, Refusal):
        raise EnsueError("invalid", f"The filter, {_place(text, shape.offset)}: {shape.reason}.", FIELD)
    return Filter(text, expression, min(most, MAX_WORK // shape.looped) if shape.looped else None)


def seen(event: Event) -> dict[str, Any]:
    """What a filter sees of `event`; what is absent has no key. Raises OverflowError for a number beyond a double."""
    view: dict[str, Any] = {
        "id": event.sender_id or event.id,
        "type": event.type,
        "time": format_time(event.time),
        "attributes": dict(event.attributes),
        "test": event.is_test,
        "muted": event.card is not None and event.card.muted,
    }
    for name in ("subject", "source", "tenant", "category", "idempotency_key", "data_base64", "content_type", "schema"):
        value = getattr(event, name)
        if value is not None:
            view[name] = value
    if bytes(event.data):
        view["data"] = _decoded(event.data)
    if event.context is not None:
        view["context"] = {"id": event.context.id, "start": event.context.start}
    if event.card is not None:
        view["card"] = _card(event.card)
    return view


def _card(card: Card) -> dict[str, Any]:
    shown: dict[str, Any] = _decoded(Raw(msgspec.json.encode(card)))
    return {**shown, "muted": card.muted, "notify": card.notify, "test": card.test}


def _decoded(data: Raw) -> Any:
    """JSON as values that CEL has: integers beyond 64 bits become doubles."""
    value = msgspec.json.decode(data)
    return _narrowed(value) if _LONG_NUMBER.search(data) else value


def _narrowed(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _narrowed(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_narrowed(part) for part in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return float(value)
    return value


def _not_boolean(kind: cel.Type, result: Any) -> Judgement:
    if kind == cel.Type.ERROR:
        return Judgement(matched=False, error=_cleaned(str(result)))
    return Judgement(matched=False, error=f"The filter gave {kind.name().lower()}; it must give true or false.")


def _cleaned(message: str) -> str:
    """The library's message without its codes: `NOT_FOUND: Key not found …`."""
    if "Iteration budget" in message:
        return "The filter's loops went on for too long; let them go through less."
    return _CODE.sub("", message)[:MAX_ERROR]


def _not_compiled(message: str) -> EnsueError:
    found = _PLACED.search(message)
    if "recursion" in message or found is None:
        reason = "is nested, or chains operators, deeper than 32 levels; group with parentheses or make it simpler"
        return EnsueError("invalid", f"The filter {reason}.", FIELD)
    for name in ("map", "filter"):
        if f"undeclared reference to '{name}'" in message:
            reason = f"'{name}' is not available in filters; use exists, all or exists_one"
            return EnsueError("invalid", f"The filter, {_place_of(message, name)}: {reason}.", FIELD)
    reason = found[3].removesuffix(" (in container '')").removesuffix("[INVALID_ARGUMENT]").strip()
    where = f"line {found[1]}, column {found[2]}"
    return EnsueError("invalid", f"The filter, {where}: {reason[:MAX_ERROR]}.", FIELD)


def _place_of(message: str, name: str) -> str:
    found = re.search(rf"<input>:(\d+):(\d+): undeclared reference to '{name}'", message)
    return f"line {found[1]}, column {found[2]}" if found else "somewhere"


def _place(text: str, offset: int) -> str:
    before = text[:offset]
    return f"line {before.count(chr(10)) + 1}, column {offset - (before.rfind(chr(10)) + 1) + 1}"
