"""How often a public key may be used from one address (design section 8, Keys)."""

import pytest

from ensue.domain.errors import EnsueError
from ensue.http import pace
from ensue.http.pace import Buckets, Pace

NOW = 1_700_000_000_000


def passed(buckets: Buckets, client: str, now: int, key: str = "key_a") -> bool:
    """Whether one request passes."""
    try:
        buckets.take(key, client, now)
    except EnsueError as error:
        return error.code != "rate_limited"
    return True


def many(buckets: Buckets, client: str, now: int, tries: int, key: str = "key_a") -> int:
    """How many of `tries` requests at the same moment pass."""
    return sum(passed(buckets, client, now, key) for _ in range(tries))


def test_a_burst_passes_and_the_rate_after_it() -> None:
    """Never more than the burst at once, however long it was quiet."""
    buckets = Buckets(Pace(2.0, 5))
    assert many(buckets, "192.0.2.1", NOW, 9) == 5
    assert many(buckets, "192.0.2.1", NOW + 499, 9) == 0
    assert many(buckets, "192.0.2.1", NOW + 500, 9) == 1
    assert many(buckets, "192.0.2.1", NOW + 10_000_000, 9) == 5


@pytest.mark.parametrize(("rate", "wait"), [(2.0, 1), (0.1, 10), (1000.0, 1)])
def test_the_refusal_says_when_to_come_again(rate: float, wait: int) -> None:
    """Whole seconds, rounded up: then there is room again."""
    buckets = Buckets(Pace(rate, 1))
    buckets.take("key_a", "192.0.2.1", NOW)
    with pytest.raises(EnsueError) as caught:
        buckets.take("key_a", "192.0.2.1", NOW)
    assert (caught.value.retry_after, caught.value.status) == (wait, 429)
    assert passed(buckets, "192.0.2.1", NOW + wait * 1000)


def test_addresses_and_keys_are_apart() -> None:
    """One that sends too much slows down neither its neighbours nor another key."""
    buckets = Buckets(Pace(1.0, 2))
    assert many(buckets, "192.0.2.1", NOW, 5) == 2
    assert many(buckets, "192.0.2.2", NOW, 5) == 2
    assert many(buckets, "192.0.2.1", NOW, 5, "key_b") == 2


def test_an_ipv6_network_is_one_address() -> None:
    """A customer has 2^64 of them; an IPv4 address that is written as IPv6 is itself; what is neither is a name."""
    buckets = Buckets(Pace(1.0, 2))
    assert many(buckets, "2001:db8::1", NOW, 1) + many(buckets, "2001:db8:0:0:ffff::9", NOW, 5) == 2
    assert many(buckets, "2001:db8:0:1::1", NOW, 5) == 2
    assert many(buckets, "::ffff:192.0.2.1", NOW, 1) + many(buckets, "192.0.2.1", NOW, 5) == 2
    assert many(buckets, "a:b", NOW, 5) == many(buckets, "", NOW, 5) == 2


def test_a_clock_that_stands_or_goes_back_gives_nothing() -> None:
    """Time only adds."""
    buckets = Buckets(Pace(1.0, 1))
    assert passed(buckets, "192.0.2.1", NOW)
    assert not passed(buckets, "192.0.2.1", NOW - 60_000)
    assert not passed(buckets, "192.0.2.1", NOW)
    assert passed(buckets, "192.0.2.1", NOW + 1000)


def test_no_rate_is_no_limit() -> None:
    """And nothing is remembered."""
    buckets = Buckets(Pace(0.0, 1))
    assert many(buckets, "192.0.2.1", NOW, 1000) == 1000
    assert len(buckets) == 0


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pair that was unused for longest is forgotten; one that is in use is not."""
    monkeypatch.setattr(pace, "MOST_BUCKETS", 10)
    buckets = Buckets(Pace(1.0, 1))
    assert passed(buckets, "192.0.2.1", NOW)
    for at in range(100):
        assert passed(buckets, f"198.51.100.{at}", NOW)
        assert not passed(buckets, "192.0.2.1", NOW)
    assert len(buckets) == 10
