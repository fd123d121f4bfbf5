"""Hides who hears of the demo's events, and how they answer: a warehouse that is down now and was yesterday, a mail
provider that is busy at times, others that are well. No clock."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final

import msgspec
from msgspec import Struct

from ensue.domain.delivery import Retry
from ensue.domain.schedule import DAY, HOUR, MINUTE

_QUICK: Final = Retry(attempts=5, schedule=(5, 300, 1800, 5400))
DOWN_FOR: Final = 170 * MINUTE
"""For how long the warehouse has not answered."""
_DOWN_YESTERDAY: Final = (DAY + 5 * HOUR, DAY + HOUR)
"""From when until when it did not answer, before now (ms)."""


class Receiver(Struct, frozen=True):
    """A trigger of the demo, and the system that it calls: `host` and `path`."""

    name: str
    types: tuple[str, ...]
    host: str
    path: str
    takes: int
    """How long it takes to answer, about (ms)."""
    says: tuple[int, Any] = (200, {"ok": True})
    filter: str | None = None
    retry: Retry = Retry()
    concurrency: int | None = None
    enabled: bool = True
    headers: tuple[tuple[str, str], ...] = ()


class Reply(Struct, frozen=True):
    """What a receiver answered: no `status` where it did not, then `body` says why."""

    status: int | None
    takes: int
    body: str


RECEIVERS: Final[Sequence[Receiver]] = (
    Receiver(
        "Warehouse hold",
        ("order.held", "order.paid"),
        "wms",
        "/hooks/hold",
        410,
        filter='event.data.total > 15.0 && event.data.country != "FI"',
        retry=_QUICK,
        says=(200, {"held": True, "bin": "B-14"}),
        headers=(("X-Warehouse", "bergen-2"),),
    ),
    Receiver(
        "Ledger posting",
        ("payment.**",),
        "ledger",
        "/v2/entries",
        180,
        filter="event.data.amount > 0.0",
        says=(201, {"entry": "posted"}),
    ),
    Receiver("Team chat: #orders", ("order.*",), "chat", "/hooks/orders", 142),
    Receiver("Customer mail", ("order.paid", "order.shipped"), "mail", "/send", 91, says=(202, {"queued": True})),
    Receiver("Search index", ("product.**",), "search", "/index", 38),
    Receiver("Sign-up enrichment", ("user.signed_up",), "enrich", "/v1", 900, concurrency=5),
    Receiver("Nightly export", ("cron.nightly",), "etl", "/run", 8_900),
    Receiver("Fraud scoring", ("order.created",), "risk", "/score", 290, says=(200, {"score": 12})),
    Receiver("Old CRM sync", ("user.plan_changed", "user.new_country"), "crm-old", "/in", 300, enabled=False),
    Receiver("Dead letter alarm", ("ensue.delivery.dead",), "chat", "/hooks/alarms", 150),
)
"""Whom the roaster's events are for."""

_MAINTENANCE: Final = {"error": "maintenance", "message": "The warehouse API is read-only until 15:00."}
_BUSY: Final = {"error": "rate_limited", "message": "Too many messages; come again in a second."}


def address(base: str | None, host: str, path: str) -> str:
    """Where a system of the roaster is: at names that nobody has, or all of them below `base`."""
    return f"https://{host}.fjord.example{path}" if base is None else f"{base.rstrip('/')}/{host}{path}"


def at(base: str | None) -> Callable[[str, str], str]:
    """`address` with that base."""
    return lambda host, path: address(base, host, path)


def replied(receiver: Receiver, when: int, now: int, chance: Random) -> Reply:
    """What `receiver` answers to a try that begins at `when`."""
    if receiver.host == "wms" and _is_down(now - when):
        if chance.random() < 0.2:
            return Reply(None, 15_000, "timeout: no answer within 15 s")
        return Reply(503, chance.randint(700, 1_300), _json(_MAINTENANCE))
    if receiver.host == "mail" and chance.random() < 0.07:
        return Reply(429, chance.randint(30, 60), _json(_BUSY))
    if receiver.host in ("ledger", "search", "chat") and chance.random() < 0.006:
        return Reply(502, chance.randint(30, 90), "Bad gateway")
    status, body = receiver.says
    return Reply(status, round(receiver.takes * (0.8 + 0.5 * chance.random() ** 3)), _json(body))


def _is_down(ago: int) -> bool:
    began, ended = _DOWN_YESTERDAY
    return ago < DOWN_FOR or ended <= ago < began


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
