"""Hides how passwords are hashed and compared: argon2id, in two threads of their own, with a limit on who may wait.

`argon2-cffi` does it: it binds the reference code, is kept up, and has wheels for every platform. The parameters are
those that OWASP names as the least (19 MiB, two passes): logins are rare, and a small machine shall bear them.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ensue.domain.account import normalised
from ensue.domain.errors import EnsueError

THREADS: Final = 2
WAITING: Final = 32
"""How many passwords may be under way or wait at once, so that a flood of logins takes no memory and no time."""

NOBODYS: Final = "$argon2id$v=19$m=19456,t=2,p=1$Mh4TLxZev0lfoc0WFtbWYA$n81M5KYRwRXpFIc0tfrHneURuE5MNjSW6j/fbhWyFcM"
"""What the password of an address that nobody has is compared with, so that the answer takes as long."""

T = TypeVar("T")


class Passwords:
    """Hashes and compares."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="passwords")
        self._under_way = 0

    async def hash(self, password: str) -> str:
        """What is kept of a password. EnsueError `unavailable` when too many wait."""
        return await self._in_thread(lambda: self._hasher.hash(normalised(password)))

    async def fits(self, password: str, kept: str | None) -> bool:
        """Whether it is the one that `kept` was made of; as slow where there is none. EnsueError `unavailable`."""
        fits = await self._in_thread(lambda: self._compare(password, kept or NOBODYS))
        return fits and kept is not None

    def is_weak(self, kept: str) -> bool:
        """Whether a hash was made with lower parameters than those of now."""
        return self._hasher.check_needs_rehash(kept)

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _compare(self, password: str, kept: str) -> bool:
        try:
            return self._hasher.verify(kept, normalised(password))
        except (VerificationError, InvalidHashError):
            return False

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._under_way >= WAITING:
            raise EnsueError("unavailable", "Too many people sign in at this moment; try again.", retry_after=1)
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._under_way -= 1
