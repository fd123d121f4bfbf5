"""Hides how a try is told in short, where many deliveries are listed."""

from msgspec import Struct

from ensue.domain.delivery import Attempt
from ensue.domain.schedule import format_time


class LastAttemptView(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The last try in short: its result, what the receiver answered, or why there was no answer."""

    result: str
    started_at: str
    duration_ms: int
    status: int | None = None
    error: str | None = None


def last_attempt_view(attempt: Attempt) -> LastAttemptView:
    """An attempt in short."""
    return LastAttemptView(
        result=attempt.result,
        started_at=format_time(attempt.started_at),
        duration_ms=attempt.duration_ms,
        status=None if attempt.exchange is None else attempt.exchange.status,
        error=attempt.error,
    )
