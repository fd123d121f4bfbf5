"""Hides the real thing: an `ensue serve` process on a port of its own, started, killed and frozen by its pid."""

import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.acceptance.wire import Answered, Connection

PROGRAM = Path(sys.executable).parent / "ensue"
ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0
"""Seconds after which what was awaited counts as not coming."""
_EVERY = 0.02


async def eventually(condition: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    """The first true value of `condition`, asked again and again; AssertionError that says `what` did not happen."""
    ends = time.monotonic() + patience
    while True:
        found = condition()
        if isinstance(found, Awaitable):
            found = await found
        if found:
            return found
        assert time.monotonic() < ends, f"{what}: not within {patience:.0f} s"
        await asyncio.sleep(_EVERY)


def free_port() -> int:
    """A port that nobody has, outside the range from which the kernel takes those of clients; each process that runs
    tests has its own, as a server takes its port only a moment later, and gives it up while it is started again."""
    runner = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 12
    while True:
        port = 20_000 + 1_000 * runner + random.randrange(1_000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Ours without what is set for Ensue, and `settings`; our own test programs can be imported."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("ENSUE_")}
    path = os.pathsep.join([*filter(None, [ours.get("PYTHONPATH")]), str(ROOT)])
    return ours | {"PYTHONPATH": path} | dict(settings)


class Server:
    """One `ensue serve`. It keeps its port over restarts; `log` is what it has said since the beginning."""

    def __init__(self, data: Path, **settings: str) -> None:
        self.data = data
        self.port = free_port()
        self.settings = {
            "ENSUE_DATA": str(data),
            "ENSUE_PORT": str(self.port),
            "ENSUE_ALLOW_NETWORKS": "127.0.0.0/8",
            "ENSUE_GRACE": "5s",
        } | settings
        self.program: Sequence[str] = (str(PROGRAM),)
        self._log = data.parent / f"{data.name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._key = ""

    # the process

    def spawn(self, *arguments: str) -> None:
        """Start the process and do not wait for its port."""
        assert self._process is None, "it runs already"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self.program, "serve", *arguments],
                env=environment(self.settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.data.parent,
            )

    async def start(self, *arguments: str) -> None:
        """Start the process and wait until it takes connections."""
        self.spawn(*arguments)
        await eventually(self._answers, "the server takes connections")

    def _answers(self) -> bool:
        assert self.process.poll() is None, f"the server ended with {self.process.poll()}:\n{self.log()}"
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The process that runs."""
        assert self._process is not None, "it does not run"
        return self._process

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    def pause(self) -> None:
        """SIGSTOP."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL, and wait for its end."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE)
            self._process = None

    def terminate(self) -> None:
        """SIGTERM, without waiting."""
        self.process.terminate()

    async def ended(self, patience: float = PATIENCE) -> int:
        """Wait until it has ended by itself; its exit code."""
        await eventually(lambda: self.process.poll() is not None, "the server ends", patience)
        code = self.process.returncode
        self._process = None
        return code

    async def stop(self) -> int:
        """SIGTERM, and wait for its end; its exit code."""
        self.terminate()
        return await self.ended()

    async def restart(self) -> None:
        """Kill it and start it again."""
        self.kill()
        await self.start()

    def log(self) -> str:
        """All it has said."""
        return self._log.read_text("utf-8", "replace") if self._log.exists() else ""

    # what it serves

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def key(self) -> str:
        """The token of the first key."""
        if not self._key:
            self._key = (self.data / "first-key").read_text("ascii").strip()
        return self._key

    def headers(self, content_type: str = "application/json") -> dict[str, str]:
        """What every request carries."""
        return {"authorization": f"Bearer {self.key}", "content-type": content_type}

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answered:
        """One request on a connection of its own; `body` as JSON unless it is bytes. Underscores in header names are
        dashes."""
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        async with Connection(self.port) as connection:
            return await connection.call(method, path, content, self.headers() | given)

    async def get(self, path: str) -> Any:
        """What a GET answers; fails unless it is 200."""
        answered = await self.call("GET", path)
        assert answered.status == 200, (path, answered)
        return answered.json

    async def items(self, path: str) -> list[Any]:
        """All items of a list, page by page; `path` has its query already."""
        found: list[Any] = []
        after = ""
        while True:
            page = await self.get(path + after)
            found += page["items"]
            if not page.get("next"):
                return found
            after = f"&next={page['next']}"

    async def trigger(self, url: str, **fields: Any) -> Any:
        """A trigger that sends to `url`; `fields` are those of the API."""
        endpoint = {"url": url} | fields.pop("endpoint", {})
        answered = await self.call("POST", "/api/v1/triggers", {"name": "test", "endpoint": endpoint} | fields)
        assert answered.status == 201, answered
        return answered.json

    async def send(self, kind: str = "test.happened", **fields: Any) -> str:
        """Send one event; its id."""
        answered = await self.call("POST", "/api/v1/events", {"type": kind} | fields)
        assert answered.status == 202, answered
        return str(answered.json["id"])

    async def delivery_of(self, event_id: str) -> Any:
        """The one delivery of an event, with its attempts."""
        items = await self.items(f"/api/v1/deliveries?event={event_id}")
        assert len(items) == 1, items
        return await self.get(f"/api/v1/deliveries/{items[0]['id']}")
