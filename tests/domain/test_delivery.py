"""What follows a try (design sections 5 and 8): `decide`, for every result, at every number of tries."""

from hypothesis import given
from hypothesis import strategies as st

from ensue.domain.delivery import (
    JITTER,
    MAX_RETRY_AFTER,
    Delivery,
    Exchange,
    Failed,
    Interrupted,
    Later,
    Poisoned,
    Result,
    Retry,
    Sent,
    Skipped,
    decide,
    record,
)

NOW = 1_800_000_000_000

RETRIES = st.builds(
    Retry,
    st.integers(1, 100),
    st.lists(st.floats(0, 604_800), min_size=1, max_size=50).map(tuple),
)
SHARES = st.floats(0, 1, exclude_max=True)
FAILURES = st.builds(
    Failed, st.just("no"), permanent=st.booleans(), retry_after=st.none() | st.integers(0, 10 * MAX_RETRY_AFTER)
)
RESULTS: st.SearchStrategy[Result] = st.one_of(
    st.just(Sent()),
    FAILURES,
    st.builds(Later, st.integers(NOW, 2 * NOW), st.just("later")),
    st.just(Skipped("why")),
    st.just(Interrupted()),
    st.just(Poisoned()),
)


def held(**fields: object) -> Delivery:
    """A claimed delivery."""
    known: dict[str, object] = {
        "id": "dlv_1",
        "project": "prj_1",
        "event_id": "e",
        "lane": "trg_1",
        "created_at": NOW,
        "due_at": NOW + 30_000,
        "claimed_until": NOW + 30_000,
        "claim": 3,
        "lost": 2,
    }
    return Delivery(**(known | fields))  # type: ignore[arg-type]


@given(RETRIES, st.integers(0, 120), SHARES, st.none() | st.integers(0, 10**9))
def test_nothing_is_due_early(retry: Retry, tries: int, share: float, retry_after: int | None) -> None:
    """A wait is never cut short, neither by jitter nor by a receiver, and at most a fifth longer."""
    after = decide(held(tries=tries), Failed("no", retry_after=retry_after), retry, NOW, share)
    if after.state == "pending":
        wait = retry.schedule[min(tries + 1, len(retry.schedule)) - 1]
        asked = min(retry_after or 0, MAX_RETRY_AFTER)
        least = max(wait, asked) * 1000
        assert least <= after.due_at - NOW <= least * (1 + JITTER) + 1


@given(RETRIES, SHARES)
def test_attempts_are_bounded(retry: Retry, share: float) -> None:
    """However it fails, exactly as many tries as allowed, then dead."""
    states: list[str] = []
    delivery = held()
    for _ in range(retry.attempts):
        delivery = decide(delivery, Failed("no"), retry, NOW, share)
        states.append(delivery.state)
    assert states == ["pending"] * (retry.attempts - 1) + ["dead"]
    assert delivery.tries == retry.attempts


@given(RETRIES, st.integers(0, 50), st.integers(1, 20))
def test_a_manual_retry_allows_more(retry: Retry, used: int, more: int) -> None:
    """`allowed` replaces the trigger's attempts."""
    states: list[str] = []
    delivery = held(tries=used, allowed=used + more)
    for _ in range(more):
        delivery = decide(delivery, Failed("no"), retry, NOW, 0.0)
        states.append(delivery.state)
    assert states == ["pending"] * (more - 1) + ["dead"]


@given(RESULTS, RETRIES, st.integers(0, 120), SHARES)
def test_every_result_ends_the_claim(result: Result, retry: Retry, tries: int, share: float) -> None:
    """The fence stays, what was lost is forgotten, and only what was sent or failed counts as a try."""
    before = held(tries=tries)
    after = decide(before, result, retry, NOW, share)
    assert (after.claim, after.lost, after.claimed_until, after.id) == (before.claim, 0, None, before.id)
    assert after.tries - before.tries == isinstance(result, Sent | Failed)
    assert (after.ended_at is not None) == (after.state != "pending")


def test_each_result_has_its_state() -> None:
    """The four states and what leads to them."""
    states: list[tuple[Result, str, str | None, int]] = [
        (Sent(), "delivered", None, NOW + 30_000),
        (Failed("gone", permanent=True), "dead", "gone", NOW + 30_000),
        (Later(NOW + 7, "asleep"), "pending", "asleep", NOW + 7),
        (Skipped("why"), "cancelled", "why", NOW + 30_000),
        (Interrupted(), "pending", None, NOW),
        (Poisoned(), "dead", Poisoned().reason, NOW + 30_000),
    ]
    for result, state, reason, due_at in states:
        after = decide(held(), result, Retry(), NOW, 0.5)
        assert (after.state, after.reason, after.due_at) == (state, reason, due_at)


def test_the_default_policy_is_the_design() -> None:
    """Ten attempts at 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h."""
    retry = Retry()
    waits: tuple[float, ...] = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
    assert retry == Retry(10, waits)
    assert [retry.wait(tries) for tries in (1, 9, 10, 99)] == [5, 86400, 86400, 86400]


def test_an_attempt_tells_what_was_said() -> None:
    """The number of the try, the claim, how long it took, the error; never a negative time."""
    exchange = Exchange(method="POST", url="http://a.example/", status=503)
    attempt = record(held(tries=4), Failed("status 503", exchange), NOW, NOW + 20)
    assert (attempt.number, attempt.claim, attempt.result, attempt.duration_ms) == (5, 3, "failed", 20)
    assert (attempt.error, attempt.exchange, attempt.late) == ("status 503", exchange, False)
    assert record(held(), Interrupted(), NOW, NOW - 5).duration_ms == 0
    assert record(held(), Sent(exchange), NOW, NOW).exchange == exchange


def test_a_delivery_is_in_flight_until_its_claim_ends() -> None:
    """At the very moment it ends, it is not."""
    assert held().in_flight(NOW + 29_999)
    assert not held().in_flight(NOW + 30_000)
    assert not held(claimed_until=None).in_flight(NOW)
