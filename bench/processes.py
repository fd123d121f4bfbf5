"""Hides the processes of a bench: each is started on a free port, asked through HTTP, and ended by its id."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any, Self

PATIENCE = 30.0
TICKS = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A port that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def call(method: str, url: str, token: str = "", body: Any = None) -> Any:
    """One request; the JSON of its answer. Raises HTTPError for a refusal."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310 - loopback, our own
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        text = answer.read()
    return json.loads(text) if text else None


class Process:
    """A server of ours: `port` answers when the block begins."""

    def __init__(self, arguments: list[str], port: int, environment: dict[str, str] | None = None) -> None:
        self.port = port
        self.arguments = arguments
        self.environment = environment or {}
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            self.arguments, env=os.environ | self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError(f"{self.arguments} did not come up")

    def __exit__(self, *_: object) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def cpu(self) -> float:
        """Seconds of processor time that it has used."""
        assert self.process is not None
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self) -> float:
        """Resident memory in MB."""
        assert self.process is not None
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class Bare(Process):
    """The yardstick of ingest."""

    def __init__(self) -> None:
        port = free_port()
        super().__init__([sys.executable, "-m", "bench.bare", str(port)], port)


class Sink(Process):
    """The receiver."""

    def __init__(self) -> None:
        port = free_port()
        super().__init__([sys.executable, "-m", "bench.sink", str(port)], port)

    def count(self) -> int:
        """How many requests came."""
        return int(call("GET", f"http://127.0.0.1:{self.port}/count"))

    def taken(self) -> list[float]:
        """How long each event took since the last call, in milliseconds, in order of length."""
        return sorted(seconds * 1000 for seconds in call("GET", f"http://127.0.0.1:{self.port}/taken"))

    def wait_for(self, count: int, patience: float = 120.0) -> float:
        """Seconds until `count` requests have come."""
        began = time.perf_counter()
        while self.count() < count:
            if time.perf_counter() - began > patience:
                raise RuntimeError(f"{self.count()} of {count} came in {patience} s")
            time.sleep(0.02)
        return time.perf_counter() - began


class Product(Process):
    """`ensue serve` on a directory of its own, which goes with it; or what `module` runs in its place."""

    def __init__(self, *, module: str | None = None, **settings: str) -> None:
        port = free_port()
        self.directory = Path(tempfile.mkdtemp(prefix="ensue-bench-"))
        program = [str(Path(sys.executable).with_name("ensue"))] if module is None else [sys.executable, "-m", module]
        arguments = [*program, "serve", "--data", str(self.directory), "--port", str(port)]
        environment = {f"ENSUE_{name.upper()}": value for name, value in settings.items()}
        fixed = {"ENSUE_ALLOW_NETWORKS": "127.0.0.0/8", "BENCH_VIEWS": str(self.directory / "views-cpu")}
        super().__init__(arguments, port, fixed | environment)

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def token(self) -> str:
        """The first key."""
        return (self.directory / "first-key").read_text().strip()

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """One call of the native API."""
        return call(method, f"http://127.0.0.1:{self.port}/api/v1{path}", self.token, body)

    def trigger(self, url: str, **more: Any) -> str:
        """Make a trigger for `bench.event` (or `match`); its id."""
        draft = {"name": "bench", "match": {"type": "bench.event"}, "endpoint": {"url": url}} | more
        return str(self.api("POST", "/triggers", draft)["id"])

    def load(self, **order: Any) -> dict[str, Any]:
        """Post events by the load generator; its result, with the processor time that this server used."""
        path = "/api/v1/events/batch" if order.get("batch") else "/api/v1/events"
        return load(self, {"path": path, "token": self.token} | order)


def load(process: Process, order: dict[str, Any]) -> dict[str, Any]:
    """Run the generator against `process`."""
    before = process.cpu()
    full = {"port": process.port, "seconds": 4, "connections": 64, "path": "/"} | order
    out = subprocess.run([sys.executable, "-m", "bench.load", json.dumps(full)], check=True, stdout=subprocess.PIPE)
    result: dict[str, Any] = json.loads(out.stdout)
    if result["bad"] or not result["good"]:
        raise RuntimeError(f"the load was not answered as it should be: {result}")
    result["server_cpu"] = process.cpu() - before
    return result
