"""Hides how a message leaves the house: the protocol of a channel, and the two values that it is handed."""

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from ensue.domain.delivery import Result
from ensue.domain.event import Event
from ensue.domain.press import Press


class Message(Struct, frozen=True, gc=False, kw_only=True):
    """One try of a delivery: `id` is the delivery's, `sent_at` seconds UTC, `source` the CloudEvents source of events
    whose sender gave none. `press` says which button of the event was pressed, where one was."""

    id: str
    event: Event
    attempt: int
    sent_at: int
    source: str
    replay: str | None = None
    press: Press | None = None


class Browser(Struct, frozen=True, gc=False, kw_only=True):
    """Who a push is for: the browser's public `key` and `secret`, the number `vapid` that signs for the server, whom a
    push service may write to, and the address of the `page` that a click opens; `buttons` are labels, each with the
    address of the page that asks before it is pressed."""

    key: bytes
    secret: bytes
    vapid: bytes
    contact: str
    page: str
    buttons: tuple[tuple[str, str], ...] = ()


class Destination(Struct, frozen=True, gc=False, kw_only=True):
    """Where it goes. Secrets are open here and nowhere else; they are masked in what is kept of a try."""

    url: str
    format: str
    headers: dict[str, str] = {}
    secret_headers: dict[str, str] = {}
    secrets: tuple[bytes, ...] = ()
    timeout_ms: int = 15_000
    browser: Browser | None = None


class Channel(Protocol):
    """How one kind of delivery is sent. Found by the entry point group `ensue.channels`."""

    kind: str

    async def send(self, message: Message, to: Destination, held: Callable[[], bool]) -> Result | None:
        """Try once. Whatever the world does is a Result, never an exception; `Failed(permanent=, retry_after=)` is all
        the retry policy that a channel knows. `held` is asked just before the request is written: when it says False,
        nothing is sent and the answer is None."""

    async def close(self) -> None:
        """Let go of connections."""
