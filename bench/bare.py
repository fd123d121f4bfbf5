"""Hides the yardstick of ingest: an ASGI app on uvicorn that parses a JSON POST into a type and answers 202."""

import sys
from typing import Any

import msgspec
import uvicorn


class Body(msgspec.Struct):
    """What is parsed, as typed as the product's own."""

    type: str
    subject: str | None = None
    data: msgspec.Raw = msgspec.Raw(b"")


decode = msgspec.json.Decoder(Body).decode
HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"15")]


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """One route, whatever the path."""
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    decode(body)
    await send({"type": "http.response.start", "status": 202, "headers": HEADERS})
    await send({"type": "http.response.body", "body": b'{"accepted": 1}'})


if __name__ == "__main__":
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        log_level="warning",
        access_log=False,
        lifespan="off",
        loop="uvloop",
        http="httptools",
    )
