"""Hides how the promise is put to the test: load with known names, a server that dies or freezes, and a count after it.

`python -m tests.acceptance.chaos --rounds 200` prints a row per round, and ends with 1 when anything was lost, repeated
without a claim, or stuck.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ensue.testing import Received, Reply, Sink
from tests.acceptance.follower import Follower
from tests.acceptance.ledger import Ledger
from tests.acceptance.pushed import Phones
from tests.acceptance.server import Server, eventually
from tests.acceptance.viewed import view_violations
from tests.acceptance.wire import Answered, Connection

LEASE = 1.0
PATIENCE = 60.0
STREAM_PATIENCE = 20.0
CLIENTS = (1, 8, 32, 64)
EVENTS = {1: 60, 8: 200, 32: 300, 64: 400}
"""About how many events a round asks for, by clients."""
BLOWS = ("kill", "stop", "term", "kill twice", "kill")
PAST = 600
"""So many events happened before the first round; each round replays them."""
WIDTHS = (6, 8, 11, 9, 9, 8, 9, 8, 9, 8, 9)
TITLES = (
    *("round", "clients", "blow", "accepted", "received", "claims", "replayed", "resent", "repeats"),
    *("pushed", "seconds"),
)


class Row(Struct, frozen=True):
    """What came of one round. `repeats`: requests beyond the first of their delivery; `pushed`: requests to the push
    service; `seconds`: from the last blow until nothing was owed."""

    round: int
    clients: int
    blow: str
    accepted: int
    received: int
    claims: int
    replayed: int
    resent: int
    repeats: int
    pushed: int
    seconds: float
    violations: list[str]

    def line(self) -> str:
        """As a line of the table."""
        *cells, seconds = (str(getattr(self, name)) for name in TITLES)
        return _line([*cells, f"{float(seconds):.2f}"]) + ("  VIOLATED" if self.violations else "")


def _line(cells: list[str]) -> str:
    return " ".join(cell.rjust(width) for cell, width in zip(cells, WIDTHS, strict=True))


class Moody:
    """What receivers do: most take it, some are slow, fail or hang up, all of them take it in the end."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def __call__(self, received: Received) -> Reply:
        """The answer to one request."""
        draw = self._chance.random()
        if int(received.headers["ensue-attempt"]) > 3 or draw < 0.7:
            return Reply()
        if draw < 0.8:
            return Reply(status=500)
        if draw < 0.85:
            return Reply(drop=True)
        pause = self._chance.uniform(0.01, 0.4)
        return Reply(hold=lambda: asyncio.sleep(pause))


class Load:
    """Clients that ask for events by known names, and ask again when they got no answer."""

    def __init__(
        self, server: Server, ledger: Ledger, phones: Phones, chance: random.Random, name: str, budget: int
    ) -> None:
        self._server = server
        self._ledger = ledger
        self._phones = phones
        self._chance = chance
        self._name = name
        self._left = budget
        self._marks: list[tuple[int, asyncio.Event]] = []

    def mark(self, accepted: int) -> asyncio.Event:
        """Set once so many events were accepted."""
        reached = asyncio.Event()
        self._marks.append((accepted, reached))
        return reached

    async def run(self, clients: int) -> None:
        """All of it."""
        async with asyncio.TaskGroup() as group:
            for _ in range(clients):
                group.create_task(self._client())

    async def _client(self) -> None:
        connection = Connection(self._server.port)
        try:
            while self._left > 0:
                await self._chance.choices((self._single, self._once, self._batch, self._later), (6, 1, 1, 2))[0](
                    connection
                )
        finally:
            connection.close()

    def _draft(self, **more: object) -> dict[str, object]:
        self._left -= 1
        name = f"{self._name}-{self._left}"
        self._ledger.asked.add(name)
        kind = self._chance.choice(("chaos.wide", "chaos.wide", "chaos.narrow"))
        draft = {"type": kind, "subject": name, "data": {"name": name, "text": "x" * 100}}
        return draft | self._phones.draft(name) | more

    async def _single(self, connection: Connection) -> None:
        draft = self._draft()
        draft["idempotency_key"] = draft["subject"]
        self._note(draft, await self._insist(connection, "/api/v1/events", draft))

    async def _once(self, connection: Connection) -> None:
        """Without a key: asked once, and unknown when the answer was lost."""
        draft = self._draft()
        try:
            answered = await self._post(connection, "/api/v1/events", draft)
        except OSError:
            connection.close()
            return
        if answered.status != 503:
            self._note(draft, answered)

    async def _later(self, connection: Connection) -> None:
        draft = self._draft(delay=round(self._chance.uniform(0, 1.5), 3))
        draft["idempotency_key"] = draft["subject"]
        self._note(draft, await self._insist(connection, "/api/v1/events", draft))

    async def _batch(self, connection: Connection) -> None:
        drafts = [self._draft() for _ in range(self._chance.randint(1, 20))]
        for draft in drafts:
            draft["idempotency_key"] = draft["subject"]
        answered = await self._insist(connection, "/api/v1/events/batch", {"events": drafts})
        if answered.status != 207:
            self._ledger.refused.append(f"{drafts[0]['subject']} {answered.status} {answered.body!r}")
            return
        for draft, item in zip(drafts, answered.json["items"], strict=True):
            self._accept(draft, item)

    async def _insist(self, connection: Connection, path: str, body: dict[str, Any]) -> Answered:
        """Ask until there is an answer that is not 503, by the same idempotency keys."""
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends:
            try:
                answered = await self._post(connection, path, body)
            except OSError:
                connection.close()
                await asyncio.sleep(0.02)
            else:
                if answered.status != 503:
                    return answered
                await asyncio.sleep(0.1)
            self._ledger.resent += 1
        raise TimeoutError(f"no answer to {path}")

    async def _post(self, connection: Connection, path: str, body: dict[str, Any]) -> Answered:
        if not connection.is_open:
            await connection.open()
        return await connection.call("POST", path, json.dumps(body).encode(), self._server.headers())

    def _note(self, draft: dict[str, Any], answered: Answered) -> None:
        if answered.status in (200, 202):
            self._accept(draft, answered.json)
        else:
            self._ledger.refused.append(f"{draft['subject']} {answered.status} {answered.body!r}")

    def _accept(self, draft: dict[str, Any], item: dict[str, Any]) -> None:
        if "id" not in item:
            self._ledger.refused.append(f"{draft['subject']} {item}")
            return
        self._ledger.accepted[str(draft["subject"])] = item["id"]
        for accepted, reached in self._marks:
            if len(self._ledger.accepted) >= accepted:
                reached.set()


