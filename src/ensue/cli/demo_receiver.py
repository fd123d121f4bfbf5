"""Hides who receives the demo's deliveries: a server of this machine that answers well, late or never."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

BROKEN: Final = ("/broken", "/warehouse", "/accounting")
"""Paths that always answer 503; `/mail` does each third time, and takes it when it comes again."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.refused: set[str] = set()
        self.asked = 0
        self.lock = threading.Lock()

    def status(self, path: str, message: str) -> int:
        """What a path answers; `message` names the delivery, the same on each try."""
        if path.startswith(BROKEN):
            return 503
        if not path.startswith("/mail"):
            return 200
        with self.lock:
            self.asked += 1
            if self.asked % 3 or message in self.refused:
                return 200
            self.refused.add(message)
            return 503


class _Handler(BaseHTTPRequestHandler):
    """Takes what comes and says nothing about it."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        """Every delivery and every button."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status = self.server.status(self.path, self.headers.get("webhook-id") or "")
        body = b'{"error": "The warehouse system is down."}' if status == 503 else b'{"ok": true}'
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_said: Any) -> None:
        """It is quiet."""


@contextmanager
def receiving() -> Iterator[str]:
    """A receiver as long as the block runs; its address."""
    server = _Server(_Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
