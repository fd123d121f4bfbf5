"""Makes `first-house.db`: what a whole server kept by the first schema; run once, kept for ever.

`python -m tests.data.make_first_house` from the repository's root. It is sealed by a key that is no secret.
"""

import asyncio
import base64
import shutil
import tempfile
from pathlib import Path

from ensue.testing import Reply, Sink
from tests.acceptance.commands import ensue
from tests.acceptance.server import Server, eventually

TARGET = Path(__file__).parent / "first-house.db"
INSTANCE_KEY = base64.b64encode(b"a key of tests, not of anybody.!").decode()
WHSEC = "whsec_" + base64.b64encode(b"a secret of a test, told to all.").decode()


async def make() -> None:
    """An event that arrived, one that died, one that waits behind a disabled trigger, a scheduled one."""
    directory = Path(tempfile.mkdtemp())
    server = Server(directory / "data", ENSUE_SECRET_KEY=INSTANCE_KEY)
    await server.start()
    try:
        async with Sink(lambda received: Reply(200 if b"fine" in received.body else 500)) as sink:
            retry = {"attempts": 1, "schedule": [0]}
            endpoint = {"secret": WHSEC, "secret_headers": {"x-token": "sealed-value"}}
            trigger = await server.trigger(sink.url, name="kept", retry=retry, endpoint=endpoint)
            await server.send("old.fine", subject="arrived", idempotency_key="first", data={"fine": True})
            await server.send("old.failing", subject="died")
            await eventually(lambda: len(sink.received) == 2, "both were tried")
            await server.call("POST", f"/api/v1/triggers/{trigger['id']}/disable")
            await server.send("old.fine", subject="waits", data={"fine": "later"})
            await server.send("old.scheduled", subject="scheduled", delay=300 * 86_400)
        TARGET.unlink(missing_ok=True)
        assert (await ensue(server, "backup", str(TARGET))).code == 0
    finally:
        server.kill()
        shutil.rmtree(directory)


if __name__ == "__main__":
    asyncio.run(make())
