"""Hides how ids are made: time-ordered, so that an index on them grows at its end only (design section 6).

This is the one place of the domain that draws chance; time is still an argument.
"""

import base64
import random
import secrets
import uuid
from typing import Final

_chance = random.Random(secrets.randbits(256))  # noqa: S311 - ids are names, not secrets
_DIGITS: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS: Final = tuple(first + second for first in _DIGITS for second in _DIGITS)

_VERSION: Final = 0x7 << 76
_VARIANT: Final = 0x2 << 62


def event_id(now: int) -> str:
    """A UUIDv7 (RFC 9562, section 5.7) as text, for an event accepted at `now` (ms)."""
    bits = _chance.getrandbits(74)
    number = (now & 0xFFFFFFFFFFFF) << 80 | _VERSION | (bits >> 62) << 64 | _VARIANT | bits & 0x3FFFFFFFFFFFFFFF
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def prefixed_id(prefix: str, now: int) -> str:
    """`prefix`, then 26 characters that sort by time: 48 bits of `now` (ms), 82 of chance. `dlv_01k…`."""
    number = (now & 0xFFFFFFFFFFFF) << 82 | _chance.getrandbits(82)
    return prefix + "".join([_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10)])


def is_event_id(text: str) -> bool:
    """Whether `text` has the form of an event id; asking the store for anything else is pointless."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def new_token() -> str:
    """A bearer token: `ens_` and 256 bits of chance (design section 8, Keys)."""
    return "ens_" + secrets.token_urlsafe(32)


def new_secret() -> str:
    """A signing secret of Standard Webhooks: `whsec_` and 32 random bytes in base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode("ascii")


def jitter() -> float:
    """A number in [0, 1): the share of the jitter that one retry gets; handed to `decide` as a value."""
    return _chance.random()