class Chaos:
    """A server, its receiver and the rounds that they go through. `cut` counts the blows that met a replay which still
    ran."""

    def __init__(self, server: Server, sink: Sink, seed: int) -> None:
        self.server = server
        self._sink = sink
        self._chance = random.Random(seed)
        self._ledger = Ledger(server.data / "ensue.db")
        self._phones = Phones(server, self._chance)
        self._follower = Follower(server)
        self._following: asyncio.Task[None] | None = None
        self._round = 0
        self._again = ""
        self.cut = 0

    async def begin(self) -> None:
        """Start the server and make the triggers: one with room, one with little."""
        self._sink.script = Moody(self._chance)
        await self.server.start()
        await self._phones.service.__aenter__()
        await self._phones.begin()
        retry = {"attempts": 20, "schedule": [0.1]}
        await self.server.trigger(self._sink.url, match={"type": "chaos.wide"}, retry=retry)
        await self.server.trigger(self._sink.url, match={"type": "chaos.narrow"}, retry=retry, concurrency=3)
        again = await self.server.trigger(self._sink.url, match={"type": "never"}, retry=retry, concurrency=100)
        self._again = again["id"]
        past = {"events": [{"type": "past.happened", "data": {"number": number}} for number in range(PAST)]}
        assert (await self.server.call("POST", "/api/v1/events/batch", past)).status == 207
        self._following = asyncio.create_task(self._follower.run())
        await eventually(lambda: self._follower.cursor, "the stream begins")

    async def end(self) -> None:
        """Follow the stream no more."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.wait([self._following])
        await self._phones.service.__aexit__()

    async def round(self) -> Row:
        """One round: load, a blow in its midst, and the count when nothing is owed any more."""
        self._round += 1
        clients = CLIENTS[self._round % len(CLIENTS)]
        blow = self._chance.choice(BLOWS) if self._round > len(BLOWS) else BLOWS[self._round - 1]
        self._ledger.begin_round()
        self._sink.received.clear()
        self._phones.service.received.clear()
        self._follower.seen.clear()
        self._ledger.replay = await self._replay()
        name = f"r{self._round}"
        load = Load(self.server, self._ledger, self._phones, self._chance, name, EVENTS[clients])
        async with asyncio.TaskGroup() as group:
            group.create_task(load.run(clients))
            blown = group.create_task(self._blow(blow, load, EVENTS[clients]))
        await eventually(lambda: not self._ledger.replaying(), "the replay ends", PATIENCE)
        await eventually(lambda: not self._ledger.pending(), "all debts are paid", PATIENCE)
        seconds = time.monotonic() - blown.result()
        order = self._ledger.order()
        with suppress(AssertionError):  # what is missing is told with the rest
            await eventually(lambda: len(self._follower.seen) >= len(order), "the stream tells of all", STREAM_PATIENCE)
        viewed = await view_violations(self.server, name)
        pushed = self._phones.violations(self.server.data / "ensue.db", name)
        row = self._row(clients, blow, seconds)
        return replace(row, violations=row.violations + viewed + pushed)

    async def _replay(self) -> str:
        """Begin to send again what happened before the first round; the replay's id."""
        answered = await self.server.call("POST", "/api/v1/replays", {"to": self._again, "type": "past.*"})
        assert (answered.status, answered.json["count"]) == (201, PAST), answered
        return str(answered.json["id"])

    async def _blow(self, blow: str, load: Load, budget: int) -> float:
        """Strike when a random part of the load was accepted; when the server was well again (monotonic seconds)."""
        await load.mark(round(budget * self._chance.uniform(0.02, 0.7))).wait()
        await asyncio.sleep(self._chance.uniform(0, 0.02))
        self.cut += self._ledger.replaying()
        blows: dict[str, Callable[[], Awaitable[None]]] = {"stop": self._freeze, "kill": self._kill, "term": self._end}
        for _ in range(2 if blow == "kill twice" else 1):
            await blows[blow.removesuffix(" twice")]()
        return time.monotonic()

    async def _kill(self) -> None:
        self.server.kill()
        await self.server.start()

    async def _end(self) -> None:
        """A graceful stop, which must end well."""
        code = await self.server.stop()
        if code:
            self._follower.faults.append(f"a graceful stop ended with {code}")
        await self.server.start()

    async def _freeze(self) -> None:
        """Past the lease: what is in flight has no claim any more when the server wakes."""
        self.server.pause()
        try:
            await asyncio.sleep(LEASE * 1.3)
        finally:
            self.server.resume()

    def _row(self, clients: int, blow: str, seconds: float) -> Row:
        received = list(self._sink.received)
        ids = {one.headers["webhook-id"] for one in received}
        return Row(
            round=self._round,
            clients=clients,
            blow=blow,
            accepted=len(self._ledger.accepted),
            received=len(ids),
            claims=sum(one.claim for one in self._ledger.owed()),
            replayed=sum(one.replay is not None for one in self._ledger.owed()),
            resent=self._ledger.resent,
            repeats=len(received) - len(ids),
            pushed=len(self._phones.service.received),
            seconds=seconds,
            violations=self._follower.faults
            + self._ledger.violations(received, self._follower.seen, killed=blow.startswith("kill"))
            + self._ledger.replay_violations(PAST),
        )


