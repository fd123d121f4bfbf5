"""Hides who receives the demo's deliveries: a server of this machine that answers as the roaster's systems do on a good
day, so that what failed arrives when it is sent again."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from ensue.engine.demo_shop import RECEIVERS

PORT: Final = 4199
"""Always the same, so that the triggers of an earlier demo find it again."""
_SAYS: Final = {one.host: one.says for one in RECEIVERS}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class _Handler(BaseHTTPRequestHandler):
    """Takes what comes and says nothing about it."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Every delivery and every button."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, says = _SAYS.get(self.path.split("/")[1], (200, {"ok": True}))
        body = json.dumps(says).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_said: Any) -> None:
        """It is quiet."""


@contextmanager
def receiving(port: int = PORT) -> Iterator[str]:
    """A receiver as long as the block runs; its address. OSError where the port is taken."""
    server = _Server(("127.0.0.1", port), _Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
