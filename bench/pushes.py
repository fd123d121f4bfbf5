"""Hides what a push costs: events that ask for one beside events that do not, with the same device."""

import base64
import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from statistics import median
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bench.measures import Row
from bench.processes import Product, Sink

CARD: Final[dict[str, Any]] = {"title": "Order 4711 is paid", "category": "Orders"}
RATE: Final = 200
"""Notify events a second where their acceptance is timed: far more than anybody wants to be told of."""


def pushes(seconds: float, count: int, rounds: int) -> list[Row]:
    """`count` events as fast as they are taken, then `RATE` a second for `seconds`; with pushes and without."""
    with Sink() as sink, Product() as product:
        _subscribe(product, f"http://127.0.0.1:{sink.port}/push")
        plain, notify, drained, calm, told = [], [], [], [], []
        for _ in range(rounds):
            plain.append(product.load(count=count, seconds=60, event={"card": CARD}))
            before = sink.count(), product.cpu()
            notify.append(product.load(count=count, seconds=60, event={"card": CARD | {"notify": True}}))
            sent = notify[-1]["events"]
            drained.append(sink.wait_for(before[0] + sent) + notify[-1]["seconds"])
            notify[-1]["whole"] = (product.cpu() - before[1]) / sent * 1e6
            calm.append(product.load(seconds=seconds, rate=RATE, event={"card": CARD}))
            told.append(product.load(seconds=seconds, rate=RATE, event={"card": CARD | {"notify": True}}))
            sink.wait_for(before[0] + sent + told[-1]["events"])
    alone, beside = (median(one["events"] / one["seconds"] for one in results) for results in (plain, notify))
    spent = median(one["server_cpu"] / one["events"] * 1e6 for one in plain)
    whole = median(one["whole"] for one in notify)
    rate = median(one["events"] / seconds for one, seconds in zip(notify, drained, strict=True))
    return [
        Row("ingest of events with a card, none pushed", f"{alone:,.0f}/s", more=f"{spent:.0f} µs of CPU an event"),
        Row(
            "ingest of notify events while their pushes go out",
            f"{beside:,.0f}/s, {beside / alone:.0%} of it",
            more=f"{whole:.0f} µs of CPU an event and its push",
        ),
        Row("pushes to one device, sealed and taken by its service", f"{rate:,.0f}/s"),
        Row(f"acceptance of notify events at {RATE}/s", _latency(told), more=f"without pushes {_latency(calm)}"),
    ]


def _latency(results: list[dict[str, Any]]) -> str:
    p50, p99 = (median(one[name] for one in results) for name in ("p50", "p99"))
    return f"p50 {p50:.1f} ms, p99 {p99:.1f} ms"


def _subscribe(product: Product, endpoint: str) -> None:
    """Somebody, invited at the command line, with one device."""
    program = [str(Path(sys.executable).with_name("ensue")), "members", "invite", "bench@example.com", "--json"]
    out = subprocess.run([*program, "--data", str(product.directory)], check=True, stdout=subprocess.PIPE)
    token = json.loads(out.stdout)["link"].partition("#")[2]
    someone = {"link": token, "name": "Bench", "password": base64.b32encode(product.token.encode()).decode()[:20]}
    cookie = _post(product, "invitations/accept", someone).partition(";")[0]
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    key = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    keys = {name: base64.urlsafe_b64encode(body).decode() for name, body in (("p256dh", key), ("auth", bytes(16)))}
    _post(product, "devices", {"subscription": {"endpoint": endpoint, "keys": keys}}, Cookie=cookie)


def _post(product: Product, path: str, body: Any, **headers: str) -> str:
    """Post as a page of ours does; the cookie that is set."""
    given = {"Content-Type": "application/json", "Sec-Fetch-Site": "same-origin"} | headers
    url = f"http://127.0.0.1:{product.port}/api/v1/{path}"
    request = urllib.request.Request(url, json.dumps(body).encode(), given, method="POST")
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        return str(answer.headers.get("Set-Cookie", ""))
