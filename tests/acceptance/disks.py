"""Hides two ways to take a server's disk away and give it back: a small file system, a limit on how large files grow.

A small file system says what a full disk says (ENOSPC), but needs the right to mount; the limit (EFBIG) needs no right.
"""

import os
import resource
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.acceptance.server import Server

SIZE = 8 * 1024 * 1024


class LimitedFiles:
    """No file of the server's grows beyond the size of its write-ahead log."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def fill(self, server: Server) -> None:
        """From now on nothing can be appended."""
        size = (server.data / "ensue.db-wal").stat().st_size
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def free(self, server: Server) -> None:
        """There is room again."""
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


class SmallDisk:
    """A file system in memory that somebody else fills."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._filler = directory / "filler"

    def fill(self, server: Server) -> None:
        """Take all the room that is left."""
        with self._filler.open("ab", buffering=0) as filler:
            try:
                while True:
                    filler.write(bytes(4096))
            except OSError:
                return

    def free(self, server: Server) -> None:
        """Give it back."""
        self._filler.unlink()


Disk = LimitedFiles | SmallDisk


@contextmanager
def small_disk(directory: Path) -> Iterator[SmallDisk]:
    """A small file system at `directory`. Raises OSError where mounting is not allowed."""
    directory.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "ensue-test", str(directory)], capture_output=True, check=False
    )
    if mounted.returncode:
        raise OSError(mounted.stderr.decode())
    try:
        yield SmallDisk(directory)
    finally:
        subprocess.run(["umount", "--lazy", str(directory)], check=True)


def can_mount() -> bool:
    """Whether this process may mount."""
    if os.geteuid():
        return False
    with tempfile.TemporaryDirectory() as directory:
        try:
            with small_disk(Path(directory) / "try"):
                return True
        except OSError:
            return False
