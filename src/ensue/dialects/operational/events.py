"""Hides how an event is logged: read, stored, and answered with its id."""

from ensue.dialects.operational import answers, intake
from ensue.engine.engine import Engine
from ensue.http.exchange import Answer, Call


async def log(engine: Engine, call: Call) -> Answer:
    """`POST /api/v1/log` and `/api/v1/ingest`: one event, on disk before this answers."""
    receipt = await engine.ingest.submit(intake.read(call, engine.limits))
    if receipt.status in ("stored", "duplicate"):
        return answers.accepted(call, receipt.event_id)
    raise receipt.refusal()
