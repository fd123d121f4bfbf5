"""Hides which calls of the API a program needs to send events, read them, and follow what became of them."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from types import TracebackType
from typing import Any, Final, Self, Unpack, cast
from urllib.parse import quote

from msgspec import Struct

from ensue.client.events import EventFields, NewEvent, encode, event_body
from ensue.client.resources import ROOT, Actions, Deliveries, Keys, Replays, Triggers, item, pages
from ensue.client.stream import Streamed, follow
from ensue.client.transport import ApiError, Call, QueryValue, Transport
from ensue.config import client_defaults

_BATCH_EVENTS: Final = 1_000
_BATCH_BYTES: Final = 4 * 1024 * 1024


class Receipt(Struct, frozen=True):
    """What became of an event. `duplicate`: it was sent before, under the same idempotency key or source and id, and
    this is the first one's id. `warnings` names fields that were not understood."""

    id: str
    duplicate: bool = False
    warnings: tuple[str, ...] = ()


class BatchReceipt(Struct, frozen=True):
    """What became of the events of a batch, in order: a receipt for each, or the error that it got."""

    items: tuple[Receipt | ApiError, ...] = ()

    @property
    def accepted(self) -> int:
        """How many are new."""
        return sum(isinstance(one, Receipt) and not one.duplicate for one in self.items)

    @property
    def duplicates(self) -> int:
        """How many were sent before."""
        return sum(isinstance(one, Receipt) and one.duplicate for one in self.items)

    @property
    def failed(self) -> int:
        """How many were refused."""
        return sum(isinstance(one, ApiError) for one in self.items)


