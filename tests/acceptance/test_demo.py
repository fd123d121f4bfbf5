"""`ensue demo --receive`: what the made-up past left undone is done when somebody asks for it again."""

import asyncio
import signal

from tests.acceptance.conftest import MakeServer
from tests.acceptance.server import PROGRAM, environment, eventually


async def test_what_failed_in_the_demo_arrives_when_it_is_sent_again(make_server: MakeServer) -> None:
    """A button is pressed and done, a delivery that died yesterday is found by a word, retried, and arrives."""
    server = make_server(ENSUE_ALLOW_NETWORKS="127.0.0.0/8")
    await server.start()
    settings = server.settings | {"ENSUE_URL": server.url, "ENSUE_KEY": server.key}
    demo = await asyncio.create_subprocess_exec(
        *(str(PROGRAM), "demo", "--count", "400", "--receive"),
        env=environment(settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        assert demo.stdout is not None
        assert b"400 events" in await demo.stdout.readline()
        assert b"127.0.0.1:4199" in await demo.stdout.readline()
        held = await eventually(lambda: server.items("/api/v1/events?q=4821+waiting&limit=5"), "the order is found")
        pressed = await server.call("POST", f"/api/v1/events/{held[0]['id']}/actions/approve")
        assert pressed.json["state"] == "done"

        words = "/api/v1/deliveries?state=dead&q=warehouse+order&limit=5"
        dead = (await eventually(lambda: server.items(words), "the delivery is found"))[0]["id"]
        assert (await server.call("POST", f"/api/v1/deliveries/{dead}/retry")).status == 200

        async def arrived() -> bool:
            found = await server.get(f"/api/v1/deliveries/{dead}")
            return bool(found["state"] == "delivered")

        await eventually(arrived, "the delivery arrives")
    finally:
        demo.send_signal(signal.SIGINT)
        assert await demo.wait() == 130
