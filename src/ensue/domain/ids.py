"""Hides how ids are made: time-ordered, so that an index on them grows at its end only (design section 6).

This is the one place of the domain that draws chance; time is still an argument.
"""

import random
import secrets
import uuid
from functools import lru_cache
from typing import Final

from ensue.domain.signature import secret_of

_chance = random.Random(secrets.randbits(256))  # noqa: S311 - ids are names, not secrets
_DIGITS: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS: Final = tuple(first + second for first in _DIGITS for second in _DIGITS)

_SHIFTS: Final = tuple(range(70, -1, -10))
_VARIANT: Final = 0x2 << 62
_LOW_48: Final = 0xFFFF_FFFF_FFFF


@lru_cache(maxsize=64)
def _event_moment(now: int) -> str:
    """The part of an event id that says when: the same for all of one millisecond."""
    text = f"{now & _LOW_48:012x}"
    return f"{text[:8]}-{text[8:]}-7"


@lru_cache(maxsize=64)
def _moment(now: int) -> str:
    """`now` as 10 digits that sort by time."""
    return "".join([_PAIRS[now >> shift & 1023] for shift in range(40, -1, -10)])


def event_id(now: int) -> str:
    """A UUIDv7 (RFC 9562, section 5.7) as text, for an event accepted at `now` (ms)."""
    bits = _chance.getrandbits(74)
    low = _VARIANT | bits & 0x3FFF_FFFF_FFFF_FFFF
    return f"{_event_moment(now)}{bits >> 62:03x}-{low >> 48:04x}-{low & _LOW_48:012x}"


def first_event_id(now: int) -> str:
    """What sorts before the id of every event that is accepted at `now` (ms) or later, and after all others."""
    return _event_moment(now)


def prefixed_id(prefix: str, now: int) -> str:
    """`prefix`, then 26 characters that sort by time: 50 bits of `now` (ms), 80 of chance. `dlv_01k…`."""
    bits = _chance.getrandbits(80)
    return prefix + _moment(now) + "".join([_PAIRS[bits >> shift & 1023] for shift in _SHIFTS])


def first_prefixed_id(prefix: str, now: int) -> str:
    """What sorts before every id with that prefix that is made at `now` (ms) or later, and after all others."""
    return prefix + _moment(now)


def is_event_id(text: str) -> bool:
    """Whether `text` has the form of an event id; asking the store for anything else is pointless."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def new_token() -> str:
    """A bearer token: `ens_` and 256 bits of chance (design section 8, Keys)."""
    return "ens_" + secrets.token_urlsafe(32)


def new_ticket() -> str:
    """What lets a person in, by cookie or by link: 256 bits of chance."""
    return secrets.token_urlsafe(32)


def new_secret() -> str:
    """A signing secret of Standard Webhooks: `whsec_` and 32 random bytes in base64."""
    return secret_of(secrets.token_bytes(32))


def jitter() -> float:
    """A number in [0, 1): the share of the jitter that one retry gets; handed to `decide` as a value."""
    return _chance.random()
