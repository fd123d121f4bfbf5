"""Hides how a rule in Space Cloud's language is checked, kept and judged: `allow`, `deny`, `match`, `and`, `or`.

A rule is data in and data out. `check_rule` refuses at configuration all that could fail later, so that judging one
never raises: a path that leads nowhere, or to a value of another type, is a refusal. Source: Space Cloud's security
rules and filtering rules (design section 9).
"""

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Raw, Struct

from ensue.domain.decoding import decode
from ensue.domain.errors import EnsueError
from ensue.domain.schedule import parse_time

CLAIMS: Final = "args.auth"
PAYLOAD: Final = "args.params"
RAW_TOKEN: Final = "args.token"  # noqa: S105 - the name of a variable
DATA: Final = "args.data"

SECURITY_ROOTS: Final = frozenset({CLAIMS, PAYLOAD, RAW_TOKEN})
"""What a security rule sees: the claims of the token, the event's payload, the token itself."""

FILTER_ROOTS: Final = frozenset({DATA})
"""What the filter of a trigger sees: the event's payload."""

MAX_BYTES: Final = 16 * 1024
MAX_DEPTH: Final = 16
MAX_RULES: Final = 256

_PLAIN: Final = ("allow", "deny", "authenticated")
_JOINING: Final = ("and", "or")
_RULES: Final = (*_PLAIN, "match", *_JOINING)

_EQUAL: Final = ("==", "!=")
_ORDER: Final = (">", ">=", "<", "<=")
_AMONG: Final = ("in", "notIn")
_EVALS: Final = {
    "string": (*_EQUAL, *_AMONG),
    "number": (*_EQUAL, *_ORDER, *_AMONG),
    "bool": _EQUAL,
    "date": (*_EQUAL, *_ORDER),
}

_COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "in": lambda value, values: value in values,
    "notIn": lambda value, values: value not in values,
}

_DENIED: Final = "the operation being performed is denied"
_NOT_AUTHENTICATED: Final = "auth: The request is not authenticated"
_NO_MATCH: Final = "auth: The two fields do not match"

_MISSING: Final = object()
"""What a path that leads nowhere gives; a value of JSON is never this."""


class Rule(Struct, frozen=True, omit_defaults=True):
    """A rule that was checked. `type`, `eval`, `f1` and `f2` are those of `match`; `clauses` of `and` and `or`.

    `f1` and `f2` are values, or paths such as `args.auth.role`. `error` is said in place of our own words when the rule
    does not hold; `name` and `id` are kept as they were given.
    """

    rule: str
    type: str | None = None
    eval: str | None = None
    f1: Any = None
    f2: Any = None
    clauses: tuple["Rule", ...] = ()
    error: str | None = None
    name: str | None = None
    id: str | None = None


def check_rule(raw: Any, roots: frozenset[str], field: str = "rule") -> Rule:
    """The rule that `raw` means (`Raw`, or JSON already decoded), where paths may begin with `roots`.

    Raises EnsueError `invalid` whose field begins with `field`.
    """
    value = decode(bytes(raw), object, f"{field}.") if isinstance(raw, Raw) else raw
    if len(msgspec.json.encode(value)) > MAX_BYTES:
        raise EnsueError("invalid", f"'{field}' has more than {MAX_BYTES} bytes; make the rule smaller.", field)
    check = _Check(roots)
    return check.rule(value, field, MAX_DEPTH)


class _Words(NamedTuple):
    """What any rule may say of itself."""

    error: str | None
    name: str | None
    id: str | None


class _Check:
    """One rule being checked; counts its parts."""

    def __init__(self, roots: frozenset[str]) -> None:
        self._roots = roots
        self._left = MAX_RULES

    def rule(self, value: Any, field: str, depth: int) -> Rule:
        if not isinstance(value, dict):
            raise EnsueError("invalid", f'\'{field}\' is an object like {{"rule": "allow"}}.', field)
        self._left -= 1
        if depth == 0 or self._left < 0:
            message = f"'{field}' has more than {MAX_RULES} parts, or nests deeper than {MAX_DEPTH}; make it simpler."
            raise EnsueError("invalid", message, field)
        kind = self._kind(value.get("rule"), field)
        words = _Words(*(_text(value, name, field) for name in ("error", "name", "id")))
        if kind in _JOINING:
            return Rule(kind, clauses=self._clauses(value.get("clauses"), f"{field}.clauses", depth), **words._asdict())
        if kind == "match":
            return self._match(value, field, words)
        return Rule(kind, **words._asdict())

    def _kind(self, kind: Any, field: str) -> str:
        known = [rule for rule in _RULES if rule != "authenticated" or CLAIMS in self._roots]
        if kind in known:
            return str(kind)
        there = f"there are {', '.join(known)}"
        if kind == "authenticated":
            raise EnsueError("invalid", f"'{field}': a filter knows of no caller to be authenticated; {there}.", field)
        told = f"there is no rule {str(kind)[:40]!r} here" if kind is not None else "'rule' is missing"
        raise EnsueError("invalid", f"'{field}': {told}; {there}.", f"{field}.rule")

    def _clauses(self, clauses: Any, field: str, depth: int) -> tuple[Rule, ...]:
        if not isinstance(clauses, list) or not clauses:
            raise EnsueError("invalid", f"'{field}' is a list of at least one rule.", field)
        return tuple(self.rule(clause, f"{field}[{at}]", depth - 1) for at, clause in enumerate(clauses))

    def _match(self, value: dict[str, Any], field: str, words: _Words) -> Rule:
        kind, how = value.get("type"), value.get("eval")
        if not isinstance(kind, str) or kind not in _EVALS:
            raise EnsueError("invalid", f"'{field}.type' is one of {', '.join(_EVALS)}.", f"{field}.type")
        if not isinstance(how, str) or how not in _EVALS[kind]:
            raise EnsueError(
                "invalid", f"'{field}.eval' is one of {', '.join(_EVALS[kind])} for '{kind}'.", f"{field}.eval"
            )
        first, second = value.get("f1"), value.get("f2")
        self._operand(first, kind, f"{field}.f1")
        if how in _AMONG and isinstance(second, list):
            for at, one in enumerate(second):
                self._literal(one, kind, f"{field}.f2[{at}]")
        elif how in _AMONG and not _is_path(second):
            raise EnsueError("invalid", f"'{field}.f2' is a list, or the path of one, for '{how}'.", f"{field}.f2")
        else:
            self._operand(second, kind, f"{field}.f2")
        return Rule("match", kind, how, first, second, **words._asdict())

    def _operand(self, value: Any, kind: str, field: str) -> None:
        if _is_path(value):
            self._path(value, field)
        else:
            self._literal(value, kind, field)

    def _path(self, path: str, field: str) -> None:
        if not any(path == root or path.startswith(f"{root}.") for root in self._roots):
            there = " and ".join(f"'{root}'" for root in sorted(self._roots))
            raise EnsueError("invalid", f"'{field}': a path here begins with {there}, not {path[:80]!r}.", field)
        if "[" in path or not all(path.split(".")):
            message = f"'{field}': {path[:80]!r} is no path: names with dots between them, without indexes."
            raise EnsueError("invalid", message, field)

    def _literal(self, value: Any, kind: str, field: str) -> None:
        if isinstance(value, str) and value.startswith("utils."):
            message = f"'{field}': functions ({value[:40]}) are not available in rules; write a value or a path."
            raise EnsueError("invalid", message, field)
        if _typed(value, kind) is _MISSING:
            raise EnsueError("invalid", f"'{field}' is a {kind} or a path like '{min(self._roots)}.name'.", field)


