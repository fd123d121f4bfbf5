"""Hides how results look: aligned and cut to a terminal's width, whole and plain for a pipe, JSON where asked for."""

import contextlib
import io
import json
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TextIO

import msgspec

from ensue.config import wants_colour

_COLOURS: Final = {
    "delivered": "32",
    "done": "32",
    "running": "33",
    "ok": "32",
    "enabled": "32",
    "pending": "33",
    "disabled": "33",
    "problem": "31",
    "dead": "31",
    "failed": "31",
}
"""Words that are worth a colour, and its SGR number."""

_STEERING: Final = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Control characters that JSON leaves as they are, and those that turn the direction of text."""

_OFTEN: Final = 10.0
"""Seconds between two lines that say how far long work is."""

_LEAST: Final = 8
"""A column is cut to no less than this."""


class Column(NamedTuple):
    """A column of a table. A `flexible` one is cut where the line is too narrow; others never, so ids stay whole.
    `number`s stand at its right."""

    title: str
    flexible: bool = False
    number: bool = False


class Terminal:
    """Where results (`out`) and remarks (`err`) go. `width` None: nothing is cut."""

    def __init__(
        self,
        out: TextIO,
        err: TextIO,
        *,
        width: int | None = None,
        colour: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._out = out
        self._err = err
        self._colour = colour
        self._clock = clock
        self._told: float | None = None
        self.width = width

    def say(self, text: str = "") -> None:
        """One line of the result, at once."""
        print(text, file=self._out, flush=True)

    def note(self, text: str) -> None:
        """A remark beside the result."""
        print(text, file=self._err, flush=True)

    def silence(self) -> None:
        """The reader went away: without this the interpreter would complain at its end of what is still buffered."""
        with contextlib.suppress(OSError, ValueError):  # not a file: nothing is buffered for one
            written = self._out.fileno()
            os.dup2(os.open(os.devnull, os.O_WRONLY), written)

    def json(self, value: Any) -> None:
        """A result for programs: JSON on one line."""
        self.say(_compact(value))

    def error(self, message: str, *, as_json: Mapping[str, Any] | None = None) -> None:
        """Why nothing came of it."""
        self.note(_compact({"error": as_json}) if as_json is not None else f"ensue: {message}")

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[Any]], nothing: str) -> None:
        """`rows` under their titles; the sentence `nothing` beside the result when there are none."""
        if not rows:
            self.note(nothing)
            return
        cells = [[plain(value) for value in row] for row in rows]
        lines = [[column.title for column in columns], *cells]
        widths = [max(len(line[at]) for line in lines) for at in range(len(columns))]
        _shrink(widths, columns, self.width)
        for line in lines:
            fitted = (self._fitted(*one) for one in zip(line, widths, columns, strict=True))
            self.say("  ".join(fitted).rstrip())

    def record(self, value: Mapping[str, Any]) -> None:
        """One thing: each field on a line, nested ones as `outer.inner`; fields without a value are left out."""
        pairs = [(name, plain(found)) for name, found in _flat(value)]
        widest = max((len(name) for name, _ in pairs), default=0)
        for name, text in pairs:
            self.say(f"{name:<{widest}}  {self._painted(text, text)}")

    def line(self, text: str) -> None:
        """One line of many, cut to the terminal."""
        self.say(text if self.width is None else _cut(text, self.width))

    def progress(self, text: str) -> None:
        """How far long work is: one line of a terminal that the next call replaces; elsewhere, as in a log, a line of
        its own every ten seconds."""
        if self.width is not None and self._err.isatty():
            self._err.write(f"\r\x1b[K{_cut(text, self.width)}")
            self._err.flush()
            return
        now = self._clock()
        if self._told is None:
            self._told = now
        if text and now - self._told >= _OFTEN:
            self._told = now
            self.note(text)

    def _fitted(self, cell: str, width: int, column: Column) -> str:
        text = _cut(cell, width)
        return self._painted(cell, text.rjust(width) if column.number else text.ljust(width))

    def _painted(self, word: str, text: str) -> str:
        colour = _COLOURS.get(word) if self._colour else None
        return text if colour is None else f"\x1b[{colour}m{text}\x1b[0m"


def standard_terminal() -> Terminal:
    """The process's own: cut and coloured only where somebody looks at it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that lacks a character still shows the rest
    watched = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if watched else None
    return Terminal(sys.stdout, sys.stderr, width=width, colour=watched and wants_colour())


def when(text: str | None) -> str:
    """A moment (RFC 3339, UTC) as short as a table wants it: `11-21 23:16:01`."""
    return text[5:19].replace("T", " ") if text else ""


def plain(value: Any) -> str:
    """Any value as text on one line; what others wrote cannot steer the terminal."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = value if isinstance(value, str) else _listed(value)
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def _shrink(widths: list[int], columns: Sequence[Column], width: int | None) -> None:
    """Take from the widest flexible column until the line fits, or nothing more can be taken."""
    if width is None:
        return
    flexible = [at for at, column in enumerate(columns) if column.flexible]
    while flexible and sum(widths) + 2 * (len(widths) - 1) > width:
        widest = max(flexible, key=lambda at: widths[at])
        if widths[widest] <= _LEAST:
            return
        widths[widest] -= 1


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(0, width - 1)] + "…"


def _listed(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list | tuple) and value and all(isinstance(one, str | int | float) for one in value):
        return ", ".join(one if isinstance(one, str) else _listed(one) for one in value)
    return _compact(value)


def _flat(value: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for name, found in value.items():
        if isinstance(found, Mapping) and found:
            yield from _flat(found, f"{prefix}{name}.")
        elif found is not None and found not in ({}, [], ()):
            yield f"{prefix}{name}", found


def _compact(value: Any) -> str:
    """JSON on one line, readable beyond ASCII; what a terminal would obey is escaped."""
    text = json.dumps(msgspec.to_builtins(value), ensure_ascii=False)
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
