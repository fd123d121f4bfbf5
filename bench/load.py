"""Hides the load generator: keep-alive connections in a process of its own, closed loop or at a fixed rate.

Prints one JSON object: requests and events answered with 2xx, others, seconds, latencies in milliseconds.
Run by the bench: `python -m bench.load '{"port": …}'`.
"""

import asyncio
import base64
import hashlib
import hmac
import itertools
import json
import re
import resource
import sys
import time
import uuid
from collections.abc import Callable
from typing import Any, Final

import uvloop

LENGTH: Final = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
PADDING: Final = "x" * 180


def event(**more: Any) -> dict[str, Any]:
    """An event of about 300 bytes; `sent` lets the receiver tell how long it took (seconds, monotonic)."""
    data = {"amount": 1250, "note": PADDING, "sent": time.monotonic()}
    return {"type": "bench.event", "subject": "customer-4711", "data": data} | more


class Connection(asyncio.Protocol):
    """Posts one request after the other; `next_request` gives them, None ends."""

    def __init__(self, load: "Load") -> None:
        self.load = load
        self.transport: asyncio.Transport | None = None
        self.buffer = b""
        self.began = 0.0
        self.idle = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, unless the rate says when."""
        self.transport = transport  # type: ignore[assignment]  # it is one
        self.load.ready(self)

    def post(self, request: bytes) -> None:
        """Send one request."""
        self.idle = False
        self.began = time.perf_counter()
        assert self.transport is not None
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Count the answer when it is whole."""
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        found = LENGTH.search(self.buffer, 0, end)
        size = int(found[1]) if found else 0
        if len(self.buffer) < end + 4 + size:
            return
        status = int(self.buffer[9:12])
        self.buffer = b""
        self.idle = True
        self.load.answered(self, status, time.perf_counter() - self.began)


class Load:
    """What is sent, for how long, and what came back."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.order = order
        self.make = _maker(order)
        self.latencies: list[float] = []
        self.good = self.bad = 0
        self.until = time.perf_counter() + order["seconds"]
        self.left = order.get("count", 1 << 60)
        self.free: list[Connection] = []
        self.behind = 0
        self.ended = asyncio.Event()
        self.open = 0

    def ready(self, connection: Connection) -> None:
        """Send the next request on it, or let it wait for its turn."""
        if "rate" in self.order:
            if self.behind:
                self.behind -= 1
                connection.post(self.make())
            else:
                self.free.append(connection)
        elif self.left > 0 and time.perf_counter() < self.until:
            self.left -= 1
            connection.post(self.make())
        else:
            self.open -= 1
            if self.open == 0:
                self.ended.set()

    def answered(self, connection: Connection, status: int, seconds: float) -> None:
        """Note an answer."""
        self.latencies.append(seconds)
        if 200 <= status < 300:
            self.good += 1
        else:
            self.bad += 1
        self.ready(connection)

    async def run(self) -> dict[str, Any]:
        """Everything; the result."""
        loop = asyncio.get_running_loop()
        self.open = self.order["connections"]
        began = time.perf_counter()
        self.until = began + self.order["seconds"]
        links = [
            await loop.create_connection(lambda: Connection(self), "127.0.0.1", self.order["port"])
            for _ in range(self.order["connections"])
        ]
        if "rate" in self.order:
            await self._at_rate()
        else:
            await self.ended.wait()
        seconds = time.perf_counter() - began
        for transport, _ in links:
            transport.close()
        return self._result(seconds)

    async def _at_rate(self) -> None:
        """An open loop: what is due is sent whether or not earlier answers came."""
        rate, sent, began = self.order["rate"], 0, time.perf_counter()
        while (now := time.perf_counter()) < self.until:
            due = int((now - began) * rate) - sent
            sent += due
            for _ in range(due):
                if self.free:
                    self.free.pop().post(self.make())
                else:
                    self.behind += 1
            await asyncio.sleep(0.001)
        for _ in range(1000):  # the last answers, for ten seconds at most
            if len(self.free) == self.order["connections"]:
                return
            await asyncio.sleep(0.01)

    def _result(self, seconds: float) -> dict[str, Any]:
        ordered = sorted(self.latencies) or [0.0]
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return {
            "good": self.good,
            "bad": self.bad,
            "events": self.good * self.order.get("batch", 1),
            "seconds": seconds,
            "p50": ordered[len(ordered) // 2] * 1000,
            "p99": ordered[int(len(ordered) * 0.99)] * 1000,
            "cpu": usage.ru_utime + usage.ru_stime,
        }


def _maker(order: dict[str, Any]) -> Callable[[], bytes]:
    """What makes the next request: constant where it may be, so that the generator costs little."""
    batch, keyed, more = order.get("batch", 0), order.get("keyed", False), order.get("event", {})
    head = f"POST {order['path']} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    if order.get("token"):
        head += f"Authorization: Bearer {order['token']}\r\n"

    if "body" in order:
        return _spoken(order)

    def request(body: bytes) -> bytes:
        return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    def fresh() -> dict[str, Any]:
        return event(**more) | ({"idempotency_key": uuid.uuid4().hex} if keyed else {})

    if batch:
        template = json.dumps({"events": [event(**more, **({"idempotency_key": "@"} if keyed else {}))] * batch})
        if not keyed:
            constant = request(template.encode())
            return lambda: constant
        parts = template.split('"@"')

        def keyed_batch() -> bytes:
            keys = [f'"{uuid.uuid4().hex}"' for _ in range(batch)]
            text = "".join(part + key for part, key in zip(parts, [*keys, ""], strict=True))
            return request(text.encode())

        return keyed_batch
    if "types" in order:
        turns = itertools.cycle(order["types"])
        return lambda: request(json.dumps(fresh() | {"type": next(turns)}).encode())
    if keyed or order.get("timed"):
        return lambda: request(json.dumps(fresh()).encode())
    constant = request(json.dumps(event(**more)).encode())
    return lambda: constant


def _spoken(order: dict[str, Any]) -> Callable[[], bytes]:
    """What makes requests with a given body, in which `@fresh@` is new each time; `sign` signs as SuprSend's clients
    do."""
    content_type, date = "application/json; charset=utf-8", "Sat, 21 Nov 2026 20:40:33 GMT"
    head = f"POST {order['path']} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {content_type}\r\nDate: {date}\r\n"
    template, sign = order["body"], order.get("sign")

    def authorization(body: bytes) -> str:
        if sign is None:
            return str(order["authorization"])
        digest = hashlib.md5(body).hexdigest()  # noqa: S324 - their protocol
        text = f"POST\n{digest}\n{content_type}\n{date}\n{order['path']}"
        made = hmac.new(sign[1].encode(), text.encode(), hashlib.sha256).digest()
        return f"{sign[0]}:{base64.b64encode(made).decode()}"

    def spoken() -> bytes:
        body = template.replace("@fresh@", str(uuid.uuid4())).encode()
        return f"{head}Authorization: {authorization(body)}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body

    if "@fresh@" in template:
        return spoken
    constant = spoken()
    return lambda: constant


def main() -> None:
    """Run what the one argument says."""
    print(json.dumps(uvloop.run(Load(json.loads(sys.argv[1])).run())))


if __name__ == "__main__":
    main()
