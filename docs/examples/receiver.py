"""A receiver of webhooks, to try Ensue with: prints what arrives and answers 200. Python's standard library is enough.

    python3 docs/examples/receiver.py
    python3 docs/examples/receiver.py --port 9000 --secret whsec_…

With a secret it answers 401 to everything that is not signed with it, by https://www.standardwebhooks.com.
"""

import argparse
import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLERANCE = 300
"""Seconds by which a message may be older or newer than now; older ones could be replayed by somebody else."""


def is_signed(secret: str, headers: Mapping[str, str], body: bytes, now: float) -> bool:
    """Whether `secret` signed exactly these bytes, lately. While a secret is being changed there are two signatures."""
    key = base64.b64decode(secret.removeprefix("whsec_") + "==")
    sent_at = headers.get("webhook-timestamp", "")
    if not sent_at.isdecimal() or abs(now - int(sent_at)) > TOLERANCE:
        return False
    signed = f"{headers.get('webhook-id', '')}.{sent_at}.".encode() + body
    expected = b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
    given = headers.get("webhook-signature", "").encode("latin-1").split()
    return any(hmac.compare_digest(one, expected) for one in given)


class Receiver(BaseHTTPRequestHandler):
    """Answers each POST."""

    protocol_version = "HTTP/1.1"
    secret = ""

    def do_POST(self) -> None:
        """Print the event and say that it arrived. A real receiver drops a `webhook-id` that it has seen before."""
        body = self.rfile.read(int(self.headers["content-length"]))
        good = not self.secret or is_signed(self.secret, self.headers, body, time.time())
        print(self.headers["webhook-id"], "" if good else "NOT SIGNED BY US", body.decode(), flush=True)
        self.send_response(200 if good else 401)  # a pressed button is done by 200 or 201 alone
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing else."""


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description="Print the webhooks that arrive.")
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--secret", default="", help="the whsec_… of the trigger")
    arguments = parser.parse_args()
    Receiver.secret = arguments.secret
    server = ThreadingHTTPServer(("127.0.0.1", arguments.port), Receiver)
    print(f"Receiving on http://127.0.0.1:{server.server_port}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    main()
