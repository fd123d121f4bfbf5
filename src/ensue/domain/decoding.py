"""Hides what counts as acceptable JSON: one strict `decode` for every dialect (design section 8).

The decoder underneath passes over whatever a type leaves as `Raw`: bad UTF-8, lone surrogates, numbers that are not
finite, any depth. The cheap looks below find the bodies that could hold one of these; only those are decoded in full.
"""

import re
from itertools import accumulate
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Raw

from ensue.domain.errors import EnsueError

MAX_DEPTH: Final = 64

T = TypeVar("T")

_BRACKETS: Final = b"[]{}"
_NOT_BRACKETS: Final = bytes(set(range(256)) - set(_BRACKETS))
_STEPS: Final = bytes.maketrans(_BRACKETS, b"\x01\xff\x01\xff")
"""An opening bracket as +1, a closing one as -1, in a signed byte."""
_SURROGATE: Final = re.compile(rb"\\u[dD]")
_LONE: Final = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
"""The escape of half a character: the decoder takes what follows for the other half, and complains of that."""
_SHAPE: Final = bytes(48 if chr(byte) in "0123456789" else 101 if chr(byte) in "eE" else 32 for byte in range(256))
_MANY_DIGITS: Final = b"0" * 300
_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_BOM: Final = b"\xef\xbb\xbf"
_AT: Final = re.compile(r" - at `(.*)`$")


_DECODERS: Final[dict[Any, msgspec.json.Decoder[Any]]] = {}


def _decoder(kind: type[T]) -> msgspec.json.Decoder[T]:
    """One decoder for each type, made when it is first asked for."""
    found = _DECODERS.get(kind)
    if found is None:
        found = _DECODERS[kind] = msgspec.json.Decoder(kind)
    return found


def decode(body: bytes, kind: type[T], prefix: str = "", *, checked: bool = False) -> T:
    """`body` as a value of `kind`; `prefix` is put before the field that an error names (`events[3].`).

    `checked` says that `check_json` has passed what `body` is a part of. Raises EnsueError `invalid` with the field for
    everything that is not strict JSON of that shape.
    """
    if not checked:
        check_json(body, prefix)
    try:
        value = _decoder(kind).decode(body)
    except msgspec.ValidationError as error:
        raise _wrong_shape(error, prefix) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise EnsueError("invalid", f"The body is not valid JSON: {error}.", prefix.rstrip(".") or None) from None
    return value


def check_json(body: bytes, prefix: str = "") -> None:
    """Refuse what no part of a body may hold, inside `data` too; `invalid` with the reason."""
    field = prefix.rstrip(".") or None
    _check_text(body, field)
    if not is_flat(body) and _is_deep(body):
        raise EnsueError("invalid", f"The body is nested deeper than {MAX_DEPTH} levels; flatten it.", field)
    if _is_suspicious(body):
        _decode_in_full(body, field)


def is_plain(body: bytes) -> bool:
    """Whether nothing but its depth can be wrong with a body, or with a part of it, that `check_json` would refuse."""
    try:
        _check_text(body, None)
    except EnsueError:
        return False
    return not _is_suspicious(body)


def is_flat(body: bytes) -> bool:
    """Whether a body has so few brackets that it cannot be nested too deep."""
    return len(body) <= MAX_DEPTH or body.count(b"{") + body.count(b"[") <= MAX_DEPTH


def _check_text(body: bytes, field: str | None) -> None:
    if not body.isascii():
        try:
            body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise EnsueError("invalid", f"The body is not valid UTF-8 (byte {error.start}).", field) from None
    if b"\\" in body and b"\\u0000" in body and _NUL.search(body):
        raise EnsueError(
            "invalid", "The body holds the character NUL (\\u0000), which is not stored; leave it out.", field
        )


def decode_text(body: bytes, codec: str) -> str:
    """`body` as text without its byte order mark. Raises EnsueError `invalid`."""
    try:
        text = body.removeprefix(_BOM).decode(codec)
    except UnicodeDecodeError as error:
        raise EnsueError("invalid", f"The body is not valid {codec.upper()} (byte {error.start}).") from None
    if "\0" in text:
        raise EnsueError("invalid", "The body holds the character NUL, which is not stored; leave it out.")
    return text


def _is_suspicious(body: bytes) -> bool:
    """Whether a number may not be finite, or text may not be Unicode: a digit before an exponent, very many digits, or
    the escape of a surrogate. Numbers are looked for in a copy where every digit is 0: a tenth of what a pattern costs.
    """
    if b"\\" in body and b"\\u" in body and _SURROGATE.search(body):
        return True
    shape = body.translate(_SHAPE)
    return b"0e" in shape or (len(shape) >= len(_MANY_DIGITS) and _MANY_DIGITS in shape)


def _is_deep(body: bytes) -> bool:
    """Whether brackets nest beyond the limit; where they do not match, the decoder refuses the body anyway.

    By few passes in C, whatever the body: escapes go, then strings, then all that is no bracket; the rest is summed up.
    """
    outside = b"".join(body.replace(rb"\\", b"").replace(rb"\"", b"").split(b'"')[::2])
    steps = outside.translate(_STEPS, _NOT_BRACKETS)
    return max(accumulate(memoryview(steps).cast("b")), default=0) > MAX_DEPTH


def _decode_in_full(body: bytes, field: str | None) -> None:
    try:
        value = msgspec.json.decode(body)
    except msgspec.ValidationError as error:
        reason = "a number is beyond what can be held" if "range" in str(error) else str(error)
        raise EnsueError("invalid", f"The body is not acceptable: {reason}.", _named(body, field)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        half = _LONE.search(body)
        reason = f"{half[0].decode()} is half a character, a lone surrogate" if half else str(error)
        raise EnsueError("invalid", f"The body is not valid JSON: {reason}.", _named(body, field)) from None
    _refuse_surrogates(value, field)


def _named(body: bytes, field: str | None) -> str | None:
    """The field of the outermost object that cannot be decoded, after what leads to it; `field` where none is found."""
    try:
        members = msgspec.json.decode(body, type=dict[str, Raw])
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return field
    for name, value in members.items():
        try:
            msgspec.json.decode(value)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return f"{field}.{name}" if field else name
    return field


def _refuse_surrogates(value: Any, field: str | None) -> None:
    try:
        msgspec.json.encode(value)
    except (UnicodeEncodeError, ValueError, msgspec.MsgspecError) as error:
        raise EnsueError("invalid", f"The body holds text that is not valid Unicode: {error}.", field) from None


def _wrong_shape(error: msgspec.ValidationError, prefix: str) -> EnsueError:
    text = str(error)
    field = prefix + (_field(text) or "")
    reason = _AT.sub("", text)
    missing = re.match(r"Object missing required field `(.*)`$", reason)
    if missing:
        field = f"{field}.{missing[1]}" if field and not field.endswith(".") else field + missing[1]
        return EnsueError("invalid", f"The field '{field}' is required.", field)
    named = f"'{field.rstrip('.')}'" if field.rstrip(".") else "The body"
    return EnsueError("invalid", f"{named} is wrong: {reason[:1].lower()}{reason[1:]}.", field.rstrip(".") or None)


def _field(text: str) -> str | None:
    """The dotted path in a decoder's message: ``… - at `$.card.actions[0].url` `` is `card.actions[0].url`."""
    found = _AT.search(text)
    if found is None:
        return None
    return found[1].removeprefix("$").removeprefix(".") or None
