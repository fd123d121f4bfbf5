"""Hides a server that says what a test told it to: scripted answers over real sockets, and what it was asked."""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Say:
    """One answer. `body` is JSON unless it is bytes; `drop` hangs up instead of answering; `cut` sends all but the last
    bytes of what it announced."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False
    cut: bool = False

    def content(self) -> bytes:
        """The bytes of the body."""
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else json.dumps(self.body).encode()


def refusal(status: int, code: str, message: str, **headers: str) -> Say:
    """An error in the native form."""
    return Say(status, {"error": {"code": code, "message": message}}, headers)


@dataclass(frozen=True)
class Asked:
    """One request that came in. Header names are lower case; `connection` is the client's port."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int

    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


class Answering:
    """The server: `url`, the answers still to give (the last one repeats), and what was asked so far."""

    def __init__(self, answers: Sequence[Say]) -> None:
        self.answers = list(answers)
        self.asked: list[Asked] = []
        self._lock = threading.Lock()
        self.url = ""

    def hear(self, asked: Asked) -> Say:
        """Note a request and choose its answer."""
        with self._lock:
            self.asked.append(asked)
            return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def answering(*answers: Say) -> Iterator[Answering]:
    """A server on a free port of this machine, as long as the block runs."""
    script = Answering(answers)

    class Handler(BaseHTTPRequestHandler):
        """Says what the script says."""

        protocol_version = "HTTP/1.1"

        def respond(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(length)
            say = script.hear(Asked(self.command, self.path, headers, body, self.client_address[1]))
            if say.drop:
                self.close_connection = True
                return
            content = say.content()
            self.send_response(say.status)
            for name, value in say.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[:-3] if say.cut else content)
            self.close_connection = self.close_connection or say.cut

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that it overrides
            return

    for method in ("GET", "POST", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.respond)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    script.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01), daemon=True)
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