def _text(value: dict[str, Any], name: str, field: str) -> str | None:
    text = value.get(name)
    if text is not None and not isinstance(text, str):
        raise EnsueError("invalid", f"'{field}.{name}' is text.", f"{field}.{name}")
    return text or None


def _is_path(value: Any) -> bool:
    return isinstance(value, str) and (value == "args" or value.startswith("args."))


def refusal(rule: Rule, variables: Mapping[str, Any]) -> str | None:
    """Why `rule` does not hold, None where it does. `variables` are JSON values by root: `{"args.data": {…}}`.

    `args.auth` None is a caller who is not known. Never raises.
    """
    told = _refusal(rule, variables)
    return told if told is None or rule.error is None else rule.error


def _refusal(rule: Rule, variables: Mapping[str, Any]) -> str | None:
    if rule.rule == "allow":
        return None
    if rule.rule == "authenticated":
        return None if variables.get(CLAIMS) is not None else _NOT_AUTHENTICATED
    if rule.rule == "and":
        return next((told for one in rule.clauses if (told := refusal(one, variables)) is not None), None)
    if rule.rule == "or":
        return _last_refusal(rule, variables)
    return _mismatch(rule, variables) if rule.rule == "match" else _DENIED


def _last_refusal(rule: Rule, variables: Mapping[str, Any]) -> str | None:
    told: str | None = _DENIED
    for one in rule.clauses:
        told = refusal(one, variables)
        if told is None:
            return None
    return told


def _mismatch(rule: Rule, variables: Mapping[str, Any]) -> str | None:
    kind = rule.type or ""
    first = _typed(_value(rule.f1, variables), kind)
    if first is _MISSING:
        return _not_typed("First", rule.f1, kind)
    found = _value(rule.f2, variables)
    second = _all_typed(found, kind) if rule.eval in _AMONG else _typed(found, kind)
    if second is _MISSING:
        return _not_typed("Second", rule.f2, kind if rule.eval not in _AMONG else f"list of {kind}")
    return None if _COMPARE[rule.eval or "=="](first, second) else _NO_MATCH


def _not_typed(which: str, operand: Any, kind: str) -> str:
    named = f" ({operand[:80]})" if isinstance(operand, str) else ""
    return f"match: {which} field{named} is missing or is no {kind}"


def _value(operand: Any, variables: Mapping[str, Any]) -> Any:
    """The operand itself, or what its path leads to, through objects only; `_MISSING` where it leads nowhere."""
    if not _is_path(operand):
        return operand
    parts = operand.split(".")
    value = variables.get(".".join(parts[:2]), _MISSING)
    for part in parts[2:]:
        if not isinstance(value, Mapping):
            return _MISSING
        value = value.get(part, _MISSING)
    return value


def _typed(value: Any, kind: str) -> Any:
    """`value` as it is compared, `_MISSING` if it is not of that kind; a date becomes milliseconds."""
    if kind == "string":
        return value if isinstance(value, str) else _MISSING
    if kind == "bool":
        return value if isinstance(value, bool) else _MISSING
    if kind == "number":
        return value if isinstance(value, int | float) and not isinstance(value, bool) else _MISSING
    try:
        return parse_time(value, "date") if isinstance(value, str) else _MISSING
    except EnsueError:
        return _MISSING


def _all_typed(values: Any, kind: str) -> Any:
    """Those of a list that are of that kind; `_MISSING` for what is no list."""
    if not isinstance(values, list | tuple):
        return _MISSING
    return [one for one in (_typed(value, kind) for value in values) if one is not _MISSING]
