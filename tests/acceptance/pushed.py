"""Hides the phones of the kill test: devices of a member, and a push service that keeps what it was brought.

What a push says is read by an implementation that is not ours, with the key pair of the browser.
"""

import asyncio
import base64
import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import http_ece  # type: ignore[import-untyped]
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ensue.testing import Received, Reply, Sink
from tests.acceptance.ledger import opened
from tests.acceptance.server import Server, eventually
from tests.acceptance.wire import Connection

AUTH = b"sixteen bytes ok"
DEVICES = 2
_LINK = re.compile(r"http\S+/setup#(\S+)")
EVENTS = "SELECT id, subject FROM event WHERE substr(subject, 1, length(?1) + 1) = ?1 || '-'"
PUSHES = "SELECT lane, state, claim FROM delivery WHERE event_id = ? AND kind = 'webpush'"
DELIVERED = 1


class Phones:
    """Some devices of the first member. `wanted` are the subjects of events that ask to be told by push."""

    def __init__(self, server: Server, chance: random.Random) -> None:
        self._server = server
        self._chance = chance
        self._keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(DEVICES)]
        self._devices: list[str] = []
        self.service = Sink(self._answer)
        self.wanted: set[str] = set()

    def _answer(self, _received: Received) -> Reply:
        """Services take what they are brought, some of it late; what they refuse would be due again in minutes."""
        pause = self._chance.uniform(0.01, 0.3)
        return Reply(status=201, hold=(lambda: asyncio.sleep(pause)) if self._chance.random() < 0.3 else None)

    async def begin(self) -> None:
        """Make the account, and subscribe each device."""
        link = await eventually(lambda: _LINK.search(self._server.log()), "the server prints a link")
        someone = {"link": link[1], "name": "Maya", "email": "maya@fjord.example", "password": "grind-coffee-42x"}
        cookie = re.search(r"ensue_session=([^;]+)", str((await self._post("setup", someone)).headers["set-cookie"]))
        assert cookie is not None
        for number, key in enumerate(self._keys):
            public = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
            keys = {"p256dh": _text(public), "auth": _text(AUTH)}
            subscription = {"endpoint": f"{self.service.url}/{number}", "keys": keys}
            made = await self._post("devices", {"subscription": subscription}, cookie=f"ensue_session={cookie[1]}")
            assert made.status == 201, made
            self._devices.append(made.json["id"])

    async def _post(self, path: str, body: Any, **headers: str) -> Any:
        given = {"content-type": "application/json", "sec-fetch-site": "same-origin"} | headers
        async with Connection(self._server.port) as connection:
            return await connection.call("POST", f"/api/v1/{path}", json.dumps(body).encode(), given)

    def draft(self, subject: str) -> dict[str, object]:
        """What some events carry besides: a card that asks for pushes, or for none."""
        draw = self._chance.random()
        if draw < 0.2:
            self.wanted.add(subject)
        return {"card": {"title": subject, "notify": draw < 0.2}} if draw < 0.3 else {}

    def violations(self, file: Path, name: str) -> list[str]:
        """What does not hold of the events whose subjects begin with `name` and a dash: each that asked for it owed one
        push to each device, and it arrived, never more often than it was claimed; the others owed none."""
        arrived = Counter(map(self._read, self.service.received))
        with closing(opened(file)) as database:
            events = database.execute(EVENTS, (name,)).fetchall()
            pushes = {event: database.execute(PUSHES, (event,)).fetchall() for event, _ in events}
        return [fault for event, subject in events for fault in self._faults(event, subject, pushes[event], arrived)]

    def _faults(
        self, event: str, subject: str, pushes: Sequence[tuple[str, int, int]], arrived: Counter[tuple[str, str]]
    ) -> Iterator[str]:
        wanted = sorted(self._devices) if subject in self.wanted else []
        if sorted(lane.partition("@")[0] for lane, _, _ in pushes) != wanted:
            yield f"{subject} owes {len(pushes)} pushes, not {len(wanted)}"
        for lane, state, claim in pushes:
            count = arrived[lane.partition("@")[0], event]
            if state != DELIVERED or not 0 < count <= claim:
                yield f"a push of {subject} ended in state {state}, arrived {count} times and was claimed {claim} times"

    def _read(self, received: Received) -> tuple[str, str]:
        """Which device a push was for, and which event it tells of."""
        number = int(received.path.rsplit("/", 1)[1])
        plain = http_ece.decrypt(received.body, private_key=self._keys[number], auth_secret=AUTH, version="aes128gcm")
        return self._devices[number], str(json.loads(plain)["event"])


def _text(body: bytes) -> str:
    return base64.urlsafe_b64encode(body).rstrip(b"=").decode("ascii")