@contextmanager
def chaos_server(directory: Path) -> Iterator[Server]:
    """A server for rounds, ended whatever happens."""
    server = Server(directory / "data", ENSUE_LEASE=f"{LEASE}s", ENSUE_LOG_LEVEL="warning")
    try:
        yield server
    finally:
        server.kill()


@asynccontextmanager
async def chaos_on(server: Server, sink: Sink, seed: int) -> AsyncIterator[Chaos]:
    """Rounds on that server, begun."""
    chaos = Chaos(server, sink, seed)
    await chaos.begin()
    try:
        yield chaos
    finally:
        await chaos.end()


def _say(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


async def run(rounds: int, seed: int, directory: Path) -> bool:
    """All rounds, printed as they end; whether everything held."""
    began = time.monotonic()
    _say(f"seed {seed}, lease {LEASE:.0f} s", _line(list(TITLES)))
    rows: list[Row] = []
    with chaos_server(directory) as server:
        async with Sink() as sink, chaos_on(server, sink, seed) as chaos:
            for _ in range(rounds):
                rows.append(await chaos.round())
                _say(rows[-1].line(), *rows[-1].violations[:20])
    _print_sums(rows, time.monotonic() - began)
    return not any(row.violations for row in rows)


def _print_sums(rows: list[Row], seconds: float) -> None:
    sums = [sum(getattr(row, name) for row in rows) for name in TITLES[3:10]]
    longest = max(row.seconds for row in rows)
    violated = sum(bool(row.violations) for row in rows)
    _say(
        _line([str(len(rows)), "", "", *map(str, sums), f"{longest:.2f}"]),
        f"{len(rows)} rounds in {seconds:.0f} s; rounds in which a promise was broken: {violated}",
    )


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="chaos", description="Kill and freeze a server under load, and count.")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ensue-chaos-") as directory:
        held = asyncio.run(run(given.rounds, given.seed, Path(directory)))
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
