"""Hides how the order of a process's system calls is watched: by strace, read into one list of calls.

A thread is held at the beginning and at the end of each traced call until strace has written it down. So whatever
happened after a call had returned, in whichever thread, stands below the line that says that it returned.
"""

import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

SYNCS = frozenset({"fdatasync", "fsync"})
WRITES = frozenset({"write", "writev", "pwrite64", "pwritev", "sendto", "sendmsg", "sendmmsg"})
READS = frozenset({"read", "readv", "recvfrom", "recvmsg"})
_TEXT = 5_000
"""Bytes shown of each buffer: more than a page of the data file."""

_LINE = re.compile(r"^(\d+) +(.*)$")
_CALL = re.compile(r"^(\w+)\((\d+)<((?:->|[^>])*)>(.*)$")
_RESUMED = re.compile(r"^<\.\.\. (\w+) resumed>(.*)$")


class Syscall(Struct, frozen=True):
    """One call: where in the order it began and returned, what it was called on (a path, or `TCP:[from->to]`), and its
    arguments as strace shows them."""

    name: str
    began: int
    returned: int
    on: str
    text: str


def parse(lines: list[str]) -> list[Syscall]:
    """The calls that strace wrote down, in the order in which they returned."""
    open_calls: dict[str, tuple[int, str]] = {}
    found: list[Syscall] = []
    for number, line in enumerate(lines):
        matched = _LINE.match(line)
        if matched is None:
            continue
        thread, text = matched.groups()
        resumed = _RESUMED.match(text)
        if text.endswith("<unfinished ...>"):
            open_calls[thread] = (number, text.removesuffix("<unfinished ...>"))
            continue
        began, start = open_calls.pop(thread, (number, "")) if resumed else (number, text)
        call = _CALL.match(start + (resumed.group(2) if resumed else ""))
        if call is not None:
            found.append(Syscall(call.group(1), began, number, call.group(3), call.group(4)))
    return found


class Watch:
    """What is written down of one process; `calls` once the block is over."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @property
    def calls(self) -> list[Syscall]:
        """All calls, in the order in which they returned."""
        return parse(self._file.read_text("latin-1").splitlines())


@contextmanager
def watched(pid: int, file: Path) -> Iterator[Watch]:
    """Watch all threads of `pid` while the block runs. Fails where strace is missing or may not look."""
    program = shutil.which("strace")
    assert program, "strace is not installed; on Debian and Ubuntu: apt-get install strace"
    names = ",".join(sorted(SYNCS | WRITES | READS))
    strace = subprocess.Popen(
        [program, "-f", "-yy", "-s", str(_TEXT), "-e", f"trace={names}", "-o", str(file), "-p", str(pid)],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert strace.stderr is not None
    said = strace.stderr.readline()
    try:
        assert "attached" in said, f"strace may not look at other processes here: {said}"
        yield Watch(file)
    finally:
        strace.send_signal(signal.SIGINT)
        strace.wait(30)
        strace.stderr.close()
