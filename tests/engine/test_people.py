"""What slows guessers down and keeps a flood of logins from taking the machine; changes that others overtake."""

import asyncio

import pytest

from ensue.domain.errors import EnsueError
from ensue.engine.passwords import NOBODYS, WAITING, Passwords
from ensue.engine.repeated import TRIES, OvertakenError, repeated
from ensue.engine.throttle import MOST_NAMES, Throttle


def test_a_throttle_lets_some_through_at_once_and_then_one_by_one() -> None:
    """As many as the burst, then one after each pause; what is refused costs no further wait; names are apart."""
    throttle = Throttle("tries", 3, 1_000)
    for _ in range(3):
        throttle.take("a", 10_000)
    for now, wait in ((10_000, 1), (10_001, 1), (10_999, 1)):
        with pytest.raises(EnsueError) as refused:
            throttle.take("a", now)
        assert (refused.value.code, refused.value.retry_after) == ("rate_limited", wait)
    throttle.take("b", 10_000)
    throttle.take("a", 11_000)
    with pytest.raises(EnsueError):
        throttle.take("a", 11_500)
    throttle.forget("a")
    throttle.take("a", 11_500)


def test_a_throttle_forgets_the_quietest() -> None:
    """It does not grow without end; who tries goes on being counted while others come and go."""
    throttle = Throttle("tries", 1, 1_000)
    throttle.take("a", 0)
    for number in range(MOST_NAMES - 1):
        throttle.take(str(number), 0)
    with pytest.raises(EnsueError):
        throttle.take("a", 1)
    throttle.take("one more", 1)
    with pytest.raises(EnsueError):
        throttle.take("a", 2)
    throttle.take("0", 2)


async def test_passwords() -> None:
    """A hash fits its password alone, two of one differ, and what is kept of nobody is made as those of now are."""
    passwords = Passwords()
    one, two = await passwords.hash("Schlu\u0308ssel 123"), await passwords.hash("Schl\u00fcssel 123")
    assert one != two
    assert one.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await passwords.fits("Schl\u00fcssel 123", one)
    assert not await passwords.fits("schl\u00fcssel 123", one)
    assert not await passwords.fits("anything", None)
    assert not await passwords.fits("anything", "no hash")
    assert not passwords.is_weak(one)
    assert not passwords.is_weak(NOBODYS)
    assert passwords.is_weak("$argon2id$v=19$m=1024,t=1,p=1$" + one.split("$", 4)[4])
    passwords.close()


async def test_a_flood_of_logins_is_refused() -> None:
    """Beyond so many that wait a further one is a 503 at once; afterwards they are served again."""
    passwords = Passwords()
    gone = asyncio.Event()
    loop = asyncio.get_running_loop()
    waiting = [asyncio.create_task(passwords._in_thread(lambda: _until(gone, loop))) for _ in range(WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(EnsueError) as refused:
        await passwords.hash("one too many")
    assert (refused.value.code, refused.value.retry_after) == ("unavailable", 1)
    gone.set()
    assert await asyncio.gather(*waiting) == [True] * WAITING
    assert await passwords.hash("one again")
    passwords.close()


def _until(gone: asyncio.Event, loop: asyncio.AbstractEventLoop) -> bool:
    return asyncio.run_coroutine_threadsafe(gone.wait(), loop).result(30)


async def test_what_was_overtaken_is_tried_again() -> None:
    """A few times, then it is a conflict."""
    tried: list[int] = []

    async def change(times: int) -> int:
        tried.append(1)
        if len(tried) <= times:
            raise OvertakenError
        return len(tried)

    assert await repeated(lambda: change(TRIES - 1)) == TRIES
    tried.clear()
    with pytest.raises(EnsueError) as refused:
        await repeated(lambda: change(TRIES))
    assert refused.value.code == "conflict"
