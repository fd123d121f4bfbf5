"""Hides how the native API fills a project with a past to look at."""

from typing import Final

from ensue.domain.decoding import decode
from ensue.engine.demo import Filled
from ensue.engine.demo_past import Wish
from ensue.engine.engine import Engine
from ensue.http.exchange import Answer, Call, Route, json_answer

_BYTES: Final = 4_096


async def fill(engine: Engine, call: Call) -> Answer:
    """`POST /demo`."""
    wish = decode(call.body, Wish) if call.body else Wish()
    return json_answer(201, await engine.demo.fill(call.project, wish))


DEMO: Final[tuple[Route, ...]] = (
    Route(
        method="POST",
        path="/api/v1/demo",
        handler=fill,
        name="fillWithDemo",
        summary="Fill the project with a month at a small coffee roaster, to look around.",
        description=(
            "Ten triggers, and `count` events (12,000) with what followed: deliveries that arrived, were retried, died "
            "and wait, pressed buttons, threads, scheduled and test events. The past is made up and nothing of it is "
            "sent; what still waits at its end is owed for true, to names below `fjord.example` that nobody has, or to "
            "what listens at `endpoints`. The same `seed` tells the same story."
        ),
        scope="admin",
        body_limit=_BYTES,
        request=Wish,
        request_required=False,
        responses={201: Filled},
    ),
)
"""The call that fills a project."""
