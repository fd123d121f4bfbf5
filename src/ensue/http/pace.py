"""Hides how often a public key may be used from one address: a bucket of requests that fills at a steady rate.

A public key stands in a web page, so whoever reads the page can send with it (design section 8, Keys). The bucket is of
the key *and* the address: one noisy visitor is slowed down, the others are not.
"""

import ipaddress
import math
from typing import Final

from msgspec import Struct

from ensue.domain.errors import EnsueError

MOST_BUCKETS: Final = 10_000
"""How many pairs of key and address are remembered; those unused for longest are forgotten first."""

SITE_BITS: Final = 64
"""An IPv6 network of this length counts as one address: that much is given to a single customer (RFC 6177)."""


class Pace(Struct, frozen=True):
    """`rate` requests a second, of which `burst` may come at once. A rate of 0 sets no limit."""

    rate: float = 10.0
    burst: int = 100


class _Bucket(Struct):
    left: float
    at: int


class Buckets:
    """What is left for each pair of key and address; in memory, so each process counts for itself."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def take(self, key_id: str, client: str, now: int) -> None:
        """Let one request pass at `now` (ms). Raises EnsueError `rate_limited` with the seconds to wait."""
        rate, burst = self._pace.rate, max(self._pace.burst, 1)
        if rate <= 0:
            return
        name = (key_id, site(client))
        bucket = self._buckets.pop(name, None) or _Bucket(burst, now)
        bucket.left = min(burst, bucket.left + max(now - bucket.at, 0) * rate / 1000)
        bucket.at = max(bucket.at, now)
        self._buckets[name] = bucket  # at the end: the first is the one that was unused for longest
        if len(self._buckets) > MOST_BUCKETS:
            del self._buckets[next(iter(self._buckets))]
        if bucket.left < 1:
            message = f"The public key {key_id} may send {rate:g} requests a second from one address; slow down."
            raise EnsueError("rate_limited", message, retry_after=math.ceil((1 - bucket.left) / rate))
        bucket.left -= 1

    def __len__(self) -> int:
        """How many pairs are remembered."""
        return len(self._buckets)


def site(client: str) -> str:
    """`client`, or the network that stands for it, where its addresses are many."""
    if ":" not in client:
        return client
    try:
        address = ipaddress.IPv6Address(client)
    except ValueError:
        return client
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(address) >> SITE_BITS << SITE_BITS, SITE_BITS)))