class Client:
    """A program's connection to one project.

    Without `url` and `key` it takes ENSUE_URL and ENSUE_KEY, else the server and its first key on this machine.
    `timeout` is seconds without an answer, `retries` how often a call is repeated that got none, or 429, 502, 503 or
    504 (with the same idempotency key: it stays one event). Threads may share a client. Every method raises `ApiError`;
    making a client also raises `SettingError`, where ENSUE_ settings of this machine cannot be read.
    """

    def __init__(
        self, url: str | None = None, key: str | None = None, *, timeout: float = 15.0, retries: int = 4
    ) -> None:
        if url is None or key is None:
            found = client_defaults(url)
            url, key = found.url, found.key if key is None else key
        self._transport = Transport(url, key, timeout=timeout, retries=retries)
        self.triggers = Triggers(self._transport, "triggers")
        self.deliveries = Deliveries(self._transport, "deliveries")
        self.replays = Replays(self._transport, "replays")
        self.actions = Actions(self._transport, "actions")
        self.keys = Keys(self._transport, "keys")

    @property
    def url(self) -> str:
        """The address of the server."""
        return self._transport.url

    def send(self, type: str, data: Any = None, **fields: Unpack[EventFields]) -> Receipt:  # noqa: A002 - its name
        """Send one event; when this returns, it is on disk together with what it owes."""
        event = cast("NewEvent", {"type": type, **fields})
        if data is not None:
            event["data"] = data
        body, made = event_body(event)
        answer = self._transport.call(Call(method="POST", path=f"{ROOT}/events", body=encode(body)))
        return _receipt(answer, made=made)

    def send_batch(self, events: Iterable[NewEvent], progress: Callable[[int], None] | None = None) -> BatchReceipt:
        """Send many, in requests of up to 1,000 events or 4 MiB; a bad event costs the others nothing.

        `progress` is called after each request with the number of events sent so far.
        """
        items: list[Receipt | ApiError] = []
        for bodies, made in _batches(events):
            content = b'{"events":[' + b",".join(bodies) + b"]}"
            answer = self._transport.call(Call(method="POST", path=f"{ROOT}/events/batch", body=content))
            items += [_item(one, made=own) for one, own in zip(answer["items"], made, strict=True)]
            if progress is not None:
                progress(len(items))
        return BatchReceipt(tuple(items))

    def events(self, *, most: int | None = None, **filters: QueryValue) -> Iterator[dict[str, Any]]:
        """Events, newest first, over all pages; `most` ends it after so many.

        `q` are words that they hold; all filters: docs/reference/api.md.
        """
        return islice(pages(self._transport, f"{ROOT}/events", filters), most)

    def stats(self, of: str, *by: str, **filters: QueryValue) -> list[dict[str, Any]]:
        """How many `events` or `deliveries` there are, by `hour`, `type`, `category`, or `hour`, `trigger`, `result`:
        a `count` for each group, the largest first, or the sum. Filters: `since`, `until`, `test`."""
        query = {"of": of, "by": ",".join(by) or None, **filters}
        answer = self._transport.call(Call(method="GET", path=f"{ROOT}/stats", query=query))
        items: list[dict[str, Any]] = answer["items"]
        return items

    def event(self, event: str) -> dict[str, Any]:
        """One event."""
        found: dict[str, Any] = self._transport.call(Call(method="GET", path=item("events", event)))
        return found

    def cancel(self, event: str) -> dict[str, Any]:
        """Cancel a scheduled event that has not happened yet."""
        call = Call(method="POST", path=item("events", event, "cancel"))
        cancelled: dict[str, Any] = self._transport.call(call) or {}
        return cancelled

    def press(self, event: str, action: str) -> dict[str, Any]:
        """Press a button of an event, by its key, and wait for what comes of it: `state` is done or failed, with a
        `reason`. ApiError `conflict` where it is running, finished or expired."""
        path = f"{item('events', event, 'actions')}/{quote(action, safe='')}"
        outcome: dict[str, Any] = self._transport.call(Call(method="POST", path=path, repeatable=False))
        return outcome

    def demo(self, count: int, seed: int, *, endpoints: str | None = None) -> dict[str, Any]:
        """Fill the project with a past to look at: how many `events` and `deliveries` were made, and `triggers`."""
        wish = {"count": count, "seed": seed, "endpoints": endpoints, "origin": self.url}
        call = Call(method="POST", path=f"{ROOT}/demo", body=encode(wish), repeatable=False)
        filled: dict[str, Any] = self._transport.call(call)
        return filled

    def delete(self, event: str) -> None:
        """Remove an event for good: its data and card, not the attempts of its deliveries."""
        self._transport.call(Call(method="DELETE", path=item("events", event)))

    def stream(self, after: str | None = None, **filters: QueryValue) -> Iterator[Streamed]:
        """Events as they happen, from now on or after a cursor, for ever; a lost connection goes on where it ended."""
        return follow(self._transport, filters, after)

    def close(self) -> None:
        """Let go of idle connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _receipt(answer: dict[str, Any], *, made: bool) -> Receipt:
    """A repeat under a key that we made ourselves is our own first try, whose answer was lost: it is no duplicate."""
    warnings = tuple(str(warning) for warning in answer.get("warnings", ()))
    return Receipt(answer["id"], bool(answer.get("duplicate")) and not made, warnings)


def _item(answer: dict[str, Any], *, made: bool) -> Receipt | ApiError:
    if "error" not in answer:
        return _receipt(answer, made=made)
    said = answer["error"]
    return ApiError(said["code"], said["message"], said.get("field"), 207)


def _batches(events: Iterable[NewEvent]) -> Iterator[tuple[list[bytes], list[bool]]]:
    """The events as they are sent, in requests of a size that the server takes."""
    bodies: list[bytes] = []
    made: list[bool] = []
    size = 0
    for event in events:
        body, own = event_body(event)
        encoded = encode(body)
        if bodies and (len(bodies) >= _BATCH_EVENTS or size + len(encoded) > _BATCH_BYTES):
            yield bodies, made
            bodies, made, size = [], [], 0
        bodies.append(encoded)
        made.append(own)
        size += len(encoded) + 1
    if bodies:
        yield bodies, made
